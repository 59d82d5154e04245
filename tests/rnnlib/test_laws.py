"""Laws that hold for every cell, whatever its weights: gradients, chunks, batches, layouts."""

from functools import partial

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

import rnnlib
from tests.helpers import DEVICES, DTYPES, assert_close

I, H, T, B = 3, 5, 12, 4
CELLS = {
    "rnn-tanh": (rnnlib.rnn_step, 1),
    "rnn-relu": (partial(rnnlib.rnn_step, activation="relu"), 1),
    "lstm": (rnnlib.lstm_step, 4),
    "gru-after": (rnnlib.gru_step, 3),
    "gru-before": (partial(rnnlib.gru_step, reset="before"), 3),
}
every_cell = pytest.mark.parametrize("cell", list(CELLS))
every_device = pytest.mark.parametrize("device", DEVICES)


def params_of(cell, draw):
    """Random weights; the GRU that resets after the product has one bias more."""
    gates = CELLS[cell][1]
    params = [draw(gates * H, I), draw(gates * H, H), draw(gates * H)]
    return [*params, draw(H)] if cell == "gru-after" else params


def carry_of(cell, draw):
    return (draw(B, H), draw(B, H)) if cell == "lstm" else draw(B, H)


def leaves(carry):
    return carry if isinstance(carry, tuple) else (carry,)


def like(carry, function):
    return tuple(map(function, carry)) if isinstance(carry, tuple) else function(carry)


@pytest.fixture
def draw():
    return np.random.default_rng(0).standard_normal


@every_device
@every_cell
def test_autograd_agrees_with_finite_differences(cell, device):
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        values = torch.randn(*shape, dtype=torch.float64, generator=generator)
        return values.to(device).requires_grad_()

    carry = leaves(carry_of(cell, draw))
    step = CELLS[cell][0]

    def flat_step(x_t, *rest):
        states, params = rest[: len(carry)], rest[len(carry) :]
        return step(x_t, states if cell == "lstm" else states[0], *params)

    arguments = (draw(B, I), *carry, *params_of(cell, draw))
    # Entry by entry on the CPU; elsewhere along random directions, which is quicker.
    assert gradcheck(flat_step, arguments, fast_mode=device != "cpu")


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "identity"])
def test_autograd_of_the_output(activation):
    torch.manual_seed(0)
    args = [
        torch.randn(*s, dtype=torch.float64, requires_grad=True) for s in [(B, H), (2, H), (2,)]
    ]
    assert gradcheck(partial(rnnlib.rnn_output, activation=activation), args)


@pytest.mark.parametrize("cut", [1, 5, T - 1])
@every_cell
def test_two_chunks_are_the_whole(cell, cut, draw):
    step, xs = CELLS[cell][0], draw((T, B, I))
    params = params_of(cell, lambda *shape: draw(shape))
    carry = carry_of(cell, lambda *shape: draw(shape))

    whole = leaves(rnnlib.scan(step, carry, xs, *params))
    first = rnnlib.scan(step, carry, xs[:cut], *params)
    second = rnnlib.scan(step, like(first, lambda states: states[-1]), xs[cut:], *params)

    for a, b, both in zip(leaves(first), leaves(second), whole, strict=True):
        np.testing.assert_array_equal(np.concatenate([a, b]), both)


@every_cell
def test_scan_is_the_loop_written_out(cell, draw):
    step, xs = CELLS[cell][0], draw((T, B, I))
    params = params_of(cell, lambda *shape: draw(shape))
    carry = carry_of(cell, lambda *shape: draw(shape))
    states = leaves(rnnlib.scan(step, carry, xs, *params))

    for t in range(T):
        carry = step(xs[t], carry, *params)
        for got, want in zip(states, leaves(carry), strict=True):
            np.testing.assert_array_equal(got[t], want)


@every_cell
def test_a_permuted_batch_permutes_the_states(cell, draw):
    step, x_t = CELLS[cell][0], draw((B, I))
    params = params_of(cell, lambda *shape: draw(shape))
    carry = carry_of(cell, lambda *shape: draw(shape))
    order = [2, 0, 3, 1]

    got = step(x_t[order], like(carry, lambda a: a[order]), *params)

    for a, b in zip(leaves(got), leaves(step(x_t, carry, *params)), strict=True):
        assert_close(a, b[order])


@every_cell
def test_leading_axes_are_independent(cell, draw):
    step, x = CELLS[cell][0], draw((2, B, I))
    params = params_of(cell, lambda *shape: draw(shape))
    carry = like(carry_of(cell, lambda *shape: draw((2, *shape))), lambda a: a)

    whole = leaves(step(x, carry, *params))

    for k in range(2):
        part = leaves(step(x[k], like(carry, lambda a: a[k]), *params))  # noqa: B023
        for a, b in zip(whole, part, strict=True):
            assert_close(a[k], b)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_textbook_gates_are_the_stacked_gates(dtype, draw):
    make = lambda *shape: draw(shape).astype(dtype)  # noqa: E731
    params = rnnlib.LSTMParams(*params_of("lstm", make))
    textbook = rnnlib.lstm_to_textbook(params)
    x_t, (h_prev, c_prev) = make(B, I), carry_of("lstm", make)

    gates = rnnlib.lstm_gates(x_t, h_prev, *params)

    assert_close(rnnlib.gate(x_t, h_prev, textbook.W_i, textbook.b_i), gates.i_t)
    assert_close(rnnlib.gate(x_t, h_prev, textbook.W_f, textbook.b_f), gates.f_t)
    assert_close(rnnlib.gate(x_t, h_prev, textbook.W_o, textbook.b_o), gates.o_t)
    candidate = rnnlib.gate(x_t, h_prev, textbook.W_C, textbook.b_C, activation="tanh")
    assert_close(candidate, gates.c_tilde)
    h_t, c_t = rnnlib.lstm_step(x_t, (h_prev, c_prev), *params)
    assert_close(c_t, gates.f_t * c_prev + gates.i_t * gates.c_tilde)
    assert_close(h_t, gates.o_t * np.tanh(c_t))


def test_the_textbook_form_goes_there_and_back(draw):
    params = rnnlib.LSTMParams(*params_of("lstm", lambda *shape: draw(shape)))
    again = rnnlib.lstm_from_textbook(rnnlib.lstm_to_textbook(params))
    for a, b in zip(again, params, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_textbook_without_bias_has_zeros():
    params = rnnlib.LSTMParams(np.ones((4 * H, I)), np.ones((4 * H, H)))
    np.testing.assert_array_equal(rnnlib.lstm_to_textbook(params).b_f, np.zeros(H))


def test_the_two_gru_conventions_differ_unless_nothing_is_reset(draw):
    W_xh, W_hh, b_h = params_of("gru-before", lambda *shape: draw(shape))
    x_t, h_prev = draw((B, I)), draw((B, H))
    run = lambda b, **how: rnnlib.gru_step(x_t, h_prev, W_xh, W_hh, b, **how)  # noqa: E731

    assert np.abs(run(b_h, reset="after") - run(b_h, reset="before")).max() > 1e-3

    b_h[:H] = 1e3  # r_t = 1: the reset gate lets everything through
    assert_close(run(b_h, reset="after"), run(b_h, reset="before"))


def test_the_gru_that_keeps_all_returns_the_previous_state(draw):
    W_xh, W_hh, b_h = params_of("gru-before", lambda *shape: draw(shape))
    b_h[H : 2 * H] = 1e3  # z_t = 1
    h_prev = draw((B, H))
    np.testing.assert_array_equal(
        rnnlib.gru_step(draw((B, I)), h_prev, W_xh, W_hh, b_h), h_prev
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_is_right_from_tail_to_tail(dtype):
    a = np.linspace(-80, 80, 1601).astype(dtype)
    exact = (1 / (1 + np.exp(-a.astype(np.longdouble)))).astype(dtype)
    np.testing.assert_allclose(
        rnnlib.sigmoid(a), exact, rtol={"float32": 2e-5, "float64": 1e-12}[dtype]
    )


def test_sigmoid_neither_overflows_nor_warns():
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_array_equal(rnnlib.sigmoid(np.array([-1e4, 0.0, 1e4])), [0, 0.5, 1])


def test_the_slope_of_sigmoid_at_zero_is_a_quarter():
    a = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    rnnlib.sigmoid(a).backward()
    assert a.grad.item() == pytest.approx(0.25)


def test_relu_keeps_nan_and_has_no_slope_at_zero():
    a = torch.tensor([-1.0, 0.0, 2.0, float("nan")], requires_grad=True)
    y = rnnlib.rnn_output(a, torch.eye(4), activation="relu")
    assert torch.equal(torch.isnan(y), torch.tensor([True] * 4))  # NaN spreads in the product
    b = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    rnnlib.rnn_output(b, torch.eye(3), activation="relu").sum().backward()
    assert b.grad.tolist() == [0, 0, 1]
