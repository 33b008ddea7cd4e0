"""Dataset, rows and targets; Schema, the columns and scaling that a trained model needs later.

The two are one file because a Schema is made by a Dataset's methods and describes its rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import fsum, hypot, isfinite, isnan, sqrt
from numbers import Real
from typing import Any, NamedTuple

from autograd_scalar.node import registry
from autograd_scalar.node.shared import shown, stored_number
from autograd_scalar.seeds import generator
from autograd_scalar.value import Value


class Schema(NamedTuple):
    """The columns of a data set and the scaling of its rows.

    Checkpoints save it, so that a trained model can be applied to other files.
    """

    features: tuple[str, ...]
    target: str = "target"
    #: The names of the classes, by index; None for a regression.
    classes: tuple[str, ...] | None = None
    #: The mean and the scale of each feature; None for rows that are not standardised.
    mean: tuple[float, ...] | None = None
    scale: tuple[float, ...] | None = None
    target_mean: float = 0.0
    target_scale: float = 1.0
    #: A single output above this predicts the second of two classes, any other the first.
    threshold: float = 0.0

    def standardise(self, row: Sequence[float]) -> list[float]:
        """Return a row as the model expects it: (x - mean) / scale, or unchanged without a scaling.

        >>> Schema(("a", "b"), mean=(1.0, 0.0), scale=(2.0, 1.0)).standardise([5.0, 3.0])
        [2.0, 3.0]
        """
        if self.mean is None or self.scale is None:
            return list(row)
        return [(x - m) / s for x, m, s in zip(row, self.mean, self.scale, strict=True)]

    def decode(self, output: Any) -> str | float:
        """Return the prediction in a model's output: a class name, or a number in target units.

        A single output above the threshold (0 for logits) predicts the second of two classes, any
        other the first. Of several outputs, the largest predicts the class.

        >>> Schema(("x",), classes=("no", "yes")).decode(Value(1.5))
        'yes'
        >>> Schema(("x",), target_mean=100.0, target_scale=10.0).decode([Value(2.0)])
        120.0

        Raises ValueError for a class of nan, and for another number of outputs than 1 or that of the classes.
        """
        outputs = list(output) if hasattr(output, "__len__") else [output]
        numbers = [float(v.data if isinstance(v, Value) else v) for v in outputs]
        if len(numbers) not in (1, len(self.classes or (0,))):
            expected = 1 if self.classes is None else f"1 or {len(self.classes)}"
            raise ValueError(f"the model has {len(numbers)} outputs, expected {expected}")
        if self.classes is None:
            return numbers[0] * self.target_scale + self.target_mean
        if any(map(isnan, numbers)):
            raise ValueError(f"the output {numbers} has nan, which names no class")
        if len(numbers) == 1:
            return self.classes[numbers[0] > self.threshold]
        return self.classes[numbers.index(max(numbers))]

    def check_same(self, other: Schema, name: str) -> None:
        """Raise ValueError unless data of this schema, called `name`, suits a model trained on data of another."""
        if self.features != other.features:
            raise ValueError(
                f"{name} has features {', '.join(map(str, self.features))}, "
                f"expected {', '.join(map(str, other.features))}"
            )
        if self.classes != other.classes:
            ours, theirs = (
                "no classes" if s.classes is None else f"classes {', '.join(map(str, s.classes))}"
                for s in (self, other)
            )
            raise ValueError(
                f"{name} has {ours}, expected {theirs}, whose numbers are the targets; "
                "load both with the same classes="
            )
        scaling = ("mean", "scale", "target_mean", "target_scale")
        if any(getattr(self, field) != getattr(other, field) for field in scaling):
            raise ValueError(f"{name} is not scaled like the training data: use standardise(by=)")

    def to_json(self) -> dict[str, Any]:
        """Return the schema as a JSON-serializable dictionary."""
        return self._asdict()

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Schema:
        """Return the schema that `to_json` returned as a dictionary. Raises ValueError if it cannot be one.

        >>> schema = Schema(("a", "b"), classes=("no", "yes"))
        >>> Schema.from_json(schema.to_json()) == schema
        True
        """
        if unknown := saved.keys() - {*cls._fields}:
            raise ValueError(f"a schema has no field {min(unknown)!r}")
        fields: dict[str, Any] = {
            name: tuple(field) if isinstance(field, list) else field
            for name, field in saved.items()
        }
        return cls(**{"features": None, **fields})._checked()

    def _checked(self) -> Schema:
        """Return the schema with floats for numbers; ValueError for fields that contradict each other."""
        for name, kind in (("features", tuple), ("classes", tuple | None), ("target", str)):
            field = getattr(self, name)
            if not isinstance(field, kind):
                raise ValueError(f"the schema's {name} cannot be {shown(field)}")
        numbers: dict[str, Any] = {}
        for name in ("mean", "scale"):
            field, count = getattr(self, name), len(self.features)
            if field is not None and (not isinstance(field, tuple) or len(field) != count):
                raise ValueError(f"the schema's {name} must be {count} numbers, one per feature")
            numbers[name] = field and tuple(stored_number(f"the schema's {name}", x) for x in field)
        for name in ("target_mean", "target_scale", "threshold"):
            numbers[name] = stored_number(f"the schema's {name}", getattr(self, name))
        return self._replace(**numbers)


class Dataset(registry.HasCard):
    """Rows of features and their targets; unpacks as `X, y`.

    X is a list of rows of floats, y a list of class indices, or of floats for a regression.

    >>> data = Dataset([[0.0, 1.0], [1.0, 0.0]], [0, 1], classes=("no", "yes"))
    >>> data
    Dataset(2 rows of 2 features, classes no, yes)
    >>> X, y = data
    >>> y
    [0, 1]

    Args:
        X: Rows of numbers, all of the same length.
        y: One target per row.
        features: Names of the columns. Defaults to "x1", "x2", ...
        target: Name of the target.
        classes: Names of the classes, by index. None for a regression.
        schema: A schema in place of the names.

    Raises ValueError for X and y of different lengths and for rows of different widths, TypeError
    for a cell or a target that is not a number.
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
        rows = list(X)
        for i, row in enumerate(rows):
            if not hasattr(row, "__len__") or isinstance(row, str | dict | set):
                raise TypeError(f"row {i} must be a list of numbers, got {row!r}")
        self.X = [list(row) for row in rows]
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
                    "number the classes from 0 and pass their names as classes="
                )
        if schema is None:
            names = features or [f"x{i + 1}" for i in range(width)]
            schema = Schema(tuple(names), target, None if classes is None else tuple(classes))
        if len(schema.features) != width:
            raise ValueError(
                f"expected {width} feature names, one per column, got {len(schema.features)}"
            )
        if len({*schema.features}) < width:
            raise ValueError(f"two features have the same name in {', '.join(schema.features)}")
        if schema.classes is not None:
            self._check_classes(len(schema.classes))
        self.schema = schema

    def _check_classes(self, count: int) -> None:
        """Raise ValueError unless each target is one of `count` classes, or a list of their probabilities."""
        signed = count == 2 and not any(t == 0 for t in self.y)  # see signed()
        numbers = (-1, 1) if signed else range(count)
        for i, target in enumerate(self.y):
            if not hasattr(target, "__len__") and target not in numbers:
                raise ValueError(
                    f"the target of row {i}, {target!r}, is not one of {count} classes, numbered from 0"
                )

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features."""
        return self.schema.features

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The names of the classes; None for a regression."""
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

    def _card_rows(self) -> list[tuple[str, ...]]:
        """Return the range of each feature, and the classes with their numbers of rows or the range of the target."""
        rows: list[tuple[str, ...]] = [("Dataset", f"{len(self):,} rows", "standardised from")]
        for i, name in enumerate(self.features):
            column = [x[i] for x in self.X]
            before = ""
            if self.schema.mean is not None and self.schema.scale is not None:
                before = f"mean {self.schema.mean[i]:.4g}, scale {self.schema.scale[i]:.4g}"
            rows.append((str(name), _range(column), before))
        if not any(before for *_, before in rows[1:]):
            rows = [row[:2] for row in rows]
        if self.classes is None:
            return [*rows, (str(self.schema.target), _range(self.y))]
        counts = Counter(self.y)
        classes = ", ".join(f"{name}: {counts[i]:,}" for i, name in enumerate(self.classes))
        return [*rows, (str(self.schema.target), classes)]

    def take(self, rows: Sequence[int]) -> Dataset:
        """Return a data set of the rows with these indices, in the given order."""
        return self._with([self.X[i] for i in rows], [self.y[i] for i in rows], self.schema)

    def select(self, features: Sequence[str]) -> Dataset:
        """Return the data set with just these features, in the given order and with their scaling.

        >>> Dataset([[1.0, 2.0]], [0], features=["height", "weight"]).select(["weight"]).X
        [[2.0]]

        Raises ValueError for a name that is not one of the features.
        """
        for name in features:
            if name not in self.features:
                raise ValueError(f"no feature {name!r}; they are {', '.join(self.features)}")
        places = [self.features.index(name) for name in features]
        mean, scale = (
            numbers and tuple(numbers[place] for place in places)
            for numbers in (self.schema.mean, self.schema.scale)
        )
        schema = self.schema._replace(features=tuple(features), mean=mean, scale=scale)
        return self._with([[row[place] for place in places] for row in self.X], self.y, schema)

    def split(self, test: float = 0.2, seed: int | None = None) -> tuple[Dataset, Dataset]:
        """Return two data sets, (train, test); `test` is the fraction of rows in the second.

        Rows are shuffled by a generator of the seed, or by Python's global `random` without one.
        Each part has at least one row.

        >>> train, test = Dataset([[float(i)] for i in range(10)], range(10)).split(seed=0)
        >>> len(train), len(test)
        (8, 2)

        Raises ValueError for a fraction that is not between 0 and 1 and for a data set of one row.
        """
        if not 0.0 < test < 1.0:
            raise ValueError(f"test must be a fraction of the rows between 0 and 1, got {test!r}")
        if len(self) < 2:
            raise ValueError("a data set of one row cannot be split; it needs two or more")
        order = list(range(len(self)))
        generator(seed).shuffle(order)
        held_out = min(max(round(test * len(self)), 1), len(self) - 1)
        return self.take(order[held_out:]), self.take(order[:held_out])

    def standardise(self, by: Dataset | None = None, target: bool = False) -> Dataset:
        """Return the data set with features of mean 0 and standard deviation 1.

        The mean and deviation are computed from these rows, or taken from `by`, a standardised data
        set: scale a test set by its training set. A constant feature is only centred. `target=True`
        also scales the targets of a regression.

        >>> train = Dataset([[1.0], [3.0]], [0, 1]).standardise()
        >>> train.X
        [[-1.0], [1.0]]
        >>> Dataset([[5.0]], [1]).standardise(by=train).X
        [[3.0]]

        Raises ValueError for a data set that is already standardised, for a `by` that is not or has
        other features or classes, for targets that are classes, and for cells that are not finite.
        """
        if self.schema.mean is not None:
            raise ValueError("the data set is already standardised; standardise the original")
        if by is None:
            for i, row in enumerate(self.X):
                for name, x in zip(self.features, row, strict=True):
                    if not isinstance(x, Value) and not isfinite(x):
                        raise ValueError(f"row {i}, feature {name!r}: {x!r} is not finite")
            mean, scale = zip(*map(_mean_and_scale, zip(*self.X, strict=True)), strict=True)
            schema = self.schema._replace(mean=mean, scale=scale)
            if target:
                if self.classes is not None:
                    raise ValueError(
                        "target=True scales numbers, but the targets are classes; omit it"
                    )
                target_mean, target_scale = _mean_and_scale(self.y)
                schema = schema._replace(target_mean=target_mean, target_scale=target_scale)
        else:
            schema = by.schema
            if schema.mean is None:
                raise ValueError("by must be a data set that standardise() returned")
            unscaled = schema._replace(mean=None, scale=None, target_mean=0.0, target_scale=1.0)
            self.schema.check_same(unscaled, "this data set")
        y = self.y
        if (schema.target_mean, schema.target_scale) != (0.0, 1.0):
            y = [(t - schema.target_mean) / schema.target_scale for t in y]
        return self._with([schema.standardise(row) for row in self.X], y, schema)

    def signed(self) -> Dataset:
        """Return the data set with targets -1 and 1 in place of 0 and 1, for the hinge loss.

        >>> Dataset([[0.0], [1.0]], [0, 1], classes=("no", "yes")).signed().y
        [-1, 1]

        Raises ValueError for other targets.
        """
        if not set(self.y) <= {0, 1}:
            raise ValueError(f"signed() takes targets 0 and 1, got {sorted(set(self.y))[:5]}")
        return self._with(self.X, [2 * t - 1 for t in self.y], self.schema)

    def _with(self, X: list[list[float]], y: list[float], schema: Schema) -> Dataset:
        return Dataset(X, y, schema=schema)


def _range(column: Sequence[float]) -> str:
    """Return the lowest and the highest number, with four digits."""
    return f"{min(column):.4g} … {max(column):.4g}" if column else ""


def _mean_and_scale(column: Sequence[float]) -> tuple[float, float]:
    """Return the mean and the population standard deviation, or 1 for a constant column."""
    first, count = column[0], len(column)
    if all(x == first for x in column):  # whose mean, rounded, may be another number
        return float(first), 1.0
    mean = first + fsum((x - first) / count for x in column)
    return mean, hypot(*(x - mean for x in column)) / sqrt(
        count
    )  # unlike squares, neither overflows nor underflows
