"""Run what outline.py found: one sample's kernel over rows, then the rest of the program.

The rest (the mean of the losses, a penalty) gives each result of a row its seed: the derivative of the output with
respect to it. Where the seeds are constants, as for a mean, one pass over the rows computes values and gradients. Where
they depend on the results, a forward pass comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any

from autograd_scalar.compiler.ir.program import Builder, Program, rewrite
from autograd_scalar.compiler.ir.rules import ARITHMETIC
from autograd_scalar.compiler.ir.simplify import simplify
from autograd_scalar.compiler.options import Options
from autograd_scalar.compiler.runtime.pipeline import lowered
from autograd_scalar.compiler.runtime.row_kernel import RowKernel, Rows
from autograd_scalar.compiler.vectorize.outline import Outlined, outline

Run = Callable[[Sequence[float]], tuple[list[float], int]]


def outlined(program: Program, given: int, gradient: bool, options: Options) -> Run | None:
    """Return the kernel of a program made of rows: inputs to the output, and its gradient; None for other programs.

    The first `given` inputs are arguments, which may be samples. The kernel also returns -1, or 0 if a guard fails.
    A program with several outputs has none.
    """
    if len(program.outputs) > 1:
        return None
    found = outline(program) or outline(program, range(given))
    if (
        found is None
        or not found.columns
        or len({*found.read}) < len(found.row.outputs) * len(found.columns[0])
    ):
        return None
    return OutlinedKernel(found, len(program.inputs), gradient, options)


class OutlinedKernel:
    """One sample's program over rows, and the rest of the program over the results of the rows."""

    def __init__(self, found: Outlined, shared: int, gradient: bool, options: Options) -> None:
        import numpy as np

        self._found, self._shared, self._options = found, shared, options
        self._results, self._count = len(found.row.outputs), len(found.columns[0])
        #: The result and the row of each number that the rest reads.
        self._read = tuple(np.array(found.read, dtype=int).T)
        self._columns = np.array(
            [[n if op == "const" else 0.0 for op, n in column] for column in found.columns]
        ).T
        #: Inputs of the program that stand in columns: which one, row and column of each.
        self._placed = [
            (k, row, j)
            for j, column in enumerate(found.columns)
            for row, (op, k) in enumerate(column)
            if op == "input"
        ]
        self._inputs, self._rows, self._at = np.array(self._placed, dtype=int).reshape(-1, 3).T
        #: Columns with respect to which derivatives are asked for.
        self._by = sorted({j for _, _, j in self._placed})
        self._seeds: Any = None
        #: Columns and seeds in one, if both are constants.
        self._both: Rows | None = None
        self._forward: RowKernel | None = None
        self._backward: RowKernel | None = None
        rest = lowered(found.rest, range(len(found.rest.inputs)) if gradient else None)
        if gradient:
            rest = self._without_constant_seeds(rest)
            self._backward = self._backward_kernel()
        self._rest = RowKernel(rest, (), range(len(rest.outputs)), options).held
        if self._seeds is None:
            columns = range(shared, shared + len(found.columns))
            self._forward = RowKernel(lowered(found.row), columns, range(self._results), options)

    def _without_constant_seeds(self, rest: Program) -> Program:
        """Return the rest without the seeds among its outputs if they are constants; keep them as a table."""
        first = 1 + self._shared
        seeds = [rest.code[seed] for seed in rest.outputs[first:]]
        if not all(op == "const" for op, *_ in seeds):
            return rest
        self._seeds = self._table([number for _, number in seeds])
        return simplify(Program(rest.code, rest.inputs, rest.outputs[:first], rest.guards))

    def _backward_kernel(self) -> RowKernel:
        """Return the kernel from columns and seeds to results, and the gradient of their product, summed."""
        shared, results = self._shared, self._results
        program = _seeded(self._found.row)
        made = lowered(program, [*range(shared), *(shared + j for j in self._by)], [results])
        by_row = [*range(results), *range(results + 1 + shared, len(made.outputs))]
        if self._seeds is not None and not self._placed:
            self._both = Rows([self._columns, self._seeds])
        return RowKernel(made, range(shared, len(program.inputs)), by_row, self._options)

    def _table(self, numbers: Sequence[float]) -> Any:
        """Return numbers, one for each that the rest reads, as a table of rows and results."""
        import numpy as np

        table = np.empty((self._count, self._results))
        result, row = self._read
        table[row, result] = numbers
        return table

    def __call__(self, values: Sequence[float]) -> tuple[list[float], int]:
        import numpy as np

        with np.errstate(all="ignore"):  # inf - inf is nan
            return self._run(values)

    def _run(self, values: Sequence[float]) -> tuple[list[float], int]:
        import numpy as np

        given = np.asarray(values, dtype=np.float64)
        columns = self._columns
        if self._placed:
            columns = columns.copy()
            columns[self._rows, self._at] = given[self._inputs]
        good: Any = None
        seeds, outs, sums = self._seeds, np.empty(0), None
        if self._forward is not None:
            outs, _, good = self._forward(Rows([columns]), given)
        if seeds is not None and self._backward is not None:
            both = self._both or Rows([columns, seeds])
            outs, sums, good = self._backward(both, given)
        if good is not None:
            return [], 0
        result, row = self._read
        found, held = self._rest(np.concatenate([given, outs[result, row]]))
        if not held:
            return [], 0
        if self._forward is not None and self._backward is not None:
            seeds = self._table(found[1 + self._shared :])
            outs, sums, _ = self._backward(Rows([columns, seeds]), given)
        if sums is None:
            return found.tolist(), -1
        found = found[: 1 + self._shared]
        found[1:] += sums[1:]
        if self._placed:
            by_row = np.zeros((len(self._found.columns), self._count))
            by_row[self._by] = outs[self._results :]
            np.add.at(found, 1 + self._inputs, by_row[self._at, self._rows])
        return found.tolist(), -1


def _seeded(row: Program) -> Program:
    """Return the row's program with one more output: the sum of its results times seeds, which are further inputs."""
    names = [f"s{i}" for i in range(len(row.outputs))]
    builder = Builder([*row.inputs, *names])
    now, guards = rewrite(row, builder, builder.emit)
    results = [now[place] for place in row.outputs]
    products = [
        builder.emit(ARITHMETIC["*"], z, builder.input(len(row.inputs) + i))
        for i, z in enumerate(results)
    ]
    total = reduce(partial(builder.emit, ARITHMETIC["+"]), products)
    return builder.program([*results, total], guards)
