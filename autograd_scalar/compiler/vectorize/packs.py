"""Packs: isomorphic instructions of straight-line code, as in superword-level parallelism (SLP).

A *pack* holds the instructions with the same operation whose operands belong to the same packs; leaves are packed by
kind alone: constants, inputs shared by all rows, inputs that vary by row. The 32 activations of a layer are one pack,
and so are the 2,048 products of its gradient. The instructions of a pack have the same depth, so none depends on
another, and packs can be computed in the order in which they are found.

A chain z = z + t, in which nothing else reads the intermediate results, is a *fold*: one instruction with many terms,
added in the same order. Otherwise each addition of a dot product would be a pack of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby, pairwise

from autograd_scalar.compiler.ir.algebra import COMMUTATIVE
from autograd_scalar.compiler.ir.program import Instruction
from autograd_scalar.compiler.ir.rules import ARITHMETIC

_ADD, _SUB, _MUL = (ARITHMETIC[symbol] for symbol in "+-*")
#: The operations of folds. Those of one family continue one another's results: z + a - b is one chain.
_FAMILY = {_ADD: _ADD, _SUB: _ADD, _MUL: _MUL}
#: The number from which a fold can start without changing the result, not even the sign of a zero.
NEUTRAL = {_ADD: -0.0, _MUL: 1.0}

#: The packs of leaves.
_CONST, _SHARED, _COLUMN = range(3)


class Effect(StrEnum):
    """Instructions with an effect, which programs do not have."""

    #: Store an output of each row.
    STORE_ROW = "store_row"
    #: Store the flag of each row, given how many of its guards fail.
    STORE_FLAG = "store_flag"
    #: Add a value of each row to a sum.
    SUM_ROWS = "sum_rows"
    #: Add a uniform value to a sum, times the number of rows.
    ADD_UNIFORM = "add_uniform"
    #: Store a sum after the last row.
    STORE_TOTAL = "store_total"


EFFECTS = frozenset(Effect)


@dataclass
class Pack:
    """Isomorphic instructions with their operands; those of a fold are its start and `length` terms."""

    op: str
    #: Whether the instructions are computed for each row.
    varies: bool
    #: The number of terms of a fold, else 0.
    length: int = 0
    #: The operands of each instruction, by the instruction's index.
    members: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def operands(self, indices: Sequence[int]) -> list[list[int]]:
        """Return, for each operand, its index in each of some instructions; of folds, the start alone."""
        members = [self.members[index] for index in indices]
        if self.length:
            return [[member[0] for member in members]]
        return [[*operand] for operand in zip(*members, strict=True)]

    @property
    def terms(self) -> list[int]:
        """The terms of all folds, one fold after another."""
        return [index for member in self.members.values() for index in member[1:]]


class Packs:
    """The packs of a code. Instructions without uses are left out; neutral numbers may be appended to the code."""

    def __init__(
        self, code: list[Instruction], columns: Collection[int], uses: Sequence[int]
    ) -> None:
        #: The packs of leaves come first, and have no members.
        self.found = [Pack("const", False), Pack("shared", False), Pack("column", True)]
        #: The number of each instruction's pack.
        self.of = [_CONST] * len(code)
        self._code = code
        self._known: dict[tuple[str, int, tuple[int, ...]], int] = {}
        self._neutral: dict[str, int] = {}
        chains = _chains(code, uses)
        inside = {index for chain in chains.values() for index in chain[:-1]}
        for index in range(len(uses)):
            op, *operands = code[index]
            if op == "const" or not uses[index] or index in inside:
                continue
            if op == "input":
                self.of[index] = _COLUMN if operands[0] in columns else _SHARED
            elif len(chains.get(index, ())) > 1:
                self._add_chain(chains[index])
            else:
                self._add(index, op, operands)

    def _add(self, index: int, op: str, operands: Sequence[int], length: int = 0) -> None:
        """Add an instruction to its pack."""
        if op in COMMUTATIVE and self.of[operands[0]] > self.of[operands[1]] and not length:
            operands = (operands[1], operands[0])
        kinds = tuple([self.of[operand] for operand in operands[: 2 if length else None]])
        number = self._known.setdefault((op, length, kinds), len(self.found))
        if number == len(self.found):
            # An output of each row is stored for each row even if it is uniform.
            varies = op in (Effect.STORE_ROW, Effect.STORE_FLAG) or any(
                self.found[kind].varies for kind in kinds
            )
            self.found.append(Pack(op, varies, length))
        self.found[number].members[index] = tuple(operands)
        self.of[index] = number

    def _add_chain(self, chain: Sequence[int]) -> None:
        """Add the instructions of a chain to packs; a run of isomorphic terms becomes one fold."""
        ops = [self._code[index][0] for index in chain]
        start, *terms = self._code[chain[0]][1:]
        for previous, index in pairwise(chain):
            x, y = self._code[index][1:]
            terms.append(y if x == previous else x)
        kinds = [self.of[term] for term in terms]
        if ops[0] in COMMUTATIVE and kinds[0] != kinds[1] == self.of[start]:
            start, terms[0] = terms[0], start
            kinds[0] = kinds[1]
        steps = zip(ops, kinds, chain, terms, strict=True)
        for (op, kind), run in groupby(steps, key=lambda step: step[:2]):
            _, _, indices, added = zip(*run, strict=True)
            if indices[0] == chain[0] and op in NEUTRAL and self.of[start] == kind:
                added = (start, *added)
                start = self._neutral_number(op)
            last = indices[-1]
            self._add(last, op, (start, *added), len(added) if len(added) > 1 else 0)
            start = last

    def _neutral_number(self, op: str) -> int:
        """Return the index of an operation's neutral number, which is appended to the code once."""
        if op not in self._neutral:
            self._neutral[op] = len(self._code)
            self._code.append(("const", NEUTRAL[op]))
            self.of.append(_CONST)
        return self._neutral[op]


def _chains(code: Sequence[Instruction], uses: Sequence[int]) -> dict[int, list[int]]:
    """Return chains of instructions, each of which is the only reader of the one before, by their last instructions."""
    chains: dict[int, list[int]] = {}
    for index, (op, *operands) in enumerate(code):
        if op in _FAMILY and uses[index]:
            links = [
                link
                for link in (operands if op in COMMUTATIVE else operands[:1])
                if uses[link] == 1 and _FAMILY.get(code[link][0]) == _FAMILY[op]
            ]
            # the last term of a long sum may be a sum
            chain = chains.pop(max(links, key=lambda link: len(chains[link]))) if links else []
            chain.append(index)
            chains[index] = chain
    return chains
