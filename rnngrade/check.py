"""What test cells call: run a student's function, compare, and say in one sentence what is off.

Every failure is an AssertionError whose sentence names the output and the kind of mistake,
and never shows an expected value.
"""

import torch

from rnngrade.cases import cases, shape

__all__ = ["cases", "close", "compare"]

# Sums may be taken in another order; a result rounded to float32 on the way (1e-8) is told.
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}


def close(got, want, name):
    """Compare one result with numbers that the reader may see: a visible check.

    Args:
        got: what the student's function returned.
        want: a tensor, or nested lists of numbers.
        name: what the result is called on the page, such as "f_t".

    Raises:
        AssertionError: one sentence, if they differ.
    """
    try:
        _check_tensor(name, got)
        want = torch.as_tensor(want, dtype=got.dtype, device=got.device)
        if got.shape != want.shape:
            raise _Problem("shape", f"{name} must have shape {_t(want)}, got {_t(got)}")
        _check_values(name, got, want)
    except _Problem as problem:
        raise AssertionError(f"{problem.sentence}.") from None


def compare(student, reference, cases, returns):
    """Call both functions on every case and compare what they return.

    Args:
        student: the function under test.
        reference: the function that is right; it takes the same arguments.
        cases: from `cases(…)`.
        returns: the outputs in order, each with its symbolic shape: {"h_t": "B H", …}.

    Raises:
        AssertionError: one sentence about the first kind of failure, and the setting in
            which it occurs if it does not occur everywhere.
    """
    problems = [_run(student, reference, case, returns) for case in cases]
    first = next((p for p in problems if p), None)
    if first:
        failed = [c for c, p in zip(cases, problems, strict=True) if p and p.kind == first.kind]
        passed = [c for c, p in zip(cases, problems, strict=True) if not p]
        raise AssertionError(f"{first.sentence}{_where(failed, passed)}.")


class _Problem(Exception):
    """What is wrong in one case; problems of one kind are told together."""

    def __init__(self, kind, sentence):
        super().__init__(sentence)
        self.kind, self.sentence = kind, sentence


def _run(student, reference, case, returns):
    """The problem that the student's function has with this case, or None."""
    try:
        outputs = _outputs(_call(student, case), _name(student), returns)
        wanted = reference(*case.arguments.values())
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        # The kind of every output first: a wrong shape explains wrong values elsewhere.
        for (name, symbols), got, want in zip(returns.items(), outputs, wanted, strict=True):
            _check_tensor(name, got)
            _check_form(name, got, want, symbols, case.sizes)
        for (name, symbols), got, want in zip(returns.items(), outputs, wanted, strict=True):
            _check_values(name, got, want, over_time=symbols.startswith("T "))
    except _Problem as problem:
        return problem


def _call(student, case):
    """Call on copies, so that the reference sees the inputs as they were drawn."""
    name, copies = _name(student), {n: a.clone() for n, a in case.arguments.items()}
    try:
        result = student(*copies.values())
    except NotImplementedError:
        raise _Problem("unfinished", f"{name} is not written yet") from None
    except Exception as error:
        kind = type(error).__name__
        message = (str(error).splitlines() or [""])[0][:200].rstrip(". ")
        shapes = ", ".join(f"{n} {_t(a)}" for n, a in case.arguments.items())
        raise _Problem(
            f"raised {kind}", f"{name} raised {kind} ({message}) for {shapes}"
        ) from None
    for argument, copy in copies.items():
        if not torch.equal(copy, case.arguments[argument]):
            raise _Problem("modified", f"{name} changes its argument {argument} in place")
    return result


def _outputs(result, name, returns):
    """The result as a tuple with as many members as there are outputs."""
    if result is None:
        raise _Problem("none", f"{name} returns None, as if `return` were missing")
    if len(returns) == 1 and not isinstance(result, tuple | list):
        return (result,)
    if len(returns) == 1:
        output, kind = next(iter(returns)), type(result).__name__
        raise _Problem("number", f"{name} must return one tensor, {output}, got a {kind}")
    expected = f"{name} must return {len(returns)} tensors, ({', '.join(returns)})"
    if not isinstance(result, tuple | list):
        raise _Problem("number", f"{expected}, got one {type(result).__name__}")
    if len(result) != len(returns):
        raise _Problem("number", f"{expected}, got {len(result)}")
    return tuple(result)


def _check_tensor(name, got):
    if got is None:
        raise _Problem("none", f"{name} is None, as if `return` were missing")
    if not isinstance(got, torch.Tensor):
        raise _Problem("type", f"{name} must be a tensor, got {type(got).__name__}")
    if not got.dtype.is_floating_point:
        raise _Problem("dtype", f"{name} must hold floating-point numbers, got {got.dtype}")


def _check_form(name, got, want, symbols, sizes):
    expected = shape(symbols, sizes)
    if tuple(got.shape) != expected:
        letters = ", ".join(symbols.split())
        raise _Problem(
            "shape", f"{name} must have shape ({letters}) = {expected}, got {_t(got)}"
        )
    for attribute in ("dtype", "device"):
        mine, theirs = getattr(got, attribute), getattr(want, attribute)
        if mine != theirs:
            raise _Problem(
                attribute,
                f"{name} must keep the {attribute} of the inputs, {theirs}, got {mine}",
            )


def _check_values(name, got, want, over_time=False):
    got, want = got.detach(), want.detach()
    if not torch.isfinite(got).all():
        raise _Problem("finite", f"{name} holds NaN or infinity though every input is finite")
    wrong = _differs(got, want)
    if not wrong.any():
        return
    if not _differs(-got, want).any():
        raise _Problem("sign", f"{name} has the wrong sign")
    if _is_scaled(got, want):
        raise _Problem("scale", f"{name} is off by a constant factor")
    if over_time and not wrong[0].any():
        step = wrong.flatten(1).any(dim=1).nonzero()[0].item() + 1
        raise _Problem(
            "late", f"{name} is right at the first time step, wrong from step {step}"
        )
    raise _Problem("values", f"{name} has the right shape but wrong values")


def _differs(got, want):
    # Where terms near `size` cancel, the error is relative to the terms, not to their sum.
    size = max(1.0, want.abs().max().item())
    return (got - want).abs() > TOLERANCE.get(want.dtype, 1e-2) * size


def _is_scaled(got, want):
    if want.count_nonzero() < 3:  # one or two numbers are easily in proportion
        return False
    factor = (got * want).sum() / (want * want).sum()
    return bool(factor) and not _differs(got / factor, want).any()


def _where(failed, passed):
    """The settings that all failures share, and not all passes, as the end of a sentence."""
    if not passed:
        return ""
    shared = set.intersection(*(case.settings for case in failed))
    only = sorted(shared - set.intersection(*(case.settings for case in passed)))
    return f" (only for {' and '.join(only)})" if only else ""


def _name(function):
    return getattr(function, "__name__", "the function")


def _t(tensor):
    return tuple(tensor.shape)
