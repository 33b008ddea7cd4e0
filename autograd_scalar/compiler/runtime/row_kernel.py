"""Kernel of a program over rows: the arrays it takes, its machine code by block size, and its calls."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd_scalar.compiler import stages
from autograd_scalar.compiler.backends import python
from autograd_scalar.compiler.backends.llvm import abi, target
from autograd_scalar.compiler.backends.llvm.loops import lanes, looped
from autograd_scalar.compiler.backends.llvm.straight import straight
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.ir.variance import row_layout
from autograd_scalar.compiler.options import INSTRUCTIONS_PER_PIECE, MAX_STRAIGHT_ROWS, Options
from autograd_scalar.compiler.runtime import threads
from autograd_scalar.compiler.runtime.fast_call import BoundCall, address
from autograd_scalar.compiler.vectorize.reroll import reroll


class Rows:
    """Rows of tables of float64, whose columns, one after another, are the inputs of a kernel that differ by row."""

    def __init__(self, tables: Sequence[Any]) -> None:
        self.tables = tables
        #: The number of rows; 1 without tables, for a kernel without columns.
        self.count = len(tables[0]) if tables else 1
        pointers: list[int] = []
        strides: list[int] = []
        for table in tables:
            first, (stride, across) = address(table), table.strides
            width = table.shape[1]
            pointers += range(first, first + width * across, across) if across else [first] * width
            strides += [stride] * width
        self.pointers = (ctypes.c_void_p * len(pointers))(*pointers)
        self.strides = (ctypes.c_int64 * len(strides))(*strides)

    def __len__(self) -> int:
        return len(self.strides)

    def take(self, rows: Any) -> Rows:
        """Return some of the rows: a slice, or an array of row numbers."""
        return Rows([table[rows] for table in self.tables])

    def columns(self) -> list[list[float]]:
        """Return the columns as lists."""
        return [column for table in self.tables for column in table.T.tolist()]

    def row(self, row: int) -> list[float]:
        """Return the numbers of one row."""
        return [number for table in self.tables for number in table[row].tolist()]


class Buffers(NamedTuple):
    """Arrays that a kernel writes: outputs by row, sums over the rows, and of each row whether all guards hold."""

    outs: Any
    sums: Any
    flags: Any

    def from_row(self, first: int) -> Buffers:
        """Return views that start at a row, with sums of their own."""
        import numpy as np

        flags = None if self.flags is None else self.flags[first:]
        return Buffers(self.outs[:, first:], np.zeros(len(self.sums)), flags)


class BlockKernel:
    """Machine code that runs rows in blocks of `kernel.lanes`."""

    def __init__(self, kernel: abi.Kernel, code: target.Code, piece: int) -> None:
        self.kernel, self.code = kernel, code
        #: Rows that a thread runs at a time.
        self.piece = piece
        #: Scratch memory that no call is using. Fresh pages for every call took longer than 32 rows of moons.
        self._spare: list[Any] = []

    def room(self, rows: int) -> int:
        """Return the rows rounded up to whole blocks."""
        return -(-rows // self.kernel.lanes) * self.kernel.lanes

    def call(self, rows: Rows, shared: Any, into: Buffers) -> int:
        """Run the rows, in several threads if there are many, and return for how many of them a guard failed."""
        if rows.count <= self.piece:
            return self._call(rows, shared, into)
        import numpy as np

        def run(first: int) -> tuple[int, Any]:
            piece = into.from_row(first)
            some = rows.take(slice(first, first + self.piece))
            return self._call(some, shared, piece), piece.sums

        failed = 0
        for failures, sums in threads.each(run, range(0, rows.count, self.piece)):  # in this order
            failed += failures
            with np.errstate(all="ignore"):  # inf - inf is nan
                into.sums[:] += sums
        return failed

    def _call(self, rows: Rows, shared: Any, into: Buffers) -> int:
        import numpy as np

        outs, sums, flags = into
        pointers = address(outs) + outs.strides[0] * np.arange(len(outs), dtype=np.int64)
        try:
            scratch = self._spare.pop()
        except IndexError:  # not asked for before, since another thread may take the last
            scratch = self.new_scratch()
        failed: int = self.code.kernel(
            rows.count, rows.pointers, rows.strides, address(shared), address(pointers),
            address(sums), 0 if flags is None else address(flags), _aligned(scratch),
        )  # fmt: skip
        self._spare.append(scratch)
        return failed

    def new_scratch(self) -> Any:
        import numpy as np

        return np.empty(self.kernel.scratch + 8)  # with room to align it


def _aligned(scratch: Any) -> int:
    """Return the first address in the scratch memory that is a multiple of 64."""
    return -(-address(scratch) // 64) * 64


class RowKernel:
    """A lowered program over rows: `columns` are inputs that differ by row, `by_row` outputs wanted for each."""

    def __init__(
        self, program: Program, columns: Sequence[int], by_row: Sequence[int], options: Options
    ) -> None:
        self.program = program
        self.layout = row_layout(program, columns, by_row)
        self._fast = options.fast
        self._is_short = len(program) <= MAX_STRAIGHT_ROWS
        #: Machine code by the size of its blocks of rows.
        self.blocks: dict[int, BlockKernel] = {}
        self._run = None if options.backend == "llvm" else python.compiled(program)

    def _block(self, count: int) -> BlockKernel:
        """Return the machine code for a number of rows, in blocks of the size that leaves few lanes idle."""
        width = target.width()
        size = lanes(count, width)
        if self._is_short:
            size = min(size, 4 * width)
        if size not in self.blocks:
            self.blocks[size] = self.compile(size)
        return self.blocks[size]

    def compile(self, size: int) -> BlockKernel:
        """Compile the machine code for blocks of `size` rows."""
        width, fma = target.width(), target.has_fma()
        if self._is_short:
            kernel = straight(self.program, self.layout, size, fma=fma, fast=self._fast)
        else:
            loops = reroll(self.program, self.layout)
            stages.emit("loops", "vectorize.reroll", loops)
            kernel = looped(loops, size, width=width, fma=fma, fast=self._fast)
        stages.emit("llvm", "backends.llvm", kernel.text)
        code = target.Code(kernel.text, passes=1 if self._is_short else 0)
        stages.emit("machine", "backends.llvm", "")
        # Pieces depend on the program alone, so sums are the same for any number of threads.
        piece = max(INSTRUCTIONS_PER_PIECE // (len(self.program) * size), 1) * size
        return BlockKernel(kernel, code, piece)

    def __call__(self, rows: Rows, shared: Any) -> tuple[Any, Any, Any]:
        """Return the outputs by row, the sums of the others, and a mask of the rows whose guards hold; None if all do.

        `shared` is one float64 array of the inputs that are not columns.
        """
        import numpy as np

        count = rows.count
        if not count:  # 0 rows times an infinite number would be nan
            return np.empty((len(self.layout.rows), 0)), np.zeros(len(self.layout.sums)), None
        block = self._block(count) if self._run is None else None
        run, room = (block.call, block.room(count)) if block else (self._loop, count)
        outs = np.empty((len(self.layout.rows), room))
        sums = np.zeros(len(self.layout.sums))
        flags = np.ones(room, dtype=np.int8) if self.program.guards else None
        failed = run(rows, shared, Buffers(outs, sums, flags))
        good = flags[:count] != 0 if failed and flags is not None else None
        return outs[:, :count], sums, good

    def once(self, values: Sequence[float]) -> tuple[list[float], int]:
        """Return the outputs of a kernel without columns, and -1, or 0 if a guard fails."""
        import numpy as np

        found, held = self.held(np.asarray(values, dtype=np.float64))
        return found.tolist(), -1 if held else 0

    def held(self, values: Any) -> tuple[Any, bool]:
        """Return the outputs of a kernel without columns for an array of inputs, and whether all guards hold."""
        outs, _, good = self(Rows([]), values)
        return outs[:, 0], good is None

    def bind(self, rows: Rows, shared: Any, means: Any, divisor: float) -> BoundCall | None:
        """Return a call that leaves the sums over the rows, divided, in the array `means`, or None if it needs more.

        One call must do for all rows, and no outputs by row be wanted. The arrays must live as long as the call.
        """
        count = rows.count
        if self._run is not None or not count or self.layout.rows:
            return None
        block = self._block(count)
        if count > block.piece:
            return None
        import numpy as np

        flags = np.ones(block.room(count), dtype=np.int8)
        scratch, sums = block.new_scratch(), np.empty_like(means)
        pointers = (
            ctypes.addressof(rows.pointers), ctypes.addressof(rows.strides), address(shared), 0,
            address(sums), address(flags), _aligned(scratch),
        )  # fmt: skip
        keep = rows, shared, flags, scratch
        return BoundCall(block.code, count, pointers, sums, means, divisor, keep)

    def _loop(self, rows: Rows, shared: Any, into: Buffers) -> int:
        """Run the rows one by one in generated Python, as BlockKernel.call does."""
        assert self._run is not None
        values = [0.0] * len(self.program.inputs)
        for k, number in zip(self.layout.shared, shared.tolist(), strict=True):
            values[k] = number
        columns = rows.columns()
        totals = [0.0] * len(into.sums)  # floats, since numpy warns of inf - inf
        failed = 0
        for row in range(rows.count):
            for k, column in zip(self.layout.columns, columns, strict=True):
                values[k] = column[row]
            found, guard = self._run(*values)
            if guard >= 0:
                into.flags[row] = 0
                failed += 1
                continue
            into.outs[:, row] = [found[k] for k in self.layout.rows]
            for i, k in enumerate(self.layout.sums):
                totals[i] += found[k]
        into.sums[:] = totals
        return failed
