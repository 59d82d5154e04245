"""Translation: attention, beam search, BLEU's penalty."""

import math
from itertools import product

import numpy as np

from exam.item import Draft, item
from exam.items.text import softmax
from exam.numbers import Number, decimals


def vectors(draw):
    """A query and three memories with two entries, and their dot products."""
    n = {"q_1": draw.one_of(-1, 1, 2), "q_2": draw.one_of(-1, 1, 2)}
    for s in (1, 2, 3):
        n |= {f"m_{s}{k}": draw.steps(-1, 1, 0.5) for k in (1, 2)}
    scores = {
        f"e_{s}": Number(n["q_1"] * n[f"m_{s}1"] + n["q_2"] * n[f"m_{s}2"]) for s in (1, 2, 3)
    }
    text = (
        r"The state of a decoder is $h_t = (<q_1>, <q_2>)$; the encoder left the outputs "
        r"$m_1 = (<m_11>, <m_12>)$, $m_2 = (<m_21>, <m_22>)$ and $m_3 = (<m_31>, <m_32>)$. The "
        r"attention is by dot product. "
    )
    return n, scores, text


@item("An attention weight", minutes=5, to=decimals(3))
def attention_weight(draw):
    """α of one memory."""
    n, scores, text = vectors(draw)
    n["asked"] = draw.whole(1, 3)
    if len(set(map(float, scores.values()))) < 2:
        return None

    def paper(r):
        x = {f"x_{s}": r(math.exp(scores[f"e_{s}"])) for s in (1, 2, 3)}
        total = r(sum(x.values()))
        top = x[f"x_{n['asked']}"]
        return {**scores, **x, "total": total, "top": top, "alpha": top / total}

    return Draft(
        n,
        text + r"Compute the weight $\alpha_{t<asked>}$ of $m_{<asked>}$.",
        softmax(list(scores.values()))[n["asked"] - 1],
        paper,
        [
            r"Scores $h_t^\top m_s$: $<e_1>$, $<e_2>$, $<e_3>$",
            r"$e^{\text{score}} \approx <x_1>, <x_2>, <x_3>$, in all $<total>$",
            r"$\alpha_{t<asked>} = <top> / <total> <~answer>$",
        ],
    )


@item("A context vector", minutes=6, to=decimals(2), keep=decimals(3))
def attention_context(draw):
    """One entry of the weighted mean."""
    n, scores, text = vectors(draw)
    n["asked"] = draw.whole(1, 2)
    n |= {f"v_{s}": n[f"m_{s}{n['asked']}"] for s in (1, 2, 3)}
    values = np.array([n["v_1"], n["v_2"], n["v_3"]], float)
    if len(set(map(float, scores.values()))) < 2 or len(set(values)) < 2:
        return None

    def paper(r):
        x = {f"x_{s}": r(math.exp(scores[f"e_{s}"])) for s in (1, 2, 3)}
        total = r(sum(x.values()))
        a = {f"a_{s}": r(x[f"x_{s}"] / total) for s in (1, 2, 3)}
        context = sum(a[f"a_{s}"] * n[f"v_{s}"] for s in (1, 2, 3))
        return {**scores, **x, "total": total, **a, "context": context}

    return Draft(
        n,
        text + r"Compute entry $<asked>$ of the context vector $\sum_s \alpha_{ts} m_s$.",
        float(softmax(list(scores.values())) @ values),
        paper,
        [
            r"Scores $h_t^\top m_s$: $<e_1>$, $<e_2>$, $<e_3>$",
            r"$e^{\text{score}} \approx <x_1>, <x_2>, <x_3>$, in all $<total>$, so that "
            r"$\alpha \approx (<a_1>, <a_2>, <a_3>)$",
            r"$<a_1> \cdot <(v_1)> + <a_2> \cdot <(v_2)> + <a_3> \cdot <(v_3)> <~answer>$",
        ],
    )


def tree(draw):
    """Two steps over two tokens: p of the first, p of the second given the first."""
    n = {"p_a": draw.steps(0.52, 0.66, 0.02)}
    n["p_b"] = Number(1 - n["p_a"])
    for first in "ab":
        n[f"{first}_a"] = draw.steps(0.05, 0.95, 0.05)
        n[f"{first}_b"] = Number(1 - n[f"{first}_a"])
    return n


@item("Greedy search misses the best", minutes=4, to=decimals(3))
def beam_best(draw):
    """The best of four sequences, and it is not the greedy one."""
    n = tree(draw)
    p = {x + y: n[f"p_{x}"] * n[f"{x}_{y}"] for x, y in product("ab", repeat=2)}
    best = max(p, key=p.get)
    ranked = sorted(p.values())
    if best[0] == "a" or ranked[-1] - ranked[-2] < 0.02 or n["a_a"] == n["a_b"]:
        return None
    greedy = "a" + max("ab", key=lambda y: n[f"a_{y}"])

    def paper(r):
        found = {f"p_{key}": r(value) for key, value in p.items()}
        names = {"greedy": rf"\text{{{greedy}}}", "best": rf"\text{{{best}}}"}
        names |= {"p_greedy": found[f"p_{greedy}"]}
        return {**found, **names, "p_best": p[best]}

    return Draft(
        n,
        r"A decoder says two tokens, each a or b. First: $p(\text a) = <p_a>$. Then "
        r"$p(\text a \mid \text a) = <a_a>$ and $p(\text a \mid \text b) = <b_a>$. What is the "
        r"probability of the most probable sequence?",
        max(p.values()),
        paper,
        [
            r"Greedy search begins with a and ends with $<greedy>$, of probability "
            r"$<p_greedy>$.",
            r"A beam of width 2 also keeps b: $p(\text{ba}) = <p_b> \cdot <b_a> <~p_ba>$ and "
            r"$p(\text{bb}) = <p_b> \cdot <b_b> <~p_bb>$",
            r"The most probable is $<best>$: $<~answer>$",
        ],
    )


@item("Ranks with a length", minutes=4, to=decimals(2), keep=decimals(3))
def beam_length(draw):
    """ln p / t^power of a hypothesis."""
    values = [0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    n = {f"p_{k}": Number(p) for k, p in enumerate(draw.sample(values, 4), 1)}
    n["power"] = draw.one_of(0.5, 0.6, 0.7, 0.8, 1)
    p = np.array([n[f"p_{k}"] for k in (1, 2, 3, 4)], float)

    def paper(r):
        total = r(math.log(math.prod(n[f"p_{k}"] for k in (1, 2, 3, 4))))
        length = r(4 ** n["power"])
        return {"total": total, "length": length, "rank": total / length}

    return Draft(
        n,
        r"A hypothesis of beam search has four tokens of the probabilities $<p_1>$, $<p_2>$, "
        r"$<p_3>$, $<p_4>$. Hypotheses are ranked by $\ln p / t^{\,\beta}$ with the length "
        r"$t$ and $\beta = <power>$. Compute its rank.",
        float(np.log(p).sum() / 4.0 ** n["power"]),
        paper,
        [
            r"$\ln p = \ln(<p_1> \cdot <p_2> \cdot <p_3> \cdot <p_4>) <~total>$",
            r"$4^{<power>} <~length>$",
            r"$<total> / <length> <~answer>$",
        ],
    )


@item("BLEU's penalty for the short", minutes=4, to=decimals(1), keep=decimals(4))
def bleu_penalty(draw):
    """BLEU from its four precisions and two lengths."""
    n = {f"p_{k}": draw.steps(0.7 - 0.15 * k, 1.0 - 0.15 * k, 0.05) for k in (1, 2, 3, 4)}
    n |= {"c": draw.whole(14, 19), "r": 20}
    p = np.array([n[f"p_{k}"] for k in (1, 2, 3, 4)], float)

    def paper(r):
        mean = r(math.prod(n[f"p_{k}"] for k in (1, 2, 3, 4)) ** 0.25)
        penalty = r(math.exp(1 - n["r"] / n["c"]))
        return {"mean": mean, "penalty": penalty, "bleu": 100 * mean * penalty}

    return Draft(
        n,
        r"The translations of a system share with the references the 1-, 2-, 3- and 4-grams "
        r"with the precisions $<p_1>$, $<p_2>$, $<p_3>$ and $<p_4>$. They have $c = <c>$ "
        r"words, the references $r = <r>$. Compute BLEU on the scale from 0 to 100.",
        float(100 * np.exp(np.log(p).mean()) * np.exp(1 - n["r"] / n["c"])),
        paper,
        [
            r"Geometric mean: $(<p_1> \cdot <p_2> \cdot <p_3> \cdot <p_4>)^{1/4} <~mean>$",
            r"They are too short, for $c < r$: penalty $e^{1 - r/c} = e^{1 - <r>/<c>} "
            r"<~penalty>$",
            r"$100 \cdot <mean> \cdot <penalty> <~answer>$",
        ],
    )
