"""Formulas of recorded graphs, as text and as LaTeX, written from the rows of the table.

What is used more than once, and what grows too long, is written once under a name of its own (its
label, or t1, t2, ...), so a formula is never longer than its graph is large.
"""

from __future__ import annotations

import ast
import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from autograd_scalar.ops.grammar import SYMBOL
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE, symbol
from autograd_scalar.value import Value, topological_order

#: How tightly a written expression holds together, loosest first. What needs ARGUMENT is always put
#: in parentheses: nothing binds that tightly.
NEGATIVE, SUM, PRODUCT, WHOLE, NAME, ARGUMENT = range(1, 7)
OPERATORS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "**": WHOLE}


class Text(NamedTuple):
    """A written expression, and how tightly it holds together."""

    text: str
    binds: int


def infix(v: Value, *, limit: int = 100) -> str:
    """Return the graph under v as text in Python's notation; where parts need names, a line each.

    A leaf is written as its label, or else as its number. A part that is used twice, or that has
    more characters than `limit`, is written once, on a line of its own above.

    >>> x = Value(2.0, label="x")
    >>> infix((x + 1.0).tanh() * 3.0)
    'tanh(x + 1)*3'
    >>> s = x * x
    >>> print(infix(s + s.exp()))
    t1 = x*x
    t1 + exp(t1)
    """
    statements = _statements(v, limit, _infix, str)
    return "\n".join(f"{name} = {text}" if name else text for name, text in statements)


def latex(v: Value, *, limit: int = 300) -> str:
    r"""Return the graph under v in LaTeX, for mathematics mode; aligned where parts need names.

    >>> x = Value(2.0, label="x1")
    >>> print(latex((x + 1.0).tanh() / 3.0))
    \frac{\tanh \left(x_{1} + 1\right)}{3}
    """
    statements = list(_statements(v, limit, _latex, latex_name))
    if len(statements) == 1:
        return statements[0][1]
    whole = latex_name(v.label or "y")
    lines = [f"{name or whole} &= {text}" for name, text in statements]
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _statements(
    v: Value,
    limit: int,
    write: Callable[[Value, list[Text]], Text],
    write_name: Callable[[str], str],
) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of each part that has a name, then ("", text) of the whole."""
    order = topological_order(v)
    uses = Counter(parent for node in order for parent in node.parents)
    labels = Counter(node.label for node in order)
    texts: dict[Value, Text] = {}
    number = 0
    for node in order:
        text = write(node, [texts[parent] for parent in node.parents])
        if node is v:
            yield "", text.text
        elif node.op and (uses[node] > 1 or len(text.text) > limit):
            name = node.label
            if not name or labels[name] > 1:
                number += 1
                while f"t{number}" in labels:
                    number += 1
                name = f"t{number}"
            yield write_name(name), text.text
            text = Text(write_name(name), NAME)
        texts[node] = text


def _leaf(node: Value, write_name: Callable[[str], str], number: str) -> Text:
    if node.label:
        return Text(write_name(node.label), NAME)
    return Text(number, NEGATIVE if number.startswith("-") else NAME)


# ----- as text -----


def _infix(node: Value, parts: list[Text]) -> Text:
    if not node.op:
        return _leaf(node, str, f"{node.data:.6g}")
    row = TABLE.get(node.op)
    if row is not None and row.lists:
        return _infix_fold(row, parts)
    if row is not None and row.symbol in OPERATORS and len(parts) == 2:
        return _infix_operator(row.symbol, *parts)
    if row is not None and row.symbol == "-":
        return Text(f"-{_inside(parts[0], PRODUCT)}", NEGATIVE)
    if row is not None and isinstance(row.value_tree, ast.Name):  # +x
        return parts[0]
    return Text(f"{symbol(node.op)}({_listed(parts)})", NAME)


def _infix_operator(symbol: str, x: Text, y: Text) -> Text:
    binds = OPERATORS[symbol]
    if symbol == "**":
        return Text(f"{_inside(x, NAME)}**{_inside(y, NAME)}", binds)
    if binds == SUM:
        return Text(f"{x.text} {symbol} {_inside(y, PRODUCT)}", SUM)
    return Text(f"{_inside(x, PRODUCT)}{symbol}{_inside(y, WHOLE)}", PRODUCT)


def _infix_fold(row: Op, parts: list[Text]) -> Text:
    """Write a row over lists: as a sum where its step adds an element or a product, else a call."""
    operands = dict(zip(row.operands, row.split(parts), strict=True))
    match row.value_tree:
        case ast.BinOp(ast.Name("z"), ast.Add(), ast.Name(x)):
            terms = list(operands.pop(x))
        case ast.BinOp(ast.Name("z"), ast.Add(), ast.BinOp(ast.Name(x), symbol, ast.Name(y))):
            pairs = zip(operands.pop(x), operands.pop(y), strict=True)
            terms = [_infix_operator(SYMBOL[type(symbol)], *pair) for pair in pairs]
        case _:
            written = (
                Text(f"[{_listed(part)}]", NAME) if operand in row.lists else part
                for operand, part in operands.items()
            )
            return Text(f"{row.name}({_listed(written)})", NAME)
    terms += [part for part in operands.values() if part.text != "0"]
    if len(terms) < 2:
        return terms[0] if terms else Text("0", NAME)
    return Text(" + ".join([terms[0].text, *(_inside(term, SUM) for term in terms[1:])]), SUM)


def _inside(part: Text, needed: int) -> str:
    return part.text if part.binds >= needed else f"({part.text})"


def _listed(parts: Iterable[Text]) -> str:
    return ", ".join(part.text for part in parts)


# ----- as LaTeX -----

_GREEK = re.compile(
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|"
    "upsilon|phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)
_SPECIAL = {"\\": r"\backslash ", "^": r"\wedge ", "~": r"\sim ", " ": r"\ "} | {
    sign: "\\" + sign for sign in "{}_%$#&"
}


def latex_name(label: str) -> str:
    r"""Return a label in LaTeX: w1 with its index below, Greek letters as such, words upright.

    >>> print(latex_name("w1"), latex_name("alpha"), latex_name("loss"))
    w_{1} \alpha \mathrm{loss}
    """
    found = re.fullmatch(r"([A-Za-z]+?)_?(\d*)", label)
    if found is not None and (len(found[1]) == 1 or _GREEK.fullmatch(found[1])):
        letter = found[1] if len(found[1]) == 1 else "\\" + found[1]
        return f"{letter}_{{{found[2]}}}" if found[2] else letter
    return rf"\mathrm{{{''.join(_SPECIAL.get(sign, sign) for sign in label)}}}"


def _latex_number(number: float) -> str:
    text = f"{number:.6g}".replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")
    mantissa, _, exponent = text.partition("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else text


def _latex(node: Value, parts: list[Text]) -> Text:
    if not node.op:
        leaf = _leaf(node, latex_name, _latex_number(node.data))
        return Text(leaf.text, min(leaf.binds, PRODUCT)) if r"\times" in leaf.text else leaf
    row = TABLE.get(node.op)
    if row is None:  # a node that no row made
        return Text(rf"{latex_name(symbol(node.op))}\left({_listed(parts)}\right)", WHOLE)
    return _filled(_pieces(row, dict(zip(row.operands, row.split(parts), strict=True))))


class _Pieces:
    """A template taken apart: literal texts, and between each two of them an operand."""

    def __init__(self) -> None:
        self.literals = [""]
        self.parts: list[Text] = []

    def add(self, template: str, operands: Mapping[str, Text]) -> None:
        for literal, field, _, _ in string.Formatter().parse(template):
            self.literals[-1] += literal
            if field is not None:
                self.parts.append(operands[field])
                self.literals.append("")


def _pieces(row: Op, operands: dict[str, Any]) -> _Pieces:
    """Return a row's template with its operands; what is in [brackets] once for each element."""
    pieces = _Pieces()
    if not row.lists:
        pieces.add(row.latex, operands)
        return pieces
    before, _, rest = row.latex.partition("[")
    repeated, _, after = rest.rpartition("]")
    pieces.add(before, operands)
    lists = [operands.pop(name) for name in row.lists]
    for place, elements in enumerate(zip(*lists, strict=True)):
        pieces.add(" + " if place else "", {})
        pieces.add(repeated, dict(zip(row.lists, elements, strict=True)))
    if not operands or any(part.text != "0" for part in operands.values()):
        pieces.add(after, operands)
    return pieces


_OPENS = ("{", "(", "[", "|", ",", "&", r"\lfloor", r"\lceil", "\\\\", "{cases}")
_CLOSES = ("}", ")", "]", "|", ",", "&", r"\right", r"\neq", "<", ">", "\\\\", r"\end")


def _filled(pieces: _Pieces) -> Text:
    r"""Write operands into a template, in parentheses where what is beside them asks for it.

    Nothing is asked for between brackets or braces; beside + - \, ^ what Python's operators ask
    for; and after a name, as in `\tanh {x}`, always parentheses.
    """
    written = pieces.literals[0]
    for place, (part, after) in enumerate(zip(pieces.parts, pieces.literals[1:], strict=True)):
        before = pieces.literals[place]
        needed = max(_needed_after(before, place), _needed_before(after))
        text = part.text if part.binds >= needed else rf"\left({part.text}\right)"
        if before.endswith(r"\, ") and text[0].isdigit():
            written = written[: -len(r"\, ")] + r"\cdot "  # 2 \, 3 would read as 23
        written += text + after
    return Text(written, _binds(pieces))


def _needed_after(literal: str, place: int) -> int:
    literal = literal.rstrip()
    if literal.endswith(r"\,"):
        return PRODUCT
    if not literal or literal.endswith(_OPENS):
        return 0
    if literal.endswith(("+", "-")):
        return SUM if literal.endswith("+") else PRODUCT
    # Between two operands stands an operator that is not known here; before the first, a function.
    return WHOLE if place else ARGUMENT


def _needed_before(literal: str) -> int:
    literal = literal.lstrip()
    if not literal or literal.startswith((*_CLOSES, "+", "-")):
        return 0
    if literal.startswith("^"):
        return NAME
    return PRODUCT if literal.startswith(r"\,") else WHOLE


def _binds(pieces: _Pieces) -> int:
    """Return how tightly a filled template holds together, from what is outside brackets."""
    if pieces.literals == ["", ""]:
        return pieces.parts[0].binds
    depth = 0
    loosest = WHOLE
    for place, literal in enumerate(pieces.literals):
        for token in re.findall(r"\\[A-Za-z]+|\\.|\S", literal):
            if token in ("{", r"\left", r"\begin"):
                depth += 1
            elif token in ("}", r"\right", r"\end"):
                depth -= 1
            elif depth == 0 and token in ("+", "-"):
                loosest = min(loosest, SUM if place else NEGATIVE)
            elif depth == 0 and token == r"\,":
                loosest = min(loosest, PRODUCT)
    return loosest
