"""How a function is compiled, and the limits of the compiler."""

from __future__ import annotations

from typing import NamedTuple


class Options(NamedTuple):
    """How code is to be made."""

    backend: str
    fast: bool = False
