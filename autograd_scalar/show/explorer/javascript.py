"""Rows of the table as JavaScript functions, for the explorer's page."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable

from autograd_scalar.compiler.backends.javascript_math import FUNCTIONS, OF_MATH, definitions
from autograd_scalar.ops import ieee
from autograd_scalar.ops.grammar import SYMBOL
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE

_NUMBERS = {"inf": "Infinity", "nan": "NaN"}


def mathematics() -> str:
    """Return JavaScript that defines `math`: functions that Math lacks, or computes differently from C."""
    called = ", ".join(FUNCTIONS)
    # In a scope of their own: a script of the page may have a variable of the same name.
    return f"const math = (() => {{\n{definitions(FUNCTIONS)}return {{ {called} }};\n}})();"


def javascript(names: Iterable[str]) -> str:
    """Return JavaScript that adds the named rows, and those they call, to `rows`.

    rows[name] becomes [value, partials]: value is a function of the operands, partials one of the
    value and the operands. A list operand is an array; partial derivatives are flat, in the order of
    the parents. If partials contain `where`, a third function returns its conditions by operand.
    The script needs `math`, the object that mathematics() defines, and `rows`.

    >>> print(javascript(["mul"]))
    rows["mul"] = [(x, y) => (x * y), (z, x, y) => [y, x]];
    """
    needed = dict.fromkeys(names)
    for name in needed:
        if TABLE[name].function is not None:
            raise ValueError(
                f"the page of explore() computes in JavaScript, and {name} is a Python function; use draw or explain"
            )
    waiting = list(needed)
    while waiting:
        called = [
            name
            for name in sorted(TABLE[waiting.pop()].calls)
            if name not in ieee.EXACT and name not in needed
        ]
        needed.update(dict.fromkeys(called))
        waiting += called
    return "\n".join(map(_row, map(TABLE.__getitem__, needed)))


def expression(tree: ast.expr) -> str:
    """Return an expression of a row as JavaScript.

    >>> expression(ast.parse("0.0 if x <= 0.0 else x ** 2", mode="eval").body)
    '((x <= 0.0) ? 0.0 : math.pow(x, 2.0))'
    """
    match tree:
        case ast.Name(name):
            return _NUMBERS.get(name, name)
        case ast.Constant(number):
            return _NUMBERS.get(text := repr(float(number)), text)  # type: ignore[arg-type]
        case ast.UnaryOp(_, x):
            return f"(-{expression(x)})"
        case ast.BinOp(x, ast.Pow(), y):
            return f"math.pow({expression(x)}, {expression(y)})"
        case ast.BinOp(x, symbol, y) | ast.Compare(x, [symbol], [y]):
            return f"({expression(x)} {SYMBOL[type(symbol)]} {expression(y)})"
        case ast.IfExp(test, x, y):
            return f"({expression(test)} ? {expression(x)} : {expression(y)})"
        case ast.Call(ast.Name(name), arguments):
            listed = ", ".join(map(expression, arguments))
            if name in OF_MATH:
                return f"Math.{name}({listed})"
            # As a string key, since a user's row may have the name of a JavaScript keyword.
            function = f"math.{name}" if name in ieee.EXACT else f"rows[{json.dumps(name)}][0]"
            return f"{function}({listed})"
    raise AssertionError(ast.dump(tree))  # the grammar has no other nodes


def conditions_in(tree: ast.expr) -> list[ast.expr]:
    """Return the condition of each `where` in a partial derivative."""
    return [
        call.args[0]
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "where"
    ]


def _row(row: Op) -> str:
    operands = ", ".join(row.operands)
    partials = list(map(expression, row.partial_trees))
    if row.start_tree is None:
        value = f"({operands}) => {expression(row.value_tree)}"
        functions = [value, f"(z, {operands}) => [{', '.join(partials)}]"]
        tests = [", ".join(map(expression, conditions_in(tree))) for tree in row.textbook_trees]
        if any(tests):
            functions.append(f"(z, {operands}) => [{', '.join(f'[{test}]' for test in tests)}]")
        return f"rows[{json.dumps(row.name)}] = [{', '.join(functions)}];"
    # An operand's name stands for an element; with a $, for the list.
    first, *others = row.lists
    lets = "".join(f"const {other} = {other}$[i$]; " for other in others)
    parameters = ", ".join(f"{o}$" if o in row.lists else o for o in row.operands)

    def body(text: str) -> str:
        """Return the body of an arrow function, with the other lists' elements bound."""
        return f"{{ {lets}return {text}; }}" if lets else text

    parts = []
    for operand, text in zip(row.operands, partials, strict=True):
        if operand in row.lists:
            listed = f"{first}$.map(({first}, i$) => {body(text)})"
            text = f"...{f'math.shares({listed})' if row.shares else listed}"
        parts.append(text)
    step = f"(z, {first}, i$) => {body(expression(row.value_tree))}"
    value = f"({parameters}) => {first}$.reduce({step}, {expression(row.start_tree)})"
    return f"rows[{json.dumps(row.name)}] = [{value}, (z, {parameters}) => [{', '.join(parts)}]];"
