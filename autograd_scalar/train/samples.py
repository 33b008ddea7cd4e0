"""The rows to train on and those to validate on, from whatever the caller has."""

from __future__ import annotations

import random
from math import isfinite
from numbers import Real
from typing import Any, NamedTuple

from autograd_scalar.data import Dataset, Schema
from autograd_scalar.nn import Module
from autograd_scalar.value import Value


class Samples(NamedTuple):
    """Rows and targets as lists, and what a Dataset says about them."""

    X: list[Any]
    y: list[Any]
    schema: Schema | None
    #: Where each row is in the caller's data, for messages.
    places: list[int]

    @property
    def classes(self) -> int | None:
        """How many classes the Dataset has; None for a regression and for plain lists."""
        classes = None if self.schema is None else self.schema.classes
        return None if classes is None else len(classes)

    def take(self, rows: list[int]) -> Samples:
        """Return some of the rows, in this order."""
        X, y, places = ([column[i] for i in rows] for column in (self.X, self.y, self.places))
        return Samples(X, y, self.schema, places)


def samples(data: Any, model: Module) -> Samples:
    """Return a Dataset, or X and y, as lists.

    Where the model has a width, a row of another one and a cell that is no number are errors here,
    before anything is trained.
    """
    schema = None
    if isinstance(data, Dataset):
        schema = data.schema
    try:
        X, y = data
    except (TypeError, ValueError):
        raise TypeError(f"fit takes a Dataset or (X, y), got {type(data).__name__}") from None
    # Arrays of numpy give Python's own numbers, which are faster here.
    X, y = (column.tolist() if hasattr(column, "tolist") else list(column) for column in (X, y))
    if len(X) != len(y) or not X:
        raise ValueError(f"X has {len(X)} rows and y has {len(y)} targets")
    width = getattr(model, "nin", None)
    if width is not None:
        for i, row in enumerate(X):
            cells = row if hasattr(row, "__len__") else [row]
            if len(cells) != width:
                raise ValueError(
                    f"row {i} of the data has {len(cells)} values, the model takes {width}"
                )
            for j, cell in enumerate(cells):
                if not isinstance(cell, Real | Value):
                    raise TypeError(f"row {i} of the data, value {j}: {cell!r} is not a number")
                if not isfinite(cell.data if isinstance(cell, Value) else cell):
                    column = "" if schema is None else f" ({schema.features[j]})"
                    raise ValueError(
                        f"row {i} of the data, value {j}{column}: {cell!r}, not finite"
                    )
    return Samples(X, y, schema, list(range(len(X))))


def split(
    data: Samples, validation: Any, model: Module, rng: random.Random
) -> tuple[Samples, Samples | None]:
    """Return the rows to train on, and those to validate on."""
    if validation is None:
        return data, None
    if not isinstance(validation, float):
        held_out = samples(validation, model)
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
            f"{'validate' if count <= 0 else 'train'} on; it is a share between 0 and 1"
        )
    order = list(range(len(data.X)))
    rng.shuffle(order)
    return data.take(order[count:]), data.take(order[:count])
