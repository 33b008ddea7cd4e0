"""Patterns as loops: instructions that are done together, so that what passes between them stays in registers.

What a fold or a sum alone reads is computed where it is read. What goes member by member with an earlier loop becomes
its last step. Everything else begins a loop of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from autograd_scalar.compiler.vectorize.access import NOWHERE, Slot
from autograd_scalar.compiler.vectorize.packs import SAME, SUM, Pattern, Patterns

#: How many steps a loop may have: LLVM's time for a block grows faster than the block.
LONGEST = 64
#: How many it may have with a fold or a sum, which are written out for several vectors side by side.
LONGEST_FOLD = 8


@dataclass(eq=False)
class Read:
    """What a step reads of the numbers in memory: for each member a place (for a fold's terms `length` places)."""

    places: list[int]
    slot: Slot = NOWHERE


@dataclass(eq=False)
class Step:
    """One instruction of a loop's body; a fold's operands are what it starts from, and its term."""

    op: str
    #: The instruction that this is for each member; within a fold, for each term of each member.
    places: list[int]
    operands: list[Step | Read]
    is_fold: bool = False
    #: Where the results are kept, if they are read outside of the loop.
    to: Slot | None = None


@dataclass(eq=False)
class Loop:
    """Steps that are done for each member; before a fold, `terms` for each of the `length` terms of each member."""

    varies: bool
    count: int
    length: int = 0
    terms: list[Step] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    #: The members as nested loops, the outermost first.
    nest: tuple[int, ...] = ()

    @property
    def body(self) -> list[Step]:
        return [*self.terms, *self.steps]

    @property
    def reads(self) -> list[Read]:
        return [x for step in self.body for x in step.operands if isinstance(x, Read)]

    @property
    def is_full(self) -> bool:
        has_sum = any(step.op == SUM for step in self.steps)
        return len(self.steps) >= (LONGEST_FOLD if self.length or has_sum else LONGEST)


def fused(patterns: Patterns, uses: Sequence[int]) -> list[Loop]:
    """Return the loops of patterns, in an order in which they can be done; `uses` is how often each place is read."""
    return _Fusion(patterns, uses).loops


class _Fusion:
    def __init__(self, patterns: Patterns, uses: Sequence[int]) -> None:
        self.loops: list[Loop] = []
        self._patterns, self._uses = patterns, uses
        #: Of patterns that have a step: the number of its loop, and the step.
        self._home: dict[int, tuple[int, Step]] = {}
        #: Of each place its number among the members of its loop, and whether its reader drew it into its own.
        self._member, self._drawn = [0] * len(uses), [False] * len(uses)
        #: The last loop of a single member, before the rows and for each row.
        self._single = {False: -1, True: -1}
        drawing = [self._drawing(pattern) for pattern in patterns.found]
        for p, (pattern, loop) in enumerate(zip(patterns.found, drawing, strict=True)):
            places = [place for place in pattern.members if not self._drawn[place]]
            if loop is not None:
                self._enter(p, len(self.loops), loop)
            elif places:
                self._enter(p, *self._fitting(pattern, places))

    def _enter(self, p: int, number: int, loop: Loop) -> None:
        """Note that the last step of a loop is a pattern's."""
        if number == len(self.loops):
            self.loops.append(loop)
        step = loop.steps[-1]
        for i, place in enumerate(step.places):
            self._member[place] = i
        self._home[p] = number, step
        if loop.count == 1 and step.op != SAME:
            self._single[loop.varies] = number

    # ----- what only one reads -----

    def _drawing(self, pattern: Pattern) -> Loop | None:
        """Return the loop of a fold, or of a sum that draws what it adds up into its loop."""
        places = [*pattern.members]
        loop = Loop(pattern.varies, len(places), pattern.length)
        if pattern.length:
            (start,) = pattern.operands(places)
            term = self._draw(pattern.terms, loop, loop.terms)
            loop.steps.append(Step(pattern.op, places, [Read(start), term], is_fold=True))
            return loop
        if pattern.op == SUM:
            operand = self._draw(pattern.operands(places)[0], loop, loop.steps)
            if isinstance(operand, Step):
                loop.steps.append(Step(SUM, places, [operand]))
                return loop
        return None

    def _draw(self, places: list[int], loop: Loop, into: list[Step]) -> Step | Read:
        """Return an operand, as a step of the loop where nobody else reads it; that draws its own operands."""
        first = self._drawable(places, 1, loop)
        if first is None:
            return Read(places)
        steps = [first]
        for step in steps:
            for operand in step.operands:
                if isinstance(operand, Read) and len(steps) < LONGEST_FOLD:
                    same = [
                        x
                        for x in step.operands
                        if isinstance(x, Read) and x.places == operand.places
                    ]
                    drawn = self._drawable(operand.places, len(same), loop)
                    if drawn is not None:
                        step.operands = [drawn if x in same else x for x in step.operands]
                        steps.append(drawn)
        into += reversed(steps)
        return first

    def _drawable(self, places: list[int], times: int, loop: Loop) -> Step | None:
        """Return instructions as a step, if nobody reads them but who asks, and that so many times."""
        pattern = self._patterns.found[self._patterns.of[places[0]]]
        if not pattern.members or pattern.length or pattern.varies != loop.varies:
            return None
        if any(self._uses[place] != times for place in places):
            return None
        for place in places:
            self._drawn[place] = True
        return Step(pattern.op, places, [*map(Read, pattern.operands(places))])

    # ----- what goes member by member -----

    def _fitting(self, pattern: Pattern, places: list[int]) -> tuple[int, Loop]:
        """Return the number of the loop of which a pattern becomes the last step, and the loop."""
        operands = pattern.operands(places)
        homes = [self._home.get(self._patterns.of[operand[0]]) for operand in operands]
        before = [h[0] for h in homes if h and self.loops[h[0]].varies == pattern.varies]
        if len(places) == 1:
            before.append(self._single[pattern.varies])
        # A loop cannot be joined unless all that is read stands in it or before it.
        number = max(before, default=-1)
        if number >= 0 and pattern.op != SAME:
            loop = self.loops[number]
            steps = [h[1] if h and h[0] == number else None for h in homes]
            read = [operand for operand, step in zip(operands, steps, strict=True) if step]
            order = self._order(read, len(places))
            if order is not None and len(places) == loop.count and not loop.is_full:
                mixed = [
                    step or Read([operand[i] for i in order])
                    for operand, step in zip(operands, steps, strict=True)
                ]
                loop.steps.append(Step(pattern.op, [places[i] for i in order], mixed))
                return number, loop
        begun = Step(pattern.op, places, [*map(Read, operands)])
        return len(self.loops), Loop(pattern.varies, len(places), steps=[begun])

    def _order(self, read: Sequence[Sequence[int]], count: int) -> list[int] | None:
        """Return the members in the order of the loop whose results they read; None if it is not one each."""
        ranks = [[self._member[place] for place in operand] for operand in read] or [[0]]
        if any(rank != ranks[0] for rank in ranks) or sorted(ranks[0]) != [*range(count)]:
            return None
        return sorted(range(count), key=ranks[0].__getitem__)
