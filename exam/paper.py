"""A mock exam: 60 points in 90 minutes, drawn from the written questions and the items."""

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from exam.items import ITEMS
from exam.questions import all_questions

POINTS, MINUTES = 60, 90
QUESTION_POINTS = 21  # the rest is calculation
QUESTION_MINUTES = 1.5  # per point
CORE = ("rnn", "lstm", "gru")  # each has an item in every paper


class Paper(NamedTuple):
    """What is asked: questions, and items with their numbers."""

    seed: int
    questions: list
    variants: list

    @property
    def points(self):
        """All points."""
        return sum(part.points for part in (*self.questions, *self.variants))

    @property
    def minutes(self):
        """The time that the parts need."""
        writing = QUESTION_MINUTES * sum(question.points for question in self.questions)
        return writing + sum(variant.item.minutes for variant in self.variants)


class _Part(NamedTuple):
    """What the choice looks at."""

    points: int
    minutes: float
    group: str  # of each group one part at most
    what: Any


def draw(seed):
    """The paper of this seed: at most one question and one item per chapter."""
    rng = np.random.default_rng([seed, 60])
    questions = [
        _Part(q.points, QUESTION_MINUTES * q.points, q.chapter, q)
        for q in all_questions()
        if q.kind == "written"
    ]
    items = [_Part(i.points, i.minutes, i.chapter, i) for i in ITEMS.values()]
    asked = _choose(_shuffled(questions, rng), QUESTION_POINTS, MINUTES)
    left = MINUTES - sum(part.minutes for part in asked)
    items = sorted(_shuffled(items, rng), key=lambda part: part.group not in CORE)
    # Items of the core come first, one of each; the others fill up what is left.
    chosen = _choose(items, POINTS - QUESTION_POINTS, left, must=CORE)
    order = list(ITEMS)
    chosen.sort(key=lambda part: order.index(part.what.name))
    asked.sort(key=lambda part: questions.index(part))
    return Paper(
        seed,
        [part.what for part in asked],
        [part.what.variant(seed) for part in chosen],
    )


def _shuffled(parts, rng):
    return [parts[k] for k in rng.permutation(len(parts))]


def _choose(parts, points, minutes, must=()):
    """The first choice, in this order, with exactly these points within these minutes."""

    @cache
    def possible(k, points, minutes, groups):
        if points == 0:
            return () if set(must) <= groups else None
        if k == len(parts) or points < 0 or minutes < 0:
            return None
        part = parts[k]
        if part.group not in groups and part.minutes <= minutes:
            rest = possible(
                k + 1, points - part.points, minutes - part.minutes, groups | {part.group}
            )
            if rest is not None:
                return (part, *rest)
        return possible(k + 1, points, minutes, groups)

    found = possible(0, points, minutes, frozenset())
    if found is None:
        raise ValueError("The questions and items do not add up to a paper.")
    return list(found)
