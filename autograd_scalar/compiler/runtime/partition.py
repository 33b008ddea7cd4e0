"""Rows that take different ways through a function: each goes to the path on which its guards hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_scalar.compiler.errors import JitError, TooManyTraces
from autograd_scalar.compiler.runtime.row_kernel import Columns
from autograd_scalar.compiler.runtime.specialization import Entry
from autograd_scalar.compiler.runtime.trace import Path

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class Part(NamedTuple):
    """What the kernel of a path gave for the rows that take it."""

    path: Path
    #: Which rows they are; None for all.
    rows: Array | None
    #: A row of numbers for each output that is wanted by row.
    outs: Array
    #: The sums over these rows of the other outputs, and of their derivatives by all that is shared.
    sums: Array


def parts(
    entry: Entry,
    count: int,
    places: tuple[int, ...],
    columns: Columns,
    shared: Callable[[Path], Array],
    numbers: Callable[[int], Sequence[float]],
    *,
    gradient: bool,
    by_row: tuple[int, ...] | None,
) -> list[Part]:
    """Return what all rows give, path by path; ways that have not been taken yet are recorded.

    `places` and `columns` are the inputs that differ by row, `shared(path)` the others, `numbers(row)` the arguments of
    one row. `by_row` are the outputs wanted by row, None for all.
    """
    import numpy as np

    found: list[Part] = []
    left: Array | None = None
    waiting = list(entry.paths)
    asked = -1  # the row that a path was recorded for
    while left is None or len(left):
        if not waiting:
            row = numbers(0 if left is None else int(left[0]))
            if not entry.may_record(row):
                raise TooManyTraces(
                    f"{entry.spec.name} takes more than {len(entry.paths)} ways through its code; "
                    "use where(), maximum() and the like instead of if"
                )
            waiting.append(entry.record(row))
            asked = 0 if left is None else int(left[0])
        path = waiting.pop(0)
        if path.form != entry.paths[0].form:
            raise JitError(
                f"{entry.spec.name} gives {entry.paths[0].form} for one row and {path.form} for another; "
                "all rows must give results of one structure"
            )
        wanted = tuple(range(len(path.program.outputs))) if by_row is None else by_row
        kernel = path.over_rows(places, gradient, wanted)
        given = columns if left is None else columns.rows(left)
        outs, sums, good = kernel(count if left is None else len(left), given, shared(path))
        if good is None:
            found.append(Part(path, left, outs, sums))
            break
        everyone = np.arange(count) if left is None else left
        mine, left = everyone[good], everyone[~good]
        if len(mine):
            if kernel.layout.sums:  # the sums had all rows in them
                outs, sums, _ = kernel(len(mine), columns.rows(mine), shared(path))
            else:
                outs = outs[:, good]
            found.append(Part(path, mine, outs, sums))
        if asked in left and path is entry.paths[-1]:
            # Its guards compare what libm and the vectors' functions round differently. It is libm's that decide.
            found.append(_alone(path, asked, numbers(asked), places, gradient, wanted))
            left = left[left != asked]
    return found


def _alone(
    path: Path,
    row: int,
    numbers: Sequence[float],
    places: tuple[int, ...],
    gradient: bool,
    wanted: Sequence[int],
) -> Part:
    """Return what a path gives for one row that it was recorded for."""
    import numpy as np

    found, failed = path.run(path.inputs(numbers), gradient)
    if failed >= 0:
        raise JitError(
            f"{path.spec.name} decides by a nan whose data it read, in row {row}; leave such rows out"
        )
    inputs, outputs = len(path.program.inputs), len(path.program.outputs)
    summed = sorted({*range(outputs)}.difference(wanted))
    sums = [found[k] for k in summed]
    if gradient:
        shared = sorted({*range(inputs)}.difference(places))
        sums += [found[outputs + k * inputs + j] for k in summed for j in shared]
    outs = np.array([[found[k]] for k in wanted]).reshape(len(wanted), 1)
    return Part(path, np.array([row]), outs, np.array(sums))


def whole(found: Sequence[Part], count: int) -> Array:
    """Return the outputs by row of all rows together."""
    import numpy as np

    if len(found) == 1 and found[0].rows is None:
        return found[0].outs
    outs = np.empty((len(found[0].outs), count))
    for part in found:
        outs[:, part.rows] = part.outs
    return outs
