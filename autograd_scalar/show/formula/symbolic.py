"""Symbolic form of one operation over the names of its operands, and of its local derivatives.

Both are small graphs over leaves that represent the operands, built from the texts of the
operation's row and written by `formula`. Their numbers are those of the explained graph.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Container, Mapping, Sequence
from math import isfinite
from typing import NamedTuple

from autograd_scalar.ops.evaluate import evaluate
from autograd_scalar.ops.grammar import SYMBOL
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE
from autograd_scalar.show.formula import formula
from autograd_scalar.value import Value, restore

Writer = Callable[[Value], str]

#: Sign for the elements left out of a long list, and maximum number of elements written.
DOTS = "…"
MAX_ELEMENTS = 6
#: Quotes around a name that does not read as one word.
OPENING, CLOSING = "‹", "›"

_ROWS = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "**": "pow"}
_ARITHMETIC = frozenset({*_ROWS.values(), "pow_const", "neg"})
_LEFT_OUT = Value(0.0, DOTS)
_BEFORE, _DOT = Value(0.0, "q"), re.compile(r"^q(\*| \\, | \\cdot )")
#: Limit for formulas in which no subexpression is named.
_NO_LIMIT = 10**9


# ----- writing -----


def write_text(expression: Value) -> str:
    """Return an expression in Python's notation."""
    return formula.infix(expression, limit=_NO_LIMIT).replace(f"{DOTS}*{DOTS}", DOTS)


def write_latex(expression: Value) -> str:
    """Return an expression in LaTeX for math mode."""
    dots = formula.latex_name(DOTS)
    text = formula.latex(expression, limit=_NO_LIMIT).replace(rf"{dots} \, {dots}", dots)
    return _with_quotes(text.replace(dots, r"\cdots"))


def latex_name(name: str) -> str:
    """Return a name in LaTeX."""
    return _with_quotes(formula.latex_name(name))


def _with_quotes(text: str) -> str:
    """Return LaTeX with commands for the quotes around names."""
    return text.replace(OPENING, r"\langle ").replace(CLOSING, r"\rangle ")


def rounded(number: float) -> Value:
    """Return a number as a leaf, rounded to four decimals, or below 1 to four significant digits.

    >>> write_text(rounded(0.00123456)), write_text(rounded(-2.71828))
    ('0.001235', '-2.7183')
    """
    return Value(float(f"{number:.4g}") if abs(number) < 1.0 else round(number, 4))


def factor(expression: Value, write: Writer) -> str:
    """Return an expression as the right-hand factor of a product, in parentheses if needed."""
    product = restore(None, 0.0, 0.0, None, "mul", (_BEFORE, expression), (0.0, 0.0))
    return _DOT.sub("", write(product))


class Script(NamedTuple):
    """Writers of a notation: expressions, names, the derivative of y with respect to x, words."""

    write: Writer
    name: Callable[[str], str]
    derivative: Callable[[str, str], str]
    dot: str
    dots: str
    words: Callable[[str], str]


TEXT = Script(write_text, str, lambda y, x: f"∂{y}/∂{x}", " · ", ", …, ", str)
LATEX = Script(
    write_latex,
    latex_name,
    lambda y, x: rf"\frac{{\partial {latex_name(y)}}}{{\partial {latex_name(x)}}}",
    r" \cdot ",
    r", \ldots, ",
    lambda words: rf"\mathrm{{{words.replace(' ', '~')}}}",
)


# ----- operations -----


def operation(v: Value, stand_in: Callable[[Value], Value], keep: Container[Value]) -> Value:
    """Return v's operation over the stand-ins of its operands; long lists are abbreviated."""
    parents = [stand_in(p) if p is not _LEFT_OUT else p for p in written_operands(v, keep)]
    return restore(None, v.data, 0.0, None, v.op, tuple(parents), (0.0,) * len(parents))


def written_operands(v: Value, keep: Container[Value]) -> Sequence[Value]:
    """Return the parents of v; of a long list, the elements in `keep` and the ends, with dots between."""
    row = TABLE.get(v.op)
    if row is None or not row.lists or len(v.parents) <= MAX_ELEMENTS:
        return v.parents
    operands = row.split(v.parents)
    lists = [operand for operand in operands if isinstance(operand, list)]
    length = len(lists[0])
    if length <= MAX_ELEMENTS:
        return v.parents
    kept = [i for i in range(length) if any(elements[i] in keep for elements in lists)]
    ends = {0, length - 1} if kept else {0, 1, length - 1}
    written = sorted({*ends, *kept[: MAX_ELEMENTS - 2]})
    flat: list[Value] = []
    for operand in operands:
        if not isinstance(operand, list):
            flat.append(operand)
            continue
        before = -1
        for i in written:
            if i > before + 1:
                flat.append(_LEFT_OUT)
            flat.append(operand[i])
            before = i
    return flat


# ----- local derivatives -----


def local_derivative(v: Value, position: int, stand_in: Callable[[Value], Value]) -> Value | None:
    """Return the derivative of v with respect to one of its parents, simplified for these numbers.

    Return None for an operation outside the table.
    """
    row = TABLE.get(v.op)
    if row is None:
        return None
    which, bound = bound_operands(row, v, position, stand_in)
    return built(row.textbook_trees[which], bound)


def bound_operands(
    row: Op, v: Value, position: int, stand_in: Callable[[Value], Value]
) -> tuple[int, dict[str, Value]]:
    """Return the index of the operand that a parent belongs to, and what the names in its derivative stand for."""
    places = row.split(range(len(v.parents)))
    (which,) = (
        which
        for which, place in enumerate(places)
        if place == position or (isinstance(place, list) and position in place)
    )
    element = places[which].index(position) if isinstance(places[which], list) else None
    bound = {"z": stand_in(v), "inf": Value(float("inf")), "nan": Value(float("nan"))}
    for operand, place in zip(row.operands, places, strict=True):
        if not isinstance(place, list):
            bound[operand] = stand_in(v.parents[place])
        elif element is not None:
            bound[operand] = stand_in(v.parents[place[element]])
    return which, bound


def built(tree: ast.expr, bound: Mapping[str, Value]) -> Value:
    """Return the text of a row as an expression over the values bound to its names."""
    match tree:
        case ast.Name(name):
            return bound[name]
        case ast.Constant(number):
            return Value(float(number))  # type: ignore[arg-type]
        case ast.UnaryOp(_, x):
            return _simplified("neg", built(x, bound))
        case ast.BinOp(x, symbol, y):
            return _simplified(_ROWS[SYMBOL[type(symbol)]], built(x, bound), built(y, bound))
        case ast.Call(ast.Name(name), arguments):
            return _simplified(name, *(built(argument, bound) for argument in arguments))
    raise AssertionError(ast.dump(tree))  # the grammar has no other nodes


def _simplified(op: str, *operands: Value) -> Value:
    """Return an operation, simplified: constants folded, zeros and ones removed, signs moved out.

    `where` becomes the operand it selects, the only one that affects this graph.
    """
    x, *rest = operands
    if op == "where":
        return rest[0] if x.data else rest[1]
    if op in _ARITHMETIC and all(map(_is_number, operands)):
        return Value(evaluate(op, *(operand.data for operand in operands))[0])
    y = rest[0] if rest else x
    if op in ("mul", "truediv") and (positive := _without_minus(x)) is not None:
        return _simplified("neg", _simplified(op, positive, y))
    match op:
        case "pos":
            return x
        case "neg" if x.op == "neg":
            return x.parents[0]
        case "add" if _is(x, 0.0):
            return y
        case "add" | "sub" if _is(y, 0.0):
            return x
        case "sub" if _is(x, 0.0):
            return _simplified("neg", y)
        case "mul" if _is_number(y):
            return _simplified("mul", y, x)
        case "mul" if _is(x, 1.0):
            return y
        case "mul" if _is(x, 0.0) and isfinite(y.data):
            return x
        case "mul" if x is y:
            return _simplified("pow_const", x, Value(2.0))
        case "mul" if x.op == "mul" and x.parents[1] is y:
            return _simplified("mul", x.parents[0], _simplified("mul", y, y))
        case "truediv" | "pow" | "pow_const" if _is(y, 1.0):
            return x
        case "pow" | "pow_const" if _is(y, 0.0):
            return Value(1.0)
    data = evaluate(op, *(operand.data for operand in operands))[0]
    return restore(None, data, 0.0, None, op, operands, (0.0,) * len(operands))


def _without_minus(expression: Value) -> Value | None:
    """Return the expression after a leading minus, or None without one."""
    if _is_number(expression) and expression.data < 0.0:
        return Value(-expression.data)
    return expression.parents[0] if expression.op == "neg" else None


def _is_number(expression: Value) -> bool:
    return not expression.op and not expression.label


def _is(expression: Value, number: float) -> bool:
    return _is_number(expression) and expression.data == number
