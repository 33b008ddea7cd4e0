"""Whether a function draws random numbers: a replay would have the same ones again."""

from __future__ import annotations

import random
import sys
import threading
from typing import Any


def get_state() -> Any:
    """Return the states of Python's generator and of NumPy's."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return random.getstate(), None
    kind, keys, *rest = numpy.random.get_state()
    return random.getstate(), (kind, tuple(keys.tolist()), *rest)


def set_state(states: Any) -> None:
    """Set the generators back: nothing came of what was drawn."""
    pythons, numpys = states
    random.setstate(pythons)
    if numpys is not None:
        sys.modules["numpy"].random.set_state(numpys)


def other_threads_may_draw() -> bool:
    """Return whether there are other threads, which share the generators: a notebook always has some."""
    return any(
        thread is not threading.current_thread() and not thread.name.startswith("autograd_scalar")
        for thread in threading.enumerate()
    )


def is_generator(thing: Any) -> bool:
    """Return whether a thing draws random numbers: one of Python's generators, or of NumPy's."""
    return isinstance(thing, random.Random) or hasattr(type(thing), "bit_generator")
