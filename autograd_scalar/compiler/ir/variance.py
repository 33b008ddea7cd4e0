"""Which instructions of a program vary by row, which outputs are summed over rows, and which inputs they depend on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from autograd_scalar.compiler.ir.program import Instruction, Program
from autograd_scalar.compiler.ir.rules import ARITHMETIC


class RowLayout(NamedTuple):
    """Inputs and outputs of a program over rows, by index."""

    #: Inputs that are columns, one number a row.
    columns: tuple[int, ...]
    #: Outputs returned for each row.
    rows: tuple[int, ...]
    #: Inputs that all rows share.
    shared: tuple[int, ...]
    #: Outputs that are summed over the rows.
    sums: tuple[int, ...]


def row_layout(program: Program, columns: Sequence[int], rows: Sequence[int]) -> RowLayout:
    """Return the layout in which the inputs `columns` are columns, and all outputs but `rows` are summed."""
    shared = sorted({*range(len(program.inputs))}.difference(columns))
    sums = sorted({*range(len(program.outputs))}.difference(rows))
    return RowLayout(tuple(columns), tuple(rows), tuple(shared), tuple(sums))


def varying(code: Iterable[Instruction], inputs: Iterable[int]) -> list[bool]:
    """Return for each instruction whether it varies with some inputs: columns, or what to differentiate by."""
    varies: list[bool] = []
    among = {*inputs}
    for op, *operands in code:
        if op == "input":
            varies.append(operands[0] in among)
        else:
            varies.append(op not in ("const", "stop") and any(varies[k] for k in operands))
    return varies


def inputs_under(program: Program, roots: Iterable[int], *, stops: bool) -> set[int]:
    """Return the inputs that some instructions depend on: with `stops`, those on which their derivatives do.

    >>> p = Program([("input", 0), ("stop", 0), ("input", 1), ("mul", 1, 2)], ["x", "y"], [3])
    >>> inputs_under(p, p.outputs, stops=False), inputs_under(p, p.outputs, stops=True)
    ({0, 1}, {1})
    """
    found: set[int] = set()
    needed = {*roots}
    for index in range(len(program.code) - 1, -1, -1):
        op, *operands = program.code[index]
        if index not in needed or op == "const" or (stops and op == "stop"):
            continue
        if op == "input":
            found.add(operands[0])
        else:
            needed.update(operands[2:] if stops and op.startswith("if") else operands)
    return found


def split_sum(
    program: Program, depends: Sequence[bool], index: int
) -> tuple[int | None, list[int]]:
    """Split an output that is summed over rows into the term that varies, or None, and the terms that do not.

    sum(a + u) is computed as sum(a) + rows * u, so a penalty in every row's loss costs nothing per row.
    """
    shared: list[int] = []
    while depends[index]:
        op, *operands = program.code[index]
        if op != ARITHMETIC["+"]:
            break
        x, y = operands
        if depends[x] and depends[y]:
            break
        shared.append(y if depends[x] else x)
        index = x if depends[x] else y
    else:
        return None, [*shared, index]
    return index, shared
