"""autograd-scalar predict: apply a trained model to new rows and write CSV to stdout."""

from __future__ import annotations

import argparse
import csv
import os
import sys
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograd_scalar.data import Schema

SUMMARY = "apply a trained model to CSV files or typed rows, and write CSV to stdout"
EXAMPLE = """\
  autograd-scalar predict moons-model/model.json "1.0,-0.5" "0.0,1.0"
  autograd-scalar predict flowers-model/model.json new.csv > answers.csv

The columns of a file are found by their names in the training data, and rows are scaled as in
training. Classes come with their probabilities, or with the scores of the model if its loss has
no probabilities. Numbers are in the unit of the target."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument("model", help="the model.json that train wrote")
    parser.add_argument(
        "rows", nargs="+", help='CSV files, and rows such as "1.0,2.0", in any number and order'
    )


def run(options: argparse.Namespace) -> int:
    """Print a header and one line per row."""
    from autograd_scalar.node.modes import no_grad
    from autograd_scalar.train import load_checkpoint
    from autograd_scalar.train.task import as_floats

    checkpoint = load_checkpoint(options.model)
    model = checkpoint.build()
    schema = checkpoint.schema
    if schema is None:
        raise ValueError(
            f"{options.model}: the model was not trained on a Dataset, so its columns are "
            "unknown; train it on a Dataset"
        )
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
    """Return the rows of a file, or the typed row, scaled as in training."""
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
    """Return the finite number in a text, or None."""
    try:
        x = float(cell)
    except ValueError:
        return None
    return x if isfinite(x) else None


def certainty(scores: list[float], classes: tuple[str, ...] | None, loss: str) -> dict[str, float]:
    """Return the probability of each class for a loss of logits, otherwise the model's scores."""
    import autograd_scalar.functions as F

    if classes is None:
        return {}
    if loss == "binary_cross_entropy" and len(scores) == 1:
        probabilities = [F.sigmoid(-scores[0]), F.sigmoid(scores[0])]
    elif loss == "cross_entropy":
        probabilities = F.softmax(scores)
    else:
        return {f"score {i}" if len(scores) > 1 else "score": x for i, x in enumerate(scores)}
    return {f"p({name})": round(p, 6) for name, p in zip(classes, probabilities, strict=True)}
