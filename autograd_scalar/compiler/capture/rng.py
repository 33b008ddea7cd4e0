"""Detect random numbers drawn while tracing: every replay would repeat them.

The evidence is the state of the global generators. All threads share these, so where other threads run the function is
traced again before it is blamed, and beside a thread that keeps drawing only its programs are compared.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from autograd_scalar.compiler.options import RNG_PAUSE, RNG_RETRACES


def get_state() -> Any:
    """Return the states of the global generators of Python and, where it is loaded, of NumPy."""
    # NumPy may be half imported, by another thread or the code that a signal handler interrupts.
    numpy_state = getattr(sys.modules.get("numpy.random"), "get_state", None)
    if numpy_state is None:
        return random.getstate(), None
    kind, keys, *rest = numpy_state()
    return random.getstate(), (kind, tuple(keys.tolist()), *rest)


def set_state(states: Any) -> None:
    """Set the generators to states that get_state() returned."""
    python_state, numpy_state = states
    random.setstate(python_state)
    if numpy_state is not None:
        sys.modules["numpy.random"].set_state(numpy_state)


def restore(before: Any) -> None:
    """Reset the generators, unless another thread draws from them: it would get the same numbers twice."""
    if get_state() != before and not _others_are_drawing():
        set_state(before)


def drew(before: Any, program: object, retrace: Callable[[], object]) -> bool:
    """Return whether the traced function drew random numbers, as opposed to another thread; reset the generators if so.

    `before` holds the states before the trace, `program` identifies its result, and `retrace` traces the function
    again and returns the same.
    """
    after = get_state()
    if after == before:
        return False
    was_imported = before[1] is None and after[1] is not None
    if (
        was_imported
    ):  # NumPy, by the function or another thread; the function may have drawn from it since
        before = before[0], after[1]
    if _others_are_drawing():  # the states prove nothing then, but the results do
        return any(retrace() != program for _ in range(RNG_RETRACES))
    set_state(before)
    # From the same states, a function that draws changes them again.
    may_be_others = was_imported or other_threads_may_draw()
    by_others = may_be_others and retrace() == program and get_state() == before
    set_state(after if by_others else before)
    return not by_others


def other_threads_may_draw() -> bool:
    """Return whether threads outside the package run, which share the generators; a notebook always has some."""
    return any(
        thread is not threading.current_thread() and not thread.name.startswith("autograd_scalar")
        for thread in threading.enumerate()
    )


def _others_are_drawing() -> bool:
    """Return whether the generators change while this thread waits."""
    before = get_state()
    if other_threads_may_draw():
        time.sleep(RNG_PAUSE)
    return bool(get_state() != before)


def is_generator(obj: Any) -> bool:
    """Return whether an object is a random generator, Python's or NumPy's."""
    return isinstance(obj, random.Random) or hasattr(type(obj), "bit_generator")
