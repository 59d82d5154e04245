"""Running along time: the one loop, which serves every cell, and its parallel forms.

A recurrence that is *linear* in its state, h_t = a_t ⊙ h_{t-1} + b_t with a_t and b_t known
beforehand, needs no loop: steps can be combined in pairs, pairs of pairs, and so on, in
about log2(T) rounds (Blelloch 1990). RNN, LSTM and GRU are not linear in their state; the
cells of `rnnlib.minimal` are.
"""

import operator
from itertools import accumulate

from array_api_compat import array_namespace

from rnnlib._checks import check_arrays
from rnnlib._types import Array, Carry, Step


def scan(step: Step, carry: Carry, xs: Array, *params: Array) -> Carry:
    """Run a step along a sequence and return everything it carried.

        carry_t = step(x_t, carry_{t-1}, *params),   t = 1 … T

        hs = scan(rnn_step, h_0, xs, *params)
        hs, cs = scan(lstm_step, (h_0, c_0), xs, *params)

    The last state is `hs[-1]`. A long sequence may be cut into chunks: start each chunk
    with the last state of the one before, and the result is the same.

    Args:
        step: a function (x_t, carry, *params) -> carry.
        carry: the state before the first step, an array or a tuple of arrays.
        xs: (T, ...), time first; T is at least 1.
        *params: handed to every step.

    Returns:
        The carries of steps 1 … T, stacked along a new first axis: an array (T, ...) for an
        array, a tuple of such arrays for a tuple.
    """
    check_arrays(xs=(xs, None))
    if not xs.shape or xs.shape[0] == 0:
        raise ValueError(f"xs must hold at least one time step, got shape {tuple(xs.shape)}.")
    steps = (xs[t, ...] for t in range(xs.shape[0]))
    carries = accumulate(steps, lambda c, x_t: step(x_t, c, *params), initial=carry)
    next(carries)  # the state before the first step
    carries = list(carries)
    if isinstance(carries[0], tuple):
        return tuple(_stack(states) for states in zip(*carries, strict=True))
    return _stack(carries)


def linear_scan(a: Array, b: Array, h_0: Array) -> Array:
    """h_t = a_t ⊙ h_{t-1} + b_t for t = 1 … T, all steps at once.

    Args:
        a: (T, ...), the factors.
        b: (T, ...), the additions.
        h_0: (...), the state before the first step.

    Returns:
        hs: (T, ...). O(T) work in about 2 log2(T) rounds. Equals
        `scan(lambda ab, h: ab[0] * h + ab[1], h_0, stack([a, b], 1))`.
    """
    return _affine_scan(a, b, h_0, times=operator.mul, plus=operator.add)


def log_linear_scan(log_a: Array, log_b: Array, log_h_0: Array) -> Array:
    """`linear_scan` in logarithms, for a, b, h_0 > 0: nothing under- or overflows.

    log h_t = log(e^{log a_t + log h_{t-1}} + e^{log b_t})

    Args:
        log_a: (T, ...).
        log_b: (T, ...).
        log_h_0: (...).

    Returns:
        log_hs: (T, ...).
    """
    xp = array_namespace(log_a)
    return _affine_scan(log_a, log_b, log_h_0, times=operator.add, plus=xp.logaddexp)


def _affine_scan(a, b, h_0, times, plus):
    check_arrays(a=(a, None), b=(b, None), h_0=(h_0, None))
    if a.shape != b.shape or not a.shape or a.shape[0] == 0:
        raise ValueError(
            "a and b must have the same shape with at least one time step, "
            f"got {tuple(a.shape)} and {tuple(b.shape)}."
        )
    if h_0.shape != a.shape[1:]:
        raise ValueError(
            f"h_0 must have the shape of one step of a, {tuple(a.shape[1:])}, "
            f"got {tuple(h_0.shape)}."
        )
    xp = array_namespace(a)
    first = plus(times(a[:1, ...], h_0[None, ...]), b[:1, ...])
    return _prefixes(xp, a, xp.concat([first, b[1:, ...]]), times, plus)


def _prefixes(xp, a, b, times, plus):
    """The recurrence from h_0 = 0: combine steps in pairs, solve for the pairs, fill in.

    Two steps in a row are one step: a_2 (a_1 h + b_1) + b_2 = (a_2 a_1) h + (a_2 b_1 + b_2).
    """
    T = a.shape[0]
    if T == 1:
        return b
    half = T // 2
    a_1, b_1 = a[0 : 2 * half : 2, ...], b[0 : 2 * half : 2, ...]
    a_2, b_2 = a[1::2, ...], b[1::2, ...]
    second = _prefixes(xp, times(a_2, a_1), plus(times(a_2, b_1), b_2), times, plus)
    rest_a, rest_b = a[2::2, ...], b[2::2, ...]
    later = plus(times(rest_a, second[: rest_a.shape[0], ...]), rest_b)
    first = xp.concat([b[:1, ...], later])
    pairs = xp.stack([first[:half, ...], second], axis=1)
    flat = xp.reshape(pairs, (2 * half, *a.shape[1:]))
    return xp.concat([flat, first[half:, ...]])


def _stack(states):
    return array_namespace(*states).stack(list(states), axis=0)
