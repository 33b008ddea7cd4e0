"""autograd-scalar predict: what a trained model says about new rows, as CSV on stdout."""

from __future__ import annotations

import argparse
import csv
import os
import sys
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograd_scalar.data import Schema

SUMMARY = "apply a trained model to a CSV file, or to rows typed here; writes CSV to stdout"
EXAMPLE = """\
  autograd-scalar predict moons-model/model.json "1.0,-0.5" "0.0,1.0"
  autograd-scalar predict flowers-model/model.json new.csv > answers.csv

Columns of a file are found by the names they had in training. Rows are scaled as they were then.
Classes come with their probabilities, or with the model's scores where its loss gives no
probabilities; numbers come in the target's own unit."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument("model", help="the model.json that train wrote")
    parser.add_argument(
        "rows", nargs="+", help='a CSV file, or a row such as "1.0,2.0"; several go one by one'
    )


def run(options: argparse.Namespace) -> int:
    """Print a header, and a line for each row."""
    from autograd_scalar.node.modes import no_grad
    from autograd_scalar.train import load_checkpoint
    from autograd_scalar.train.task import as_floats

    checkpoint = load_checkpoint(options.model)
    model = checkpoint.build()
    schema = checkpoint.schema
    if schema is None:
        raise ValueError(f"{options.model}: it does not say what its columns are; train a Dataset")
    loss = checkpoint.history.settings.get("loss", "") if checkpoint.history else ""
    rows = [row for word in options.rows for row in rows_of(word.strip(), schema)]
    with no_grad():
        outputs = [as_floats(model(row)) for row in rows]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for i, scores in enumerate(outputs):
        columns = {schema.target: schema.decode(scores), **certainty(scores, schema.classes, loss)}
        if i == 0:
            writer.writerow(columns)
        writer.writerow(columns.values())
    return 0


def rows_of(word: str, schema: Schema) -> list[list[float]]:
    """Return the rows in a file, or the one that was typed, scaled as in training."""
    from autograd_scalar.data import load_rows

    cells = word.split(",")
    if os.path.exists(word) or (len(cells) == 1 and finite_number(word) is None):
        return load_rows(word, schema)
    row = [finite_number(cell) for cell in cells]
    if None in row:
        raise ValueError(f"{cells[row.index(None)]!r} in {word!r} is not a finite number")
    if len(row) != len(schema.features):
        names = ", ".join(schema.features)
        raise ValueError(
            f"{word!r} has {len(row)} numbers, expected {len(schema.features)}: {names}"
        )
    return [schema.standardise([x for x in row if x is not None])]


def finite_number(cell: str) -> float | None:
    """Return a finite number, None for any other text."""
    try:
        x = float(cell)
    except ValueError:
        return None
    return x if isfinite(x) else None


def certainty(scores: list[float], classes: tuple[str, ...] | None, loss: str) -> dict[str, float]:
    """Return each class's probability where the loss is one of logits, else the model's scores."""
    import autograd_scalar.functions as F

    if classes is None:
        return {}
    if loss == "binary_cross_entropy" and len(scores) == 1:
        likely = [F.sigmoid(-scores[0]), F.sigmoid(scores[0])]
    elif loss == "cross_entropy":
        likely = F.softmax(scores)
    else:
        return {f"score {i}" if len(scores) > 1 else "score": x for i, x in enumerate(scores)}
    return {f"p({name})": round(p, 6) for name, p in zip(classes, likely, strict=True)}
