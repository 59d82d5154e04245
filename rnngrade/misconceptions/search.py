"""Find the mistake, or the two mistakes, with which a formula gives the student's numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import torch

from rnngrade.checks.verdict import differs
from rnngrade.misconceptions.family import Family, Places

AT_LEAST = 4  # numbers in which the student's function and the twin agree


@dataclass(frozen=True)
class Reference:
    """A formula that is right, and the shapes of its arguments as `cases` takes them."""

    function: Callable
    shapes: dict


def explain(families, trials, returns, names, outcome):
    """The misconception behind these trials, a sentence without its full stop, or None.

    Args:
        families: where to look.
        trials: of the student's function, on random numbers near 0.
        returns: the names of what the function returns.
        names: the names of what the trials compare.
        outcome: a function (run, case) that gives what the trials compare, where
            `run(arguments)` gives what the function returns, in a row.
    """
    if not any(trial.problem and trial.got for trial in trials):
        return None
    # A short sequence first: most twins differ there at once, and are not tried any further.
    trials = sorted(trials, key=lambda t: (t.case.sizes["T"], -t.case.sizes["B"]))
    formulas = _formulas(families, trials[0].case, returns, outcome)
    formulas = [formula for formula in formulas if formula.is_right(trials)]
    for number in (1, 2):
        found = [
            " and ".join(changes)
            for formula in formulas
            for changes in formula.mistakes(trials[0].case, number)
            if formula.agrees(trials, frozenset(changes))
        ]
        if found:  # more than one, if these trials do not tell them apart
            what = f"{_subject(trials, names)} what you get when {found[0]}"
            return what if len(found) == 1 else None
    return None


def reference_for(families, case, want, returns):
    """The one formula that gives the wanted outputs in this case, a `Reference`, or None."""
    formulas = _formulas(families, case, returns, lambda run, case: run(case.arguments))
    fitting = [formula for formula in formulas if _same(formula.gives(case), want)]
    if len(fitting) != 1:
        return None
    formula, names = fitting[0], list(case.arguments)

    def function(*arguments):
        given = dict(zip(names, arguments, strict=True))
        outputs = formula.family.run(Places(names=formula.names), given, returns)
        return outputs if len(outputs) > 1 else outputs[0]

    return Reference(function, formula.family.shapes_of(formula.names, names))


def _formulas(families, case, returns, outcome):
    """The families whose parameters are the arguments of the case."""
    bound = ((family, family.bind(case.arguments)) for family in families)
    return [
        _Formula(f, names, list(returns), outcome) for f, names in bound if names is not None
    ]


def _subject(trials, names):
    """Which results are not the reference's, as the subject of a sentence, with its verb."""
    pairs = [pair for t in trials if t.got for pair in zip(names, t.got, t.want, strict=True)]
    wrong = list(dict.fromkeys(name for name, got, want in pairs if not _equal(got, want)))
    if len(wrong) == 1:
        return f"{wrong[0]} is"
    if len(wrong) > 3:
        return "the results are"
    return f"{', '.join(wrong[:-1])} and {wrong[-1]} are"


@dataclass(frozen=True)
class _Formula:
    """A family in the words of the student's function."""

    family: Family
    names: dict
    returns: list
    outcome: Callable

    def gives(self, case, changes=frozenset()):
        """The outcome with these mistakes, or None if it raises."""
        return self._try(case, Places(changes, self.names))

    def mistakes(self, case, number):
        """Every mistake, or every two that may well be made together."""
        at = Places(names=self.names)
        self._try(case, at)
        wanted = ("common", "rare") if number == 1 else ("common",)
        return combinations([c for c, kind in at.known.items() if kind in wanted], number)

    def _try(self, case, at):
        try:
            return self.outcome(lambda given: self.family.run(at, given, self.returns), case)
        except Exception:  # a mistake may well be one of shapes
            return None

    def is_right(self, trials):
        """Whether the formula without mistakes gives what the reference does."""
        return all(_same(self.gives(trial.case), trial.want) for trial in trials)

    def agrees(self, trials, changes):
        """Whether the formula with these mistakes does everywhere what the student's does."""
        numbers = 0
        for trial in trials:
            result = self.gives(trial.case, changes)
            if trial.got is None:
                if result is not None or not trial.problem.kind.startswith("raised"):
                    return False
            elif not _same(result, trial.got):
                return False
            else:
                numbers += sum(tensor.isfinite().sum().item() for tensor in result)
        return numbers >= AT_LEAST


def _same(result, other):
    if result is None or len(result) != len(other):
        return False
    return all(map(_equal, result, other))


def _equal(mine, other):
    """Same kind, same shape and, up to rounding, same numbers, NaN and infinity included."""
    if not (torch.is_tensor(mine) and torch.is_tensor(other)):
        return False
    if (mine.shape, mine.dtype, mine.device) != (other.shape, other.dtype, other.device):
        return False
    finite = torch.isfinite(other)
    odd = torch.equal(finite, torch.isfinite(mine)) and torch.equal(
        mine[~finite].nan_to_num(), other[~finite].nan_to_num()
    )
    return odd and not (finite.any() and differs(mine[finite], other[finite]).any())
