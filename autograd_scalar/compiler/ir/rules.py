"""Compile the expressions of rows into functions that write instructions."""

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

#: Appends an instruction and returns its index.
Emit = Callable[..., int]
#: Emits the instructions of an expression: takes `emit`, `constant` and the indices of the names, returns an index.
LoweringRule = Callable[..., int]

#: The row of each arithmetic symbol.
ARITHMETIC = {
    symbol: row.name
    for row in reversed(TABLE.values())  # the first row wins: sub, not neg; pow, not pow_const
    if (symbol := row.symbol) != row.name and not row.lists
}
NEGATION = next(row.name for row in TABLE.values() if row.symbol == "-" and len(row.operands) == 1)


def operation(tree: ast.expr) -> tuple[str, list[ast.expr]]:
    """Return the instruction that computes an expression which is neither a name nor a number, and its operands.

    >>> operation(ast.parse("exp(x) - y", mode="eval").body)[0]
    'sub'
    """
    match tree:
        case ast.UnaryOp(_, x):
            return NEGATION, [x]
        case ast.BinOp(x, symbol, y):
            return ARITHMETIC[SYMBOL[type(symbol)]], [x, y]
        case ast.IfExp(ast.Compare(a, [symbol], [b]), x, y):
            return f"if{SYMBOL[type(symbol)]}", [a, b, x, y]
        case ast.Call(ast.Name(name), arguments):
            return name, arguments
    raise AssertionError(ast.dump(tree))  # grammar.parse() rejects all other nodes


def compile_expression(tree: ast.expr, names: Sequence[str], *, inline: bool) -> LoweringRule:
    """Return the lowering rule of an expression; its parameters are `emit`, `constant` and the names.

    With `inline`, calls of rows are lowered in turn; else they stay instructions. The rule is generated source, because
    walking the tree for every node of a large graph took four times as long.
    """
    namespace: dict[str, Any] = {"inf": inf, "nan": nan}

    def source(node: ast.expr) -> str:
        match node:
            case ast.Name(name):
                return name if name in names else f"constant({name})"
            case ast.Constant(number):
                return f"constant({float(number)!r})"  # type: ignore[arg-type]
        op, operands = operation(node)
        written = ", ".join(map(source, operands))
        defined = definition(op) if inline and isinstance(node, ast.Call) else None
        if defined is None:
            return f"emit({op!r}, {written})"
        parameters, body = defined
        namespace[f"emit_{op}"] = compile_expression(body, parameters, inline=True)
        return f"emit_{op}(emit, constant, {written})"

    rule: LoweringRule = eval(f"lambda emit, constant, {', '.join(names)}: {source(tree)}", namespace)  # fmt: skip
    return rule


def emit_expression(tree: ast.expr, names: Mapping[str, int], builder: Builder) -> int:
    """Emit an expression, lowered, given the indices of its names; return the index of its value."""
    rule = compile_expression(tree, tuple(names), inline=True)
    return rule(builder.emit, builder.constant, *names.values())


@cache
def value_rule(row: Op) -> LoweringRule:
    """Return the rule of a row's value; of a fold, the rule of one step, with the running z before the operands."""
    names = ("z", *row.operands) if row.lists else row.operands
    return compile_expression(row.value_tree, names, inline=True)


@cache
def start_rule(row: Op) -> LoweringRule:
    """Return the rule of a fold's start value."""
    assert row.start_tree is not None
    return compile_expression(row.start_tree, row.operands, inline=True)


@cache
def partial_rules(row: Op) -> tuple[LoweringRule, ...]:
    """Return the rules of a row's partial derivatives, over z and the operands (elements, where these are lists).

    Calls of rows stay instructions, which can be differentiated again.
    """
    names = ("z", *row.operands)
    return tuple(compile_expression(tree, names, inline=False) for tree in row.partial_trees)


@cache
def is_primitive(op: str) -> bool:
    """Return whether back ends implement an operation: arithmetic, a select, or a function of C's math.h."""
    if op.startswith("if") or op in (*ARITHMETIC.values(), NEGATION):
        return True
    return TABLE[op].is_primitive and not TABLE[op].lists
