"""Measure two things in turns: what disturbs the machine disturbs both."""

import statistics
import time


def paired(ours, peer, rounds=15):
    """Time two functions in turns.

    Returns:
        The medians of both in seconds, and the median of the ratios ours / peer of each turn.
    """
    for function in (peer, ours):
        function()  # once unmeasured: allocation, caches
    times = [(_seconds(peer), _seconds(ours)) for _ in range(rounds)]
    theirs, mine = zip(*times, strict=True)
    ratio = statistics.median(o / p for p, o in times)
    return statistics.median(mine), statistics.median(theirs), ratio


def _seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
