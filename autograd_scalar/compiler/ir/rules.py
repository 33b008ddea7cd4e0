"""The texts of rows as functions that write instructions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import inf, nan
from typing import Any

from autograd_scalar.compiler.ir.program import Builder
from autograd_scalar.ops.grammar import SYMBOL
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE, definition

#: Appends an instruction and returns its place.
Emit = Callable[..., int]
#: Writes the instructions of a text, given `emit`, `constant` and the places of what the text names.
Writer = Callable[..., int]

#: The row that an operator of a text stands for.
ARITHMETIC = {
    symbol: row.name
    for row in reversed(TABLE.values())  # pow and pow_const share a symbol; the first one is meant
    if (symbol := row.symbol) != row.name and not row.lists
}
NEGATION = next(row.name for row in TABLE.values() if row.symbol == "-" and len(row.operands) == 1)
ARITHMETIC["-"] = next(
    row.name for row in TABLE.values() if row.symbol == "-" and len(row.operands) == 2
)


def writer(tree: ast.expr, names: Sequence[str], *, expand: bool) -> Writer:
    """Return the function that writes a text, its parameters `emit`, `constant` and the names.

    Calls of rows stay calls, or are written out in turn where `expand` is set. It is made as source: walking the tree
    for every node of a large graph took four times as long.
    """
    known: dict[str, Any] = {"inf": inf, "nan": nan}

    def spelled(node: ast.expr) -> str:
        match node:
            case ast.Name(name):
                return name if name in names else f"constant({name})"
            case ast.Constant(number):
                return f"constant({float(number)!r})"  # type: ignore[arg-type]
            case ast.UnaryOp(_, x):
                return f"emit({NEGATION!r}, {spelled(x)})"
            case ast.BinOp(x, symbol, y):
                return f"emit({ARITHMETIC[SYMBOL[type(symbol)]]!r}, {spelled(x)}, {spelled(y)})"
            case ast.IfExp(ast.Compare(a, [symbol], [b]), x, y):
                parts = ", ".join(map(spelled, (a, b, x, y)))
                return f"emit({'if' + SYMBOL[type(symbol)]!r}, {parts})"
            case ast.Call(ast.Name(name), arguments):
                parts = ", ".join(map(spelled, arguments))
                found = definition(name) if expand else None
                if found is None:
                    return f"emit({name!r}, {parts})"
                operands, body = found
                known[f"write_{name}"] = writer(body, operands, expand=True)
                return f"write_{name}(emit, constant, {parts})"
        raise AssertionError(ast.dump(node))  # expression.parse() lets nothing else through

    made: Writer = eval(f"lambda emit, constant, {', '.join(names)}: {spelled(tree)}", known)
    return made


def write(tree: ast.expr, names: Mapping[str, int], builder: Builder, emit: Emit) -> int:
    """Return the place of a text's value, written out in full, given the places of what it names."""
    made = writer(tree, tuple(names), expand=True)
    return made(emit, builder.constant, *names.values())


@cache
def value_rule(row: Op) -> Writer:
    """Return the function that writes out a row's value; in a fold one step, with the running z before the operands."""
    names = ("z", *row.operands) if row.lists else row.operands
    return writer(row.value_tree, names, expand=True)


@cache
def start_rule(row: Op) -> Writer:
    """Return the function that writes out what a fold starts from."""
    assert row.start_tree is not None
    return writer(row.start_tree, row.operands, expand=True)


@cache
def partial_rules(row: Op) -> tuple[Writer, ...]:
    """Return the functions that write a row's partial derivatives, from z and the operands (or elements of lists)."""
    return tuple(writer(tree, ("z", *row.operands), expand=False) for tree in row.partial_trees)


@cache
def is_primitive(op: str) -> bool:
    """Return whether back ends know an operation by themselves: arithmetic, `if`, and math's functions."""
    return op.startswith("if") or op in (*ARITHMETIC.values(), NEGATION) or _is_function(TABLE[op])


def _is_function(row: Op) -> bool:
    return row.is_primitive and not row.lists
