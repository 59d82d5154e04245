"""Glucose of one patient every five minutes: forecasting with gaps and an alarm."""

from typing import Any, NamedTuple

import numpy as np

from rnnlib.datasets._files import read_arrays
from rnnlib.datasets.split import Split, cut_by_time

VALID_FROM = np.datetime64("2010-08-12T00:00")
TEST_FROM = np.datetime64("2010-09-11T00:00")
EMBARGO = np.timedelta64(24, "h")
SHORTEST_STEP = np.timedelta64(3, "m")
LONGEST_STEP = np.timedelta64(6, "m")


class Segment(NamedTuple):
    """A stretch without a gap: minutes (T,) datetime64[m], glucose (T,) float32 in mg/dL."""

    minutes: Any
    glucose: Any


def load_readings():
    """All 52,281 readings as the source has them, in its order: one Segment with faults."""
    arrays = read_arrays("glucose.npz")
    minutes = arrays["minutes"].astype("datetime64[m]")
    return Segment(minutes, arrays["glucose"].astype(np.float32))


def load_glucose():
    """Continuous glucose monitoring of one patient, 2010-03-24 to 2010-10-10.

    Source: the package bokeh-sampledata 2026.1, `_data/CGM.csv.gz`, columns datetime and
    glucose.
    Licence: public domain, given by the donor, who is not named (files/glucose.LICENSE.txt).
    Size: 52,281 readings, whole mg/dL, clipped by the device to 40 … 400; 3.2 % are below
    70 (hypoglycaemia). 52,084 are left in 188 contiguous segments.

    What is mended: a reading less than 3 minutes after the one kept before it is dropped:
    3 duplicate timestamps, and 194 where readings alternate 4 and 1 minutes apart, as if
    two sensors ran side by side. Steps of 3 to 6 minutes count as 5; a
    longer one is a gap, and a new segment begins.

    The split is by time, about 70 : 15 : 15, with 24 hours dropped before each cut, more
    than any window here is long: no window of one part holds a reading of another. It is a
    single patient: a good score says nothing of a second one.

    Baseline, 30 minutes (6 steps) ahead: persistence has an RMSE of 28.0 mg/dL over every
    reading of the test part. Over windows of 24 readings, which leave out the first two
    hours after a gap, it has 27.6, and an autoregression (`baselines.fit_linear`) 23.2.

    Returns:
        Split of lists of Segment.
    """
    readings = drop_repeats(load_readings())
    parts = cut_by_time(readings.minutes, VALID_FROM, TEST_FROM, EMBARGO)
    return Split(*(contiguous(Segment(*(a[part] for a in readings))) for part in parts))


def drop_repeats(readings):
    """Drop each reading that comes less than 3 minutes after the last one kept."""
    kept = [0]
    for i, minute in enumerate(readings.minutes):
        if minute - readings.minutes[kept[-1]] >= SHORTEST_STEP:
            kept.append(i)
    return Segment(*(a[kept] for a in readings))


def contiguous(readings):
    """Cut wherever the next reading comes more than 6 minutes later: a list of Segment."""
    starts = np.flatnonzero(np.diff(readings.minutes) > LONGEST_STEP) + 1
    cut = (np.split(series, starts) for series in readings)
    return [Segment(*pair) for pair in zip(*cut, strict=True)]
