"""The LSTM: gates, cell, hidden state."""

import math

import numpy as np

from exam.item import Draft, item
from exam.numbers import decimals
from rnnlib import LSTMTextbook, gate, lstm_from_textbook, lstm_step


def logistic(a):
    """σ(a)."""
    return 1 / (1 + math.exp(-a))


def cell(a_f, a_i, a_C, a_o, C_prev):
    """(h_t, C_t) of one unit by rnnlib, the pre-activations given: they are its biases."""
    zero, zeros = np.zeros(1), np.zeros((1, 2))
    biases = (np.array([float(a)]) for a in (a_f, a_i, a_C, a_o))
    params = lstm_from_textbook(LSTMTextbook(*(part for b in biases for part in (zeros, b))))
    h_t, C_t = lstm_step(zero, (zero, np.array([float(C_prev)])), *params)
    return float(h_t[0]), float(C_t[0])


@item("A forget gate", minutes=3, to=decimals(3))
def lstm_forget(draw):
    """f_t from the textbook's formula."""
    n = {
        "w_h": draw.tenths(-2, 2),
        "w_x": draw.tenths(-2, 2),
        "b": draw.one_of(-1, 0.5, 1, 2),
        "h_prev": draw.tenths(-0.9, 0.9),
        "x": draw.one_of(-2, -1, 1, 2),
    }
    W, b = np.array([[n["w_h"], n["w_x"]]], float), np.array([float(n["b"])])

    def paper(r):
        a = r(n["w_h"] * n["h_prev"] + n["w_x"] * n["x"] + n["b"])
        return {"a": a, "f": logistic(a)}

    return Draft(
        n,
        r"An LSTM with $H = I = 1$ has $W_f = (<w_h>, <w_x>)$, which meets $[h_{t-1}, x_t]$, "
        r"and $b_f = <b>$. Compute $f_t$ for $h_{t-1} = <h_prev>$ and $x_t = <x>$.",
        gate(np.array([float(n["x"])]), np.array([float(n["h_prev"])]), W, b)[0],
        paper,
        [
            r"$a_f = <w_h> \cdot <(h_prev)> + <(w_x)> \cdot <(x)> <+b> <~a>$",
            r"$f_t = \sigma(<a>) = 1 / (1 + e^{-(<a>)}) <~answer>$",
        ],
    )


@item("Erase and write", minutes=4, to=decimals(2), keep=decimals(3))
def lstm_cell(draw):
    """C_t from three pre-activations."""
    n = {name: draw.steps(-2, 3, 0.5) for name in ("a_f", "a_i")}
    n |= {"a_C": draw.steps(-1.5, 1.5, 0.5, but=(0,)), "C_prev": draw.whole(-3, 4)}

    def paper(r):
        f, i = r(logistic(n["a_f"])), r(logistic(n["a_i"]))
        candidate = r(math.tanh(n["a_C"]))
        return {"f": f, "i": i, "candidate": candidate, "C": f * n["C_prev"] + i * candidate}

    return Draft(
        n,
        r"At one step of an LSTM with one unit the gates and the candidate get the "
        r"pre-activations $a_f = <a_f>$, $a_i = <a_i>$ and $a_C = <a_C>$, so that "
        r"$f_t = \sigma(a_f)$, and so on. The cell held $C_{t-1} = <C_prev>$. Compute $C_t$.",
        cell(n["a_f"], n["a_i"], n["a_C"], 0, n["C_prev"])[1],
        paper,
        [
            r"$f_t = \sigma(<a_f>) <~f>$ and $i_t = \sigma(<a_i>) <~i>$",
            r"$\tilde C_t = \tanh(<a_C>) <~candidate>$",
            r"$C_t = f_t C_{t-1} + i_t \tilde C_t = <f> \cdot <(C_prev)> + <i> \cdot "
            r"<(candidate)> <~answer>$",
        ],
    )


@item("A whole step", minutes=9, to=decimals(2), keep=decimals(3))
def lstm_whole_step(draw):
    """h_t from weights, states and input."""
    n = {f"{part}_{g}": draw.steps(-1.5, 1.5, 0.5) for g in "fiCo" for part in ("h", "x")}
    n |= {"b_f": draw.one_of(0, 1), "h_prev": draw.one_of(0.5, -0.5, 0.4, -0.4)}
    n |= {"x": draw.one_of(-1, 1, 2), "C_prev": draw.whole(-2, 3)}
    if n["h_C"] == n["x_C"] == 0:
        return None
    biases = {"f": n["b_f"], "i": 0, "C": 0, "o": 0}
    gates = [
        (np.array([[n[f"h_{g}"], n[f"x_{g}"]]], float), np.array([float(biases[g])]))
        for g in "fiCo"
    ]
    params = lstm_from_textbook(LSTMTextbook(*(part for g in gates for part in g)))
    carry = np.array([float(n["h_prev"])]), np.array([float(n["C_prev"])])

    def paper(r):
        a = {
            f"a_{g}": r(n[f"h_{g}"] * n["h_prev"] + n[f"x_{g}"] * n["x"] + biases[g])
            for g in "fiCo"
        }
        f, i, o = (r(logistic(a[f"a_{g}"])) for g in "fio")
        candidate = r(math.tanh(a["a_C"]))
        C = r(f * n["C_prev"] + i * candidate)
        found = {"f": f, "i": i, "o": o, "candidate": candidate, "C": C}
        return {**a, **found, "h": o * math.tanh(C)}

    return Draft(
        n,
        r"An LSTM with $H = I = 1$ has the weights, for $[h_{t-1}, x_t]$, $W_f = (<h_f>, "
        r"<x_f>)$, $W_i = (<h_i>, <x_i>)$, $W_C = (<h_C>, <x_C>)$, $W_o = (<h_o>, <x_o>)$, "
        r"and the biases $b_f = <b_f>$, all others 0. Given $h_{t-1} = <h_prev>$, $C_{t-1} = "
        r"<C_prev>$ and $x_t = <x>$, compute $h_t$.",
        lstm_step(np.array([float(n["x"])]), carry, *params)[0][0],
        paper,
        [
            r"$f_t = \sigma(<a_f>) <~f>$ and $i_t = \sigma(<a_i>) <~i>$",
            r"$\tilde C_t = \tanh(<a_C>) <~candidate>$",
            r"$C_t = <f> \cdot <(C_prev)> + <i> \cdot <(candidate)> <~C>$",
            r"$o_t = \sigma(<a_o>) <~o>$",
            r"$h_t = o_t \tanh(C_t) = <o> \cdot \tanh(<C>) <~answer>$",
        ],
    )


@item("What the cell shows", minutes=3, to=decimals(3))
def lstm_hidden(draw):
    """One entry of h_t for H = 2, all products entry by entry."""
    n = {}
    for k in (1, 2):
        n[f"f_{k}"], n[f"i_{k}"], n[f"o_{k}"] = (draw.steps(0.1, 1, 0.1) for _ in range(3))
        n[f"c_{k}"], n[f"C_{k}"] = draw.tenths(-0.9, 0.9), draw.tenths(-2, 2)
    n["asked"] = draw.whole(1, 2)
    f, i, o, c, C = (np.array([n[f"{name}_1"], n[f"{name}_2"]], float) for name in "fiocC")
    n |= {name: n[f"{name}_{n['asked']}"] for name in "fiocC"}

    def paper(r):
        now = r(n["f"] * n["C"] + n["i"] * n["c"])
        shown = r(math.tanh(now))
        return {"now": now, "shown": shown, "h": n["o"] * shown}

    def two(name):
        return rf"\begin{{pmatrix}} <{name}_1> \\ <{name}_2> \end{{pmatrix}}"

    return Draft(
        n,
        rf"In an LSTM with $H = 2$: $f_t = {two('f')}$, $i_t = {two('i')}$, "
        rf"$o_t = {two('o')}$, "
        rf"$\tilde C_t = {two('c')}$, $C_{{t-1}} = {two('C')}$. "
        r"Compute entry $<asked>$ of $h_t$.",
        (o * np.tanh(f * C + i * c))[n["asked"] - 1],
        paper,
        [
            r"Products are taken entry by entry: $C_t[<asked>] = <f> \cdot <(C)> + <i> \cdot "
            r"<(c)> <~now>$",
            r"$\tanh(<now>) <~shown>$",
            r"$h_t[<asked>] = <o> \cdot <(shown)> <~answer>$",
        ],
    )


@item("What was the candidate?", minutes=3, to=decimals(2), keep=decimals(3))
def lstm_backwards(draw):
    """The candidate from C_t, C_{t-1} and the gates."""
    n = {
        "f": draw.steps(0.1, 1, 0.1),
        "i": draw.steps(0.3, 1, 0.1),
        "C_prev": draw.tenths(-2, 2),
        "C": draw.tenths(-2, 2),
    }
    candidate = (n["C"] - n["f"] * n["C_prev"]) / n["i"]
    if not 0.05 < abs(candidate) < 0.95:
        return None  # tanh does not reach it

    def paper(r):
        kept = r(n["f"] * n["C_prev"])
        new = r(n["C"] - kept)
        return {"kept": kept, "new": new, "candidate": new / n["i"]}

    return Draft(
        n,
        r"A cell went from $C_{t-1} = <C_prev>$ to $C_t = <C>$ while its gates were $f_t = "
        r"<f>$ and $i_t = <i>$. Which candidate $\tilde C_t$ was written?",
        candidate,
        paper,
        [
            r"Kept: $f_t C_{t-1} = <f> \cdot <(C_prev)> <~kept>$",
            r"Newly written: $C_t - f_t C_{t-1} = <C> - <(kept)> <~new>$, and this is "
            r"$i_t \tilde C_t$",
            r"$\tilde C_t = <new> / <i> <~answer>$",
        ],
    )


@item(
    "A cell that is written again and again",
    minutes=5,
    to=decimals(2),
    keep=decimals(3),
)
def lstm_geometric(draw):
    """C_T for constant gates: a geometric sum."""
    n = {
        "f": draw.steps(0.5, 0.9, 0.1),
        "i": draw.steps(0.2, 1, 0.1),
        "c": draw.tenths(-0.9, 0.9),
        "T": draw.whole(3, 6),
    }
    C = 0.0
    for _ in range(n["T"]):
        C = n["f"] * C + n["i"] * n["c"]

    def paper(r):
        write = r(n["i"] * n["c"])
        power = r(n["f"] ** n["T"])
        return {"write": write, "power": power, "C": write * (1 - power) / (1 - n["f"])}

    return Draft(
        n,
        r"At every step the gates of a unit are $f_t = <f>$ and $i_t = <i>$, its candidate is "
        r"$\tilde C_t = <c>$, and $C_0 = 0$. Compute $C_{<T>}$.",
        C,
        paper,
        [
            r"Each step writes $i \tilde C = <i> \cdot <(c)> <~write>$; what was written $k$ "
            r"steps ago is left with the factor $<f>^k$.",
            r"$C_{<T>} = i \tilde C\, (1 + f + \dots + f^{<T> - 1}) = i \tilde C\, "
            r"\frac{1 - f^{<T>}}{1 - f}$ with $f^{<T>} <~power>$",
            r"$C_{<T>} = <write> \cdot (1 - <power>) / (1 - <f>) <~answer>$",
        ],
    )
