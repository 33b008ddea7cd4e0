"""Mapped call: a call with arrays, broadcast or by rows, whose work row_function.py does."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from autograd_scalar import functions, pytree
from autograd_scalar.compiler.capture.signature import ARRAY
from autograd_scalar.compiler.errors import JitError, OpaqueOperation, TooManyTraces
from autograd_scalar.compiler.runtime.bound import BoundKernel
from autograd_scalar.compiler.runtime.row_function import RowFunction, scatter
from autograd_scalar.compiler.runtime.row_kernel import Rows
from autograd_scalar.compiler.runtime.specialization import Specialization
from autograd_scalar.compiler.runtime.trace import Output
from autograd_scalar.node import modes
from autograd_scalar.value import Value


class MappedCall:
    """One call with arrays.

    Made again, it reads the present data of the arrays and of captured Values.
    """

    def __init__(
        self,
        specialization: Specialization,
        leaves: Sequence[Any],
        args: tuple[Any, ...] | None = None,
    ) -> None:
        self.specialization, self.spec = specialization, specialization.spec
        self._args = args
        self._shapes = [getattr(a, "shape", None) for a in args or ()]
        self._shape = self._shape_of_rows(leaves)
        self._is_repeated = False
        #: Made when the call is repeated: for arrays that come once it would be most of the work.
        self._bound: BoundKernel | None = None
        shared: list[Any] = []
        tables: list[Any] = []
        places: list[int] = []
        inputs = 0
        for leaf, given in zip(specialization.leaves, leaves, strict=True):
            width = 1
            if leaf.kind == ARRAY:
                tables.append(self._table(given))
                width = tables[-1].shape[1]
                places += range(inputs, inputs + width)
            else:
                shared.append(given)
            inputs += width
        self._function = RowFunction(specialization, places, shared)
        self._rows = Rows(tables)

    def _shape_of_rows(self, leaves: Sequence[Any]) -> tuple[int, ...]:
        """Return the number of rows, or the shape that the arrays broadcast to."""
        import numpy as np

        kinds = [leaf.kind for leaf in self.specialization.leaves]
        arrays = [a for kind, a in zip(kinds, leaves, strict=True) if kind == ARRAY]
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
        """Return an array as a table with a column for each input that it stands for."""
        import numpy as np

        if self.spec.mapped is None:
            return np.broadcast_to(array, self._shape).reshape(-1, 1)
        return array.reshape(len(array), prod(array.shape[1:]))

    # ----- the same call again -----

    def is_repeatable(self) -> bool:
        """Return whether all arguments are arrays that the kernel reads in place."""
        tables = self._rows.tables
        return (
            self._args is not None
            and len(tables) == len(self._args)
            and not self._function.shared
            and all(
                getattr(a, "base", None) is None and table.base is a
                for a, table in zip(self._args, tables, strict=True)
            )
        )

    def try_call(self, args: tuple[Any, ...]) -> Any:
        """Make this call, which is repeatable, again if the arguments are the very same arrays; None for others."""
        if len(args) != len(self._shapes):
            return None
        for a, b, table in zip(args, self._args or (), self._rows.tables, strict=True):
            if a is not b or a.strides[0] != table.strides[0] or a.dtype is not table.dtype:
                return None
        if [a.shape for a in args] != self._shapes:  # an array can be reshaped in place
            return None
        self._is_repeated = True
        return self()

    # ----- calls -----

    def __call__(self) -> Any:
        """Return the result: an array, or the sum or mean over the rows."""
        if self._bound is not None and (v := self._bound.node()) is not None:
            return v
        try:
            return self._compiled()
        except (TooManyTraces, OpaqueOperation):
            return self.eagerly()

    def _compiled(self) -> Any:
        trace = self._function.first_trace(self._rows)
        if not trace.accepts([v for v in self._function.shared if type(v) is Value]):
            return self.eagerly()
        if self.spec.reduce is not None:
            return self._reduced(trace.gives_values)
        self._check_arrays(trace.gives_values)
        parts = self._function.parts(self._rows, gradient=False, by_row=None)
        outputs = scatter(parts, self._rows.count)
        self._check_arrays(any(part.trace.gives_values for part in parts))
        columns = [
            outputs[leaf].reshape(self._shape) if isinstance(leaf, Output) else leaf
            for leaf in trace.leaves
        ]
        return pytree.unflatten(trace.structure, columns)

    def _check_arrays(self, gives_values: bool) -> None:
        """Raise JitError if arrays would have to carry gradients."""
        if gives_values and modes.recording.get():
            raise JitError(
                f"{self.spec.name} reads Values, and an array cannot carry their gradients: "
                'call it inside no_grad(), or set rows= and reduce="mean" or "sum"'
            )

    def divisor(self) -> int:
        """Return the number that sums over the rows are divided by."""
        if self.spec.reduce == "mean" and not self._rows.count:
            raise JitError(f"{self.spec.name} has no rows to take the mean of")
        return self._rows.count if self.spec.reduce == "mean" else 1

    def _reduced(self, gives_values: bool) -> Any:
        """Return the sums or means over the rows, as floats or as nodes."""
        recording, divisor = modes.recording.get(), self.divisor()
        gradient = gives_values and recording
        parts = self._function.parts(self._rows, gradient=gradient)
        if recording and not gradient and any(part.trace.gives_values for part in parts):
            gradient = True  # a trace that was recorded just now reads Values
            parts = self._function.parts(self._rows, gradient=gradient)
        trace = parts[0].trace
        if (
            gradient
            and len(parts) == 1
            and trace.structure is None
            and trace.gives_only_values
            and self._is_repeated
        ):
            self._bound = BoundKernel(self._function, self._rows, divisor)
        outputs = len(trace.program.outputs)
        if len(parts) > 1:
            sums, gradients = self._function.merge(parts, divisor)
            parents = self._function.inputs
        else:
            found = parts[0].sums / divisor
            sums, gradients = (
                found[:outputs],
                found[outputs:].reshape(outputs, -1 if outputs else 0),
            )
            parents = self._function.parents(trace)

        def output(i: int) -> Any:
            if not gradient:
                return Value(sums.item(i))
            kept = (
                self._function.differentiable(i, trace)
                if len(parts) == 1
                else self._function.differentiable_inputs(i, [part.trace for part in parts])
            )
            linked = [parents[k] for k in kept]
            return trace.node(i, sums.item(i), linked, gradients[i][kept], mapped=True)

        def reduced(*leaves: Any) -> Any:  # one of each trace
            i = leaves[0]
            if not isinstance(i, Output):
                return i
            is_value = any(type(leaf) is Output for leaf in leaves)
            return output(i) if is_value else sums.item(i)

        leaves = map(reduced, *[part.trace.leaves for part in parts])
        return pytree.unflatten(trace.structure, leaves)

    def kernel(self, kind: type[BoundKernel] = BoundKernel) -> BoundKernel:
        """Return the kernel bound to these arrays, for a function that is reduced to one number."""
        if self.spec.reduce is None:
            raise JitError(f"{self.spec.name} returns one result a row; kernel() needs reduce=")
        trace = self._function.first_trace(self._rows)
        if trace.structure is not None or not trace.outputs:
            raise JitError(f"{self.spec.name} returns more than one number; kernel() needs a loss")
        return kind(self._function, self._rows, self.divisor())

    # ----- without a kernel -----

    def eagerly(self) -> Any:
        """Return the same from the function itself, row by row: as part of another recording, or to find anomalies."""
        if not self._rows.count:
            return self()
        if self.spec.reduce is None and modes.tracer.get() is not None:
            raise JitError(
                f"{self.spec.name} returns arrays, which another compiled function cannot compute with; "
                'set rows= and reduce="mean" or "sum"'
            )
        results = [
            self.specialization.eagerly(self._function.arguments(self._rows, row))
            for row in range(self._rows.count)
        ]
        columns = zip(*map(pytree.leaves, results), strict=True)
        return pytree.build(results[0], map(self._joined, columns))

    def _joined(self, column: Sequence[Any]) -> Any:
        """Return one output over the rows: an array, or the sum or mean."""
        import numpy as np

        if not isinstance(column[0], Value | float | int):  # a constant
            return column[0]
        has_values = any(type(x) is Value for x in column)
        if self.spec.reduce is None:
            self._check_arrays(has_values)
            data = [x.data if type(x) is Value else x for x in column]
            return np.array(data, dtype=float).reshape(self._shape)
        reduced = functions.mean if self.spec.reduce == "mean" else functions.sum
        return reduced(column) if has_values else reduced([*map(Value, column)]).data
