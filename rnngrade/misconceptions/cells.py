"""The steps of RNN, LSTM and GRU, and the parts of an LSTM one by one, with their mistakes.

Clauses speak in the symbols of the page and complete the sentence "h_t is what you get when …".
"""

from dataclasses import dataclass
from functools import cache, partial
from itertools import permutations
from typing import Any

import torch

from rnngrade.misconceptions.family import Family

SQUASHINGS = {
    "σ": torch.sigmoid,
    "tanh": torch.tanh,
    "ReLU": torch.relu,
    "softmax": partial(torch.softmax, dim=-1),
}


@dataclass(frozen=True)
class Step:
    """One step of a cell.

    Args:
        run: a function (at, x_t, carry, **weights) -> carry, where a carry is a tuple.
        carry: the names of what is carried, without index: h, or h and c.
        weights: their names with shapes.
        optional: the weights that may be left out.
    """

    run: Any
    carry: str
    weights: dict
    optional: tuple = ()


def squash(at, right, a, part=""):
    """σ(a), tanh(a) or ReLU(a); `part` is what it gives, if the formula has several."""
    where = f" in {part}" if part else ""

    def instead(names):
        return {
            f"{other} stands in place of {right}{where}": lambda f=SQUASHINGS[other]: f(a)
            for other in names
            if other != right
        }

    left_out = {f"{right} is left out{where}": lambda: a}
    return at(
        lambda: SQUASHINGS[right](a),
        instead(["σ", "tanh"]) | left_out,
        rare=instead(["ReLU", "softmax"]),
    )


def affine(at, x_t, h_prev, W, b, names, part=""):
    """W · [h_{t-1}, x_t] + b, with their names."""
    H, (W_name, b_name) = h_prev.shape[-1], names
    u = at.each(
        part,
        lambda: torch.cat([h_prev, x_t], -1),
        {"x_t stands before h_{t-1}": lambda: torch.cat([x_t, h_prev], -1)},
    )
    wrong = {
        f"the part of {W_name} that meets h_{{t-1}} is not transposed": lambda: (
            h_prev @ W[:, :H] + x_t @ W[:, H:].T
        )
    }
    if not part:
        wrong[f"{W_name} and [h_{{t-1}}, x_t] are multiplied entry by entry"] = lambda: (
            u * W
        ).sum(-1)
    a = at(lambda: u @ W.T, wrong)
    wrong = {f"{b_name} is left out": lambda: a}
    if part:
        wrong["every bias is left out"] = lambda: a
    return at(lambda: a + b, wrong, rare={f"{b_name} is subtracted": lambda: a - b})


def gate(at, x_t, h_prev, W, b, squashing="σ"):
    """One gate of the textbook, or its candidate."""
    a = affine(at, x_t, h_prev, W, b, (at.names["W"], at.names["b"]))
    return squash(at, squashing, a)


def cell_update(at, f_t, i_t, c_tilde, c_prev, alone=True):
    """C_t = f_t ⊙ C_{t-1} + i_t ⊙ C̃_t; `alone`, if the four come as they are."""
    wrong = {
        "1 - f_t stands in place of i_t": lambda: f_t * c_prev + (1 - f_t) * c_tilde,
        "1 - i_t stands in place of f_t": lambda: (1 - i_t) * c_prev + i_t * c_tilde,
        "1 - f_t stands in place of f_t": lambda: (1 - f_t) * c_prev + i_t * c_tilde,
        "f_t is left out": lambda: c_prev + i_t * c_tilde,
        "i_t is left out": lambda: f_t * c_prev + c_tilde,
        "f_t ⊙ C_{t-1} is left out": lambda: i_t * c_tilde,
        "i_t ⊙ C̃_t is left out": lambda: f_t * c_prev,
        "i_t ⊙ C̃_t is subtracted": lambda: f_t * c_prev - i_t * c_tilde,
        "f_t multiplies the whole sum": lambda: f_t * (c_prev + i_t * c_tilde),
        "C_t is squashed by tanh once more": lambda: torch.tanh(f_t * c_prev + i_t * c_tilde),
    }
    if alone:
        wrong |= {
            "f_t and i_t are exchanged": lambda: i_t * c_prev + f_t * c_tilde,
            "@ stands in place of ⊙": lambda: f_t @ c_prev.T + i_t @ c_tilde.T,
            "C̃_t is squashed by tanh once more": lambda: (
                f_t * c_prev + i_t * torch.tanh(c_tilde)
            ),
        }
    return at(lambda: f_t * c_prev + i_t * c_tilde, wrong)


def hidden_state(at, o_t, c_t, c_prev=None, c_tilde=None):
    """h_t = o_t ⊙ tanh(C_t)."""
    wrong = {
        "tanh is left out around C_t": lambda: o_t * c_t,
        "tanh stands around the whole product o_t ⊙ C_t": lambda: torch.tanh(o_t * c_t),
        "σ stands in place of tanh around C_t": lambda: o_t * torch.sigmoid(c_t),
        "o_t is left out": lambda: torch.tanh(c_t),
        "tanh(o_t) ⊙ C_t stands in place of o_t ⊙ tanh(C_t)": lambda: torch.tanh(o_t) * c_t,
        "o_t goes through σ once more": lambda: torch.sigmoid(o_t) * torch.tanh(c_t),
    }
    if c_prev is None:
        wrong["@ stands in place of ⊙"] = lambda: o_t @ torch.tanh(c_t).T
        wrong["o_t + tanh(C_t) stands in place of o_t ⊙ tanh(C_t)"] = lambda: (
            o_t + torch.tanh(c_t)
        )
    else:
        wrong["tanh(C_{t-1}) stands in place of tanh(C_t)"] = lambda: o_t * torch.tanh(c_prev)
        wrong["tanh(C̃_t) stands in place of tanh(C_t)"] = lambda: o_t * torch.tanh(c_tilde)
    return at(lambda: o_t * torch.tanh(c_t), wrong)


def lstm(at, a, carry, stacked):
    """From the four sums before squashing, by gate, to (h_t, C_t)."""
    h_prev, c_prev = carry
    f_t, i_t, o_t = (squash(at, "σ", a[k], f"{k}_t") for k in "fio")
    c_tilde = squash(at, "tanh", a["C"], "C̃_t")
    if not stacked:  # stacked, these would be orders of the rows
        f_t, i_t, o_t = at(
            lambda: (f_t, i_t, o_t),
            {
                "f_t and i_t are exchanged": lambda: (i_t, f_t, o_t),
                "f_t and o_t are exchanged": lambda: (o_t, i_t, f_t),
                "i_t and o_t are exchanged": lambda: (f_t, o_t, i_t),
            },
        )
    old = at(lambda: c_prev, {"h_{t-1} stands in place of C_{t-1}": lambda: h_prev})
    c_t = cell_update(at, f_t, i_t, c_tilde, old, alone=False)
    h_t = hidden_state(at, o_t, c_t, c_prev, c_tilde)
    return at(
        lambda: (h_t, c_t),
        {
            "h_t and C_t are returned in each other's place": lambda: (c_t, h_t),
            "C_t is returned in place of h_t": lambda: (c_t, c_t),
            "h_t is returned in place of C_t": lambda: (h_t, h_t),
            "C_{t-1} is returned in place of C_t": lambda: (h_t, c_prev),
            "h_{t-1} is returned in place of h_t": lambda: (h_prev, c_t),
        },
        rare={"C̃_t is returned in place of C_t": lambda: (h_t, c_tilde)},
    )


def textbook_lstm(at, x_t, carry, **weights):
    """One matrix and one bias per gate."""
    a = {k: _own_affine(at, x_t, carry[0], weights, k, "fiCo") for k in "fiCo"}
    return lstm(at, a, carry, stacked=False)


def stacked_lstm(at, x_t, carry, W_xh, W_hh, **biases):
    """The gates as blocks of rows, in torch's order."""
    a = _sum(at, x_t, carry[0], W_xh, W_hh) + sum(_biases(at, **biases))
    order = _order(at, ("i_t", "f_t", "C̃_t", "o_t"))
    blocks = a.chunk(4, -1)
    return lstm(
        at, {k: blocks[n] for k, n in zip("ifCo", order, strict=True)}, carry, stacked=True
    )


def rnn(at, x_t, carry, W_xh, W_hh, squashing="tanh", **biases):
    """h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h)."""
    (h_prev,) = carry
    turned = {"W_hh is not transposed": lambda: x_t @ W_xh.T + h_prev @ W_hh}
    a = _sum(at, x_t, h_prev, W_xh, W_hh, **turned) + sum(_biases(at, **biases))
    h_t = squash(at, squashing, a)
    return (at(lambda: h_t, {"h_{t-1} is returned in place of h_t": lambda: h_prev}),)


def textbook_gru(at, x_t, carry, W_n, b_n, **weights):
    """One matrix and one bias per gate; reset before the product, as in the paper."""
    (h_prev,), H = carry, carry[0].shape[-1]
    a = {k: _own_affine(at, x_t, h_prev, weights, k, "rz") for k in "rz"}
    r_t, z_t = (squash(at, "σ", a[k], f"{k}_t") for k in "rz")
    r_t, z_t = at(lambda: (r_t, z_t), {"r_t and z_t are exchanged": lambda: (z_t, r_t)})
    a_n = at(
        lambda: affine(at, x_t, r_t * h_prev, W_n, b_n, ("W_n", "b_n"), "n_t"),
        {
            "r_t is left out": lambda: torch.cat([h_prev, x_t], -1) @ W_n.T + b_n,
            "r_t is applied after the product with the weights, not before": lambda: (
                r_t * (h_prev @ W_n[:, :H].T) + x_t @ W_n[:, H:].T + b_n
            ),
            "r_t multiplies the part of x_t in n_t too": lambda: (
                r_t * (torch.cat([h_prev, x_t], -1) @ W_n.T) + b_n
            ),
        },
    )
    return _gru_update(at, z_t, squash(at, "tanh", a_n, "n_t"), h_prev)


def stacked_gru(at, x_t, carry, W_xh, W_hh, reset, b_hn=None, **biases):
    """The gates as blocks of rows, in torch's order; reset "before" or "after" the product."""
    (h_prev,) = carry
    order = _order(at, ("r_t", "z_t", "n_t"))
    b_x, b_h = _biases(at, **biases)
    x_r, x_z, x_n = _taken((x_t @ W_xh.T + b_x).chunk(3, -1), order)
    h_r, h_z, h_n = _taken((h_prev @ W_hh.T + b_h).chunk(3, -1), order)
    W_hn = W_hh.chunk(3)[order[2]]
    b_hn = (
        h_n - h_prev @ W_hn.T
        if b_hn is None
        else at(  # of b_hh, what belongs to n_t
            lambda: b_hn, {"b_hn is left out": lambda: torch.zeros_like(b_hn)}
        )
    )
    r_t, z_t = squash(at, "σ", x_r + h_r, "r_t"), squash(at, "σ", x_z + h_z, "z_t")

    def before():
        return x_n + (r_t * h_prev) @ W_hn.T + b_hn

    def after():
        return x_n + r_t * (h_prev @ W_hn.T + b_hn)

    other = "before" if reset == "after" else "after"
    a_n = at(
        after if reset == "after" else before,
        {
            f"r_t is applied {other} the product with W_hn, not {reset}": (
                before if reset == "after" else after
            ),
            "r_t is left out": lambda: x_n + h_prev @ W_hn.T + b_hn,
            "r_t multiplies the part of x_t in n_t too": lambda: (
                r_t * (x_n + h_prev @ W_hn.T + b_hn)
            ),
        },
    )
    return _gru_update(at, z_t, squash(at, "tanh", a_n, "n_t"), h_prev)


def _gru_update(at, z_t, n_t, h_prev):
    """h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_{t-1}."""
    h_t = at(
        lambda: (1 - z_t) * n_t + z_t * h_prev,
        {
            "z_t and 1 - z_t are exchanged": lambda: z_t * n_t + (1 - z_t) * h_prev,
            "z_t ⊙ h_{t-1} is left out": lambda: (1 - z_t) * n_t,
            "(1 - z_t) ⊙ n_t is left out": lambda: z_t * h_prev,
            "n_t stands without its factor 1 - z_t": lambda: n_t + z_t * h_prev,
            "h_{t-1} stands without its factor z_t": lambda: (1 - z_t) * n_t + h_prev,
            "n_t is returned in place of h_t": lambda: n_t,
            "h_{t-1} is returned in place of h_t": lambda: h_prev,
        },
    )
    return (h_t,)


def _own_affine(at, x_t, h_prev, weights, k, gates):
    """The sum of one gate of the textbook; copied code may have the weights of another."""
    W, b = weights[f"W_{k}"], weights[f"b_{k}"]
    others = [(j, weights[f"W_{j}"], weights[f"b_{j}"]) for j in gates if j != k]
    both, one = {}, {}
    for j, W_j, b_j in others:
        both[f"W_{j} and b_{j} stand in place of W_{k} and b_{k}"] = partial(tuple, (W_j, b_j))
        one[f"W_{j} stands in place of W_{k}"] = partial(tuple, (W_j, b))
        one[f"b_{j} stands in place of b_{k}"] = partial(tuple, (W, b_j))
    W, b = at(lambda: (W, b), both, rare=one)
    part = "C̃_t" if k == "C" else f"{k}_t"
    return affine(at, x_t, h_prev, W, b, (f"W_{k}", f"b_{k}"), part)


def _sum(at, x_t, h_prev, W_xh, W_hh, **more):
    wrong = {
        "W_xh x_t is left out": lambda: h_prev @ W_hh.T,
        "W_hh h_{t-1} is left out": lambda: x_t @ W_xh.T,
        "W_xh x_t and W_hh h_{t-1} are multiplied, not added": lambda: (
            (x_t @ W_xh.T) * (h_prev @ W_hh.T)
        ),
    }
    return at(lambda: x_t @ W_xh.T + h_prev @ W_hh.T, wrong | more)


def _biases(at, b_h=None, b_ih=None, b_hh=None):
    """The bias that goes with x_t, and the one that goes with h_{t-1}."""
    if b_h is not None:
        return at(lambda: (b_h, 0.0), {"b_h is left out": lambda: (0.0, 0.0)})
    if b_ih is None:
        return 0.0, 0.0
    return at(
        lambda: (b_ih, b_hh),
        {
            "b_ih is left out": lambda: (0.0, b_hh),
            "b_hh is left out": lambda: (b_ih, 0.0),
            "both biases are left out": lambda: (0.0, 0.0),
        },
    )


def _order(at, gates):
    """Which block of rows belongs to which gate."""
    return at(lambda: range(len(gates)), *_orders(gates))


@cache
def _orders(gates):
    """The wrong orders, common and rare: two gates exchanged, or more."""
    right, *others = permutations(range(len(gates)))
    common, rare = {}, {}
    for order in others:
        exchanged = sum(map(int.__ne__, order, right)) == 2
        names = ", ".join(gates[k] for k in order)
        clause = f"the blocks of rows are taken in the order {names}"
        places = partial(tuple, [order.index(k) for k in right])
        (common if exchanged else rare)[clause] = places
    return common, rare


def _taken(blocks, order):
    return (blocks[k] for k in order)


_TEXTBOOK = {"W": "H H+I", "b": "H"}
_BIASES = ("b_h", "b_ih", "b_hh")


def _textbook(gates):
    return {f"{letter}_{k}": shape for k in gates for letter, shape in _TEXTBOOK.items()}


def _stacked(rows):
    return {"W_xh": f"{rows} I", "W_hh": f"{rows} H", **dict.fromkeys(_BIASES, rows)}


_GRU = _stacked("3H") | {"b_hn": "H"}

STEPS = (
    Step(rnn, "h", _stacked("H"), _BIASES),
    Step(partial(rnn, squashing="ReLU"), "h", _stacked("H"), _BIASES),
    Step(textbook_lstm, "hc", _textbook("fiCo")),
    Step(stacked_lstm, "hc", _stacked("4H"), _BIASES),
    Step(textbook_gru, "h", _textbook("rzn")),
    Step(partial(stacked_gru, reset="after"), "h", _GRU, (*_BIASES, "b_hn")),
    Step(partial(stacked_gru, reset="before"), "h", _GRU, (*_BIASES, "b_hn")),
)


def _one_step(step):
    def recipe(at, x_t, h_prev, c_prev=None, **weights):
        carry = (h_prev,) if step.carry == "h" else (h_prev, c_prev)
        after = step.run(at, x_t, carry, **weights)
        return {f"{letter}_t": state for letter, state in zip(step.carry, after, strict=True)}

    before = {f"{letter}_prev": "B H" for letter in step.carry}
    return Family(recipe, {"x_t": "B I", **before, **step.weights}, step.optional)


def _part(recipe, names):
    return Family(recipe, dict.fromkeys(names.split(), "B H"))


CELLS = (
    Family(gate, {"x_t": "B I", "h_prev": "B H", **_TEXTBOOK}),
    Family(partial(gate, squashing="tanh"), {"x_t": "B I", "h_prev": "B H", **_TEXTBOOK}),
    _part(cell_update, "f_t i_t c_tilde c_prev"),
    _part(hidden_state, "o_t c_t"),
    *map(_one_step, STEPS),
)
