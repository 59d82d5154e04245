"""One call of a student's function, and what is wrong with what it gave, if anything."""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from rnngrade.checks import arrays
from rnngrade.checks.cases import Case, shape
from rnngrade.errors import Told
from rnngrade.messages import Message, message

# Sums may be taken in another order; a result rounded to float32 on the way (1e-8) is told.
# A GPU has its own exp and tanh, and adds in many orders.
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
ON_A_GPU = 10  # times as much

KINDS = {
    "real": message("checks.kind-real"),
    "whole": message("checks.kind-whole"),
    "truth": message("checks.kind-truth"),
}

# After one of these there is no use in calling the function again.
FINAL = {"checks.unfinished", "checks.forbidden", "checks.stopped"}


class ChangedArgument(Exception):
    """The student's function changed the argument at this position, and must not."""

    def __init__(self, position: int):
        super().__init__(position)
        self.position = position


class Forbidden(Exception):
    """The student's code used what the unit asks to write; the text is what it used."""


class AuthorError(Told):
    """The test itself is wrong, whatever the student's function does."""


class Problem(Exception):
    """What is wrong in one case; problems with the same id are told together."""

    def __init__(self, id: str, /, **fields: Any):
        self.message = message(id, **fields)
        self.got: tuple[np.ndarray, ...] | None = None  # the numbers that it is about
        super().__init__(self.message)

    @property
    def id(self) -> str:
        """What it is."""
        return self.message.id


def call_all(function: Callable, cases: list[Case], may_change: Iterable[str] = ()) -> list:
    """Call a function with copies of the arguments of each case.

    A function that runs in another process takes all calls at once, by its `call_all`.

    Args:
        function: what is called.
        cases: whose arguments it gets.
        may_change: the names of the arguments that it may change in place.

    Returns:
        For each case a pair of the result and the arguments after the call, or a `Problem`.
        The list ends where another call would be of no use.
    """
    call_elsewhere = getattr(type(function), "call_all", None)
    if call_elsewhere:  # it cannot spoil what stays here, and says itself what it has changed
        given = [case.copies() if may_change else case.arguments for case in cases]
        answers = call_elsewhere(function, [tuple(arguments.values()) for arguments in given])
        calls: Iterable = [partial(_answer, answer) for answer in answers]
    else:
        given = [case.copies() for case in cases]
        calls = (partial(function, *arguments.values()) for arguments in given)
    results: list = []
    for run, arguments, case in zip(calls, given, cases, strict=False):
        try:
            result = guarded(run, function, arguments)
            if not call_elsewhere:
                _check_unchanged(function, case, arguments, may_change)
            results.append((result, arguments))
        except Problem as problem:
            results.append(problem)
            if problem.id in FINAL:
                break
    return results


def guarded(run: Callable, function: Callable, arguments: Mapping[str, Any]) -> Any:
    """Run a call of the student's function; whatever it raises becomes a Problem.

    An interrupt passes: it is no mistake of the student's.
    """
    name = name_of(function)
    try:
        with np.errstate(all="ignore"):
            return run()
    except (Problem, AuthorError):
        raise
    except ChangedArgument as error:
        changed = dict(enumerate(arguments)).get(error.position, error.position)
        raise Problem("checks.modified", function=name, argument=changed) from None
    except Forbidden as error:
        raise Problem("checks.forbidden", function=name, what=_first_line(error)) from None
    except (Exception, SystemExit) as error:
        raise _raised(name, error, arguments) from None


def _answer(answer):
    if answer.error is not None:
        raise answer.error
    return answer.value


def _raised(name, error, arguments):
    text = _first_line(error)
    if isinstance(error, NotImplementedError) and not text:
        return Problem("checks.unfinished", function=name)
    said = message("checks.error-said", error=type(error).__name__, text=text)
    what = said if text else type(error).__name__
    if isinstance(error, Told):
        what = error.message
    shapes = tuple(f"{n} {_size(a)}" for n, a in arguments.items())
    is_over = isinstance(error, TimeoutError | ConnectionError)  # it will not answer again
    if is_over:
        return Problem("checks.stopped", function=name, what=what)
    return Problem("checks.raised", function=name, what=what, shapes=", ".join(shapes))


def _check_unchanged(function, case, arguments, may_change):
    for name, value in arguments.items():
        if name in may_change or not arrays.is_array(value):
            continue
        drawn = case.numbers[name]
        if value.shape != drawn.shape or not np.array_equal(arrays.numbers(value), drawn):
            raise Problem("checks.modified", function=name_of(function), argument=name)


def outputs_in_a_row(function: Callable, result: Any, returns: list[str], form: Any) -> tuple:
    """The outputs of a call.

    Args:
        function: what was called.
        result: what it returned.
        returns: the names of its outputs.
        form: what the reference returned: a value, or nested tuples of values.

    Raises:
        Problem: it returned nothing, or another number of outputs.
    """
    name = name_of(function)
    if result is None:
        raise Problem("checks.none", function=name)
    if _nesting(result) == _nesting(form):
        return leaves(result)
    must = _spelled(form, iter(returns))
    if len(returns) == 1:
        raise Problem("checks.one", function=name, must=must, got=type(result).__name__)
    if not isinstance(result, list | tuple):
        got = type(result).__name__
        raise Problem("checks.several", function=name, n=len(returns), must=must, got=got)
    if len(result) == len(returns):
        raise Problem("checks.nested", function=name, must=must)
    fields = {"n": len(returns), "must": must, "got": len(result)}
    raise Problem("checks.number", function=name, **fields)


def as_numbers(name: str, got: Any, want: np.ndarray, library: str) -> np.ndarray:
    """An output as numbers, once it is clear that it is an array as it should be.

    A plain number stands for an array of no dimensions.

    Raises:
        Problem: another kind of value.
    """
    if got is None:
        raise Problem("checks.output-none", name=name)
    if not want.ndim and isinstance(got, bool | int | float | np.generic):
        got = np.asarray(got, want.dtype if _same_kind(got, want) else None)
    elif arrays.library_of(got) == library and not arrays.is_dense(got):
        raise Problem("checks.type-plain", name=name)
    elif arrays.library_of(got) != library:
        must = "checks.type-tensor" if library == "torch" else "checks.type-array"
        raise Problem(must, name=name, got=type(got).__name__)
    plain = arrays.numbers(got)
    if _kind(plain) != _kind(want):
        raise Problem("checks.kind", name=name, must=KINDS[_kind(want)], got=_dtype_of(got))
    return plain


def check_form(name: str, got: Any, want: np.ndarray, device: str, symbols: str | None) -> None:
    """A problem unless shape, dtype and device are as they should be."""
    mine, theirs = tuple(np.shape(got)), want.shape
    if mine != theirs:
        letters = f"({', '.join(symbols.split())}) = {theirs}" if symbols else f"{theirs}"
        raise Problem("checks.shape", name=name, must=letters, got=f"{mine}")
    if not arrays.is_array(got):
        return
    dtype, wanted = arrays.dtype_of(got), arrays.dtype_of(want)
    if dtype != wanted and _kind(want) == "real":
        raise Problem("checks.dtype", name=name, must=wanted, got=dtype)
    if arrays.library_of(got) == "torch" and arrays.device_of(got).split(":")[0] != device:
        raise Problem("checks.device", name=name, must=device, got=arrays.device_of(got))


def check_values(name: str, got: np.ndarray, want: np.ndarray, device: str) -> None:
    """A problem unless the numbers are the same, up to rounding."""
    if not np.isfinite(got).all():
        raise Problem("checks.finite", name=name)
    if differs(got, want, device).any():
        raise Problem("checks.values", name=name)


def check_reference(returns: Mapping, want: tuple, sizes: Mapping[str, int]) -> None:
    """An AuthorError unless the reference gives what the test says, in finite numbers."""
    if len(want) != len(returns):
        raise AuthorError("checks.author-number", got=len(want), must=len(returns))
    for (name, symbols), value in zip(returns.items(), want, strict=True):
        if _kind(value) is None:
            raise AuthorError("checks.author-kind", name=name, got=type(value).__name__)
        if symbols is not None and value.shape != shape(symbols, sizes):
            must = f"({', '.join(symbols.split())})"
            raise AuthorError("checks.author-shape", name=name, must=must, got=f"{value.shape}")
        if not value.size or not np.isfinite(value).all():
            raise AuthorError("checks.author-finite", name=name)


def differs(got: np.ndarray, want: np.ndarray, device: str = "cpu") -> np.ndarray:
    """Where two arrays of one shape are not the same, up to rounding."""
    if _kind(want) != "real":
        return np.asarray(got != want)
    return ~(np.abs(got - want) <= tolerance(want, device))  # NaN is not the same


def tolerance(want: np.ndarray, device: str = "cpu") -> float:
    """By how much right numbers may differ from these."""
    # Where terms near `size` cancel, the error is relative to the terms, not to their sum.
    size = max(1.0, float(np.abs(want).max(initial=0.0)))
    factor = 1 if device == "cpu" else ON_A_GPU
    return TOLERANCE.get(want.dtype.name, 1e-2) * factor * size


def where(failed: list[Case], passed: list[Case]) -> tuple[Message, ...]:
    """The settings in which it fails, if it does not everywhere."""
    if not passed:
        return ()
    shared = sorted(frozenset.intersection(*(case.settings for case in failed)), key=repr)
    # The fewest settings that no passing case has together; else all that set failures apart.
    groups = (
        set(group) for n in range(1, len(shared) + 1) for group in combinations(shared, n)
    )
    always = frozenset.intersection(*(case.settings for case in passed))
    only = next((g for g in groups if not any(g <= c.settings for c in passed)), None)
    return tuple(sorted(only or set(shared) - always, key=repr))


def name_of(function: Any) -> str | Message:
    """What to call a function in a sentence."""
    function = function.func if isinstance(function, partial) else function
    name = getattr(function, "__name__", "")
    named = isinstance(name, str) and name.isidentifier()
    return name if named else message("checks.the-function")


def leaves(result: Any) -> tuple:
    """The members of nested tuples and lists, in a row."""
    if not isinstance(result, list | tuple):
        return (result,)
    return tuple(leaf for member in result for leaf in leaves(member))


def _kind(value):
    """Which numbers an array holds: "real", "whole" or "truth"; None for anything else."""
    dtype = getattr(value, "dtype", None)
    kinds = {"f": "real", "i": "whole", "u": "whole", "b": "truth"}
    return kinds.get(getattr(dtype, "kind", ""))


def _dtype_of(value):
    return arrays.dtype_of(value) if hasattr(value, "dtype") else type(value).__name__


def _same_kind(number, want):
    kind = _kind(np.asarray(number))
    return kind == _kind(want) or (kind == "whole" and _kind(want) == "real")


def _nesting(result):
    return [_nesting(member) for member in result] if isinstance(result, list | tuple) else None


def _spelled(form, names):
    if not isinstance(form, list | tuple):
        return next(names)
    return f"({', '.join(_spelled(member, names) for member in form)})"


def _first_line(error):
    try:
        text = str(error)[:2000]
    except Exception:
        return ""
    line = (text.splitlines() or [""])[0][:200]
    return "".join(c if c.isprintable() else " " for c in line).rstrip(". ")


def _size(value):
    if arrays.is_array(value):
        return tuple(value.shape)
    return f"{value:g}" if isinstance(value, float) and math.isfinite(value) else value
