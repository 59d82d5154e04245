"""The recurrent cell: its state, its output, its memory."""

import math

import numpy as np

from exam.item import Draft, item
from exam.numbers import WHOLE, decimals
from rnnlib import rnn_output, rnn_step, scan


def unit_run(xs, w_xh, w_hh, b_h=0.0, h_0=0.0):
    """The states of one unit with one input: a list, from rnnlib."""
    weights = np.array([[w_xh]]), np.array([[w_hh]]), np.array([float(b_h)])
    hs = scan(rnn_step, np.array([float(h_0)]), np.array(xs, float)[:, None], *weights)
    return hs[:, 0].tolist()


@item("One step of one unit", minutes=3, to=decimals(3))
def rnn_one_step(draw):
    """h_t of one unit."""
    n = {
        "w_xh": draw.tenths(-1.5, 1.5),
        "w_hh": draw.tenths(-1.2, 1.2),
        "b_h": draw.tenths(-0.5, 0.5),
        "x": draw.one_of(-2, -1, 1, 2),
        "h_prev": draw.tenths(-0.9, 0.9),
    }

    def paper(r):
        a = r(n["w_xh"] * n["x"] + n["w_hh"] * n["h_prev"] + n["b_h"])
        return {"a": a, "h": math.tanh(a)}

    return Draft(
        n,
        r"An RNN with one input and one unit uses $\tanh$ and has $w_{xh} = <w_xh>$, "
        r"$w_{hh} = <w_hh>$ and $b_h = <b_h>$. Its state is $h_{t-1} = <h_prev>$ and it reads "
        r"$x_t = <x>$. Compute $h_t$.",
        unit_run([n["x"]], n["w_xh"], n["w_hh"], n["b_h"], n["h_prev"])[0],
        paper,
        [
            r"$a_t = w_{xh} x_t + w_{hh} h_{t-1} + b_h = <w_xh> \cdot <(x)> + <(w_hh)> \cdot "
            r"<(h_prev)> <+b_h> <~a>$",
            r"$h_t = \tanh(<a>) <~answer>$",
        ],
    )


@item("Three steps from rest", minutes=5, to=decimals(2), keep=decimals(3))
def rnn_three_steps(draw):
    """h_3 of one unit that starts from zero."""
    n = {
        "w_xh": draw.tenths(0.5, 1.5),
        "w_hh": draw.tenths(-1.5, 1.5),
        "x_1": draw.one_of(-1, 1, 2),
        "x_2": draw.one_of(-1, 0, 1),
        "x_3": draw.one_of(0, 1),
    }

    def paper(r):
        h_1 = r(math.tanh(n["w_xh"] * n["x_1"]))
        h_2 = r(math.tanh(n["w_xh"] * n["x_2"] + n["w_hh"] * h_1))
        return {
            "h_1": h_1,
            "h_2": h_2,
            "h_3": math.tanh(n["w_xh"] * n["x_3"] + n["w_hh"] * h_2),
        }

    return Draft(
        n,
        r"One unit with $\tanh$, $w_{xh} = <w_xh>$, $w_{hh} = <w_hh>$, $b_h = 0$ and $h_0 = 0$ "
        r"reads the sequence $x = (<x_1>, <x_2>, <x_3>)$. Compute $h_3$.",
        unit_run([n["x_1"], n["x_2"], n["x_3"]], n["w_xh"], n["w_hh"])[-1],
        paper,
        [
            r"$h_1 = \tanh(<w_xh> \cdot <(x_1)>) <~h_1>$",
            r"$h_2 = \tanh(<w_xh> \cdot <(x_2)> + <(w_hh)> \cdot <(h_1)>) <~h_2>$",
            r"$h_3 = \tanh(<w_xh> \cdot <(x_3)> + <(w_hh)> \cdot <(h_2)>) <~answer>$",
        ],
    )


@item("Two units, one step", minutes=5, to=decimals(3))
def rnn_two_units(draw):
    """The second entry of h_t for H = 2, I = 1."""
    n = {name: draw.tenths(-1, 1) for name in ("u_1", "u_2", "w_11", "w_12", "w_21", "w_22")}
    n |= {
        "x": draw.one_of(-1, 1, 2),
        "p_1": draw.tenths(-0.9, 0.9),
        "p_2": draw.tenths(-0.9, 0.9),
    }
    h_prev = np.array([n["p_1"], n["p_2"]], float)
    W_xh = np.array([[n["u_1"]], [n["u_2"]]], float)
    W_hh = np.array([[n["w_11"], n["w_12"]], [n["w_21"], n["w_22"]]], float)

    def paper(r):
        recurrent = r(n["w_21"] * n["p_1"] + n["w_22"] * n["p_2"])
        a = r(n["u_2"] * n["x"] + recurrent)
        return {"recurrent": recurrent, "a": a, "h": math.tanh(a)}

    return Draft(
        n,
        r"An RNN with $H = 2$ and $I = 1$ uses $\tanh$ and no bias: "
        r"$W_{xh} = \begin{pmatrix} <u_1> \\ <u_2> \end{pmatrix}$, "
        r"$W_{hh} = \begin{pmatrix} <w_11> & <w_12> \\ <w_21> & <w_22> \end{pmatrix}$, "
        r"$h_{t-1} = \begin{pmatrix} <p_1> \\ <p_2> \end{pmatrix}$, $x_t = <x>$. "
        r"Compute the **second** entry of $h_t$.",
        rnn_step(np.array([float(n["x"])]), h_prev, W_xh, W_hh)[1],
        paper,
        [
            r"The second row of $W_{hh}$ meets $h_{t-1}$: $<w_21> \cdot <(p_1)> + <(w_22)> "
            r"\cdot <(p_2)> <~recurrent>$",
            r"With the input: $<u_2> \cdot <(x)> <+recurrent> <~a>$",
            r"$\tanh(<a>) <~answer>$",
        ],
    )


@item("A probability from the state", minutes=4, to=decimals(3))
def rnn_probability(draw):
    """A logistic output after one step."""
    n = {
        "w_xh": draw.tenths(-1.5, 1.5),
        "w_hh": draw.tenths(-1, 1),
        "x": draw.one_of(-1, 1, 2),
        "h_prev": draw.tenths(-0.9, 0.9),
        "w_hy": draw.one_of(-3, -2, 2, 3),
        "b_y": draw.tenths(-1, 1),
    }
    h = unit_run([n["x"]], n["w_xh"], n["w_hh"], h_0=n["h_prev"])[0]
    W_hy, b_y = np.array([[float(n["w_hy"])]]), np.array([n["b_y"]], float)

    def paper(r):
        a = r(n["w_xh"] * n["x"] + n["w_hh"] * n["h_prev"])
        h = r(math.tanh(a))
        s = r(n["w_hy"] * h + n["b_y"])
        return {"a": a, "h": h, "s": s, "y": 1 / (1 + math.exp(-s))}

    return Draft(
        n,
        r"One unit with $\tanh$, $w_{xh} = <w_xh>$, $w_{hh} = <w_hh>$, $b_h = 0$ is at "
        r"$h_{t-1} = <h_prev>$ and reads $x_t = <x>$. The output is the probability "
        r"$y_t = \sigma(w_{hy} h_t + b_y)$ with $w_{hy} = <w_hy>$ and $b_y = <b_y>$. "
        r"Compute $y_t$.",
        rnn_output(np.array([h]), W_hy, b_y, activation="sigmoid")[0],
        paper,
        [
            r"$a_t = <w_xh> \cdot <(x)> + <(w_hh)> \cdot <(h_prev)> <~a>$",
            r"$h_t = \tanh(<a>) <~h>$",
            r"$w_{hy} h_t + b_y = <w_hy> \cdot <(h)> <+b_y> <~s>$",
            r"$y_t = 1 / (1 + e^{-(<s>)}) <~answer>$",
        ],
    )


@item("When a trace has faded", minutes=3, to=WHOLE, keep=decimals(3))
def rnn_trace(draw):
    """Silent steps until w^k is below a share."""
    n = {
        "w": draw.steps(0.3, 0.95, 0.05),
        "percent": draw.one_of(1, 2, 5, 10, 20),
    }
    share = n["percent"] / 100
    steps = next(k for k in range(1, 500) if n["w"] ** k < share)
    quotient = math.log(share) / math.log(n["w"])
    if abs(quotient - round(quotient)) < 0.05:
        return None  # too near to a whole number

    def paper(r):
        top, bottom = r(math.log(share)), r(math.log(n["w"]))
        quotient = r(top / bottom)
        return {"top": top, "bottom": bottom, "quotient": quotient, "k": math.ceil(quotient)}

    return Draft(
        n,
        r"For small values $\tanh(a) \approx a$, so that each step without input multiplies "
        r"the state of one unit by $w_{hh} = <w>$. After how many silent steps is less than "
        r"$<percent>\,\%$ of it left for the first time?",
        steps,
        paper,
        [
            r"We look for the smallest $k$ with $<w>^k < <percent>/100$.",
            r"Both sides as logarithms, and $\ln <w>$ is negative: $k > \ln(<percent>/100) / "
            r"\ln <w> \approx <top> / (<bottom>) \approx <quotient>$",
            r"The next whole number: $k <~answer>$",
        ],
    )
