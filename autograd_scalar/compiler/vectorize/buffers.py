"""Buffer assignment: where loops store their results, side by side in the order of the loop's members."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from autograd_scalar.compiler.ir.program import Instruction
from autograd_scalar.compiler.ir.variance import RowLayout
from autograd_scalar.compiler.vectorize.access import (
    Access,
    choose_order,
    contiguous_strides,
    fit_access,
)
from autograd_scalar.compiler.vectorize.loop_ir import Loop, LoopProgram, Read, Step
from autograd_scalar.compiler.vectorize.packs import EFFECTS, Effect


class BufferAssignment:
    """The space and offset of each instruction's result; `output` has the offsets of instructions with an effect."""

    def __init__(
        self,
        code: Sequence[Instruction],
        output: dict[int, int],
        uses: Sequence[int],
        layout: RowLayout,
    ) -> None:
        self._code, self._uses, self._layout = code, uses, layout
        self._constants: list[float] = []
        self._columns: list[int] = []
        self._space = ["const"] * len(code)
        self._offset = [output.get(index, 0) for index in range(len(code))]
        columns = {k: i for i, k in enumerate(layout.columns)}
        shared = {k: i for i, k in enumerate(layout.shared)}
        for index, (op, k, *_) in enumerate(code):
            if op == "input" and uses[index]:
                if k in columns:
                    self._space[index], self._offset[index] = "row", len(self._columns)
                    self._columns.append(columns[k])
                else:
                    self._space[index], self._offset[index] = "shared", shared[k]
        self._sizes: dict[str, int] = {"row": len(self._columns), "uniform": 0, Effect.SUM_ROWS: 0}

    def assign(self, loops: Sequence[Loop]) -> LoopProgram:
        """Give every read and every stored result its access function, and return the loops as a program."""
        totals = []
        loops = sorted(loops, key=lambda loop: loop.varies)
        for loop in loops:
            self._order_members(loop)
            for read in loop.reads:
                read.access = self._access(read.indices, loop)
            inside = Counter(id(operand) for step in loop.body for operand in step.operands)
            for step in loop.steps:
                if step.op == Effect.SUM_ROWS:
                    totals.append(self._total(step, loop))
                elif step.op in EFFECTS:
                    offsets = [self._offset[index] for index in step.indices]
                    step.store = fit_access(step.op, offsets, loop.nest)
                elif any(self._uses[index] > inside[id(step)] for index in step.indices):
                    step.store = self._allocate(step, loop, "row" if loop.varies else "uniform")
        after = [loop for loop in loops if loop.steps[0].op == Effect.ADD_UNIFORM]
        return LoopProgram(
            before=[loop for loop in loops if not loop.varies and loop not in after],
            by_row=[loop for loop in loops if loop.varies],
            after=totals + after,
            columns=self._columns,
            sizes=self._sizes,
            constants=self._constants,
            layout=self._layout,
        )

    def _order_members(self, loop: Loop) -> None:
        """Choose the order of a loop's members, and nested loops over them, for affine reads."""
        lists = [
            [self._offset[index] for index in read.indices[:: len(read.indices) // loop.count]]
            for read in loop.reads
            if self._space[read.indices[0]] != "const"
        ]
        loop.nest, order = choose_order(lists, loop.count)
        if order is not None:
            listed: list[Step | Read] = [*loop.body, *loop.reads]
            for x in listed:
                each = len(x.indices) // loop.count
                x.indices = [p for i in order for p in x.indices[i * each : (i + 1) * each]]

    def _access(self, indices: Sequence[int], loop: Loop) -> Access:
        """Return the access function of what a loop reads."""
        space = self._space[indices[0]]
        offsets = [self._offset[index] for index in indices]
        if space == "const":
            numbers = [self._code[index][1] for index in indices]
            if len({number.hex() for number in numbers}) == 1:
                del numbers[1:]
            offsets = [len(self._constants) + i % len(numbers) for i in range(len(indices))]
            self._constants += numbers
        return fit_access(space, offsets, loop.nest, len(indices) // loop.count)

    def _allocate(self, step: Step, loop: Loop, space: str) -> Access:
        """Allocate a step's results in a space, side by side, and return their access function."""
        base = self._sizes[space]
        self._sizes[space] += loop.count
        for i, index in enumerate(step.indices):
            self._space[index], self._offset[index] = space, base + i
        return Access(space, base, contiguous_strides(loop.nest))

    def _total(self, step: Step, loop: Loop) -> Loop:
        """Return the loop that stores the sums of a step."""
        outputs = [self._offset[index] for index in step.indices]
        step.store = self._allocate(step, loop, Effect.SUM_ROWS)
        nest, order = choose_order([outputs], loop.count)
        order = order or [*range(loop.count)]
        sums = Read([], fit_access(Effect.SUM_ROWS, [step.store.base + i for i in order], nest))
        store = fit_access(Effect.STORE_TOTAL, [outputs[i] for i in order], nest)
        return Loop(
            False, loop.count, steps=[Step(Effect.STORE_TOTAL, [], [sums], store=store)], nest=nest
        )
