"""Three parts of a data set, and the cut of a time series that keeps them apart."""

from typing import Any, NamedTuple

import numpy as np


class Split(NamedTuple):
    """What is learnt from, what is chosen by, and what is looked at once, at the end."""

    train: Any
    valid: Any
    test: Any


def cut_by_time(times, valid_from, test_from, embargo):
    """Cut ascending times into three stretches with a pause of at least `embargo` between.

        train: t < valid_from - embargo
        valid: valid_from <= t < test_from - embargo
        test:  test_from <= t

    The embargo is taken from the end of the earlier part. Without it, and with windows cut
    across the whole series, a window of one part would hold readings of the next.

    Args:
        times: (T,) datetime64, ascending.
        valid_from, test_from: the first moment of the later parts.
        embargo: a timedelta64; 0 where windows are made within each part and neighbours
            across the cut do no harm.

    Returns:
        Split of three slices into the series.
    """
    if not np.all(times[1:] > times[:-1]):
        raise ValueError("times must ascend strictly; drop duplicate and backward ones first.")
    ends = [valid_from - embargo, test_from - embargo]
    train_end, valid_start, valid_end, test_start = np.searchsorted(
        times, [ends[0], valid_from, ends[1], test_from]
    )
    return Split(
        slice(0, int(train_end)),
        slice(int(valid_start), int(valid_end)),
        slice(int(test_start), len(times)),
    )
