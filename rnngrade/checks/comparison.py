"""A student's function beside the reference: a trial per case, one sentence about all."""

from dataclasses import dataclass

import torch

from rnngrade.checks.cases import NEAR_0, STRIDED, Case, generator
from rnngrade.checks.verdict import (
    AuthorError,
    Problem,
    Student,
    call,
    check_form,
    check_kind,
    check_reference,
    check_values,
    leaves,
    name_of,
    where,
    wrong_values,
)

GRADIENTS = -1  # a seed that no test has
# After one of these there is no use in calling the function again.
FINAL = {"unfinished", "forbidden", "stopped"}


@dataclass(frozen=True)
class Trial:
    """One case: the problem or None, what the student's function gave, what it should give.

    `got` is None where the function gave nothing.
    """

    case: Case
    problem: Problem | None
    got: tuple | None
    want: tuple

    @property
    def is_explicable(self):
        """Whether a misconception may be the reason: wrong numbers, or none at all."""
        kind = self.problem.kind
        is_wrong = self.problem.vaguely or kind in ("shape", "finite")
        return bool(is_wrong) or kind.startswith("raised")


def values(run, arguments, names):
    """What a function returns."""
    return run(arguments)


def products(run, arguments, names):
    """The gradients of Σ v ⊙ output with respect to the inputs, with random v."""
    return _with_products(run, arguments, names)[1]


def values_and_products(run, arguments, names):
    """What a function returns, and its gradients."""
    outputs, gradients = _with_products(run, arguments, names)
    return *(output.detach() for output in outputs), *gradients


class Comparison:
    """A student's function and the reference, and how they are compared.

    Args:
        student: the function under test.
        reference: the function that is right.
        returns: the outputs of both, each with its symbolic shape or None.
        measure: a function (run, arguments, names) -> tensors, what is compared; `run` takes
            the arguments by name and gives the outputs in a row, `names` are theirs.
        outputs: the names of what is compared, with shapes, if it is not `returns`.
        changes: the arguments that both functions may change.
    """

    def __init__(self, student, reference, returns, measure=values, outputs=None, changes=()):
        self._student, self._reference, self._returns = student, reference, returns
        self._measure, self._outputs = measure, outputs or returns
        self._changes = frozenset(changes)

    def trials(self, cases):
        """One trial per case.

        Raises:
            AuthorError: the reference fails, or gives numbers that nothing can be told by.
        """
        if not cases:
            raise AuthorError("it has no cases")
        trials = []
        for case in cases:
            trials.append(self.trial(case))
            if trials[-1].problem and trials[-1].problem.kind in FINAL:
                break
        return trials

    def trial(self, case):
        """One trial; errors as in `trials`."""
        form, want = self._ask_reference(case)
        student, got = Student(self._student, case, self._returns, form, self._changes), None
        try:
            got = self._measure(student, _copies(case), list(self._returns))
            self._check(case, got, want)
        except Problem as problem:
            return Trial(case, problem, got, want)
        return Trial(case, None, got, want)

    def judge(self, cases):
        """Try all cases; an AssertionError says in one sentence what is wrong, if anything."""
        self.tell(self.trials(cases))

    def tell(self, trials, explained_by=None):
        """Say what is wrong in the trials, if anything.

        Args:
            trials: of all cases.
            explained_by: the trials that show the misconception, if others than these.

        Raises:
            AssertionError: one sentence.
        """
        first = next((t for t in trials if t.problem), None)
        if first is None:
            return
        sentence = first.is_explicable and self._misconception(explained_by or trials)
        raise AssertionError(f"{sentence or _summary(trials, first.problem)}.")

    def _misconception(self, trials):
        from rnngrade import misconceptions  # only now: a right answer never needs them

        near_0 = [
            trial
            for trial in trials
            if NEAR_0 in trial.case.settings and STRIDED not in trial.case.settings
        ]
        # What a formula gives in place of a changed argument, it returns by its name.
        measure = values if self._changes else self._measure
        returns = list(self._outputs if self._changes else self._returns)

        def outcome(run, case):
            return measure(run, _copies(case), returns)

        return misconceptions.explain(near_0, returns, list(self._outputs), outcome)

    def _ask_reference(self, case):
        form = None

        def run(arguments):
            nonlocal form
            form = self._reference(*arguments.values())
            return leaves(form) if self._returns else ()

        try:
            want = self._measure(run, _copies(case), list(self._returns))
        except Exception as error:
            raise AuthorError(
                f"the reference raised {type(error).__name__}: {error}"
            ) from error
        check_reference(self._outputs, want, case.sizes)
        return form, want

    def _check(self, case, got, want):
        # The form of every output first: a wrong shape explains wrong values elsewhere.
        for (name, symbols), mine, theirs in self._side_by_side(got, want):
            check_kind(name, mine)
            check_form(name, mine, theirs, symbols)
        for (name, symbols), mine, theirs in self._side_by_side(got, want):
            if name in self._changes and _is_left_alone(case.arguments[name], mine, theirs):
                sentence = f"{name_of(self._student)} must change its argument {name} in place"
                raise Problem("unchanged", sentence, wrong_values(name))
            check_values(name, mine, theirs, over_time=(symbols or "").startswith("T "))

    def _side_by_side(self, got, want):
        return zip(self._outputs.items(), got, want, strict=True)


def _is_left_alone(drawn, mine, theirs):
    return torch.equal(mine, drawn) and not torch.equal(theirs, drawn)


def _summary(trials, problem):
    """The problem, and the settings in which it occurs."""
    if problem.kind in FINAL:
        return problem
    failed = [t for t in trials if t.problem and t.problem.kind == problem.kind]
    alike = [t for t in trials if t.problem and t.problem.vaguely == problem.vaguely]
    if problem.vaguely and any(t.problem.kind not in (problem.kind, "few") for t in alike):
        problem, failed = problem.vaguely, alike
    passed = [t.case for t in trials if not t.problem]
    return f"{problem}{where([t.case for t in failed], passed)}"


def _copies(case):
    return {n: a.clone() if torch.is_tensor(a) else a for n, a in case.arguments.items()}


def _with_products(run, arguments, names):
    real = {n: a for n, a in arguments.items() if torch.is_tensor(a) and a.is_floating_point()}
    with torch.enable_grad():
        inputs = [a.requires_grad_() for a in real.values()]
        # Copies of them: a function that changes one is told so, not refused by autograd.
        outputs = run({n: a.clone() if n in real else a for n, a in arguments.items()})
        for name, output in zip(names, outputs, strict=True):
            check_kind(name, output)
            if not output.requires_grad:
                how = "as by detach(), .data, .item() or NumPy"
                raise Problem("detached", f"{name} is cut off from its inputs, {how}")
        random = generator(GRADIENTS)
        v = [torch.randn(o.shape, generator=random, dtype=torch.float64).to(o) for o in outputs]

    def backward(*_):
        options = {"allow_unused": True, "materialize_grads": True}
        return torch.autograd.grad(outputs, inputs, v, **options)

    return outputs, call(backward, real)
