"""Rows of a mapped call, and their partition by trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_scalar.compiler.runtime.row_kernel import Columns
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


def scatter(parts: Sequence[Part], count: int) -> Array:
    """Return the outputs by row of all parts, in the order of the rows."""
    import numpy as np

    if len(parts) == 1 and parts[0].rows is None:
        return parts[0].outs
    outs = np.empty((len(parts[0].outs), count))
    for part in parts:
        outs[:, part.rows] = part.outs
    return outs
