"""The language of the table's rows: a parser, and a printer of Python source over floats.

A row's text is a Python expression of numbers, operand names, + - * / **, comparisons inside `a if test else b`, and
calls of other rows or of the functions in `ieee`. The same text is used in three forms:

- `spell(tree)`: source over floats, as fast as Python allows. ** becomes `pow`, since Python's may return a complex
  number, and calls of small rows are inlined, so that `where(...)` is an `if` and costs no call.
- `spell(tree, exact=True)`: the same with every division through `ieee.div`, so that nothing raises.
- over Values: the text itself, because Values overload the operators. This form must not branch (a recorded branch
  would be frozen), so partial derivatives use `step`, `sign` and `where` instead of `if`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping

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


def precedence(tree: ast.expr) -> int:
    """Return the precedence of a tree's outermost operation: an entry of PRECEDENCE, or ATOM."""
    outermost: ast.AST = getattr(tree, "op", tree)
    return PRECEDENCE.get(type(outermost), ATOM)


def spell(tree: ast.expr, definition: Definition, *, exact: bool = False) -> str:
    """Return a row's text as Python source over floats; with `exact`, source that cannot raise."""
    return _write(tree, definition, exact, {})[0]


def _write(
    tree: ast.expr, definition: Definition, exact: bool, bound: Mapping[str, tuple[str, int]]
) -> tuple[str, int]:
    """Return a tree as source with its precedence; `bound` has the source to put for a name."""

    def write(node: ast.expr, tightness: int = 0) -> str:
        text, binds = _write(node, definition, exact, bound)
        return text if binds >= tightness else f"({text})"

    match tree:
        case ast.Name(name):
            return bound.get(name, (name, ATOM))
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
            if (found := definition(name)) is not None:
                operands, body = found
                uses = [node.id for node in ast.walk(body) if isinstance(node, ast.Name)]
                # An argument that is itself an expression would be computed once for every use.
                if all(
                    isinstance(argument, ast.Name | ast.Constant) or uses.count(operand) < 2
                    for operand, argument in zip(operands, arguments, strict=True)
                ):
                    written = (_write(argument, definition, exact, bound) for argument in arguments)
                    return _write(
                        body, definition, exact, dict(zip(operands, written, strict=True))
                    )
            return f"{name}({', '.join(map(write, arguments))})", ATOM
    raise AssertionError(ast.dump(tree))  # parse() lets nothing else through
