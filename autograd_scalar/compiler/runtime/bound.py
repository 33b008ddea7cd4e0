"""A compiled function with its arrays, to be called again and again without a Value in between."""

from __future__ import annotations

import threading
from typing import Any

from autograd_scalar.compiler.errors import JitError
from autograd_scalar.compiler.runtime.mapped import Batch, together
from autograd_scalar.compiler.runtime.trace import Output, Path


class Bound:
    """A compiled function that is reduced over rows, with its arrays: numbers in and out, and no Values in between.

    `inputs` are the Values that are the same for all rows, and `shared` their data, an array of float64 to be changed
    as training goes on. A call gives the value, and leaves the derivatives by the inputs in `gradient`. The arrays it
    was made with are read at every call, where they are of float64 and their rows are contiguous; others were copied.
    What the function reads besides Values is as it was when the kernel was made.

    >>> import autograd_scalar as ag, numpy as np
    >>> w = ag.Value(2.0)
    >>> f = ag.jit(lambda x: (w * x) ** 2, rows=0, reduce="sum")
    >>> bound = f.kernel(np.array([1.0, 3.0]))
    >>> bound(), bound.gradient
    (40.0, array([40.]))
    >>> bound.shared[0] = 1.0
    >>> bound()
    10.0
    """

    def __init__(self, batch: Batch) -> None:
        import numpy as np

        if batch.spec.reduce is None:
            raise JitError(f"{batch.spec.name} gives one result a row; kernel() is for reduce=")
        self._batch, self._path = batch, batch.path()
        self._one_at_a_time = threading.Lock()
        if not isinstance(self._path.result, Output):
            raise JitError(f"{batch.spec.name} gives more than one number; kernel() is for a loss")
        self.inputs = batch.parents(self._path)
        self._shared = batch.numbers(self._path)
        self._means, self._divisor = np.zeros(1 + len(self.inputs)), batch.divisor()
        self._gradient = self._means[1:]
        kernel = self._path.over_rows(batch.places, gradient=True, by_row=())
        self._run = kernel.means(
            batch.count, batch.columns, self._shared, self._means, self._divisor
        )

    @property
    def shared(self) -> Any:
        """The data of the inputs, which the kernel reads: setting it copies the numbers into the same array."""
        return self._shared

    @shared.setter
    def shared(self, numbers: Any) -> None:
        self._shared[:] = numbers

    @property
    def gradient(self) -> Any:
        """The derivatives by the inputs that the latest call has left: the same array every time."""
        return self._gradient

    def __call__(self) -> float:
        """Return the value for the numbers in `shared`."""
        with self._one_at_a_time:
            if self._run is None or not self._run():
                self._means[:] = self._by_parts() / self._divisor
            return self._means.item(0)

    def _by_parts(self) -> Any:
        """Return the sums where rows take several ways, or there are many of them."""
        import numpy as np

        position = {v: i for i, v in enumerate(self.inputs)}

        def shared(path: Path) -> Any:
            if path is self._path:
                return self._shared
            numbers = self._batch.numbers(path)
            for k, v in enumerate(self._batch.parents(path)):
                if v in position:
                    numbers[k] = self._shared[position[v]]
            return numbers

        found = self._batch.parts(gradient=True, by_row=(), shared=shared)
        if len(found) == 1 and found[0].path is self._path:
            return found[0].sums
        ours = [(self.inputs, np.zeros_like(self._means))]  # so that they come first
        parents, sums = together(
            ours + [(self._batch.parents(part.path), part.sums) for part in found], 1
        )
        if len(parents) > len(self.inputs):
            raise JitError(
                f"{self._batch.spec.name} reads other Values on another way through its code; make its kernel again"
            )
        return sums
