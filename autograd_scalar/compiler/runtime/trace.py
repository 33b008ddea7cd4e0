"""A path through a function: what was recorded of one call, and how it is replayed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any

from autograd_scalar import pytree
from autograd_scalar.compiler.capture.tracer import Frozen
from autograd_scalar.compiler.ir.program import Builder, Program
from autograd_scalar.compiler.runtime import kernels
from autograd_scalar.compiler.runtime.fast_call import Caller, copy_data, node_of_array
from autograd_scalar.compiler.runtime.node_op import Call, register
from autograd_scalar.compiler.runtime.outlined import Run
from autograd_scalar.compiler.runtime.row_kernel import Rows
from autograd_scalar.compiler.runtime.spec import Spec
from autograd_scalar.node import modes, registry
from autograd_scalar.node.hooks import on_new_node
from autograd_scalar.value import Value, core

#: From so many Values on, their data is read in one go.
MANY = 20


class Output(int):
    """Stands for an output of a program in the nest that the function returned: a Value."""


class Number(Output):
    """Stands for an output that is a number without derivatives; on another path it may be a Value."""

    #: The number itself, where it is always the same.
    constant: float | None = None

    def of(self, found: Sequence[float]) -> float:
        """Return the number, given the outputs."""
        return found[self] if self.constant is None else self.constant


class Path:
    """What was recorded of one call: a program, right wherever its guards hold."""

    def __init__(
        self,
        spec: Spec,
        program: Program,
        closed: list[Value],
        frozen: list[Frozen],
        result: Any,
        given: int,
        by: set[Value],
    ) -> None:
        self.spec, self.program, self.closed, self.frozen = spec, program, closed, frozen
        #: What the function returned, an Output in the place of each Value and number.
        self.result = result
        #: The nest that this is, for comparison with that of another path.
        self.form = repr(pytree.build(result, repeat("...")))
        #: How many of the inputs are arguments; those that follow are closed over.
        self.given = given
        #: Whether there are Values among the results, and not mere numbers.
        self.gives_values = any(type(leaf) is Output for leaf in pytree.leaves(result))
        self._by = by
        #: The operations of its outputs' nodes; what answers for them is forgotten with the last path that has it.
        self._ops: dict[tuple[int, bool], tuple[str, Call]] = {}
        self._kernels: dict[Any, Any] = {}

    def run(self, numbers: Sequence[float], gradient: bool) -> tuple[list[float], int]:
        """Return the outputs, with the derivatives by all inputs if asked for, and the guard that fails or -1."""
        return self._single(gradient)(numbers)

    def _single(self, gradient: bool) -> Run:
        run: Run | None = self._kernels.get(gradient)
        if run is None:
            run = kernels.single(self.program, self.given, gradient, self.spec.options)
            self._kernels[gradient] = run
        return run

    def fits(self, values: Sequence[Value]) -> bool:
        """Return whether the recording holds for these Values as arguments.

        It was made with others in their place. That matters where the function takes derivatives by them: then none
        must be there twice, or depend on another.
        """
        if not self._by:
            return True
        among = [*values, *{*self.closed, *self._by}]
        return len({*among}) == len(among) and not any(v.parents for v in values)

    def answer(self, types: tuple[type, ...]) -> Callable[[tuple[Any, ...]], Any] | None:
        """Return the short way from floats and Values to the one output (fast_call.Caller); None where it is long."""
        if not isinstance(self.result, Output) or self._by:
            return None
        if isinstance(self.result, Number) and self.result.constant is not None:
            return None
        run = self._single(self.gives_values)
        if core() == "native" and not isinstance(run, kernels.Single):
            return None
        op = self._op(0, mapped=False) if self.gives_values else ""
        return Caller(run, types, self.closed, op).answer

    def fixed(self) -> Program:
        """Return the program with the present data of what is closed over in place of those inputs."""
        builder = Builder(self.program.inputs[: self.given])
        now: list[int] = []
        for op, *operands in self.program.code:
            if op == "const":
                now.append(builder.constant(operands[0]))
            elif op == "input" and operands[0] >= self.given:
                now.append(builder.constant(self.closed[operands[0] - self.given].data))
            elif op == "input":
                now.append(builder.input(operands[0]))
            else:
                now.append(builder.emit(op, *[now[place] for place in operands]))
        guards = [g._replace(x=now[g.x], y=now[g.y]) for g in self.program.guards]
        return builder.program([now[place] for place in self.program.outputs], guards)

    def over_rows(self, columns: tuple[int, ...], gradient: bool, by_row: tuple[int, ...]) -> Rows:
        """Return the kernel over rows; the gradient is by all inputs that are the same for all rows.

        The outputs that are not wanted by row are summed, and it is their gradient.
        """
        key = columns, gradient, by_row
        if key not in self._kernels:
            shared = sorted({*range(len(self.program.inputs))}.difference(columns))
            self._kernels[key] = kernels.rows(
                self.program, shared if gradient else None, columns, by_row, self.spec.options
            )
        return self._kernels[key]  # type: ignore[no-any-return]

    def filled(self, found: Sequence[float], value: Callable[[int], Any]) -> Any:
        """Return the function's result, given the outputs, and what gives the Value of one."""
        filled = (
            value(x) if type(x) is Output else x.of(found) for x in pytree.leaves(self.result)
        )
        return pytree.build(self.result, filled)

    def inputs(self, numbers: Sequence[float]) -> list[float]:
        """Return the program's inputs: the arguments' numbers, and the present data of what is closed over."""
        if len(self.closed) < MANY:
            return [*numbers, *[v.data for v in self.closed]]
        import numpy as np

        inputs = np.empty(len(numbers) + len(self.closed))
        inputs[: len(numbers)] = numbers
        copy_data(self.closed, inputs[len(numbers) :])
        return inputs  # type: ignore[return-value]

    def node(
        self,
        index: int,
        data: float,
        parents: list[Value],
        partials: Any,
        *,
        mapped: bool = False,
    ) -> Value:
        """Return the node of an output, or of its sum over rows where these were `mapped`.

        Partials are a list, or an array of float64.
        """
        op = self._op(index, mapped)
        if isinstance(partials, list):
            v: Value = registry.engine.node(data, op, tuple(parents), tuple(partials))
        else:
            v = node_of_array(data, op, parents, partials)
        return on_new_node(v) if modes.open_blocks else v

    def _op(self, index: int, mapped: bool) -> str:
        """Return the operation of an output's nodes."""
        key = index, mapped
        if key not in self._ops:
            call = Call(self.spec.name, self.program, self.given, self.spec.options, index, mapped)
            self._ops[key] = register(call)
        return self._ops[key][0]
