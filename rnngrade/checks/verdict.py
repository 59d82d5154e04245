"""One call of a student's function, and one sentence about what is wrong with what it gave."""

from functools import partial
from itertools import combinations

import torch

from rnngrade.checks.cases import shape

# Sums may be taken in another order; a result rounded to float32 on the way (1e-8) is told.
# A GPU has its own exp and tanh, and adds in many orders.
TOLERANCE = {
    ("cpu", torch.float32): 1e-5,
    ("cpu", torch.float64): 1e-10,
    ("cuda", torch.float32): 1e-4,
    ("cuda", torch.float64): 1e-9,
}


class ChangedArgument(Exception):
    """The student's function changed the argument at this position, and must not."""

    def __init__(self, position):
        super().__init__(f"argument {position} was changed in place")
        self.position = position


class Forbidden(Exception):
    """The student's code used what the unit asks to write; the message says what."""


class AuthorError(Exception):
    """The test itself is wrong, whatever the student's function does."""

    def __init__(self, sentence):
        super().__init__(f"this test is at fault, not your function: {sentence}.")


class Problem(Exception):
    """What is wrong in one case; problems of one kind are told together.

    `vaguely` is what to say if other cases have a problem that is not of this kind.
    """

    def __init__(self, kind, sentence, vaguely=None):
        super().__init__(sentence)
        self.kind, self.vaguely = kind, vaguely


class Student:
    """The student's function in one case: what goes wrong in a call becomes a Problem.

    Args:
        function: what is called.
        case: where the arguments come from.
        returns: the names of its outputs.
        form: what the reference returned: a tensor, or nested tuples of tensors.
        may_change: the names of the arguments that the function may change.
    """

    def __init__(self, function, case, returns, form, may_change=frozenset()):
        self._function, self._case, self._may_change = function, case, may_change
        self._returns, self._form = list(returns or ()), form

    def __call__(self, arguments):
        """The outputs, in a row, for copies of the arguments of the case."""
        name = name_of(self._function)
        result = call(self._function, arguments)
        for argument, value in arguments.items():
            drawn = self._case.arguments[argument]
            kept = argument in self._may_change or not isinstance(value, torch.Tensor)
            if not kept and not torch.equal(value, drawn):
                raise Problem("modified", f"{name} changes its argument {argument} in place")
        return self._in_a_row(result, name) if self._returns else ()

    def _in_a_row(self, result, name):
        if result is None:
            raise Problem("none", f"{name} returns None, as if `return` were missing")
        if _nesting(result) == _nesting(self._form):
            return leaves(result)
        if isinstance(result, list | tuple):
            got = len(result) if len(result) != len(self._returns) else "them nested otherwise"
            got = got if len(self._returns) > 1 else f"a {type(result).__name__}"
        else:
            got = f"one {type(result).__name__}"
        count = len(self._returns)
        must = f"{count} tensors, {_spelled(self._form, iter(self._returns))}"
        must = must if count > 1 else f"one tensor, {self._returns[0]}"
        raise Problem("number", f"{name} must return {must}, got {got}")


def call(function, arguments):
    """Call the student's function; whatever it raises becomes a Problem.

    An interrupt passes: it is no mistake of the student's.
    """
    name = name_of(function)
    try:
        return function(*arguments.values())
    except Problem:
        raise
    except ChangedArgument as error:
        argument = dict(enumerate(arguments)).get(error.position, error.position)
        raise Problem("modified", f"{name} changes its argument {argument} in place") from None
    except Forbidden as error:
        what = f"{_first_line(error)}, which this unit asks you to write yourself"
        raise Problem("forbidden", f"{name} uses {what}") from None
    except (Exception, SystemExit) as error:
        kind, message = type(error).__name__, _first_line(error)
        if isinstance(error, NotImplementedError) and not message:
            raise Problem("unfinished", f"{name} is not written yet") from None
        shapes = ", ".join(f"{n} {_size(a)}" for n, a in arguments.items())
        said = f"{kind} ({message})" if message else kind
        is_over = isinstance(error, TimeoutError | ConnectionError)  # it will not answer again
        what = "stopped" if is_over else f"raised {kind}"
        raise Problem(what, f"{name} raised {said} for {shapes}") from None


def check_kind(name, got):
    """A problem unless this is a tensor of real numbers."""
    if got is None:
        raise Problem("none", f"{name} is None, as if `return` were missing")
    if not isinstance(got, torch.Tensor):
        raise Problem("type", f"{name} must be a tensor, got {type(got).__name__}")
    if got.layout != torch.strided:
        raise Problem("type", f"{name} must be a plain tensor, got one with {got.layout}")
    if not got.dtype.is_floating_point:
        raise Problem("dtype", f"{name} must hold floating-point numbers, got {got.dtype}")


def check_form(name, got, want, symbols=None):
    """A problem unless shape, dtype and device are as they should be."""
    check_shape(name, got, want, symbols)
    for attribute in ("dtype", "device"):
        mine, theirs = getattr(got, attribute), getattr(want, attribute)
        if mine != theirs:
            sentence = f"{name} must keep the {attribute} of the inputs, {theirs}, got {mine}"
            raise Problem(attribute, sentence)


def check_shape(name, got, want, symbols=None):
    """A problem unless the shapes are the same; nothing is broadcast."""
    if got.shape != want.shape:
        letters = f"({', '.join(symbols.split())}) = " if symbols else ""
        must = f"{name} must have shape {letters}{_size(want)}"
        raise Problem("shape", f"{must}, got {_size(got)}")


def check_values(name, got, want, over_time=False):
    """A problem unless the numbers are the same, up to rounding."""
    got, want = got.detach(), want.detach()
    if not torch.isfinite(got).all():
        raise Problem("finite", f"{name} holds NaN or infinity though every input is finite")
    wrong = differs(got, want)
    if not wrong.any():
        return
    vaguely = wrong_values(name)
    if not got.any():
        raise Problem("zero", f"{name} is zero everywhere", vaguely)
    if not differs(-got, want).any():
        raise Problem("sign", f"{name} has the wrong sign", vaguely)
    if want.count_nonzero() < 2:  # one number is in proportion to any other
        raise Problem("few", vaguely, vaguely)
    if _is_scaled(got, want):
        raise Problem("scale", f"{name} is off by a constant factor", vaguely)
    if over_time and not wrong[0].any():
        step = wrong.flatten(1).any(dim=1).nonzero()[0].item() + 1
        sentence = f"{name} is right at the first time step, wrong from step {step}"
        raise Problem("late", sentence, vaguely)
    raise Problem("values", vaguely, vaguely)


def wrong_values(name):
    """What there is to say if nothing more is known."""
    return f"{name} has the right shape but wrong values"


def check_reference(returns, want, sizes):
    """An AuthorError unless the reference gives what the test says, in finite numbers."""
    if len(want) != len(returns):
        raise AuthorError(f"the reference returns {len(want)} outputs, not {len(returns)}")
    for (name, symbols), value in zip(returns.items(), want, strict=True):
        try:
            check_kind(name, value)
        except Problem as problem:
            raise AuthorError(f"of the reference, {problem}") from None
        if symbols is not None and tuple(value.shape) != shape(symbols, sizes):
            said = f"{name} of shape {_size(value)}, not ({', '.join(symbols.split())})"
            raise AuthorError(f"the reference returns {said}")
        if not torch.isfinite(value).all() or not value.numel():
            said = "NaN or infinity" if value.numel() else "no number at all"
            raise AuthorError(f"the reference gives {said} in {name}")


def differs(got, want):
    """Where two tensors of one shape are not the same, up to rounding."""
    # Where terms near `size` cancel, the error is relative to the terms, not to their sum.
    size = max(1.0, want.abs().max().item())
    return (got - want).abs() > TOLERANCE.get((want.device.type, want.dtype), 1e-2) * size


def where(failed, passed):
    """The end of the sentence: the settings in which it fails, if it does not everywhere."""
    shared = sorted(set.intersection(*(case.settings for case in failed)))
    if not passed:
        return ""
    # The fewest settings that no passing case has together; else all that set failures apart.
    groups = (
        set(group) for n in range(1, len(shared) + 1) for group in combinations(shared, n)
    )
    always = set.intersection(*(case.settings for case in passed))
    only = next((g for g in groups if not any(g <= c.settings for c in passed)), None)
    only = sorted(only or set(shared) - always)
    return f" (only for {' and '.join(only)})" if only else ""


def name_of(function):
    """What to call a function in a sentence."""
    function = function.func if isinstance(function, partial) else function
    name = getattr(function, "__name__", "")
    return name if isinstance(name, str) and name.isidentifier() else "the function"


def leaves(result):
    """The members of nested tuples and lists, in a row."""
    if not isinstance(result, list | tuple):
        return (result,)
    return tuple(leaf for member in result for leaf in leaves(member))


def _nesting(result):
    return [_nesting(member) for member in result] if isinstance(result, list | tuple) else None


def _spelled(form, names):
    if not isinstance(form, list | tuple):
        return next(names)
    return f"({', '.join(_spelled(member, names) for member in form)})"


def _is_scaled(got, want):
    factor = (got * want).sum() / (want * want).sum()
    return bool(factor) and not differs(got / factor, want).any()


def _first_line(error):
    try:
        text = str(error)[:2000]
    except Exception:
        return ""
    line = (text.splitlines() or [""])[0][:200]
    return "".join(c if c.isprintable() else " " for c in line).rstrip(". ")


def _size(value):
    return tuple(value.shape) if isinstance(value, torch.Tensor) else value
