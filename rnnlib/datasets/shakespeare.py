"""English text: nine plays of Shakespeare, characters to be foretold one by one."""

from rnnlib.datasets._files import read_text
from rnnlib.datasets.split import Split

TRAIN = (
    "hamlet",
    "julius_caesar",
    "lear",
    "midsummer_nights_dream",
    "othello",
    "romeo_and_juliet",
    "tempest",
)
VALID = ("merchant_of_venice",)
TEST = ("macbeth",)
BREAK = "\f"  # between two plays in the file; no play holds it


def load_plays():
    """The plays by name, in alphabetical order: name -> text."""
    names = sorted(TRAIN + VALID + TEST)
    return dict(zip(names, read_text("shakespeare.txt.gz").split(BREAK), strict=True))


def load_shakespeare():
    """Plays of Shakespeare as three texts.

    Source: the package shakespeare 0.6, files `*_gut.txt`, from Project Gutenberg.
    Licence: the plays are in the public domain, the package's content is under CC BY 2.5
    (files/shakespeare.LICENSE.txt).
    Size: 933,052 characters to train, 120,445 to validate, 103,427 to test, ASCII; the
    training text has 75 kinds.

    The split is by play: seven to train, The Merchant of Venice to validate, all of Macbeth
    to test. Cutting one play in two would put its names and its cast on both sides. The
    Folio versions of the same plays (`*_gut_f.txt`) are not shipped: they would be the same
    play again. Training lacks "X", which Macbeth holds, and the digits 6 to 9 of The
    Merchant: see Vocabulary.

    Baseline: an interpolated 5-gram has 2.82 bits per character on Macbeth
    (`baselines.ngram_bits`).

    Returns:
        Split of str.
    """
    plays = load_plays()
    return Split(*("\n\n".join(plays[n] for n in names) for names in (TRAIN, VALID, TEST)))
