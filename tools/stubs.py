"""Write the stubs of what the table makes at run time: node/row_methods.pyi and _row_functions.pyi.

These methods and functions exist only at run time, where no type checker looks. Run `python tools/stubs.py` after a
change of the table; a test compares the files with what this prints.
"""

from __future__ import annotations

from pathlib import Path

from autograd_scalar.ops import codegen
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import BUILT_IN, TABLE, public

#: Longer signatures are wrapped, as `ruff format` does.
LINE = 100

ROWS = [row for row in public() if row.name in BUILT_IN]

METHODS = '''\
"""Types of the methods that the rows of the table become. Made by tools/stubs.py: change the table, not this file."""

from typing import Self

class RowMethods:
    __slots__ = ()
'''
FUNCTIONS = '''\
"""Types of the functions that the rows of the table become. Made by tools/stubs.py: change the table, not this file."""

from collections.abc import Iterable
from typing import overload

from autograd_scalar.engine import Value

'''


def method(name: str, row: Op) -> str:
    """Return the signature of a row as a method of Value."""
    parameters = "".join(
        f", {operand}: Self | float" + (" = ..." if operand in row.defaults else "")
        for operand in row.operands[1:]
    )
    return f"    def {name}(self{parameters}) -> Self: ...\n"


def reflected(dunder: str) -> str:
    """Return the signature of an operator with a number on its left."""
    return f"    def {dunder}(self, other: float) -> Self: ...\n"


def comparison(dunder: str) -> str:
    """Return the signature of a comparison of Values."""
    return f"    def {dunder}(self, other: Self | float) -> bool: ...\n"


def function(row: Op) -> str:
    """Return the overloads of a row as a function: a float for floats, and a Value if there is a Value among them."""
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
    for operand, argument, kind in zip(row.operands, row.arguments, kinds, strict=True):
        # A default is a number, so an operand that has to be a Value has none.
        default = " = ..." if operand in row.defaults and kind != "Value" else ""
        parameters.append(f"{argument}: {kind}{default}")
    ignore = "  # type: ignore[overload-overlap]" if row.lists and result == "float" else ""
    listed = ", ".join(parameters)
    if len(f"def {row.name}({listed}) -> {result}: ...") > LINE:
        listed = f"\n    {listed}\n"
    return f"@overload\ndef {row.name}({listed}) -> {result}: ...{ignore}\n"


def methods() -> str:
    """Return the text of the stub of the methods."""
    text = METHODS
    text += "".join(method(row.name, row) for row in ROWS if not row.lists)
    text += "".join(method(other, TABLE[name]) for other, name in codegen.NUMPY_METHODS.items())
    text += "".join(method(dunder, TABLE[name]) for name, dunder in codegen.OPERATORS.items())
    text += "".join(map(reflected, codegen.REFLECTED.values()))
    dunders = [dunder for dunder in codegen.COMPARISONS.values() if dunder != "__eq__"]  # object's
    return text + "".join(map(comparison, dunders))


def functions() -> str:
    """Return the text of the stub of the functions."""
    return FUNCTIONS + "".join(map(function, ROWS))


STUBS = {"node/row_methods.pyi": methods, "_row_functions.pyi": functions}

if __name__ == "__main__":
    for name, text in STUBS.items():
        Path(__file__, "../../autograd_scalar", name).resolve().write_text(text())
