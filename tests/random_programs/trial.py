"""One random program: made from a seed, run, and reduced if compiled and eager code differ."""

from __future__ import annotations

import random
from collections.abc import Sequence

from random_programs.choices import Choices, reduced
from random_programs.generator import HEADER, PASTED, Generator
from random_programs.runner import Mismatch, Result, run


class Trial:
    """The program of a seed and what came of it: "compared", "refused: ..." or "differs"."""

    def __init__(self, seed: int) -> None:
        self._choices = Choices(generator=random.Random(seed))
        self.source = Generator(self._choices).program()
        self.mismatch: str | None = None
        self.result: Result | None = None
        try:
            self.result = run(self.source)
            self.outcome = self.result.outcome
        except Mismatch as mismatch:
            self.mismatch, self.outcome = str(mismatch), "differs"

    def report(self, seconds: float) -> str:
        """Return the mismatch and the program, reduced, with all that it needs elsewhere."""
        assert self.mismatch is not None
        kind = _kind(self.mismatch)
        made = reduced(self._choices.made, lambda some: _kind(_mismatch(some)) == kind, seconds)
        return f"{_mismatch(made)}\n\n{HEADER}{PASTED}\n{Generator(Choices(made)).program()}"


def _mismatch(made: Sequence[int]) -> str:
    """Return the mismatch of the program that some choices make; "" if there is none."""
    try:
        run(Generator(Choices(made)).program())
    except Mismatch as mismatch:
        return str(mismatch)
    except SyntaxError:  # a name is read before it is declared global
        pass
    return ""


def _kind(mismatch: str) -> str:
    """Return the part of a message by which reduction recognizes a failure."""
    return mismatch[:12]
