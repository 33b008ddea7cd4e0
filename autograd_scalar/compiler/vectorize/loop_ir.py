"""The loop IR: programs as loops over packs, whose operands lie at affine offsets in a few arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from autograd_scalar.compiler.ir.variance import RowLayout
from autograd_scalar.compiler.options import MAX_FOLD_STEPS, MAX_LOOP_STEPS
from autograd_scalar.compiler.vectorize.access import INDEX_NAMES, UNASSIGNED, Access
from autograd_scalar.compiler.vectorize.packs import EFFECTS, Effect


@dataclass(eq=False)
class Read:
    """An operand in memory: for each member the index of an instruction, and in a fold one for each term."""

    indices: list[int]
    access: Access = UNASSIGNED


@dataclass(eq=False)
class Step:
    """An instruction of a loop's body. A fold has two operands, its start and its term."""

    op: str
    #: The instruction that this is for each member, and among a fold's terms for each term of each member.
    indices: list[int]
    operands: list[Step | Read]
    is_fold: bool = False
    #: Where the results are stored, if another loop reads them, or where an effect goes.
    store: Access | None = None


@dataclass(eq=False)
class Loop:
    """Steps computed for each member of a pack; `terms` are those computed for each term of a fold, the first step."""

    #: Whether the loop runs for each row.
    varies: bool
    #: The number of members.
    count: int
    #: The number of terms of the fold, else 0.
    length: int = 0
    terms: list[Step] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    #: The members as nested loops: the count of each, the outermost first.
    nest: tuple[int, ...] = ()

    @property
    def body(self) -> list[Step]:
        return [*self.terms, *self.steps]

    @property
    def reads(self) -> list[Read]:
        return [x for step in self.body for x in step.operands if isinstance(x, Read)]

    @property
    def is_full(self) -> bool:
        """True if no step may be added."""
        has_sum = any(step.op == Effect.SUM_ROWS for step in self.steps)
        most = MAX_FOLD_STEPS if self.length or has_sum else MAX_LOOP_STEPS
        return len(self.steps) >= most

    def __str__(self) -> str:
        names = {step: f"s{i}" for i, step in enumerate(self.body)}
        nested = ", ".join(f"{name} < {n}" for name, n in zip(INDEX_NAMES, self.nest, strict=False))
        lines = [f"for {nested}:" if nested else "once:"]
        for step in self.steps:
            lines.append(f"  {_text(step, names, self.length)}")
            if step.is_fold:
                lines += [f"    {_text(term, names)}" for term in self.terms]
        return "\n".join(lines)


def _text(step: Step, names: dict[Step, str], length: int = 0) -> str:
    operands = [names[x] if isinstance(x, Step) else str(x.access) for x in step.operands]
    if step.op in EFFECTS:
        return f"{step.store} <- {operands[0]}"
    text = f"{step.op} {', '.join(operands)}"
    if step.is_fold:
        text = f"fold {step.op} of {operands[1]} for k < {length} from {operands[0]}"
    return f"{names[step]} = {text}{'' if step.store is None else f' -> {step.store}'}"


class LoopProgram(NamedTuple):
    """A program as loops: those before the loop over rows, those within it, and those after it.

    Its text lists them. `i` and `j` are the indices of a member, `k` is the term of a fold, and a step's results go to
    the array behind the arrow:

        for i < 24:
          s1 = fold add of s0 for k < 16 from shared[16 + 17*i] -> row[16 + i]
            s0 = mul shared[17*i + k], row[k]
    """

    before: list[Loop]
    by_row: list[Loop]
    after: list[Loop]
    #: The columns that are read: the first values of each row.
    columns: list[int]
    #: The number of values in each space that steps store to: "row", columns included, "uniform", and SUM_ROWS.
    sizes: dict[str, int]
    #: The numbers in the space "const".
    constants: list[float]
    #: The inputs and outputs.
    layout: RowLayout

    @property
    def loops(self) -> list[Loop]:
        return [*self.before, *self.by_row, *self.after]

    @property
    def parts(self) -> dict[str, list[Loop]]:
        """The loops by when they run."""
        return {
            "before the rows": self.before,
            "for each row": self.by_row,
            "after the rows": self.after,
        }

    def __str__(self) -> str:
        row, uniform, sums = self.sizes.values()
        spaces = f"row: {row}, uniform: {uniform}, sums: {sums}"
        lines = [f"columns: {self.columns}; {spaces}; constants: {self.constants}"]
        for heading, loops in self.parts.items():
            if loops:
                lines.append(heading)
                lines += [f"  {line}" for loop in loops for line in str(loop).splitlines()]
        return "\n".join(lines)
