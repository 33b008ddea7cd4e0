"""What the nodes of a compiled function can do after the call that made them; see floats.CompiledCall."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from typing import Any

from autograd_scalar.compiler.errors import JitError
from autograd_scalar.compiler.ir.program import COMPARISONS, Program
from autograd_scalar.compiler.options import Options
from autograd_scalar.compiler.runtime import kernels
from autograd_scalar.ops.evaluate import CALLS
from autograd_scalar.ops.table import TABLE
from autograd_scalar.value import RECORD, Value

#: What answers for nodes of functions that are gone: one that is compiled within another often is.
_latest: deque[Call] = deque(maxlen=100)


class Call:
    """An output of a program, or its sum over rows where these were `mapped`. It holds no function and no Value."""

    def __init__(
        self,
        name: str,
        program: Program,
        given: int,
        options: Options,
        index: int,
        mapped: bool,
    ) -> None:
        self.name, self.program, self.given = name, program, given
        self.options, self.index, self.mapped = options, index, mapped

    def evaluate(self, *operands: float) -> tuple[float, tuple[float, ...]]:
        self._check()
        run = kernels.single(self.program, self.given, True, self.options)
        found, failed = run(operands)
        if failed >= 0:
            raise JitError(
                f"{self.name} would take another way with the present data ({flip(self.program, operands)}): "
                "call it again"
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


def register(call: Call) -> tuple[str, Call]:
    """Return the operation that the nodes have, and what answers for it, which is to be held on to.

    The operation carries a checksum of the program: a node that was pickled finds the same program or none.
    """
    told = repr((kernels.shape(call.program), call.index, call.mapped))
    op = f"jit_{call.name}#{hashlib.blake2b(told.encode(), digest_size=12).hexdigest()}"
    answering: Any = CALLS.setdefault(op, call)
    _latest.append(answering)
    return op, answering


def replayed(program: Program, inputs: Sequence[Value]) -> list[Value]:
    """Return the outputs of a program as graphs of what was recorded, over some Values."""
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


def flip(program: Program, inputs: Sequence[float]) -> str:
    """Return, in words, the first comparison that comes out otherwise than it was recorded; one does."""
    compared = [place for g in program.guards for place in (g.x, g.y)]
    numbers = iter(Program(program.code, program.inputs, compared).run(inputs))
    pairs = zip(numbers, numbers, strict=True)
    flipped = next(
        g
        for g, (x, y) in zip(program.guards, pairs, strict=True)
        if COMPARISONS[g.symbol](x, y) is not g.outcome
    )
    return f"the comparison {flipped.symbol} at {flipped.location} was {flipped.outcome}"
