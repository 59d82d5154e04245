"""A connection between two processes that carries frames.

A frame is two lengths, a JSON text and the bytes of its arrays (`wire` writes both).
Nothing is compressed, so nothing can expand; every length is checked before it is believed.
This module does without torch, which takes a second to import: a worker needs none.
"""

import json
import socket
import struct
import time
from typing import Any

from rnngrade.messages import Told

LENGTHS = struct.Struct("!II")  # bytes of JSON, bytes of arrays


class WireError(Told):
    """What came, or was to be sent, is malformed, too large or no plain value."""


class Gone(WireError):
    """The other side has closed the connection."""


class Late(WireError):
    """The other side did not answer in time."""


class Channel:
    """One end of a connection: sends and receives frames.

    Args:
        sock: a connected stream socket; a frame is read to its last byte and no further, so
            two processes may use it in turn.
        message_bytes: the largest frame that is read.
        total_bytes: the most that is read in all.
    """

    def __init__(
        self, sock: socket.socket, message_bytes: int = 1 << 30, total_bytes: int = 1 << 40
    ):
        self.sock, self.message_bytes, self.left = sock, message_bytes, total_bytes

    def send(
        self, head: Any, payload: bytes | bytearray = b"", seconds: float | None = None
    ) -> None:
        """Send one frame.

        Raises:
            Gone, Late: the other side has closed, or does not read.
        """
        text = json.dumps(head).encode()
        try:
            self.sock.settimeout(_left(_deadline(seconds)))
            # At one go: each part by itself would wake the reader for nothing.
            self.sock.sendall(b"".join((LENGTHS.pack(len(text), len(payload)), text, payload)))
        except TimeoutError:
            raise Late("execution.no-answer") from None
        except OSError:
            raise Gone("execution.closed") from None

    def receive(self, seconds: float | None = None) -> tuple[dict[str, Any], bytearray]:
        """The next frame: a dictionary, and the bytes of its arrays.

        Raises:
            Gone, Late: the other side has closed, or nothing whole came in `seconds`.
            WireError: a frame that is too large, or whose text is not a JSON object.
        """
        deadline = _deadline(seconds)
        text, payload = LENGTHS.unpack(self._read(LENGTHS.size, deadline))
        if text + payload > min(self.message_bytes, self.left):
            raise WireError("execution.too-large")
        self.left -= text + payload
        data = self._read(text + payload, deadline)
        try:
            head = json.loads(data[:text])
        except (ValueError, RecursionError):
            raise WireError("execution.malformed") from None
        if not isinstance(head, dict):
            raise WireError("execution.malformed")
        return head, data[text:]

    def _read(self, size, deadline):
        data, got = bytearray(size), 0
        view = memoryview(data)
        while got < size:
            try:
                self.sock.settimeout(_left(deadline))
                count = self.sock.recv_into(view[got:])
            except TimeoutError:
                raise Late("execution.no-answer") from None
            except OSError:
                raise Gone("execution.closed") from None
            if not count:
                raise Gone("execution.closed")
            got += count
        return data


def _deadline(seconds):
    return None if seconds is None else time.monotonic() + seconds


def _left(deadline):
    # A timeout of 0 would mean "do not wait at all", which is another kind of error.
    return None if deadline is None else max(0.001, deadline - time.monotonic())
