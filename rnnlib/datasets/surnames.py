"""Russian text: surnames, to be made up character by character."""

from zlib import crc32

from rnnlib.datasets._files import read_text
from rnnlib.datasets.split import Split


def load_surnames():
    """Russian surnames, masculine form, in Cyrillic, with their capital letters.

    Source: the package russian-names 0.1.2, `_data.zip/base.txt`, line 5; a stray control
    character was taken out of one name.
    Licence: MIT (files/surnames.LICENSE.txt).
    Size: 83,759 names of 3 to 20 characters, no two alike.

    The split is by name, 8 : 1 : 1 (67,139, 8,289 and 8,331 names), by a checksum of the
    name itself: it is in one part only, and stays there whatever else is added. Names of
    one stem (Белов, Беловский) do fall on both sides; a score here is for new names of known
    stems.

    Baseline: an interpolated 5-gram over the names, one a line, has 2.57 bits per character
    (`baselines.ngram_bits`).

    Returns:
        Split of lists of str, sorted.
    """
    parts = Split([], [], [])
    for name in read_text("surnames.txt.gz").splitlines():
        _part_of(name, parts).append(name)
    return parts


def _part_of(name, parts):
    tenth = crc32(name.encode("utf-8")) % 10
    return {0: parts.test, 1: parts.valid}.get(tenth, parts.train)
