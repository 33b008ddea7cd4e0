"""Detect random generators used while a function is traced: a replay would repeat their numbers."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

#: Seconds in which a thread that is drawing random numbers gets to draw one: four switch intervals of CPython.
PAUSE = 0.02
#: Number of traces that are compared while another thread draws: a program that random numbers decide may come out
#: the same by chance.
RETRACES = 8


def get_state() -> Any:
    """Return the states of Python's generator and of NumPy's."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return random.getstate(), None
    kind, keys, *rest = numpy.random.get_state()
    return random.getstate(), (kind, tuple(keys.tolist()), *rest)


def set_state(states: Any) -> None:
    """Set the generators to states of `get_state`, as if nothing had been drawn since."""
    pythons, numpys = states
    random.setstate(pythons)
    if numpys is not None:
        sys.modules["numpy"].random.set_state(numpys)


def restore(before: Any) -> None:
    """Set the generators back, unless another thread draws from them, which would get its numbers again."""
    if get_state() != before and not _others_are_drawing():
        set_state(before)


def drew(before: Any, program: object, retrace: Callable[[], object]) -> bool:
    """Return whether a traced function moved the generators, rather than another thread; set them back if it did.

    `before` are the states before the trace, `program` identifies its result, and `retrace` traces the function again.
    """
    after = get_state()
    if after == before:
        return False
    if (
        _others_are_drawing()
    ):  # so their numbers cannot be told from the function's, except by what comes of them
        return any(retrace() != program for _ in range(RETRACES))
    set_state(before)
    if not other_threads_may_draw():
        return True
    # From the same states a function that draws arrives at the same states; one that does not stays where it is.
    drawn = retrace() != program or get_state() == after
    set_state(before if drawn else after)
    return drawn


def other_threads_may_draw() -> bool:
    """Return whether there are other threads, which share the generators: a notebook always has some."""
    return any(
        thread is not threading.current_thread() and not thread.name.startswith("autograd_scalar")
        for thread in threading.enumerate()
    )


def _others_are_drawing() -> bool:
    """Return whether the generators move while this thread waits."""
    if not other_threads_may_draw():
        return False
    before = get_state()
    time.sleep(PAUSE)
    return bool(get_state() != before)


def is_generator(x: Any) -> bool:
    """Return whether an object is a random generator of Python's or NumPy's."""
    return isinstance(x, random.Random) or hasattr(type(x), "bit_generator")
