"""Writes autograd_scalar/_rows.pyi: the types of the methods and functions that the table makes.

They exist only at run time, where no type checker looks. Run `python tools/stubs.py` after changing
the table; a test compares the file with what this prints.
"""

from __future__ import annotations

from pathlib import Path

from autograd_scalar.ops import codegen
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE

HEAD = '''\
"""Types of what the rows of the table become. Written by tools/stubs.py; change the table, not this file."""

from collections.abc import Iterable
from typing import overload

from autograd_scalar.node.nodes import NodeMethods
from autograd_scalar.engine import Value

'''


def method(name: str, row: Op) -> str:
    """Return the signature of a row as a method of Value."""
    parameters = "".join(
        f", {operand}: Value | float" + (" = ..." if operand in row.defaults else "")
        for operand in row.operands[1:]
    )
    return f"    def {name}(self{parameters}) -> Value: ...\n"


def function(row: Op) -> str:
    """Return the overloads of a row as a function: floats give a float, a Value anywhere a Value."""
    if row.lists:
        kinds = [("float", "float"), ("Value | float", "Value")]
        return "".join(
            _overload(
                row,
                [f"Iterable[{kind}]" if o in row.lists else kind for o in row.operands],
                result,
            )
            for kind, result in kinds
        )
    n = len(row.operands)
    overloads = [_overload(row, ["float"] * n, "float")]
    for first_value in range(n):
        rest = ["Value | float"] * (n - first_value - 1)
        overloads.append(_overload(row, ["float"] * first_value + ["Value", *rest], "Value"))
    return "".join(overloads)


def _overload(row: Op, kinds: list[str], result: str) -> str:
    parameters = []
    for operand, argument, kind in zip(row.operands, codegen.arguments(row), kinds, strict=True):
        # A default is a number, so it cannot stand for an operand that has to be a Value.
        default = " = ..." if operand in row.defaults and kind != "Value" else ""
        parameters.append(f"{argument}: {kind}{default}")
    ignore = "  # type: ignore[overload-overlap]" if row.lists and result == "float" else ""
    return f"@overload\ndef {row.name}({', '.join(parameters)}) -> {result}: ...{ignore}\n"


def stubs() -> str:
    """Return the text of the stub file."""
    rows = [row for row in TABLE.values() if not row.lists]
    text = HEAD + "class RowMethods(NodeMethods):\n    __slots__ = ()\n"
    text += "".join(method(row.name, row) for row in rows)
    text += "".join(method(dunder, TABLE[name]) for name, dunder in codegen.OPERATORS.items())
    return text + "\n" + "".join(function(row) for row in TABLE.values())


if __name__ == "__main__":
    Path(__file__, "../../autograd_scalar/_rows.pyi").resolve().write_text(stubs())
