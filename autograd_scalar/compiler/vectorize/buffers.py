"""Where loops keep their results: side by side, in the order of the loop's members."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from autograd_scalar.compiler.ir.program import Instruction
from autograd_scalar.compiler.ir.variance import RowLayout
from autograd_scalar.compiler.vectorize.access import Slot, arrangement, contiguous, slot
from autograd_scalar.compiler.vectorize.fusion import Loop, Read, Step
from autograd_scalar.compiler.vectorize.packs import RESULTS, SAME, SUM, TOTAL


class Rolled(NamedTuple):
    """A program as loops: those before the loop over rows, those in it, those after it."""

    before: list[Loop]
    by_row: list[Loop]
    after: list[Loop]
    #: Which columns are read: the first results by row.
    columns: list[int]
    #: How many results there are by row (with the columns) and for all rows, and how many sums.
    rows: int
    same: int
    sums: int
    #: What the slots in the space "number" stand for.
    numbers: list[float]

    @property
    def loops(self) -> list[Loop]:
        return [*self.before, *self.by_row, *self.after]


class Memory:
    """The places of a code in memory.

    There are the spaces "row" and "same" for results, "shared" for inputs, "number", and `SUM`. `index` tells of
    instructions that hand a number out which output it is.
    """

    def __init__(
        self,
        code: Sequence[Instruction],
        index: dict[int, int],
        uses: Sequence[int],
        which: RowLayout,
    ) -> None:
        self._code, self._uses = code, uses
        self._numbers: list[float] = []
        self._columns: list[int] = []
        #: Of each place its space, and its index there.
        self._space, self._at = ["number"] * len(code), [index.get(i, 0) for i in range(len(code))]
        columns = {k: i for i, k in enumerate(which.columns)}
        shared = {k: i for i, k in enumerate(which.shared)}
        for place, (op, *operands) in enumerate(code):
            if op == "input" and uses[place]:
                (k,) = operands
                if k in columns:
                    self._space[place], self._at[place] = "row", len(self._columns)
                    self._columns.append(columns[k])
                else:
                    self._space[place], self._at[place] = "shared", shared[k]
        self._taken = {"row": len(self._columns), "same": 0, SUM: 0}

    def rolled(self, loops: Sequence[Loop]) -> Rolled:
        """Return the loops with slots."""
        totals = []
        loops = sorted(loops, key=lambda loop: loop.varies)
        for loop in loops:
            self._arrange(loop)
            for read in loop.reads:
                read.slot = self._slot(read.places, loop)
            inside = Counter(id(operand) for step in loop.body for operand in step.operands)
            for step in loop.steps:
                if step.op == SUM:
                    totals.append(self._total(step, loop))
                elif step.op in RESULTS:
                    step.to = slot(step.op, [self._at[p] for p in step.places], loop.nest)
                elif any(self._uses[p] > inside[id(step)] for p in step.places):
                    step.to = self._kept(step, loop, "row" if loop.varies else "same")
        after = [loop for loop in loops if loop.steps[0].op == SAME]
        return Rolled(
            before=[loop for loop in loops if not loop.varies and loop not in after],
            by_row=[loop for loop in loops if loop.varies],
            after=totals + after,
            columns=self._columns,
            rows=self._taken["row"],
            same=self._taken["same"],
            sums=self._taken[SUM],
            numbers=self._numbers,
        )

    def _arrange(self, loop: Loop) -> None:
        """Choose the order of the members, and how they nest."""
        lists = [
            [self._at[place] for place in read.places[:: len(read.places) // loop.count]]
            for read in loop.reads
            if self._space[read.places[0]] != "number"
        ]
        loop.nest, order = arrangement(lists, loop.count)
        if order is not None:
            listed: list[Step | Read] = [*loop.body, *loop.reads]
            for x in listed:
                each = len(x.places) // loop.count
                x.places = [p for i in order for p in x.places[i * each : (i + 1) * each]]

    def _slot(self, places: Sequence[int], loop: Loop) -> Slot:
        """Return the slot of what is read."""
        space = self._space[places[0]]
        indices = [self._at[place] for place in places]
        if space == "number":
            numbers = [self._code[place][1] for place in places]
            if len({number.hex() for number in numbers}) == 1:
                del numbers[1:]
            indices = [len(self._numbers) + i % len(numbers) for i in range(len(places))]
            self._numbers += numbers
        return slot(space, indices, loop.nest, len(places) // loop.count)

    def _kept(self, step: Step, loop: Loop, space: str) -> Slot:
        """Return the slot of a step's results."""
        base = self._taken[space]
        self._taken[space] += loop.count
        for i, place in enumerate(step.places):
            self._space[place], self._at[place] = space, base + i
        return Slot(space, base, contiguous(loop.nest))

    def _total(self, step: Step, loop: Loop) -> Loop:
        """Return the loop that hands out what a step adds up."""
        outputs = [self._at[place] for place in step.places]
        step.to = self._kept(step, loop, SUM)
        nest, order = arrangement([outputs], loop.count)
        order = order or [*range(loop.count)]
        sums = Read([], slot(SUM, [step.to.base + i for i in order], nest))
        total = Step(TOTAL, [], [sums], to=slot(TOTAL, [outputs[i] for i in order], nest))
        return Loop(False, loop.count, steps=[total], nest=nest)
