"""The steps of RNN, LSTM and GRU, and the parts of an LSTM one by one, with their mistakes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from itertools import permutations

import numpy as np

from rnngrade.messages import Message
from rnngrade.misconceptions.family import NOTHING, Family, Ways
from rnngrade.misconceptions.functions import beside, blocks, relu, sigmoid, softmax
from rnngrade.misconceptions.mistakes import (
    exchanged,
    instead,
    left_out,
    named,
    not_transposed,
    returned,
    subtracted,
    twice,
)

SQUASHINGS: dict[str, Callable] = {
    "σ": sigmoid,
    "tanh": np.tanh,
    "ReLU": relu,
    "softmax": softmax,
}
# What somebody may take for them.
RARE_SQUASHINGS: dict[str, Callable] = {
    "ln σ": lambda a: -np.logaddexp(0, -a),
    "clip(a/6 + 1/2, 0, 1)": lambda a: np.clip(a / 6 + 0.5, 0, 1),
    "clip(0.2a + 1/2, 0, 1)": lambda a: np.clip(0.2 * a + 0.5, 0, 1),
    "clip(a, 0, 1)": lambda a: np.clip(a, 0, 1),
    "clip(a, -1, 1)": lambda a: np.clip(a, -1, 1),
    "a / (1 + |a|)": lambda a: a / (1 + np.abs(a)),
    "e^a": np.exp,
    "ln(1 + e^a)": lambda a: np.logaddexp(0, a),
    "tan": np.tan,
    "tanh(a/2)": lambda a: np.tanh(a / 2),
    "1 + e^{-a}": lambda a: 1 + np.exp(-a),
}


@dataclass(frozen=True)
class Step:
    """One step of a cell.

    Args:
        run: a function (at, x_t, carry, **weights) -> carry, where a carry is a tuple.
        carry: the names of what is carried, without index: h, or h and c.
        weights: their names.
        optional: the weights that may be left out.
    """

    run: Callable
    carry: str
    weights: tuple[str, ...]
    optional: tuple[str, ...] = ()


def squash(at, right, a, part="", bias=None):
    """σ(a), tanh(a) or ReLU(a).

    `part` is what it gives, if the formula has several; `bias` the name and value of what may
    have been added too late.
    """
    f = SQUASHINGS[right]
    common: Ways
    rare: Ways
    common, rare = (
        {mistake: partial(other, a) for mistake, other in ways} for ways in _others(right)
    )
    if bias:
        late = named("mistakes.bias-outside", bias=bias[0], function=right)
        rare = {**rare, late: lambda: f(a - bias[1]) + bias[1]}
    return at.each(part, lambda: f(a), common, rare)


@cache
def _others(right):
    """What may stand in the place of a function: common and rare, with the mistakes' names."""
    f = SQUASHINGS[right]
    common = [
        (instead(name, right), SQUASHINGS[name]) for name in ("σ", "tanh") if name != right
    ]
    known = dict(common)
    rare = [(named("mistakes.exponent"), lambda a: sigmoid(-a))] if right == "σ" else []
    rare += [
        (instead(name, right), other)
        for name, other in (SQUASHINGS | RARE_SQUASHINGS).items()
        if name != right and instead(name, right) not in known
    ]
    rare += [
        (named("mistakes.one-added", to="a"), lambda a: f(a + 1)),
        (named("mistakes.squared", what=right), lambda a: f(a) ** 2),
        (named("mistakes.standardised"), lambda a: f(_standardised(a))),
    ]
    if right != "ReLU":  # which changes nothing a second time
        rare += [(twice(right), lambda a: f(f(a)))]
    return [*common, (left_out(right), lambda a: a)], rare


def _standardised(a):
    return (a - a.mean(-1, keepdims=True)) / np.sqrt(a.var(-1, keepdims=True) + 1e-5)


def affine(at, x_t, h_prev, W, b, names, part=""):
    """W · [h_{t-1}, x_t] + b, with their names."""
    H, (W_name, b_name) = h_prev.shape[-1], names
    before = named("mistakes.before", first="x_t", second="h_{t-1}")
    u = at.each(part, lambda: beside(h_prev, x_t), {before: lambda: beside(x_t, h_prev)})
    product = {
        named("mistakes.half-not-transposed", what=W_name, meets="h_{t-1}"): lambda: (
            h_prev @ W[:, :H] + x_t @ W[:, H:].T
        )
    }
    ignored = {
        left_out("h_{t-1}"): lambda: x_t @ W[:, H:].T,
        left_out("x_t"): lambda: h_prev @ W[:, :H].T,
        named("mistakes.reshaped", what=W_name): lambda: u @ W.reshape(W.shape[::-1]),
    }
    if not part:
        entrywise = named("mistakes.entrywise", one=W_name, other="[h_{t-1}, x_t]")
        product |= {entrywise: lambda: (u * W).sum(-1)} | ignored
        rare = {
            named("mistakes.last-column", what=W_name): lambda: u[:, :-1] @ W[:, :-1].T,
            named("mistakes.product-divided", by="H + I"): lambda: u @ W.T / u.shape[-1],
            named("mistakes.product-divided", by="√(H + I)"): lambda: (
                u @ W.T / np.sqrt(u.shape[-1]).astype(u.dtype)
            ),
            instead("h_{t-1} + x_t", "[h_{t-1}, x_t]"): lambda: (h_prev + x_t) @ W[:, :H].T,
        }
        a = at(lambda: u @ W.T, product, rare)
    else:
        a = at(lambda: at.each(part, lambda: u @ W.T, NOTHING, ignored), product)
    wrong = {left_out(b_name): lambda: a}
    if part:
        wrong[named("mistakes.no-bias")] = lambda: a
    rare = {subtracted(b_name): lambda: a - b, twice(b_name): lambda: a + 2 * b}
    return at(lambda: a + b, wrong, rare)


def gate(at, x_t, h_prev, W, b, squashing="σ"):
    """One gate of the textbook, or its candidate."""
    names, H = (at.names["W"], at.names["b"]), h_prev.shape[-1]
    a = affine(at, x_t, h_prev, W, b, names)
    f = SQUASHINGS[squashing]
    return at(
        lambda: squash(at, squashing, a, bias=(names[1], b)),
        NOTHING,
        rare={
            named("mistakes.squashed-apart", function=squashing): lambda: (
                f(h_prev @ W[:, :H].T + b) + f(x_t @ W[:, H:].T)
            ),
            named("mistakes.own-reset"): lambda: f(beside(sigmoid(a) * h_prev, x_t) @ W.T + b),
            named("mistakes.multiplied", one="W · [h_{t-1}, x_t]", other=names[1]): lambda: f(
                (a - b) * b
            ),
            named("mistakes.sum-divided", by="√(H + I)"): lambda: f(
                a / np.sqrt(W.shape[1]).astype(a.dtype)
            ),
        },
    )


def cell_update(at, f_t, i_t, c_tilde, c_prev, alone=True):
    """C_t = f_t ⊙ C_{t-1} + i_t ⊙ C̃_t; `alone`, if the four come as they are."""
    kept, written = f_t * c_prev, i_t * c_tilde
    wrong = {
        instead("1 - f_t", "i_t"): lambda: kept + (1 - f_t) * c_tilde,
        instead("1 - i_t", "f_t"): lambda: (1 - i_t) * c_prev + written,
        instead("1 - f_t", "f_t"): lambda: (1 - f_t) * c_prev + written,
        left_out("f_t"): lambda: c_prev + written,
        left_out("i_t"): lambda: kept + c_tilde,
        left_out("f_t ⊙ C_{t-1}"): lambda: written,
        left_out("i_t ⊙ C̃_t"): lambda: kept,
        subtracted("i_t ⊙ C̃_t"): lambda: kept - written,
        named("mistakes.whole-sum", factor="f_t"): lambda: f_t * (c_prev + written),
        named("mistakes.squashed-again", what="C_t", function="tanh"): lambda: np.tanh(
            kept + written
        ),
        instead("C̃_t", "C_{t-1}"): lambda: f_t * c_tilde + written,
    }
    rare = {
        named("mistakes.multiplied", one="f_t ⊙ C_{t-1}", other="i_t ⊙ C̃_t"): lambda: (
            kept * written
        ),
        instead("C_{t-1}", "C̃_t"): lambda: kept + i_t * c_prev,
        named("mistakes.whole-sum", factor="i_t"): lambda: i_t * (kept + c_tilde),
        instead("tanh(C_{t-1})", "C_{t-1}"): lambda: f_t * np.tanh(c_prev) + written,
        instead("f_t", "i_t"): lambda: kept + f_t * c_tilde,
        instead("i_t", "f_t"): lambda: i_t * c_prev + written,
        named("mistakes.squashed-again", what="C_t", function="σ"): lambda: sigmoid(
            kept + written
        ),
    }
    if alone:
        wrong |= {
            exchanged("f_t", "i_t"): lambda: i_t * c_prev + f_t * c_tilde,
            instead("@", "⊙"): lambda: f_t @ c_prev.T + i_t @ c_tilde.T,
            exchanged("C̃_t", "C_{t-1}"): lambda: f_t * c_tilde + i_t * c_prev,
            named("mistakes.squashed-again", what="C̃_t", function="tanh"): lambda: (
                kept + i_t * np.tanh(c_tilde)
            ),
        }
        rare |= {
            instead("+", "⊙"): lambda: (f_t + c_prev) + (i_t + c_tilde),
            named("mistakes.squashed-again", what="f_t, i_t", function="σ"): lambda: (
                sigmoid(f_t) * c_prev + sigmoid(i_t) * c_tilde
            ),
            instead("(f_t + C_{t-1}) ⊙ (i_t + C̃_t)", "f_t ⊙ C_{t-1} + i_t ⊙ C̃_t"): lambda: (
                (f_t + c_prev) * (i_t + c_tilde)
            ),
        }
    return at(lambda: kept + written, wrong, rare)


def hidden_state(at, o_t, c_t, c_prev=None, c_tilde=None):
    """h_t = o_t ⊙ tanh(C_t)."""
    wrong = {
        left_out("tanh"): lambda: o_t * c_t,
        instead("tanh(o_t ⊙ C_t)", "o_t ⊙ tanh(C_t)"): lambda: np.tanh(o_t * c_t),
        instead("σ(C_t)", "tanh(C_t)"): lambda: o_t * sigmoid(c_t),
        left_out("o_t"): lambda: np.tanh(c_t),
        instead("tanh(o_t) ⊙ C_t", "o_t ⊙ tanh(C_t)"): lambda: np.tanh(o_t) * c_t,
        named("mistakes.squashed-again", what="o_t", function="σ"): lambda: (
            sigmoid(o_t) * np.tanh(c_t)
        ),
    }
    rare = {
        instead("ReLU(C_t)", "tanh(C_t)"): lambda: o_t * relu(c_t),
        instead("softmax(C_t)", "tanh(C_t)"): lambda: o_t * softmax(c_t),
        instead("clip(C_t, -1, 1)", "tanh(C_t)"): lambda: o_t * np.clip(c_t, -1, 1),
        named("mistakes.squared", what="o_t"): lambda: o_t**2 * np.tanh(c_t),
        instead("1 - o_t", "o_t"): lambda: (1 - o_t) * np.tanh(c_t),
        twice("tanh"): lambda: o_t * np.tanh(np.tanh(c_t)),
    }
    if c_prev is None:
        wrong |= {
            instead("@", "⊙"): lambda: o_t @ np.tanh(c_t).T,
            instead("o_t + tanh(C_t)", "o_t ⊙ tanh(C_t)"): lambda: o_t + np.tanh(c_t),
            exchanged("o_t", "C_t"): lambda: c_t * np.tanh(o_t),
        }
    else:
        wrong |= {
            instead("tanh(C_{t-1})", "tanh(C_t)"): lambda: o_t * np.tanh(c_prev),
            instead("tanh(C̃_t)", "tanh(C_t)"): lambda: o_t * np.tanh(c_tilde),
        }
    return at(lambda: o_t * np.tanh(c_t), wrong, rare)


def lstm(at, a, carry, stacked):
    """From the four sums before squashing, by gate, to (h_t, C_t)."""
    h_prev, c_prev = carry
    f_t, i_t, o_t = (squash(at, "σ", a[k], f"{k}_t") for k in "fio")
    c_tilde = squash(at, "tanh", a["C"], "C̃_t")
    if not stacked:  # stacked, these would be orders of the rows
        f_t, i_t, o_t = at(
            lambda: (f_t, i_t, o_t),
            {
                exchanged("f_t", "i_t"): lambda: (i_t, f_t, o_t),
                exchanged("f_t", "o_t"): lambda: (o_t, i_t, f_t),
                exchanged("i_t", "o_t"): lambda: (f_t, o_t, i_t),
            },
        )
    old = at(lambda: c_prev, {instead("h_{t-1}", "C_{t-1}"): lambda: h_prev})
    c_t = cell_update(at, f_t, i_t, c_tilde, old, alone=False)
    h_t = hidden_state(at, o_t, c_t, c_prev, c_tilde)
    return at(
        lambda: (h_t, c_t),
        {
            named("mistakes.returned-swapped", one="h_t", other="C_t"): lambda: (c_t, h_t),
            returned("C_t", "h_t"): lambda: (c_t, c_t),
            returned("h_t", "C_t"): lambda: (h_t, h_t),
            returned("C_{t-1}", "C_t"): lambda: (h_t, c_prev),
            returned("h_{t-1}", "h_t"): lambda: (h_prev, c_t),
        },
        rare={
            returned("C̃_t", "C_t"): lambda: (h_t, c_tilde),
            returned("tanh(C_t)", "C_t"): lambda: (h_t, np.tanh(c_t)),
        },
    )


def _swapped(at, carry):
    """The two states of an LSTM, which a step may take in each other's place."""
    return at(lambda: carry, {exchanged("h_{t-1}", "C_{t-1}"): lambda: carry[::-1]})


def _crossed(at, weights):
    """The weights of the candidate, which may be exchanged with those of a gate."""

    def crossed(k):
        one, other = {f"W_{k}": "W_C", f"b_{k}": "b_C"}, {"W_C": f"W_{k}", "b_C": f"b_{k}"}
        return {name: weights[(one | other).get(name, name)] for name in weights}

    wrong = {
        exchanged(f"W_{k}, b_{k}", "W_C, b_C"): partial(crossed, k) for k in ("f", "i", "o")
    }
    return at(lambda: weights, wrong)


def textbook_lstm(at, x_t, carry, **weights):
    """One matrix and one bias per gate."""
    carry, weights = _swapped(at, carry), _crossed(at, weights)
    a = {}
    for k in "fiCo":
        cell = {instead("C_{t-1}", "h_{t-1}", _part(k)): lambda: carry[1]}
        h_prev = at(lambda: carry[0], NOTHING, rare=cell)
        a[k] = _own_affine(at, x_t, h_prev, weights, k, "fiCo")
    h_t, c_t = lstm(at, a, carry, stacked=False)
    shown = np.tanh(c_t)
    W, b = weights["W_o"], weights["b_o"]
    return at(
        lambda: (h_t, c_t),
        NOTHING,
        rare={
            named("mistakes.peephole", cell="C_t"): lambda: (
                sigmoid(a["o"] + c_t) * shown,
                c_t,
            ),
            named("mistakes.peephole", cell="C_{t-1}"): lambda: (
                sigmoid(a["o"] + carry[1]) * shown,
                c_t,
            ),
            instead("tanh(C_t)", "h_{t-1}", "o_t"): lambda: (
                sigmoid(beside(shown, x_t) @ W.T + b) * shown,
                c_t,
            ),
        },
    )


def stacked_lstm(at, x_t, carry, W_xh, W_hh, **biases):
    """The gates as blocks of rows, in torch's order."""
    carry = _swapped(at, carry)
    a = _sum(at, x_t, carry[0], W_xh, W_hh) + sum(_biases(at, **biases))
    order = _order(at, ("i_t", "f_t", "C̃_t", "o_t"))
    cut = blocks(a, 4)
    gates = {k: cut[n] for k, n in zip("ifCo", order, strict=True)}
    return lstm(at, gates, carry, stacked=True)


def rnn(at, x_t, carry, W_xh, W_hh, squashing="tanh", **biases):
    """h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h)."""
    (h_prev,) = carry
    turned = {not_transposed("W_hh"): lambda: x_t @ W_xh.T + h_prev @ W_hh}
    a = _sum(at, x_t, h_prev, W_xh, W_hh, turned)
    added = sum(_biases(at, **biases))
    bias = ("b_h", added) if "b_h" in biases else None
    h_t = squash(at, squashing, a + added, bias=bias)
    return (at(lambda: h_t, {returned("h_{t-1}", "h_t"): lambda: h_prev}),)


def textbook_gru(at, x_t, carry, W_n, b_n, **weights):
    """One matrix and one bias per gate; reset before the product, as in the paper."""
    (h_prev,), H = carry, carry[0].shape[-1]
    a = {k: _own_affine(at, x_t, h_prev, weights, k, "rz") for k in "rz"}
    r_t, z_t = (squash(at, "σ", a[k], f"{k}_t") for k in "rz")
    r_t, z_t = at(lambda: (r_t, z_t), {exchanged("r_t", "z_t"): lambda: (z_t, r_t)})
    a_n = at(
        lambda: affine(at, x_t, r_t * h_prev, W_n, b_n, ("W_n", "b_n"), "n_t"),
        {
            left_out("r_t"): lambda: beside(h_prev, x_t) @ W_n.T + b_n,
            named("mistakes.reset-after", what="W_n"): lambda: (
                r_t * (h_prev @ W_n[:, :H].T) + x_t @ W_n[:, H:].T + b_n
            ),
            named("mistakes.reset-of-x"): lambda: r_t * (beside(h_prev, x_t) @ W_n.T) + b_n,
        },
    )
    return _gru_update(at, z_t, squash(at, "tanh", a_n, "n_t"), h_prev)


def stacked_gru(at, x_t, carry, W_xh, W_hh, reset, b_hn=None, **biases):
    """The gates as blocks of rows, in torch's order; reset "before" or "after" the product."""
    (h_prev,) = carry
    order = _order(at, ("r_t", "z_t", "n_t"))
    b_x, b_h = _biases(at, **biases)
    x_r, x_z, x_n = _taken(blocks(x_t @ W_xh.T + b_x, 3), order)
    h_r, h_z, h_n = _taken(blocks(h_prev @ W_hh.T + b_h, 3), order)
    W_hn = np.split(W_hh, 3)[order[2]]
    b_hn = (
        h_n - h_prev @ W_hn.T
        if b_hn is None
        else at(lambda: b_hn, {left_out("b_hn"): lambda: np.zeros_like(b_hn)})
    )  # of b_hh, what belongs to n_t
    r_t, z_t = squash(at, "σ", x_r + h_r, "r_t"), squash(at, "σ", x_z + h_z, "z_t")

    def before():
        return x_n + (r_t * h_prev) @ W_hn.T + b_hn

    def after():
        return x_n + r_t * (h_prev @ W_hn.T + b_hn)

    right, other, wrong = (
        (after, before, "mistakes.reset-before")
        if reset == "after"
        else (before, after, "mistakes.reset-after")
    )
    a_n = at(
        right,
        {
            named(wrong, what="W_hn"): other,
            left_out("r_t"): lambda: x_n + h_prev @ W_hn.T + b_hn,
            named("mistakes.reset-of-x"): lambda: r_t * (x_n + h_prev @ W_hn.T + b_hn),
        },
    )
    return _gru_update(at, z_t, squash(at, "tanh", a_n, "n_t"), h_prev)


def _gru_update(at, z_t, n_t, h_prev):
    """h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_{t-1}."""
    h_t = at(
        lambda: (1 - z_t) * n_t + z_t * h_prev,
        {
            exchanged("z_t", "1 - z_t"): lambda: z_t * n_t + (1 - z_t) * h_prev,
            left_out("z_t ⊙ h_{t-1}"): lambda: (1 - z_t) * n_t,
            left_out("(1 - z_t) ⊙ n_t"): lambda: z_t * h_prev,
            named("mistakes.without-factor", what="n_t", factor="1 - z_t"): lambda: (
                n_t + z_t * h_prev
            ),
            named("mistakes.without-factor", what="h_{t-1}", factor="z_t"): lambda: (
                (1 - z_t) * n_t + h_prev
            ),
            returned("n_t", "h_t"): lambda: n_t,
            returned("h_{t-1}", "h_t"): lambda: h_prev,
        },
    )
    return (h_t,)


def _own_affine(at, x_t, h_prev, weights, k, gates):
    """The sum of one gate of the textbook; copied code may have the weights of another."""
    W, b = weights[f"W_{k}"], weights[f"b_{k}"]
    others = [(j, weights[f"W_{j}"], weights[f"b_{j}"]) for j in gates if j != k]
    both, one = {}, {}
    for j, W_j, b_j in others:
        both[instead(f"W_{j}, b_{j}", f"W_{k}, b_{k}")] = partial(tuple, (W_j, b_j))
        one[instead(f"W_{j}", f"W_{k}")] = partial(tuple, (W_j, b))
        one[instead(f"b_{j}", f"b_{k}")] = partial(tuple, (W, b_j))
    W, b = at(lambda: (W, b), both, rare=one)
    return affine(at, x_t, h_prev, W, b, (f"W_{k}", f"b_{k}"), _part(k))


def _part(k):
    """What the weights with this index make."""
    return "C̃_t" if k == "C" else f"{k}_t"


def _sum(at, x_t, h_prev, W_xh, W_hh, more=NOTHING):
    wrong = {
        left_out("W_xh x_t"): lambda: h_prev @ W_hh.T,
        left_out("W_hh h_{t-1}"): lambda: x_t @ W_xh.T,
        named("mistakes.multiplied", one="W_xh x_t", other="W_hh h_{t-1}"): lambda: (
            (x_t @ W_xh.T) * (h_prev @ W_hh.T)
        ),
    }
    rare = {
        subtracted("W_hh h_{t-1}"): lambda: x_t @ W_xh.T - h_prev @ W_hh.T,
        named("mistakes.reshaped", what="W_xh"): lambda: (
            x_t @ W_xh.reshape(W_xh.shape[::-1]) + h_prev @ W_hh.T
        ),
    }
    return at(lambda: x_t @ W_xh.T + h_prev @ W_hh.T, wrong | dict(more), rare)


def _biases(at, b_h=None, b_ih=None, b_hh=None):
    """The bias that goes with x_t, and the one that goes with h_{t-1}."""
    if b_h is not None:
        return at(
            lambda: (b_h, 0.0),
            {left_out("b_h"): lambda: (0.0, 0.0)},
            rare={twice("b_h"): lambda: (b_h, b_h), subtracted("b_h"): lambda: (-b_h, 0.0)},
        )
    if b_ih is None:
        return 0.0, 0.0
    return at(
        lambda: (b_ih, b_hh),
        {
            left_out("b_ih"): lambda: (0.0, b_hh),
            left_out("b_hh"): lambda: (b_ih, 0.0),
            named("mistakes.no-bias"): lambda: (0.0, 0.0),
        },
        rare={
            instead("b_ih", "b_hh"): lambda: (b_ih, b_ih),
            instead("b_hh", "b_ih"): lambda: (b_hh, b_hh),
        },
    )


def _order(at, gates):
    """Which block of rows belongs to which gate."""
    return at(lambda: range(len(gates)), *_orders(gates))


@cache
def _orders(gates):
    """The wrong orders, common and rare: two gates exchanged, or more."""
    right, *others = permutations(range(len(gates)))
    common: dict[Message, partial] = {}
    rare: dict[Message, partial] = {}
    for order in others:
        exchanged_two = sum(map(int.__ne__, order, right)) == 2
        names = ", ".join(gates[k] for k in order)
        mistake = named("mistakes.row-order", order=names)
        places = partial(tuple, [order.index(k) for k in right])
        (common if exchanged_two else rare)[mistake] = places
    return common, rare


def _taken(cut, order):
    return (cut[k] for k in order)


_BIASES = ("b_h", "b_ih", "b_hh")
_STACKED = ("W_xh", "W_hh", *_BIASES)
_GRU = (*_STACKED, "b_hn"), (*_BIASES, "b_hn")


def _textbook(gates):
    return tuple(f"{letter}_{k}" for k in gates for letter in "Wb")


STEPS: Mapping[str, Step] = {
    "rnn": Step(rnn, "h", _STACKED, _BIASES),
    "relu_rnn": Step(partial(rnn, squashing="ReLU"), "h", _STACKED, _BIASES),
    "textbook_lstm": Step(textbook_lstm, "hc", _textbook("fiCo")),
    "lstm": Step(stacked_lstm, "hc", _STACKED, _BIASES),
    "textbook_gru": Step(textbook_gru, "h", _textbook("rzn")),
    "gru": Step(partial(stacked_gru, reset="after"), "h", *_GRU),
    "gru_before": Step(partial(stacked_gru, reset="before"), "h", *_GRU),
}


def _one_step(step):
    def recipe(at, x_t, h_prev, c_prev=None, **weights):
        carry = (h_prev,) if step.carry == "h" else (h_prev, c_prev)
        after = step.run(at, x_t, carry, **weights)
        return {f"{letter}_t": state for letter, state in zip(step.carry, after, strict=True)}

    before = (f"{letter}_prev" for letter in step.carry)
    return Family(recipe, ("x_t", *before, *step.weights), step.optional)


CELLS = {
    "gate": Family(gate, ("x_t", "h_prev", "W", "b")),
    "candidate": Family(partial(gate, squashing="tanh"), ("x_t", "h_prev", "W", "b")),
    "cell_update": Family(cell_update, ("f_t", "i_t", "c_tilde", "c_prev")),
    "hidden_state": Family(hidden_state, ("o_t", "c_t")),
    **{f"{name}_step": _one_step(step) for name, step in STEPS.items()},
}
