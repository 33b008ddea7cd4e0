"""One recorded path: its program, guards and captured Values, and how a call replays it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_scalar import pytree
from autograd_scalar.compiler import stages
from autograd_scalar.compiler.capture.tracer import Frozen
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.options import MIN_BULK_READ
from autograd_scalar.compiler.runtime import kernels
from autograd_scalar.compiler.runtime.fast_call import FastCall, copy_data, linked, node_of_array
from autograd_scalar.compiler.runtime.node_op import NodeOp, register
from autograd_scalar.compiler.runtime.outlined import Run
from autograd_scalar.compiler.runtime.row_kernel import RowKernel
from autograd_scalar.compiler.runtime.spec import Spec
from autograd_scalar.node import modes, registry
from autograd_scalar.node.hooks import on_new_node
from autograd_scalar.value import Value, core


class Output(int):
    """The index of a program's output, in place of a Value among the leaves of the result."""


class Number(Output):
    """The index of an output that is a number without derivatives; in another trace it may be a Value."""

    #: The number, if it is a constant.
    constant: float | None = None


@dataclass(eq=False)
class Trace:
    """One recorded call: a program with its guards, the captured Values it reads, and the result it returns."""

    spec: Spec
    program: Program
    #: Captured Values: the inputs that follow the arguments.
    closed: list[Value]
    #: Numbers that every replay repeats.
    frozen: list[Frozen]
    #: The leaves of the result: an Output for each Value and number, and constants, such as strings.
    leaves: list[Any]
    #: The structure of the result; None for a single leaf.
    structure: pytree.Structure | None
    #: Number of inputs that are arguments.
    given: int
    #: Values with respect to which the function takes derivatives itself.
    differentiated: set[Value]

    def __post_init__(self) -> None:
        kinds = {type(leaf) for leaf in self.leaves}
        #: True if there are Values among the results, and not only numbers.
        self.gives_values = Output in kinds
        #: True if all results are Values.
        self.gives_only_values = kinds <= {Output}
        #: The leaves that are outputs, and so data.
        self.outputs = [leaf for leaf in self.leaves if isinstance(leaf, Output)]
        #: Operations of the outputs' nodes; an op is forgotten with the last trace that has it.
        self._ops: dict[tuple[int, bool], tuple[str, NodeOp]] = {}
        self._kernels: dict[Any, Any] = {}

    # ----- a call with numbers -----

    def run(self, numbers: Sequence[float], gradient: bool) -> tuple[list[float], int]:
        """Return the outputs, then if asked for their gradients w.r.t. all inputs; and the guard that fails, or -1.

        `numbers` are those of the arguments.
        """
        return self._single(gradient)(self.inputs(numbers))

    def _single(self, gradient: bool) -> Run:
        kernel: Run | None = self._kernels.get(gradient)
        if kernel is None:
            kernel = kernels.single(self.program, self.given, gradient, self.spec.options)
            self._kernels[gradient] = kernel
        return kernel

    def inputs(self, numbers: Sequence[float]) -> list[float]:
        """Return the program's inputs: the numbers of the arguments, then the present data of captured Values."""
        if len(self.closed) < MIN_BULK_READ:
            return [*numbers, *[v.data for v in self.closed]]
        import numpy as np

        inputs = np.empty(len(numbers) + len(self.closed))
        inputs[: len(numbers)] = numbers
        copy_data(self.closed, inputs[len(numbers) :])
        return inputs  # type: ignore[return-value]

    def accepts(self, values: Sequence[Value]) -> bool:
        """Return whether the trace holds for these Values as arguments.

        It was recorded with other Values. If the function takes derivatives with respect to them, it matters which are
        the same: then none may occur twice or depend on another.
        """
        if not self.differentiated:
            return True
        among = [*values, *{*self.closed, *self.differentiated}]
        return len({*among}) == len(among) and not any(v.parents for v in values)

    def repeats(self, other: Trace) -> bool:
        """Return whether the trace computes what another does from the same Values, and returns it likewise."""
        if kernels.fingerprint(self.program) != kernels.fingerprint(other.program):
            return False
        mine, others = (
            [(type(leaf), leaf, repr(getattr(leaf, "constant", None))) for leaf in trace.leaves]
            for trace in (self, other)
        )
        captured = [*map(id, self.closed)] == [*map(id, other.closed)]
        return captured and mine == others and self.structure == other.structure

    def fast_call(self, types: tuple[type, ...]) -> Callable[[tuple[Any, ...]], Any] | None:
        """Return the direct call for floats and Values of these types, or None if there must be more to a call.

        There is one for a single output that is computed.
        """
        if self.structure is not None or self.leaves != self.outputs or self.differentiated:
            return None
        if isinstance(result := self.outputs[0], Number) and result.constant is not None:
            return None
        run = self._single(self.gives_values)
        if core() == "native" and not isinstance(run, kernels.SingleKernel):
            return None
        if not self.gives_values:
            return FastCall(run, types, self.closed).try_call
        op, node_op = self._op(0, mapped=False)
        if node_op.links == []:
            return None
        return FastCall(run, types, self.closed, op, node_op.links).try_call

    # ----- results -----

    def results(self, outputs: list[float], given: Sequence[Any]) -> Any:
        """Return the function's result for the floats and Values `given`, from the outputs and their gradients."""
        has_nodes = self.gives_values and modes.recording.get()
        parents: list[Value] = []
        if has_nodes:
            parents = [x if type(x) is Value else Value(x) for x in given] + self.closed
        n, count = len(parents), len(self.program.outputs)

        def found(x: Any) -> Any:
            if not isinstance(x, Output):
                return x
            if isinstance(x, Number):
                return outputs[x] if x.constant is None else x.constant
            if not has_nodes:
                return Value(outputs[x])
            first = count + x * n
            partials, links = outputs[first : first + n], self._op(x, mapped=False)[1].links
            if links is None:
                return self.node(x, outputs[x], parents, partials)
            return self.node(x, outputs[x], linked(parents, links), [partials[k] for k, _ in links])

        return pytree.unflatten(self.structure, map(found, self.leaves))

    def form(self) -> tuple[Any, ...]:
        """Return the structure of the result and its constants, which all rows of a mapped call must share."""
        return self.structure, *[
            "..." if isinstance(leaf, Output) else leaf for leaf in self.leaves
        ]

    def node(
        self, index: int, data: float, parents: list[Value], partials: Any, *, mapped: bool = False
    ) -> Value:
        """Return the node of an output, or of its sum over rows if `mapped`; a leaf if it has no parents.

        Partials are a list, or an array of float64.
        """
        op = self._op(index, mapped)[0] if parents else ""
        if isinstance(partials, list):
            v: Value = registry.engine.node(data, op, tuple(parents), tuple(partials))
        else:
            v = node_of_array(data, op, parents, partials)
        return on_new_node(v) if modes.open_blocks else v

    def differentiable(self, index: int) -> set[int]:
        """Return the inputs with respect to which an output has derivatives."""
        return self._op(index, mapped=True)[1].differentiable

    def _op(self, index: int, mapped: bool) -> tuple[str, NodeOp]:
        """Return the operation of an output's nodes, and what it does."""
        key = index, mapped
        if key not in self._ops:
            node_op = NodeOp(
                self.spec.name, self.program, self.given, self.spec.options, index, mapped
            )
            self._ops[key] = register(node_op)
        return self._ops[key]

    # ----- over rows -----

    def row_kernel(
        self, columns: tuple[int, ...], gradient: bool, by_row: tuple[int, ...]
    ) -> RowKernel:
        """Return the kernel over rows; see kernels.compile_rows."""
        key = columns, gradient, by_row
        if key not in self._kernels:
            self._kernels[key] = kernels.rows(self.program, *key, self.spec.options)
        return self._kernels[key]  # type: ignore[no-any-return]

    # ----- to look inside -----

    def fixed(self) -> Program:
        """Return the program with the present data of captured Values in place of those inputs."""
        program, given = self.program, self.given
        code = [
            ("const", self.closed[instruction[1] - given].data)
            if instruction[0] == "input" and instruction[1] >= given
            else instruction
            for instruction in program.code
        ]
        return Program(code, program.inputs[:given], program.outputs, program.guards)

    def stages(self) -> stages.Stages:
        """Return the stages of each kernel that calls have used so far, compiled again to time them."""
        options = self.spec.options
        with stages.collected() as found:
            stages.emit("program", "capture.tracer", self.program)
            for key, kernel in [*self._kernels.items()]:
                if isinstance(key, bool):
                    run = kernels.compile_single(self.program, self.given, key, options)
                    if not isinstance(run, kernels.SingleKernel):  # compiled when first called
                        run([1.0] * len(self.program.inputs))
                    continue
                columns, gradient, by_row = key
                made = kernels.compile_rows(self.program, columns, gradient, by_row, options)
                for size in [*kernel.blocks]:
                    made.compile(size)
        return found
