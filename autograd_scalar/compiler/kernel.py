"""Programs as something to call: for one set of numbers, or for rows of them.

With llvmlite that is machine code, without it generated Python. Kernels are kept by the program they were made from,
so a second model of the same shape costs nothing.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd_scalar.compiler import llvm, machine, python, threads
from autograd_scalar.compiler.expand import expanded
from autograd_scalar.compiler.gradient import with_gradients
from autograd_scalar.compiler.simplify import simplified
from autograd_scalar.program import Program

#: How many instructions a thread should have to run at a time, those of all its rows together.
PIECE = 8_000_000
#: With more numbers than this, a call by address is as quick.
MOST_DIRECT = 16


class Options(NamedTuple):
    """How code is to be made."""

    backend: str
    fast: bool = False


def basic(program: Program, wrt: Sequence[int] | None, of: Sequence[int] | None = None) -> Program:
    """Return the program, with gradients by some inputs where these are asked for, as back ends take it."""
    return simplified(expanded(program if wrt is None else with_gradients(program, wrt, of)))


_made: dict[Any, Any] = {}
_making = threading.Lock()


def _once(key: Any, make: Callable[[], Any]) -> Any:
    """Return what was made for a key, or make it."""
    with _making:
        if key not in _made:
            _made[key] = make()
        return _made[key]


def shape(program: Program) -> tuple[Any, ...]:
    """Return what tells programs apart that compute other things; 0.0 and -0.0 are equal, but not their texts."""
    code = tuple(
        (op, operands[0].hex()) if op == "const" else (op, *operands)
        for op, *operands in program.code
    )
    return code, program.outputs, tuple(guard[:4] for guard in program.guards)


def single(
    program: Program, wrt: Sequence[int] | None, options: Options
) -> Callable[[Sequence[float]], tuple[list[float], int]]:
    """Return the function from the inputs to the outputs (and gradients), and the first guard that fails, or -1."""
    key = ("single", shape(program), None if wrt is None else tuple(wrt), options)

    def make() -> Callable[[Sequence[float]], tuple[list[float], int]]:
        made = basic(program, wrt)
        if options.backend == "llvm":
            return _native_single(made, options.fast)
        run = python.compiled(made)
        return lambda values: run(*values)

    return _once(key, make)  # type: ignore[no-any-return]


def direct(program: Program, options: Options) -> Callable[..., float] | None:
    """Return the function from a few numbers to the one output, where that is all there is to it."""
    if options.backend != "llvm" or program.guards or len(program.outputs) > 1:
        return None
    if len(program.inputs) > MOST_DIRECT:
        return None
    key = ("direct", shape(program), options)

    def make() -> Callable[..., float]:
        code = machine.Code(llvm.direct(basic(program, None), fast=options.fast))
        return code.direct(len(program.inputs))  # type: ignore[no-any-return]

    return _once(key, make)  # type: ignore[no-any-return]


def _native_single(
    program: Program, fast: bool
) -> Callable[[Sequence[float]], tuple[list[float], int]]:
    """Return the function as machine code."""
    code = machine.Code(llvm.single(program, fast=fast))
    call = code.function("single", 2)
    inputs, outputs = len(program.inputs), len(program.outputs)
    given = ctypes.c_double * inputs
    found = ctypes.c_double * outputs

    def run(values: Sequence[float]) -> tuple[list[float], int]:
        x, y = given(*values), found()
        failed = call(ctypes.addressof(x), ctypes.addressof(y))
        return y[:], failed

    run.code = code  # type: ignore[attr-defined]  # which lives as long as what calls it
    return run


def address(array: Any) -> int:
    """Return where an array's numbers are; array.ctypes.data takes three times as long."""
    return array.__array_interface__["data"][0]  # type: ignore[no-any-return]


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


class Rows:
    """A program over rows: `columns` are the inputs that differ from row to row; `rows` the outputs wanted for each."""

    def __init__(
        self, program: Program, columns: Sequence[int], rows: Sequence[int], options: Options
    ) -> None:
        self.program = program
        self.layout = llvm.layout(program, columns, rows)
        self.native = options.backend == "llvm"
        if self.native:
            self._kernel = llvm.straight(
                program, self.layout, machine.width(), fma=machine.has_fma(), fast=options.fast
            )
            self._code = machine.Code(self._kernel.text)
            # How rows are shared out depends on nothing but the program, so sums are the same on any machine.
            pieces = PIECE // (len(program) * self._kernel.lanes)
            #: So many rows go to a thread at a time.
            self.piece = max(pieces, 1) * self._kernel.lanes
        else:
            self._run = python.compiled(program)

    def __call__(self, count: int, columns: Columns, shared: Any) -> tuple[list[Any], Any, Any]:
        """Return the outputs by row, the sums of the others, and of each row whether the guards hold (None for all).

        `shared` is one float64 array of the other inputs.
        """
        import numpy as np

        lanes = self._kernel.lanes if self.native else 1
        room = -(-count // lanes) * lanes
        outs = [np.empty(room) for _ in self.layout.rows]
        sums = np.zeros(len(self.layout.sums))
        flags = np.ones(room, dtype=np.int8) if self.program.guards else None
        if not self.native:
            failed = self._loop(count, columns, shared, outs, sums, flags)
        elif count <= self.piece:
            failed = self._call(count, columns, shared, outs, sums, flags)
        else:
            failed = self._share_out(count, columns, shared, outs, sums, flags)
        good = flags[:count] != 0 if failed and flags is not None else None
        return [out[:count] for out in outs], sums, good

    def _share_out(
        self, count: int, columns: Columns, shared: Any, outs: Any, sums: Any, flags: Any
    ) -> int:
        """Run pieces of the rows in several threads; their sums are added in order."""
        import numpy as np

        def work(first: int) -> tuple[int, Any]:
            end = min(first + self.piece, count)
            found = np.zeros(len(sums))
            some = columns.rows(slice(first, end))
            to = [out[first:] for out in outs]
            marks = None if flags is None else flags[first:]
            return self._call(end - first, some, shared, to, found, marks), found

        failed = 0
        for failures, found in threads.each(work, range(0, count, self.piece)):
            failed += failures
            sums += found
        return failed

    def _call(
        self, count: int, columns: Columns, shared: Any, outs: Any, sums: Any, flags: Any
    ) -> int:
        import numpy as np

        to = (ctypes.c_void_p * len(outs))(*map(address, outs))
        scratch = np.empty(self._kernel.scratch + 8)
        return self._code.kernel(  # type: ignore[no-any-return]
            count, columns.pointers, columns.strides, address(shared), to,
            address(sums), 0 if flags is None else address(flags), -(-address(scratch) // 64) * 64,
        )  # fmt: skip

    def _loop(
        self, count: int, columns: Columns, shared: Any, outs: Any, sums: Any, flags: Any
    ) -> int:
        """Do as the kernel does, in Python."""
        values = [0.0] * len(self.program.inputs)
        for k, number in zip(self.layout.shared, shared.tolist(), strict=True):
            values[k] = number
        lists = columns.lists()
        failed = 0
        for row in range(count):
            for k, column in zip(self.layout.columns, lists, strict=True):
                values[k] = column[row]
            found, guard = self._run(*values)
            if guard >= 0:
                flags[row] = 0
                failed += 1
                continue
            for out, k in zip(outs, self.layout.rows, strict=True):
                out[row] = found[k]
            for i, k in enumerate(self.layout.sums):
                sums[i] += found[k]
        return failed


def rows(
    program: Program,
    wrt: Sequence[int] | None,
    columns: Sequence[int],
    by_row: Sequence[int],
    options: Options,
) -> Rows:
    """Return the kernel of a program over rows: outputs are wanted by row, the others are summed and differentiated."""
    key = ("rows", shape(program), wrt and tuple(wrt), tuple(columns), tuple(by_row), options)

    def make() -> Rows:
        summed = [k for k in range(len(program.outputs)) if k not in {*by_row}]
        return Rows(basic(program, wrt, summed), columns, by_row, options)

    return _once(key, make)  # type: ignore[no-any-return]


def text(program: Program, options: Options) -> str:
    """Return the LLVM IR of a basic program for one set of numbers."""
    return llvm.single(program, fast=options.fast)
