"""Which steps are real and which are padding, and a loss that reads the real ones alone."""

import torch
from torch.nn import functional as F

from rnnlib.models._arguments import check_lengths, check_range, check_shape


def length_mask(lengths, T):
    """True on the steps of a sequence, False on its padding.

        mask[t, b] = t < lengths[b],   t = 0 … T-1

    Args:
        lengths: (B,) int64, each from 0 to T.
        T: the steps of the batch.

    Returns:
        mask (T, B), on the device of the lengths.
    """
    check_lengths("lengths", lengths, T, len(lengths), least=0)
    return torch.arange(T, device=lengths.device).unsqueeze(1) < lengths


def masked_cross_entropy(logits, targets, lengths):
    """Mean of -ln softmax(logits)[target] over the real steps of all sequences, in nats.

    Each real step counts the same, so a long sequence counts more than a short one. What
    stands on padding, in logits or targets, changes neither the loss nor a gradient.

    Args:
        logits: (T, B, V).
        targets: (T, B) int64.
        lengths: (B,) int64, or a mask (T, B) of booleans, True where a step counts, or None
            if every step does.

    Returns:
        A scalar.
    """
    if logits.ndim != 3:
        raise ValueError(f"logits must have shape (T, B, V), got {tuple(logits.shape)}.")
    T, B, V = logits.shape
    check_shape("targets", targets, "T, B", (T, B))
    if lengths is None:
        mask = torch.ones_like(targets, dtype=torch.bool)
    elif isinstance(lengths, torch.Tensor) and lengths.dtype == torch.bool:
        mask = lengths.to(logits.device)
        check_shape("lengths as a mask", mask, "T, B", (T, B))
    else:
        check_lengths("lengths", lengths, T, B, least=0)
        mask = length_mask(lengths.to(logits.device), T)
    real = targets[mask]
    if len(real) == 0:
        raise ValueError("lengths must leave at least one real step, got none.")
    check_range("targets", real, 0, V - 1)
    return F.cross_entropy(logits[mask], real)
