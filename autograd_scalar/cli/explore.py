"""autograd-scalar explore: a typed expression as a page in which to step through backpropagation."""

from __future__ import annotations

import argparse

from autograd_scalar.cli.draw import add_expression, assigned

SUMMARY = "write a page in which an expression is run forward and backward, a step at a time"
EXAMPLE = """\
  autograd-scalar explore "tanh(w*x + b)" w=2 x=-3 b=6.88 -o neuron.html

The page is one file for a browser and needs no network: sliders move the numbers, and every gradient
shows the chain rule's terms. Expressions are written as for draw."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    add_expression(parser)
    parser.add_argument(
        "-o",
        "--output",
        default="explore.html",
        metavar="FILE",
        help="where the page goes (default: explore.html)",
    )


def run(options: argparse.Namespace) -> int:
    """Write the page."""
    from autograd_scalar.parser import Formula
    from autograd_scalar.show.explorer.explore import explore

    if not options.output.lower().endswith((".html", ".htm")):
        raise ValueError(f"{options.output}: a page ends in .html")
    formula = Formula(options.expression)
    y = formula(**assigned(options.values))
    explore(y, options.output)
    print(f"{formula.text} = {y:.6g}")
    print(f"wrote {options.output}: open it in a browser")
    return 0
