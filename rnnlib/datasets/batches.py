"""Sequences of unequal length in one array."""

import numpy as np


def pad_batch(sequences, value=0):
    """Stack B sequences, time first, and fill the shorter ones up at their end.

    Args:
        sequences: B arrays (T_b, ...) that agree in all but their first axis.
        value: what fills; 0 is PAD.

    Returns:
        The batch (T, B, ...), T the longest length, in the dtype of the first sequence, and
        the lengths (B,) int64.
    """
    if not sequences:
        raise ValueError("sequences must hold at least one sequence, got none.")
    first = np.asarray(sequences[0])
    lengths = np.array([len(s) for s in sequences], dtype=np.int64)
    shape = (lengths.max(), len(sequences), *first.shape[1:])
    batch = np.full(shape, value, dtype=first.dtype)
    for b, sequence in enumerate(sequences):
        batch[: lengths[b], b] = sequence
    return batch, lengths
