"""Verify the forms of a function between the passes of the compiler: programs, loop programs, and LLVM IR.

A failure is a bug of the compiler. The verifier runs if AUTOGRAD_SCALAR_VERIFY=1, as under the tests.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import product
from typing import NoReturn

from autograd_scalar.compiler.ir import program as ir
from autograd_scalar.compiler.ir.rules import ARITHMETIC
from autograd_scalar.compiler.vectorize.access import Access, contiguous_strides
from autograd_scalar.compiler.vectorize.loop_ir import Loop, LoopProgram, Step
from autograd_scalar.compiler.vectorize.packs import EFFECTS, Effect
from autograd_scalar.ops.table import TABLE

_FOLDS = {ARITHMETIC[symbol] for symbol in "+-*"}
_UNIFORM = {"uniform", "shared", "const"}


class VerifierError(RuntimeError):
    """An illegal form: the message names the stage, the instruction, and what is wrong with it."""


def verify(form: ir.Program | LoopProgram | str) -> None:
    """Raise VerifierError if a program, a loop program or a module of LLVM IR is illegal.

    >>> verify(ir.Program([("input", 0), ("exp",)], ["x"], [1]))
    Traceback (most recent call last):
    autograd_scalar.compiler.verifier.VerifierError: program: instruction 1, ('exp',): exp takes x; got 0 operands
    """
    if isinstance(form, ir.Program):
        try:
            ir.check(form)
        except ir.ProgramError as error:
            raise VerifierError(f"program: {error}") from None
    elif isinstance(form, LoopProgram):
        _Loops(form).verify()
    else:
        _verify_llvm(form)


def _verify_llvm(text: str) -> None:
    """Parse a module and let LLVM verify it, where llvmlite is installed."""
    found = re.search(r".*<1 x .*", text)
    if found:  # see backends/llvm/libm.py
        raise VerifierError(f"llvm: one-element vectors can abort the process: {found[0].strip()}")
    try:
        import llvmlite.binding as llvm
    except ImportError:
        return
    try:
        llvm.parse_assembly(text).verify()
    except RuntimeError as error:
        raise VerifierError(f"llvm: {' '.join(str(error).split())}") from None


class _Loops:
    """Verification of one loop program, in the order in which it runs."""

    def __init__(self, program: LoopProgram) -> None:
        self.program = program
        layout = program.layout
        self.sizes = {
            **program.sizes,
            "shared": len(layout.shared),
            "const": len(program.constants),
            Effect.STORE_ROW: len(layout.rows),
            Effect.STORE_TOTAL: len(layout.sums),
            Effect.ADD_UNIFORM: len(layout.sums),
            Effect.STORE_FLAG: 1,
        }
        #: The number of values stored in each space so far; loops store to a space without gaps, in order.
        self.stored = {**self.sizes, "row": len(program.columns), "uniform": 0, Effect.SUM_ROWS: 0}
        #: The outputs that effects have stored so far.
        self.outputs: dict[str, list[int]] = {Effect.STORE_ROW: [], Effect.STORE_TOTAL: []}
        self.where = ""

    def fail(self, problem: str) -> NoReturn:
        raise VerifierError(f"loops: {self.where}{problem}")

    def verify(self) -> None:
        p = self.program
        if not all(0 <= k < len(p.layout.columns) for k in p.columns):
            self.fail(f"it reads columns {p.columns}; the layout has {len(p.layout.columns)}")
        for part, loops in p.parts.items():
            for i, loop in enumerate(loops):
                self.where = f"{part}, loop {i}: "
                self._verify_loop(loop, part)
        self.where = ""
        by_row, totals = self.outputs[Effect.STORE_ROW], self.outputs[Effect.STORE_TOTAL]
        if sorted(by_row) != [*range(len(p.layout.rows))]:
            self.fail(f"it stores outputs {by_row} of {len(p.layout.rows)} for each row")
        sums = p.sizes[Effect.SUM_ROWS]
        if len({*totals}) != len(totals) or len(totals) != sums:
            self.fail(f"it stores the totals of outputs {totals} for {sums} sums")
        for space, size in self.sizes.items():
            if self.stored[space] != size:
                self.fail(f"{self.stored[space]} of {size} values of {space} are stored")

    def _verify_loop(self, loop: Loop, part: str) -> None:
        if loop.count < 1 or math.prod(loop.nest) != loop.count:
            self.fail(f"the nest {loop.nest} does not have {loop.count} members")
        if loop.varies != (part == "for each row"):
            self.fail("it varies by row" if loop.varies else "it does not vary by row")
        if bool(loop.terms) > bool(loop.length) or (loop.length and not loop.steps[0].is_fold):
            self.fail("terms without a fold as the first step")
        where, stored = self.where, dict(self.stored)
        known: list[Step] = []
        for step in loop.terms:
            self.where = f"{where}term {step.op}: "
            self._verify_step(step, loop, known, loop.length)
            known.append(step)
        for step in loop.steps:
            self.where = f"{where}step {step.op}: "
            if not step.is_fold:  # a fold is the last to use the values of terms
                known = [s for s in known if s not in loop.terms]
            self._verify_step(step, loop, known, loop.length if step.is_fold else 1)
            self._verify_store(step, loop, part, stored)
            known.append(step)
        self.stored = stored

    def _verify_step(self, step: Step, loop: Loop, known: Sequence[Step], length: int) -> None:
        arity = 2 if step.is_fold else _arity(step.op)
        if len(step.operands) != arity:
            self.fail(f"{len(step.operands)} operands instead of {arity}")
        if step.is_fold and (step.op not in _FOLDS or loop.length < 2 or loop.steps[0] is not step):
            self.fail(f"a fold over {loop.length} terms")
        for number, operand in enumerate(step.operands):
            if isinstance(operand, Step):
                if operand not in known:
                    self.fail(f"operand {number} is not an earlier step of the loop")
                continue
            space = operand.access.space
            readable = {Effect.SUM_ROWS} if step.op == Effect.STORE_TOTAL else _UNIFORM
            if space not in readable and not (loop.varies and space == "row"):
                self.fail(f"it cannot read {operand.access}")
            terms = 1 if step.is_fold and number == 0 else length  # a fold's start is read once
            self._verify_range(operand.access, loop, terms, self.stored[space])

    def _verify_range(self, access: Access, loop: Loop, terms: int, size: int) -> None:
        """Fail unless all offsets are within a space of that size."""
        if len(access.strides) != len(loop.nest):
            self.fail(f"{access} has {len(access.strides)} strides for {len(loop.nest)} loops")
        counts = (*loop.nest, terms)
        low, high = _range((*access.strides, access.term_stride), counts)
        if access.table:
            first, last = _range((*access.table_strides, access.table_term_stride), counts)
            if not 0 <= first <= last < len(access.table):
                self.fail(f"{access} reads its table at {first} to {last}")
            low, high = low + min(access.table), high + max(access.table)
        low, high = access.base + low, access.base + high
        if not 0 <= low <= high < size:
            self.fail(
                f"{access} is at {low} to {high}, where {access.space} has {size} values so far"
            )

    def _verify_store(self, step: Step, loop: Loop, part: str, stored: dict[str, int]) -> None:
        """Fail unless results go where they belong; `stored` counts the values with those of this loop."""
        if step.op in EFFECTS:
            is_after = step.op in (Effect.ADD_UNIFORM, Effect.STORE_TOTAL)
            if part != ("after the rows" if is_after else "for each row"):
                self.fail(f"it must not run {part}")
        if step.store is None:
            if step.op in EFFECTS:
                self.fail("an effect without an output")
            return
        if step.op in EFFECTS - {Effect.SUM_ROWS}:
            if step.store.space != step.op:
                self.fail(f"it cannot store to {step.store}")
            self._verify_range(step.store, loop, 1, self.sizes[step.op])
            if step.op in self.outputs:
                self.outputs[step.op] += map(step.store.offset, product(*map(range, loop.nest)))
            return
        space = step.op if step.op == Effect.SUM_ROWS else "row" if loop.varies else "uniform"
        expected = Access(space, stored[space], contiguous_strides(loop.nest))
        if step.store != expected:
            self.fail(f"it stores to {step.store} instead of {expected}")
        stored[space] += loop.count


def _arity(op: str) -> int:
    """Return the number of operands of a primitive or an effect."""
    if op in EFFECTS:
        return 1
    return 4 if op.startswith("if") else len(TABLE[op].operands)


def _range(strides: Sequence[int], counts: Sequence[int]) -> tuple[int, int]:
    """Return the lowest and the highest sum of strides times indices below the counts."""
    ends = [stride * (count - 1) for stride, count in zip(strides, counts, strict=True)]
    return sum(end for end in ends if end < 0), sum(end for end in ends if end > 0)
