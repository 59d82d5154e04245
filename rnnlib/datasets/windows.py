"""Windows of a series: what is seen, and what is to be foretold."""

from typing import Any, NamedTuple

import numpy as np


class Windows(NamedTuple):
    """inputs (T, B) or (T, B, F), time first; targets (B,) or (B, F)."""

    inputs: Any
    targets: Any


def make_windows(segments, length, horizon=1):
    """All windows of `length` readings, each with the reading `horizon` steps after its last.

    No window crosses from one segment into another: call it on one part of a split, and no
    window can hold a reading of another part. A segment of fewer than `length + horizon`
    readings gives none.

    Args:
        segments: a list of arrays (n,) or (n, F), each without a gap; `[series]` for one.
        length: T, the readings seen.
        horizon: steps from the last reading seen to the target, at least 1.
    """
    if length < 1 or horizon < 1:
        raise ValueError(f"length and horizon must be at least 1, got {length} and {horizon}.")
    inputs, targets = [], []
    for segment in segments:
        count = len(segment) - length - horizon + 1
        if count > 0:
            view = np.lib.stride_tricks.sliding_window_view(segment, length, axis=0)
            inputs.append(np.moveaxis(view[:count], -1, 0))
            targets.append(segment[length + horizon - 1 :])
    if not inputs:
        raise ValueError(
            f"segments must hold one of at least {length + horizon} readings, got none."
        )
    return Windows(np.concatenate(inputs, axis=1), np.concatenate(targets))
