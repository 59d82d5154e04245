"""Gradients that vanish and explode, and how they are checked."""

import math

import numpy as np

from exam.item import Draft, item
from exam.numbers import WHOLE, Number, decimals, significant
from rnnlib import central_differences, spectral_radius


@item("What is left of a gradient", minutes=3, to=significant(2), keep=significant(3))
def gradient_left(draw):
    """(w · slope)^k."""
    n = {
        "w": draw.steps(0.6, 1.8, 0.1),
        "slope": draw.steps(0.4, 1, 0.1),
        "k": draw.one_of(5, 8, 10, 12, 15, 20),
    }
    if abs(n["w"] * n["slope"] - 1) < 0.01:
        return None

    def paper(r):
        factor = r(n["w"] * n["slope"])
        return {"factor": factor, "left": factor ** n["k"]}

    return Draft(
        n,
        r"One unit has $w_{hh} = <w>$, and in the states it visits $\tanh'$ is about "
        r"$<slope>$ at each step. By which factor is a gradient multiplied on its way $<k>$ "
        r"steps back?",
        float(np.prod(np.full(n["k"], n["w"] * n["slope"]))),
        paper,
        [
            r"Per step: $w_{hh} \tanh' = <w> \cdot <slope> <~factor>$",
            r"Over $<k>$ steps: $<factor>^{<k>} <~answer>$",
        ],
    )


@item("How far back a gradient reaches", minutes=3, to=WHOLE, keep=decimals(3))
def gradient_reach(draw):
    """The largest k with γ^k ≥ a bound."""
    n = {"g": draw.steps(0.5, 0.95, 0.05), "power": draw.whole(2, 5)}
    quotient = n["power"] * math.log(10) / -math.log(n["g"])
    if abs(quotient - round(quotient)) < 0.1:
        return None
    reach = max(k for k in range(500) if n["g"] ** k >= 10.0 ** -n["power"])

    def paper(r):
        top, bottom = r(n["power"] * math.log(10)), r(-math.log(n["g"]))
        quotient = r(top / bottom)
        return {"top": top, "bottom": bottom, "quotient": quotient, "k": math.floor(quotient)}

    return Draft(
        n,
        r"A gradient shrinks by the factor $<g>$ per step back. It still teaches something, "
        r"let us say, as long as it has not fallen below $10^{-<power>}$ of its size. How "
        r"many whole steps back is that?",
        reach,
        paper,
        [
            r"We look for the largest $k$ with $<g>^k \ge 10^{-<power>}$.",
            r"$k \le <power> \ln 10 / (-\ln <g>) \approx <top> / <bottom> \approx <quotient>$",
            r"The last whole number: $k <~answer>$",
        ],
    )


@item("A spectral radius", minutes=4, to=decimals(3))
def gradient_radius(draw):
    """The largest |λ| of a 2 × 2 matrix with real eigenvalues."""
    n = {name: draw.tenths(-1.2, 1.2) for name in ("a", "b", "c", "d")}
    trace, det = n["a"] + n["d"], n["a"] * n["d"] - n["b"] * n["c"]
    if trace**2 / 4 - det < 0.02 or abs(trace) < 0.05:
        return None
    W = np.array([[n["a"], n["b"]], [n["c"], n["d"]]], float)

    def paper(r):
        half, det = r((n["a"] + n["d"]) / 2), r(n["a"] * n["d"] - n["b"] * n["c"])
        root = r(math.sqrt(half**2 - det))
        both = {"l_1": r(half + root), "l_2": r(half - root)}
        largest = max(abs(both["l_1"]), abs(both["l_2"]))
        return {"half": half, "det": det, "root": root, **both, "radius": largest}

    return Draft(
        n,
        r"$W_{hh} = \begin{pmatrix} <a> & <b> \\ <c> & <d> \end{pmatrix}$. Compute its "
        r"spectral radius, the largest $|\lambda|$ of its eigenvalues.",
        spectral_radius(W),
        paper,
        [
            r"Half the trace is $m = (<a> <+d>)/2 <~half>$; the determinant is $D = <a> \cdot "
            r"<(d)> - <(b)> \cdot <(c)> <~det>$",
            r"$\lambda = m \pm \sqrt{m^2 - D}$ with $\sqrt{m^2 - D} <~root>$, so $\lambda_1 "
            r"<~l_1>$ and $\lambda_2 <~l_2>$",
            r"The largest absolute value: $<~answer>$",
        ],
    )


@item("A random start", minutes=4, to=significant(2), keep=significant(3))
def gradient_uniform(draw):
    """(Hv)^{k/2} for entries from U(-c/√H, c/√H)."""
    n = {
        "H": draw.one_of(16, 64, 100, 256),
        "c": draw.steps(0.5, 2.5, 0.25),
        "k": draw.one_of(6, 10, 14, 20),
    }
    if abs(n["c"] - 1.75) < 0.1:
        return None
    variance = (2 * n["c"] / math.sqrt(n["H"])) ** 2 / 12

    def paper(r):
        factor = r(math.sqrt(n["c"] ** 2 / 3))
        return {"factor": factor, "left": factor ** n["k"]}

    return Draft(
        n,
        r"The entries of $W_{hh}$ with $H = <H>$ are drawn from $U(-<c>/\sqrt H,\ <c>/\sqrt "
        r"H)$; then $W_{hh}^\top$ multiplies the length of a random vector by about $\sqrt{H "
        r"\cdot \text{variance}}$. Take $\tanh' = 1$. By about which factor is a gradient "
        r"multiplied over $<k>$ steps back? (A uniform variable on $(-b, b)$ has the variance "
        r"$b^2/3$.)",
        math.sqrt(n["H"] * variance) ** n["k"],
        paper,
        [
            r"The variance is $<c>^2/(3H)$, so that $H = <H>$ drops out: per step "
            r"$\sqrt{<c>^2/3} <~factor>$",
            r"Over $<k>$ steps: $<factor>^{<k>} <~answer>$",
        ],
    )


@item("A gradient by differences", minutes=4, to=decimals(3), keep=decimals(4))
def gradient_difference(draw):
    """A central difference of a w³ + c w."""
    n = {
        "w": draw.steps(-3, 3, 0.5, but=(0,)),
        "c": draw.one_of(-6, -5, -4, -3, -2, 2, 3, 4, 5, 6),
        "eps": draw.one_of(0.1, 0.2, 0.5),
    }

    def f(w):
        return w**3 + n["c"] * w

    def paper(r):
        up, down = r(f(n["w"] + n["eps"])), r(f(n["w"] - n["eps"]))
        n_up, n_down = Number(n["w"] + n["eps"]), Number(n["w"] - n["eps"])
        return {
            "w_up": n_up,
            "w_down": n_down,
            "up": up,
            "down": down,
            "slope": (up - down) / (2 * n["eps"]),
        }

    found = central_differences(lambda w: f(w)[0], [np.array([n["w"]], float)], eps=n["eps"])
    return Draft(
        n,
        r"A loss depends on one weight: $L(w) = w^3 <+c> w$. Estimate $L'(<w>)$ by a central "
        r"difference with $\varepsilon = <eps>$.",
        found[0][0],
        paper,
        [
            r"$L(<w_up>) <~up>$ and $L(<w_down>) <~down>$",
            r"$\frac{L(w + \varepsilon) - L(w - \varepsilon)}{2 \varepsilon} = "
            r"\frac{<up> - <(down)>}{2 \cdot <eps>} <~answer>$; the exact slope is "
            r"$3 w^2 <+c>$, and the difference to it is $\varepsilon^2$.",
        ],
    )
