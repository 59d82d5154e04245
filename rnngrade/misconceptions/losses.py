"""What stands around the cell, with its mistakes: clipping, masked losses, attention."""

from functools import partial

import torch

from rnngrade.misconceptions.family import Family


def clip(at, max_norm, rest, eps):
    """g ← g · min(1, max_norm / (‖g‖ + eps)), with all gradients taken as one vector."""
    gradients = list(rest.values())
    squares = sum((g**2).sum() for g in gradients)
    norm = at(
        squares.sqrt,
        {
            "the root is left out of the norm": lambda: squares,
            "the norm is the sum of absolute values": lambda: sum(
                g.abs().sum() for g in gradients
            ),
            "the norm is the largest entry": lambda: max(g.abs().max() for g in gradients),
        },
    )

    def factor(norm):
        return at(
            lambda: torch.clamp(max_norm / (norm + eps), max=1.0),
            {
                "gradients that are short enough are scaled too": lambda: (
                    max_norm / (norm + eps)
                ),
                "the factor is 1 / ‖g‖ where it is max_norm / ‖g‖": lambda: torch.clamp(
                    1 / (norm + eps), max=1.0
                ),
            },
        )

    clipped = at(
        lambda: [g * factor(norm) for g in gradients],
        {
            "every gradient is clipped by its own norm, not by the norm of all": lambda: [
                g * factor((g**2).sum().sqrt()) for g in gradients
            ],
            "every entry is clipped by its value, not all by the norm": lambda: [
                g.clamp(-max_norm, max_norm) for g in gradients
            ],
        },
    )
    return dict(zip(rest, clipped, strict=True)) | {"norm": norm, "total_norm": norm}


def cross_entropy(at, logits, targets, **real):
    """-ln softmax(logits)[target], then its mean over the real steps."""
    logs = at(
        lambda: torch.log_softmax(logits, -1),
        {
            "softmax runs over the batch": lambda: torch.log_softmax(logits, 1),
            "softmax runs over time": lambda: torch.log_softmax(logits, 0),
            "softmax is left out": lambda: logits,
            "the logarithm is left out": lambda: torch.softmax(logits, -1),
        },
    )
    return masked_mean(at, -logs.gather(-1, targets[..., None]).squeeze(-1), **real)


def masked_mean(at, losses, lengths=None, mask=None):
    """The mean over the real steps, given by lengths or by a mask; losses (T, B)."""
    T, B = losses.shape
    if mask is None:
        steps = torch.arange(T, device=losses.device)[:, None]
        mask = at(
            lambda: steps < lengths,
            {
                "one step of padding counts in every sequence": lambda: steps <= lengths,
                "the last real step of every sequence does not count": lambda: (
                    steps < lengths - 1
                ),
            },
        )
    mask = at(
        lambda: mask,
        {
            "the mask is ignored": lambda: torch.ones_like(mask),
            "the mask is turned around": lambda: ~mask,
        },
    ).to(losses.dtype)
    total = (losses * mask).sum()
    return at(
        lambda: total / mask.sum(),
        {
            "the sum stands in place of the mean": lambda: total,
            "the sum is divided by T · B, padding included": lambda: total / (T * B),
            "the sum is divided by the number of sequences": lambda: total / B,
            "the mean of the sequences' means stands in place of one mean": lambda: (
                (losses * mask).sum(0) / mask.sum(0)
            ).mean(),
        },
    )


def attention(at, query, memory, mask=None, scaled=False):
    """α_ts = softmax over s of h_tᵀ m_s, and context_t = Σ_s α_ts m_s."""
    H = query.shape[-1]
    scores = torch.einsum("tbh,sbh->tbs", query, memory)
    scores = at(
        lambda: scores / H**0.5 if scaled else scores,
        {
            "the scores are divided by H, not by √H": lambda: scores / H,
            "the scores are not divided by √H": lambda: scores,
        }
        if scaled
        else {"the scores are divided by √H": lambda: scores / H**0.5},
    )
    plain = scores
    if mask is not None:
        scores = at(
            lambda: plain.masked_fill(~mask.T, -torch.inf),
            {
                "the mask is ignored": lambda: plain,
                "the mask is turned around": lambda: plain.masked_fill(mask.T, -torch.inf),
                "padding gets the score 0, not -∞": lambda: plain * mask.T,
            },
        )
    weights = at(
        lambda: torch.softmax(scores, -1),
        {
            "softmax runs over the batch, not over s": lambda: torch.softmax(scores, 1),
            "softmax runs over t, not over s": lambda: torch.softmax(scores, 0),
            "softmax is left out": lambda: scores,
            "σ stands in place of softmax": lambda: torch.sigmoid(scores),
        }
        | (
            {}
            if mask is None
            else {
                "the mask comes after softmax: the weights do not sum to 1": lambda: (
                    torch.softmax(plain, -1) * mask.T
                )
            }
        ),
    )
    return {"context": torch.einsum("tbs,sbh->tbh", weights, memory), "weights": weights}


_REAL = {"lengths": "B <= T", "mask": "T B ?"}
_ATTENTION = {"query": "T B H", "memory": "S B H", "mask": "S B ?"}

LOSSES = (
    Family(partial(clip, eps=1e-6), {"max_norm": "> 0"}, rest="B H"),
    Family(partial(clip, eps=0.0), {"max_norm": "> 0"}, rest="B H"),
    Family(cross_entropy, {"logits": "T B V", "targets": "T B < V", **_REAL}, tuple(_REAL)),
    Family(masked_mean, {"losses": "T B", **_REAL}, tuple(_REAL)),
    Family(attention, _ATTENTION, ("mask",)),
    Family(partial(attention, scaled=True), _ATTENTION, ("mask",)),
)
