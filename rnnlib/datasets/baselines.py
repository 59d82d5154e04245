"""What a network has to beat: predictors that need no recurrence and a few lines."""

from collections import Counter
from math import log2

import numpy as np


def persistence(inputs):
    """Foretell no change: the last reading of each window, (T, B, ...) -> (B, ...)."""
    return inputs[-1]


def fit_linear(features, targets):
    """Least squares with an intercept: features (F, B), targets (B,) -> weights (F + 1,).

    Given windows (T, B) it is an autoregression of order T; given `har_features` it is HAR.
    """
    weights, *_ = np.linalg.lstsq(_with_one(features).T, targets, rcond=None)
    return weights


def predict_linear(weights, features):
    """weights (F + 1,), features (F, B) -> predictions (B,)."""
    return weights @ _with_one(features)


def har_features(inputs):
    """Means of the last day, week and month, the three inputs of HAR: (T, B) -> (3, B).

    A week is 5 trading days, a month 22; T is at least 22. Fitted by least squares to the
    next day's volatility, this is the heterogeneous autoregressive model of F. Corsi,
    "A Simple Approximate Long-Memory Model of Realized Volatility", 2009.
    """
    if len(inputs) < 22:
        raise ValueError(f"inputs must hold at least 22 days, got {len(inputs)}.")
    return np.stack([inputs[-days:].mean(axis=0) for days in (1, 5, 22)])


def ngram_bits(train, test, n):
    """Bits per character of an n-gram model with interpolated Witten-Bell smoothing.

        P_k(c | h) = (count(hc) + kinds(h) · P_{k-1}(c | h')) / (count(h) + kinds(h))

    h is the k - 1 characters before c, h' is h without its first, kinds(h) how many
    different characters followed h in training, count(h) how many in all. P_0 is one over
    the alphabet of training and one more, for a character never seen. At the start of the
    test, and after an h never seen, the longest shorter context speaks.

    Args:
        train, test: str.
        n: the order, at least 1; 5 looks at four characters of context.
    """
    counts = [_counts(train, k) for k in range(1, n + 1)]
    uniform = 1 / (len(set(train)) + 1)
    bits = 0.0
    for i in range(len(test)):
        p = uniform
        for k, (grams, followers, kinds) in enumerate(counts):
            context = test[i - k : i]
            if i < k or context not in followers:
                break
            gram = grams.get(context + test[i], 0)
            p = (gram + kinds[context] * p) / (followers[context] + kinds[context])
        bits -= log2(p)
    return bits / len(test)


def _counts(text, k):
    """Of each k-gram its count; of each context how many followed it, and how many kinds."""
    grams = Counter(text[i : i + k] for i in range(len(text) - k + 1))
    followers, kinds = Counter(), Counter()
    for gram, count in grams.items():
        followers[gram[:-1]] += count
        kinds[gram[:-1]] += 1
    return grams, followers, kinds


def _with_one(features):
    features = np.asarray(features, float)
    return np.concatenate([features, np.ones((1, features.shape[1]))])
