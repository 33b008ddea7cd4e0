"""autograd-scalar explore: write an interactive page of a typed expression."""

from __future__ import annotations

import argparse

from autograd_scalar.cli.draw import add_expression, assigned

SUMMARY = "write an interactive page that steps forward and backward through an expression"
EXAMPLE = """\
  autograd-scalar explore "tanh(w*x + b)" w=2 x=-3 b=6.88 -o neuron.html

The page is a single HTML file that needs no network: sliders change the numbers, and each gradient
shows the terms of the chain rule. Expressions are written as for draw."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    add_expression(parser)
    parser.add_argument(
        "-o",
        "--output",
        default="explore.html",
        metavar="FILE",
        help="the page, an .html file (default: explore.html)",
    )


def run(options: argparse.Namespace) -> int:
    """Write the page and print the value of the expression."""
    from autograd_scalar.parser import Formula
    from autograd_scalar.show.explorer.explore import explore

    if not options.output.lower().endswith((".html", ".htm")):
        raise ValueError(f"{options.output}: the name of a page must end in .html")
    formula = Formula(options.expression)
    y = formula(**assigned(options.values))
    explore(y, options.output)
    print(f"{formula.text} = {y:.6g}")
    print(f"wrote {options.output}: open it in a browser")
    return 0
