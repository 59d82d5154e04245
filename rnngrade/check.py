"""What test cells call: run a student's function, compare, and say what is off.

Every failure is an AssertionError whose message names the output and the kind of mistake, and
never shows an expected value. Where the student's numbers are those of a known mistake,
`rnngrade.misconceptions` names it. An AuthorError means that the test itself is wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnngrade.checks import arrays
from rnngrade.checks.cases import Case, cases, default_library, use_devices, use_key
from rnngrade.checks.comparison import Comparison
from rnngrade.checks.verdict import (
    AuthorError,
    ChangedArgument,
    Forbidden,
    Problem,
    as_numbers,
    check_form,
    check_reference,
    check_values,
)
from rnngrade.errors import CheckFailed
from rnngrade.messages import use_language

__all__ = [
    "AuthorError",
    "ChangedArgument",
    "CheckFailed",
    "Forbidden",
    "Part",
    "cases",
    "close",
    "compare",
    "example",
    "gradients",
    "in_place",
    "module",
    "use_devices",
    "use_key",
    "use_language",
]


@dataclass(frozen=True)
class Part:
    """A part of a unit: a function, what it takes and gives, and how it may go wrong.

    Args:
        function: the student's.
        takes: its arguments in order, each with its symbolic shape, as `cases` takes them.
        gives: its outputs in order, likewise, or None for a shape that is not told.
        mistakes: the names of the formulas in `rnngrade.misconceptions` whose known mistakes
            may explain wrong numbers.
        sizes: letters that the course does not have, each with its five numbers.
        library: of its arrays, "numpy" or "torch".
    """

    function: Callable
    takes: Mapping[str, str]
    gives: Mapping[str, str | None]
    mistakes: Sequence[str] = ()
    sizes: Mapping[str, Sequence[int]] | None = None
    library: str | None = None

    def cases(self, seed: int | str = 0) -> list[Case]:
        """The random inputs that it is tried on."""
        return cases(seed, sizes=self.sizes, library=self.library, **self.takes)

    def example(self, arguments: Mapping[str, Any], returns: Mapping[str, Any]) -> None:
        """A visible check; see `example`. If it fails, random inputs name the mistake."""
        _example(self.function, arguments, returns, self)

    def compare(self, reference: Callable) -> None:
        """The hidden test: the same outputs as the reference, on random inputs.

        Args:
            reference: of rnnlib, where a function takes NumPy arrays as well as tensors.
        """
        judge = Comparison(self.function, reference, self.gives, self.mistakes, on_numpy=True)
        judge.judge(self.cases(self.function.__name__))


def close(got: Any, want: Any, name: str) -> None:
    """Compare one result with numbers that the reader may see: a visible check.

    Args:
        got: what the student's function returned.
        want: an array, or nested lists of numbers.
        name: what the result is called on the page, such as "f_t".

    Raises:
        CheckFailed: if they differ.
    """
    real = arrays.is_real(got)
    wanted = _numbers(want, arrays.dtype_of(got) if real else "float64")
    check_reference({name: None}, (wanted,), {})
    library = arrays.library_of(want) or arrays.library_of(got) or default_library()
    try:
        mine = as_numbers(name, got, wanted, library)
        check_form(name, mine, wanted, "cpu", None)
        check_values(name, mine, wanted, "cpu")
    except Problem as problem:
        raise CheckFailed(problem.message) from None


def example(
    student: Callable, arguments: Mapping[str, Any], returns: Mapping[str, Any]
) -> None:
    """Call a function on an example that can be followed on paper: a visible check.

        check.example(hidden_state, {"o_t": [[0.5]], "c_t": [[0.0]]}, {"h_t": [[0.0]]})

    Args:
        student: the function under test.
        arguments: in the order of the function, each by its name on the page: an array or
            nested lists of numbers.
        returns: the outputs in order, likewise.

    Raises:
        CheckFailed: if the outputs differ.
    """
    _example(student, arguments, returns, None)


def compare(
    student: Callable,
    reference: Callable,
    cases: list[Case],
    returns: Mapping[str, str | None],
    mistakes: Sequence[str] = (),
) -> None:
    """Call both functions on every case and compare what they return.

    Args:
        student: the function under test.
        reference: the function that is right; it takes the same arguments.
        cases: from `cases(…)`.
        returns: the outputs in order, each with its symbolic shape: {"h_t": "B H", …}, or
            None for a shape that is not told. Where the reference nests them, as in
            hs, (h_T, c_T), so must the student's function.
        mistakes: the names of the formulas whose known mistakes may explain wrong numbers.

    Raises:
        CheckFailed: the mistake, if the outputs are those of one; else the first kind of
            failure, and where it occurs if that is not everywhere.
    """
    Comparison(student, reference, returns, mistakes).judge(cases)


def gradients(
    student: Callable,
    reference: Callable,
    cases: list[Case],
    returns: Mapping[str, str | None],
    mistakes: Sequence[str] = (),
) -> None:
    """Compare the outputs, then what autograd makes of both functions.

    That is the gradient of Σ v ⊙ output, v random, with respect to every input that holds real
    numbers. The arguments and errors are those of `compare`.
    """
    from rnngrade.checks import autograd  # the rest of this module does without torch

    compare(student, reference, cases, returns, mistakes)
    mine, theirs = (autograd.with_gradients(f, list(returns)) for f in (student, reference))
    Comparison(mine, theirs, autograd.gradient_names(cases)).judge(cases)


def in_place(
    student: Callable,
    reference: Callable,
    cases: list[Case],
    changes: Sequence[str],
    returns: Mapping[str, str | None] | None = None,
    mistakes: Sequence[str] = (),
) -> None:
    """Compare how both functions change their arguments; their names end in _, as in torch.

    Args:
        student, reference, cases, mistakes: as in `compare`.
        changes: the names of the arguments that change; the others must stay as they are.
        returns: as in `compare`, or None if it does not matter what is returned.
    """
    Comparison(student, reference, returns or {}, mistakes, changes).judge(cases)


def module(
    student: Callable,
    reference: Callable,
    sizes: str,
    cases: list[Case],
    returns: Mapping[str, str | None],
    mistakes: Sequence[str] = (),
) -> None:
    """Compare two classes of torch modules: same weights, same inputs, outputs and gradients.

        check.module(
            LSTM, torch.nn.LSTM, "I H", check.cases(seed=1, xs="T B I"),
            returns={"hs": "T B H", "h_T": None, "c_T": None},
        )

    Args:
        student: the class under test.
        reference: the class that is right, or a function that makes an instance.
        sizes: the letters whose numbers both are made with.
        cases: the inputs of forward.
        returns, mistakes: as in `compare`.

    Raises:
        CheckFailed: the weight that is missing, misshapen or too many, or what `compare` and
            `gradients` say.
    """
    from rnngrade.checks import autograd

    count = len(cases[0].numbers)
    cases = [autograd.with_weights(case, reference, sizes) for case in cases]
    names = list(cases[0].numbers)[1 + count :]
    mine, theirs = (autograd.applied(make, count, names) for make in (student, reference))
    gradients(mine, theirs, cases, returns, mistakes)


def _example(student, arguments, returns, part):
    library = part.library if part else None
    library = library or next(filter(None, map(arrays.library_of, arguments.values())), None)
    library = library or default_library()
    dtype = "float32" if library == "torch" else "float64"
    numbers = {name: _argument(value, dtype) for name, value in arguments.items()}
    want = tuple(_numbers(value, dtype) for value in returns.values())
    case = Case(numbers, {}, frozenset(), library)
    form = want if len(want) > 1 else want[0]
    shown = Comparison(student, lambda *_: form, dict.fromkeys(returns))
    trial = shown.once(case)
    if not trial.problem:
        return
    right = _formula(part, case, want) if part and trial.is_explicable else None
    if right is None:
        raise CheckFailed(shown.explain([trial], told_by=[]))
    tried = Comparison(student, right, part.gives, part.mistakes)
    random = tried.trials(part.cases())
    raise CheckFailed(tried.explain([trial], told_by=random))


def _formula(part, case, want):
    """What the function should be, if the example tells: to try it on random numbers too."""
    from rnngrade import misconceptions  # only now: a right answer never needs them

    return misconceptions.formula_for(part.mistakes, case, want, list(part.gives))


def _argument(value, dtype):
    """Nested lists and arrays of real numbers in the dtype of the example; else as it is."""
    if isinstance(value, list | tuple):
        return np.asarray(value, dtype)
    if arrays.is_array(value):
        plain = arrays.numbers(value)
        return plain.astype(dtype) if arrays.is_real(value) else plain
    return value


def _numbers(value, dtype):
    plain = arrays.numbers(value) if arrays.is_array(value) else np.asarray(value)
    return plain.astype(dtype) if plain.dtype.kind in "fiu" else plain
