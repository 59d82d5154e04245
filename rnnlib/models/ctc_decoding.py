"""Which labels do the frames speak? The best path, and the best labelling."""

import math
from heapq import nlargest
from itertools import groupby

from rnnlib.models._arguments import check_lengths, check_whole
from rnnlib.models.search import Hypothesis


def collapse(path, blank=0):
    """B(π): merge what is repeated, then take out the blanks; 1 1 0 1 2 2 0 -> 1 1 2."""
    return [label for label, _ in groupby(path) if label != blank]


def ctc_greedy(log_probs, lengths=None):
    """The labelling of the most probable path: the best label of each frame, collapsed.

    Fast, but not always the best labelling: that may have many paths, none of them the best.

    Args:
        log_probs: (T, B, V + 1), the blank first.
        lengths: (B,), or None if all have T frames.

    Returns:
        A list of B Hypothesis; log_prob is that of the path.
    """
    best, path = log_probs.max(-1)  # (T, B)
    columns = zip(
        best.t().tolist(), path.t().tolist(), _lengths(log_probs, lengths), strict=True
    )
    return [Hypothesis(collapse(path[:n]), sum(best[:n])) for best, path, n in columns]


def ctc_beam(log_probs, lengths=None, width=10):
    """Prefix beam search: the most probable labellings, all paths of each summed up.

    For each prefix l two sums over its paths so far are kept, p_b of those that end in a
    blank and p_n of the others: a label can come a second time only after a blank (Graves
    2012, ch. 7.5; Hannun et al. 2014). With l = l' k, p = p_b + p_n, and y_t for time t:

        p_b(l)  ←  p(l) · y_t[0]
        p_n(l)  ←  p_n(l) · y_t[k]  +  q(l') · y_t[k],   q = p_b if l' ends in k, else p

    The `width` prefixes with the largest p go on; a width of all prefixes finds the best
    labelling there is.

    Args:
        log_probs: (T, B, V + 1), the blank first.
        lengths: (B,), or None if all have T frames.
        width: how many prefixes are kept, at least 1.

    Returns:
        For each of the B sequences a list of Hypothesis, the best first; log_prob is ln p.
    """
    check_whole("width", width)
    columns = log_probs.transpose(0, 1).tolist()
    ends = _lengths(log_probs, lengths)
    return [_prefix_beam(rows[:n], width) for rows, n in zip(columns, ends, strict=True)]


def _prefix_beam(rows, width):
    beam = {(): (0.0, -math.inf)}  # prefix -> ln p_b, ln p_n
    for row in rows:
        after = {}
        for prefix, (p_b, p_n) in beam.items():
            last, both = prefix[-1] if prefix else None, _log_add(p_b, p_n)
            repeated = p_n + row[last] if prefix else -math.inf
            _put(after, prefix, both + row[0], repeated)
            for k in range(1, len(row)):
                _put(after, (*prefix, k), -math.inf, (p_b if k == last else both) + row[k])
        beam = dict(nlargest(width, after.items(), key=lambda item: _log_add(*item[1])))
    return [Hypothesis(list(prefix), _log_add(*sums)) for prefix, sums in beam.items()]


def _put(after, prefix, p_b, p_n):
    old_b, old_n = after.get(prefix, (-math.inf, -math.inf))
    after[prefix] = (_log_add(old_b, p_b), _log_add(old_n, p_n))


def _log_add(a, b):
    """ln(exp a + exp b)."""
    high, low = max(a, b), min(a, b)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


def _lengths(log_probs, lengths):
    T, B = log_probs.shape[:2]
    if lengths is None:
        return [T] * B
    check_lengths("lengths", lengths, T, B)
    return lengths.tolist()
