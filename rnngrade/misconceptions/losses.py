"""What stands around the cell, with its mistakes: clipping, masked losses, attention."""

from functools import partial

import numpy as np

from rnngrade.misconceptions.family import NOTHING, Family
from rnngrade.misconceptions.functions import log_softmax, sigmoid, softmax
from rnngrade.misconceptions.mistakes import instead, left_out, named


def clip(at, max_norm, rest, eps):
    """g ← g · min(1, max_norm / (‖g‖ + eps)), with all gradients taken as one vector."""
    gradients = list(rest.values())
    squares = sum((g**2).sum() for g in gradients)
    norm = at(
        lambda: np.sqrt(squares),
        {
            instead("‖g‖²", "‖g‖"): lambda: squares,
            instead("Σ|g|", "‖g‖"): lambda: sum(np.abs(g).sum() for g in gradients),
            instead("max |g|", "‖g‖"): lambda: max(np.abs(g).max() for g in gradients),
        },
    )

    def factor(norm):
        return at(
            lambda: np.minimum(max_norm / (norm + eps), 1.0),
            {
                named("mistakes.short-scaled-too"): lambda: max_norm / (norm + eps),
                instead("1 / ‖g‖", "max_norm / ‖g‖"): lambda: np.minimum(1 / (norm + eps), 1.0),
            },
        )

    clipped = at(
        lambda: [g * factor(norm) for g in gradients],
        {
            named("mistakes.each-by-its-norm"): lambda: [
                g * factor(np.sqrt((g**2).sum())) for g in gradients
            ],
            named("mistakes.by-value"): lambda: [
                np.clip(g, -max_norm, max_norm) for g in gradients
            ],
        },
    )
    clipped = [c.astype(g.dtype) for c, g in zip(clipped, gradients, strict=True)]
    norm = np.asarray(norm, gradients[0].dtype)
    return dict(zip(rest, clipped, strict=True)) | {"norm": norm, "total_norm": norm}


def cross_entropy(at, logits, targets, **real):
    """-ln softmax(logits)[target], then its mean over the real steps."""
    logs = at(
        lambda: log_softmax(logits),
        {
            named("mistakes.softmax-axis", axis="B"): lambda: log_softmax(logits, 1),
            named("mistakes.softmax-axis", axis="T"): lambda: log_softmax(logits, 0),
            left_out("softmax"): lambda: logits,
            left_out("ln"): lambda: softmax(logits),
        },
    )
    picked = np.take_along_axis(logs, targets[..., None], -1)[..., 0]
    return masked_mean(at, -picked, **real)


def masked_mean(at, losses, lengths=None, mask=None):
    """The mean over the real steps, given by lengths or by a mask; losses (T, B)."""
    T, B = losses.shape
    if mask is None:
        steps = np.arange(T)[:, None]
        mask = at(
            lambda: steps < lengths,
            {
                named("mistakes.one-padding-counts"): lambda: steps <= lengths,
                named("mistakes.last-real-step-missed"): lambda: steps < lengths - 1,
            },
        )
    mask = at(
        lambda: mask,
        {
            named("mistakes.mask-ignored"): lambda: np.ones_like(mask),
            named("mistakes.mask-turned"): lambda: ~mask,
        },
    ).astype(losses.dtype)
    total = (losses * mask).sum()
    return at(
        lambda: total / mask.sum(),
        {
            named("mistakes.sum-for-mean"): lambda: total,
            named("mistakes.divided-by", divisor="T · B"): lambda: (
                total / losses.dtype.type(T * B)
            ),
            named("mistakes.divided-by", divisor="B"): lambda: total / losses.dtype.type(B),
            named("mistakes.mean-of-means"): lambda: (
                (losses * mask).sum(0) / mask.sum(0)
            ).mean(),
        },
    )


def attention(at, query, memory, mask=None, scaled=False):
    """α_ts = softmax over s of h_tᵀ m_s, and context_t = Σ_s α_ts m_s."""
    H = query.shape[-1]
    scores = np.einsum("tbh,sbh->tbs", query, memory)
    root = "√H"
    scores = at(
        lambda: scores / scores.dtype.type(H**0.5) if scaled else scores,
        {
            instead("H", root): lambda: scores / scores.dtype.type(H),
            left_out(f"1 / {root}"): lambda: scores,
        }
        if scaled
        else {
            named("mistakes.scores-divided", by=root): lambda: (
                scores / scores.dtype.type(H**0.5)
            )
        },
    )
    plain = scores
    if mask is not None:
        scores = at(
            lambda: np.where(mask.T, plain, -np.inf),
            {
                named("mistakes.mask-ignored"): lambda: plain,
                named("mistakes.mask-turned"): lambda: np.where(mask.T, -np.inf, plain),
                named("mistakes.padding-score-0"): lambda: plain * mask.T,
            },
        ).astype(plain.dtype)
    late = NOTHING
    if mask is not None:
        late = {named("mistakes.mask-after-softmax"): lambda: softmax(plain) * mask.T}
    weights = at(
        lambda: softmax(scores),
        {
            named("mistakes.softmax-axis", axis="B"): lambda: softmax(scores, 1),
            named("mistakes.softmax-axis", axis="t"): lambda: softmax(scores, 0),
            left_out("softmax"): lambda: scores,
            instead("σ", "softmax"): lambda: sigmoid(scores),
            **late,
        },
    )
    return {"context": np.einsum("tbs,sbh->tbh", weights, memory), "weights": weights}


_REAL = ("lengths", "mask")
_CROSS_ENTROPY = ("logits", "targets", *_REAL)

LOSSES = {
    "clip": Family(partial(clip, eps=0.0), ("max_norm",), rest=True),
    "clip_eps": Family(partial(clip, eps=1e-6), ("max_norm",), rest=True),
    "cross_entropy": Family(cross_entropy, _CROSS_ENTROPY, _REAL),
    "masked_mean": Family(masked_mean, ("losses", *_REAL), _REAL),
    "attention": Family(attention, ("query", "memory", "mask"), ("mask",)),
    "scaled_attention": Family(
        partial(attention, scaled=True), ("query", "memory", "mask"), ("mask",)
    ),
}
