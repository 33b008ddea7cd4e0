"""A function of one row, compiled to run over many: it serves mapped calls, bound kernels and compiled training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_scalar.compiler.capture.environment import Environment
from autograd_scalar.compiler.capture.signature import Flattened, flatten
from autograd_scalar.compiler.errors import JitError
from autograd_scalar.compiler.runtime import kernels
from autograd_scalar.compiler.runtime.fast_call import copy_data
from autograd_scalar.compiler.runtime.partition import Part, Rows, run_partitions, scatter
from autograd_scalar.compiler.runtime.spec import Spec
from autograd_scalar.compiler.runtime.specialization import Specialization
from autograd_scalar.compiler.runtime.trace import Trace
from autograd_scalar.value import Value

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class RowResults(NamedTuple):
    """Outputs of a function over rows: those that are summed, their gradients, and those wanted by row."""

    #: (summed outputs,)
    sums: Array
    #: (summed outputs, inputs): derivatives with respect to RowFunction.inputs.
    gradient: Array
    #: (outputs by row, rows)
    by_row: Array


class RowFunction:
    """The traces of a function of one row, run over tables of rows.

    `inputs` are the Values that all rows share, in the order in which gradients are returned: those that are given,
    then others that traces turn out to read. Their data are read at every call, or passed as one array.
    """

    def __init__(
        self,
        specialization: Specialization,
        places: Sequence[int],
        shared: Sequence[Any] = (),
        inputs: Sequence[Value] = (),
    ) -> None:
        self.specialization, self.spec = specialization, specialization.spec
        self._places, self.shared = tuple(places), [*shared]
        self.inputs = [*inputs]
        #: Where the shared inputs of a trace are among `inputs`.
        self._positions: dict[Trace, Array] = {}

    @classmethod
    def record(
        cls, f: Callable[..., Any], arrays: Mapping[str, Any], inputs: Sequence[Value] = ()
    ) -> RowFunction:
        """Record a function of one row of each array, and return it; a row reaches `f` as numbers in nested lists.

        Raise JitError if the function or the arrays are not fit to be compiled.
        """
        flattened = Flattened([], {})
        structures = [flatten(array, flattened, name, True) for name, array in arrays.items()]
        spec = Spec(f, options=kernels.default_options())
        environment = Environment(f, spec.name)
        structure = (tuple, (tuple, *structures), (dict, ()))
        specialization = Specialization(spec, structure, environment.snapshot().key, environment)
        tables = [array.reshape(len(array), -1) for array in flattened.leaves]
        function = cls(
            specialization, range(sum(table.shape[1] for table in tables)), inputs=inputs
        )
        specialization.record(function.rows(tables).numbers(0))
        return function

    # ----- what was recorded -----

    @property
    def trace(self) -> Trace:
        """The trace that was recorded first."""
        return self.specialization.traces[0]

    def __len__(self) -> int:
        """Return the number of instructions for one row."""
        return len(self.trace.program)

    @property
    def fingerprint(self) -> Any:
        """A key that is equal for functions of which the same program was recorded first."""
        return kernels.fingerprint(self.trace.program)

    @property
    def outputs_count(self) -> int:
        """The number of outputs."""
        return len(self.trace.program.outputs)

    @property
    def gives_only_values(self) -> bool:
        """True if no output is a number that depends on no Value."""
        return self.trace.gives_only_values

    # ----- calls -----

    def rows(self, tables: Sequence[Any]) -> Rows:
        """Return rows to call the function with: tables of float64, their columns its inputs."""
        return Rows(tables, self._places, self.shared)

    def outputs(self, rows: Rows, row: int) -> list[float]:
        """Return the outputs of the first trace for one row, from libm's functions."""
        outputs, _ = self.trace.run(self.trace.inputs(rows.numbers(row)), gradient=False)
        return outputs

    def __call__(
        self, rows: Rows, data: Array | None = None, *, gradient: bool, by_row: tuple[int, ...] = ()
    ) -> RowResults:
        """Return the outputs over all rows: those in `by_row` for each row, the others summed."""
        parts = self.parts(rows, data, gradient=gradient, by_row=by_row)
        return RowResults(*self.merge(parts), scatter(parts, rows.count))

    def parts(
        self,
        rows: Rows,
        data: Array | None = None,
        *,
        gradient: bool,
        by_row: tuple[int, ...] | None,
    ) -> list[Part]:
        """Run the rows, trace by trace; see run_partitions. `data` are those of the first `inputs`."""
        return run_partitions(
            self.specialization,
            rows,
            lambda trace: self.shared_data(trace, data),
            gradient=gradient,
            by_row=by_row,
        )

    def merge(self, parts: Sequence[Part], divisor: int = 1) -> tuple[Array, Array]:
        """Return the sums over all parts, each divided, and their gradients with respect to `inputs`."""
        import numpy as np

        positions = [self._positions_of(part.trace) for part in parts]  # may add to the inputs
        outputs = len(parts[0].trace.program.outputs) - len(parts[0].outs)
        found = np.zeros(outputs * (1 + len(self.inputs)))
        sums, gradient = found[:outputs], found[outputs:].reshape(outputs, -1)
        with np.errstate(all="ignore"):  # inf - inf is nan
            for part, position in zip(parts, positions, strict=True):
                values = part.sums if divisor == 1 else part.sums / divisor
                sums += values[:outputs]
                for k in range(outputs if len(values) > outputs else 0):
                    first = outputs + k * len(position)
                    derivatives = values[first : first + len(position)]
                    if self.shared:  # a Value may be there twice
                        np.add.at(gradient[k], position, derivatives)
                    else:
                        gradient[k][position] += derivatives
        return sums, gradient

    # ----- what all rows share -----

    def parents(self, trace: Trace) -> list[Value]:
        """Return the shared inputs of a trace as Values, in the order of the program's inputs."""
        self.shared[:] = [v if type(v) is Value else Value(v) for v in self.shared]
        return self.shared + trace.closed

    def shared_data(self, trace: Trace, data: Array | None = None) -> Array:
        """Return the data of a trace's shared inputs: from the array for the Values it has, else their own."""
        import numpy as np

        if data is not None:
            positions = self._positions_of(trace)
            if len(data) == len(self.inputs):
                return data[positions]
        numbers = np.empty(len(self.shared) + len(trace.closed))
        copy_data(trace.closed, numbers[len(self.shared) :])
        for k, given in enumerate(self.shared):
            numbers[k] = given.data if type(given) is Value else given
        if data is not None:
            known = positions < len(data)
            numbers[known] = data[positions[known]]
        return numbers

    def with_inputs(self, trace: Trace) -> RowFunction:
        """Return the function with a trace's shared inputs as `inputs`."""
        import numpy as np

        inputs = self.parents(trace)
        function = RowFunction(self.specialization, self._places, self.shared, inputs)
        function._positions[trace] = np.arange(len(inputs))  # a Value may be there twice
        return function

    def _positions_of(self, trace: Trace) -> Array:
        """Return where a trace's shared inputs are among `inputs`, which grow by those that are new."""
        import numpy as np

        if trace not in self._positions:
            position = {v: i for i, v in enumerate(self.inputs)}
            for v in (parents := self.parents(trace)):
                if v not in position:
                    position[v] = len(self.inputs)
                    self.inputs.append(v)
            self._positions[trace] = np.array([position[v] for v in parents], dtype=int)
        return self._positions[trace]

    def first_trace(self, rows: Rows) -> Trace:
        """Return the first trace, recorded for the first row if there is none; for ones if there are no rows."""
        if not self.specialization.traces and rows.count:
            self.specialization.record(rows.numbers(0))
        elif not self.specialization.traces:
            ones = [1.0] * (len(self._places) + len(self.shared))
            try:
                self.specialization.record(ones)
            except Exception as problem:
                raise JitError(
                    f"{self.spec.name} was given no rows, and cannot be recorded with ones instead ({problem}); "
                    "call it with rows first"
                ) from None
        return self.trace
