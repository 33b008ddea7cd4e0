"""Seconds of a call by the clock on the wall.

A process's own clock adds up its threads and stands still while one waits for another. Where threads take part, or
arrays large enough to be worth them, what counts is how long the caller waits.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

BATCH = (
    1e-3  # seconds: so short that few are interrupted, and the harness takes the median of hundreds
)


def stopwatch(call: Callable[[], object]) -> Callable[[], float]:
    """A function that gives the seconds of one call, from as many as fill a batch."""
    call()  # compiles, where something does
    calls, batch = 1, 0.0
    while batch < BATCH:
        calls *= 2
        batch = _together(call, calls)
    return lambda: _together(call, calls) / calls


def _together(call: Callable[[], object], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        call()
    return perf_counter() - start
