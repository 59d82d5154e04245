"""A student's function beside the reference: a trial per case, one sentence about all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnngrade.checks import arrays, diagnosis
from rnngrade.checks.cases import NEAR_0, Case, generator
from rnngrade.checks.verdict import (
    FINAL,
    AuthorError,
    Problem,
    as_numbers,
    call_all,
    check_form,
    check_reference,
    check_values,
    differs,
    leaves,
    name_of,
    outputs_in_a_row,
    where,
)
from rnngrade.errors import CheckFailed
from rnngrade.messages import Message, message

OTHER = -1  # a seed that no test has
WRONG_NUMBERS = {"checks.values", "checks.shape", "checks.finite"}


@dataclass(frozen=True)
class Trial:
    """One case: the problem or None, what the student's function gave, what it should give.

    `got` and `want` are rows of NumPy arrays; `got` is None where the function gave none.
    """

    case: Case
    problem: Problem | None
    got: tuple[np.ndarray, ...] | None
    want: tuple[np.ndarray, ...]

    @property
    def is_near_0(self) -> bool:
        """Whether it tells known mistakes apart: large numbers saturate."""
        return NEAR_0 in self.case.settings

    @property
    def is_explicable(self) -> bool:
        """Whether a known mistake may be the reason: wrong numbers, or an error."""
        return self.problem is not None and self.problem.id in {*WRONG_NUMBERS, "checks.raised"}


class Comparison:
    """A student's function and the reference, and how they are compared.

    Args:
        student: the function under test.
        reference: the function that is right.
        returns: the outputs of both by name, text or a `Message`, each with its symbolic
            shape or None.
        mistakes: the names of the formulas whose known mistakes may explain wrong numbers.
        changes: the arguments that both functions may change; they are compared too.
        on_numpy: whether the reference gets NumPy arrays whatever the student's function
            gets: one that takes both is faster on them.
    """

    def __init__(
        self,
        student: Callable,
        reference: Callable,
        returns: Mapping[Any, str | None],
        mistakes: Sequence[str] = (),
        changes: Sequence[str] = (),
        on_numpy: bool = False,
    ):
        self.student, self.reference, self.returns = student, reference, dict(returns)
        self.mistakes, self.changes = tuple(mistakes), tuple(changes)
        self.on_numpy = on_numpy
        self.names = {**dict.fromkeys(changes), **returns}

    def judge(self, cases: list[Case]) -> list[Trial]:
        """Try all cases.

        Raises:
            CheckFailed: what is wrong, if anything.
            AuthorError: the reference fails, or gives numbers that nothing can be told by.
        """
        trials = self.trials(cases)
        if any(trial.problem for trial in trials):
            raise CheckFailed(self.explain(trials))
        return trials

    def trials(self, cases: list[Case]) -> list[Trial]:
        """One trial per case, up to one after which there is no use in another."""
        if not cases:
            raise AuthorError("checks.author-cases")
        wanted = [self._want(case) for case in cases]
        # The largest again, and again at once: a function has no memory, and draws no random
        # numbers.
        place = max(range(len(cases)), key=lambda number: _size(cases[number]))
        results = call_all(self.student, [*cases, cases[place], cases[place]], self.changes)
        trials = [
            self._trial(case, result, *want)
            for case, result, want in zip(cases, results, wanted, strict=False)
        ]
        for result in results[len(cases) :]:
            again = self._trial(cases[place], result, *wanted[place])
            if _is_inconsistent(trials[place], again):
                problem = Problem("checks.inconsistent", function=name_of(self.student))
                trials.insert(0, replace(trials[place], problem=problem))
                break
        return trials

    def explain(self, trials: list[Trial], told_by: list[Trial] | None = None) -> Message:
        """What is wrong in the trials, in one message.

        Args:
            trials: of all cases, at least one with a problem.
            told_by: trials on random numbers, if others than these.
        """
        tried = trials if told_by is None else told_by
        first, problem = next((trial, trial.problem) for trial in trials if trial.problem)
        # A function that answers now this, now that, has no other mistake that can be told.
        for trial in tried:
            if trial.problem and trial.problem.id == "checks.inconsistent":
                first, problem = trial, trial.problem
        if not first.is_explicable:
            return self._told(problem.message, trials)
        near_0 = [trial for trial in tried if trial.is_near_0]
        random = near_0 if any(trial.problem for trial in near_0) else tried
        known = self._mistakes(random, 1)
        if known:
            return known
        if problem.id != "checks.values":
            return self._told(self._of_form(first, random), trials)
        return self._two_mistakes(first, random) or self._told(
            self._decisive(first, random), trials
        )

    def once(self, case: Case) -> Trial:
        """One trial, by one call."""
        (result,) = call_all(self.student, [case], self.changes)
        return self._trial(case, result, *self._want(case))

    def _trial(self, case, result, form, want):
        got = None
        try:
            if isinstance(result, Problem):
                raise result
            given, arguments = result
            outputs = [arguments[name] for name in self.changes]
            if self.returns:
                outputs += outputs_in_a_row(self.student, given, list(self.returns), form)
            got = self._checked(case, outputs, want)
        except Problem as problem:
            return Trial(case, problem, got or problem.got, want)
        return Trial(case, None, got, want)

    def _checked(self, case, outputs, want):
        """The outputs as numbers; a Problem, which keeps them, if they are not as wanted."""
        named = list(zip(self.names.items(), outputs, want, strict=True))
        got = tuple(
            as_numbers(name, mine, theirs, case.library) for (name, _), mine, theirs in named
        )
        try:
            # The form of every output first: a wrong shape explains wrong values elsewhere.
            for (name, symbols), mine, theirs in named:
                check_form(name, mine, theirs, case.device, symbols)
            for ((name, _), _, theirs), mine in zip(named, got, strict=True):
                if name in self.changes and _is_left_alone(case.numbers[name], mine, theirs):
                    function = name_of(self.student)
                    raise Problem("checks.unchanged", function=function, argument=name)
                check_values(name, mine, theirs, case.device)
        except Problem as problem:
            problem.got = got
            raise
        return got

    def _want(self, case):
        """The form of what the reference returns, and its outputs as numbers."""
        arguments = dict(case.numbers) if self.on_numpy else case.copies()
        try:
            with np.errstate(all="ignore"):
                form = self.reference(*arguments.values())
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            raise AuthorError("checks.author-raised", text=text) from error
        changed = (arguments[name] for name in self.changes)
        outputs = leaves(form) if self.returns else ()
        want = tuple(arrays.numbers(value) for value in (*changed, *outputs))
        check_reference(self.names, want, case.sizes)
        return form, want

    def _mistakes(self, trials, number):
        if not self.mistakes:
            return None
        from rnngrade import misconceptions  # only now: a right answer never needs them

        # A mistake of the dtype is told when it is the only one.
        trials = [t for t in trials if not (t.problem and t.problem.id == "checks.dtype")]
        return misconceptions.explain(self.mistakes, trials, list(self.names), number)

    def _two_mistakes(self, first, random):
        """Two at once, unless the numbers are so nearly right that there can be none."""
        name = first.problem.message["name"]
        if diagnosis.is_close(self._pairs(name, random)):
            return None
        return self._mistakes(random, 2)

    def _pairs(self, name, trials):
        """What an output is and what it should be, in each trial that gave any."""
        place = list(self.names).index(name)
        return [(t.got[place], t.want[place]) for t in trials if t.got is not None]

    def _of_form(self, first, random):
        """What is wrong with the form of an output; its axes, if they are only exchanged."""
        problem = first.problem
        if problem.id != "checks.shape":
            return problem.message
        pairs = self._pairs(problem.message["name"], random)
        return next(diagnosis.moved_axes(problem.message["name"], pairs), problem.message)

    def _decisive(self, first, random):
        """The fact about wrong numbers that helps most."""
        name = first.problem.message["name"]
        vague = message("checks.values", name=name)
        pairs = self._pairs(name, random)
        if not any(trial.problem for trial in random):  # it shows elsewhere alone
            return vague
        if not pairs or any(got.shape != want.shape for got, want in pairs):
            return vague
        whole = [(trial.got, trial.want) for trial in random if trial.got is not None]
        facts = [
            *diagnosis.order_of_outputs(list(self.names), whole),
            *diagnosis.moved_axes(name, pairs),
            *diagnosis.facts(name, pairs, self.names[name] or ""),
        ]
        if not any(fact.id in ("checks.zero", "checks.precision") for fact in facts):
            facts = [*(() if self.changes else self._ignored(random)), *facts]
        return next(iter(facts), vague)

    def _ignored(self, trials):
        """Which inputs the student's function does not look at, though the reference does."""
        case = max((trial.case for trial in trials), key=_size)
        real = [n for n, value in case.numbers.items() if arrays.is_real(value)]
        other = [_with_another(case, name) for name in real]
        results = call_all(self.student, [case, *other], self.changes)
        if len(results) <= len(other) or any(isinstance(r, Problem) for r in results):
            return []
        before, *after = (_numbers_of(result) for result, _ in results)
        wanted, *changed = (self._want(c)[1] for c in (case, *other))
        unseen = [
            name
            for name, mine, theirs in zip(real, after, changed, strict=True)
            if _all_same(before, mine) and not _all_same(wanted, theirs)
        ]
        function = name_of(self.student)
        if unseen and len(unseen) == len(real):
            return [message("checks.constant", function=function)]
        return (
            [message("checks.ignores", function=function, names=tuple(unseen))]
            if unseen
            else []
        )

    def _told(self, what, trials):
        """A message about trials, with the settings in which it holds, if not everywhere."""
        problem = next(trial.problem for trial in trials if trial.problem)
        if problem.id in FINAL or problem.id == "checks.inconsistent":
            return what
        failed = [t.case for t in trials if t.problem and t.problem.id == problem.id]
        if what.id == "checks.values":  # the others have wrong numbers of another kind
            failed = [t.case for t in trials if t.problem and t.problem.id in WRONG_NUMBERS]
        only = where(failed, [trial.case for trial in trials if not trial.problem])
        return message("checks.only-for", what=what, where=only) if only else what


def _size(case):
    return sum(case.sizes.values())


def _is_left_alone(drawn, mine, theirs):
    return np.array_equal(mine, drawn) and not np.array_equal(theirs, drawn)


def _is_inconsistent(first, last):
    if first.got is None or last.got is None:
        return (first.got is None) != (last.got is None)
    return not _all_same(first.got, last.got)


def _with_another(case, name):
    value = case.numbers[name]
    random = generator(OTHER)
    if isinstance(value, float):
        other: Any = float(value * 2 + random.random())
    else:
        other = random.standard_normal(value.shape).astype(value.dtype)
    return replace(case, numbers={**case.numbers, name: other})


def _numbers_of(result):
    return tuple(
        arrays.numbers(leaf) if arrays.is_array(leaf) else np.asarray(leaf)
        for leaf in leaves(result)
    )


def _all_same(one, other):
    return len(one) == len(other) and all(
        a.shape == b.shape
        and a.dtype == b.dtype
        and (np.array_equal(a, b, equal_nan=a.dtype.kind == "f") or not differs(a, b).any())
        for a, b in zip(one, other, strict=True)
    )
