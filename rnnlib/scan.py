"""The one loop over time: it serves every cell, because a cell is one pure step."""

from itertools import accumulate

from array_api_compat import array_namespace

from rnnlib._checks import check_arrays


def scan(step, carry, xs, *params):
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
    check_arrays(xs=(xs, "..."))
    if not xs.shape or xs.shape[0] == 0:
        raise ValueError(f"xs must hold at least one time step, got shape {tuple(xs.shape)}.")
    steps = (xs[t, ...] for t in range(xs.shape[0]))
    carries = accumulate(steps, lambda c, x_t: step(x_t, c, *params), initial=carry)
    next(carries)  # the state before the first step
    carries = list(carries)
    if isinstance(carries[0], tuple):
        return tuple(_stack(states) for states in zip(*carries, strict=True))
    return _stack(carries)


def _stack(states):
    return array_namespace(*states).stack(list(states), axis=0)
