"""Find the mistake, or the two mistakes, with which a formula gives the student's numbers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from rnngrade.checks.cases import Case
from rnngrade.checks.verdict import differs
from rnngrade.messages import Message, message
from rnngrade.misconceptions.family import Family, Places

MOST_PAIRS = 1000  # that are tried where all mistakes are combined, the rare ones too
FLOAT32 = 1e-3  # to which twins agree in float32
AT_LEAST = 3  # numbers in which the student's function and the twin agree


def explain(
    families: Sequence[Family], trials: Sequence[Any], names: list[str], number: int = 1
) -> Message | None:
    """The mistake behind these trials, or None.

    Where several mistakes give the same numbers, the simplest is told: it comes first.

    Args:
        families: where to look.
        trials: of the student's function, on random numbers near 0.
        names: the names of what the trials compare.
        number: of mistakes at once.
    """
    if not any(trial.problem and trial.got for trial in trials):
        return None
    # A short sequence first: most twins differ there at once, and are not tried any further.
    trials = sorted(trials, key=lambda t: (t.case.sizes["T"], -t.case.sizes["B"]))
    formulas = [f for f in _formulas(families, trials[0].case, names) if f.is_right(trials)]
    for formula in formulas:
        for changes in formula.mistakes(trials[0].case, number):
            if formula.agrees(trials, changes):
                return _told(trials, names, changes)
    return None


def formula_for(
    families: Sequence[Family], case: Case, want: tuple[np.ndarray, ...], names: list[str]
) -> Callable | None:
    """The first formula that gives the wanted outputs in this case, as a function, or None."""
    for formula in _formulas(families, case, names):
        if _same(formula.gives(case), want):
            return formula.function(list(case.numbers))
    return None


def _formulas(families, case, names):
    """The families whose parameters are the arguments of the case."""
    bound = ((family, family.bind(case.numbers)) for family in families)
    return [_Formula(family, found, names) for family, found in bound if found is not None]


def _told(trials, names, changes):
    pairs = [pair for t in trials if t.got for pair in zip(names, t.got, t.want, strict=True)]
    wrong = list(dict.fromkeys(name for name, got, want in pairs if not _equal(got, want)))
    what = tuple(changes)
    if len(wrong) > 3:
        return message("mistakes.all-are", mistakes=what)
    return message("mistakes.is", n=len(wrong), names=tuple(wrong), mistakes=what)


@dataclass
class _Formula:
    """A family in the words of the student's function."""

    family: Family
    names: dict
    returns: list

    def function(self, arguments: list[str]) -> Callable:
        def right(*values):
            given = {n: np.asarray(v) for n, v in zip(arguments, values, strict=True)}
            outputs = self.family.run(Places(names=self.names), given, self.returns)
            return outputs if len(outputs) > 1 else outputs[0]

        return right

    def gives(self, case: Case, changes: tuple[Message, ...] = ()) -> tuple | None:
        """The outputs with these mistakes, or None if it raises."""
        return self._try(case, Places(changes, self.names))

    def mistakes(self, case: Case, number: int) -> Iterator[tuple[Message, ...]]:
        """Every mistake, or every two that may well be made together, the common ones first."""
        at = Places(names=self.names)
        self._try(case, at)
        common, rare = (
            [mistake for mistake, how in at.known.items() if how == kind]
            for kind in ("common", "rare")
        )
        every = [*common, *rare]
        small = len(every) * (len(every) - 1) // 2 <= MOST_PAIRS
        return combinations(every if number == 1 or small else common, number)

    def is_right(self, trials) -> bool:
        """Whether the formula without mistakes gives what the reference does."""
        return all(_same(self.gives(trial.case), trial.want) for trial in trials)

    def agrees(self, trials, changes) -> bool:
        """Whether the formula with these mistakes does everywhere what the student's does."""
        numbers = 0
        told_apart = any(array.dtype == np.float64 for t in trials for array in t.got or ())
        for trial in trials:
            result = self.gives(trial.case, changes)
            if trial.got is None:
                if result is not None or trial.problem.id != "checks.raised":
                    return False
            elif result is None or not _same(result, trial.got, told_apart):
                return False
            else:
                numbers += sum(int(np.isfinite(array).sum()) for array in result)
        return numbers >= AT_LEAST

    def _try(self, case, at):
        try:
            with np.errstate(all="ignore"):
                outputs = self.family.run(at, case.numbers, self.returns)
            return tuple(map(np.asarray, outputs))
        except Exception:  # a mistake may well be one of shapes
            return None


def _same(result, other, told_apart=False):
    if result is None or len(result) != len(other):
        return False
    return all(
        _equal(mine, theirs, told_apart) for mine, theirs in zip(result, other, strict=True)
    )


def _equal(mine, other, told_apart=False):
    """Same shape and dtype and, up to rounding, same numbers, NaN and infinity included.

    `told_apart`: whether float64 tells twins apart, so that float32 need not.
    """
    if (mine.shape, mine.dtype) != (other.shape, other.dtype):
        return False
    finite = np.isfinite(other)
    if not finite.all():
        if not np.array_equal(mine[~finite], other[~finite], equal_nan=True):
            return False
        mine, other = mine[finite], other[finite]
    if told_apart and other.dtype == np.float32:
        # Another library rounds otherwise, and a wrong formula may enlarge that.
        size = max(1.0, float(np.abs(other).max(initial=0.0)))
        return bool((np.abs(mine - other) <= FLOAT32 * size).all())
    return not differs(mine, other).any()
