"""How a function is compiled, and the limits of the compiler."""

from __future__ import annotations

from typing import NamedTuple


class Options(NamedTuple):
    """How code is to be made."""

    backend: str
    fast: bool = False


#: Maximum number of operations in one trace; a longer one is a loop that was not meant to be unrolled.
MAX_TRACE_NODES = 2_000_000
#: Maximum number of captured objects, each of which every call compares.
MAX_CAPTURED_OBJECTS = 10_000
#: Maximum number of items compared in a captured container, nested ones included, or in a static argument.
MAX_COMPARED_ITEMS = 64
