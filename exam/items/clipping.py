"""Gradient clipping: by norm and by value."""

import math

import numpy as np

from exam.item import Draft, item
from exam.numbers import Number, decimals
from rnnlib import clip_by_norm, clip_by_value

TRIPLES = ((3, 4, 0, 5), (1, 2, 2, 3), (2, 3, 6, 7), (1, 4, 8, 9), (4, 4, 7, 9), (2, 6, 9, 11))


@item("Clipping by norm", minutes=3, to=decimals(3))
def clip_norm(draw):
    """One entry of a gradient clipped by its norm."""
    *entries, norm = draw.one_of(*TRIPLES)
    order = draw.sample(entries, 3)
    scale = draw.one_of(1, 2, 0.5)
    n = {f"g_{k}": Number(v * scale * draw.one_of(-1, 1)) for k, v in enumerate(order, 1)}
    n |= {"limit": draw.one_of(1, 2, 0.5), "asked": draw.one_of(1, 2, 3)}
    n["g"] = n[f"g_{n['asked']}"]
    if n["limit"] >= norm * scale or n["g"] == 0:
        return None
    gradient = np.array([n["g_1"], n["g_2"], n["g_3"]], float)

    def paper(r):
        norm = r(math.sqrt(n["g_1"] ** 2 + n["g_2"] ** 2 + n["g_3"] ** 2))
        factor = r(n["limit"] / norm)
        return {"norm": norm, "factor": factor, "clipped": n["g"] * factor}

    return Draft(
        n,
        r"The gradient $g = (<g_1>, <g_2>, <g_3>)$ is clipped by its norm to "
        r"$c = <limit>$. Compute entry $<asked>$ of the clipped gradient.",
        clip_by_norm([gradient], n["limit"])[0][0][n["asked"] - 1],
        paper,
        [
            r"$\|g\| = \sqrt{<(g_1)>^2 + <(g_2)>^2 + <(g_3)>^2} <~norm>$, which is more than "
            r"$c = <limit>$.",
            r"All entries take the factor $c / \|g\| = <limit>/<norm> <~factor>$",
            r"Entry $<asked>$: $<g> \cdot <factor> <~answer>$",
        ],
    )


@item(
    "Clipping by value turns the gradient",
    minutes=5,
    to=decimals(3),
    keep=decimals(4),
)
def clip_value(draw):
    """The cosine between a gradient and its clipped form."""
    n = {
        "g_1": draw.one_of(-6, -5, -4, -3, 3, 4, 5, 6),
        "g_2": draw.steps(-2, 2, 0.5, but=(0,)),
    }
    n["limit"] = draw.one_of(1, 1.5, 2)
    if abs(n["g_2"]) >= n["limit"]:
        return None
    gradient = np.array([n["g_1"], n["g_2"]], float)
    clipped = clip_by_value([gradient], n["limit"])[0]
    n["c_1"] = Number(clipped[0])
    lengths = np.linalg.norm(gradient) * np.linalg.norm(clipped)

    def paper(r):
        dot = r(n["g_1"] * n["c_1"] + n["g_2"] ** 2)
        long = r(math.hypot(n["g_1"], n["g_2"]))
        short = r(math.hypot(n["c_1"], n["g_2"]))
        return {"dot": dot, "long": long, "short": short, "cosine": dot / (long * short)}

    return Draft(
        n,
        r"The gradient $g = (<g_1>, <g_2>)$ is clipped by value to the range from $-<limit>$ "
        r"to $<limit>$. Compute the cosine of the angle between $g$ and the clipped gradient "
        r"$\tilde g$.",
        gradient @ clipped / lengths,
        paper,
        [
            r"$\tilde g = (<c_1>, <g_2>)$",
            r"$g^\top \tilde g = <g_1> \cdot <(c_1)> + <(g_2)>^2 <~dot>$; $\|g\| <~long>$, "
            r"$\|\tilde g\| <~short>$",
            r"$\cos = <dot> / (<long> \cdot <short>) <~answer>$. Below 1: the direction has "
            r"changed.",
        ],
    )
