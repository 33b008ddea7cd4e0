"""The language of the table's rows: a parser, and a printer of Python source over floats.

A row's text is a Python expression of numbers, operand names, + - * / **, comparisons inside `a if test else b`, and
calls of other rows or of the functions in `ieee`. The same text is used in three forms:

- `spell(tree)`: source over floats, as fast as Python allows. ** becomes `pow`, since Python's may return a complex
  number. `shared` comes before: it inlines calls of rows, so that `where(...)` is an `if` and costs no call, and gives
  names to what would be computed twice.
- `spell(tree, exact=True)`: the same with every division through `ieee.div`, so that nothing raises.
- over Values: the text itself, because Values overload the operators. This form must not branch (a recorded branch
  would be frozen), so partial derivatives use `step`, `sign` and `where` instead of `if`.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

SYMBOL: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.USub: "-",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip

#: Precedence of operations, from loosest to tightest. Calls, names and numbers have ATOM.
PRECEDENCE: dict[type[ast.AST], int] = {
    ast.IfExp: 0, ast.Compare: 1, ast.Add: 2, ast.Sub: 2, ast.Mult: 3, ast.Div: 3, ast.USub: 4, ast.Pow: 5,
}  # fmt: skip
ATOM = 6

#: Finds a row by name: its operands and the tree of its value, or None if the name is not a row to inline.
Definition = Callable[[str], tuple[tuple[str, ...], ast.expr] | None]


class Expression:
    """A parsed text: its syntax tree, its variables and the functions that it calls."""

    def __init__(self, tree: ast.expr) -> None:
        self.tree = tree
        self.variables: set[str] = set()
        #: Each function called, with its number of arguments.
        self.calls: set[tuple[str, int]] = set()

    @property
    def functions(self) -> set[str]:
        """Names of the functions called."""
        return {name for name, _ in self.calls}


def parse(text: str, *, branches: bool) -> list[Expression]:
    """Return the expressions of a row's text, which are separated by commas.

    `branches` allows `if` and comparisons. Raises ValueError or SyntaxError for text outside the language.
    """
    tree = ast.parse(text.strip(), mode="eval").body
    found = [Expression(part) for part in (tree.elts if isinstance(tree, ast.Tuple) else [tree])]
    for expression in found:
        _examine(expression.tree, expression, branches)
    return found


def _examine(node: ast.expr, found: Expression, branches: bool) -> None:
    """Collect the names in a tree; raise ValueError for anything outside the language."""
    match node:
        case ast.Name(name):
            found.variables.add(name)
            return
        case ast.Constant(int() | float() as number) if abs(number) <= sys.float_info.max:
            return
        case ast.Call(ast.Name(name), inner, []):
            found.calls.add((name, len(inner)))
        case ast.BinOp(x, symbol, y) if type(symbol) in SYMBOL:
            inner = [x, y]
        case ast.UnaryOp(ast.USub(), x):
            inner = [x]
        case ast.IfExp() | ast.Compare() if not branches:
            raise ValueError(
                "it branches; in a partial derivative use step, sign or where instead of if"
            )
        case ast.IfExp(ast.Compare(a, [symbol], [b]), x, y) if type(symbol) in SYMBOL:
            inner = [a, b, x, y]
        case _:
            raise ValueError(
                f"{ast.unparse(node)!r} is not an expression of numbers, operands, + - * / ** and calls"
                + (" (and `a if x < y else b`)" if branches else "")
            )
    for part in inner:
        _examine(part, found, branches)


def operator_of(tree: ast.expr, operands: Sequence[str]) -> str | None:
    """Return the operator that a tree applies to its operands, such as "+"; None if it is another expression."""
    match tree:
        case ast.BinOp(ast.Name(x), symbol, ast.Name(y)) if (x, y) == tuple(operands):
            return SYMBOL[type(symbol)]
        case ast.UnaryOp(symbol, ast.Name()):
            return SYMBOL[type(symbol)]
    return None


def precedence(tree: ast.expr) -> int:
    """Return the precedence of a tree's outermost operation: an entry of PRECEDENCE, or ATOM."""
    outermost: ast.AST = getattr(tree, "op", tree)
    return PRECEDENCE.get(type(outermost), ATOM)


def spell(tree: ast.expr, *, exact: bool = False) -> str:
    """Return an inlined text as Python source over floats; with `exact`, source that cannot raise."""
    return _write(tree, exact)[0]


def _write(tree: ast.expr, exact: bool) -> tuple[str, int]:
    """Return a tree as source, with its precedence."""

    def write(node: ast.expr, tightness: int = 0) -> str:
        text, binds = _write(node, exact)
        return text if binds >= tightness else f"({text})"

    match tree:
        case ast.Name(name):
            return name, ATOM
        case ast.Constant(number):
            return repr(float(number)), ATOM  # type: ignore[arg-type]
        case ast.UnaryOp(_, x):
            binds = PRECEDENCE[ast.USub]
            return f"-{write(x, binds)}", binds
        case ast.BinOp(x, ast.Pow(), y):
            return f"pow({write(x)}, {write(y)})", ATOM
        case ast.BinOp(x, ast.Div(), y) if exact:
            return f"div({write(x)}, {write(y)})", ATOM
        case ast.BinOp(x, symbol, y) | ast.Compare(x, [symbol], [y]):
            binds = PRECEDENCE[ast.Compare if isinstance(tree, ast.Compare) else type(symbol)]
            return f"{write(x, binds)} {SYMBOL[type(symbol)]} {write(y, binds + 1)}", binds
        case ast.IfExp(test, x, y):
            return f"{write(x, 1)} if {write(test, 1)} else {write(y)}", 0
        case ast.Call(ast.Name(name), arguments):
            return f"{name}({', '.join(map(write, arguments))})", ATOM
    raise AssertionError(ast.dump(tree))  # parse() lets nothing else through


def inlined(tree: ast.expr, definition: Definition) -> ast.expr:
    """Return a tree with the calls of rows replaced by their values."""
    graph = _Graph(definition)
    return graph.tree(graph.add(tree, {}), {})


def shared(
    value: ast.expr, partials: Sequence[ast.expr], definition: Definition
) -> tuple[list[tuple[str, ast.expr]], list[ast.expr]]:
    """Return what to assign to `z` and to the names of common parts, in order, and the partials over these names.

    All calls of rows are inlined. A part that is a call or a choice, or contains one, becomes a name if it occurs more
    than once, and at least once outside the sides of a choice: what need not be computed is not computed.

    >>> value, slope = (parse(text, branches=True)[0].tree for text in ("1.0 / (1.0 + exp(-x))", "z * z * exp(-x)"))
    >>> assignments, (slope,) = shared(value, [slope], lambda name: None)
    >>> [f"{name} = {ast.unparse(part)}" for name, part in assignments], ast.unparse(slope)
    (['_1 = exp(-x)', 'z = 1.0 / (1.0 + _1)'], 'z * z * _1')
    """
    graph = _Graph(definition)
    z = graph.add(value, {})
    roots = [graph.add(partial, {"z": z}) for partial in partials]
    names = {i: f"_{k}" for k, i in enumerate(graph.worth_a_name([z, *roots]), 1)} | {z: "z"}
    assignments = [(names[i], graph.tree(i, names, named=False)) for i in sorted(names)]
    return assignments, [graph.tree(root, names) for root in roots]


class _Graph:
    """Inlined trees as a graph in which equal parts are one node: a tuple of what it is, and the numbers of its parts.

    The parts of a node have smaller numbers.
    """

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._nodes: list[tuple[Any, ...]] = []
        self._numbers: dict[tuple[Any, ...], int] = {}

    def _number(self, *node: Any) -> int:
        if node not in self._numbers:
            self._numbers[node] = len(self._nodes)
            self._nodes.append(node)
        return self._numbers[node]

    def add(self, tree: ast.expr, bound: Mapping[str, int]) -> int:
        """Return the number of a tree; `bound` has the numbers to put for names."""
        match tree:
            case ast.Name(name):
                return bound[name] if name in bound else self._number(ast.Name, name)
            case ast.Constant(number):
                return self._number(ast.Constant, float(number))  # type: ignore[arg-type]
            case ast.UnaryOp(_, x):
                return self._number(ast.UnaryOp, ast.USub, self.add(x, bound))
            case ast.BinOp(x, symbol, y):
                return self._number(ast.BinOp, type(symbol), self.add(x, bound), self.add(y, bound))
            case ast.IfExp(ast.Compare(a, [symbol], [b]), x, y):
                parts = [self.add(part, bound) for part in (a, b, x, y)]
                return self._number(ast.IfExp, type(symbol), *parts)
            case ast.Call(ast.Name(name), arguments):
                given = [self.add(argument, bound) for argument in arguments]
                if (found := self._definition(name)) is None:
                    return self._number(ast.Call, name, *given)
                operands, body = found
                return self.add(body, dict(zip(operands, given, strict=True)))
        raise AssertionError(ast.dump(tree))  # parse() lets nothing else through

    def _parts(self, number: int) -> tuple[int, ...]:
        kind, _, *parts = self._nodes[number]
        return () if kind in (ast.Name, ast.Constant) else tuple(parts)

    def worth_a_name(self, roots: Sequence[int]) -> list[int]:
        """Return the parts of the roots that are worth computing once; see `shared`."""
        uses, certain, costly = Counter(roots), {*roots}, set[int]()
        for number in range(len(self._nodes)):
            kind = self._nodes[number][0]
            if kind in (ast.Call, ast.IfExp) or costly.intersection(self._parts(number)):
                costly.add(number)
        reached = {*roots}
        for number in range(len(self._nodes) - 1, -1, -1):
            if number in reached:
                parts = self._parts(number)
                uses.update(parts)
                reached.update(parts)
                if number in certain:
                    certain.update(parts[:2] if self._nodes[number][0] is ast.IfExp else parts)
        return sorted(n for n in costly & certain if uses[n] > 1)

    def tree(self, number: int, names: Mapping[int, str], *, named: bool = True) -> ast.expr:
        """Return a node as a tree over the names; unless `named`, the node itself is written out."""
        if named and number in names:
            return ast.Name(names[number], ast.Load())
        kind, what, *_ = self._nodes[number]
        parts = [self.tree(part, names) for part in self._parts(number)]
        if kind is ast.Name:
            return ast.Name(what, ast.Load())
        if kind is ast.Constant:
            return ast.Constant(what)
        if kind is ast.UnaryOp:
            return ast.UnaryOp(what(), *parts)
        if kind is ast.BinOp:
            return ast.BinOp(parts[0], what(), parts[1])
        if kind is ast.IfExp:
            a, b, x, y = parts
            return ast.IfExp(ast.Compare(a, [what()], [b]), x, y)
        return ast.Call(ast.Name(what, ast.Load()), parts, [])
