"""Seeds: what may stand for a generator of random numbers."""

from __future__ import annotations

import random
from operator import index

Seed = int | random.Random | None


def generator(seed: Seed) -> random.Random:
    """Return a generator of its own for a seed, a given one as it is, for None the global one."""
    if hasattr(seed, "shuffle"):  # the global generator, a module, has it too
        return seed  # type: ignore[return-value]
    # The global generator has the methods of a Random, but is a module to the type checker.
    return random if seed is None else random.Random(whole_seed(seed))  # type: ignore[return-value]


def whole_seed(seed: int) -> int:
    """Return a seed as Python's own int; TypeError for what is not a whole number."""
    if not hasattr(seed, "__index__"):
        raise TypeError(f"seed is a whole number, got {seed!r}")
    return index(seed)
