"""Seeds of random generators."""

from __future__ import annotations

import random
from operator import index

Seed = int | random.Random | None


def generator(seed: Seed) -> random.Random:
    """Return a new generator for a seed, a generator unchanged, or the global generator for None.

    Raises TypeError for a seed that is not an integer.
    """
    if hasattr(seed, "shuffle"):  # the global generator, a module, has it too
        return seed  # type: ignore[return-value]
    # The global generator has the methods of a Random, but is a module to the type checker.
    return random if seed is None else random.Random(whole_seed(seed))  # type: ignore[return-value]


def whole_seed(seed: int) -> int:
    """Return a seed as an int; TypeError unless it is an integer."""
    if not hasattr(seed, "__index__"):
        raise TypeError(f"expected an integer as seed, got {seed!r} ({type(seed).__name__})")
    return index(seed)
