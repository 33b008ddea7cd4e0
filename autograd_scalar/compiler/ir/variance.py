"""Divide a program by what varies from row to row: inputs that are columns, outputs wanted by row, sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.ir.rules import ARITHMETIC


class RowLayout(NamedTuple):
    """Which inputs of a program are columns, and which outputs are wanted by row; the rest is shared, or summed."""

    columns: tuple[int, ...]
    rows: tuple[int, ...]
    shared: tuple[int, ...]
    sums: tuple[int, ...]


def row_layout(program: Program, columns: Sequence[int], rows: Sequence[int]) -> RowLayout:
    """Return the layout in which those inputs differ by row, and those outputs are wanted by row."""
    shared = sorted({*range(len(program.inputs))}.difference(columns))
    sums = sorted({*range(len(program.outputs))}.difference(rows))
    return RowLayout(tuple(columns), tuple(rows), tuple(shared), tuple(sums))


def varying(program: Program, columns: Sequence[int]) -> list[bool]:
    """Return of each instruction whether it depends on a column."""
    depends: list[bool] = []
    wanted = {*columns}
    for op, *operands in program.code:
        if op == "input":
            depends.append(operands[0] in wanted)
        else:
            depends.append(op != "const" and any(depends[place] for place in operands))
    return depends


def split_sum(
    program: Program, depends: Sequence[bool], place: int
) -> tuple[int | None, list[int]]:
    """Return what of an output is to be summed row by row, and what of it is the same for all rows.

    sum(a + u) is taken as sum(a) + rows * u. So a penalty that each row's loss has costs nothing by row.
    """
    same: list[int] = []
    while depends[place]:
        op, *operands = program.code[place]
        if op != ARITHMETIC["+"]:
            break
        x, y = operands
        if depends[x] and depends[y]:
            break
        same.append(y if depends[x] else x)
        place = x if depends[x] else y
    else:
        return None, [*same, place]
    return place, same
