"""How good is it? Scores of sacrebleu and scikit-learn, for tensors, arrays and lists.

Each function takes one number, or string, per example: predictions first, truth second.
Other scores of scikit-learn (`sklearn.metrics`) are there to be called as they are.
"""

import numpy as np
import torch


def bleu(hypotheses, references):
    """BLEU of the whole corpus, 0 … 100, as `sacrebleu` counts it (Post 2018).

    Args:
        hypotheses: N strings, the translations.
        references: N strings, what they should be.
    """
    for name, texts in (("hypotheses", hypotheses), ("references", references)):
        if isinstance(texts, str) or not all(isinstance(t, str) for t in texts):
            raise TypeError(f"{name} must be a list of strings, got {texts!r:.40}.")
    _check_lengths("hypotheses", hypotheses, "references", references)
    from sacrebleu import corpus_bleu

    return corpus_bleu(list(hypotheses), [list(references)]).score


def exact_match(hypotheses, references):
    """The share of the examples that are right from end to end: 0 … 1."""
    _check_lengths("hypotheses", hypotheses, "references", references)
    return sum(h == r for h, r in zip(hypotheses, references, strict=True)) / len(references)


def accuracy(logits, targets):
    """The share of rows of logits (N, K) whose largest entry is the target (N,): 0 … 1."""
    logits, targets = _numbers(logits), _numbers(targets)
    _check_lengths("logits", logits, "targets", targets)
    if logits.ndim != 2:
        raise ValueError(f"logits must have shape (N, K), got {logits.shape}.")
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(targets, logits.argmax(-1)))


def average_precision(scores, targets):
    """Σ_n (R_n - R_{n-1}) P_n over all thresholds: how well an alarm ranks, 0 … 1.

    A random ranking has the share of positives.

    Args:
        scores: (N,), larger for likelier.
        targets: (N,), True or 1 for a positive. At least one must be.
    """
    scores, targets = _numbers(scores), _numbers(targets)
    _check_lengths("scores", scores, "targets", targets)
    if not targets.any():
        raise ValueError("targets must hold at least one positive, got none.")
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(targets, scores))


def rmse(forecasts, targets):
    """√(mean (forecast - target)²), in the unit of the target."""
    forecasts, targets = _numbers(forecasts), _numbers(targets)
    if forecasts.shape != targets.shape:  # (N,) against (N, 1) would become (N, N)
        raise ValueError(
            f"forecasts must have the shape of targets, {targets.shape}, got {forecasts.shape}."
        )
    _check_lengths("forecasts", forecasts, "targets", targets)
    from sklearn.metrics import root_mean_squared_error

    return float(root_mean_squared_error(targets.ravel(), forecasts.ravel()))


def _numbers(values):
    return np.asarray(values.detach().cpu() if isinstance(values, torch.Tensor) else values)


def _check_lengths(name, values, other, others):
    if len(values) != len(others):
        raise ValueError(
            f"{name} must have one entry for each of {other}, {len(others)}, got {len(values)}."
        )
    if len(others) == 0:
        raise ValueError(f"{name} must hold at least one entry, got none.")
