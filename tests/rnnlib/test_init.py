"""The first weights: their laws, what torch draws, and how many there are."""

import itertools
import math

import numpy as np
import pytest
import torch

import rnnlib
from rnnlib import GRUParams, LSTMParams, RNNParams, layers
from rnnlib.init import (
    chrono,
    count_gru,
    count_lstm,
    count_rnn,
    forget_bias,
    identity,
    orthogonal,
    orthogonal_matrix,
    torch_forget_bias,
    uniform,
)
from tests.helpers import DEVICES, DTYPES, assert_close, to_numpy

GATES = {RNNParams: 1, LSTMParams: 4, GRUParams: 3}
every_kind = pytest.mark.parametrize("Params", list(GATES))
every_device = pytest.mark.parametrize("device", DEVICES)
I, H = 3, 8


def rng(seed=0):
    return np.random.default_rng(seed)


@every_kind
@pytest.mark.parametrize("draw", [uniform, orthogonal])
def test_the_shapes_fit_the_cell(draw, Params):
    params = draw(Params, I, H, rng())
    G = GATES[Params]
    shapes = [(G * H, I), (G * H, H), (G * H,)] + ([(H,)] if Params is GRUParams else [])
    assert type(params) is Params
    assert [w.shape for w in params] == shapes
    assert {w.dtype for w in params} == {np.dtype("float64")}

    step = {
        RNNParams: rnnlib.rnn_step,
        LSTMParams: rnnlib.lstm_step,
        GRUParams: rnnlib.gru_step,
    }
    carry = (np.ones(H), np.ones(H)) if Params is LSTMParams else np.ones(H)
    step[Params](np.ones(I), carry, *params)


@every_kind
@pytest.mark.parametrize("draw", [uniform, orthogonal])
def test_the_same_generator_gives_the_same_weights(draw, Params):
    np.random.seed(0)  # the global generator must play no part
    first = draw(Params, I, H, rng(1))
    np.random.seed(1)
    again, other = draw(Params, I, H, rng(1)), draw(Params, I, H, rng(2))
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.array_equal(a, c) == (not a.any())  # biases of zero are equal anyway


@every_kind
def test_uniform_draws_what_torch_draws(Params):
    """Gate by gate: the bound, and torch's standard deviation, its second bias summed in."""
    H, draws = 64, 60
    Module, from_torch = {
        RNNParams: (torch.nn.RNNCell, rnnlib.rnn_from_torch),
        LSTMParams: (torch.nn.LSTMCell, rnnlib.lstm_from_torch),
        GRUParams: (torch.nn.GRUCell, rnnlib.gru_from_torch),
    }[Params]
    torch.manual_seed(0)
    generator = rng()
    ours = [uniform(Params, 32, H, generator) for _ in range(draws)]
    theirs = [from_torch(Module(32, H).state_dict()) for _ in range(draws)]

    def gates(params, name):
        """One row per gate, all draws of all its weights in it."""
        blocks = [np.split(to_numpy(getattr(p, name)), n) for p in params]
        return np.array(blocks).swapaxes(0, 1).reshape(n, -1)

    for name in Params._fields:
        n = 1 if name == "b_hn" else GATES[Params]
        for mine, yours in zip(gates(ours, name), gates(theirs, name), strict=True):
            assert np.abs(mine).max() <= (2 if name == "b_h" else 1) / math.sqrt(H)
            assert mine.mean() == pytest.approx(0, abs=4 * mine.std() / math.sqrt(mine.size))
            assert mine.std() == pytest.approx(yours.std(), rel=0.05)


@every_kind
def test_uniform_fills_the_whole_range(Params):
    H = 128
    W_xh, W_hh, *_ = uniform(Params, 16, H, rng())
    for W in (W_xh, W_hh):
        assert np.abs(W).max() == pytest.approx(1 / math.sqrt(H), rel=0.01)
        assert W.var() == pytest.approx(1 / (3 * H), rel=0.05)


@pytest.mark.parametrize("gain", [1.0, 1.5])
@every_kind
def test_orthogonal_is_orthogonal_gate_by_gate(Params, gain):
    params = orthogonal(Params, I, H, rng(), gain=gain)
    blocks = params.W_hh.reshape(GATES[Params], H, H)
    for block in blocks:
        np.testing.assert_allclose(block.T @ block, gain**2 * np.eye(H), atol=1e-14)
    for a, b in itertools.combinations(blocks, 2):
        assert np.abs(a - b).max() > 0.1
    assert not any(b.any() for b in params[2:])
    assert 0 < np.abs(params.W_xh).max() <= 1 / math.sqrt(H)


def test_no_orthogonal_matrix_is_preferred():
    """Without the sign correction the diagonal would lean to one sign, and det to another."""
    generator = rng()
    Qs = np.array([orthogonal_matrix(3, generator) for _ in range(4000)])
    assert np.abs(Qs.mean(axis=0)).max() < 4 / math.sqrt(3 * 4000)
    np.testing.assert_allclose((Qs**2).mean(axis=0), 1 / 3, atol=0.02)
    assert np.linalg.det(Qs).mean() == pytest.approx(0, abs=4 / math.sqrt(4000))


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_the_irnn_keeps_its_state(scale):
    params = identity(I, H, rng(), scale=scale)
    assert type(params) is RNNParams
    np.testing.assert_array_equal(params.W_hh, scale * np.eye(H))
    np.testing.assert_array_equal(params.b_h, np.zeros(H))
    assert params.W_xh.std() == pytest.approx(0.001, rel=0.5)
    h_0 = np.arange(float(H))
    step = lambda *args: rnnlib.rnn_step(*args, activation="relu")  # noqa: E731
    hs = rnnlib.scan(step, h_0, np.zeros((10, I)), *params)
    np.testing.assert_array_equal(hs[-1], scale**10 * h_0)


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("dtype", DTYPES)
@every_device
def test_the_forget_bias_is_what_the_gate_sees(dtype, library, device):
    params = LSTMParams(*(w.astype(dtype) for w in uniform(LSTMParams, I, H, rng())))
    if library == "torch":
        params = LSTMParams(*(torch.from_numpy(w).to(device) for w in params))
    kept = to_numpy(params.b_h).copy()

    new = forget_bias(params, 1.5)

    zeros = new.W_hh[0] * 0
    gates = rnnlib.lstm_gates(new.W_xh[0] * 0, zeros, *new)
    assert_close(gates.f_t, (zeros + 1 / (1 + math.exp(-1.5))))
    old = rnnlib.lstm_gates(new.W_xh[0] * 0, zeros, *params)
    for name in ("i_t", "c_tilde", "o_t"):
        np.testing.assert_array_equal(*(to_numpy(getattr(g, name)) for g in (gates, old)))
    np.testing.assert_array_equal(to_numpy(params.b_h), kept)


def test_a_forget_bias_where_there_was_none():
    params = forget_bias(LSTMParams(np.ones((4 * H, I)), np.ones((4 * H, H))), 2)
    np.testing.assert_array_equal(params.b_h, np.repeat([0.0, 2.0, 0.0, 0.0], H))


LSTMS = [
    (torch.nn.LSTM, {"num_layers": 2, "bidirectional": True}, 4),
    (torch.nn.LSTM, {}, 1),
    (torch.nn.LSTMCell, {}, 1),
    (layers.LSTM, {"num_layers": 2}, 2),
]


@pytest.mark.parametrize(("Module", "options", "copies"), LSTMS)
@every_device
def test_the_trap_of_the_two_biases(Module, options, copies, device):
    """The sum of the two biases is the value, not twice it, in every layer and direction."""
    module = Module(I, H, device=device, **options)
    before = {name: w.clone() for name, w in module.state_dict().items()}

    new = torch_forget_bias(module.state_dict(), 1.0)

    assert all(torch.equal(module.state_dict()[name], w) for name, w in before.items())
    module.load_state_dict(new)
    state = module.state_dict()
    endings = [n.removeprefix("bias_ih") for n in state if n.startswith("bias_ih")]
    assert len(endings) == copies
    for ending in endings:
        ours = rnnlib.lstm_from_torch(state, ending)
        old = rnnlib.lstm_from_torch(before, ending)
        f = slice(H, 2 * H)
        assert (ours.b_h[f] == 1).all()
        assert (state[f"bias_hh{ending}"][f] == 0).all()
        others = [k for k in range(4 * H) if not H <= k < 2 * H]
        assert torch.equal(ours.b_h[others], old.b_h[others])
        assert torch.equal(ours.W_hh, old.W_hh)


def test_the_trap_itself():
    """What the function is for: filling both biases gives twice the value."""
    cell = torch.nn.LSTMCell(I, H)
    for b in (cell.bias_ih, cell.bias_hh):
        torch.nn.init.constant_(b[H : 2 * H], 1.0)
    assert (rnnlib.lstm_from_torch(cell.state_dict()).b_h[H : 2 * H] == 2).all()


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("T_max", [3, 100])
def test_chrono_spreads_the_characteristic_times(T_max, library):
    H, generator = 300, rng()
    params = [np.zeros((4 * H, 1)), np.zeros((4 * H, H)), np.repeat([5.0, 6.0, 7.0, 8.0], H)]
    params = [p.astype("float32") for p in params]
    params = LSTMParams(*(map(torch.from_numpy, params) if library == "torch" else params))

    new = [to_numpy(chrono(params, T_max, generator).b_h) for _ in range(40)]

    assert {b.dtype for b in new} == {np.dtype("float32")}
    b_i, b_f, b_c, b_o = np.array(new, "float64").reshape(40, 4, H).swapaxes(0, 1)
    np.testing.assert_array_equal(b_i, -b_f)
    assert (b_c == 7).all()
    assert (b_o == 8).all()
    u = np.exp(b_f)
    assert 1 - 1e-6 <= u.min() < u.max() <= (T_max - 1) * (1 + 1e-6)
    assert u.mean() == pytest.approx(T_max / 2, rel=0.02)
    assert u.std() == pytest.approx((T_max - 2) / math.sqrt(12), rel=0.02)
    f = 1 / (1 + np.exp(-b_f))
    np.testing.assert_allclose(1 / (1 - f), u + 1, rtol=1e-12)  # steps until it forgets
    np.testing.assert_array_equal(to_numpy(params.b_h[H : 2 * H]), 6)


def test_chrono_draws_from_the_generator_alone():
    params = uniform(LSTMParams, I, H, rng())
    a, b, c = (chrono(params, 50, rng(seed)).b_h for seed in (3, 3, 4))
    np.testing.assert_array_equal(a, b)
    assert (a != c)[: 2 * H].all()


COUNTS = {
    "RNN": (count_rnn, RNNParams),
    "LSTM": (count_lstm, LSTMParams),
    "GRU": (count_gru, GRUParams),
}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("kind", list(COUNTS))
def test_the_formula_counts_what_torch_has(kind, layers, bidirectional, bias):
    count = COUNTS[kind][0]
    for I, H in itertools.product([1, 3, 10], [1, 4, 7]):
        module = getattr(torch.nn, kind)(I, H, layers, bias=bias, bidirectional=bidirectional)
        got = count(I, H, layers=layers, bidirectional=bidirectional, biases=2 if bias else 0)
        assert got == sum(w.numel() for w in module.parameters())
    default = getattr(torch.nn, kind)(5, 6)
    assert count(5, 6) == sum(w.numel() for w in default.parameters())


@pytest.mark.parametrize("kind", list(COUNTS))
def test_with_one_bias_the_formula_counts_what_the_page_has(kind):
    count, Params = COUNTS[kind]
    W_xh, W_hh, b_h, *b_hn = uniform(Params, I, H, rng())
    assert count(I, H, biases=1) == W_xh.size + W_hh.size + b_h.size
    if b_hn:
        assert b_hn[0].size == H


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (
            lambda: uniform(LSTMParams, I, H, 0),
            TypeError,
            "rng must be a numpy Generator, such as numpy.random.default_rng(0), got int.",
        ),
        (
            lambda: orthogonal(RNNParams, I, H, np.random),
            TypeError,
            "rng must be a numpy Generator, such as numpy.random.default_rng(0), got module.",
        ),
        (
            lambda: uniform("lstm", I, H, rng()),
            ValueError,
            "Params must be one of RNNParams, LSTMParams, GRUParams, got 'lstm'.",
        ),
        (
            lambda: identity(0, H, rng()),
            ValueError,
            "I must be a whole number of at least 1, got 0.",
        ),
        (
            lambda: uniform(GRUParams, I, 2.0, rng()),
            ValueError,
            "H must be a whole number of at least 1, got 2.0.",
        ),
        (
            lambda: forget_bias(uniform(GRUParams, I, H, rng()), 1),
            TypeError,
            "params must be LSTMParams, got GRUParams.",
        ),
        (
            lambda: forget_bias(LSTMParams(np.ones((8, 1)), np.ones((8, 2)), np.ones(6)), 1),
            ValueError,
            "b_h must have shape (4H) = (8) to fit W_hh, got (6,).",
        ),
        (
            lambda: chrono(uniform(LSTMParams, I, H, rng()), 2, rng()),
            ValueError,
            "T_max must be more than 2, got 2.",
        ),
        (
            lambda: chrono(uniform(LSTMParams, I, H, rng()), 9, None),
            TypeError,
            "rng must be a numpy Generator, such as numpy.random.default_rng(0), got NoneType.",
        ),
        (
            lambda: torch_forget_bias(torch.nn.LSTM(2, 3), 1),
            TypeError,
            "state must be a state dict, such as lstm.state_dict(), got LSTM.",
        ),
        (
            lambda: torch_forget_bias(torch.nn.LSTM(2, 3, bias=False).state_dict(), 1),
            ValueError,
            "state must hold 'bias_ih', got 'weight_ih_l0', 'weight_hh_l0'.",
        ),
        (
            lambda: torch_forget_bias(torch.nn.GRU(2, 3).state_dict(), 1),
            ValueError,
            "state must be that of an LSTM: weight_hh_l0 must have shape (4H, H) = (12, 3), "
            "got (9, 3).",
        ),
        (
            lambda: count_lstm(3, 4, layers=0),
            ValueError,
            "layers must be a whole number of at least 1, got 0.",
        ),
        (
            lambda: count_gru(3, 4, biases=3),
            ValueError,
            "biases must be one of 2, 1, 0, got 3.",
        ),
    ],
)
def test_bad_input(call, error, sentence):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == sentence
