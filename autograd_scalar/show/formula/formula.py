"""Formulas of recorded graphs as text and as LaTeX, written from the rows of the table.

A subexpression that is used more than once, or is too long, is written once and named (by its
label, or t1, t2, ...), so the length of a formula is linear in the size of its graph.
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

#: Precedence of written expressions, loosest first. No expression has ARGUMENT, so an operand that
#: needs it is always in parentheses.
NEGATIVE, SUM, PRODUCT, WHOLE, NAME, ARGUMENT = range(1, 7)
OPERATORS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "**": WHOLE}


class Text(NamedTuple):
    """A written expression and its precedence."""

    text: str
    precedence: int


def infix(v: Value, *, limit: int = 100) -> str:
    """Return the formula of a Value in Python's notation; named subexpressions take a line each.

    A leaf is written as its label, or as its number if it has none. A subexpression that is used
    more than once, or has more than `limit` characters, is named and written on a line above.

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
    r"""Return the formula of a Value in LaTeX for math mode; an aligned environment if parts are named.

    Subexpressions are named as in infix().

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
    """Yield (name, text) for each named subexpression, then ("", text) for the whole."""
    order = topological_order(v)
    uses = Counter(parent for node in order for parent in node.parents)
    labels = Counter(node.label for node in order)
    texts: dict[Value, Text] = {}
    last = 0  # the number of the last t1, t2, ...
    for node in order:
        text = write(node, [texts[parent] for parent in node.parents])
        if node is v:
            yield "", text.text
        elif node.op and (uses[node] > 1 or len(text.text) > limit):
            name = node.label
            if not name or labels[name] > 1:
                last += 1
                while f"t{last}" in labels:
                    last += 1
                name = f"t{last}"
            yield write_name(name), text.text
            text = Text(write_name(name), NAME)
        texts[node] = text


def _leaf(node: Value, write_name: Callable[[str], str], number: str) -> Text:
    if node.label:
        return Text(write_name(node.label), NAME)
    return Text(number, NEGATIVE if number.startswith("-") else NAME)


# ----- text -----


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
    precedence = OPERATORS[symbol]
    if symbol == "**":
        return Text(f"{_inside(x, NAME)}**{_inside(y, NAME)}", precedence)
    if precedence == SUM:
        return Text(f"{x.text} {symbol} {_inside(y, PRODUCT)}", SUM)
    return Text(f"{_inside(x, PRODUCT)}{symbol}{_inside(y, WHOLE)}", PRODUCT)


def _infix_fold(row: Op, parts: list[Text]) -> Text:
    """Write a row over lists as a sum if its step adds an element or a product, else as a call."""
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
    return part.text if part.precedence >= needed else f"({part.text})"


def _listed(parts: Iterable[Text]) -> str:
    return ", ".join(part.text for part in parts)


# ----- LaTeX -----

#: Names of Greek letters, as in LaTeX.
GREEK = (
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|"
    "upsilon|phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)
_GREEK = re.compile(GREEK)
_SPECIAL = {"\\": r"\backslash ", "^": r"\wedge ", "~": r"\sim ", " ": r"\ "} | {
    sign: "\\" + sign for sign in "{}_%$#&"
}


def latex_name(label: str) -> str:
    r"""Return a label in LaTeX: w1 with a subscript, Greek letters as symbols, words upright.

    >>> print(latex_name("w1"), latex_name("alpha"), latex_name("loss"))
    w_{1} \alpha \mathrm{loss}
    """
    found = re.fullmatch(r"([A-Za-z]+?)((?:_?\d+|_[A-Za-z]+|\[\w+\])*)", label)
    if found is None or not (len(found[1]) == 1 or _GREEK.fullmatch(found[1]) or found[2]):
        return _upright(label)
    parts = re.findall(r"\d+|[A-Za-z]+", found[2])
    if len(found[1]) > 1 and not _GREEK.fullmatch(found[1]):
        if not all(map(str.isdecimal, parts)):  # words, such as learning_rate
            return _upright(label)
        letter = _upright(found[1])
    else:
        letter = found[1] if len(found[1]) == 1 else "\\" + found[1]
    subscript = ",".join(
        part if len(part) == 1 or part.isdecimal() else _upright(part) for part in parts
    )
    return f"{letter}_{{{subscript}}}" if subscript else letter


def _upright(word: str) -> str:
    return rf"\mathrm{{{''.join(_SPECIAL.get(sign, sign) for sign in word)}}}"


def _latex_number(number: float) -> str:
    text = f"{number:.6g}".replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")
    mantissa, _, exponent = text.partition("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else text


def _latex(node: Value, parts: list[Text]) -> Text:
    if not node.op:
        leaf = _leaf(node, latex_name, _latex_number(node.data))
        return Text(leaf.text, min(leaf.precedence, PRODUCT)) if r"\times" in leaf.text else leaf
    row = TABLE.get(node.op)
    if row is None:  # an operation outside the table
        return Text(rf"{latex_name(symbol(node.op))}\left({_listed(parts)}\right)", WHOLE)
    return _filled(_pieces(row, dict(zip(row.operands, row.split(parts), strict=True))))


class _Pieces:
    """A template split into literals, with an operand between each two of them."""

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
    """Return the template of a row, split; its [bracketed] part is repeated for each element."""
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
    r"""Write operands into a template, in parentheses where their neighbours bind more tightly.

    Between brackets or braces no precedence is needed; next to + - \, ^ that of Python's operators;
    after a name, as in `\tanh {x}`, parentheses are always written.
    """
    written = pieces.literals[0]
    for place, (part, after) in enumerate(zip(pieces.parts, pieces.literals[1:], strict=True)):
        before = pieces.literals[place]
        needed = max(_needed_after(before, place), _needed_before(after))
        text = part.text if part.precedence >= needed else rf"\left({part.text}\right)"
        if before.endswith(r"\, ") and text[0].isdigit():
            written = written[: -len(r"\, ")] + r"\cdot "  # 2 \, 3 would read as 23
        written += text + after
    return Text(written, _precedence(pieces))


def _needed_after(literal: str, place: int) -> int:
    literal = literal.rstrip()
    if literal.endswith(r"\,"):
        return PRODUCT
    if not literal or literal.endswith(_OPENS):
        return 0
    if literal.endswith(("+", "-")):
        return SUM if literal.endswith("+") else PRODUCT
    # The text between two operands is an unknown operator, that before the first a function.
    return WHOLE if place else ARGUMENT


def _needed_before(literal: str) -> int:
    literal = literal.lstrip()
    if not literal or literal.startswith((*_CLOSES, "+", "-")):
        return 0
    if literal.startswith("^"):
        return NAME
    return PRODUCT if literal.startswith(r"\,") else WHOLE


def _precedence(pieces: _Pieces) -> int:
    """Return the precedence of a filled template, from its operators outside brackets."""
    if pieces.literals == ["", ""]:
        return pieces.parts[0].precedence
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
