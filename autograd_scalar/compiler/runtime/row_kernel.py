"""The kernel of a program over rows: its arguments as it takes them, and its call."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd_scalar.compiler.backends import python
from autograd_scalar.compiler.backends.llvm import abi, target
from autograd_scalar.compiler.backends.llvm.loops import lanes, looped
from autograd_scalar.compiler.backends.llvm.straight import straight
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.ir.variance import row_layout
from autograd_scalar.compiler.options import Options
from autograd_scalar.compiler.runtime import threads
from autograd_scalar.compiler.runtime.fast_call import Means, address

#: How many instructions a thread should have to run at a time, those of all its rows together.
PIECE = 16_000_000
#: Programs up to this long are straight-line code, which then stays in registers; longer ones are loops over memory.
SHORT = 150


class Columns:
    """The inputs that differ by row, as kernels take them: the columns of tables of float64, one after another."""

    def __init__(self, tables: Sequence[Any]) -> None:
        self.tables = tables
        at: list[int] = []
        strides: list[int] = []
        for table in tables:
            first, (stride, across) = address(table), table.strides
            width = table.shape[1]
            at += range(first, first + width * across, across) if across else [first] * width
            strides += [stride] * width
        self.pointers = (ctypes.c_void_p * len(at))(*at)
        self.strides = (ctypes.c_int64 * len(at))(*strides)

    def __len__(self) -> int:
        return len(self.strides)

    def rows(self, some: Any) -> Columns:
        """Return some rows: a slice, or an array of their numbers."""
        return Columns([table[some] for table in self.tables])

    def lists(self) -> list[list[float]]:
        """Return the columns as lists."""
        return [column for table in self.tables for column in table.T.tolist()]

    def row(self, row: int) -> list[float]:
        """Return the numbers of one row."""
        return [number for table in self.tables for number in table[row].tolist()]


class Machine(NamedTuple):
    """The machine code for some number of rows."""

    kernel: abi.Kernel
    code: target.Code
    #: So many rows go to a thread at a time.
    piece: int
    #: Memory to work in that nobody uses now. Fresh pages for every call took longer than a batch of 32 rows.
    spare: list[Any]

    def call(
        self, count: int, columns: Columns, shared: Any, outs: Any, sums: Any, flags: Any
    ) -> int:
        """Run the kernel and return for how many rows a guard failed."""
        import numpy as np

        to = address(outs) + outs.strides[0] * np.arange(len(outs), dtype=np.int64)
        scratch = self.spare.pop() if self.spare else np.empty(self.kernel.scratch + 8)
        failed: int = self.code.kernel(
            count, columns.pointers, columns.strides, address(shared), address(to),
            address(sums), 0 if flags is None else address(flags), -(-address(scratch) // 64) * 64,
        )  # fmt: skip
        self.spare.append(scratch)
        return failed


class Rows:
    """A program over rows: `columns` are the inputs that differ from row to row; `rows` the outputs wanted for each."""

    def __init__(
        self, program: Program, columns: Sequence[int], rows: Sequence[int], options: Options
    ) -> None:
        self.program = program
        self.layout = row_layout(program, columns, rows)
        self.native = options.backend == "llvm"
        self._fast = options.fast
        self._machines: dict[int, Machine] = {}
        if not self.native:
            self._run = python.compiled(program)

    def _machine(self, count: int) -> Machine:
        """Return the machine code for so many rows: blocks have the size that leaves few lanes idle."""
        width = target.width()
        short = len(self.program) <= SHORT
        block = min(lanes(count, width), 4 * width) if short else lanes(count, width)
        if block not in self._machines:
            make = functools.partial(
                straight if short else functools.partial(looped, width=width),
                self.program, self.layout, block, fma=target.has_fma(), fast=self._fast,
            )  # fmt: skip
            kernel = make()
            code = target.Code(kernel.text, passes=1 if short else 0)
            # How rows are shared out depends on the program alone, so sums are the same for any number of threads.
            piece = max(PIECE // (len(self.program) * block), 1) * block
            self._machines[block] = Machine(kernel, code, piece, [])
        return self._machines[block]

    def __call__(self, count: int, columns: Columns, shared: Any) -> tuple[Any, Any, Any]:
        """Return the outputs by row, the sums of the others, and of each row whether the guards hold (None for all).

        `shared` is one float64 array of the other inputs.
        """
        import numpy as np

        if not count:  # 0 rows times an infinite number would be nan
            return np.empty((len(self.layout.rows), 0)), np.zeros(len(self.layout.sums)), None
        made = self._machine(count) if self.native else None
        block = made.kernel.lanes if made else 1
        room = -(-count // block) * block
        outs = np.empty((len(self.layout.rows), room))
        sums = np.zeros(len(self.layout.sums))
        flags = np.ones(room, dtype=np.int8) if self.program.guards else None
        if made is None:
            failed = self._loop(count, columns, shared, outs, sums, flags)
        elif count <= made.piece:
            failed = made.call(count, columns, shared, outs, sums, flags)
        else:
            failed = _shared_out(made, count, columns, shared, outs, sums, flags)
        good = flags[:count] != 0 if failed and flags is not None else None
        return outs[:, :count], sums, good

    def once(self, values: Sequence[float]) -> tuple[list[float], int]:
        """Return the outputs for one set of numbers, where there are no columns; and -1, or 0 where a guard fails."""
        import numpy as np

        found, held = self.held(np.asarray(values, dtype=np.float64))
        return found.tolist(), -1 if held else 0

    def held(self, values: Any) -> tuple[Any, bool]:
        """Return the outputs for an array of inputs, where there are no columns, and whether the guards hold."""
        outs, _, good = self(1, Columns([]), values)
        return outs[:, 0], good is None

    def means(
        self, count: int, columns: Columns, shared: Any, means: Any, divisor: float
    ) -> Means | None:
        """Return the kernel with its arguments, to be called again and again, where one call does and gives sums alone.

        A call leaves the sums over the rows, divided, in the array `means`. The arrays have to live as long as it does.
        """
        import numpy as np

        if not self.native or not count or self.layout.rows:
            return None
        made = self._machine(count)
        if count > made.piece:
            return None
        flags = np.ones(-(-count // made.kernel.lanes) * made.kernel.lanes, dtype=np.int8)
        scratch, sums = np.empty(made.kernel.scratch + 8), np.empty_like(means)
        pointers = (
            ctypes.addressof(columns.pointers), ctypes.addressof(columns.strides), address(shared), 0,
            address(sums), address(flags), -(-address(scratch) // 64) * 64,
        )  # fmt: skip
        bound = target.Bound(made.code, count, pointers, (columns, shared, flags, scratch))
        return Means(bound, sums, means, divisor)

    def _loop(
        self, count: int, columns: Columns, shared: Any, outs: Any, sums: Any, flags: Any
    ) -> int:
        """Do as the kernel does, in Python."""
        values = [0.0] * len(self.program.inputs)
        for k, number in zip(self.layout.shared, shared.tolist(), strict=True):
            values[k] = number
        lists = columns.lists()
        totals = [0.0] * len(sums)  # floats, since numpy warns of inf - inf
        failed = 0
        for row in range(count):
            for k, column in zip(self.layout.columns, lists, strict=True):
                values[k] = column[row]
            found, guard = self._run(*values)
            if guard >= 0:
                flags[row] = 0
                failed += 1
                continue
            outs[:, row] = [found[k] for k in self.layout.rows]
            for i, k in enumerate(self.layout.sums):
                totals[i] += found[k]
        sums[:] = totals
        return failed


def _shared_out(
    made: Machine, count: int, columns: Columns, shared: Any, outs: Any, sums: Any, flags: Any
) -> int:
    """Run pieces of the rows in several threads; their sums are added in order."""
    import numpy as np

    def work(first: int) -> tuple[int, Any]:
        end = min(first + made.piece, count)
        found = np.zeros(len(sums))
        some = columns.rows(slice(first, end))
        marks = None if flags is None else flags[first:]
        return made.call(end - first, some, shared, outs[:, first:], found, marks), found

    failed = 0
    for failures, found in threads.each(work, range(0, count, made.piece)):
        failed += failures
        with np.errstate(all="ignore"):  # inf - inf is nan
            sums += found
    return failed
