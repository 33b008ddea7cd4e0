"""Random choices that can be repeated, and reduced to fewer and smaller ones."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """A source of choices: those of a list, then random ones, or the simplest if there is no generator.

    Each choice is a number below some bound, and 0 is the simplest. `made` lists them: Choices(made) repeats them.
    """

    def __init__(self, given: Sequence[int] = (), generator: random.Random | None = None) -> None:
        self._given, self._generator = given, generator
        self.made: list[int] = []

    def below(self, bound: int) -> int:
        """Return a number from 0 to bound - 1."""
        k = len(self.made)
        if k < len(self._given):
            choice = min(self._given[k], bound - 1)
        else:
            choice = 0 if self._generator is None else int(self._generator.random() * bound)
        self.made.append(choice)
        return choice

    def flag(self, percent: int) -> bool:
        """Return True that often; False is simpler."""
        return self.below(100) >= 100 - percent

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options; the first is the simplest."""
        return options[self.below(len(options))]

    def some(self, options: Sequence[T], most: int) -> list[T]:
        """Return distinct options, at most so many, in their order."""
        left = [*options]
        chosen = [
            left.pop(self.below(len(left))) for _ in range(min(self.below(most + 1), len(left)))
        ]
        return [option for option in options if option in chosen]


def reduced(
    made: Sequence[int], fails: Callable[[Sequence[int]], bool], seconds: float
) -> list[int]:
    """Return a shorter and smaller list of choices that still fails, as good as some seconds of trying make it."""
    end = time.monotonic() + seconds
    best = [*made]
    improved = True

    def attempt(candidate: list[int]) -> bool:
        nonlocal best
        if time.monotonic() > end or candidate == best or not fails(candidate):
            return False
        best = candidate
        return True

    while improved and time.monotonic() < end:
        improved = False
        for size in (32, 16, 8, 4, 2, 1):
            start = 0
            while start < len(best) and time.monotonic() < end:
                if attempt(best[:start] + best[start + size :]):
                    improved = True
                    continue
                zeros = [0] * len(best[start : start + size])
                improved |= attempt(best[:start] + zeros + best[start + size :])
                start += size
        for k in range(len(best)):
            if k < len(best) and best[k] > 1:
                improved |= attempt([*best[:k], best[k] // 2, *best[k + 1 :]])
    return best
