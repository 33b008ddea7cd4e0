"""Whether a function draws random numbers: a replay would have the same ones again."""

from __future__ import annotations

import random
import sys
import threading
from typing import Any


def state() -> Any:
    """Return the states of Python's generator and of NumPy's; None while other threads run, which may draw as well."""
    if any(not _is_known(thread) for thread in threading.enumerate()):
        return None
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return random.getstate(), None
    kind, keys, *rest = numpy.random.get_state()
    return random.getstate(), (kind, tuple(keys.tolist()), *rest)


def put_back(states: Any) -> None:
    """Set the generators back: nothing came of what was drawn."""
    pythons, numpys = states
    random.setstate(pythons)
    if numpys is not None:
        sys.modules["numpy"].random.set_state(numpys)


def _is_known(thread: threading.Thread) -> bool:
    return thread is threading.current_thread() or thread.name.startswith("autograd_scalar")


def is_generator(thing: Any) -> bool:
    """Return whether a thing draws random numbers: one of Python's generators, or of NumPy's."""
    return isinstance(thing, random.Random) or hasattr(thing, "bit_generator")
