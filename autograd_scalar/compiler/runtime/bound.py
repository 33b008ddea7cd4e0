"""Bound kernel: a compiled function with its arrays, called again and again without a Value in between."""

from __future__ import annotations

import threading
from typing import Any

from autograd_scalar.compiler.errors import EnvironmentChanged, JitError
from autograd_scalar.compiler.runtime.fast_call import copy_data
from autograd_scalar.compiler.runtime.row_function import RowFunction
from autograd_scalar.compiler.runtime.row_kernel import Rows
from autograd_scalar.node import modes
from autograd_scalar.value import Value


class BoundKernel:
    """A compiled function that is reduced over rows, bound to its arrays: numbers in and out, no Values in between.

    `inputs` are the Values that all rows share, and `shared` their data, an array of float64 to be changed as training
    proceeds. A call returns the value, and leaves the derivatives with respect to the inputs in `gradient`. The arrays
    given to `f.kernel()` are read at every call if they are float64 with contiguous rows; others were copied. A call
    raises EnvironmentChanged, a JitError, if another object that f reads has changed since.

    Of two calls at the same time each returns its own value; `gradient` is that of the one that ends last.

    >>> import autograd_scalar as ag, numpy as np
    >>> w = ag.Value(2.0)
    >>> f = ag.jit(lambda x: (w * x) ** 2, rows=0, reduce="sum")
    >>> kernel = f.kernel(np.array([1.0, 3.0]))
    >>> kernel(), kernel.gradient
    (40.0, array([40.]))
    >>> kernel.shared[0] = 1.0
    >>> kernel()
    10.0
    """

    def __init__(self, function: RowFunction, rows: Rows, divisor: int) -> None:
        import numpy as np

        self._trace = function.first_trace(rows)
        self._function = function.with_inputs(self._trace)
        self._rows, self._divisor = rows, divisor
        #: Held by a call that uses the kernel's own arrays. None waits for it: the holder may be the call that a signal
        #: handler has interrupted, or a thread that a forked process does not have.
        self._in_use = threading.Lock()
        self.inputs = [*self._function.inputs]
        kept = self._function.differentiable(0, self._trace)
        #: Indices of the inputs that are parents of the node; None for all.
        self._kept = kept if len(kept) < len(self.inputs) else None
        self._shared = self._function.shared_data(self._trace)
        self._means = np.zeros(1 + len(self.inputs))
        self._gradient = self._means[1:]
        kernel = self._trace.row_kernel(function.places, gradient=True, by_row=())
        self._call = kernel.bind(rows, self._shared, self._means, divisor)

    @property
    def shared(self) -> Any:
        """The data of the inputs, which the kernel reads; assignment copies numbers into the same array."""
        return self._shared

    @shared.setter
    def shared(self, numbers: Any) -> None:
        self._shared[:] = numbers

    @property
    def gradient(self) -> Any:
        """The derivatives with respect to the inputs that the latest call left: the same array every time."""
        return self._gradient

    def __call__(self) -> float:
        """Return the value for the numbers in `shared`."""
        if not self._function.holds():
            raise EnvironmentChanged(
                f"what {self._function.spec.name} reads has changed since the kernel was made; make the kernel again"
            )
        if self._call is not None and self._in_use.acquire(blocking=False):
            try:
                if self._call():
                    return self._means.item(0)
            finally:
                self._in_use.release()
        means = self._sums() / self._divisor
        self._gradient[:] = means[1:]
        return means.item(0)  # type: ignore[no-any-return]

    def _sums(self) -> Any:
        """Return the sum and its gradient in a new array, from as many calls of kernels as it takes."""
        import numpy as np

        parts = self._function.parts(self._rows, self._shared, gradient=True)
        if len(parts) == 1 and parts[0].trace is self._trace:
            return parts[0].sums
        sums, gradient = self._function.merge(parts)
        if len(self._function.inputs) > len(self.inputs):
            raise JitError(
                f"{self._function.spec.name} reads other Values on another path; make its kernel again"
            )
        return np.concatenate([sums, gradient.ravel()])

    def node(self) -> Value | None:
        """Return the value as a node over the inputs, for their present data; None if it takes more than one call."""
        is_alone = len(self._function.specialization.traces) == 1
        if self._call is None or not is_alone or not modes.recording.get():
            return None
        if not self._in_use.acquire(blocking=False):
            return None
        try:
            copy_data(self.inputs, self._shared)
            if not self._call():
                return None
            data = self._means.item(0)
            if self._kept is None:
                return self._trace.node(0, data, self.inputs, self._gradient, mapped=True)
            linked = [self.inputs[k] for k in self._kept]
            return self._trace.node(0, data, linked, self._gradient[self._kept], mapped=True)
        finally:
            self._in_use.release()
