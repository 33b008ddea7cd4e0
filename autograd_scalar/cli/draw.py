"""autograd-scalar draw: evaluate and differentiate a typed expression, and draw its graph."""

from __future__ import annotations

import argparse
import unicodedata
from collections.abc import Iterable, Sequence

SUMMARY = "evaluate an expression, differentiate it and draw its graph"
EXAMPLE = """\
  autograd-scalar draw "tanh(w*x + b)" w=2 x=-3 b=6.88 -o graph.svg

An expression consists of numbers, names, + - * / **, the operations by name (tanh, exp,
maximum ...), sum, mean, max, min, and dot([w1, w2], [x1, x2], b). pi, e, inf and nan are
constants. A value may be an expression of numbers: x=pi/4."""


def add_expression(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a verb that takes an expression and values for its names."""
    parser.add_argument("expression", help='for example "tanh(w*x + b)"')
    parser.add_argument(
        "values",
        nargs="*",
        default=[],  # or argparse reports it as required when the expression is missing
        metavar="name=number",
        help="a value for each name in the expression",
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    add_expression(parser)
    parser.add_argument(
        "-o",
        "--output",
        default="graph.svg",
        metavar="FILE",
        help="the picture, a .svg, .png, .pdf or .dot file (default: graph.svg)",
    )
    parser.add_argument(
        "--rankdir",
        default="LR",
        choices=("LR", "RL", "TB", "BT"),
        help="direction of the arrows: left to right (LR, the default), top to bottom (TB) ...",
    )
    parser.add_argument(
        "--partials", action="store_true", help="write the local derivatives on the arrows"
    )


def run(options: argparse.Namespace) -> int:
    """Print the value and the gradients, and write the picture."""
    from autograd_scalar.parser import Formula
    from autograd_scalar.show.draw import draw
    from autograd_scalar.show.render.dot import format_of
    from autograd_scalar.value import topological_order

    format_of(options.output)  # raises before anything is printed
    formula = Formula(options.expression)
    numbers = assigned(options.values)
    y = formula(**numbers)
    y.backward()
    print(f"{formula.text} = {y:.6g}")
    leaves = [v for v in topological_order(y) if v.label in numbers]
    if leaves:
        rows = [(str(v.label), f"{v:.6g}", f"{v.grad:.6g}") for v in leaves]
        print_table([("name", "value", "gradient"), *rows])
    draw(y, options.output, rankdir=options.rankdir, partials=options.partials)
    print(f"wrote {options.output}")
    return 0


def assigned(words: Iterable[str]) -> dict[str, float]:
    """Return the numbers in words such as w=2 or x=pi/4, by name.

    Raises ValueError for any other word and for a name that occurs twice.
    """
    from autograd_scalar.parser import Formula

    numbers: dict[str, float] = {}
    for word in words:
        name, equals, text = word.partition("=")
        name = unicodedata.normalize("NFKC", name.strip())  # as Python reads names
        if not equals or not name.isidentifier():
            raise ValueError(f"expected name=number, got {word!r}")
        if name in numbers:
            raise ValueError(f"got two values for {name}")
        try:
            numbers[name] = Formula(text)().data
        except ValueError as problem:
            if text.strip().isidentifier():
                raise ValueError(f"{word!r}: {text.strip()!r} is not a number") from None
            raise ValueError(f"{word!r}: {problem}") from None
    return numbers


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows with right-aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print(" ", "  ".join(map(str.rjust, row, widths)))
