"""The rows of the table in JavaScript: one more reading of the texts that every other part reads."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable

from autograd_scalar.ops import ieee
from autograd_scalar.ops.grammar import SYMBOL
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE

#: What JavaScript's Math answers as C does. The others that a row may call are in page/math.js.
_OF_MATH = {
    *("abs", "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt"),
    *("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "hypot"),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "floor", "ceil"),
}
_NUMBERS = {"inf": "Infinity", "nan": "NaN"}


def javascript(names: Iterable[str]) -> str:
    """Return JavaScript that puts the rows of these names, and those they call, into `rows`.

    rows[name] becomes [value, partials], functions of the operands, for the partials with the value
    before them; a list operand is an array, and the partial derivatives come flat, in the order of
    the parents. Where partials choose between formulas by `where`, a third function gives their
    tests, by operand. `rows` and `math` (page/math.js) are there already.

    >>> print(javascript(["mul"]))
    rows["mul"] = [(x, y) => (x * y), (z, x, y) => [y, x]];
    """
    needed = dict.fromkeys(names)
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


def written(tree: ast.expr) -> str:
    """Return a tree of a row's text as JavaScript.

    >>> written(ast.parse("0.0 if x <= 0.0 else x ** 2", mode="eval").body)
    '((x <= 0.0) ? 0.0 : math.pow(x, 2.0))'
    """
    match tree:
        case ast.Name(name):
            return _NUMBERS.get(name, name)
        case ast.Constant(number):
            return _NUMBERS.get(text := repr(float(number)), text)  # type: ignore[arg-type]
        case ast.UnaryOp(_, x):
            return f"(-{written(x)})"
        case ast.BinOp(x, ast.Pow(), y):
            return f"math.pow({written(x)}, {written(y)})"
        case ast.BinOp(x, symbol, y) | ast.Compare(x, [symbol], [y]):
            return f"({written(x)} {SYMBOL[type(symbol)]} {written(y)})"
        case ast.IfExp(test, x, y):
            return f"({written(test)} ? {written(x)} : {written(y)})"
        case ast.Call(ast.Name(name), arguments):
            listed = ", ".join(map(written, arguments))
            if name in _OF_MATH:
                return f"Math.{name}({listed})"
            # By the name's text: a user's row may be called what JavaScript keeps for itself.
            function = f"math.{name}" if name in ieee.EXACT else f"rows[{json.dumps(name)}][0]"
            return f"{function}({listed})"
    raise AssertionError(ast.dump(tree))  # expression.parse lets nothing else through


def conditions_in(tree: ast.expr) -> list[ast.expr]:
    """Return what decides in each `where` of a partial derivative."""
    return [
        call.args[0]
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "where"
    ]


def _row(row: Op) -> str:
    operands = ", ".join(row.operands)
    partials = list(map(written, row.partial_trees))
    if row.start_tree is None:
        value = f"({operands}) => {written(row.value_tree)}"
        functions = [value, f"(z, {operands}) => [{', '.join(partials)}]"]
        tests = [", ".join(map(written, conditions_in(tree))) for tree in row.partial_trees]
        if any(tests):
            functions.append(f"(z, {operands}) => [{', '.join(f'[{test}]' for test in tests)}]")
        return f"rows[{json.dumps(row.name)}] = [{', '.join(functions)}];"
    # An element goes by its operand's name, the list by that name with a $.
    first, *others = row.lists
    lets = "".join(f"const {other} = {other}$[i$]; " for other in others)
    parameters = ", ".join(f"{o}$" if o in row.lists else o for o in row.operands)

    def body(text: str) -> str:
        return f"{{ {lets}return {text}; }}" if lets else text

    parts = []
    for operand, text in zip(row.operands, partials, strict=True):
        if operand in row.lists:
            listed = f"{first}$.map(({first}, i$) => {body(text)})"
            text = f"...{f'math.shares({listed})' if row.shares else listed}"
        parts.append(text)
    step = f"(z, {first}, i$) => {body(written(row.value_tree))}"
    value = f"({parameters}) => {first}$.reduce({step}, {written(row.start_tree)})"
    return f"rows[{json.dumps(row.name)}] = [{value}, (z, {parameters}) => [{', '.join(parts)}]];"
