"""The operation of the nodes that compiled functions return: recompute() and higher derivatives."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograd_scalar.compiler.errors import JitError
from autograd_scalar.compiler.ir.program import COMPARISONS, Program
from autograd_scalar.compiler.ir.variance import inputs_under
from autograd_scalar.compiler.options import MAX_ORPHANED_OPS, Options
from autograd_scalar.compiler.runtime import kernels
from autograd_scalar.ops.evaluate import CALLS
from autograd_scalar.ops.table import TABLE
from autograd_scalar.value import RECORD, Value

#: Keeps the ops of functions that are gone.
_latest: deque[NodeOp] = deque(maxlen=MAX_ORPHANED_OPS)


@dataclass(eq=False)
class NodeOp:
    """The operation of a compiled node: an output of a program, or its sum over rows if `mapped`.

    It holds neither the function nor any Value.
    """

    name: str
    program: Program
    given: int
    options: Options
    index: int
    mapped: bool

    def __post_init__(self) -> None:
        output = [self.program.outputs[self.index]]
        compared = self.program.roots[len(self.program.outputs) :]
        #: The inputs with respect to which the output has derivatives. No others are parents of the node: the partial 0
        #: of one that the path does not read would be nan above the infinite slope of a root at 0.
        self.differentiable = inputs_under(self.program, output, stops=True)
        #: The inputs behind the node's parents, in order. Those that are only compared or detached have to be known, so
        #: they have leaves of their own among the parents.
        self.inputs = sorted(inputs_under(self.program, [*output, *compared], stops=False))
        #: Each of them, with whether it is a parent itself; None if every input is.
        self.links: list[tuple[int, bool]] | None = None
        if len(self.differentiable) < len(self.program.inputs):
            self.links = [(k, k in self.differentiable) for k in self.inputs]

    def evaluate(self, *operands: float) -> tuple[float, tuple[float, ...]]:
        self._check()
        numbers = self._all_inputs(operands, 0.0)
        run = kernels.single(self.program, self.given, True, self.options)
        found, failed = run(numbers)
        if failed >= 0:
            raise JitError(
                f"{self.name} takes another path for the present data "
                f"({flipped(self.program, numbers)}): call it again"
            )
        first = len(self.program.outputs) + self.index * len(numbers)
        return found[self.index], tuple([found[first + k] for k in self.inputs])

    def replay(self, *operands: Value) -> Value:
        self._check()
        return replayed(self.program, self._all_inputs(operands, Value(0.0)))[self.index]

    def _all_inputs(self, operands: Sequence[Any], absent: Any) -> list[Any]:
        """Return the program's inputs, given those behind the parents."""
        inputs = [absent] * len(self.program.inputs)
        for k, operand in zip(self.inputs, operands, strict=True):
            inputs[k] = operand
        return inputs

    def _check(self) -> None:
        if self.mapped:
            raise JitError(
                f"{self.name} was mapped over rows, which its node does not keep; "
                "compile the derivative instead: jit(grad(f))"
            )


def register(node_op: NodeOp) -> tuple[str, NodeOp]:
    """Return the name of a node's operation, and the NodeOp behind it, which the caller has to keep alive.

    The name carries a checksum of the program: a node that was pickled finds the same program or none.
    """
    content = repr((kernels.fingerprint(node_op.program), node_op.index, node_op.mapped))
    op = f"jit_{node_op.name}#{hashlib.blake2b(content.encode(), digest_size=12).hexdigest()}"
    registered: Any = CALLS.setdefault(op, node_op)
    _latest.append(registered)
    return op, registered


def replayed(program: Program, inputs: Sequence[Value]) -> list[Value]:
    """Return the outputs of a program as the graphs that were recorded, over other Values."""
    values: list[Any] = []
    for op, *operands in program.code:
        if op == "input":
            values.append(inputs[operands[0]])
        elif op == "const":
            values.append(Value(operands[0]))
        elif op == "stop":
            values.append(values[operands[0]].detach())
        else:
            values.append(RECORD[op](*TABLE[op].split([values[place] for place in operands])))
    return [values[place] for place in program.outputs]


def flipped(program: Program, inputs: Sequence[float]) -> str:
    """Return a description of the first comparison whose outcome differs from the recorded one; there must be one."""
    compared = [place for g in program.guards for place in (g.x, g.y)]
    numbers = iter(Program(program.code, program.inputs, compared).run(inputs))
    pairs = zip(numbers, numbers, strict=True)
    guard = next(
        g
        for g, (x, y) in zip(program.guards, pairs, strict=True)
        if COMPARISONS[g.symbol](x, y) is not g.outcome
    )
    return f"the comparison {guard.symbol} at {guard.location} was {guard.outcome}"
