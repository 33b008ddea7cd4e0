"""LaTeX of formulas as MathML, which browsers typeset without a script or a request.

The LaTeX is what `formula` and `symbolic` write from the rows of the table, so both notations have one
source. A command that is not known here is written as its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from autograd_scalar.show.formula.formula import GREEK

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
#: Elements higher than a line of text, around which brackets are stretched.
_TALL = ("<mfrac", "<mtable", "<msqrt", "<mroot")
_OPERATORS = {
    "cdot": "·", "times": "×", "neq": "≠", "lt": "<", "gt": ">", "mapsto": "↦", "wedge": "∧", "sim": "∼",
    "cdots": "⋯", "ldots": "…", "vdots": "⋮", "langle": "⟨", "rangle": "⟩", "backslash": "\\",
    "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉",
}  # fmt: skip
_SYMBOLS = {"partial": "∂", "infty": "∞"} | dict(
    zip(GREEK.split("|"), "αβγδϵζηθικλμνξπρστυϕχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True)
)
#: Commands with operands, or without a sign of their own.
_STRUCTURES = {
    *("frac", "sqrt", "left", "right", "operatorname", "mathrm"),
    *("text", "begin", "end", "quad", "displaystyle"),
}
_THIN = '<mspace width="0.17em"></mspace>'
_SPACES = {"\\,": "0.17em", "\\;": "0.28em", "\\ ": "0.25em", "\\quad": "1em"}


def mathml(latex: str, *, text: str = "", block: bool = False) -> str:
    r"""Return a formula in LaTeX as a MathML element.

    >>> print(mathml(r"\frac{w_{1}}{2}", text="w1/2"))
    <math aria-label="w1/2"><mfrac><msub><mi>w</mi><mn>1</mn></msub><mn>2</mn></mfrac></math>

    Args:
        text: the accessible name of the formula; by default browsers read its elements.
        block: display it on a line of its own, with large fractions.
    """
    attributes = ' display="block"' if block else ""
    if text:
        attributes += f' aria-label="{escape(text)}"'
    return f"<math{attributes}>{_Parser(latex).expression()}</math>"


class _Parser:
    """A parser of the LaTeX that formulas are written in."""

    def __init__(self, latex: str) -> None:
        self.tokens = [token for token in _TOKEN.findall(latex) if not token.isspace()]
        self.place = 0

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1] if self.place <= len(self.tokens) else ""

    def expression(self, *ends: str) -> str:
        """Return what stands before one of the ends, which is not taken."""
        parts: list[str] = []
        while self.peek() and self.peek() not in ends:
            if parts and not parts[-1].startswith(("<mo", "<mspace")) and self.is_function():
                parts.append(_THIN)
            parts.append(self.scripted())
        return "".join(parts)

    def is_function(self) -> bool:
        """Return True if a function such as \\ln is next."""
        name = self.peek()[1:]
        is_known = name in _SYMBOLS or name in _OPERATORS or name in _STRUCTURES
        return self.peek().startswith("\\") and name.isalpha() and not is_known

    def scripted(self) -> str:
        """Return an element with its subscript and superscript."""
        base = self.element() or "<mrow></mrow>"
        scripts: dict[str, str] = {}
        while self.peek() in ("_", "^", "'"):
            mark = self.take()
            script = "<mo>′</mo>" * (1 + self.primes()) if mark == "'" else self.argument()
            scripts["^" if mark == "'" else mark] = script
        if len(scripts) == 2:
            return f"<msubsup>{base}{scripts['_']}{scripts['^']}</msubsup>"
        for mark, script in scripts.items():
            tag = "msub" if mark == "_" else "msup"
            return f"<{tag}>{base}{script}</{tag}>"
        return base

    def primes(self) -> int:
        """Take further primes, and return their number."""
        count = 0
        while self.peek() == "'":
            self.take()
            count += 1
        return count

    def argument(self) -> str:
        """Return a group in braces, or the next element, as one element."""
        if self.peek() != "{":
            return self.element()
        self.take()
        inner = self.expression("}")
        self.take()
        return inner if _is_single(inner) else f"<mrow>{inner}</mrow>"

    def words(self) -> str:
        """Return a group in braces as plain text."""
        self.take()
        parts = []
        while self.peek() and (token := self.take()) != "}":
            name = token[1:]
            if token == "\\ " or token == "~":
                parts.append("\u00a0")
            elif token == "{":
                self.place -= 1
                parts.append(self.words())
            elif token.startswith("\\"):
                parts.append(_OPERATORS.get(name, _SYMBOLS.get(name, name)))
            else:
                parts.append(token)
        return escape("".join(parts))

    def element(self) -> str:
        token = self.take()
        if not token:
            return "<mrow></mrow>"
        if token == "{":
            self.place -= 1
            return self.argument()
        if token.startswith("\\"):
            return self.command(token)
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if token.isalpha() or token.isidentifier():
            return f"<mi>{escape(token)}</mi>"
        if token == "&":
            return ""
        sign = "−" if token == "-" else token
        return f"<mo{_unstretched(token)}>{escape(sign)}</mo>"

    def command(self, token: str) -> str:
        name = token[1:]
        if token in _SPACES:
            return f'<mspace width="{_SPACES[token]}"></mspace>'
        match name:
            case "frac":
                return f"<mfrac>{self.argument()}{self.argument()}</mfrac>"
            case "sqrt":
                return self.root()
            case "left":
                return self.fenced()
            case "operatorname" | "mathrm":
                return f'<mi mathvariant="normal">{self.words()}</mi>'
            case "text":
                return f"<mtext>{self.words()}</mtext>"
            case "begin":
                return self.table()
            case "displaystyle":
                return ""
        if name in _SYMBOLS:
            return f"<mi>{_SYMBOLS[name]}</mi>"
        if name in _OPERATORS:
            return f"<mo{_unstretched(name)}>{escape(_OPERATORS[name])}</mo>"
        if not name.isalpha():  # an escaped sign
            return f"<mo>{escape(name)}</mo>"
        return f"<mi>{name}</mi>{_THIN}" if self.applies() else f"<mi>{name}</mi>"

    def applies(self) -> bool:
        """Return True if a function's operand follows, not its index or a bracket."""
        return self.peek() not in ("", "_", "^", "}", "\\left", "(")

    def root(self) -> str:
        if self.peek() != "[":
            return f"<msqrt>{self.argument()}</msqrt>"
        self.take()
        index = self.expression("]")
        self.take()
        return f"<mroot>{self.argument()}{index}</mroot>"

    def fenced(self) -> str:
        opening = self.take()
        inner = self.expression("\\right")
        self.take()
        stretched = any(tag in inner for tag in _TALL)
        return (
            f"<mrow>{_bracket(opening, stretched)}{inner}{_bracket(self.take(), stretched)}</mrow>"
        )

    def table(self) -> str:
        """Return an environment: rows of cells, and the brace of cases."""
        environment = self.words()
        side = "center" if environment == "gathered" else "left"
        rows = ""
        for row in self.cells():
            cells = (f'<mtd style="text-align:{side};padding:.2em">{cell}</mtd>' for cell in row)
            rows += f"<mtr>{''.join(cells)}</mtr>"
        table = f'<mtable displaystyle="true">{rows}</mtable>'
        return f"<mrow>{_bracket('{', True)}{table}</mrow>" if environment == "cases" else table

    def cells(self) -> Iterator[list[str]]:
        """Yield the cells of each row, up to the end of the environment."""
        row: list[str] = []
        while self.peek():
            row.append(self.expression("&", "\\\\", "\\end"))
            end = self.take()
            if end == "&":
                continue
            yield row
            row = []
            if end == "\\end":
                self.words()
                return
            self.spacing()

    def spacing(self) -> None:
        """Pass over the space between two rows, such as [1ex]."""
        if self.peek() == "[":
            while self.take() not in ("]", ""):
                pass


def _unstretched(token: str) -> str:
    """Return an attribute that keeps brackets in the text at their size."""
    return ' stretchy="false"' if token in ("(", ")", "[", "]", "|", "langle", "rangle") else ""


def _bracket(token: str, stretched: bool) -> str:
    sign = _OPERATORS.get(token[1:], token.lstrip("\\"))
    return "" if sign == "." else f'<mo stretchy="{str(stretched).lower()}">{escape(sign)}</mo>'


def _is_single(inner: str) -> bool:
    """Return True if markup is one element, without others beside it."""
    depth, roots = 0, 0
    for closing, _ in re.findall(r"<(/?)([a-z]+)", inner):
        depth += -1 if closing else 1
        roots += depth == 0
    return roots == 1
