"""A compiled function over rows: the elements of arrays, or samples."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from autograd_scalar import functions, pytree
from autograd_scalar.compiler.capture.environment import Snapshot
from autograd_scalar.compiler.capture.signature import ARRAY
from autograd_scalar.compiler.errors import JitError, TooManyTraces
from autograd_scalar.compiler.runtime.fast_call import copy_data
from autograd_scalar.compiler.runtime.partition import Part, parts, whole
from autograd_scalar.compiler.runtime.row_kernel import Columns
from autograd_scalar.compiler.runtime.specialization import Entry
from autograd_scalar.compiler.runtime.trace import Output, Path
from autograd_scalar.node import modes
from autograd_scalar.value import Value


class Batch:
    """One call with arrays: its arguments as columns, and what is the same for all rows.

    It may be called again and again: each call reads the present data of the parameters and of the arrays.
    """

    def __init__(
        self, entry: Entry, leaves: Sequence[Any], seen: Snapshot, args: Any = None
    ) -> None:
        self.entry, self.spec = entry, entry.spec
        self._args, self._seen = args, seen
        self._shapes = [getattr(a, "shape", None) for a in args or ()]
        self._again: _Again | None = None
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

    def may_be_kept(self) -> bool:
        """Return whether the call is of nothing but arrays that the kernel reads where they are."""
        tables = self.columns.tables
        return (
            self._args is not None
            and len(tables) == len(self._args)
            and not self.shared
            and all(
                getattr(a, "base", None) is None and table.base is a
                for a, table in zip(self._args, tables, strict=True)
            )
        )

    def is_for(self, args: Any, kwargs: Any) -> bool:
        """Return whether this, which may be kept, is the call with some arguments: with the very same arrays."""
        if kwargs or len(args) != len(self._args):
            return False
        for a, b, table in zip(args, self._args, self.columns.tables, strict=True):
            if a is not b or a.strides[0] != table.strides[0] or a.dtype is not table.dtype:
                return False
        if [a.shape for a in args] != self._shapes:  # which can be set in place
            return False
        return self._seen.still_valid()

    def _shape(self, leaves: Sequence[Any]) -> tuple[int, ...]:
        """Return what the rows count up to: one number, or the shape that arrays broadcast to."""
        import numpy as np

        arrays = [
            a for leaf, a in zip(self.entry.leaves, leaves, strict=True) if leaf.kind == ARRAY
        ]
        if self.spec.mapped is None:
            try:
                return np.broadcast_shapes(*[a.shape for a in arrays])
            except ValueError:
                shapes = ", ".join(str(a.shape) for a in arrays)
                raise JitError(
                    f"{self.spec.name} was given arrays that do not broadcast: {shapes}"
                ) from None
        if not arrays:
            raise JitError(f"{self.spec.name} maps over rows, but was given no array")
        for i, a in enumerate(arrays):
            if len(a) != len(arrays[0]):
                raise JitError(
                    f"{self.spec.name} maps over rows: array 1 has {len(arrays[0])}, array {i + 1} has {len(a)}"
                )
        return (len(arrays[0]),)

    def _table(self, array: Any) -> Any:
        """Return an array as a table, with a column for each input that it stands for."""
        import numpy as np

        if self.spec.mapped is None:
            return np.broadcast_to(array, self.shape).reshape(-1, 1)
        return array.reshape(len(array), prod(array.shape[1:]))

    # ----- calls -----

    def __call__(self) -> Any:
        """Return the result: an array, or the sum or mean over the rows."""
        if self._again is not None and (v := self._again()) is not None:
            return v
        try:
            return self._compiled()
        except TooManyTraces:
            return self.one_by_one()

    def _compiled(self) -> Any:
        path = self.path()
        if not path.fits([v for v in self.shared if type(v) is Value]):
            return self.one_by_one()
        if self.spec.reduce is None:
            self._check_arrays(path.gives_values)
            found = self.parts(gradient=False, by_row=None)
            outputs = whole(found, self.count)
            self._check_arrays(any(part.path.gives_values for part in found))
            filled = (outputs[leaf].reshape(self.shape) for leaf in pytree.leaves(path.result))
            return pytree.build(path.result, filled)
        return self._reduced(path.gives_values)

    def _check_arrays(self, gives_values: bool) -> None:
        """Raise JitError where arrays would have to carry gradients."""
        if gives_values and modes.recording.get():
            raise JitError(
                f"{self.spec.name} reads Values, and an array cannot carry their gradients: "
                'call it inside no_grad(), or give it rows= and reduce="mean" or "sum"'
            )

    def one_by_one(self) -> Any:
        """Return the same from the function itself, row by row: to be part of another recording, or watched."""
        if not self.count:
            return self()
        if self.spec.reduce is None and modes.tracer.get() is not None:
            raise JitError(
                f"{self.spec.name} gives arrays, which cannot be part of what another function computes; "
                'give it rows= and reduce="mean" or "sum"'
            )
        results = [self.entry.eagerly(self._given(row)) for row in range(self.count)]
        if self.spec.reduce is None:
            return self._stacked(results)
        reduced = functions.mean if self.spec.reduce == "mean" else functions.sum
        columns = [*zip(*map(pytree.leaves, results), strict=True)]
        whole_ = (
            reduced(column)
            if any(type(x) is Value for x in column)
            else reduced([*map(Value, column)]).data
            for column in columns
        )
        return pytree.build(results[0], whole_)

    def _stacked(self, results: list[Any]) -> Any:
        """Return the results of all rows as arrays."""
        import numpy as np

        leaves = [*zip(*map(pytree.leaves, results), strict=True)]
        self._check_arrays(any(type(x) is Value for column in leaves for x in column))
        arrays = (
            np.array([x.data if type(x) is Value else x for x in column], dtype=float)
            for column in leaves
        )
        return pytree.build(results[0], (array.reshape(self.shape) for array in arrays))

    def path(self) -> Path:
        """Return a path that was recorded; the first row decides where there is none."""
        if not self.entry.paths and self.count:
            self.entry.record(self._row(0))
        elif not self.entry.paths:
            try:
                self.entry.record([1.0] * self.inputs)
            except Exception as problem:
                raise JitError(
                    f"{self.spec.name} was given no rows, and cannot be recorded with ones instead ({problem}); "
                    "call it with rows first"
                ) from None
        return self.entry.paths[0]

    def _given(self, row: int) -> list[Any]:
        """Return the numbers and Values of the arguments for one row."""
        by_row, same = iter(self.columns.row(row)), iter(self.shared)
        return [next(by_row if k in self.places else same) for k in range(self.inputs)]

    def _row(self, row: int) -> list[float]:
        """Return the numbers of the arguments for one row."""
        return [given.data if type(given) is Value else given for given in self._given(row)]

    def numbers(self, path: Path) -> Any:
        """Return the data of what is the same for all rows, as an array."""
        import numpy as np

        numbers = np.empty(len(self.shared) + len(path.closed))
        copy_data(path.closed, numbers[len(self.shared) :])
        for k, given in enumerate(self.shared):
            numbers[k] = given.data if type(given) is Value else given
        return numbers

    def parts(
        self,
        gradient: bool,
        by_row: tuple[int, ...] | None,
        shared: Callable[[Path], Any] | None = None,
    ) -> list[Part]:
        """Return what the kernels give, path by path; see rows.parts."""
        return parts(
            self.entry, self.count, self.places, self.columns, shared or self.numbers, self._row,
            gradient=gradient, by_row=by_row,
        )  # fmt: skip

    def divisor(self) -> int:
        """Return what sums are divided by."""
        if self.spec.reduce == "mean" and not self.count:
            raise JitError(f"{self.spec.name} has no rows to take the mean of")
        return self.count if self.spec.reduce == "mean" else 1

    def _reduced(self, gives_values: bool) -> Any:
        """Return the sums or means over the rows, as floats or as nodes."""
        recording = modes.recording.get()
        divisor = self.divisor()
        gradient = gives_values and recording
        among = self.parts(gradient, by_row=())
        if not gives_values and any(
            part.path.gives_values for part in among
        ):  # that came to light now
            gives_values, gradient = True, recording
            among = self.parts(gradient, by_row=())
        path = among[0].path
        if gradient and len(among) == 1 and type(path.result) is Output and self.may_be_kept():
            self._again = _Again(self, path)
        outputs = len(path.program.outputs)
        found = [(self.parents(part.path), part.sums / divisor) for part in among]
        parents, numbers = found[0]
        if len(found) > 1:
            parents, numbers = together(found, outputs)

        def output(i: int) -> Any:
            data = numbers.item(i)
            if not gradient:
                return Value(data)
            first = outputs + i * len(parents)
            partials = numbers[first : first + len(parents)]
            return path.node(i, data, parents, partials, mapped=True)

        results = [pytree.leaves(part.path.result) for part in among]
        values = [any(type(leaf) is Output for leaf in same) for same in zip(*results, strict=True)]
        return pytree.build(
            path.result,
            (output(i) if is_value else numbers.item(i) for i, is_value in enumerate(values)),
        )

    def parents(self, path: Path) -> list[Value]:
        """Return what is the same for all rows as Values, in the order of the program's inputs."""
        self.shared = [v if type(v) is Value else Value(v) for v in self.shared]
        return self.shared + path.closed


class _Again:
    """The short way of a call that is made again: one way through the code, to one node over what is closed over."""

    def __init__(self, batch: Batch, path: Path) -> None:
        import numpy as np

        self._entry, self._path = batch.entry, path
        self._shared, self._means = np.empty(len(path.closed)), np.empty(1 + len(path.closed))
        kernel = path.over_rows(batch.places, gradient=True, by_row=())
        self._run = kernel.means(
            batch.count, batch.columns, self._shared, self._means, batch.divisor()
        )
        self._partials = self._means[1:]
        self._free = threading.Lock()  # the arrays are for one thread at a time

    def __call__(self) -> Value | None:
        """Return the node, or None where the long way has to be taken."""
        if self._run is None or len(self._entry.paths) > 1 or not modes.recording.get():
            return None
        if not self._free.acquire(blocking=False):
            return None
        try:
            copy_data(self._path.closed, self._shared)
            if not self._run():
                return None
            data, closed = self._means.item(0), self._path.closed
            return self._path.node(0, data, closed, self._partials, mapped=True)
        finally:
            self._free.release()


def together(found: list[tuple[list[Value], Any]], outputs: int) -> tuple[list[Value], Any]:
    """Return the sums of several paths, each with the Values that it reads, as those of one that reads them all."""
    import numpy as np

    parents = list(dict.fromkeys(v for among, _ in found for v in among))
    position = {v: i for i, v in enumerate(parents)}
    values, slopes = np.zeros(outputs), np.zeros((outputs, len(parents)))
    for among, sums in found:
        with np.errstate(all="ignore"):  # inf - inf is nan
            values += sums[:outputs]
            if len(sums) > outputs:
                where = [position[v] for v in among]
                np.add.at(slopes.T, where, sums[outputs:].reshape(outputs, -1).T)
    return parents, np.concatenate([values, slopes.ravel()])
