"""What an item is: a calculation on paper whose numbers come from a seed.

An item is a function that draws its numbers and returns a `Draft`. The answer is computed
by rnnlib or NumPy. Beside it stands `paper`, the way a person goes, line by line, and each
of its results passes through `r`, which rounds it to what the question says one should keep.

A draw is kept only if rounding on the way cannot change the rounded answer: whether a result
on the way is rounded to as many places as asked, to one or two more, or not at all, the answer
stays the same. Else the numbers are drawn anew.
"""

from itertools import product
from typing import Any, NamedTuple

import numpy as np

from exam.numbers import Draw, Number, Rounding, fill

ITEMS = {}
TRIES = 300
WAYS = 256  # of rounding: all of them up to four results on the way, a sample beyond
MARGIN = 0.02  # of a unit in the last place: no answer lies so near to a border


class Draft(NamedTuple):
    """What the function of an item returns."""

    numbers: dict  # what was drawn, by name: for the texts, and for whoever checks the answer
    question: str
    answer: float  # by rnnlib or NumPy, unrounded
    paper: Any  # a function r -> dict of the results by name, the last is the answer
    solution: list  # one line of text per step, a point each; the last tells <~answer>
    unit: str = ""


class Variant(NamedTuple):
    """An item with the numbers of one seed."""

    item: Any
    seed: int
    draft: Draft
    question: str
    shown: str  # the rounded answer with its unit, as TeX without the dollars
    solution: list

    @property
    def points(self):
        """A point for each line of the solution."""
        return len(self.solution)


class Item(NamedTuple):
    """A calculation on paper; `variant(seed)` gives it numbers."""

    name: str
    chapter: str
    title: str
    minutes: int
    to: Rounding
    keep: Rounding
    make: Any

    def variant(self, seed):
        """The item with the numbers of this seed: the same seed, the same numbers."""
        rng = np.random.default_rng([seed, *self.name.encode()])
        for _ in range(TRIES):
            draft = self.make(Draw(rng))
            if draft is not None and self.is_safe(draft):
                return self._written(seed, draft)
        raise RuntimeError(f"{self.name} finds no numbers that are safe to round.")

    @property
    def points(self):
        """Points are those of any variant: its lines are the same in all."""
        return self.variant(1).points

    def is_safe(self, draft):
        """Whether the rounded answer is the same however one rounds on the way."""
        answer = float(draft.answer)
        unrounded = _last(draft.paper(Number))
        if not np.isclose(unrounded, answer, rtol=1e-5, atol=1e-9):
            raise AssertionError(f"{self.name}: on paper {unrounded}, by the library {answer}.")
        unit, wanted = self.to.unit(answer), self.to(answer)
        if not np.isfinite(answer) or (answer and not wanted):
            return False
        if self.to.kind != "whole":
            to_border = abs(abs(answer - wanted) / unit - 0.5)
            if to_border < MARGIN:
                return False
        return all(self.to(_last(draft.paper(r))) == wanted for r in self._roundings(draft))

    def _roundings(self, draft):
        """Ways of rounding on the way: all, or a sample."""
        kind, places = self.keep
        levels = [Rounding(kind, places + more) for more in (0, 1, 2)] + [float]
        counter = _InTurn(())
        draft.paper(counter)
        if len(levels) ** counter.calls <= WAYS:
            ways = product(levels, repeat=counter.calls)
        else:
            drawn = np.random.default_rng(0).integers(len(levels), size=(WAYS, counter.calls))
            ways = [[level] * counter.calls for level in levels]
            ways += [[levels[k] for k in way] for way in drawn]
        return map(_InTurn, ways)

    def _written(self, seed, draft):
        answer = self.to(draft.answer)
        values = {**draft.numbers, **draft.paper(self.keep), "answer": answer}
        question = fill(draft.question, values) + " " + self.to.sentence(self.keep)
        shown = answer.text + _unit(draft.unit)
        lines = [fill(line, values) for line in draft.solution]
        return Variant(self, seed, draft, question, shown, lines)


class _InTurn:
    """Round the k-th result by the k-th rounding; count the results."""

    def __init__(self, roundings):
        self.roundings, self.calls = roundings, 0

    def __call__(self, value):
        k, self.calls = self.calls, self.calls + 1
        return self.roundings[k](value) if k < len(self.roundings) else value


def item(title, *, minutes, to, keep=None):
    """Enter the function as an item; its name with hyphens is the item's.

    The chapter is the one that the function's file is named after.

    Args:
        title: what is asked for, in a few words.
        minutes: how long it takes on paper.
        to: the rounding of the answer.
        keep: the rounding on the way, that of the answer if not given.
    """

    def enter(make):
        name = make.__name__.replace("_", "-")
        if name in ITEMS:
            raise ValueError(f"There are two items named {name}.")
        chapter = make.__module__.rpartition(".")[2].replace("_", "-")
        ITEMS[name] = Item(name, chapter, title, minutes, to, keep or to, make)
        return make

    return enter


def _unit(unit):
    """A unit after its number in TeX."""
    if not unit:
        return ""
    return r"\,\%" if unit == "%" else rf"\ \text{{{unit}}}"


def _last(results):
    return float(list(results.values())[-1])
