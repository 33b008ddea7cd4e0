"""Run a function of one row over many: each row in the first trace whose guards hold, new traces for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_scalar import pytree
from autograd_scalar.compiler.capture.signature import Flattened, flatten
from autograd_scalar.compiler.errors import JitError, TooManyTraces
from autograd_scalar.compiler.runtime import kernels
from autograd_scalar.compiler.runtime.fast_call import copy_data
from autograd_scalar.compiler.runtime.row_kernel import Rows
from autograd_scalar.compiler.runtime.spec import Spec
from autograd_scalar.compiler.runtime.specialization import Specialization
from autograd_scalar.compiler.runtime.trace import Trace
from autograd_scalar.value import Value

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class Part(NamedTuple):
    """The rows that one trace ran, and what its kernel returned for them."""

    trace: Trace
    #: Row numbers; None for all rows.
    rows: Array | None
    #: An array over these rows for each output that is wanted by row.
    outs: Array
    #: Sums over these rows of the other outputs, then their gradients w.r.t. all shared inputs.
    sums: Array


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
        #: The inputs that are columns. The others have the numbers and Values in `shared`.
        self.places, self.shared = tuple(places), [*shared]
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
        flattened = Flattened()
        structures = [flatten(array, flattened, name, True) for name, array in arrays.items()]
        spec = Spec(f, kernels.default_options())
        specialization = Specialization(spec, (tuple(structures), ()))
        tables = [array.reshape(len(array), -1) for array in flattened.leaves]
        function = cls(
            specialization, range(sum(table.shape[1] for table in tables)), inputs=inputs
        )
        specialization.record(function.numbers(Rows(tables), 0))
        return function

    # ----- what was recorded -----

    @property
    def trace(self) -> Trace:
        """The trace that was recorded first."""
        return self.specialization.traces[0]

    @property
    def fingerprint(self) -> Any:
        """A key that is equal for functions of which the same program was recorded first."""
        return kernels.fingerprint(self.trace.program)

    def holds(self) -> bool:
        """Return whether all that the traces read besides their rows is as it was."""
        return self.specialization.environment.holds()

    # ----- calls -----

    def arguments(self, rows: Rows, row: int) -> list[Any]:
        """Return the numbers and Values of one row's arguments."""
        columns, shared, places = iter(rows.row(row)), iter(self.shared), {*self.places}
        inputs = range(len(places) + len(self.shared))
        return [next(columns if k in places else shared) for k in inputs]

    def numbers(self, rows: Rows, row: int) -> list[float]:
        """Return the numbers of one row's arguments."""
        return [x.data if type(x) is Value else x for x in self.arguments(rows, row)]

    def outputs(self, rows: Rows, row: int) -> list[float]:
        """Return the outputs of the first trace for one row, from libm's functions."""
        outputs, _ = self.trace.run(self.numbers(rows, row), gradient=False)
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
        by_row: tuple[int, ...] | None = (),
    ) -> list[Part]:
        """Run every row in the first trace whose guards hold for it, and record traces for rows without one.

        `data` are those of the first `inputs`; `by_row` the outputs wanted for each row, None for all. Raise
        TooManyTraces if there is no room for another trace.
        """
        import numpy as np

        parts: list[Part] = []
        left: Array | None = None  # rows without a trace so far; None for all
        waiting = [*self.specialization.traces]
        recorded_for = -1
        while left is None or len(left):
            if not waiting:
                recorded_for = 0 if left is None else int(left[0])
                waiting.append(self._record(self.numbers(rows, recorded_for)))
            trace = waiting.pop(0)
            self._check_form(trace)
            wanted = tuple(range(len(trace.program.outputs))) if by_row is None else by_row
            kernel = trace.row_kernel(self.places, gradient, wanted)
            some, shared = rows if left is None else rows.take(left), self.shared_data(trace, data)
            outs, sums, good = kernel(some, shared)
            if good is None:
                parts.append(Part(trace, left, outs, sums))
                break
            numbers = np.arange(rows.count) if left is None else left
            mine, left = numbers[good], numbers[~good]
            if len(mine):
                if kernel.layout.sums:  # all rows were in the sums
                    outs, sums, _ = kernel(rows.take(mine), shared)
                else:
                    outs = outs[:, good]
                parts.append(Part(trace, mine, outs, sums))
            if recorded_for in left and trace is self.specialization.traces[-1]:
                # A guard compares numbers that libm and the vector functions round differently: libm decides.
                parts.append(self._run_alone(trace, recorded_for, rows, gradient, wanted))
                left = left[left != recorded_for]
        return parts

    def _run_alone(
        self, trace: Trace, row: int, rows: Rows, gradient: bool, wanted: Sequence[int]
    ) -> Part:
        """Run the one row that a trace was recorded for."""
        import numpy as np

        found, failed = trace.run(self.numbers(rows, row), gradient)
        if failed >= 0:
            raise JitError(
                f"{self.spec.name} branches on a nan whose data it read, in row {row}; leave such rows out"
            )
        inputs, outputs = len(trace.program.inputs), len(trace.program.outputs)
        summed = sorted({*range(outputs)}.difference(wanted))
        sums = [found[k] for k in summed]
        if gradient:
            shared = sorted({*range(inputs)}.difference(self.places))
            sums += [found[outputs + k * inputs + j] for k in summed for j in shared]
        outs = np.array([[found[k]] for k in wanted]).reshape(len(wanted), 1)
        return Part(trace, np.array([row]), outs, np.array(sums))

    def _record(self, numbers: list[float]) -> Trace:
        """Record the trace of a row that no trace fits."""
        if not self.specialization.may_record(numbers):
            raise TooManyTraces(
                f"{self.spec.name} takes more than {len(self.specialization.traces)} paths; "
                "use where(), maximum() and the like instead of if"
            )
        return self.specialization.record(numbers)

    def _check_form(self, trace: Trace) -> None:
        """Raise JitError if a trace returns another structure than the first one."""
        form, other = self.trace.form(), trace.form()
        if other != form:
            one, another = (pytree.unflatten(structure, text) for structure, *text in (form, other))
            raise JitError(
                f"{self.spec.name} returns {one!r:.60} for one row and {another!r:.60} for another; "
                "all rows must return the same structure"
            )

    def merge(self, parts: Sequence[Part], divisor: int = 1) -> tuple[Array, Array]:
        """Return the sums over all parts, each divided, and their gradients with respect to `inputs`."""
        import numpy as np

        positions = [self._positions_of(part.trace) for part in parts]  # may add to the inputs
        outputs = len(parts[0].trace.program.outputs) - len(parts[0].outs)
        found = np.zeros(outputs * (1 + len(self.inputs)))
        sums, gradient = found[:outputs], found[outputs:].reshape(outputs, len(self.inputs))
        with np.errstate(all="ignore"):  # inf - inf is nan
            for part, position in zip(parts, positions, strict=True):
                values = part.sums / divisor
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

    def differentiable(self, output: int, trace: Trace) -> list[int]:
        """Return which of parents(trace) an output has derivatives with respect to, by their index."""
        shared = [k for k in range(len(trace.program.inputs)) if k not in self.places]
        reached = trace.differentiable(output)
        return [i for i, k in enumerate(shared) if k in reached]

    def differentiable_inputs(self, output: int, traces: Iterable[Trace]) -> list[int]:
        """Return which of `inputs` an output of one of the traces has derivatives with respect to, by their index."""
        return sorted(
            {
                int(self._positions_of(trace)[i])
                for trace in traces
                for i in self.differentiable(output, trace)
            }
        )

    def shared_data(self, trace: Trace, data: Array | None = None) -> Array:
        """Return the data of a trace's shared inputs: from the array for the Values it has, else their own."""
        import numpy as np

        if data is not None:
            positions = self._positions_of(trace)
            if len(data) == len(self.inputs):
                return data[positions]
        numbers = np.empty(len(self.shared) + len(trace.closed))
        numbers[: len(self.shared)] = [v.data if type(v) is Value else v for v in self.shared]
        copy_data(trace.closed, numbers[len(self.shared) :])
        if data is not None:
            known = positions < len(data)
            numbers[known] = data[positions[known]]
        return numbers

    def with_inputs(self, trace: Trace) -> RowFunction:
        """Return the function with a trace's shared inputs as `inputs`."""
        import numpy as np

        inputs = self.parents(trace)
        function = RowFunction(self.specialization, self.places, self.shared, inputs)
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
            self.specialization.record(self.numbers(rows, 0))
        elif not self.specialization.traces:
            ones = [1.0] * (len(self.places) + len(self.shared))
            try:
                self.specialization.record(ones)
            except Exception as problem:
                raise JitError(
                    f"{self.spec.name} was given no rows, and cannot be recorded with ones instead ({problem}); "
                    "call it with rows first"
                ) from None
        return self.trace


def scatter(parts: Sequence[Part], count: int) -> Array:
    """Return the outputs by row of all parts, in the order of the rows."""
    import numpy as np

    if len(parts) == 1 and parts[0].rows is None:
        return parts[0].outs
    outs = np.empty((len(parts[0].outs), count))
    for part in parts:
        outs[:, part.rows] = part.outs
    return outs
