"""Thread pool that shares the rows of a large mapped call; kernels run without the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_pool: ThreadPoolExecutor | None = None


def processors() -> int:
    """Return the number of processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # absent on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def each(work: Callable[[Any], Any], pieces: Iterable[Any]) -> list[Any]:
    """Return work(piece) for each piece, in order, computed in parallel."""
    global _pool
    if processors() == 1:
        return [work(piece) for piece in pieces]
    if _pool is None:
        from concurrent.futures import ThreadPoolExecutor

        _pool = ThreadPoolExecutor(processors(), thread_name_prefix="autograd_scalar")
    pieces = [*pieces]
    try:
        return [*_pool.map(work, pieces)]
    except RuntimeError:  # no new threads start during interpreter shutdown
        return [work(piece) for piece in pieces]


def _forget() -> None:
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)  # threads do not survive a fork
