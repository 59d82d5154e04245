"""Linear recurrences: parallel = sequential, chunked = whole, in logarithms and without."""

from functools import partial

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

import rnnlib
from rnnlib import minimal
from rnnlib.scan import linear_scan, log_linear_scan, scan
from tests.helpers import DEVICES

I, H, B = 3, 4, 2
CELLS = {
    "minGRU": (minimal.min_gru_step, minimal.min_gru_sequence, 2),
    "minLSTM": (minimal.min_lstm_step, minimal.min_lstm_sequence, 3),
}
every_cell = pytest.mark.parametrize("cell", list(CELLS))
every_candidate = pytest.mark.parametrize("candidate", ["linear", "positive"])
close = partial(np.testing.assert_allclose, rtol=1e-10, atol=1e-10)


def draw(cell, T, size=1.0, seed=0):
    rng = np.random.default_rng(seed)
    rows = CELLS[cell][2] * H
    xs, h_0 = size * rng.standard_normal((T, B, I)), np.exp(rng.standard_normal((B, H)))
    return xs, h_0, rng.standard_normal((rows, I)), rng.standard_normal(rows)


@pytest.mark.parametrize("T", [1, 2, 3, 7, 8, 64, 1000])
@every_candidate
@every_cell
def test_all_steps_at_once_equal_one_by_one(cell, candidate, T):
    step, sequence, _ = CELLS[cell]
    xs, h_0, *params = draw(cell, T)
    one_by_one = scan(partial(step, candidate=candidate), h_0, xs, *params)
    close(sequence(xs, h_0, *params, candidate=candidate), one_by_one)


@pytest.mark.parametrize("cut", [1, 4, 9])
@every_candidate
@every_cell
def test_chunked_equals_whole(cell, candidate, cut):
    sequence = partial(CELLS[cell][1], candidate=candidate)
    xs, h_0, *params = draw(cell, 10)
    first = sequence(xs[:cut], h_0, *params)
    second = sequence(xs[cut:], first[-1], *params)
    close(np.concatenate([first, second]), sequence(xs, h_0, *params))


@every_candidate
@every_cell
def test_saturated_gates_stay_finite(cell, candidate):
    step, sequence, _ = CELLS[cell]
    xs, h_0, *params = draw(cell, 50, size=300.0)
    hs = sequence(xs, h_0, *params, candidate=candidate)
    assert np.isfinite(hs).all()
    close(hs, scan(partial(step, candidate=candidate), h_0, xs, *params))


@pytest.mark.parametrize("device", DEVICES)
@every_candidate
@every_cell
def test_torch_equals_numpy_and_its_gradients_are_right(cell, candidate, device):
    sequence = partial(CELLS[cell][1], candidate=candidate)
    arrays = draw(cell, 9)
    tensors = [torch.tensor(a, device=device, requires_grad=True) for a in arrays]
    close(sequence(*tensors).detach().cpu().numpy(), sequence(*arrays))
    # Entry by entry on the CPU; elsewhere along random directions, which is quicker.
    assert gradcheck(sequence, tensors, fast_mode=device != "cpu")


@pytest.mark.parametrize("T", [1, 5, 16])
def test_linear_scan_is_its_recurrence(T):
    rng = np.random.default_rng(1)
    a, b, h = rng.uniform(-1, 1, (T, B)), rng.standard_normal((T, B)), rng.standard_normal(B)
    hs = linear_scan(a, b, h)
    for t in range(T):
        h = a[t] * h + b[t]
        close(hs[t], h)


def test_the_scan_in_logarithms_survives_where_the_plain_one_underflows():
    T = 4000
    log_a, log_b = np.full((T, 1), -1.0), np.full((T, 1), -1e4)
    log_h = log_linear_scan(log_a, log_b, np.zeros(1))
    assert np.exp(log_h[-1]) == 0  # the number itself is too small for a float …
    close(log_h[:, 0], -np.arange(1, T + 1))  # … its logarithm is not


def test_the_min_lstm_gates_sum_to_one():
    """A constant candidate equal to the state is a fixed point, whatever the gates."""
    rng = np.random.default_rng(2)
    W_x, b = rng.standard_normal((3 * H, I)), rng.standard_normal(3 * H)
    W_x[2 * H :], b[2 * H :] = 0, 0.7
    h_t = minimal.min_lstm_step(rng.standard_normal((B, I)), np.full((B, H), 0.7), W_x, b)
    close(h_t, np.full((B, H), 0.7))


def test_the_lstm_of_1997_is_the_lstm_that_never_forgets():
    rng = np.random.default_rng(3)
    W_xh, W_hh, b_h = (rng.standard_normal(s) for s in ((4 * H, I), (4 * H, H), 4 * H))
    x_t, h, c = (rng.standard_normal((B, n)) for n in (I, H, H))
    b_h[H : 2 * H] = 1e4  # f_t = 1
    W_xh[H : 2 * H] = W_hh[H : 2 * H] = 0
    rest = np.r_[0:H, 2 * H : 4 * H]

    got = rnnlib.lstm_1997_step(x_t, (h, c), W_xh[rest], W_hh[rest], b_h[rest])

    for a, b in zip(got, rnnlib.lstm_step(x_t, (h, c), W_xh, W_hh, b_h), strict=True):
        close(a, b)


def test_peepholes_of_zero_are_the_plain_lstm_and_others_see_the_right_cell():
    rng = np.random.default_rng(4)
    params = [rng.standard_normal(s) for s in ((4 * H, I), (4 * H, H))]
    b_h = rng.standard_normal(4 * H)
    x_t, h, c = (rng.standard_normal((B, n)) for n in (I, H, H))
    plain = rnnlib.lstm_step(x_t, (h, c), *params, b_h)

    for a, b in zip(
        rnnlib.peephole_lstm_step(x_t, (h, c), *params, np.zeros(3 * H), b_h),
        plain,
        strict=True,
    ):
        close(a, b)
    # p_o alone: the cell is unchanged, and the output gate sees the new cell, not the old.
    p = np.r_[np.zeros(2 * H), rng.standard_normal(H)]
    h_t, c_t = rnnlib.peephole_lstm_step(x_t, (h, c), *params, p, b_h)
    close(c_t, plain[1])
    a_o = (x_t @ params[0].T + h @ params[1].T + b_h)[:, 3 * H :]
    close(h_t, rnnlib.sigmoid(a_o + p[2 * H :] * c_t) * np.tanh(c_t))


@pytest.mark.parametrize("step", ["lstm_1997_step", "peephole_lstm_step"])
def test_the_other_lstms_have_right_gradients(step):
    torch.manual_seed(0)
    make = partial(torch.randn, dtype=torch.float64, requires_grad=True)
    rows = 3 * H if step == "lstm_1997_step" else 4 * H
    peepholes = [] if step == "lstm_1997_step" else [make(3 * H)]
    args = [make(B, I), make(B, H), make(B, H), make(rows, I), make(rows, H), *peepholes]

    def run(x_t, h, c, *rest):
        return getattr(rnnlib, step)(x_t, (h, c), *rest)

    assert gradcheck(run, [*args, make(rows)])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda a: linear_scan(a, a[:2], a[0]),
            "a and b must have the same shape with at least one time step, "
            "got (3, 2) and (2, 2).",
        ),
        (
            lambda a: linear_scan(a, a, a[0, :1]),
            "h_0 must have the shape of one step of a, (2,), got (1,).",
        ),
        (
            lambda a: minimal.min_gru_sequence(a, -a[0], np.ones((4, 2)), candidate="positive"),
            'h_0 must be greater than 0 for candidate="positive".',
        ),
        (
            lambda a: minimal.min_gru_step(a, a, np.ones((6, 2))),
            "W_x must have shape (2H, I) = (4, 2) to fit h_prev and x_t, got (6, 2).",
        ),
        (
            lambda a: minimal.min_lstm_step(a, a, np.ones((6, 2)), candidate="g"),
            "candidate must be one of 'linear', 'positive', got 'g'.",
        ),
    ],
)
def test_bad_input(call, sentence):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        call(np.ones((3, 2)))
    assert str(caught.value) == sentence
