"""Partition of rows by trace: each row goes to the first trace whose guards hold for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_scalar.compiler.errors import JitError, TooManyTraces
from autograd_scalar.compiler.runtime.row_kernel import Columns
from autograd_scalar.compiler.runtime.specialization import Specialization
from autograd_scalar.compiler.runtime.trace import Trace
from autograd_scalar.value import Value

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class Rows:
    """The arguments of a mapped call: tables of float64 whose columns differ by row, and what all rows share.

    `places` are the inputs that are columns, in the order of the columns. The other inputs have the numbers and Values
    in `shared`.
    """

    def __init__(self, tables: Sequence[Any], places: Sequence[int], shared: Sequence[Any]) -> None:
        self.columns, self.count = Columns(tables), len(tables[0])
        self.places, self.shared = tuple(places), shared

    def take(self, rows: Any) -> Rows:
        """Return some of the rows: a slice, or an array of row numbers."""
        return Rows([table[rows] for table in self.columns.tables], self.places, self.shared)

    def arguments(self, row: int) -> list[Any]:
        """Return the numbers and Values of one row's arguments."""
        columns, shared, places = iter(self.columns.row(row)), iter(self.shared), {*self.places}
        inputs = range(len(places) + len(self.shared))
        return [next(columns if k in places else shared) for k in inputs]

    def numbers(self, row: int) -> list[float]:
        """Return the numbers of one row's arguments."""
        return [x.data if type(x) is Value else x for x in self.arguments(row)]


class Part(NamedTuple):
    """The rows that one trace ran, and what its kernel returned for them."""

    trace: Trace
    #: Row numbers; None for all rows.
    rows: Array | None
    #: An array over these rows for each output that is wanted by row.
    outs: Array
    #: Sums over these rows of the other outputs, then their gradients w.r.t. all shared inputs.
    sums: Array


#: Returns the data of a trace's shared inputs.
SharedData = Callable[[Trace], Any]


def run_partitions(
    specialization: Specialization,
    rows: Rows,
    shared: SharedData,
    *,
    gradient: bool,
    by_row: tuple[int, ...] | None,
) -> list[Part]:
    """Run every row in the trace whose guards hold for it, and record traces for rows without one.

    `by_row` are the outputs wanted for each row, None for all. Raise TooManyTraces if there is no room for another.
    """
    import numpy as np

    parts: list[Part] = []
    left: Array | None = None  # rows without a trace so far; None for all
    waiting = [*specialization.traces]
    recorded_for = -1
    while left is None or len(left):
        if not waiting:
            recorded_for = 0 if left is None else int(left[0])
            waiting.append(_record(specialization, rows.numbers(recorded_for)))
        trace = waiting.pop(0)
        _check_form(specialization, trace)
        wanted = tuple(range(len(trace.program.outputs))) if by_row is None else by_row
        kernel = trace.row_kernel(rows.places, gradient, wanted)
        some = rows if left is None else rows.take(left)
        outs, sums, good = kernel(some.count, some.columns, shared(trace))
        if good is None:
            parts.append(Part(trace, left, outs, sums))
            break
        numbers = np.arange(rows.count) if left is None else left
        mine, left = numbers[good], numbers[~good]
        if len(mine):
            if kernel.layout.sums:  # all rows were in the sums
                outs, sums, _ = kernel(len(mine), rows.columns.take(mine), shared(trace))
            else:
                outs = outs[:, good]
            parts.append(Part(trace, mine, outs, sums))
        if recorded_for in left and trace is specialization.traces[-1]:
            # A guard compares numbers that libm and the vector functions round differently: libm decides.
            parts.append(_run_alone(trace, recorded_for, rows, gradient, wanted))
            left = left[left != recorded_for]
    return parts


def _record(specialization: Specialization, numbers: list[float]) -> Trace:
    """Record the trace of a row that no trace fits."""
    if not specialization.may_record(numbers):
        raise TooManyTraces(
            f"{specialization.spec.name} takes more than {len(specialization.traces)} paths; "
            "use where(), maximum() and the like instead of if"
        )
    return specialization.record(numbers)


def _check_form(specialization: Specialization, trace: Trace) -> None:
    """Raise JitError if a trace returns another structure than the first one."""
    first = specialization.traces[0]
    if trace.form != first.form:
        raise JitError(
            f"{specialization.spec.name} returns {first.form} for one row and {trace.form} for another; "
            "all rows must return the same structure"
        )


def _run_alone(trace: Trace, row: int, rows: Rows, gradient: bool, wanted: Sequence[int]) -> Part:
    """Run the one row that a trace was recorded for."""
    import numpy as np

    found, failed = trace.run(trace.inputs(rows.numbers(row)), gradient)
    if failed >= 0:
        raise JitError(
            f"{trace.spec.name} branches on a nan whose data it read, in row {row}; leave such rows out"
        )
    inputs, outputs = len(trace.program.inputs), len(trace.program.outputs)
    summed = sorted({*range(outputs)}.difference(wanted))
    sums = [found[k] for k in summed]
    if gradient:
        shared = sorted({*range(inputs)}.difference(rows.places))
        sums += [found[outputs + k * inputs + j] for k in summed for j in shared]
    outs = np.array([[found[k]] for k in wanted]).reshape(len(wanted), 1)
    return Part(trace, np.array([row]), outs, np.array(sums))


def scatter(parts: Sequence[Part], count: int) -> Array:
    """Return the outputs by row of all parts, in the order of the rows."""
    import numpy as np

    if len(parts) == 1 and parts[0].rows is None:
        return parts[0].outs
    outs = np.empty((len(parts[0].outs), count))
    for part in parts:
        outs[:, part.rows] = part.outs
    return outs
