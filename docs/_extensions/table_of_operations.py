"""The directive `table-of-operations`: every row of the table, its value and its derivatives in LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from autograd_scalar import functions
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE, public
from autograd_scalar.show.formula import formula
from autograd_scalar.value import Value, restore

CONSTANTS = {
    "1.12838": r"\tfrac{2}{\sqrt{\pi}}",
    "0.707107": r"\tfrac{1}{\sqrt{2}}",
    "0.398942": r"\tfrac{1}{\sqrt{2 \pi}}",
    r"\frac{1.4427}{x}": r"\frac{1}{x \, \ln 2}",
    r"\frac{0.434294}{x}": r"\frac{1}{x \, \ln 10}",
}
HEADINGS = ("call", "value z", "local derivatives")


def call(row: Op) -> str:
    """Return a call of the row: its operator if it has one, else its function."""
    match row.name:
        case "pow" | "pow_const":
            return "x ** y" if row.name == "pow" else "x ** 3.0"
        case "neg" | "pos":
            return "-x" if row.name == "neg" else "+x"
    if row.symbol != row.name:
        return f"x {row.symbol} y"
    operands = (
        f"{name}s" if name in row.lists
        else f"{name}={row.defaults[name]:g}" if name in row.defaults
        else name
        for name in row.operands
    )  # fmt: skip
    return f"{row.name}({', '.join(operands)})"


def formula_of(row: Op) -> str:
    """Return the value in LaTeX, with lists of two elements."""
    leaves = [
        Value(0.5, label=f"{operand}{place}")
        for operand in row.operands
        for place in ((1, 2) if operand in row.lists else ("",))
    ]
    made = restore(None, 0.5, 0.0, None, row.name, tuple(leaves), (0.5,) * len(leaves))
    return formula.latex(made)


def derivatives(row: Op) -> Iterator[str]:
    """Yield in LaTeX the derivative with respect to each operand, or to an element of a list operand."""
    names = {
        operand: Value(0.5, label=f"{operand}9" if operand in row.lists else operand)
        for operand in ("z", *row.operands)
    }
    found = eval(f"[{row.textbook}]", {name: getattr(functions, name) for name in TABLE}, names)
    for operand, partial in zip(row.operands, found, strict=True):
        if operand != row.fixed:
            v = partial if isinstance(partial, Value) else Value(partial)
            by, text = formula.latex(names[operand]), formula.latex(v, limit=10**9)
            yield tidy(rf"\frac{{\partial z}}{{\partial {by}}} = {text}")


def tidy(latex: str) -> str:
    """Return LaTeX with squares as powers, constants by name, and the index i for the element of a list."""
    latex = re.sub(r"\b(\w) \\, \1\b", r"\1^2", latex).replace("_{9}", "_i")
    for number, name in CONSTANTS.items():
        latex = latex.replace(number, name)
    return latex


class TableOfOperations(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        group = nodes.tgroup(cols=3)
        for width in (20, 40, 40):
            group += nodes.colspec(colwidth=width)
        head, body = nodes.thead(), nodes.tbody()
        head += line([nodes.Text(text)] for text in HEADINGS)
        for row in public():
            value: list[nodes.Node] = [nodes.math(text=formula_of(row))]
            if row.symbol == row.name and not (row.is_primitive or row.lists or row.name == "pos"):
                value.append(nodes.literal(text=row.value))
            slopes = [nodes.math(text=text) for text in derivatives(row)]
            body += line([[nodes.literal(text=call(row))], value, slopes])
        group += [head, body]
        return [nodes.table("", group, classes=["operations"])]


def line(cells: Iterable[list[nodes.Node]]) -> nodes.row:
    """Return a row of the table; the nodes of a cell are stacked."""
    return nodes.row(
        "", *(nodes.entry("", *(nodes.paragraph("", "", part) for part in cell)) for cell in cells)
    )


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("table-of-operations", TableOfOperations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
