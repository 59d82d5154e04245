"""Characters as numbers, and back."""

import numpy as np

PAD, BOS, EOS, UNK = range(4)


class Vocabulary:
    """The characters of the training part, each with a number.

    Ids 0 to 3 are kept: PAD fills a batch (and is CTC's blank), BOS begins and EOS ends a
    sequence, UNK stands for a character that training never showed. Build it from the
    training part alone: a test text may hold a new character, and a model has to live with
    that.
    """

    PAD, BOS, EOS, UNK = PAD, BOS, EOS, UNK

    def __init__(self, text):
        self.characters = "".join(sorted(set(text)))
        self._ids = {c: i for i, c in enumerate(self.characters, start=UNK + 1)}

    def __len__(self):
        return UNK + 1 + len(self.characters)

    def encode(self, text, bos=False, eos=False):
        """The ids of a text, (T,) int64, with BOS before and EOS after it if asked for."""
        ids = [self._ids.get(c, UNK) for c in text]
        return np.array([BOS] * bos + ids + [EOS] * eos, dtype=np.int64)

    def decode(self, ids):
        """The text of ids up to the first EOS; PAD and BOS are left out, UNK is "�".

        Raises ValueError for an id that the vocabulary does not have.
        """
        text = []
        for i in map(int, ids):
            if not 0 <= i < len(self):
                raise ValueError(f"ids must lie in 0 … {len(self) - 1}, got {i}.")
            if i == EOS:
                break
            if i > UNK:
                text.append(self.characters[i - UNK - 1])
            elif i == UNK:
                text.append("�")
        return "".join(text)
