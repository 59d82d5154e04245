"""Differences, clipping and the reach of a gradient: against torch, laws and the literature."""

import math
from functools import partial

import numpy as np
import pytest
import torch

import rnnlib
from rnnlib.backward import rnn_step_backward
from rnnlib.gradients import (
    central_differences,
    clip_by_norm,
    clip_by_value,
    gradient_norm_by_lag,
    lstm_cell_path,
    spectral_radius,
)
from rnnlib.init import forget_bias, identity, orthogonal, uniform
from tests.helpers import DEVICES, DTYPES, assert_close

CELLS = {  # step, the class of its parameters
    "rnn-tanh": (rnnlib.rnn_step, rnnlib.RNNParams),
    "rnn-relu": (partial(rnnlib.rnn_step, activation="relu"), rnnlib.RNNParams),
    "lstm": (rnnlib.lstm_step, rnnlib.LSTMParams),
    "gru": (rnnlib.gru_step, rnnlib.GRUParams),
}
every_cell = pytest.mark.parametrize("cell", list(CELLS))
every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_device = pytest.mark.parametrize("device", DEVICES)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# Central differences


def test_differences_of_a_known_function(rng):
    a, b = rng.standard_normal((2, 3)), rng.standard_normal(3)
    da, db = central_differences(lambda a, b: (np.sin(a) * b).sum(), [a, b])
    np.testing.assert_allclose(da, np.cos(a) * b, rtol=0, atol=1e-9)
    np.testing.assert_allclose(db, np.sin(a).sum(axis=0), rtol=0, atol=1e-9)


def test_differences_are_central():
    """The one-sided difference of a³ at 1 is off by 3ε, the central one by ε²."""
    (got,) = central_differences(lambda a: (a**3).sum(), [np.ones(1)], eps=1e-3)
    assert abs(got[0] - 3) == pytest.approx(1e-6, rel=1e-3)


def test_differences_leave_the_arrays_alone(rng):
    a = rng.standard_normal((2, 2))
    a.flags.writeable = False
    (got,) = central_differences(lambda a: (a * a).sum(), [a])
    np.testing.assert_allclose(got, 2 * a, rtol=0, atol=1e-9)


def test_differences_skip_a_bias_that_is_left_out():
    da, db = central_differences(lambda a, b: (a + b).sum(), (np.ones(2), 0.0))
    np.testing.assert_allclose(da, 1)
    assert db == 0.0


def test_differences_of_a_single_number():
    (got,) = central_differences(lambda a: float(a) ** 2, [np.array(3.0)])
    assert got.shape == ()
    np.testing.assert_allclose(got, 6)


# Clipping


def some_gradients(dtype, scale):
    rng = np.random.default_rng(3)
    return [(scale * rng.standard_normal(s)).astype(dtype) for s in [(4, 3), (4,), (2, 2, 2)]]


def clipped_by_torch(gradients, clip, device="cpu"):
    parameters = [torch.zeros(g.shape, device=device) for g in gradients]
    for p, g in zip(parameters, gradients, strict=True):
        p.data = torch.from_numpy(g).to(device)
        p.grad = torch.from_numpy(g.copy()).to(device)
    return [p.grad for p in parameters], clip(parameters)


@every_device
@pytest.mark.parametrize("max_norm", [1e-3, 1.0, 5.0, 1e6, math.inf])
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e3])
@every_dtype
def test_clip_by_norm_equals_torch(dtype, scale, max_norm, device):
    gradients = some_gradients(dtype, scale)
    want, want_norm = clipped_by_torch(
        gradients, lambda p: torch.nn.utils.clip_grad_norm_(p, max_norm), device
    )
    kept = [g.copy() for g in gradients]
    for move in (lambda g: g, lambda g: torch.from_numpy(g).to(device)):
        got, norm = clip_by_norm([move(g) for g in gradients], max_norm)
        for ours, theirs in zip(got, want, strict=True):
            assert_close(ours, theirs)
        assert norm == pytest.approx(
            want_norm.item(), rel=1e-6 if dtype == "float32" else 1e-12
        )
    for g, k in zip(gradients, kept, strict=True):
        np.testing.assert_array_equal(g, k)


@every_device
@pytest.mark.parametrize("limit", [0.1, 1.0, 1e6])
@every_dtype
def test_clip_by_value_equals_torch(dtype, limit, device):
    gradients = some_gradients(dtype, 1.0)
    want, _ = clipped_by_torch(
        gradients, lambda p: torch.nn.utils.clip_grad_value_(p, limit), device
    )
    for move in (lambda g: g, lambda g: torch.from_numpy(g).to(device)):
        got = clip_by_value([move(g) for g in gradients], limit)
        for ours, theirs in zip(got, want, strict=True):
            assert_close(ours, theirs)


def test_clipping_by_norm_keeps_the_direction_and_by_value_does_not():
    g = np.array([3.0, 0.5])
    (by_norm,), _ = clip_by_norm([g], 1.0)
    (by_value,) = clip_by_value([g], 1.0)
    assert by_norm @ g / np.linalg.norm(by_norm) / np.linalg.norm(g) == pytest.approx(1)
    assert by_value.tolist() == [1.0, 0.5]


def test_a_short_gradient_is_not_touched():
    (got,), norm = clip_by_norm([np.array([0.3, 0.4])], 1.0)
    np.testing.assert_array_equal(got, [0.3, 0.4])
    assert norm == pytest.approx(0.5)


@pytest.mark.parametrize("size", [1e30, 1e-30])
def test_the_norm_neither_overflows_nor_vanishes(size):
    g = np.array([3 * size, 4 * size], dtype="float32")
    (got,), norm = clip_by_norm([g], 1.0)
    assert norm == pytest.approx(5 * size, rel=1e-6)
    np.testing.assert_allclose(got, [0.6, 0.8] if size > 1 else g, rtol=1e-5)


def test_gradients_of_zero_or_of_no_bias_are_clipped_to_themselves():
    got, norm = clip_by_norm((np.zeros(2), 0.0), 1.0)
    np.testing.assert_array_equal(got[0], [0, 0])
    assert (got[1], norm) == (0.0, 0.0)
    assert clip_by_value((np.zeros(2), 0.0), 1.0)[1] == 0.0


# How far a gradient reaches


def jacobians_by_autograd(step, carry, xs, params):
    """∂s_T/∂s_{T-k} for each state s of the carry, k = 0 … T: [state][lag] (B, H, H)."""
    xs, params = torch.from_numpy(xs), [torch.from_numpy(p) for p in params]
    pair = isinstance(carry, tuple)
    states = [tuple(torch.from_numpy(s) for s in (carry if pair else (carry,)))]
    for x_t in xs:
        after = step(x_t, states[-1] if pair else states[-1][0], *params)
        states.append(after if pair else (after,))
    T = len(xs)

    def last(k, n, b):
        def run(s):  # from s at step T - k, for sequence b alone
            now = [z[b] for z in states[T - k]]
            now[n] = s
            for x_t in xs[T - k :]:
                now = step(x_t[b], tuple(now) if pair else now[0], *params)
                now = list(now) if pair else [now]
            return now[n]

        return torch.autograd.functional.jacobian(run, states[T - k][n][b])

    B = xs.shape[1]
    return [
        [np.stack([last(k, n, b).numpy() for b in range(B)]) for k in range(T + 1)]
        for n in range(len(states[0]))
    ]


@every_cell
def test_the_norms_are_those_of_the_jacobian_by_autograd(cell, rng):
    I, H, T, B = 3, 5, 6, 2
    step, Params = CELLS[cell]
    params = [2 * p for p in uniform(Params, I, H, rng)]
    xs = rng.standard_normal((T, B, I))
    carry = rng.standard_normal((B, H))
    carry = (carry, rng.standard_normal((B, H))) if cell == "lstm" else carry
    jacobians = jacobians_by_autograd(step, carry, xs, params)

    for norm in ("spectral", "rms"):
        got = gradient_norm_by_lag(step, carry, xs, params, norm=norm)
        got = got if cell == "lstm" else (got,)
        for norms, J in zip(got, jacobians, strict=True):
            order = 2 if norm == "spectral" else "fro"
            want = np.linalg.norm(np.array(J), order, axis=(-2, -1))
            assert_close(norms, want if norm == "spectral" else want / math.sqrt(H))


@every_device
def test_the_norms_on_torch_are_those_on_numpy(device, rng):
    params = uniform(rnnlib.LSTMParams, 2, 4, rng)
    xs, h_0 = rng.standard_normal((5, 3, 2)), rng.standard_normal((3, 4))
    want = gradient_norm_by_lag(rnnlib.lstm_step, (h_0, h_0), xs, params)
    move = lambda a: torch.from_numpy(a).to(device)  # noqa: E731
    got = gradient_norm_by_lag(
        rnnlib.lstm_step, (move(h_0), move(h_0)), move(xs), [move(p) for p in params]
    )
    for ours, theirs in zip(got, want, strict=True):
        assert_close(ours, theirs)


@pytest.mark.parametrize("norm", ["spectral", "rms"])
def test_the_norm_at_lag_zero_is_one_and_the_irnn_keeps_it(norm, rng):
    params = identity(2, 6, rng)
    step = partial(rnnlib.rnn_step, activation="relu")
    got = gradient_norm_by_lag(step, np.ones(6), np.zeros((50, 2)), params, norm=norm)
    assert got.shape == (51,)
    np.testing.assert_allclose(got, 1, rtol=1e-12)


def test_a_cell_of_ones_own_with_its_own_backward(rng):
    W = rng.standard_normal((4, 4))

    def step(x_t, h_prev, W):
        return h_prev @ W.T

    def step_backward(dh_t, x_t, h_prev, W):
        return 0 * x_t, dh_t @ W, dh_t.T @ h_prev

    got = gradient_norm_by_lag(
        step, np.ones(4), np.zeros((3, 2)), [W], step_backward=step_backward
    )
    powers = [np.linalg.matrix_power(W, k) for k in range(4)]
    assert_close(got, np.array([np.linalg.norm(P, 2) for P in powers]))


@pytest.mark.parametrize(("norm", "factor"), [("spectral", 1.0), ("rms", 1 / math.sqrt(3))])
@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_norms_far_below_and_above_the_squares_that_a_float_holds(scale, norm, factor):
    W = scale * np.diag([1.0, 0.0, 0.0])
    step = partial(rnnlib.rnn_step, activation="relu")
    args = (np.ones(3), np.ones((34, 1)), (np.ones((3, 1)), W))
    got = gradient_norm_by_lag(step, *args, norm=norm)
    np.testing.assert_allclose(got[1:], [factor * scale**k for k in range(1, 35)], rtol=1e-12)


def test_a_norm_that_overflows_is_infinite():
    step = partial(rnnlib.rnn_step, activation="relu")
    params = np.ones((2, 1)), 1e80 * np.eye(2)
    with np.errstate(over="ignore"):
        got = gradient_norm_by_lag(step, np.ones(2), np.ones((4, 1)), params)
    assert np.isfinite(got[:4]).all()
    assert got[4] == math.inf


SEEDS = range(5)
LAGS = [1, 10, 50, 99]


def norms_at_lags(make, norm):
    """The geometric mean over the seeds: H = 128, I = 8, xs ~ N(0, 1), h_0 = 0, T = 100."""
    logs = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        params, xs = make(rng), rng.standard_normal((100, 8))
        norms = gradient_norm_by_lag(rnnlib.rnn_step, np.zeros(128), xs, params, norm=norm)
        logs.append(np.log10(norms[LAGS]))
    return np.mean(logs, axis=0)


@pytest.mark.parametrize(
    ("make", "published"),
    [
        (
            lambda rng: uniform(rnnlib.RNNParams, 8, 128, rng),
            [4.9e-1, 2.8e-3, 3.4e-13, 6.6e-25],
        ),
        (
            lambda rng: orthogonal(rnnlib.RNNParams, 8, 128, rng),
            [9.1e-1, 4.3e-1, 7.3e-3, 1.1e-4],
        ),
        (
            lambda rng: orthogonal(rnnlib.RNNParams, 8, 128, rng, gain=1.5),
            [1.0, 1.6, 13, 4.1e2],
        ),
    ],
    ids=["default", "orthogonal", "1.5 × orthogonal"],
)
def test_the_published_table(make, published):
    """What a random gradient is multiplied by after k steps, in orders of magnitude.

    The published figures are one draw. Single draws scatter (standard deviation over seeds,
    default initialisation) by 0.03 orders at lag 1, 0.1 at 10, 0.7 at 50 and 1.5 at 99.
    """
    off = np.abs(norms_at_lags(make, "rms") - np.log10(published))
    assert (off < [0.1, 0.2, 0.5, 1.0]).all(), off


def test_the_spectral_norm_falls_like_the_other_but_starts_higher():
    make = lambda rng: uniform(rnnlib.RNNParams, 8, 128, rng)  # noqa: E731
    spectral, rms = norms_at_lags(make, "spectral"), norms_at_lags(make, "rms")
    assert 10 ** spectral[0] == pytest.approx(1.11, abs=0.03)
    assert 10 ** rms[0] == pytest.approx(0.56, abs=0.03)
    slope = lambda logs: (logs[3] - logs[1]) / (LAGS[3] - LAGS[1])  # noqa: E731
    assert slope(spectral) == pytest.approx(slope(rms), abs=0.01)


def default_radii(H, seeds):
    rngs = map(np.random.default_rng, range(seeds))
    return [spectral_radius(uniform(rnnlib.RNNParams, 1, H, rng).W_hh) for rng in rngs]


def test_the_spectral_radius_of_the_default_initialisation():
    """Published: 0.610 ± 0.015, from a few draws."""
    radii = default_radii(128, seeds=200)
    assert np.mean(radii) == pytest.approx(0.610, abs=0.015)
    assert np.mean(radii) == pytest.approx(0.604, abs=0.004)
    assert np.std(radii) == pytest.approx(0.019, abs=0.004)


def test_the_spectral_radius_tends_to_its_limit():
    radii = [np.mean(default_radii(H, seeds)) for H, seeds in [(16, 100), (64, 100), (512, 6)]]
    above = np.array(radii) - 1 / math.sqrt(3)
    assert above[0] > above[1] > above[2] > 0
    assert above[2] < 0.02


@every_device
def test_the_spectral_radius_of_known_matrices(device):
    assert spectral_radius(np.array([[0.0, -2.0], [2.0, 0.0]])) == pytest.approx(2)  # ±2i
    assert spectral_radius(np.array([[0.5, 100.0], [0.0, -0.7]])) == pytest.approx(0.7)
    W = torch.tensor([[0.5, 100.0], [0.0, -0.7]], device=device)
    assert spectral_radius(W) == pytest.approx(0.7)


# The direct path of the LSTM


@pytest.mark.parametrize(("b", "published"), [(0, 8.9e-16), (1, 1.6e-7), (2, 1.8e-3)])
def test_the_direct_path_is_the_forget_gate_to_the_power_of_the_lag(b, published):
    params = rnnlib.LSTMParams(np.zeros((12, 2)), np.zeros((12, 3)))
    params = forget_bias(params, b)
    zeros = np.zeros((4, 3))
    path = lstm_cell_path((zeros, zeros), np.zeros((50, 4, 2)), params)
    assert path.shape == (51, 4, 3)
    np.testing.assert_allclose(path[50], (1 / (1 + math.exp(-b))) ** 50, rtol=1e-12)
    np.testing.assert_allclose(path[50], published, rtol=0.05)


def test_without_recurrent_weights_the_direct_path_is_the_whole_gradient(rng):
    params = uniform(rnnlib.LSTMParams, 3, 4, rng)
    params = params._replace(W_hh=0 * params.W_hh)
    xs, carry = rng.standard_normal((7, 2, 3)), (rng.standard_normal((2, 4)),) * 2
    path = lstm_cell_path(carry, xs, params)
    _, norms = gradient_norm_by_lag(rnnlib.lstm_step, carry, xs, params)
    assert_close(norms, path.max(axis=-1))


def test_the_direct_path_multiplies_the_last_gates_first(rng):
    params = uniform(rnnlib.LSTMParams, 3, 4, rng)
    xs, carry = rng.standard_normal((5, 3)), (rng.standard_normal(4), rng.standard_normal(4))
    gates = []
    h, c = carry
    for x_t in xs:
        gates.append(rnnlib.lstm_gates(x_t, h, *params).f_t)
        h, c = rnnlib.lstm_step(x_t, (h, c), *params)
    path = lstm_cell_path(carry, xs, params)
    for k in range(6):
        assert_close(path[k], np.prod(gates[5 - k :], axis=0) if k else np.ones(4))


# Bad input

ones = np.ones
RNN = (ones((3, 2)), ones((3, 3)))


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (
            lambda: central_differences(np.sum, [ones(2), ones(2, dtype="float32")]),
            TypeError,
            "arrays[1] must be a NumPy array of float64, got float32.",
        ),
        (
            lambda: central_differences(np.sum, [[1.0]]),
            TypeError,
            "arrays[0] must be a NumPy array of float64, got list.",
        ),
        (
            lambda: central_differences(lambda a: a, [ones(3)]),
            ValueError,
            "f must return one number, got shape (3,).",
        ),
        (
            lambda: central_differences(np.sum, [ones(3)], eps=0),
            ValueError,
            "eps must be a positive number, got 0.",
        ),
        (
            lambda: clip_by_norm([ones(2), np.array([1.0, math.nan])], 1.0),
            ValueError,
            "gradients[1] must be finite, got NaN or infinity in it.",
        ),
        (
            lambda: clip_by_value((torch.tensor([-math.inf]),), 1.0),
            ValueError,
            "gradients[0] must be finite, got NaN or infinity in it.",
        ),
        (
            lambda: clip_by_norm(ones(2), 1.0),
            TypeError,
            "gradients must be a list or tuple of arrays, got ndarray.",
        ),
        (
            lambda: clip_by_value([None], 1.0),
            TypeError,
            "gradients[0] must be an array (a NumPy array or a torch tensor), got NoneType.",
        ),
        (
            lambda: clip_by_norm([ones(2)], 0.0),
            ValueError,
            "max_norm must be a positive number, got 0.0.",
        ),
        (
            lambda: clip_by_norm([ones(2)], math.nan),
            ValueError,
            "max_norm must be a positive number, got nan.",
        ),
        (
            lambda: clip_by_value([ones(2)], -1),
            ValueError,
            "limit must be a positive number, got -1.",
        ),
        (
            lambda: gradient_norm_by_lag(rnnlib.rnn_step, ones(3), ones((5, 2)), RNN, norm="1"),
            ValueError,
            "norm must be one of 'spectral', 'rms', got '1'.",
        ),
        (
            lambda: gradient_norm_by_lag(len, ones(3), ones((5, 2)), RNN),
            ValueError,
            "step must be one of rnn_step, lstm_step, gru_step, or a partial of it, "
            "got <built-in function len>.",
        ),
        (
            lambda: gradient_norm_by_lag(
                len, ones(3), ones((0, 2)), RNN, step_backward=rnn_step_backward
            ),
            ValueError,
            "xs must hold at least one time step, got shape (0, 2).",
        ),
        (
            lambda: spectral_radius(ones((2, 3))),
            ValueError,
            "W must have shape (H, H) = (2, 2), got (2, 3).",
        ),
        (
            lambda: lstm_cell_path(ones(3), ones((5, 2)), RNN),
            TypeError,
            "carry must be the pair (h_prev, c_prev), got ndarray.",
        ),
    ],
)
def test_bad_input(call, error, sentence):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == sentence
