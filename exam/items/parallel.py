"""Linear recurrences and the parallel scan."""

import math

import numpy as np

from exam.item import Draft, item
from exam.items.lstm import logistic
from exam.numbers import WHOLE, decimals
from rnnlib import linear_scan, log_linear_scan
from rnnlib.minimal import min_gru_step, min_lstm_step


def affine(draw, steps):
    """Factors a_t and additions b_t."""
    n = {f"a_{t}": draw.steps(0.1, 0.9, 0.1) for t in range(1, steps + 1)}
    return n | {f"b_{t}": draw.one_of(-3, -2, -1, 1, 2, 3) for t in range(1, steps + 1)}


def arrays(n, steps):
    """The same as arrays."""
    return (np.array([n[f"{s}_{t}"] for t in range(1, steps + 1)], float) for s in "ab")


@item("Two steps as one", minutes=3, to=decimals(2), keep=decimals(3))
def scan_combine(draw):
    """The addition of two combined steps."""
    n = affine(draw, 2)
    a, b = arrays(n, 2)

    def paper(r):
        A = r(n["a_2"] * n["a_1"])
        return {"A": A, "B": n["a_2"] * n["b_1"] + n["b_2"]}

    return Draft(
        n,
        r"Two steps of a linear recurrence, $h_1 = <a_1> h_0 <+b_1>$ and $h_2 = <a_2> h_1 "
        r"<+b_2>$, are combined into one, $h_2 = A h_0 + B$. Compute $B$.",
        linear_scan(a, b, np.zeros(()))[-1],
        paper,
        [
            r"Insert: $h_2 = <a_2> (<a_1> h_0 <+b_1>) <+b_2>$",
            r"$A = <a_2> \cdot <a_1> <~A>$ and $B = <a_2> \cdot <(b_1)> <+b_2> <~answer>$",
        ],
    )


@item("Four steps by pairs", minutes=5, to=decimals(2), keep=decimals(3))
def scan_four(draw):
    """h_4 by two pairs."""
    n = affine(draw, 4) | {"h_0": draw.whole(-2, 4)}
    a, b = arrays(n, 4)

    def paper(r):
        A_1, B_1 = r(n["a_2"] * n["a_1"]), r(n["a_2"] * n["b_1"] + n["b_2"])
        A_2, B_2 = r(n["a_4"] * n["a_3"]), r(n["a_4"] * n["b_3"] + n["b_4"])
        h_2 = r(A_1 * n["h_0"] + B_1)
        found = {"A_1": A_1, "B_1": B_1, "A_2": A_2, "B_2": B_2, "h_2": h_2}
        return {**found, "h_4": A_2 * h_2 + B_2}

    return Draft(
        n,
        r"$h_t = a_t h_{t-1} + b_t$ with $a = (<a_1>, <a_2>, <a_3>, <a_4>)$, $b = (<b_1>, "
        r"<b_2>, <b_3>, <b_4>)$ and $h_0 = <h_0>$. Combine steps 1 and 2, and steps 3 and 4, "
        r"and compute $h_4$.",
        linear_scan(a, b, np.array(float(n["h_0"])))[-1],
        paper,
        [
            r"Steps 1, 2: $A = <a_2> \cdot <a_1> <~A_1>$, $B = <a_2> \cdot <(b_1)> <+b_2> "
            r"<~B_1>$",
            r"Steps 3, 4: $A = <a_4> \cdot <a_3> <~A_2>$, $B = <a_4> \cdot <(b_3)> <+b_4> "
            r"<~B_2>$",
            r"$h_2 = <A_1> \cdot <(h_0)> <+B_1> <~h_2>$",
            r"$h_4 = <A_2> \cdot <(h_2)> <+B_2> <~answer>$",
        ],
    )


@item("How many rounds?", minutes=3, to=WHOLE)
def scan_rounds(draw):
    """⌈log2 T⌉ doublings."""
    n = {"T": draw.whole(20, 5000)}
    rounds, reach = 0, 1
    while reach < n["T"]:
        rounds, reach = rounds + 1, 2 * reach

    def paper(r):
        k = math.ceil(math.log2(n["T"]))
        return {"less": k - 1, "below": 2 ** (k - 1), "above": 2**k, "k": k}

    return Draft(
        n,
        r"In each round of a parallel scan every step is combined with what lies before it, "
        r"so that the number of steps it covers doubles: 1, 2, 4, and so on. After how many "
        r"rounds does the last of $T = <T>$ steps cover all of them?",
        rounds,
        paper,
        [
            r"After $k$ rounds a step covers $2^k$ steps; we need $2^k \ge <T>$.",
            r"$2^{<less>} = <below> < <T> \le <above>$, so that $k <~answer>$",
        ],
    )


@item("A step of the minGRU", minutes=4, to=decimals(3))
def min_gru(draw):
    """h_t of a minGRU with one unit."""
    n = {
        "w_z": draw.tenths(-2, 2),
        "w_h": draw.tenths(-2, 2),
        "x": draw.one_of(-1, 1, 2),
        "h_prev": draw.tenths(-1, 1),
    }
    W_x = np.array([[n["w_z"]], [n["w_h"]]], float)

    def paper(r):
        a = r(n["w_z"] * n["x"])
        z, new = r(logistic(a)), r(n["w_h"] * n["x"])
        rest = r(1 - z)
        return {"a": a, "z": z, "new": new, "rest": rest, "h": rest * n["h_prev"] + z * new}

    return Draft(
        n,
        r"A minGRU has $z_t = \sigma(w_z x_t)$, $\tilde h_t = w_h x_t$ and $h_t = (1 - z_t) "
        r"h_{t-1} + z_t \tilde h_t$; note that $z_t$ is the weight of the new value here. "
        r"With $w_z = <w_z>$, $w_h = <w_h>$, $x_t = <x>$ and $h_{t-1} = <h_prev>$, compute "
        r"$h_t$.",
        min_gru_step(np.array([float(n["x"])]), np.array([float(n["h_prev"])]), W_x)[0],
        paper,
        [
            r"$z_t = \sigma(<w_z> \cdot <(x)>) = \sigma(<a>) <~z>$",
            r"$\tilde h_t = <w_h> \cdot <(x)> <~new>$",
            r"$h_t = <rest> \cdot <(h_prev)> + <z> \cdot <(new)> <~answer>$",
        ],
    )


@item("A step of the minLSTM", minutes=4, to=decimals(2), keep=decimals(3))
def min_lstm(draw):
    """h_t of a minLSTM with gates that sum to one."""
    n = {
        "a_f": draw.steps(-2, 3, 0.5),
        "a_i": draw.steps(-2, 3, 0.5),
        "new": draw.tenths(-2, 2),
        "h_prev": draw.tenths(-2, 2),
    }
    W_x = np.array([[n["a_f"]], [n["a_i"]], [n["new"]]], float)

    def paper(r):
        f, i = r(logistic(n["a_f"])), r(logistic(n["a_i"]))
        top, bottom = r(f * n["h_prev"] + i * n["new"]), r(f + i)
        return {"f": f, "i": i, "top": top, "bottom": bottom, "h": top / bottom}

    return Draft(
        n,
        r"In a minLSTM with one unit, $f_t = \sigma(<a_f>)$, $i_t = \sigma(<a_i>)$, the "
        r"candidate is $\tilde h_t = <new>$ and $h_{t-1} = <h_prev>$. The gates are made to "
        r"sum to 1: $h_t = (f_t h_{t-1} + i_t \tilde h_t) / (f_t + i_t)$. Compute $h_t$.",
        min_lstm_step(np.ones(1), np.array([float(n["h_prev"])]), W_x)[0],
        paper,
        [
            r"$f_t <~f>$ and $i_t <~i>$",
            r"$f_t h_{t-1} + i_t \tilde h_t = <f> \cdot <(h_prev)> + <i> \cdot <(new)> "
            r"<~top>$ and $f_t + i_t <~bottom>$",
            r"$h_t = <top> / <bottom> <~answer>$",
        ],
    )


@item("A step in logarithms", minutes=4, to=decimals(2), keep=decimals(3))
def scan_logarithms(draw):
    """ln h_1 from logarithms."""
    n = {
        "la": draw.steps(-2, -0.1, 0.1),
        "lb": draw.steps(-2, 1, 0.5),
        "lh": draw.steps(-1, 2, 0.5),
    }
    one = [np.array([float(n[name])]) for name in ("la", "lb")]

    def paper(r):
        kept = r(n["la"] + n["lh"])
        e_1, e_2 = r(math.exp(kept)), r(math.exp(n["lb"]))
        return {"kept": kept, "e_1": e_1, "e_2": e_2, "l": math.log(e_1 + e_2)}

    return Draft(
        n,
        r"A linear recurrence with positive values is computed in logarithms: $\ln a_1 = "
        r"<la>$, $\ln b_1 = <lb>$, $\ln h_0 = <lh>$. Compute $\ln h_1$ for $h_1 = a_1 h_0 + "
        r"b_1$.",
        log_linear_scan(*one, np.array(float(n["lh"])))[0],
        paper,
        [
            r"$\ln(a_1 h_0) = <la> <+lh> <~kept>$",
            r"$\ln h_1 = \ln(e^{<kept>} + e^{<lb>}) \approx \ln(<e_1> + <e_2>) <~answer>$",
        ],
    )
