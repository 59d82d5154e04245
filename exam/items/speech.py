"""Connectionist temporal classification: paths, labellings, blanks."""

import math
from itertools import groupby, pairwise, product

import numpy as np

from exam.item import Draft, item
from exam.numbers import WHOLE, Number, decimals


def collapse(path):
    """Merge what is repeated, then take out the blanks, written as –."""
    return "".join(label for label, _ in groupby(path) if label != "–")


def labelling(rows, wanted):
    """The probability of a labelling: the sum over all its paths; rows of label -> p."""
    paths = product(*rows)
    return sum(
        math.prod(row[k] for row, k in zip(rows, path, strict=True))
        for path in paths
        if collapse(path) == wanted
    )


def frames(draw, T):
    """Probabilities of a and of the blank at T frames over the labels a, b."""
    n = {}
    for t in range(1, T + 1):
        n[f"a_{t}"] = draw.steps(0.1, 0.6, 0.1)
        n[f"b_{t}"] = draw.steps(0.1, 0.3, 0.1)
        n[f"o_{t}"] = Number(1 - n[f"a_{t}"] - n[f"b_{t}"])
    rows = [{"a": n[f"a_{t}"], "b": n[f"b_{t}"], "–": n[f"o_{t}"]} for t in range(1, T + 1)]
    return n, [{k: float(p) for k, p in row.items()} for row in rows]


@item("One label in two frames", minutes=4, to=decimals(2), keep=decimals(3))
def ctc_two_frames(draw):
    """p(a) over two frames: three paths."""
    n, rows = frames(draw, 2)

    def paper(r):
        twice, late = r(n["a_1"] * n["a_2"]), r(n["o_1"] * n["a_2"])
        early = r(n["a_1"] * n["o_2"])
        return {"twice": twice, "late": late, "early": early, "p": twice + late + early}

    return Draft(
        n,
        r"A recogniser gives the labels a, b and the blank – in frame 1 the probabilities "
        r"$<a_1>$, $<b_1>$, $<o_1>$ and in frame 2 $<a_2>$, $<b_2>$, $<o_2>$. Compute "
        r"$p(\text{a})$ by CTC.",
        labelling(rows, "a"),
        paper,
        [
            r"The paths that collapse to a: aa, –a, a–",
            r"$p(\text{aa}) = <a_1> \cdot <a_2> <~twice>$, $p(\text{–a}) = <o_1> \cdot <a_2> "
            r"<~late>$, $p(\text{a–}) = <a_1> \cdot <o_2> <~early>$",
            r"$<twice> + <late> + <early> <~answer>$",
        ],
    )


@item("Two labels in three frames", minutes=7, to=decimals(3), keep=decimals(4))
def ctc_three_frames(draw):
    """p(ab) over three frames: five paths."""
    n, rows = frames(draw, 3)
    paths = ("aab", "abb", "–ab", "a–b", "ab–")
    letter = {"a": "a", "b": "b", "–": "o"}

    def paper(r):
        each = {
            f"q_{k}": r(math.prod(n[f"{letter[c]}_{t}"] for t, c in enumerate(path, 1)))
            for k, path in enumerate(paths, 1)
        }
        return {**each, "p": sum(each.values())}

    return Draft(
        n,
        r"A recogniser gives the labels a, b and the blank – in three frames the "
        r"probabilities $(<a_1>, <b_1>, <o_1>)$, $(<a_2>, <b_2>, <o_2>)$ and $(<a_3>, <b_3>, "
        r"<o_3>)$, in this order. Compute $p(\text{ab})$ by CTC.",
        labelling(rows, "ab"),
        paper,
        [
            r"The paths that collapse to ab: aab, abb, –ab, a–b, ab–",
            r"$p(\text{aab}) <~q_1>$, $p(\text{abb}) <~q_2>$, $p(\text{–ab}) <~q_3>$, "
            r"$p(\text{a–b}) <~q_4>$, $p(\text{ab–}) <~q_5>$",
            r"Their sum: $<~answer>$",
        ],
    )


@item(
    "The best path is not the best labelling",
    minutes=4,
    to=decimals(2),
    keep=decimals(3),
)
def ctc_best_path(draw):
    """The ratio p(a) / p(nothing) where two blanks are the best path."""
    n = {"o_1": draw.steps(0.5, 0.7, 0.02), "o_2": draw.steps(0.5, 0.7, 0.02)}
    n |= {f"a_{t}": Number(1 - n[f"o_{t}"]) for t in (1, 2)}
    rows = [{"a": float(n[f"a_{t}"]), "–": float(n[f"o_{t}"])} for t in (1, 2)]
    if labelling(rows, "a") <= labelling(rows, "") or 0.5 in (n["o_1"], n["o_2"]):
        return None

    def paper(r):
        empty = r(n["o_1"] * n["o_2"])
        one = r(1 - empty)
        return {"empty": empty, "one": one, "ratio": one / empty}

    return Draft(
        n,
        r"With one label a and the blank –, the blank has the probability $<o_1>$ in frame 1 "
        r"and $<o_2>$ in frame 2. Greedy decoding takes two blanks and says nothing. How many "
        r"times as probable as nothing is the labelling a? (Give the ratio.)",
        labelling(rows, "a") / labelling(rows, ""),
        paper,
        [
            r"Nothing has one path: $p(\text{––}) = <o_1> \cdot <o_2> <~empty>$",
            r"All other paths, aa, a– and –a, collapse to a: $p(\text a) = 1 - <empty> <~one>$",
            r"$<one> / <empty> <~answer>$: more than 1, though no path of a is the best one.",
        ],
    )


@item("How many frames it takes", minutes=2, to=WHOLE)
def ctc_frames(draw):
    """Labels plus blanks between equal neighbours."""
    word = "".join(str(draw.whole(0, 9)) * draw.one_of(1, 1, 2, 3) for _ in range(3))
    n = {"word": word}
    repeats = sum(a == b for a, b in pairwise(word))

    def paper(r):
        return {"labels": len(word), "repeats": repeats, "frames": len(word) + repeats}

    shortest = next(
        T
        for T in range(1, 20)
        if any(
            collapse(sum(((c,) + ("–",) * gap for c, gap in zip(word, gaps, strict=True)), ()))
            == word
            and len(word) + sum(gaps) == T
            for gaps in product((0, 1), repeat=len(word))
        )
    )
    return Draft(
        n,
        r"At least how many frames does CTC need to say the digits <word>?",
        shortest,
        paper,
        [
            r"Each of the $<labels>$ labels takes a frame.",
            r"Between two equal neighbours stands a blank, or they would be merged: "
            r"$<repeats>$ of them. In all $<labels> + <repeats> <~answer>$ frames",
        ],
    )


@item("Counting paths", minutes=5, to=WHOLE)
def ctc_paths(draw):
    """C(T + U, 2U) paths of U different labels in T frames."""
    n = {"U": draw.whole(1, 3)}
    n["T"] = draw.whole(n["U"] + 1, 6 if n["U"] == 3 else 7)
    word = "abc"[: n["U"]]
    n["word"] = word
    paths = sum(collapse(path) == word for path in product("–" + word, repeat=n["T"]))

    def paper(r):
        top, bottom = n["T"] + n["U"], 2 * n["U"]
        return {"top": top, "bottom": bottom, "paths": math.comb(top, bottom)}

    return Draft(
        n,
        r"How many CTC paths of $T = <T>$ frames collapse to the labelling <word>? A "
        r"labelling of $U$ labels, no two neighbours equal, has $\binom{T + U}{2U}$ paths.",
        paths,
        paper,
        [
            r"Here $U = <U>$ and $T = <T>$.",
            r"$\binom{<T> + <U>}{2 \cdot <U>} = \binom{<top>}{<bottom>} <~answer>$",
        ],
    )


@item("Label error rate", minutes=4, to=decimals(1))
def ctc_errors(draw):
    """Edit distance over the length of the truth, in per cent."""
    digits = [str(draw.whole(0, 9)) for _ in range(draw.whole(5, 8))]
    said = list(digits)
    k = draw.whole(0, len(said) - 1)
    said[k] = str((int(said[k]) + draw.whole(1, 9)) % 10)
    j = draw.whole(0, len(said) - 1)
    del said[j]
    if draw.whole(0, 1):
        said.insert(draw.whole(0, len(said)), str(draw.whole(0, 9)))
    n = {"truth": " ".join(digits), "said": " ".join(said)}
    distance = edit_distance(digits, said)
    if distance < 2:
        return None

    def paper(r):
        return {"d": distance, "U": len(digits), "rate": 100 * distance / len(digits)}

    return Draft(
        n,
        r"Spoken were the digits <truth>; a recogniser wrote <said>. Compute the label error "
        r"rate, the least number of insertions, deletions and substitutions, in per cent (%) "
        r"of the digits spoken.",
        100 * distance / len(digits),
        paper,
        [
            r"The least number of changes that makes one into the other is $<d>$.",
            r"$100 \cdot <d> / <U> <~answer>$ %",
        ],
        unit="%",
    )


def edit_distance(one, other):
    """Levenshtein's distance, row by row."""
    row = np.arange(len(other) + 1)
    for k, a in enumerate(one, 1):
        before, row = row, np.full(len(other) + 1, k)
        for j, b in enumerate(other, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
    return int(row[-1])
