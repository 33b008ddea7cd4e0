"""A compiled function over rows: the elements of arrays, or samples."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from autograd_scalar import modes, tree
from autograd_scalar.compiler.arguments import ARRAY
from autograd_scalar.compiler.kernel import Columns
from autograd_scalar.compiler.paths import Entry, Output, Path
from autograd_scalar.compiler.rows import Part, parts, whole
from autograd_scalar.compiler.trace import JitError
from autograd_scalar.value import Value

if TYPE_CHECKING:
    import numpy as np


class Batch:
    """One call with arrays: its arguments as columns, and what is the same for all rows.

    It may be called again and again: each call reads the present data of the parameters and of the arrays.
    """

    def __init__(self, entry: Entry, leaves: Sequence[Any]) -> None:
        self.entry, self.owner = entry, entry.owner
        self.shape = self._shape(leaves)
        self.count = prod(self.shape)
        #: The numbers and Values that are the same for all rows.
        self.shared: list[Any] = []
        tables: list[Any] = []
        places: list[int] = []
        inputs = 0
        for leaf, given in zip(entry.leaves, leaves, strict=True):
            width = 1
            if leaf.kind == ARRAY:
                tables.append(self._table(given))
                width = tables[-1].shape[1]
                places += range(inputs, inputs + width)
            else:
                self.shared.append(given)
            inputs += width
        self.columns, self.places, self.inputs = Columns(tables), tuple(places), inputs

    def _shape(self, leaves: Sequence[Any]) -> tuple[int, ...]:
        """Return what the rows count up to: one number, or the shape that arrays broadcast to."""
        import numpy as np

        arrays = [
            a for leaf, a in zip(self.entry.leaves, leaves, strict=True) if leaf.kind == ARRAY
        ]
        if self.owner.rows is None:
            try:
                return np.broadcast_shapes(*[a.shape for a in arrays])
            except ValueError:
                shapes = ", ".join(str(a.shape) for a in arrays)
                raise JitError(
                    f"{self.owner.name} was given arrays that do not broadcast: {shapes}"
                ) from None
        if not arrays:
            raise JitError(f"{self.owner.name} maps over rows, but was given no array")
        for i, a in enumerate(arrays):
            if len(a) != len(arrays[0]):
                raise JitError(
                    f"{self.owner.name} maps over rows: array 1 has {len(arrays[0])}, array {i + 1} has {len(a)}"
                )
        return (len(arrays[0]),)

    def _table(self, array: Any) -> Any:
        """Return an array as a table, with a column for each input that it stands for."""
        import numpy as np

        if self.owner.rows is None:
            return np.broadcast_to(array, self.shape).reshape(-1, 1)
        return array.reshape(len(array), prod(array.shape[1:]))

    # ----- calls -----

    def __call__(self) -> Any:
        """Return the result: an array, or the sum or mean over the rows."""
        path = self._path()
        has_values = bool(path.closed) or any(type(given) is Value for given in self.shared)
        if self.owner.reduce is None:
            if has_values and modes.recording.get():
                raise JitError(
                    f"{self.owner.name} reads Values, and an array cannot carry their gradients: "
                    'call it inside no_grad(), or give it rows= and reduce="mean" or "sum"'
                )
            outputs = whole(self._parts(gradient=False, by_row=None), self.count)
            filled = (
                outputs[leaf].reshape(self.shape)
                if type(leaf) is Output
                else np_full(self.shape, leaf)
                for leaf in tree.leaves(path.result)
            )
            return tree.build(path.result, filled)
        return self._reduced(path, has_values)

    def _path(self) -> Path:
        """Return a path that was recorded; the first row decides where there is none."""
        if not self.entry.paths:
            self.entry.record(self._row(0) if self.count else [1.0] * self.inputs)
        return self.entry.paths[0]

    def _row(self, row: int) -> list[float]:
        """Return the numbers of the arguments for one row."""
        by_row, same = iter(self.columns.row(row)), iter(self.shared)
        numbers = [next(by_row if k in self.places else same) for k in range(self.inputs)]
        return [given.data if type(given) is Value else given for given in numbers]

    def _shared(self, path: Path) -> Any:
        import numpy as np

        numbers = [given.data if type(given) is Value else given for given in self.shared]
        numbers += [v.data for v in path.closed]
        return np.array(numbers, dtype=np.float64)

    def _parts(self, gradient: bool, by_row: tuple[int, ...] | None) -> list[Part]:
        return parts(
            self.entry, self.count, self.places, self.columns, self._shared, self._row,
            gradient=gradient, by_row=by_row,
        )  # fmt: skip

    def _reduced(self, path: Path, has_values: bool) -> Any:
        """Return the sums or means over the rows, as floats or as nodes."""
        recording = modes.recording.get()
        divisor = 1
        if self.owner.reduce == "mean":
            if not self.count:
                raise JitError(f"{self.owner.name} has no rows to take the mean of")
            divisor = self.count
        gradient = has_values and recording
        outputs = len(path.program.outputs)
        found = [
            (self._parents(part.path), (part.sums / divisor).tolist())
            for part in self._parts(gradient, by_row=())
        ]
        parents, numbers = found[0]
        if len(found) > 1:
            parents, numbers = _together(found, outputs)

        def output(i: int) -> Any:
            data = numbers[i]
            if not has_values:
                return data
            if not gradient:
                return Value(data)
            first = outputs + i * len(parents)
            return path.node(i, data, parents, numbers[first : first + len(parents)])

        return tree.build(
            path.result,
            (
                output(leaf) if type(leaf) is Output else leaf * (self.count / divisor)
                for leaf in tree.leaves(path.result)
            ),
        )

    def _parents(self, path: Path) -> list[Value]:
        """Return what is the same for all rows as Values, in the order of the program's inputs."""
        return [
            given if type(given) is Value else Value(given) for given in self.shared
        ] + path.closed


def _together(
    found: list[tuple[list[Value], list[float]]], outputs: int
) -> tuple[list[Value], list[float]]:
    """Return the sums of several paths, each with the Values that it reads, as those of one that reads them all."""
    parents = list(dict.fromkeys(v for among, _ in found for v in among))
    position = {v: i for i, v in enumerate(parents)}
    numbers = [0.0] * (outputs * (1 + len(parents)))
    for among, sums in found:
        for i in range(outputs):
            numbers[i] += sums[i]
            first, to = outputs + i * len(among), outputs + i * len(parents)
            for v, partial in zip(among, sums[first : first + len(among)], strict=False):
                numbers[to + position[v]] += partial
    return parents, numbers


def np_full(shape: tuple[int, ...], number: float) -> np.ndarray[Any, Any]:
    """Return an array of one number."""
    import numpy as np

    return np.full(shape, float(number))
