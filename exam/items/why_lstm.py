"""Why the LSTM: the path of the gradient along the cell."""

import math

import numpy as np

from exam.item import Draft, item
from exam.items.lstm import logistic
from exam.numbers import WHOLE, decimals, significant
from rnnlib import LSTMParams, lstm_cell_path, lstm_step_backward, sigmoid


@item("Along the cell", minutes=3, to=decimals(3), keep=decimals(4))
def why_lane(draw):
    """The product of three forget gates given by their pre-activations."""
    n = {f"a_{t}": draw.one_of(-1, 0, 1, 2, 3, 4) for t in (1, 2, 3)}

    def paper(r):
        f = {f"f_{t}": r(logistic(n[f"a_{t}"])) for t in (1, 2, 3)}
        return {**f, "product": math.prod(f.values())}

    return Draft(
        n,
        r"At three steps in a row the forget gate of a unit gets the pre-activations $<a_1>$, "
        r"$<a_2>$ and $<a_3>$. Compute $\partial C_3 / \partial C_0$ along the cell, the "
        r"gates held constant.",
        float(np.prod(sigmoid(np.array([n["a_1"], n["a_2"], n["a_3"]], float)))),
        paper,
        [
            r"$f_1 = \sigma(<a_1>) <~f_1>$, $f_2 = \sigma(<a_2>) <~f_2>$, $f_3 = \sigma(<a_3>) "
            r"<~f_3>$",
            r"$\partial C_3 / \partial C_0 = f_1 f_2 f_3 = <f_1> \cdot <f_2> \cdot <f_3> "
            r"<~answer>$",
        ],
    )


@item(
    "A forget bias over many steps",
    minutes=3,
    to=significant(2),
    keep=significant(4),
)
def why_bias(draw):
    """σ(b)^T."""
    n = {"b": draw.steps(-1, 5, 0.5), "T": draw.one_of(10, 15, 20, 25, 30, 40)}
    zero = np.zeros(1)
    b_h = np.array([0, n["b"], 0, 0], float)
    params = LSTMParams(np.zeros((4, 1)), np.zeros((4, 1)), b_h)
    path = lstm_cell_path((zero, zero), np.zeros((n["T"], 1)), params)

    def paper(r):
        f = r(logistic(n["b"]))
        return {"f": f, "path": f ** n["T"]}

    return Draft(
        n,
        r"All weights of a fresh LSTM are close to 0 and its forget bias is $b_f = <b>$. By "
        r"which factor is a gradient multiplied along the cell over $<T>$ steps?",
        path[-1, 0],
        paper,
        [
            r"$f_t \approx \sigma(b_f) = \sigma(<b>) <~f>$",
            r"$\prod f_t = <f>^{<T>} <~answer>$",
        ],
    )


@item("Which forget bias?", minutes=4, to=decimals(1), keep=decimals(4))
def why_which_bias(draw):
    """The b with σ(b)^T = a share."""
    n = {
        "T": draw.one_of(5, 8, 10, 20, 25, 40, 50),
        "percent": draw.one_of(5, 10, 20, 25, 40, 50),
    }
    f = (n["percent"] / 100) ** (1 / n["T"])

    def paper(r):
        f = r((n["percent"] / 100) ** (1 / n["T"]))
        odds = f / (1 - f)
        return {"f": f, "odds": r(odds), "b": math.log(odds)}

    return Draft(
        n,
        r"With all weights close to 0, the forget gate is $\sigma(b_f)$. Which $b_f$ leaves "
        r"$<percent>\,\%$ of the cell after $<T>$ steps?",
        float(np.log(f) - np.log1p(-f)),
        paper,
        [
            r"$f^{<T>} = <percent>/100$, hence $f = (<percent>/100)^{1/<T>} <~f>$",
            r"$\sigma(b_f) = f$ means $b_f = \ln \frac{f}{1 - f} = \ln \frac{<f>}{1 - <f>} "
            r"<~answer>$",
        ],
    )


@item("The half-life of a cell", minutes=3, to=WHOLE, keep=decimals(4))
def why_half_life(draw):
    """Steps until less than half is left."""
    n = {"f": draw.steps(0.6, 0.99, 0.01), "percent": draw.one_of(50, 25, 10)}
    quotient = math.log(n["percent"] / 100) / math.log(n["f"])
    if abs(quotient - round(quotient)) < 0.1:
        return None
    steps = next(k for k in range(1, 2000) if n["f"] ** k < n["percent"] / 100)

    def paper(r):
        top, bottom = r(math.log(n["percent"] / 100)), r(math.log(n["f"]))
        quotient = r(top / bottom)
        return {"top": top, "bottom": bottom, "quotient": quotient, "k": math.ceil(quotient)}

    return Draft(
        n,
        r"A unit holds a value with $f_t = <f>$ and $i_t = 0$ at every step. After how many "
        r"steps is less than $<percent>\,\%$ of the value left for the first time?",
        steps,
        paper,
        [
            r"We look for the smallest $k$ with $<f>^k < <percent>/100$.",
            r"$k > \ln(<percent>/100) / \ln <f> \approx <top> / (<bottom>) \approx <quotient>$",
            r"The next whole number: $k <~answer>$",
        ],
    )


@item("One step back through the cell", minutes=5, to=decimals(3))
def why_backward(draw):
    """δC_{t-1} from δh_t and δC_t."""
    n = {
        "dh": draw.tenths(-1, 1),
        "dC": draw.tenths(-1, 1),
        "f": draw.steps(0.1, 0.9, 0.1),
        "o": draw.steps(0.1, 0.9, 0.1),
        "C": draw.tenths(-2, 2),
    }
    # Biases that make these gates, and a cell before that makes this C_t with i_t c̃_t = 0.
    b_h = np.array([0, math.log(n["f"] / (1 - n["f"])), 0, math.log(n["o"] / (1 - n["o"]))])
    x, h_prev, C_prev = np.zeros(1), np.zeros(1), np.array([n["C"] / n["f"]])
    weights = np.zeros((4, 1)), np.zeros((4, 1)), b_h
    dcarry = np.array([float(n["dh"])]), np.array([float(n["dC"])])

    def paper(r):
        slope = r(1 - math.tanh(n["C"]) ** 2)
        total = r(n["dC"] + n["dh"] * n["o"] * slope)
        return {"slope": slope, "total": total, "back": total * n["f"]}

    return Draft(
        n,
        r"One unit of an LSTM has $f_t = <f>$, $o_t = <o>$ and $C_t = <C>$. The gradient of "
        r"the loss that reaches $h_t$ is $\delta h_t = <dh>$; what comes to $C_t$ from the "
        r"next step along the cell is $<dC>$. Compute $\delta C_{t-1}$ along the cell.",
        lstm_step_backward(dcarry, x, (h_prev, C_prev), *weights).dcarry[1][0],
        paper,
        [
            r"$h_t = o_t \tanh(C_t)$, and $\tanh'(C_t) = 1 - \tanh^2(<C>) <~slope>$",
            r"Both ways into $C_t$: $\delta C_t = <dC> + <(dh)> \cdot <o> \cdot <slope> "
            r"<~total>$",
            r"$\delta C_{t-1} = \delta C_t\, f_t = <total> \cdot <f> <~answer>$",
        ],
    )
