"""What is decisive about wrong numbers, where no known mistake gives them.

A fact is told only if it holds in every case that was tried.
"""

from collections.abc import Callable, Iterator
from itertools import permutations

import numpy as np

from rnngrade.checks.verdict import differs
from rnngrade.messages import Message, message

CLOSE = 1e-2  # relative error of a result that was computed in too few digits
DIGITS = range(9)  # to which somebody may round

Pairs = list[tuple[np.ndarray, np.ndarray]]


def facts(name: str, pairs: Pairs, symbols: str) -> Iterator[Message]:
    """What holds for an output everywhere.

    Args:
        name: what the output is called.
        pairs: what the function gave and what it should give, of one shape, in each case.
        symbols: its symbolic shape, or "".
    """
    if all(not got.any() for got, _ in pairs):
        yield message("checks.zero", name=name)
    if _all(pairs, lambda got, want: _same(-got, want)):
        yield message("checks.sign", name=name)
    digits = next((d for d in DIGITS if _is_rounded(pairs, d)), None)
    if digits is not None:
        yield message("checks.rounded", name=name, n=digits)
    if _all(pairs, lambda got, want: _same(got, np.clip(want, got.min(), got.max()))):
        yield message("checks.clipped", name=name)
    elif digits is None and is_close(pairs):
        yield message("checks.precision", name=name)
    yield from _scaled(name, pairs)
    if "B" in symbols.split():
        yield from _in_batch(name, pairs, symbols.split().index("B"))
    if symbols.startswith("T "):
        yield from _in_time(name, pairs)


def is_close(pairs: Pairs) -> bool:
    """Whether the numbers are nearly right: as if computed in too few digits."""
    return bool(pairs) and all(
        got.shape == want.shape
        and np.abs(got - want).max(initial=0) <= CLOSE * np.abs(want).max(initial=0)
        for got, want in pairs
    )


def moved_axes(name: str, pairs: Pairs) -> Iterator[Message]:
    """Whether an output holds the right numbers with its axes in another order."""
    dimensions = {want.ndim for _, want in pairs} or {0}
    for order in list(permutations(range(max(dimensions))))[1:]:
        if all(
            want.ndim == len(order)
            and got.shape == want.transpose(order).shape
            and _same(got, want.transpose(order))
            for got, want in pairs
        ):
            yield message("checks.axes", name=name)
            return


def order_of_outputs(names: list[str], trials: list[tuple[tuple, tuple]]) -> Iterator[Message]:
    """Whether the outputs are right, in another order."""
    if len(names) > 4:
        return
    for order in list(permutations(range(len(names))))[1:]:
        if all(
            got[k].shape == want[p].shape and _same(got[k], want[p])
            for got, want in trials
            for k, p in enumerate(order)
        ):
            yield message("checks.order", names=", ".join(names[p] for p in order))
            return


def _scaled(name, pairs):
    if any(np.count_nonzero(want) < 2 for _, want in pairs):
        return  # one number is in proportion to any other
    factors = [float((got * want).sum() / (want * want).sum()) for got, want in pairs]
    if all(factors) and all(
        _same(got / factor, want) for (got, want), factor in zip(pairs, factors, strict=True)
    ):
        alike = np.allclose(factors, factors[0], rtol=1e-4)
        yield message("checks.scale" if alike else "checks.scale-by-case", name=name)


def _in_batch(name, pairs, axis):
    """What is said of sequences that should not know of each other."""
    several = [
        (np.moveaxis(got, axis, 0), np.moveaxis(want, axis, 0))
        for got, want in pairs
        if want.shape[axis] > 1
    ]
    if several and _all(several, lambda got, want: _same(got, want[:1] + 0 * want)):
        yield message("checks.first-of-batch", name=name)
    elif several and _all(several, lambda got, _: _same(got, got[:1] + 0 * got)):
        yield message("checks.same-in-batch", name=name)


def _in_time(name, pairs):
    if _all(pairs, lambda got, want: _same(got[::-1], want)):
        yield message("checks.backwards", name=name)
    longer = [(got, want) for got, want in pairs if len(want) > 1]
    if not longer:
        return
    if _all(longer, lambda got, want: _same(got[1:], want[:-1])):
        yield message("checks.late-by-one", name=name)
    if _all(longer, lambda got, want: _same(got[:-1], want[1:])):
        yield message("checks.early-by-one", name=name)
    if _all(pairs, lambda got, want: _same(got[0], want[0])):
        wrong = min(_first_wrong(got, want) for got, want in longer)
        yield message("checks.from-step", name=name, step=wrong + 1)
    elif _all(pairs, lambda got, want: _same(got[-1], want[-1])):
        yield message("checks.last-step-only", name=name)


def _first_wrong(got, want):
    wrong = differs(got, want).reshape(len(want), -1).any(axis=1)
    return int(wrong.argmax()) if wrong.any() else len(want)


def _is_rounded(pairs, digits):
    """Whether every number is near the right one, and on the grid of so many decimals."""
    return _all(
        pairs,
        lambda got, want: (
            _same(got, np.round(got, digits))
            and np.abs(got - want).max(initial=0) <= 0.51 * 10.0**-digits
        ),
    )


def _same(got, want):
    return not differs(got, want).any()


def _all(pairs: Pairs, holds: Callable) -> bool:
    return all(holds(got, want) for got, want in pairs)
