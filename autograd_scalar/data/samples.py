"""Samples: rows and targets as lists, and their split for validation."""

from __future__ import annotations

import random
from math import isfinite
from numbers import Real
from typing import Any, NamedTuple

from autograd_scalar.data.dataset import Dataset, Schema
from autograd_scalar.value import Value


class Samples(NamedTuple):
    """Rows and targets as lists, and the schema of the Dataset that they come from, if any."""

    X: list[Any]
    y: list[Any]
    schema: Schema | None
    #: The number of each row in the caller's data, for messages.
    places: list[int]

    @property
    def classes(self) -> int | None:
        """Number of classes of the Dataset; None for a regression and for plain lists."""
        classes = None if self.schema is None else self.schema.classes
        return None if classes is None else len(classes)

    def take(self, rows: list[int]) -> Samples:
        """Return some of the rows, in the given order."""
        X, y, places = ([column[i] for i in rows] for column in (self.X, self.y, self.places))
        return Samples(X, y, self.schema, places)


def samples(data: Any, width: int | None = None) -> Samples:
    """Return a Dataset, or a pair (X, y), as lists.

    With a width, that of the model, raise ValueError for a row of another width or with a cell that
    is not finite, TypeError for a cell that is not a number.
    """
    schema = data.schema if isinstance(data, Dataset) else None
    try:
        X, y = data
    except (TypeError, ValueError):
        raise TypeError(f"fit takes a Dataset or (X, y), got {type(data).__name__}") from None
    # Python floats, as an array's tolist() returns them, are faster here.
    X, y = (column.tolist() if hasattr(column, "tolist") else list(column) for column in (X, y))
    if len(X) != len(y) or not X:
        raise ValueError(f"X has {len(X)} rows and y has {len(y)} targets")
    if width is not None:
        for i, row in enumerate(X):
            _check_row(i, row, width, schema)
    return Samples(X, y, schema, list(range(len(X))))


def _check_row(i: int, row: Any, width: int, schema: Schema | None) -> None:
    cells = row if hasattr(row, "__len__") else [row]
    if len(cells) != width:
        raise ValueError(f"row {i} of the data has {len(cells)} values, the model takes {width}")
    for j, cell in enumerate(cells):
        if not isinstance(cell, Real | Value):
            raise TypeError(f"row {i} of the data, value {j}: {cell!r} is not a number")
        if not isfinite(cell.data if isinstance(cell, Value) else cell):
            column = "" if schema is None else f" ({schema.features[j]})"
            raise ValueError(f"row {i} of the data, value {j}{column}: {cell!r} is not finite")


def split(
    data: Samples, validation: Any, width: int | None, rng: random.Random
) -> tuple[Samples, Samples | None]:
    """Return the samples to train on and those to validate on (None without validation).

    `validation` is a data set, as `samples` takes it, or the fraction of the rows to hold out.

    Raises ValueError for a fraction that leaves either part empty, and for a validation set that is
    not scaled like the data.
    """
    if validation is None:
        return data, None
    if not isinstance(validation, float):
        held_out = samples(validation, width)
        scales = [None if s.schema is None else s.schema.mean for s in (data, held_out)]
        if None not in (data.schema, held_out.schema) and scales[0] != scales[1]:
            raise ValueError(
                "validation is not scaled as the data is: use validation.standardise(by=data)"
            )
        return data, held_out
    count = round(validation * len(data.X))
    if not 0 < count < len(data.X):
        raise ValueError(
            f"validation={validation} of {len(data.X)} rows leaves nothing to "
            f"{'validate' if count <= 0 else 'train'} on; pass a fraction between 0 and 1"
        )
    order = list(range(len(data.X)))
    rng.shuffle(order)
    return data.take(order[count:]), data.take(order[:count])
