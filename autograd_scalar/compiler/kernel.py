"""Programs as something to call: for one set of numbers, or for rows of them.

With llvmlite that is machine code, without it generated Python. Kernels are kept by the program they were made from,
so a second model of the same shape costs nothing.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd_scalar.compiler import llvm, machine, python
from autograd_scalar.compiler.expand import expanded
from autograd_scalar.compiler.gradient import with_gradients
from autograd_scalar.compiler.simplify import simplified
from autograd_scalar.program import Program


class Options(NamedTuple):
    """How code is to be made."""

    backend: str
    fast: bool = False


def basic(
    program: Program, wrt: Sequence[int] | None, of: Sequence[int] | None = None
) -> Program:
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
        else:
            self._run = python.compiled(program)

    def __call__(
        self, count: int, columns: Sequence[Any], shared: Any
    ) -> tuple[list[Any], Any, Any]:
        """Return the outputs by row, the sums of the others, and of each row whether the guards hold (None for all).

        Columns are float64 arrays of `count` numbers, `shared` is one array of the other inputs.
        """
        import numpy as np

        lanes = self._kernel.lanes if self.native else 1
        room = -(-count // lanes) * lanes
        outs = [np.empty(room) for _ in self.layout.rows]
        sums = np.zeros(len(self.layout.sums))
        flags = np.ones(room if self.program.guards else 0, dtype=np.int8)
        if self.native:
            failed = self._call(count, columns, shared, outs, sums, flags)
        else:
            failed = self._loop(count, columns, shared, outs, sums, flags)
        return [out[:count] for out in outs], sums, flags[:count] != 0 if failed else None

    def _call(self, count: int, columns: Any, shared: Any, outs: Any, sums: Any, flags: Any) -> int:
        import numpy as np

        pointers = ctypes.c_void_p * max(len(columns), 1)
        results = ctypes.c_void_p * max(len(outs), 1)
        at = pointers(*[column.ctypes.data for column in columns])
        strides = (ctypes.c_int64 * max(len(columns), 1))(*[c.strides[0] for c in columns])
        to = results(*[out.ctypes.data for out in outs])
        scratch = np.empty(self._kernel.scratch + 8)
        aligned = -(-scratch.ctypes.data // 64) * 64
        return self._code.kernel(  # type: ignore[no-any-return]
            count, ctypes.addressof(at), ctypes.addressof(strides), shared.ctypes.data,
            ctypes.addressof(to), sums.ctypes.data, flags.ctypes.data, aligned,
        )  # fmt: skip

    def _loop(self, count: int, columns: Any, shared: Any, outs: Any, sums: Any, flags: Any) -> int:
        """Do as the kernel does, in Python."""
        values = [0.0] * len(self.program.inputs)
        for k, number in zip(self.layout.shared, shared.tolist(), strict=True):
            values[k] = number
        lists = [column.tolist() for column in columns]
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
