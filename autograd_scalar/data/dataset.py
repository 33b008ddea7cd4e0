"""A data set, and the schema that lets a trained model be used on other files later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import fsum, sqrt
from numbers import Real
from typing import Any, NamedTuple

from autograd_scalar.seeds import generator
from autograd_scalar.value import Value


class Schema(NamedTuple):
    """What the columns mean, and the scaling that rows went through before training.

    It is saved in checkpoints: a model alone does not know which column was which.
    """

    features: tuple[str, ...]
    target: str = "target"
    #: The names of the classes, by index; None for a regression.
    classes: tuple[str, ...] | None = None
    #: The mean and the scale of each feature; None where rows are used as they come.
    mean: tuple[float, ...] | None = None
    scale: tuple[float, ...] | None = None
    target_mean: float = 0.0
    target_scale: float = 1.0
    #: Above which a model's single output means the second of two classes.
    threshold: float = 0.0

    def standardise(self, row: Sequence[float]) -> list[float]:
        """Return the row as the model was trained on it: (x - mean) / scale, or unchanged.

        >>> Schema(("a", "b"), mean=(1.0, 0.0), scale=(2.0, 1.0)).standardise([5.0, 3.0])
        [2.0, 3.0]
        """
        if self.mean is None or self.scale is None:
            return list(row)
        return [(x - m) / s for x, m, s in zip(row, self.mean, self.scale, strict=True)]

    def decode(self, output: Any) -> str | float:
        """Return what a model's output means: a class name, or a number in the target's own unit.

        One output names the second of two classes where it is above the threshold, which is 0 for
        logits; of several outputs, the largest names the class.

        >>> Schema(("x",), classes=("no", "yes")).decode(Value(1.5))
        'yes'
        >>> Schema(("x",), target_mean=100.0, target_scale=10.0).decode([Value(2.0)])
        120.0
        """
        outputs = list(output) if hasattr(output, "__len__") else [output]
        numbers = [float(v.data if isinstance(v, Value) else v) for v in outputs]
        if self.classes is None:
            return numbers[0] * self.target_scale + self.target_mean
        if len(numbers) == 1:
            return self.classes[numbers[0] > self.threshold]
        return self.classes[numbers.index(max(numbers))]

    def to_json(self) -> dict[str, Any]:
        """Return the schema as a dictionary that JSON can hold."""
        return self._asdict()

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Schema:
        """Return the schema that `to_json` described.

        >>> schema = Schema(("a", "b"), classes=("no", "yes"))
        >>> Schema.from_json(schema.to_json()) == schema
        True
        """
        fields: dict[str, Any] = {
            name: tuple(field) if isinstance(field, list) else field
            for name, field in saved.items()
        }
        return cls(**fields)


class Dataset:
    """Rows of features and their targets, which unpack as `X, y`.

    X is a list of rows of floats; y a list of class indices, or of floats for a regression.

    >>> data = Dataset([[0.0, 1.0], [1.0, 0.0]], [0, 1], classes=("no", "yes"))
    >>> data
    Dataset(2 rows of 2 features, classes no, yes)
    >>> X, y = data
    >>> y
    [0, 1]

    Raises ValueError where X and y differ in length, or rows in width, TypeError for a cell or a
    target that is no number.
    """

    def __init__(
        self,
        X: Sequence[Sequence[float]],
        y: Sequence[float],
        *,
        features: Sequence[str] | None = None,
        target: str = "target",
        classes: Sequence[str] | None = None,
        schema: Schema | None = None,
    ) -> None:
        for i, row in enumerate(X):
            if not hasattr(row, "__len__"):
                raise TypeError(f"row {i} is {row!r}, a row is a list of numbers")
        self.X = [list(row) for row in X]
        self.y = list(y)
        if len(self.X) != len(self.y):
            raise ValueError(f"X has {len(self.X)} rows and y has {len(self.y)} targets")
        if not self.X:
            raise ValueError("a data set needs at least one row")
        width = len(self.X[0])
        for i, row in enumerate(self.X):
            if len(row) != width:
                raise ValueError(f"row {i} has {len(row)} values, row 0 has {width}")
            for j, cell in enumerate(row):
                if not isinstance(cell, Real | Value):
                    raise TypeError(f"row {i}, value {j}: {cell!r} is not a number")
            if self.y[i] is None or isinstance(self.y[i], str):
                raise TypeError(
                    f"the target of row {i}, {self.y[i]!r}, is not a number; "
                    "number the classes from 0, and name them by classes="
                )
        if schema is None:
            names = features or [f"x{i + 1}" for i in range(width)]
            schema = Schema(tuple(names), target, None if classes is None else tuple(classes))
        if len(schema.features) != width:
            raise ValueError(f"{len(schema.features)} feature names for rows of {width} values")
        self.schema = schema

    @property
    def features(self) -> tuple[str, ...]:
        """The features' names."""
        return self.schema.features

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes' names, or None for a regression."""
        return self.schema.classes

    def __iter__(self) -> Iterator[list[Any]]:
        return iter((self.X, self.y))

    def __len__(self) -> int:
        return len(self.X)

    def __repr__(self) -> str:
        kind = f"target {self.schema.target}"
        if self.classes is not None:
            kind = f"classes {', '.join(self.classes)}"
        return f"Dataset({len(self)} rows of {len(self.features)} features, {kind})"

    def take(self, rows: Sequence[int]) -> Dataset:
        """Return the data set of these rows, in this order."""
        return self._with([self.X[i] for i in rows], [self.y[i] for i in rows], self.schema)

    def split(self, test: float = 0.2, seed: int | None = None) -> tuple[Dataset, Dataset]:
        """Return two data sets, train and test, with `test` the share of the second.

        Rows are shuffled by the seed; without one, by Python's global `random`.

        >>> train, test = Dataset([[float(i)] for i in range(10)], range(10)).split(seed=0)
        >>> len(train), len(test)
        (8, 2)
        """
        if not 0.0 < test < 1.0:
            raise ValueError(f"test is the share of rows held out, between 0 and 1, got {test!r}")
        if len(self) < 2:
            raise ValueError("one row cannot be split in two")
        order = list(range(len(self)))
        generator(seed).shuffle(order)
        held_out = min(max(round(test * len(self)), 1), len(self) - 1)
        return self.take(order[held_out:]), self.take(order[:held_out])

    def standardise(self, by: Dataset | None = None, target: bool = False) -> Dataset:
        """Return the data set with features of mean 0 and standard deviation 1.

        Mean and deviation are taken from these rows, or are those that `by`, a standardised
        data set, went through: a test set is scaled by its training set. A constant feature is
        only centred. `target` scales the targets of a regression too.

        >>> train = Dataset([[1.0], [3.0]], [0, 1]).standardise()
        >>> train.X
        [[-1.0], [1.0]]
        >>> Dataset([[5.0]], [1]).standardise(by=train).X
        [[3.0]]
        """
        if self.schema.mean is not None:
            raise ValueError("the data set is standardised already")
        if by is None:
            mean, scale = zip(*map(_mean_and_scale, zip(*self.X, strict=True)), strict=True)
            schema = self.schema._replace(mean=mean, scale=scale)
            if target:
                if self.classes is not None:
                    raise ValueError("targets that are classes have no scale")
                target_mean, target_scale = _mean_and_scale(self.y)
                schema = schema._replace(target_mean=target_mean, target_scale=target_scale)
        else:
            schema = by.schema
            if schema.mean is None:
                raise ValueError("by= takes a data set that standardise() returned")
            if schema.features != self.features:
                raise ValueError(
                    f"by= has features {', '.join(schema.features)}, "
                    f"this data set has {', '.join(self.features)}"
                )
        y = self.y
        if (schema.target_mean, schema.target_scale) != (0.0, 1.0):
            y = [(t - schema.target_mean) / schema.target_scale for t in y]
        return self._with([schema.standardise(row) for row in self.X], y, schema)

    def signed(self) -> Dataset:
        """Return the data set with targets -1 and 1 for its two classes, as the hinge loss wants.

        >>> Dataset([[0.0], [1.0]], [0, 1], classes=("no", "yes")).signed().y
        [-1, 1]
        """
        if not set(self.y) <= {0, 1}:
            raise ValueError(f"only targets 0 and 1 can be signed, got {sorted(set(self.y))[:5]}")
        return self._with(self.X, [2 * t - 1 for t in self.y], self.schema)

    def _with(self, X: list[list[float]], y: list[float], schema: Schema) -> Dataset:
        return Dataset(X, y, schema=schema)


def _mean_and_scale(column: Sequence[float]) -> tuple[float, float]:
    """Return the mean and the standard deviation (over n), or 1 where the column is constant."""
    mean = fsum(column) / len(column)
    scale = sqrt(fsum((x - mean) ** 2 for x in column) / len(column))
    return mean, scale or 1.0
