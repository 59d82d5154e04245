"""Real data that comes with the course: a loader per set, its licence and its checksum.

Importing this package reads no file and needs NumPy alone; a loader reads its one file when
called, and `load_translation` needs babel. Every loader returns `Split(train, valid, test)`,
and its docstring says why nothing leaks from one part into another.
"""

from rnnlib.datasets.batches import pad_batch
from rnnlib.datasets.glucose import load_glucose
from rnnlib.datasets.shakespeare import load_shakespeare
from rnnlib.datasets.split import Split, cut_by_time
from rnnlib.datasets.spoken_digits import connect_digits, load_spoken_digits
from rnnlib.datasets.stocks import load_stocks
from rnnlib.datasets.surnames import load_surnames
from rnnlib.datasets.translation import load_translation
from rnnlib.datasets.vocabulary import Vocabulary
from rnnlib.datasets.windows import Windows, make_windows

__all__ = [
    "Split",
    "Vocabulary",
    "Windows",
    "connect_digits",
    "cut_by_time",
    "load_glucose",
    "load_shakespeare",
    "load_spoken_digits",
    "load_stocks",
    "load_surnames",
    "load_translation",
    "make_windows",
    "pad_batch",
]
