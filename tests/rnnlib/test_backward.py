"""The backward by hand against autograd, against central differences, and its laws."""

from functools import partial

import numpy as np
import pytest
import torch

import rnnlib
from rnnlib.backward import (
    backward_of,
    bptt,
    gru_step_backward,
    lstm_step_backward,
    rnn_step_backward,
    truncated_bptt,
)
from rnnlib.gradients import central_differences
from tests.helpers import DEVICES, DTYPES, assert_close

I, H, T, B = 3, 5, 11, 4
CELLS = {  # step, its backward, gates
    "rnn-tanh": (rnnlib.rnn_step, rnn_step_backward, 1),
    "rnn-relu": (
        partial(rnnlib.rnn_step, activation="relu"),
        partial(rnn_step_backward, activation="relu"),
        1,
    ),
    "lstm": (rnnlib.lstm_step, lstm_step_backward, 4),
    "gru-after": (rnnlib.gru_step, gru_step_backward, 3),
    "gru-before": (
        partial(rnnlib.gru_step, reset="before"),
        partial(gru_step_backward, reset="before"),
        3,
    ),
}
every_cell = pytest.mark.parametrize("cell", list(CELLS))
every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_device = pytest.mark.parametrize("device", DEVICES)


def leaves(carry):
    return list(carry) if isinstance(carry, tuple) else [carry]


def like(carry, values):
    return tuple(values) if isinstance(carry, tuple) else next(iter(values))


class Problem:
    """Random inputs, weights and, as gradients, the weights of a random linear loss."""

    def __init__(self, cell, dtype="float64", bias=True, batch=(B,), steps=T):
        self.step, self.backward, gates = CELLS[cell]
        rng = np.random.default_rng(7)

        def draw(*shape):
            return rng.standard_normal(shape).astype(dtype)

        self.xs = draw(steps, *batch, I)
        pair = cell == "lstm"
        self.carry = (draw(*batch, H), draw(*batch, H)) if pair else draw(*batch, H)
        self.params = [draw(gates * H, I), draw(gates * H, H)]
        if bias:
            self.params += [draw(gates * H)] + ([draw(H)] if cell == "gru-after" else [])
        self.dstates = tuple(draw(steps, *batch, H) for _ in range(1 + pair))
        self.dstates = self.dstates if pair else self.dstates[0]

    def arguments(self):
        return [self.xs, *leaves(self.carry), *self.params]

    def flat(self, gradients):
        dxs, dcarry, dparams = gradients
        return [dxs, *leaves(dcarry), *dparams]

    def take_apart(self, arguments):
        n = len(leaves(self.carry))
        return arguments[0], like(self.carry, arguments[1 : 1 + n]), arguments[1 + n :]

    def loss(self, *arguments):
        """Σ_t ⟨dh_t, h_t⟩ (+ ⟨dc_t, c_t⟩): its gradient in the states is dstates."""
        xs, carry, params = self.take_apart(arguments)
        states = rnnlib.scan(self.step, carry, xs, *params)
        return sum(
            (self.like(d, s) * s).sum()
            for d, s in zip(leaves(self.dstates), leaves(states), strict=True)
        )

    def truncated_loss(self, k, *arguments):
        """The same loss in torch, with detach() at the borders of the chunks."""
        xs, carry, params = self.take_apart(arguments)
        total = 0.0
        for t in range(len(xs)):
            if t % k == 0 and t > 0:
                carry = like(carry, (s.detach() for s in leaves(carry)))
            carry = self.step(xs[t], carry, *params)
            for d, s in zip(leaves(self.dstates), leaves(carry), strict=True):
                total = total + (self.like(d[t], s) * s).sum()
        return total

    def like(self, d, s):
        return torch.from_numpy(d).to(s.device) if isinstance(s, torch.Tensor) else d

    def bptt(self, device=None, **k):
        """By hand, with NumPy, or with torch on a device."""
        move = (lambda a: torch.from_numpy(a).to(device)) if device else (lambda a: a)
        xs, carry, params = self.take_apart([move(a) for a in self.arguments()])
        dstates = like(self.dstates, (move(d) for d in leaves(self.dstates)))
        states = rnnlib.scan(self.step, carry, xs, *params)
        function = truncated_bptt if k else bptt
        return function(self.backward, dstates, xs, carry, states, *params, **k)


def autograd(loss, arguments, device="cpu"):
    tensors = [torch.from_numpy(a).to(device).requires_grad_() for a in arguments]
    return torch.autograd.grad(loss(*tensors), tensors)


@every_device
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("batch", [(), (1,), (B,), (2, 3)])
@every_dtype
@every_cell
def test_a_step_equals_autograd(cell, dtype, batch, bias, device):
    p = Problem(cell, dtype, bias, batch, steps=1)
    dcarry = like(p.carry, (d[0] for d in leaves(p.dstates)))
    want = autograd(p.loss, p.arguments(), device)

    for move in (lambda a: a, lambda a: torch.from_numpy(a).to(device)):
        dx_t, dprev, *dparams = p.backward(
            like(dcarry, map(move, leaves(dcarry))),
            move(p.xs[0]),
            like(p.carry, map(move, leaves(p.carry))),
            *map(move, p.params),
        )
        got = [dx_t[None], *leaves(dprev), *dparams[: len(p.params)]]
        assert {type(g) for g in got} == {type(move(p.xs))}
        for ours, theirs in zip(got, want, strict=True):
            assert_close(ours, theirs)


@every_cell
def test_a_step_equals_central_differences(cell):
    p = Problem(cell, steps=1)
    dcarry = like(p.carry, (d[0] for d in leaves(p.dstates)))
    want = central_differences(p.loss, p.arguments())

    dx_t, dprev, *dparams = p.backward(dcarry, p.xs[0], p.carry, *p.params)

    got = [dx_t[None], *leaves(dprev), *dparams[: len(p.params)]]
    for ours, measured in zip(got, want, strict=True):
        np.testing.assert_allclose(ours, measured, rtol=1e-6, atol=1e-6)


@every_device
@pytest.mark.parametrize("bias", [True, False])
@every_cell
def test_bptt_equals_autograd(cell, bias, device):
    p = Problem(cell, bias=bias)
    want = autograd(p.loss, p.arguments(), device)
    for gradients in (p.bptt(), p.bptt(device)):
        for ours, theirs in zip(p.flat(gradients), want, strict=True):
            np.testing.assert_allclose(
                *(np.asarray(torch.as_tensor(g).cpu()) for g in (ours, theirs)),
                rtol=1e-10,
                atol=1e-10,
            )


@every_cell
def test_bptt_equals_central_differences(cell):
    p = Problem(cell)
    want = central_differences(p.loss, p.arguments())
    for ours, measured in zip(p.flat(p.bptt()), want, strict=True):
        np.testing.assert_allclose(ours, measured, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_bptt_equals_the_gradients_of_the_torch_module(kind):
    torch.manual_seed(0)
    module = getattr(torch.nn, kind)(I, H, dtype=torch.float64)
    step, from_torch = {
        "RNN": (rnnlib.rnn_step, rnnlib.rnn_from_torch),
        "LSTM": (rnnlib.lstm_step, rnnlib.lstm_from_torch),
        "GRU": (rnnlib.gru_step, rnnlib.gru_from_torch),
    }[kind]
    xs, dhs = torch.randn(2, T, B, max(I, H), dtype=torch.float64)
    xs, dhs = xs[..., :I].clone().requires_grad_(), dhs[..., :H]
    (module(xs)[0] * dhs).sum().backward()

    params = [w.detach().numpy() for w in from_torch(module.state_dict(), "_l0")]
    zeros, x = np.zeros((B, H)), xs.detach().numpy()
    carry, dstates = zeros, dhs.numpy()
    if kind == "LSTM":
        carry, dstates = (zeros, zeros), (dstates, 0.0)
    states = rnnlib.scan(step, carry, x, *params)
    got = bptt(backward_of(step), dstates, x, carry, states, *params)

    assert_close(got.dxs, xs.grad)
    dW_xh, dW_hh, db_h, *db_hn = got.dparams
    assert_close(dW_xh, module.weight_ih_l0.grad)
    assert_close(dW_hh, module.weight_hh_l0.grad)
    assert_close(db_h, module.bias_ih_l0.grad)
    for b in db_hn:
        assert_close(b, module.bias_hh_l0.grad[2 * H :])


def test_a_state_that_the_loss_does_not_read_may_be_left_out():
    p = Problem("lstm")
    states = rnnlib.scan(p.step, p.carry, p.xs, *p.params)
    dhs, dcs = p.dstates
    for left_out, zeros in (((dhs, 0.0), (dhs, 0 * dcs)), ((0.0, dcs), (0 * dhs, dcs))):
        got, want = (
            p.flat(bptt(p.backward, d, p.xs, p.carry, states, *p.params))
            for d in (left_out, zeros)
        )
        for a, b in zip(got, want, strict=True):
            assert_close(a, b)


@every_cell
def test_chunks_with_the_gradient_handed_over_are_the_whole(cell):
    """The gradient of the carry into the later chunk is what its first state was missing."""
    p, cut = Problem(cell), 4
    states = rnnlib.scan(p.step, p.carry, p.xs, *p.params)
    part = lambda value, where: like(value, (s[where] for s in leaves(value)))  # noqa: E731
    early, late = slice(0, cut), slice(cut, T)

    second = bptt(
        p.backward,
        part(p.dstates, late),
        p.xs[late],
        part(states, cut - 1),
        part(states, late),
        *p.params,
    )
    dstates = like(p.dstates, (d[early].copy() for d in leaves(p.dstates)))
    for d, more in zip(leaves(dstates), leaves(second.dcarry), strict=True):
        d[-1] += more
    first = bptt(p.backward, dstates, p.xs[early], p.carry, part(states, early), *p.params)

    whole = p.bptt()
    assert_close(np.concatenate([first.dxs, second.dxs]), whole.dxs)
    for a, b in zip(leaves(first.dcarry), leaves(whole.dcarry), strict=True):
        assert_close(a, b)
    for a, b, both in zip(first.dparams, second.dparams, whole.dparams, strict=True):
        assert_close(a + b, both)


@every_dtype
@pytest.mark.parametrize("k", [T, T + 1, 100])
@every_cell
def test_truncation_after_the_whole_sequence_is_none(cell, k, dtype):
    p = Problem(cell, dtype)
    for a, b in zip(p.flat(p.bptt(k=k)), p.flat(p.bptt()), strict=True):
        assert a.dtype == dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("k", [1, 3, 4, T - 1])
@every_cell
def test_truncation_equals_detach_at_the_borders(cell, k):
    p = Problem(cell)
    want = autograd(partial(p.truncated_loss, k), p.arguments())
    full = p.flat(p.bptt())

    got = p.flat(p.bptt(k=k))

    for ours, theirs in zip(got, want, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-10, atol=1e-10)
    assert np.abs(got[-1] - full[-1]).max() > 1e-3  # the truncation does cut something


@every_cell
def test_no_gradient_crosses_the_border(cell):
    p = Problem(cell)
    for d in leaves(p.dstates):
        d[:-1] = 0  # only the last step is in the loss; chunks of 4 are 0-3, 4-7, 8-10
    dxs = p.bptt(k=4).dxs
    np.testing.assert_array_equal(dxs[:8], 0)
    assert (np.abs(dxs[8:]).max(axis=(1, 2)) > 0).all()
    for d in leaves(p.bptt(k=4).dcarry):
        np.testing.assert_array_equal(d, 0)


@every_cell
def test_a_bias_that_is_left_out_has_no_gradient(cell):
    p = Problem(cell, bias=False)
    dcarry = like(p.carry, (d[0] for d in leaves(p.dstates)))
    biases = p.backward(dcarry, p.xs[0], p.carry, *p.params)[4:]
    assert biases == (0.0,) * len(biases)
    p.params.append(0.0)
    assert p.bptt().dparams[2:] == (0.0,)
    assert p.bptt(k=3).dparams[2:] == (0.0,)


def test_relu_has_no_slope_at_zero():
    W = np.eye(3)
    x_t = np.array([-1.0, 0.0, 2.0])
    got = rnn_step_backward(np.ones(3), x_t, np.zeros(3), W, W, activation="relu")
    np.testing.assert_array_equal(got.dx_t, [0, 0, 1])


def test_the_backward_of_a_step():
    assert backward_of(rnnlib.lstm_step) is lstm_step_backward
    found = backward_of(partial(rnnlib.gru_step, reset="before"))
    assert (found.func, found.keywords) == (gru_step_backward, {"reset": "before"})


ones = np.ones
RNN = (ones((3, 2)), ones((3, 3)), ones(3))
LSTM = (ones((12, 2)), ones((12, 3)), ones(12))
GRU = (ones((9, 2)), ones((9, 3)), ones(9))
h, x, hs, xs = ones((4, 3)), ones((4, 2)), ones((5, 4, 3)), ones((5, 4, 2))


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (
            lambda: rnn_step_backward(ones((4, 2)), x, h, *RNN),
            ValueError,
            "dh_t must have shape (..., H) = (4, 3) to fit h_prev and x_t, got (4, 2).",
        ),
        (
            lambda: rnn_step_backward([1.0], x, h, *RNN),
            TypeError,
            "dh_t must be an array (a NumPy array or a torch tensor), got list.",
        ),
        (
            lambda: rnn_step_backward(h, x, h, *RNN, activation="gelu"),
            ValueError,
            "activation must be one of 'tanh', 'relu', got 'gelu'.",
        ),
        (
            lambda: rnn_step_backward(h, x, h, RNN[0], ones((3, 4))),
            ValueError,
            "W_hh must have shape (H, H) = (3, 3) to fit h_prev, got (3, 4).",
        ),
        (
            lambda: lstm_step_backward(h, x, (h, h), *LSTM),
            TypeError,
            "dcarry must be the pair (dh_t, dc_t), got ndarray.",
        ),
        (
            lambda: lstm_step_backward((h, h), x, h, *LSTM),
            TypeError,
            "carry must be the pair (h_prev, c_prev), got ndarray.",
        ),
        (
            lambda: lstm_step_backward((h, torch.ones(4, 3)), x, (h, h), *LSTM),
            TypeError,
            "dc_t must be of the same library as x_t, numpy.ndarray, got torch.Tensor.",
        ),
        (
            lambda: gru_step_backward(h.astype("float32"), x, h, *GRU),
            TypeError,
            "dh_t must have the dtype of x_t, float64, got float32.",
        ),
        (
            lambda: gru_step_backward(h, x, h, *GRU, ones(3), reset="before"),
            ValueError,
            'b_hn must be left out when reset="before": there is no such bias.',
        ),
        (
            lambda: bptt(rnn_step_backward, hs[:4], xs, h, hs, *RNN),
            ValueError,
            "dstates must hold 5 time steps to fit xs, got shape (4, 4, 3).",
        ),
        (
            lambda: bptt(rnn_step_backward, hs, xs, h, 0.0, *RNN),
            ValueError,
            "states must hold 5 time steps to fit xs, got shape ().",
        ),
        (
            lambda: bptt(rnn_step_backward, hs[:0], xs[:0], h, hs[:0], *RNN),
            ValueError,
            "xs must hold at least one time step, got shape (0, 4, 2).",
        ),
        (
            lambda: bptt(lstm_step_backward, hs, xs, (h, h), (hs, hs), *LSTM),
            TypeError,
            "dstates must have the form of carry, a tuple of 2, got an array.",
        ),
        (
            lambda: truncated_bptt(rnn_step_backward, (hs,), xs, h, hs, *RNN, k=2),
            TypeError,
            "dstates must have the form of carry, an array, got a tuple of 1.",
        ),
        (
            lambda: truncated_bptt(rnn_step_backward, hs, xs, h, hs, *RNN, k=0),
            ValueError,
            "k must be a whole number of at least 1, got 0.",
        ),
        (
            lambda: truncated_bptt(rnn_step_backward, hs, xs, h, hs, *RNN, k=2.5),
            ValueError,
            "k must be a whole number of at least 1, got 2.5.",
        ),
    ],
)
def test_bad_input(call, error, sentence):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == sentence


def test_a_step_without_a_known_backward():
    with pytest.raises(ValueError, match=r"^step must be one of .*") as caught:
        backward_of(len)
    assert str(caught.value) == (
        "step must be one of rnn_step, lstm_step, gru_step, or a partial of it, "
        "got <built-in function len>."
    )
