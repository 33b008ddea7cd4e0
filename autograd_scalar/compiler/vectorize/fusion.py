"""Loop fusion: packs become loops, and results that only one loop needs stay in registers.

What a fold or a sum alone reads is inlined into its loop. A pack that reads the results of an earlier loop member by
member becomes that loop's last step. Every other pack begins a loop.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograd_scalar.compiler.options import MAX_FOLD_STEPS
from autograd_scalar.compiler.vectorize.loop_ir import Loop, Read, Step
from autograd_scalar.compiler.vectorize.packs import Effect, Pack, Packs


def fuse(packs: Packs, uses: Sequence[int]) -> list[Loop]:
    """Return the loops of packs, in an order in which they can run, given the number of uses of each instruction."""
    return _Fusion(packs, uses).loops


class _Fusion:
    def __init__(self, packs: Packs, uses: Sequence[int]) -> None:
        self.loops: list[Loop] = []
        self._packs, self._uses = packs, uses
        #: For packs with a step of their own: the number of the loop, and the step.
        self._home: dict[int, tuple[int, Step]] = {}
        #: For each instruction: its member of its loop, and whether it is inlined into its only reader's.
        self._member, self._is_inlined = [0] * len(uses), [False] * len(uses)
        #: The last loop of a single member: of uniform steps, and of those of each row.
        self._single = {False: -1, True: -1}
        inlining = [self._inlining_loop(pack) for pack in packs.found]
        for p, (pack, loop) in enumerate(zip(packs.found, inlining, strict=True)):
            indices = [index for index in pack.members if not self._is_inlined[index]]
            if loop is not None:
                self._add(p, len(self.loops), loop)
            elif indices:
                self._add(p, *self._fused(pack, indices))

    def _add(self, p: int, number: int, loop: Loop) -> None:
        """Record that the last step of a loop computes a pack."""
        if number == len(self.loops):
            self.loops.append(loop)
        step = loop.steps[-1]
        for i, index in enumerate(step.indices):
            self._member[index] = i
        self._home[p] = number, step
        if loop.count == 1 and step.op != Effect.ADD_UNIFORM:
            self._single[loop.varies] = number

    # ----- operands with one reader -----

    def _inlining_loop(self, pack: Pack) -> Loop | None:
        """Return the loop of a fold, or of a sum that inlines what it adds; None for other packs."""
        indices = [*pack.members]
        loop = Loop(pack.varies, len(indices), pack.length)
        if pack.length:
            (start,) = pack.operands(indices)
            term = self._inline(pack.terms, loop, loop.terms)
            loop.steps.append(Step(pack.op, indices, [Read(start), term], is_fold=True))
            return loop
        if pack.op == Effect.SUM_ROWS:
            operand = self._inline(pack.operands(indices)[0], loop, loop.steps)
            if isinstance(operand, Step):
                loop.steps.append(Step(Effect.SUM_ROWS, indices, [operand]))
                return loop
        return None

    def _inline(self, indices: list[int], loop: Loop, into: list[Step]) -> Step | Read:
        """Return an operand: a step of the loop where it has no other reader, and so for its own operands."""
        first = self._inlined(indices, 1, loop)
        if first is None:
            return Read(indices)
        steps = [first]
        for step in steps:
            for operand in step.operands:
                if isinstance(operand, Read) and len(steps) < MAX_FOLD_STEPS:
                    same = [
                        x
                        for x in step.operands
                        if isinstance(x, Read) and x.indices == operand.indices
                    ]
                    inlined = self._inlined(operand.indices, len(same), loop)
                    if inlined is not None:
                        step.operands = [inlined if x in same else x for x in step.operands]
                        steps.append(inlined)
        into += reversed(steps)
        return first

    def _inlined(self, indices: list[int], reads: int, loop: Loop) -> Step | None:
        """Return instructions as a step if they have that many uses, all of them by the one reader."""
        pack = self._packs.found[self._packs.of[indices[0]]]
        if not pack.members or pack.length or pack.varies != loop.varies:
            return None
        if any(self._uses[index] != reads for index in indices):
            return None
        for index in indices:
            self._is_inlined[index] = True
        return Step(pack.op, indices, [*map(Read, pack.operands(indices))])

    # ----- fusion with an earlier loop -----

    def _fused(self, pack: Pack, indices: list[int]) -> tuple[int, Loop]:
        """Return the number of the loop whose last step a pack becomes, and the loop."""
        operands = pack.operands(indices)
        homes = [self._home.get(self._packs.of[operand[0]]) for operand in operands]
        before = [h[0] for h in homes if h and self.loops[h[0]].varies == pack.varies]
        if len(indices) == 1:
            before.append(self._single[pack.varies])
        # a loop can take the pack only if all operands are computed in it or before it
        number = max(before, default=-1)
        if number >= 0 and pack.op != Effect.ADD_UNIFORM:
            loop = self.loops[number]
            steps = [h[1] if h and h[0] == number else None for h in homes]
            read = [operand for operand, step in zip(operands, steps, strict=True) if step]
            order = self._order(read, len(indices))
            if order is not None and len(indices) == loop.count and not loop.is_full:
                mixed = [
                    step or Read([operand[i] for i in order])
                    for operand, step in zip(operands, steps, strict=True)
                ]
                loop.steps.append(Step(pack.op, [indices[i] for i in order], mixed))
                return number, loop
        begun = Step(pack.op, indices, [*map(Read, operands)])
        return len(self.loops), Loop(pack.varies, len(indices), steps=[begun])

    def _order(self, read: Sequence[Sequence[int]], count: int) -> list[int] | None:
        """Return the order of the loop whose results are read; None unless each is read by one member."""
        ranks = [[self._member[index] for index in operand] for operand in read] or [[0]]
        if any(rank != ranks[0] for rank in ranks) or sorted(ranks[0]) != [*range(count)]:
            return None
        return sorted(range(count), key=ranks[0].__getitem__)
