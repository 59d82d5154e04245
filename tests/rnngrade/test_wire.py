"""Values: what is sent arrives, and nothing malformed is believed."""

import json

import numpy as np
import pytest
import torch

from rnngrade.execution.channel import WireError
from rnngrade.execution.wire import MAX_DEPTH, MAX_NODES, Decoder, Encoder


def across(value):
    """A value as it arrives at the other side."""
    encoder = Encoder()
    tree = json.loads(json.dumps(encoder(value)))
    return Decoder(bytearray(encoder.payload))(tree)


PLAIN = [
    None,
    True,
    -3,
    2**80,
    0.1,
    float("inf"),
    "δ\n\0",
    [],
    (),
    {},
    [1, (2.5, None), {"a": [True]}],
    {1: "a", (2, 3): "b"},
    torch.float64,
    torch.device("cpu"),
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_values_arrive(value):
    got = across(value)
    assert type(got) is type(value)
    assert got == value


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0, 4), (1, 2, 3, 4)])
@pytest.mark.parametrize(
    "dtype",
    ["bool", "uint8", "int64", "float16", "bfloat16", "float32", "float64", "complex64"],
)
def test_tensors_arrive(dtype, shape):
    value = (torch.randn(shape) * 5).to(getattr(torch, dtype))
    got = across(value)
    assert (got.dtype, got.shape) == (value.dtype, value.shape)
    assert torch.equal(got, value)


def test_special_numbers_arrive():
    value = torch.tensor([float("nan"), float("inf"), -0.0])
    assert torch.equal(across(value).view(torch.int32), value.view(torch.int32))


@pytest.mark.parametrize("value", [np.arange(6.0).reshape(2, 3), np.float32(1.5), np.bool_(1)])
def test_arrays_and_numbers_of_numpy_arrive(value):
    got = across(value)
    assert type(got) is type(value)
    assert got.dtype == value.dtype
    assert np.array_equal(got, value)


def test_what_is_not_contiguous_arrives_so():
    value = torch.arange(6.0).reshape(2, 3).T
    got = across(value)
    assert torch.equal(got, value)
    assert not got.is_contiguous()


def test_gradients_are_asked_for_again_only_if_wanted():
    encoder = Encoder()
    tree = encoder([torch.ones(2, requires_grad=True), torch.ones(2)])
    assert [t.requires_grad for t in Decoder(encoder.payload, grad=True)(tree)] == [True, False]
    assert not any(t.requires_grad for t in Decoder(encoder.payload)(tree))


def test_subclasses_arrive_as_the_plain_type():
    class Clever(dict):
        def __eq__(self, other):
            return True

        __hash__ = None

    assert type(across(Clever(a=1))) is dict
    assert type(across(torch.nn.Parameter(torch.ones(1)))) is torch.Tensor
    assert type(across(torch.Size([1]))) is tuple


class Equal:
    def __eq__(self, other):
        return True

    __hash__ = None


def endless():
    value = []
    for _ in range(MAX_DEPTH + 2):
        value = [value]
    return value


REFUSED = {
    "an object": Equal(),
    "a function": print,
    "objects in an array": np.array([print], dtype=object),
    "text in an array": np.array(["a"]),
    "dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "a sparse tensor": torch.ones(2, 2).to_sparse(),
    "a tensor without numbers": torch.ones(2, device="meta"),
    "bytes": b"x",
    "a set": {1},
    "too deep": endless(),
    "too many": [0] * (MAX_NODES + 1),
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_what_is_not_plain_is_not_sent(value):
    with pytest.raises(WireError):
        Encoder()(value)


TENSOR = {"tensor": ["float32", [2], 0], "device": "cpu", "grad": False, "dense": True}
MALFORMED = {
    "a bare list": [1],
    "an unknown node": {"pickle": "x"},
    "an empty node": {},
    "a list that is none": {"list": 3},
    "a text for a list": {"list": "abc"},
    "a dictionary of singles": {"dict": [[1]]},
    "a key that cannot be one": {"dict": [[{"list": []}, 1]]},
    "another dtype": TENSOR | {"tensor": ["object", [2], 0]},
    "a dtype with code": TENSOR | {"tensor": ["O8", [1], 0]},
    "a shape that is none": TENSOR | {"tensor": ["float32", "2", 0]},
    "a negative size": TENSOR | {"tensor": ["float32", [-2], 0]},
    "a size that is a float": TENSOR | {"tensor": ["float32", [2.0], 0]},
    "a size that is true": TENSOR | {"tensor": ["float32", [True], 0]},
    "a huge size": TENSOR | {"tensor": ["float32", [2**31 - 1] * 8, 0]},
    "more than the payload": TENSOR | {"tensor": ["float32", [3], 0]},
    "beyond the payload": TENSOR | {"tensor": ["float32", [2], 4]},
    "before the payload": TENSOR | {"tensor": ["float32", [2], -4]},
    "an offset that is a text": TENSOR | {"tensor": ["float32", [2], "0"]},
    "nine dimensions": TENSOR | {"tensor": ["float32", [1] * 9, 0]},
    "another device": TENSOR | {"device": "meta"},
    "no device": {"tensor": ["float32", [2], 0]},
    "a foreign device": {"device": "file:///etc/passwd"},
    "a foreign dtype": {"dtype": "nn"},
    "an object": {"object": 1, "kind": "function", "name": "f"},
    "too deep": json.loads('{"list":[' * 40 + "]}" * 40),
}


@pytest.mark.parametrize("node", MALFORMED.values(), ids=MALFORMED)
def test_what_is_malformed_is_refused(node):
    with pytest.raises(WireError):
        Decoder(bytearray(8))(node)


def test_an_array_that_is_named_again_is_refused():
    """Else a small message would take any memory."""
    with pytest.raises(WireError):
        Decoder(bytearray(8))({"list": [TENSOR, TENSOR]})


def test_a_byte_that_is_no_truth_value_becomes_one():
    got = Decoder(bytearray(b"\x02\x00"))(TENSOR | {"tensor": ["bool", [2], 0]})
    assert torch.equal(got, torch.tensor([True, False]))
    assert got.view(torch.uint8).tolist() == [1, 0]
