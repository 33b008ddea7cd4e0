"""Instructions that do the same to operands of the same kind, found again in straight-line code.

A *pattern* is an operation together with the patterns of its operands; of leaves only the kind counts: a number, an
input that all rows share, an input that differs by row. A layer's 32 activations are instructions of one pattern, and
so are the 2,048 products of its gradient. Instructions of one pattern are equally deep, so none depends on another, and
the patterns can be computed in the order in which they are met.

z = z + t, again and again, with nobody else reading what comes in between, is a *fold*: one instruction with many
terms, which are added in the same order. Else each addition of a dot product would be a pattern of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from autograd_scalar.compiler.ir.program import Instruction
from autograd_scalar.compiler.ir.rules import ARITHMETIC

_ADD, _SUB, _MUL = (ARITHMETIC[symbol] for symbol in "+-*")
_COMMUTES = {_ADD, _MUL}
#: What folds are made of. Operations of one family go on from one another's results: z + a - b is one chain.
_FAMILY = {_ADD: _ADD, _SUB: _ADD, _MUL: _MUL}
#: Where a fold may start without changing anything, not even the sign of a zero.
_NEUTRAL = {_ADD: -0.0, _MUL: 1.0}

#: Instructions that hand a number out, which programs do not have: for each row; added up over the rows; added to such
#: a sum as often as there are rows; the number of guards that fail; and what a sum comes to after the rows.
OUT, SUM, SAME, FAILED, TOTAL = "out", "sum of rows", "same for all rows", "failed", "total"
RESULTS = {OUT, SUM, SAME, FAILED, TOTAL}

#: The patterns of leaves.
_NUMBER, _SHARED, _COLUMN = range(3)


@dataclass
class Pattern:
    """Instructions of one pattern by place, with their operands: of a fold what it starts from, then `length` terms."""

    op: str
    #: Whether it is done for each row.
    varies: bool
    length: int = 0
    members: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def operands(self, places: Sequence[int]) -> list[list[int]]:
        """Return a list of each operand of some of the instructions; of folds, only of what they start from."""
        members = [self.members[place] for place in places]
        if self.length:
            return [[member[0] for member in members]]
        return [[*operand] for operand in zip(*members, strict=True)]

    @property
    def terms(self) -> list[int]:
        """The terms of all folds, one fold's after the other's."""
        return [place for member in self.members.values() for place in member[1:]]


class Patterns:
    """The patterns of a code, in which neutral numbers may be put; what `uses` says is read never is left out."""

    def __init__(
        self, code: list[Instruction], columns: Sequence[bool], uses: Sequence[int]
    ) -> None:
        #: The patterns of leaves come first, and have no members.
        self.found = [Pattern("number", False), Pattern("shared", False), Pattern("column", True)]
        #: Of each place the number of its pattern.
        self.of = [_NUMBER] * len(code)
        self._code = code
        self._known: dict[tuple[str, int, tuple[int, ...]], int] = {}
        self._neutral: dict[str, int] = {}
        before, inside = _chains(code, uses)
        for place in range(len(uses)):
            op, *operands = code[place]
            if op == "const" or not uses[place] or inside[place]:
                continue
            if op == "input":
                self.of[place] = _COLUMN if columns[operands[0]] else _SHARED
            elif before[place] < 0:
                self._enter(place, op, operands)
            else:
                self._enter_chain(place, before)

    def _enter(self, place: int, op: str, operands: Sequence[int], length: int = 0) -> None:
        """Put an instruction into its pattern."""
        if op in _COMMUTES and self.of[operands[0]] > self.of[operands[1]] and not length:
            operands = (operands[1], operands[0])
        kinds = tuple([self.of[operand] for operand in operands[: 2 if length else None]])
        number = self._known.setdefault((op, length, kinds), len(self.found))
        if number == len(self.found):
            # What is handed out for a row is so even where it is the same for all.
            varies = op in (OUT, FAILED) or any(self.found[kind].varies for kind in kinds)
            self.found.append(Pattern(op, varies, length))
        self.found[number].members[place] = tuple(operands)
        self.of[place] = number

    def _enter_chain(self, last: int, before: Sequence[int]) -> None:
        """Put the instructions of a chain into patterns: folds, where terms that follow one another are alike."""
        places = [last]
        while before[places[-1]] >= 0:
            places.append(before[places[-1]])
        places.reverse()
        ops = [self._code[place][0] for place in places]
        start, *terms = self._code[places[0]][1:]
        for previous, place in pairwise(places):
            x, y = self._code[place][1:]
            terms.append(y if x == previous else x)
        kinds = [self.of[term] for term in terms]
        if ops[0] in _COMMUTES and kinds[0] != kinds[1] == self.of[start]:
            start, terms[0] = terms[0], start
            kinds[0] = kinds[1]
        first = 0
        while first < len(places):
            op, kind = ops[first], kinds[first]
            end = first + 1
            while end < len(places) and ops[end] == op and kinds[end] == kind:
                end += 1
            run = terms[first:end]
            if first == 0 and op in _NEUTRAL and self.of[start] == kind:
                run.insert(0, start)
                start = self._neutral_place(op)
            self._enter(places[end - 1], op, (start, *run), len(run) if len(run) > 1 else 0)
            start = places[end - 1]
            first = end

    def _neutral_place(self, op: str) -> int:
        if op not in self._neutral:
            self._neutral[op] = len(self._code)
            self._code.append(("const", _NEUTRAL[op]))
            self.of.append(_NUMBER)
        return self._neutral[op]


def _chains(code: Sequence[Instruction], uses: Sequence[int]) -> tuple[list[int], list[bool]]:
    """Return of each instruction the one that it goes on from, or -1, and whether another goes on from it."""
    before, inside, length = [-1] * len(code), [False] * len(code), [1] * len(code)
    for place, (op, *operands) in enumerate(code):
        family = _FAMILY.get(op)
        if family is None or not uses[place]:
            continue
        x, y = operands
        links = [
            link
            for link in ((x, y) if op in _COMMUTES else (x,))
            if uses[link] == 1 and _FAMILY.get(code[link][0]) == family
        ]
        if links:
            link = max(links, key=length.__getitem__)  # the last term of a long sum may be a sum
            before[place], inside[link], length[place] = link, True, length[link] + 1
    return before, inside
