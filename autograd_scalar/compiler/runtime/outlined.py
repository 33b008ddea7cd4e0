"""A loop over samples that was recorded whole, compiled as one sample's kernel over rows, and the rest.

The rest (the mean of the losses, a penalty) gives each result of a row its seed, the derivative of the whole by it.
Where the seeds are numbers, as for a mean, one pass over the rows computes values and gradients. Where they depend on
the results, a pass for the results comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd_scalar.compiler.ir.differentiate import differentiate
from autograd_scalar.compiler.ir.lower import lower_instruction
from autograd_scalar.compiler.ir.program import Builder, Program, rewrite
from autograd_scalar.compiler.ir.rules import ARITHMETIC
from autograd_scalar.compiler.ir.simplify import simplify
from autograd_scalar.compiler.options import Options
from autograd_scalar.compiler.runtime.row_kernel import Columns, Rows
from autograd_scalar.compiler.vectorize.outline import Outlined, outline

Run = Callable[[Sequence[float]], tuple[list[float], int]]


def batched(program: Program, given: int, gradient: bool, options: Options) -> Run | None:
    """Return the function from a program's inputs to its output (and gradient), where the program is made of rows.

    The first `given` inputs are arguments, which may be samples. The function gives -1 as well, or 0 where a guard
    fails. None where the program has several outputs, or no rows are found in it.
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
    return _Batched(found, len(program.inputs), gradient, options)


class _Batched:
    def __init__(self, found: Outlined, shared: int, gradient: bool, options: Options) -> None:
        import numpy as np

        self._found, self._shared = found, shared
        self._results = len(found.row.outputs)
        self._count = len(found.columns[0])
        #: Where each result that the rest reads is among the rows' results.
        self._read = tuple(np.array(found.read, dtype=int).T)
        self._columns = np.array(
            [[n if op == "const" else 0.0 for op, n in column] for column in found.columns]
        ).T
        #: The inputs that stand in columns: which ones, and their rows and columns.
        self._placed = [
            (k, row, j)
            for j, column in enumerate(found.columns)
            for row, (op, k) in enumerate(column)
            if op == "input"
        ]
        self._inputs, self._rows, self._at = np.array(self._placed, dtype=int).reshape(-1, 3).T
        columns = range(shared, shared + len(found.columns))
        results = range(self._results)
        rest, row = found.rest, found.row
        self._seeds: Any = None
        #: Columns and seeds, where both are always the same.
        self._both: Columns | None = None
        self._forward: Rows | None = None
        if not gradient:
            self._forward = Rows(simplify(row, lower_instruction), columns, results, options)
            self._rest = _once(simplify(rest, lower_instruction), options)
            return
        rest = simplify(differentiate(rest, range(len(rest.inputs))), lower_instruction)
        seeds = rest.outputs[1 + shared :]
        if all(rest.code[seed][0] == "const" for seed in seeds):
            self._seeds = self._table([rest.code[seed][1] for seed in seeds])
            rest = simplify(
                Program(rest.code, rest.inputs, rest.outputs[: 1 + shared], rest.guards)
            )
        else:
            self._forward = Rows(simplify(row, lower_instruction), columns, results, options)
        self._rest = _once(rest, options)
        #: The columns by which derivatives are asked for.
        self._by = sorted({j for _, _, j in self._placed})
        program = _seeded(row)
        wrt = [*range(shared), *(shared + j for j in self._by)]
        made = simplify(differentiate(program, wrt, [self._results]), lower_instruction)
        by_row = [*results, *range(self._results + 1 + shared, len(made.outputs))]
        inputs = range(shared, len(program.inputs))
        if self._seeds is not None and not self._placed:
            self._both = Columns([self._columns, self._seeds])
        self._backward = Rows(made, inputs, by_row, options)

    def _table(self, numbers: Sequence[float]) -> Any:
        """Return numbers that go with what the rest reads as a table of rows and results."""
        import numpy as np

        table = np.empty((self._count, self._results))
        result, row = self._read
        table[row, result] = numbers
        return table

    def __call__(self, values: Sequence[float]) -> tuple[list[float], int]:
        import numpy as np

        with np.errstate(all="ignore"):  # inf - inf is nan
            return self._whole(values)

    def _whole(self, values: Sequence[float]) -> tuple[list[float], int]:
        import numpy as np

        given = np.asarray(values, dtype=np.float64)
        columns = self._columns
        if self._placed:
            columns = columns.copy()
            columns[self._rows, self._at] = given[self._inputs]
        good: Any = None
        seeds, outs, sums = self._seeds, np.empty(0), None
        if self._forward is not None:
            outs, _, good = self._forward(self._count, Columns([columns]), given)
        if seeds is not None:
            both = self._both or Columns([columns, seeds])
            outs, sums, good = self._backward(self._count, both, given)
        if good is not None:
            return [], 0
        result, row = self._read
        found, held = self._rest(np.concatenate([given, outs[result, row]]))
        if not held:
            return [], 0
        if self._forward is not None and len(found) > 1:
            seeds = self._table(found[1 + self._shared :])
            outs, sums, _ = self._backward(self._count, Columns([columns, seeds]), given)
        if sums is None:
            return found.tolist(), -1
        found = found[: 1 + self._shared]
        found[1:] += sums[1:]
        if self._placed:
            by_row = np.zeros((len(self._found.columns), self._count))
            by_row[self._by] = outs[self._results :]
            np.add.at(found, 1 + self._inputs, by_row[self._at, self._rows])
        return found.tolist(), -1


def _once(program: Program, options: Options) -> Callable[[Any], tuple[Any, bool]]:
    """Return the function of a program without rows, from an array to an array, and whether its guards hold."""
    return Rows(program, (), range(len(program.outputs)), options).held


def _seeded(row: Program) -> Program:
    """Return a row's program with a last output: the sum of its results times their seeds, which are further inputs."""
    names = [f"s{i}" for i in range(len(row.outputs))]
    builder = Builder([*row.inputs, *names])
    now, guards = rewrite(row, builder, builder.emit)
    results = [now[place] for place in row.outputs]
    products = [
        builder.emit(ARITHMETIC["*"], z, builder.input(len(row.inputs) + i))
        for i, z in enumerate(results)
    ]
    total = products[0]
    for product in products[1:]:
        total = builder.emit(ARITHMETIC["+"], total, product)
    return builder.program([*results, total], guards)
