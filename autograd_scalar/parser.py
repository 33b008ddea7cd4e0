"""Typed expressions such as `tanh(w*x + b)`, evaluated on Values without eval.

Python's parser reads the text. Its tree may contain only numbers, names, + - * / // % **, signs, and calls of the
table's operations by name. No expression can reach an attribute, a module or any other object.
"""

from __future__ import annotations

import ast
import difflib
import math
import operator
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import autograd_scalar.functions as F
from autograd_scalar.ops.table import TABLE, public
from autograd_scalar.value import Value

#: Longer texts are rejected before Python's parser sees them, deeper trees afterwards.
MAX_LENGTH, MAX_DEPTH = 10_000, 500

#: Names that need no value; a value given for one of them takes precedence.
CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}

_OPERATORS: dict[type[ast.AST], Callable[..., Value]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}

#: Functions of one list, which may also be called with its elements: sum(x, y) means sum([x, y]).
FOLDS: dict[str, Callable[[list[Value]], Value]] = {
    "sum": F.sum,
    "logsumexp": F.logsumexp,
    "mean": F.mean,
    "max": F.max,
    "min": F.min,
}

_MADE_OF = "an expression consists of numbers, names, + - * / // % ** and calls such as tanh(x)"
_HINTS: dict[type[ast.AST], str] = {
    ast.BitXor: "write a power as x ** 2",
    ast.Attribute: "attributes are not allowed; write a function alone, as in tanh(x)",
    ast.Subscript: "subscripts are not allowed; give each element a name",
    ast.Compare: "comparisons are not allowed; use step(x - y), sign(x) or where(c, x, y)",
    ast.IfExp: "write a choice as where(c, x, y)",
    ast.List: f"a list can only be an operand of dot, {', '.join(FOLDS)}",
    ast.keyword: "give operands in order, without names",
}


class ParseError(ValueError):
    """Raised for a text that is not an expression; the message begins with the column."""


class Formula:
    """A parsed expression. Calling it with a number or Value for each name returns a Value.

    `names` are its variables, in order of appearance. Numbers in the text become leaves, and numbers given for names
    become leaves with that label. The constants pi, e, inf and nan need not be given.

    >>> neuron = Formula("tanh(w*x + b)")
    >>> neuron.names
    ['w', 'x', 'b']
    >>> w = Value(2.0)
    >>> y = neuron(w=w, x=-3, b=6.88)
    >>> y.backward()
    >>> f"{y:.4f} {w.grad:.4f}"
    '0.7064 -1.5029'

    Raises ParseError (a ValueError) for a text that is not an expression. A call raises ValueError for a name without a
    value, and for a value without a name.
    """

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split("\n")).strip()
        #: The nodes that have a Value, each after its operands.
        self._nodes = _examined(_parsed(self.text), self.text)
        named = [node for node in self._nodes if isinstance(node, ast.Name)]
        named.sort(key=lambda node: node.col_offset)
        self.names = list(dict.fromkeys(node.id for node in named))

    def __call__(self, /, **values: Value | float) -> Value:
        known = CONSTANTS | values
        if missing := [name for name in self.names if name not in known]:
            functions = [name for name in missing if name in _names_of_functions()]
            hint = f"pass it by name, as in {missing[0]}=2"
            if functions:
                hint = f"{functions[0]} is a function, as in {functions[0]}(x)"
            raise ValueError(f"no value is given for {', '.join(missing)}; {hint}")
        if extra := [name for name in values if name not in self.names]:
            names = ", ".join(self.names) or "none"
            raise ValueError(
                f"a value is given for {', '.join(extra)}, but the names in the expression are {names}"
            )
        variables = {name: _leaf(known[name], name) for name in self.names}
        made: dict[ast.expr, Value] = {}
        for node in self._nodes:
            made[node] = _evaluated(node, variables, made)
        return made[self._nodes[-1]]

    def __repr__(self) -> str:
        return f"Formula({self.text!r})"


def _leaf(given: Value | float, name: str) -> Value:
    return given if isinstance(given, Value) else Value(given, label=name)


# ----- reading -----


def _parsed(text: str) -> ast.expr:
    """Return the syntax tree of a Python expression; ParseError for any other text."""
    if len(text) > MAX_LENGTH:
        raise ParseError(
            f"column {MAX_LENGTH + 1}: at most {MAX_LENGTH:,} characters are allowed, got {len(text):,}"
        )
    if not text:
        raise ParseError(f"column 1: the expression is empty; {_MADE_OF}")
    try:
        with warnings.catch_warnings():  # about text that is rejected anyway
            warnings.simplefilter("ignore")
            return ast.parse(text, mode="eval").body
    except (MemoryError, RecursionError):
        problem, column = "the expression is nested too deeply", 1
    except (SyntaxError, ValueError) as error:  # ValueError: a null character, before 3.12
        offset = getattr(error, "offset", None)
        column = min(offset, len(text)) if offset else len(text)
        problem = re.split("[.:] ", str(getattr(error, "msg", error)))[0]
        hint = "write a product as 2*x" if problem == "invalid decimal literal" else _MADE_OF
        problem = f"{problem}; {hint}"
    raise ParseError(f"column {column}: {problem}")


def _examined(root: ast.expr, text: str) -> list[ast.expr]:
    """Return the nodes of a tree that have a Value, the root last; ParseError for any that is not allowed."""
    nodes: list[ast.expr] = []
    stack = [(root, 1)]
    while stack:
        node, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise _refusal(
                node,
                text,
                f"nested more than {MAX_DEPTH} levels deep; use sum(...) to keep it flat",
            )
        nodes.append(node)
        stack += [(operand, depth + 1) for operand in _operands(node, text)]
    return nodes[::-1]


def _operands(node: ast.expr, text: str) -> list[ast.expr]:
    """Return the operands of a node; ParseError if it is not allowed."""
    if _number(node) is not None:
        return []
    match node:
        case ast.Name(name) if not name.startswith("_"):
            return []
        case ast.Name():
            raise _refusal(node, text, "a name must begin with a letter")
        case ast.UnaryOp(sign, x) if type(sign) in _OPERATORS:
            return [x]
        case ast.BinOp(x, sign, y) if type(sign) in _OPERATORS:
            return [x, y]
        case ast.BinOp(_, sign, _):
            raise _refusal(node, text, _HINTS.get(type(sign)))
        case ast.Call(ast.Name(name), _, []):
            return _operands_of_call(name, node, text)
        case ast.Call(ast.Name(), _, [keyword, *_]):
            raise _refusal(keyword, text, _HINTS[ast.keyword])
        case ast.Call(function):
            raise _refusal(function, text, _HINTS.get(type(function)))
    raise _refusal(node, text, _HINTS.get(type(node)))


def _operands_of_call(name: str, call: ast.Call, text: str) -> list[ast.expr]:
    """Return the operands of a call, those in lists too; ParseError if they do not fit the function."""
    if name in FOLDS:
        elements = _elements(call.args[0]) if len(call.args) == 1 else None
        if not (found := call.args if elements is None else elements):
            raise _refusal(call, text, f"{name} needs at least one operand")
        return found
    if name not in TABLE or TABLE[name].is_private:
        known = sorted(_names_of_functions())
        likely = difflib.get_close_matches(name, known, cutoff=0.7)
        meant = (
            f"did you mean {' or '.join(likely)}?" if likely else f"choose from {', '.join(known)}"
        )
        raise _refusal(call.func, text, f"no such function; {meant}")
    row = TABLE[name]
    usage = f"call it as {name}({row.signature})"
    if not len(row.operands) - len(row.defaults) <= len(call.args) <= len(row.operands):
        raise _refusal(call, text, usage)
    operands: list[ast.expr] = []
    lengths = set()
    for operand, argument in zip(row.operands, call.args, strict=False):
        if operand in row.lists:
            if (elements := _elements(argument)) is None:
                raise _refusal(argument, text, f"expected a list; {usage}")
            lengths.add(len(elements))
            operands += elements
        else:
            operands.append(argument)
    if len(lengths) > 1 or 0 in lengths:
        raise _refusal(call, text, f"{name} needs lists of equal length with at least one element")
    return operands


def _refusal(node: ast.expr | ast.keyword, text: str, hint: str | None = None) -> ParseError:
    """Return the error for a part of a text."""
    line = text.encode()  # the tree counts bytes
    column = len(line[: node.col_offset].decode()) + 1
    part = line[node.col_offset : node.end_col_offset].decode()
    shown = part if len(part) <= 40 else part[:36] + " ..."
    return ParseError(f"column {column}: {shown!r} is not understood: {hint or _MADE_OF}")


def _number(node: ast.expr) -> float | None:
    """Return the signed number that a node represents; None if it is not a number."""
    match node:
        case ast.UnaryOp(ast.USub(), ast.Constant() as constant):
            number = _number(constant)
            return None if number is None else -number
        case ast.Constant(int() | float() as number) if not isinstance(number, bool):
            try:
                return float(number)
            except OverflowError:  # as 1e400 is read
                return math.inf
    return None


def _elements(node: ast.expr) -> list[ast.expr] | None:
    return node.elts if isinstance(node, ast.List) else None


def _names_of_functions() -> set[str]:
    """Return the names of the functions, without those that are written as operators."""
    return {*FOLDS, *(row.name for row in public() if row.symbol == row.name)}


# ----- evaluating -----


def _evaluated(
    node: ast.expr, variables: Mapping[str, Value], made: Mapping[ast.expr, Value]
) -> Value:
    """Return the Value of a node, given those of its operands."""
    if (number := _number(node)) is not None:
        return Value(number)
    match node:
        case ast.Name(name):
            return variables[name]
        case ast.UnaryOp(sign, x):
            return _OPERATORS[type(sign)](made[x])
        case ast.BinOp(x, ast.Pow(), y) if not any(isinstance(n, ast.Name) for n in ast.walk(y)):
            return made[x] ** made[y].data  # a constant exponent needs no logarithm of x
        case ast.BinOp(x, sign, y):
            return _OPERATORS[type(sign)](made[x], made[y])
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    name = node.func.id
    operands: list[Any] = []
    for argument in node.args:
        elements = _elements(argument)
        operands.append(made[argument] if elements is None else [made[v] for v in elements])
    if name in FOLDS:
        return FOLDS[name](operands[0] if isinstance(operands[0], list) else operands)
    v: Value = getattr(F, name)(*operands)
    return v
