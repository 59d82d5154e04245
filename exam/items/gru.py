"""The GRU: two gates, one state, two conventions."""

import math

import numpy as np

from exam.item import Draft, item
from exam.items.lstm import logistic
from exam.numbers import WHOLE, decimals
from rnnlib import gru_step


def step(n, *, reset="after"):
    """h_t of one unit, by rnnlib, from weights named h_r, x_r, …"""
    W_xh = np.array([[n[f"x_{g}"]] for g in "rzn"], float)
    W_hh = np.array([[n[f"h_{g}"]] for g in "rzn"], float)
    x, h_prev = np.array([float(n["x"])]), np.array([float(n["h_prev"])])
    return float(gru_step(x, h_prev, W_xh, W_hh, reset=reset)[0])


@item("Between old and new", minutes=3, to=decimals(3))
def gru_mix(draw):
    """h_t from the pre-activations of z and n."""
    n = {
        "a_z": draw.steps(-2, 3, 0.5),
        "a_n": draw.steps(-1.5, 1.5, 0.5, but=(0,)),
        "h_prev": draw.tenths(-0.9, 0.9),
    }

    def paper(r):
        z, new = r(logistic(n["a_z"])), r(math.tanh(n["a_n"]))
        rest = r(1 - z)
        return {"z": z, "n": new, "rest": rest, "h": rest * new + z * n["h_prev"]}

    zero, x = np.zeros((3, 1)), np.zeros(1)
    b_h = np.array([0, n["a_z"], n["a_n"]], float)
    return Draft(
        n,
        r"At one step of a GRU with one unit the update gate gets the pre-activation $<a_z>$ "
        r"and the candidate gets $<a_n>$ in all, the reset included. The state was $h_{t-1} = "
        r"<h_prev>$. Compute $h_t$ (in this course $z_t$ is the weight of the old state).",
        gru_step(x, np.array([float(n["h_prev"])]), zero, zero, b_h)[0],
        paper,
        [
            r"$z_t = \sigma(<a_z>) <~z>$",
            r"$n_t = \tanh(<a_n>) <~n>$",
            r"$h_t = (1 - z_t)\, n_t + z_t h_{t-1} = <rest> \cdot <(n)> + <z> \cdot <(h_prev)> "
            r"<~answer>$",
        ],
    )


@item("A whole step", minutes=8, to=decimals(2), keep=decimals(3))
def gru_whole_step(draw):
    """h_t from weights, state and input."""
    n = {f"{part}_{g}": draw.steps(-1.5, 1.5, 0.5) for g in "rzn" for part in ("x", "h")}
    n |= {"x": draw.one_of(-1, 1, 2), "h_prev": draw.one_of(-0.8, -0.5, -0.4, 0.4, 0.5, 0.8)}
    if 0 in (n["h_n"], n["x_n"]):
        return None

    def paper(r):
        a_r = r(n["x_r"] * n["x"] + n["h_r"] * n["h_prev"])
        a_z = r(n["x_z"] * n["x"] + n["h_z"] * n["h_prev"])
        reset, z = r(logistic(a_r)), r(logistic(a_z))
        a_n = r(n["x_n"] * n["x"] + reset * n["h_n"] * n["h_prev"])
        new = r(math.tanh(a_n))
        found = {"a_r": a_r, "a_z": a_z, "r": reset, "z": z, "a_n": a_n, "n": new}
        return {**found, "rest": r(1 - z), "h": (1 - z) * new + z * n["h_prev"]}

    return Draft(
        n,
        r"A GRU with $H = I = 1$ and no biases has, for the input and for the state, $w_{xr} "
        r"= <x_r>$, $w_{hr} = <h_r>$; $w_{xz} = <x_z>$, $w_{hz} = <h_z>$; $w_{xn} = <x_n>$, "
        r"$w_{hn} = <h_n>$. Given $h_{t-1} = <h_prev>$ and $x_t = <x>$, compute $h_t$ (with "
        r"$z_t$ as the weight of the old state).",
        step(n),
        paper,
        [
            r"$r_t = \sigma(<x_r> \cdot <(x)> + <(h_r)> \cdot <(h_prev)>) = \sigma(<a_r>) "
            r"<~r>$",
            r"$z_t = \sigma(<x_z> \cdot <(x)> + <(h_z)> \cdot <(h_prev)>) = \sigma(<a_z>) "
            r"<~z>$",
            r"$n_t = \tanh(<x_n> \cdot <(x)> + <r> \cdot <(h_n)> \cdot <(h_prev)>) = "
            r"\tanh(<a_n>) <~n>$",
            r"$h_t = (1 - <z>) \cdot <(n)> + <z> \cdot <(h_prev)> <~answer>$",
        ],
    )


@item("Reset before or after the product", minutes=5, to=decimals(2), keep=decimals(3))
def gru_conventions(draw):
    """The difference of the two pre-activations of the candidate, first entry."""
    n = {"r_1": draw.steps(0, 1, 0.1), "r_2": draw.steps(0, 1, 0.1)}
    n |= {name: draw.one_of(-2, -1, 1, 2) for name in ("w_11", "w_12", "w_21", "w_22")}
    n |= {"h_1": draw.tenths(-0.9, 0.9), "h_2": draw.tenths(-0.9, 0.9)}
    if n["r_1"] == n["r_2"]:
        return None
    W = np.array([[n["w_11"], n["w_12"]], [n["w_21"], n["w_22"]]], float)
    r_t, h = np.array([n["r_1"], n["r_2"]], float), np.array([n["h_1"], n["h_2"]], float)

    def paper(r):
        before = r(n["w_11"] * n["r_1"] * n["h_1"] + n["w_12"] * n["r_2"] * n["h_2"])
        product = r(n["w_11"] * n["h_1"] + n["w_12"] * n["h_2"])
        after = r(n["r_1"] * product)
        return {"before": before, "product": product, "after": after, "gap": before - after}

    return Draft(
        n,
        r"In a GRU with $H = 2$, $r_t = \begin{pmatrix} <r_1> \\ <r_2> \end{pmatrix}$, "
        r"$h_{t-1} = \begin{pmatrix} <h_1> \\ <h_2> \end{pmatrix}$ and $W_{hn} = "
        r"\begin{pmatrix} <w_11> & <w_12> \\ <w_21> & <w_22> \end{pmatrix}$. By how much is "
        r"the first entry of $W_{hn}(r_t \odot h_{t-1})$ larger than that of $r_t \odot "
        r"(W_{hn} h_{t-1})$?",
        (W @ (r_t * h) - r_t * (W @ h))[0],
        paper,
        [
            r"Reset before the product: $<w_11> \cdot <r_1> \cdot <(h_1)> + <(w_12)> \cdot "
            r"<r_2> \cdot <(h_2)> <~before>$",
            r"Reset after it: $<r_1> \cdot (<w_11> \cdot <(h_1)> + <(w_12)> \cdot <(h_2)>) = "
            r"<r_1> \cdot <(product)> <~after>$",
            r"$<before> - <(after)> <~answer>$: the two conventions are different functions.",
        ],
    )


@item("A state that fades", minutes=3, to=WHOLE, keep=decimals(4))
def gru_fade(draw):
    """Steps until z^k is below a share, with n = 0."""
    n = {"z": draw.steps(0.5, 0.98, 0.02), "percent": draw.one_of(5, 10, 20, 50)}
    quotient = math.log(n["percent"] / 100) / math.log(n["z"])
    if abs(quotient - round(quotient)) < 0.1:
        return None
    steps = next(k for k in range(1, 2000) if n["z"] ** k < n["percent"] / 100)

    def paper(r):
        top, bottom = r(math.log(n["percent"] / 100)), r(math.log(n["z"]))
        quotient = r(top / bottom)
        return {"top": top, "bottom": bottom, "quotient": quotient, "k": math.ceil(quotient)}

    return Draft(
        n,
        r"The update gate of a GRU unit stays at $z_t = <z>$ and its candidate at $n_t = 0$. "
        r"After how many steps is less than $<percent>\,\%$ of the state left for the first "
        r"time?",
        steps,
        paper,
        [
            r"$h_t = z_t h_{t-1}$, so $<z>^k$ is left after $k$ steps; we ask for "
            r"$<z>^k < <percent>/100$.",
            r"$k > \ln(<percent>/100) / \ln <z> \approx <top> / (<bottom>) \approx <quotient>$",
            r"The next whole number: $k <~answer>$",
        ],
    )


@item("What was the update gate?", minutes=3, to=decimals(2), keep=decimals(3))
def gru_which_gate(draw):
    """z from h_t, h_{t-1} and n_t."""
    n = {name: draw.tenths(-0.9, 0.9) for name in ("h", "h_prev", "n")}
    if abs(n["h_prev"] - n["n"]) < 0.3:
        return None
    z = (n["h"] - n["n"]) / (n["h_prev"] - n["n"])
    if not 0.03 < z < 0.97:
        return None  # not between old and new

    def paper(r):
        moved, whole = r(n["h"] - n["n"]), r(n["h_prev"] - n["n"])
        return {"moved": moved, "whole": whole, "z": moved / whole}

    ends = [n["n"], n["h_prev"]]
    order = slice(None) if ends[0] < ends[1] else slice(None, None, -1)
    return Draft(
        n,
        r"One unit of a GRU went from $h_{t-1} = <h_prev>$ to $h_t = <h>$; its candidate was "
        r"$n_t = <n>$. Which value had the update gate $z_t$, the weight of the old state?",
        float(np.interp(n["h"], ends[order], [0.0, 1.0][order])),
        paper,
        [
            r"$h_t = (1 - z_t)\, n_t + z_t h_{t-1}$ gives $h_t - n_t = z_t (h_{t-1} - n_t)$.",
            r"$h_t - n_t <~moved>$ and $h_{t-1} - n_t <~whole>$",
            r"$z_t = <moved> / (<whole>) <~answer>$",
        ],
    )
