"""A mistake is named if it was made, and only then."""

import random
import re
from functools import cache, partial

import numpy as np
import pytest
import torch
from torch import sigmoid, tanh

import rnnlib
from rnngrade import check, misconceptions
from rnngrade.checks import arrays
from rnngrade.checks.cases import NEAR_0
from rnngrade.errors import CheckFailed
from rnngrade.exercise.bank import briefly
from rnngrade.messages import in_language
from rnngrade.misconceptions import FAMILIES, mistakes
from rnngrade.misconceptions.family import Family, Places
from rnngrade.misconceptions.mistakes import left_out, named, twice
from rnnlib.models.attention import DotAttention
from rnnlib.models.masks import length_mask, masked_cross_entropy

GATES = {f"{a}_{k}": s for k in "fiCo" for a, s in (("W", "H H+I"), ("b", "H"))}
GRU_GATES = {f"{a}_{k}": s for k in "rzn" for a, s in (("W", "H H+I"), ("b", "H"))}
X_AND_H = {"x_t": "B I", "h_prev": "B H"}
WEIGHTS = {"W_xh": "H I", "W_hh": "H H", "b_h": "H"}
GRU = {"W_xh": "3H I", "W_hh": "3H H", "b_h": "3H"}
LSTM = {"W_xh": "4H I", "W_hh": "4H H", "b_h": "4H"}
SIZES = {"V": (5, 6, 4, 8, 6), "S": (2, 7, 6, 2, 7)}
TWO_BIASES = {"W_xh": "4H I", "W_hh": "4H H", "b_ih": "4H", "b_hh": "4H"}


def told(student, reference, shapes, returns, mistakes=(), cases=None, compare=check.compare):
    """The message about the student's function."""
    with pytest.raises(CheckFailed) as failure:
        compare(student, reference, cases or check.cases(**shapes), returns, mistakes)
    return failure.value.message


def said(*arguments, **options):
    """The same in brief."""
    return briefly(told(*arguments, **options))


def near_0(seed, library="torch", **shapes):
    """The cases that misconceptions are told by."""
    options = {"library": library, "sizes": SIZES, "dtypes": arrays.DTYPES}
    drawn = check.cases(seed, **options, **shapes)
    return [c for c in drawn if NEAR_0 in c.settings]


# Wrong functions as students write them, against the formulas of rnnlib.


def no_tanh(x_t, h_prev, W_xh, W_hh, b_h):
    return x_t @ W_xh.T + h_prev @ W_hh.T + b_h


def not_transposed(x_t, h_prev, W_xh, W_hh, b_h):
    return tanh(x_t @ W_xh.T + h_prev @ W_hh + b_h)


def tanh_for_relu(x_t, h_prev, W_xh, W_hh, b_h):
    return tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)


def rows_in_another_order(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    f, i, g, o = (x_t @ W_xh.T + h_prev @ W_hh.T + b_h).chunk(4, dim=-1)
    c_t = sigmoid(f) * c_prev + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c_t), c_t


def one_bias(x_t, h_prev, c_prev, W_xh, W_hh, b_ih, b_hh):
    return rnnlib.lstm_step(x_t, (h_prev, c_prev), W_xh, W_hh, b_ih)


def no_bias(x_t, h_prev, c_prev, W_xh, W_hh, b_ih, b_hh):
    return rnnlib.lstm_step(x_t, (h_prev, c_prev), W_xh, W_hh)


def gru(x_t, h_prev, W_xh, W_hh, b_h, b_hn=0.0, reset="after"):
    return rnnlib.gru_step(x_t, h_prev, W_xh, W_hh, b_h, b_hn, reset=reset)


def gru_parts(x_t, h_prev, W_xh, W_hh, b_h):
    (x_r, x_z, x_n), H = (x_t @ W_xh.T + b_h).chunk(3, dim=-1), h_prev.shape[-1]
    h_r, h_z = (h_prev @ W_hh[: 2 * H].T).chunk(2, dim=-1)
    r_t, z_t, W_hn = sigmoid(x_r + h_r), sigmoid(x_z + h_z), W_hh[2 * H :]
    return z_t, tanh(x_n + r_t * (h_prev @ W_hn.T)), h_prev


def z_exchanged(*arguments):
    z_t, n_t, h_prev = gru_parts(*arguments)
    return z_t * n_t + (1 - z_t) * h_prev


def z_exchanged_and_reset_before(x_t, h_prev, W_xh, W_hh, b_h):
    z_t, *_ = gru_parts(x_t, h_prev, W_xh, W_hh, b_h)
    H = h_prev.shape[-1]
    r_t = sigmoid(x_t @ W_xh[:H].T + h_prev @ W_hh[:H].T + b_h[:H])
    n_t = tanh(x_t @ W_xh[2 * H :].T + (r_t * h_prev) @ W_hh[2 * H :].T + b_h[2 * H :])
    return z_t * n_t + (1 - z_t) * h_prev


def textbook_gru(x_t, h_prev, W_r, b_r, W_z, b_z, W_n, b_n):
    r_t, z_t = (rnnlib.gate(x_t, h_prev, W, b) for W, b in ((W_r, b_r), (W_z, b_z)))
    n_t = rnnlib.gate(x_t, r_t * h_prev, W_n, b_n, activation="tanh")
    return (1 - z_t) * n_t + z_t * h_prev


def textbook_gru_without_reset(x_t, h_prev, W_r, b_r, W_z, b_z, W_n, b_n):
    z_t = rnnlib.gate(x_t, h_prev, W_z, b_z)
    return (1 - z_t) * rnnlib.gate(x_t, h_prev, W_n, b_n, activation="tanh") + z_t * h_prev


def rnn_states(xs, h_0, W_xh, W_hh, b_h):
    hs = rnnlib.scan(rnnlib.rnn_step, h_0, xs, W_xh, W_hh, b_h)
    return hs, hs[-1]


def no_carry(xs, h_0, W_xh, W_hh, b_h):
    hs = tanh(xs @ W_xh.T + h_0 @ W_hh.T + b_h)
    return hs, hs[-1]


def batch_first(xs, h_0, W_xh, W_hh, b_h):
    hs, h_T = rnn_states(xs, h_0, W_xh, W_hh, b_h)
    return hs.transpose(0, 1), h_T


def rnn_backward(dh_t, x_t, h_prev, *params):
    return tuple(rnnlib.rnn_step_backward(dh_t, x_t, h_prev, *params))


def no_slope(dh_t, x_t, h_prev, W_xh, W_hh, b_h):
    return dh_t @ W_xh, dh_t @ W_hh, dh_t.T @ x_t, dh_t.T @ h_prev, dh_t.sum(0)


def mean_of_the_bias(dh_t, x_t, h_prev, *params):
    return *rnn_backward(dh_t, x_t, h_prev, *params)[:4], rnn_backward(
        dh_t, x_t, h_prev, *params
    )[4] / len(x_t)


def lstm_backward(dh_t, dc_t, x_t, h_prev, c_prev, *params):
    dx_t, (dh_prev, dc_prev), *weights = rnnlib.lstm_step_backward(
        (dh_t, dc_t), x_t, (h_prev, c_prev), *params
    )
    return dx_t, dh_prev, dc_prev, *weights


def only_the_direct_path(dh_t, dc_t, x_t, h_prev, c_prev, *params):
    """What reaches the cell through h_t is forgotten; the output gate still gets its share."""
    with_h = lstm_backward(dh_t, dc_t, x_t, h_prev, c_prev, *params)
    i_t, f_t, c_tilde, o_t = rnnlib.lstm_gates(x_t, h_prev, *params)
    through_h = dh_t * o_t * (1 - tanh(f_t * c_prev + i_t * c_tilde) ** 2)
    without = lstm_backward(0 * dh_t, through_h, x_t, h_prev, c_prev, *params)
    return tuple(a - b for a, b in zip(with_h, without, strict=True))


def gru_backward(dh_t, x_t, h_prev, *params, reset="after"):
    return tuple(rnnlib.gru_step_backward(dh_t, x_t, h_prev, *params, reset=reset))


def gru_backward_before(dh_t, x_t, h_prev, *params):
    return gru_backward(dh_t, x_t, h_prev, *params, reset="before")[:5]


def z_turned(dh_t, *arguments):
    """δz_t has the other sign: its z_t falls where the right one rises."""
    leaves = [a.clone().requires_grad_() for a in arguments]
    x_t, h_prev, W_xh, W_hh, b_h, b_hn = leaves
    (x_r, x_z, x_n), (W_hr, W_hz, W_hn) = (x_t @ W_xh.T + b_h).chunk(3, -1), W_hh.chunk(3)
    r_t, z_t = sigmoid(x_r + h_prev @ W_hr.T), sigmoid(x_z + h_prev @ W_hz.T)
    n_t, z_t = tanh(x_n + r_t * (h_prev @ W_hn.T + b_hn)), 2 * z_t.detach() - z_t
    return torch.autograd.grad((1 - z_t) * n_t + z_t * h_prev, leaves, dh_t)


def state_not_reset(dh_t, *arguments):
    """δW_hn is taken from h_{t-1}, not from r_t ⊙ h_{t-1}."""
    leaves = [a.clone().requires_grad_() for a in arguments]
    x_t, h_prev, W_xh, W_hh, b_h = leaves
    (x_r, x_z, x_n), (W_hr, W_hz, W_hn) = (x_t @ W_xh.T + b_h).chunk(3, -1), W_hh.chunk(3)
    r_t, z_t = sigmoid(x_r + h_prev @ W_hr.T), sigmoid(x_z + h_prev @ W_hz.T)
    whole = h_prev.detach() @ W_hn.T
    n_t = tanh(x_n + (r_t * h_prev) @ W_hn.detach().T + whole - whole.detach())
    return torch.autograd.grad((1 - z_t) * n_t + z_t * h_prev, leaves, dh_t)


def bptt(dhs, xs, h_0, *params):
    hs = rnnlib.scan(rnnlib.rnn_step, h_0, xs, *params)
    dxs, dh_0, dparams = rnnlib.bptt(rnnlib.rnn_step_backward, dhs, xs, h_0, hs, *params)
    return dxs, dh_0, *dparams


def weights_of_the_first_step(dhs, xs, h_0, *params):
    whole, later = bptt(dhs, xs, h_0, *params), [0.0, 0.0, 0.0]
    if len(xs) > 1:
        h_1 = rnnlib.rnn_step(xs[0], h_0, *params)
        later = bptt(dhs[1:], xs[1:], h_1, *params)[2:]
    return *whole[:2], *(a - b for a, b in zip(whole[2:], later, strict=True))


def clip_(g_1, g_2, max_norm):
    torch.nn.utils.clip_grads_with_norm_(*_with_grads(g_1, g_2, max_norm))


def _with_grads(g_1, g_2, max_norm):
    owners = [torch.zeros_like(g).requires_grad_() for g in (g_1, g_2)]
    for owner, g in zip(owners, (g_1, g_2), strict=True):
        owner.grad = g
    return owners, max_norm, torch.nn.utils.get_total_norm([g_1, g_2])


def clip_by_value_(g_1, g_2, max_norm):
    g_1.clamp_(-max_norm, max_norm)
    g_2.clamp_(-max_norm, max_norm)


def clip_one_by_one_(g_1, g_2, max_norm):
    for g in (g_1, g_2):
        g *= min(1.0, max_norm / (g.norm().item() + 1e-6))


def mask_ignored(logits, targets, lengths):
    V = logits.shape[-1]
    return torch.nn.functional.cross_entropy(logits.reshape(-1, V), targets.reshape(-1))


def divided_by_everything(logits, targets, lengths):
    logs = logits.log_softmax(-1).gather(-1, targets[..., None])[..., 0]
    return -(logs * length_mask(lengths, len(logits))).mean()


def attention(query, memory, mask):
    return DotAttention(0)(query, memory, mask)


def softmax_over_the_batch(query, memory, mask):
    scores = torch.einsum("tbh,sbh->tbs", query, memory).masked_fill(~mask.T, -torch.inf)
    weights = scores.softmax(1)
    return torch.einsum("tbs,sbh->tbh", weights, memory), weights


def mask_after_softmax(query, memory, mask):
    weights = torch.einsum("tbh,sbh->tbs", query, memory).softmax(-1) * mask.T
    return torch.einsum("tbs,sbh->tbh", weights, memory), weights


LSTM_SPEC = {"x_t": "B I", "h_prev": "B H", "c_prev": "B H"}
STATES = {"h_t": "B H", "c_t": "B H"}
SEQUENCE = {"xs": "T B I", "h_0": "B H", **WEIGHTS}
HS = {"hs": "T B H", "h_T": "B H"}
GRADIENTS = {"dx_t": "B I", "dh_prev": "B H", "dW_xh": "H I", "dW_hh": "H H", "db_h": "H"}
LSTM_GRADIENTS = {"dx_t": "B I", "dh_prev": "B H", "dc_prev": "B H"} | {
    f"d{name}": shape for name, shape in LSTM.items()
}
THROUGH_TIME = {"dxs": "T B I", "dh_0": "B H", "dW_xh": "H I", "dW_hh": "H H", "db_h": "H"}
LOSS = {"logits": "T B V", "targets": "T B < V", "lengths": "B <= T"}
ATTENTION = {"query": "T B H", "memory": "S B H", "mask": "S B ?"}
CONTEXT = {"context": "T B H", "weights": "T B S"}


@pytest.mark.parametrize(
    ("student", "reference", "shapes", "returns", "family", "says"),
    [
        (
            no_tanh,
            rnnlib.rnn_step,
            X_AND_H | WEIGHTS,
            {"h_t": "B H"},
            "rnn_step",
            "left-out(tanh)",
        ),
        (
            not_transposed,
            rnnlib.rnn_step,
            X_AND_H | WEIGHTS,
            {"h_t": "B H"},
            "rnn_step",
            "not-transposed(W_hh)",
        ),
        (
            tanh_for_relu,
            partial(rnnlib.rnn_step, activation="relu"),
            X_AND_H | WEIGHTS,
            {"h_t": "B H"},
            "relu_rnn_step",
            "in-place-of(tanh, ReLU)",
        ),
        (
            rows_in_another_order,
            lambda x, h, c, *params: rnnlib.lstm_step(x, (h, c), *params),
            LSTM_SPEC | LSTM,
            STATES,
            "lstm_step",
            "row-order(f_t, i_t, C̃_t, o_t)",
        ),
        (
            one_bias,
            lambda x, h, c, W, U, b, d: rnnlib.lstm_step(x, (h, c), W, U, b + d),
            LSTM_SPEC | TWO_BIASES,
            STATES,
            "lstm_step",
            "left-out(b_hh)",
        ),
        (
            no_bias,
            lambda x, h, c, W, U, b, d: rnnlib.lstm_step(x, (h, c), W, U, b + d),
            LSTM_SPEC | TWO_BIASES,
            STATES,
            "lstm_step",
            "no-bias",
        ),
        (
            gru,
            partial(gru, reset="before"),
            X_AND_H | GRU,
            {"h_t": "B H"},
            "gru_before_step",
            "reset-after(W_hn)",
        ),
        (
            partial(gru, reset="before"),
            gru,
            X_AND_H | GRU,
            {"h_t": "B H"},
            "gru_step",
            "reset-before(W_hn)",
        ),
        (
            lambda x, h, W, U, b, b_hn: gru(x, h, W, U, b),
            gru,
            X_AND_H | GRU | {"b_hn": "H"},
            {"h_t": "B H"},
            "gru_step",
            "left-out(b_hn)",
        ),
        (
            z_exchanged,
            gru,
            X_AND_H | GRU,
            {"h_t": "B H"},
            "gru_step",
            "exchanged(z_t, 1 - z_t)",
        ),
        (
            z_exchanged_and_reset_before,
            gru,
            X_AND_H | GRU,
            {"h_t": "B H"},
            "gru_step",
            "reset-before(W_hn) + exchanged(z_t, 1 - z_t)",
        ),
        (
            textbook_gru_without_reset,
            textbook_gru,
            X_AND_H | GRU_GATES,
            {"h_t": "B H"},
            "textbook_gru_step",
            "left-out(r_t)",
        ),
        (no_carry, rnn_states, SEQUENCE, HS, "rnn", "not-carried"),
        (batch_first, rnn_states, SEQUENCE, HS, "rnn", "time-and-batch"),
        (
            no_slope,
            rnn_backward,
            {"dh_t": "B H", **X_AND_H, **WEIGHTS},
            GRADIENTS,
            "rnn_step_backward",
            "left-out(1 - h_t²)",
        ),
        (
            mean_of_the_bias,
            rnn_backward,
            {"dh_t": "B H", **X_AND_H, **WEIGHTS},
            GRADIENTS,
            "rnn_step_backward",
            "averaged-over-batch(δb_h)",
        ),
        (
            only_the_direct_path,
            lstm_backward,
            {"dh_t": "B H", "dc_t": "B H", **LSTM_SPEC, **LSTM},
            LSTM_GRADIENTS,
            "lstm_step_backward",
            "not-added(δh_t ⊙ o_t ⊙ tanh′(C_t), δC_t)",
        ),
        (
            z_turned,
            gru_backward,
            {"dh_t": "B H", **X_AND_H, **GRU, "b_hn": "H"},
            {**GRADIENTS, "dW_xh": "3H I", "dW_hh": "3H H", "db_h": "3H", "db_hn": "H"},
            "gru_step_backward",
            "subtracted(δz_t)",
        ),
        (
            state_not_reset,
            gru_backward_before,
            {"dh_t": "B H", **X_AND_H, **GRU},
            {**GRADIENTS, "dW_xh": "3H I", "dW_hh": "3H H", "db_h": "3H"},
            "gru_before_step_backward",
            "within(in-place-of(h_{t-1}, r_t ⊙ h_{t-1}), δW_hn)",
        ),
        (
            weights_of_the_first_step,
            bptt,
            {"dhs": "T B H", **SEQUENCE},
            THROUGH_TIME,
            "rnn_backward",
            "first-step-gradient(δW_xh, δW_hh, δb_h)",
        ),
        (
            mask_ignored,
            masked_cross_entropy,
            LOSS,
            {"loss": ""},
            "cross_entropy",
            "mask-ignored",
        ),
        (
            divided_by_everything,
            masked_cross_entropy,
            LOSS,
            {"loss": ""},
            "cross_entropy",
            "divided-by(T · B)",
        ),
        (softmax_over_the_batch, attention, ATTENTION, CONTEXT, "attention", "softmax-axis(B)"),
        (mask_after_softmax, attention, ATTENTION, CONTEXT, "attention", "mask-after-softmax"),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_misconception_is_named(student, reference, shapes, returns, family, says, seed):
    cases = near_0(seed, **shapes)
    assert said(student, reference, shapes, returns, [family], cases) == says
    assert "mistakes." not in briefly(told(student, reference, shapes, returns, [], cases))


@pytest.mark.parametrize(
    ("student", "says"),
    [(clip_by_value_, "by-value"), (clip_one_by_one_, "each-by-its-norm")],
)
def test_a_misconception_about_changes_is_named(student, says):
    cases = check.cases(g_1="B H", g_2="H", max_norm="> 0")
    with pytest.raises(CheckFailed) as failure:
        check.in_place(student, clip_, cases, ["g_1", "g_2"], mistakes=["clip_eps"])
    assert briefly(failure.value.message) == says
    assert failure.value.message["names"] == ("g_1", "g_2")


class OneBias(torch.nn.RNNCell):
    """Adds bias_ih twice and forgets bias_hh."""

    def forward(self, x_t, h_prev):
        return tanh(x_t @ self.weight_ih.T + h_prev @ self.weight_hh.T + self.bias_ih)


def test_a_misconception_in_a_module_is_named():
    returns, cases = {"h_t": "B H"}, check.cases(**X_AND_H)
    with pytest.raises(CheckFailed) as failure:
        check.module(OneBias, torch.nn.RNNCell, "I H", cases, returns, ["rnn_step"])
    assert briefly(failure.value.message) == "left-out(b_hh)"


def test_a_misconception_is_named_where_gradients_are_compared():
    shapes, returns = {**X_AND_H, "W_f": "H H+I", "b_f": "H"}, {"f_t": "B H"}
    brief = said(
        lambda x, h, W, b: rnnlib.gate(x, h, W, b, activation="tanh"),
        rnnlib.gate,
        shapes,
        returns,
        ["gate"],
        compare=check.gradients,
    )
    assert brief == "in-place-of(tanh, σ)"


# Every mistake of every family.


# The shapes of what a formula takes; a family's own where the same name has another.
SHAPES = {
    **dict.fromkeys(("x_t",), "B I"),
    **dict.fromkeys(
        [
            "h_prev",
            "c_prev",
            "f_t",
            "i_t",
            "o_t",
            "c_tilde",
            "c_t",
            "h_0",
            "c_0",
            "dh_t",
            "dc_t",
        ],
        "B H",
    ),
    **dict.fromkeys(("dhs", "dcs", "query"), "T B H"),
    "xs": "T B I",
    **{
        name: shape
        for gates in ("fiCo", "rz", "n")
        for k in gates
        for name, shape in ((f"W_{k}", "H H+I"), (f"b_{k}", "H"))
    },
    **{"W": "H H+I", "b": "H", "b_hn": "H"},
    **{"max_norm": "> 0", "logits": "T B V", "targets": "T B < V", "lengths": "B <= T"},
    **{"losses": "T B", "memory": "S B H", "mask": "S B ?"},
}
ROWS = {"rnn": "H", "relu": "H", "lstm": "4H", "gru": "3H"}


def shapes_of(name):
    family, rows = FAMILIES[name], ROWS.get(name.split("_")[0], "H")
    shapes = SHAPES | {"W_xh": f"{rows} I", "W_hh": f"{rows} H", "b_h": rows}
    absent = {"b_ih", "b_hh"} | ({"mask"} if "lengths" in family.parameters else set())
    taken = {n: shapes[n] for n in family.parameters if n not in absent}
    return taken | ({"g_1": "B H", "g_2": "B H"} if family.rest else {})


class Spelled:
    """A family with the arguments of the page, as functions that a test can compare."""

    def __init__(self, name):
        self.shapes, self.name, self.family = shapes_of(name), name, FAMILIES[name]
        self.cases = near_0(4, "numpy", **self.shapes)
        self.names = self.family.bind(self.shapes)
        places, numbers = Places(names=self.names), self.cases[0].numbers
        given = {p: numbers[n] for p, n in self.names.items() if p != "rest"}
        if self.family.rest:
            given["rest"] = {n: numbers[n] for n in self.names["rest"]}
        outputs = self.family.recipe(places, **given)
        self.known = places.known
        self.returns = dict.fromkeys(outputs if isinstance(outputs, dict) else ["y"])
        self.returns.pop("total_norm", None)  # the norm by another name

    def function(self, *changes):
        """The formula with these mistakes, as a student's function."""

        def student(*arguments):
            given = dict(zip(self.shapes, arguments, strict=True))
            outputs = self.family.run(Places(changes, self.names), given, list(self.returns))
            outputs = tuple(map(np.asarray, outputs))
            return outputs if len(outputs) > 1 else outputs[0]

        return student

    def told(self, *changes):
        """What is said about the formula with these mistakes, or None if it passes."""
        mine, right = self.function(*changes), self.function()
        try:
            check.compare(mine, right, self.cases, self.returns, [self.name])
        except CheckFailed as error:
            return error.message


@cache
def spelled(name):
    return Spelled(name)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_formula_without_mistakes_passes(name):
    assert spelled(name).told() is None


# Textbook weights do not fit an x_t with T rows in place of B: both raise, and say nothing.
SILENT = {"mistakes.loop-over-batch"}


@pytest.mark.parametrize("name", FAMILIES)
def test_every_mistake_is_named_or_a_simpler_one_that_gives_the_same(name):
    family = spelled(name)
    some = random.Random(name).sample(list(family.known), min(12, len(family.known)))
    for mistake in some:
        found = family.told(mistake)
        if mistake.id in SILENT:
            continue
        assert found.id in ("mistakes.is", "mistakes.all-are"), (mistake, found)
        (other,) = found["mistakes"]
        assert other == mistake or same(family, [mistake], [other]), (mistake, other)


@pytest.mark.parametrize("name", FAMILIES)
def test_two_mistakes_are_named_or_what_else_gives_the_same_numbers(name):
    family = spelled(name)
    common = [mistake for mistake in family.known if family.known[mistake] == "common"]
    for seed in range(4):
        two = random.Random(seed).sample(common, 2)
        found = family.told(*two)
        if found and found.id in ("mistakes.is", "mistakes.all-are"):
            assert same(family, two, found["mistakes"]), (two, found)


def same(family, changes, others):
    """Whether two sets of mistakes give the same numbers."""
    mine, theirs = family.function(*changes), family.function(*others)
    for case in family.cases:
        got, want = (outcome(f, case) for f in (mine, theirs))
        if (got is None) != (want is None):
            return False
        for one, other in zip(got or (), want or (), strict=True):
            if one.shape != other.shape:
                return False
            if not np.allclose(one, other, atol=1e-5, equal_nan=True):
                return False
    return True


def outcome(function, case):
    try:
        with np.errstate(all="ignore"):
            outputs = function(*case.numbers.values())
    except Exception:
        return None
    return outputs if isinstance(outputs, tuple) else (outputs,)


def test_formulas_agree_with_the_library():
    """The right ways of the recipes are those of rnnlib, on NumPy as on torch."""
    for library in ("numpy", "torch"):
        cases = near_0(3, library, **X_AND_H, **WEIGHTS)
        right = misconceptions.formula_for
        for case in cases:
            h_t = arrays.numbers(rnnlib.rnn_step(*case.arguments.values()))
            assert right(["rnn_step"], case, (h_t,), ["h_t"])
            assert not right(["relu_rnn_step"], case, (h_t,), ["h_t"])


# What is not named.


def formulas():
    """Right functions of tensors, for random wrong ones to be made of."""
    yield rnnlib.gate, X_AND_H | {"W_f": "H H+I", "b_f": "H"}, {"f_t": "B H"}, 100, "gate"
    states = dict.fromkeys(["f_t", "i_t", "c_tilde", "c_prev"], "B H")
    yield lambda f, i, g, c: f * c + i * g, states, {"c_t": "B H"}, 90, "cell_update"
    yield (
        lambda o, c: o * tanh(c),
        {"o_t": "B H", "c_t": "B H"},
        {"h_t": "B H"},
        90,
        "hidden_state",
    )
    yield rnnlib.rnn_step, X_AND_H | WEIGHTS, {"h_t": "B H"}, 60, "rnn_step"
    yield gru, X_AND_H | GRU, {"h_t": "B H"}, 10, "gru_step"
    yield textbook_lstm, LSTM_SPEC | GATES, STATES, 2, "textbook_lstm_step"
    yield rnn_states, SEQUENCE, HS, 8, "rnn"


def textbook_lstm(x_t, h_prev, c_prev, *weights):
    return rnnlib.lstm_step(x_t, (h_prev, c_prev), *rnnlib.lstm_from_textbook(weights))


def tree(rng, leaves, depth):
    """A random expression of tensors of one shape: a function of a list of them."""
    if depth == 0:
        chosen = rng.randrange(leaves)
        return lambda tensors: tensors[chosen]
    one, two = (tree(rng, leaves, depth - 1) for _ in range(2))
    a, b = rng.uniform(0.3, 0.9), rng.uniform(1.1, 1.9)
    return rng.choice(
        [
            lambda tensors: a * one(tensors) + b * two(tensors),
            lambda tensors: a * one(tensors) * two(tensors),
            lambda tensors: b * tanh(one(tensors)),
            lambda tensors: a * sigmoid(one(tensors)) - b * two(tensors),
        ]
    )


def unrelated(reference, rng):
    """A wrong function of the right shape that is no misconception, whatever else it is."""
    near = rng.random() < 0.5
    expression, size = tree(rng, 3, 3), rng.uniform(0.01, 2)

    def student(*arguments):
        outputs = reference(*arguments)
        several = isinstance(outputs, tuple)
        outputs = outputs if several else (outputs,)
        wrong = [expression([y, sigmoid(y), y.flip(-1)]) for y in outputs]
        wrong = [y + size * w for y, w in zip(outputs, wrong, strict=True)] if near else wrong
        return tuple(wrong) if several else wrong[0]

    return student


def test_nothing_is_named_for_unrelated_functions():
    rng, tried = random.Random(0), 0
    for reference, shapes, returns, count, *family in formulas():
        for _ in range(count):
            student, cases = unrelated(reference, rng), near_0(tried, **shapes)[5:]  # float64
            found = told(student, reference, shapes, returns, family, cases)
            assert "mistakes." not in repr(found)
            tried += 1
    assert tried >= 300


@pytest.mark.parametrize(
    "mistake", [left_out("tanh"), mistakes.not_transposed("W_hh")], ids=briefly
)
def test_nothing_is_named_for_a_mistake_with_a_grain_of_something_else(mistake):
    family = spelled("rnn_step")
    wrong = family.function(mistake)

    def student(*arguments):
        return wrong(*arguments) + 1e-7 * arguments[1]

    with pytest.raises(CheckFailed) as failure:
        check.compare(student, family.function(), family.cases, family.returns, [family.name])
    assert failure.value.id == "checks.values"


HIDDEN = {"o_t": "B H", "c_t": "B H"}, {"h_t": "B H"}, ["hidden_state"]


def hidden(o_t, c_t):
    return o_t * tanh(c_t)


def test_nothing_is_named_that_shows_at_saturation_alone():
    def student(o_t, c_t):
        h_t = o_t * tanh(c_t)
        return h_t if o_t.abs().max() < 10 else h_t + tanh(c_t) - o_t * tanh(c_t)

    found = told(student, hidden, *HIDDEN)
    assert (found.id, found["what"].id) == ("checks.only-for", "checks.values")
    assert [setting.id for setting in found["where"]] == ["checks.large"]


def test_nothing_is_named_that_shows_in_one_dtype_alone():
    def student(o_t, c_t):
        return tanh(c_t) * (o_t if o_t.dtype == torch.float32 else 1)

    found = told(student, hidden, *HIDDEN)
    assert (found.id, found["what"].id) == ("checks.only-for", "checks.values")
    assert [setting["dtype"] for setting in found["where"]] == ["float64"]


def test_nothing_is_named_where_the_reference_is_another_formula():
    assert said(lambda o, c: o * c, lambda o, c: o * c**3, *HIDDEN) == "checks.values"


def test_nothing_is_named_that_is_not_so_in_every_case():
    def student(o_t, c_t):
        return o_t * c_t if c_t.shape != (5, 7) else o_t * sigmoid(c_t)

    assert said(student, hidden, *HIDDEN) == "checks.values"


def test_nothing_is_named_that_is_not_declared():
    shapes, returns, _ = HIDDEN
    assert said(lambda o, c: o * c, hidden, shapes, returns, ["cell_update"]) == "checks.values"
    with pytest.raises(check.AuthorError) as failure:
        check.compare(lambda o, c: o * c, hidden, check.cases(**shapes), returns, ["hiden"])
    assert failure.value.id == "checks.author-mistakes"


def doubled(at, a_t):
    return at(
        lambda: a_t, {twice("a_t"): lambda: 2 * a_t, named("mistakes.slope"): lambda: a_t * 2}
    )


def test_of_two_mistakes_that_give_the_same_the_first_is_named(monkeypatch):
    monkeypatch.setitem(FAMILIES, "double", Family(doubled, ("a_t",)))
    shapes, returns = {"a_t": "B H"}, {"y_t": "B H"}
    assert said(lambda a: 2 * a, lambda a: a, shapes, returns, ["double"]) == "twice(a_t)"


def test_nothing_is_named_for_a_few_numbers(monkeypatch):
    def first(a_t):
        if a_t.size > 2:
            raise ValueError
        return 2 * a_t[0, 0]

    def recipe(at, a_t):
        return at(lambda: a_t[0, 0], {twice("a_t"): lambda: first(a_t)})

    monkeypatch.setitem(FAMILIES, "first", Family(recipe, ("a_t",)))
    cases = check.cases(library="numpy", a_t="B H")
    brief = said(first, lambda a: a[0, 0], {}, {"y": ""}, ["first"], cases)
    assert brief == "checks.raised"


# How a formula finds its arguments.


def bound(names, parameters, **family):
    return Family(None, tuple(parameters.split()), **family).bind(names)


def test_arguments_are_found_by_name_in_any_order():
    known = "x_t W b"
    assert bound(["b_f", "W_f", "x_t"], known) == {"x_t": "x_t", "W": "W_f", "b": "b_f"}
    assert bound(["x_t", "W_f", "W_i", "b_f"], known) is None
    assert bound(["x_t", "W_f"], known) is None
    assert bound(["x_t", "W_f", "b_f", "h_prev"], known) is None


def test_arguments_may_be_left_out_or_many():
    assert bound(["x_t"], "x_t b_h", optional=("b_h",)) == {"x_t": "x_t"}
    found = bound(["g", "max_norm", "u"], "max_norm", rest=True)
    assert found == {"max_norm": "max_norm", "rest": ("g", "u")}


def test_weights_of_torch_are_known():
    names = ["sizes", "x_t", "weight_ih_l0", "cell.weight_hh"]
    found = bound(names, "x_t W_xh W_hh")
    assert found == {"x_t": "x_t", "W_xh": "weight_ih_l0", "W_hh": "cell.weight_hh"}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_mistake_shows_a_value(language):
    with in_language(language):
        for name in FAMILIES:
            for mistake in spelled(name).known:
                assert str(mistake) == str(mistake).strip()
                assert "torch" not in str(mistake)
                assert not re.search(r"[^(0]\d\.\d", str(mistake))
