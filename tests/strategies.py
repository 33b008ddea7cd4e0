"""Random expression graphs over every row of the table, for hypothesis.

A drawn Program is straight-line code: input numbers, and steps that each apply a row to earlier results. Operands that
would leave a row's domain are first squashed into it by further steps, so that a program has the same meaning for
floats, Values and PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from autograd_scalar import functions
from autograd_scalar.ops.evaluate import evaluate
from autograd_scalar.ops.table import BUILT_IN, TABLE, public
from autograd_scalar.value import Value

ROWS = [row.name for row in public() if row.name in BUILT_IN]

#: Operands that a row treats as constants: its derivative with respect to them is 0 by definition.
CONSTANT_OPERANDS = {("pow_const", "y")}


def flat_operands(name: str, length: int = 3) -> list[str]:
    """Return the operand that each parent of a row's node belongs to, lists having `length` elements."""
    row = TABLE[name]
    return [o for o in row.operands for _ in range(length if o in row.lists else 1)]


def domains(name: str, length: int = 3) -> list[tuple[float, float]]:
    """Return the interval that each parent of a row's node may be sampled in."""
    of = dict(zip(TABLE[name].operands, TABLE[name].domain, strict=True))
    return [of[operand] for operand in flat_operands(name, length)]


@dataclass(frozen=True)
class Program:
    """Input numbers, constants, and steps, each a row with the positions of its operands.

    Positions count through the inputs, then the constants, then the results of the steps.
    """

    inputs: tuple[float, ...]
    constants: tuple[float, ...]
    steps: tuple[tuple[str, tuple[int, ...]], ...]

    def run(
        self, inputs: Sequence[Any], apply: Callable[..., Any], lift: Callable[[float], Any] = Value
    ) -> Any:
        """Return the last result, given the inputs, `apply(row's name, *operands)` and what makes a constant."""
        nodes = [*inputs, *map(lift, self.constants)]
        for name, positions in self.steps:
            nodes.append(apply(name, *TABLE[name].split([nodes[i] for i in positions])))
        return nodes[-1]

    def values(self) -> tuple[list[Value], Value]:
        """Return the inputs as Values, and the program's last result."""
        inputs = [Value(data) for data in self.inputs]
        return inputs, self.run(inputs, call)


def call(name: str, *operands: Any) -> Any:
    """Return the result of a row's public function."""
    return getattr(functions, name)(*operands)


#: Numbers that are not multiples of 0.5, so that no drawn number is at a kink; computed ones may be.
numbers = st.integers(-(2**20), 2**20).map(lambda i: (2 * i + 1) / 2**20)


@st.composite
def programs(
    draw: st.DrawFn, must: str | None = None, rows: Sequence[str] = ROWS, most: int = 8
) -> Program:
    """Return a program with a step of the row `must`, whose last result depends on all others."""
    inputs = draw(st.lists(numbers, min_size=2, max_size=4))
    chosen = draw(st.lists(st.sampled_from(rows), max_size=most))
    if must is not None:
        chosen.insert(draw(st.integers(0, len(chosen))), must)

    nodes: list[tuple[str, int]] = [("input", i) for i in range(len(inputs))]
    floats = dict(zip(nodes, inputs, strict=True))
    constants: list[float] = []
    steps: list[tuple[str, tuple[tuple[str, int], ...]]] = []

    def apply(name: str, *operands: tuple[str, int]) -> tuple[str, int]:
        node = ("step", len(steps))
        steps.append((name, operands))
        floats[node] = evaluate(name, *TABLE[name].split([floats[o] for o in operands]))[0]
        nodes.append(node)
        return node

    def constant(number: float) -> tuple[str, int]:
        node = ("constant", len(constants))
        constants.append(number)
        floats[node] = number
        return node

    def within(node: tuple[str, int], low: float, high: float) -> tuple[str, int]:
        if low <= floats[node] <= high:
            return node
        share = apply("mul", constant(high - low), apply("sigmoid", node))
        return apply("add", constant(low), share)

    for name in chosen:
        length = draw(st.integers(1, 3))
        operands = []
        for operand, (low, high) in zip(
            flat_operands(name, length), domains(name, length), strict=True
        ):
            if (name, operand) in CONSTANT_OPERANDS:
                operands.append(constant(draw(st.sampled_from([-1.0, 0.5, 1.0, 1.5, 2.0, 3.0]))))
            else:
                operands.append(within(draw(st.sampled_from(nodes)), low, high))
        apply(name, *operands)

    used = {operand for _, operands in steps for operand in operands}
    apply("sum", *[node for node in nodes if node not in used])
    offset = {"input": 0, "constant": len(inputs), "step": len(inputs) + len(constants)}
    placed = [(name, tuple(offset[kind] + i for kind, i in operands)) for name, operands in steps]
    return Program(tuple(inputs), tuple(constants), tuple(placed))
