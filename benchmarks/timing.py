"""Wall time of a call.

The process clock sums over threads and stops while one waits for another. For calls that use
threads, what counts is the time that the caller waits.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

#: Seconds of a batch of calls: so short that few batches are interrupted; the harness takes the median of hundreds.
BATCH = 1e-3


def stopwatch(call: Callable[[], object]) -> Callable[[], float]:
    """Return a function that measures the seconds of a call, averaged over a batch of calls."""
    call()  # the first call may compile
    calls, batch = 1, 0.0
    while batch < BATCH:
        calls *= 2
        batch = _seconds(call, calls)
    return lambda: _seconds(call, calls) / calls


def _seconds(call: Callable[[], object], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        call()
    return perf_counter() - start
