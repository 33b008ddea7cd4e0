"""The operation of the nodes that compiled functions return: recompute() and higher derivatives."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograd_scalar.compiler.errors import JitError
from autograd_scalar.compiler.ir.program import COMPARISONS, Program
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

    def evaluate(self, *operands: float) -> tuple[float, tuple[float, ...]]:
        self._check()
        run = kernels.single(self.program, self.given, True, self.options)
        found, failed = run(operands)
        if failed >= 0:
            raise JitError(
                f"{self.name} takes another path for the present data "
                f"({flipped(self.program, operands)}): call it again"
            )
        first = len(self.program.outputs) + self.index * len(operands)
        return found[self.index], tuple(found[first : first + len(operands)])

    def replay(self, *operands: Value) -> Value:
        self._check()
        return replayed(self.program, operands)[self.index]

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
