"""Thread pool that shares the rows of a large mapped call; kernels run without the interpreter's lock."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_pool: ThreadPoolExecutor | None = None


class _Here(threading.local):
    """True in a thread that hands work to the pool."""

    is_busy = False


_here = _Here()


def processors() -> int:
    """Return the number of processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # absent on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def each(work: Callable[[Any], Any], pieces: Iterable[Any]) -> list[Any]:
    """Return work(piece) for each piece, in order, computed in parallel."""
    global _pool
    pieces = [*pieces]
    # The pool holds a lock while it takes work, for which a signal handler that interrupts it must not wait.
    if _here.is_busy or processors() == 1:
        return [work(piece) for piece in pieces]
    _here.is_busy = True
    try:
        if _pool is None:
            from concurrent.futures import ThreadPoolExecutor

            _pool = ThreadPoolExecutor(processors(), thread_name_prefix="autograd_scalar")
        return [*_pool.map(work, pieces)]
    except RuntimeError:  # no new threads start during interpreter shutdown
        return [work(piece) for piece in pieces]
    finally:
        _here.is_busy = False


def _forget() -> None:
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)  # threads do not survive a fork
