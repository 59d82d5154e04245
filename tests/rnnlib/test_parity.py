"""Weights copied from torch: every output and every state of ours equals torch's."""

import numpy as np
import pytest
import torch
from torch import nn

import rnnlib
from tests.helpers import DEVICES, DTYPES, assert_close, to_numpy

KINDS = {
    "rnn-tanh": (nn.RNNCell, nn.RNN, {"nonlinearity": "tanh"}, rnnlib.rnn_from_torch),
    "rnn-relu": (nn.RNNCell, nn.RNN, {"nonlinearity": "relu"}, rnnlib.rnn_from_torch),
    "lstm": (nn.LSTMCell, nn.LSTM, {}, rnnlib.lstm_from_torch),
    "gru": (nn.GRUCell, nn.GRU, {}, rnnlib.gru_from_torch),
}


def grid(test):
    axes = {
        "device": DEVICES,
        "dtype": DTYPES,
        "bias": [True, False],
        "batch": [(), (1,), (5,)],
        "kind": list(KINDS),
    }
    for name, values in axes.items():
        test = pytest.mark.parametrize(name, values)(test)
    return test


I, H, T = 7, 5, 9


def step_of(kind):
    if kind == "rnn-relu":
        return lambda x_t, h, *params: rnnlib.rnn_step(x_t, h, *params, activation="relu")
    return {"rnn-tanh": rnnlib.rnn_step, "lstm": rnnlib.lstm_step, "gru": rnnlib.gru_step}[kind]


def carry_of(kind, make):
    return (make(), make()) if kind == "lstm" else make()


def leaves(carry):
    return carry if isinstance(carry, tuple) else (carry,)


@grid
def test_step_equals_torch_cell(kind, batch, bias, dtype, device):
    torch.manual_seed(0)
    where = {"dtype": getattr(torch, dtype), "device": device}
    Cell, _, options, from_torch = KINDS[kind]
    cell = Cell(I, H, bias=bias, **options, **where)
    x_t = torch.randn(*batch, I, **where)
    carry = carry_of(kind, lambda: torch.randn(*batch, H, **where))

    got = step_of(kind)(x_t, carry, *from_torch(cell.state_dict()))

    for ours, theirs in zip(leaves(got), leaves(cell(x_t, carry)), strict=True):
        assert_close(ours, theirs)


@grid
def test_scan_equals_torch_layer(kind, batch, bias, dtype, device):
    torch.manual_seed(1)
    where = {"dtype": getattr(torch, dtype), "device": device}
    _, Layer, options, from_torch = KINDS[kind]
    layer = Layer(I, H, bias=bias, **options, **where)
    xs = torch.randn(T, *batch, I, **where)
    carry = carry_of(kind, lambda: torch.randn(1, *batch, H, **where))
    output, final = layer(xs, carry)

    first = tuple(c[0] for c in carry) if kind == "lstm" else carry[0]
    got = leaves(rnnlib.scan(step_of(kind), first, xs, *from_torch(layer.state_dict(), "_l0")))

    assert_close(got[0], output)
    for states, last in zip(got, leaves(final), strict=True):
        assert_close(states[-1], last[0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", list(KINDS))
def test_numpy_equals_torch(kind, dtype):
    torch.manual_seed(2)
    options, from_torch = KINDS[kind][2:]
    cell = KINDS[kind][0](I, H, dtype=getattr(torch, dtype), **options)
    state = cell.state_dict()
    xs = torch.randn(T, 3, I, dtype=getattr(torch, dtype))
    carry = carry_of(kind, lambda: torch.randn(3, H, dtype=getattr(torch, dtype)))
    want = leaves(rnnlib.scan(step_of(kind), carry, xs, *from_torch(state)))

    numpy_state = {name: to_numpy(w) for name, w in state.items()}
    numpy_carry = tuple(map(to_numpy, carry)) if kind == "lstm" else to_numpy(carry)
    got = leaves(
        rnnlib.scan(step_of(kind), numpy_carry, to_numpy(xs), *from_torch(numpy_state))
    )

    for ours, theirs in zip(got, want, strict=True):
        assert isinstance(ours, np.ndarray)
        assert_close(ours, theirs)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", list(KINDS))
def test_weights_go_to_torch_and_back(kind, bias):
    torch.manual_seed(3)
    Cell, _, options, from_torch = KINDS[kind]
    to_torch = {"lstm": rnnlib.lstm_to_torch, "gru": rnnlib.gru_to_torch}.get(
        kind, rnnlib.rnn_to_torch
    )
    cell = Cell(I, H, bias=bias, dtype=torch.float64, **options)
    params = from_torch(cell.state_dict())
    twin = Cell(I, H, bias=bias, dtype=torch.float64, **options)
    twin.load_state_dict(to_torch(params))
    x_t = torch.randn(4, I, dtype=torch.float64)

    for ours, theirs in zip(leaves(twin(x_t)), leaves(cell(x_t)), strict=True):
        assert_close(ours, theirs)
    for again, once in zip(from_torch(to_torch(params)), params, strict=True):
        assert again == once if isinstance(once, float) else torch.equal(again, once)
