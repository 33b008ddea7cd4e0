"""The table for the grammar in the page: the rows as JavaScript, their operands, and the row of each sign."""

from __future__ import annotations

from typing import Any

from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import public
from autograd_scalar.parser import FOLDS, Formula
from autograd_scalar.show.explorer.javascript import javascript

_BINARY = ("+", "-", "*", "/", "//", "%", "**")


def rows() -> list[Op]:
    """Return the rows that an expression may have: all that users call and JavaScript can compute."""
    return [row for row in public() if row.function is None]


def rows_as_javascript() -> str:
    """Return the rows as functions; see `show.explorer.javascript`."""
    return javascript(row.name for row in rows())


def table() -> dict[str, Any]:
    """Return the operands of each row and the rows of signs, to be written as JSON."""
    signs = {sign: Formula(f"a {sign} b")(a=1.0, b=1.0).op for sign in _BINARY}
    return {
        "rules": {
            row.name: {
                "operands": row.operands,
                "lists": [operand in row.lists for operand in row.operands],
                "defaults": [*row.defaults.values()],
                "symbol": row.symbol,
            }
            for row in rows()
        },
        "folds": [*FOLDS],
        "signs": {
            "unary": {sign: Formula(f"{sign}a")(a=1.0).op for sign in "+-"},
            "binary": signs,
            "power": Formula("a ** 2")(a=1.0).op,
        },
    }
