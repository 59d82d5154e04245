"""Frames: what is sent arrives, and nothing malformed is believed."""

import socket
import threading

import pytest

from rnngrade.execution.channel import LENGTHS, Channel, Gone, Late, WireError


@pytest.fixture
def ends():
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


def test_frames_arrive_in_order(ends):
    here, there = map(Channel, ends)
    for number in range(3):
        here.send({"number": number}, bytes(number))
    assert [there.receive(1) for _ in range(3)] == [({"number": n}, bytes(n)) for n in range(3)]


def test_a_frame_is_read_to_its_end_and_no_further(ends):
    here = Channel(ends[0])
    for number in range(2):
        here.send({"number": number}, b"xy")
    assert Channel(ends[1]).receive(1)[0] == {"number": 0}
    assert Channel(ends[1]).receive(1)[0] == {"number": 1}


def frame(text, payload=b""):
    return LENGTHS.pack(len(text), len(payload)) + text + payload


BAD_FRAMES = {
    "not JSON": frame(b"{"),
    "no object": frame(b"[]"),
    "not UTF-8": frame(b'{"a": "\xff"}'),
    "deep": frame(b"[" * 100_000 + b"]" * 100_000),
    "a number of many digits": frame(b'{"a": ' + b"9" * 5000 + b"}"),
    "a giant that never comes": LENGTHS.pack(2**32 - 1, 2**32 - 1),
}


@pytest.mark.parametrize("data", BAD_FRAMES.values(), ids=BAD_FRAMES)
def test_bad_frames_are_refused(ends, data):
    writer = threading.Thread(target=ends[0].sendall, args=(data,))
    writer.start()
    with pytest.raises(WireError):
        Channel(ends[1], message_bytes=1 << 20).receive(5)
    writer.join()


def test_the_sum_of_all_frames_is_limited(ends):
    here, there = Channel(ends[0]), Channel(ends[1], total_bytes=100)
    here.send({}, bytes(60))
    here.send({}, bytes(60))
    there.receive(1)
    with pytest.raises(WireError) as error:
        there.receive(1)
    assert error.value.id == "execution.too-large"


def test_who_does_not_answer_is_late(ends):
    with pytest.raises(Late):
        Channel(ends[1]).receive(0.01)


def test_who_trickles_is_late(ends):
    ends[0].sendall(LENGTHS.pack(100, 0) + b"{")
    with pytest.raises(Late):
        Channel(ends[1]).receive(0.05)


def test_who_does_not_read_is_late(ends):
    with pytest.raises(Late):
        Channel(ends[0]).send({}, bytes(8 << 20), seconds=0.05)


def test_who_has_closed_is_gone(ends):
    ends[0].shutdown(socket.SHUT_RDWR)
    with pytest.raises(Gone):
        Channel(ends[1]).receive(1)
    with pytest.raises(Gone):
        Channel(ends[1]).send({}, bytes(1 << 20))
