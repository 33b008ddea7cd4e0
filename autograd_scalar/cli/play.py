"""autograd-scalar play: open a page to train a network or type an expression in."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from autograd_scalar.cli.draw import assigned
from autograd_scalar.cli.train import SETTINGS, count

if TYPE_CHECKING:
    from autograd_scalar.data import Dataset

SUMMARY = "open a page to train a network or type an expression in"
EXAMPLE = """\
  autograd-scalar play
  autograd-scalar play spiral
  autograd-scalar play flowers.csv --target kind --features length,width
  autograd-scalar play "tanh(w*x + b)" w=2 x=-3 b=6.88

The page is a single HTML file that works offline. Change layers, data, activation, loss, optimizer and
rate while it trains; click a neuron, a connection or a point to follow its gradient. Given an expression,
the page is one to type expressions in: names become sliders; the graph, the gradients and the slope
follow."""

#: The data sets of the page.
SETS = ("moons", "circles", "spiral", "xor")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument(
        "data",
        nargs="?",
        default="moons",
        help="moons (the default), circles, spiral, xor, a CSV file, or an expression",
    )
    parser.add_argument(
        "values",
        nargs="*",
        default=[],
        metavar="name=number",
        help="values for the names of an expression",
    )
    parser.add_argument(
        "-o",
        "--output",
        default="play.html",
        metavar="FILE",
        help="the page, an .html file (default: play.html)",
    )
    parser.add_argument(
        "--samples", type=count, default=100, help="size of the toy data sets (default: 100)"
    )
    parser.add_argument(
        "--target", metavar="COLUMN", help="column of the class (default: the last)"
    )
    parser.add_argument(
        "--features",
        metavar="A,B",
        help="one or two columns to learn from (default: the first two)",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the data (default: 0)")
    parser.add_argument(
        "--no-browser", action="store_true", help="write the page without opening it"
    )


def run(options: argparse.Namespace) -> int:
    """Write the page and open it."""
    import webbrowser

    from autograd_scalar.show.expression.expression import expression_page
    from autograd_scalar.show.play.play import training_page

    if not options.output.lower().endswith((".html", ".htm")):
        raise ValueError(f"{options.output}: the name of a page must end in .html")
    if is_expression(options.data):
        expression_page(options.data, assigned(options.values), options.output)
    elif options.values:
        raise ValueError(f"{' '.join(options.values)}: only an expression takes values for names")
    else:
        training_page(data_sets(options), options.output)
    print(f"wrote {options.output}")
    if options.no_browser or not webbrowser.open(Path(options.output).resolve().as_uri()):
        print("open it in a browser")
    return 0


def is_expression(text: str) -> bool:
    """Return whether a text is an expression: a/b is one, a file, a word or a/b.csv is not."""
    return not os.path.exists(text) and not re.fullmatch(r"\w*|[\w./\\:-]*\.[^\W\d]\w*", text)


def data_sets(options: argparse.Namespace) -> dict[str, Dataset]:
    """Return the data sets that the options name, the first one to begin with."""
    from autograd_scalar.data import make

    if options.data in SETS:
        if options.target is not None or options.features is not None:
            raise ValueError(f"--target and --features apply to CSV files, not to {options.data}")
        names = (options.data, *(name for name in SETS if name != options.data))
        return {
            name: make(name, options.samples, seed=options.seed, **SETTINGS[name]) for name in names
        }
    if not os.path.exists(options.data):
        raise ValueError(
            f"no data set or file {options.data!r}; the data sets are {', '.join(SETS)}"
        )
    return {Path(options.data).stem: from_csv(options)}


def from_csv(options: argparse.Namespace) -> Dataset:
    """Return the chosen features of a CSV file, scaled."""
    from autograd_scalar.data import Dataset, load_csv

    target: str | int = -1 if options.target is None else options.target
    data = load_csv(options.data, target, task="classification")
    known = list(data.features)
    chosen = options.features.split(",") if options.features else known[:2]
    for name in chosen:
        if name not in known:
            raise ValueError(
                f"{options.data} has no feature {name!r}; choose from {', '.join(known)}"
            )
    columns = [known.index(name) for name in chosen]
    return Dataset(
        [[row[k] for k in columns] for row in data.X],
        data.y,
        features=chosen,
        target=data.schema.target,
        classes=data.classes,
    ).standardise()
