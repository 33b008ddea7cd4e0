"""Samples: rows and targets as lists, and their split for validation."""

from __future__ import annotations

import random
from math import isfinite
from numbers import Real
from typing import Any, NamedTuple

from autograd_scalar.data.dataset import Dataset, Schema
from autograd_scalar.node.shared import shown
from autograd_scalar.value import Value


class Samples(NamedTuple):
    """Rows and targets as lists, and the schema of the Dataset that they come from, if any."""

    X: list[Any]
    y: list[Any]
    schema: Schema | None
    #: The number of each row in the caller's data, and which data that is, for messages.
    places: list[int]
    name: str = "the data"

    @property
    def classes(self) -> int | None:
        """Number of classes of the Dataset; None for a regression and for plain lists."""
        classes = None if self.schema is None else self.schema.classes
        return None if classes is None else len(classes)

    def take(self, rows: list[int]) -> Samples:
        """Return some of the rows, in the given order."""
        X, y, places = ([column[i] for i in rows] for column in (self.X, self.y, self.places))
        return Samples(X, y, self.schema, places, self.name)

    def place(self, i: int) -> str:
        """Return the place of a row, for a message: "row 3 of the data"."""
        return f"row {self.places[i]} of {self.name}"


def samples(data: Any, width: int | None = None, name: str = "the data") -> Samples:
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
    found = Samples(X, y, schema, list(range(len(X))), name)
    if width is not None:
        for i in range(len(X)):
            _check_row(found, i, width)
    return found


def _check_row(data: Samples, i: int, width: int) -> None:
    row, schema = data.X[i], data.schema
    cells = row if hasattr(row, "__len__") else [row]
    if len(cells) != width:
        raise ValueError(f"{data.place(i)} has {len(cells)} values, the model takes {width}")
    for j, cell in enumerate(cells):
        if not isinstance(cell, Real | Value):
            raise TypeError(f"{data.place(i)}, value {j}: {cell!r} is not a number")
        if not is_finite(cell):
            column = "" if schema is None else f" ({schema.features[j]})"
            raise ValueError(f"{data.place(i)}, value {j}{column}: {shown(cell)} is not finite")


def is_finite(number: Any) -> bool:
    """Return True unless a number or Value is nan, infinite, or an int beyond all floats."""
    try:
        return isfinite(number.data if isinstance(number, Value) else number)
    except OverflowError:
        return False


def split(
    data: Samples, validation: Any, width: int | None, rng: random.Random
) -> tuple[Samples, Samples | None]:
    """Return the samples to train on and those to validate on (None without validation).

    `validation` is a data set, as `samples` takes it, or the fraction of the rows to hold out.

    Raises ValueError for a fraction that leaves either part empty, and for a validation set with
    other columns, other classes or another scaling than the data.
    """
    if validation is None:
        return data, None
    if not isinstance(validation, float):
        held_out = samples(validation, width, "the validation data")
        if data.schema is not None and held_out.schema is not None:
            held_out.schema.check_same(data.schema, "the validation data")
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
