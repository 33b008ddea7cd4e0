"""Programs as something to call: for one set of numbers, or for rows of them.

With llvmlite that is machine code, without it generated Python. Kernels are kept by the program they were made from,
so a second model of the same shape costs nothing.
"""

from __future__ import annotations

import ctypes
import gc
import threading
from collections.abc import Callable, Sequence
from typing import Any

from autograd_scalar.compiler.backends import python
from autograd_scalar.compiler.backends.llvm import straight, target
from autograd_scalar.compiler.ir.differentiate import differentiate
from autograd_scalar.compiler.ir.lower import lower_instruction
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.ir.simplify import simplify
from autograd_scalar.compiler.options import Options
from autograd_scalar.compiler.runtime.outlined import Run, batched
from autograd_scalar.compiler.runtime.row_kernel import Rows
from autograd_scalar.ops.table import BUILT_IN, TABLE

#: Straight-line code takes LLVM longer than loops do from about this length on.
LONG = 1_000
#: So many kernels are kept for functions that are yet to come.
MOST_KEPT = 100


def basic(program: Program, wrt: Sequence[int] | None, of: Sequence[int] | None = None) -> Program:
    """Return the program, with gradients by some inputs where these are asked for, as back ends take it."""
    whole = program if wrt is None else differentiate(program, wrt, of)
    return simplify(whole, lower_instruction)


_made: dict[Any, Any] = {}
_making = threading.Lock()


def _once(key: Any, make: Callable[[], Any]) -> Any:
    """Return what was made for a key, or make it."""
    with _making:
        if key not in _made:
            while len(_made) >= MOST_KEPT:
                del _made[next(iter(_made))]
            collecting = gc.isenabled()
            gc.disable()  # a million tuples are made, none of them in a cycle; it took a third of the time
            try:
                _made[key] = make()
            finally:
                if collecting:
                    gc.enable()
        return _made[key]


def shape(program: Program) -> tuple[Any, ...]:
    """Return what tells programs apart that compute other things; 0.0 and -0.0 are equal, but not their texts."""
    code = tuple(
        (op, operands[0].hex()) if op == "const" else (op, *operands)
        for op, *operands in program.code
    )
    users = {instruction[0] for instruction in code} & (TABLE.keys() - BUILT_IN)
    rows = tuple(TABLE[op] for op in sorted(users))  # which may be defined anew
    return code, program.outputs, tuple(guard[:4] for guard in program.guards), rows


def single(program: Program, given: int, gradient: bool, options: Options) -> Run:
    """Return the function from the inputs to the outputs, with their derivatives by all inputs where asked for.

    It also gives the number of a guard that fails, or -1. The first `given` inputs are arguments.
    """
    key = ("single", shape(program), given, gradient, options)

    def make() -> Run:
        if options.backend == "llvm" and len(program) > LONG:
            rows = batched(program, given, gradient, options)
            if rows is not None:
                return rows
        made = basic(program, range(len(program.inputs)) if gradient else None)
        if options.backend == "llvm" and len(made) > LONG:
            return Rows(made, (), range(len(made.outputs)), options).once
        if options.backend == "llvm":
            return Single(made, fast=options.fast)
        run = python.compiled(made)
        return lambda values: run(*values)

    return _once(key, make)  # type: ignore[no-any-return]


class Single:
    """A program as straight-line machine code for one set of numbers, `i64 f(inputs, outputs)` at an address."""

    def __init__(self, program: Program, *, fast: bool) -> None:
        self._code = target.Code(straight.single(program, fast=fast))  # lives as long as this
        self.address = self._code.address("single")
        self.call = ctypes.PYFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 2)(self.address)
        self._given = ctypes.c_double * len(program.inputs)
        self._found = ctypes.c_double * len(program.outputs)

    def __call__(self, values: Sequence[float]) -> tuple[list[float], int]:
        given, found = self._given(*values), self._found()
        failed = self.call(ctypes.addressof(given), ctypes.addressof(found))
        return found[:], failed


def rows(
    program: Program,
    wrt: Sequence[int] | None,
    columns: Sequence[int],
    by_row: Sequence[int],
    options: Options,
) -> Rows:
    """Return the kernel of a program over rows: outputs are wanted by row, the others are summed and differentiated."""
    key = (
        "rows",
        shape(program),
        None if wrt is None else tuple(wrt),
        tuple(columns),
        tuple(by_row),
        options,
    )

    def make() -> Rows:
        summed = sorted({*range(len(program.outputs))}.difference(by_row))
        return Rows(basic(program, wrt, summed), columns, by_row, options)

    return _once(key, make)  # type: ignore[no-any-return]


def text(program: Program, options: Options) -> str:
    """Return the LLVM IR of a basic program for one set of numbers."""
    return straight.single(program, fast=options.fast)
