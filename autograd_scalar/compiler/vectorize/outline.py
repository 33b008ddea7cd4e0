"""A loop over samples that was recorded as one long program, taken apart again: one sample's program, and the rest.

Instructions are *alike* when they do the same to operands that are alike. Numbers are all alike, and so are the inputs
that are said to be data; any other input is like itself only. So a neuron, which has its own weights, makes as many
like instructions as there are samples: one in each. Those are the lanes, in the order in which they were recorded; what
reads lane i is of lane i. Whatever is not repeated in every lane (the sum of the samples' losses, a penalty on the
weights) is the rest, which reads some of the lanes' results.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from autograd_scalar.compiler.ir.program import Builder, Guard, Instruction, Program
from autograd_scalar.compiler.ir.simplify import remove_dead_code

#: It is not worth it for fewer lanes, nor where less than this part of the operations is in lanes.
FEWEST, COVERED = 4, 0.5


class Unbatched(NamedTuple):
    """A program as a program for each row, and the rest."""

    #: Its inputs are those of the whole program, and then one for each column.
    row: Program
    #: What a column's input is in each row: a const or an input of the whole program, as an instruction.
    columns: list[list[Instruction]]
    #: Its inputs are those of the whole program, and then the results of rows in `read`; its outputs the program's.
    rest: Program
    #: The results of rows that the rest reads: an output of the row's program, and the row's number.
    read: list[tuple[int, int]]


def unbatched(program: Program, data: Collection[int] = ()) -> Unbatched | None:
    """Return a program taken apart into rows, or None where it is not made of rows.

    The inputs in `data` may differ from row to row, as numbers may.

    >>> b = Builder(["w"])
    >>> products = [b.emit("mul", b.input(0), b.constant(x)) for x in (1.0, 2.0, 3.0, 5.0)]
    >>> errors = [b.emit("sub", product, b.constant(1.0)) for product in products]
    >>> found = unbatched(b.program([b.emit("sum", *errors)]))
    >>> print(found.row)
    w, c0 -> t4
      t2 = w * c0
      t4 = t2 - 1.0
    >>> print(found.rest)
    w, r0, r1, r2, r3 -> t4
      t4 = sum(r0, r1, r2, r3)
    """
    alike = _alike(program, {*data})
    sizes = [len(places) for places in alike]
    total = sum(sizes)
    candidates = [
        (covered // lanes + total - covered, lanes)  # how much code both parts would be
        for lanes in {size for size in sizes if size >= FEWEST}
        if (covered := sum(size for size in sizes if size % lanes == 0)) >= COVERED * total
    ]
    for _, lanes in sorted(candidates):
        split = _Split(program, {*data}, alike, lanes)
        if split.covered >= COVERED * total:
            return split.result()
    return None


def _alike(program: Program, data: Collection[int]) -> list[list[int]]:
    """Return the operations of a program, those together that are alike."""
    leaf = 0
    known: dict[tuple[object, ...], int] = {}
    found: list[list[int]] = []
    of: list[int] = []
    for place, instruction in enumerate(program.code):
        op = instruction[0]
        if op == "const":
            of.append(leaf)
        elif op == "input":
            of.append(leaf if instruction[1] in data else -1 - instruction[1])
        else:
            key = (op, *[of[operand] for operand in instruction[1:]])
            number = known.setdefault(key, len(known) + 1)
            of.append(number)
            if number > len(found):
                found.append([])
            found[number - 1].append(place)
    return found


class _Split:
    """A program with so many lanes."""

    def __init__(
        self, program: Program, data: Collection[int], alike: Sequence[Sequence[int]], lanes: int
    ) -> None:
        self.program, self.lanes = program, lanes
        self.code = code = program.code
        #: Of each place its lane, or -1; and the group of those that are the same instruction in each lane.
        self.lane, self.group = [-1] * len(code), [-1] * len(code)
        self.groups: list[Sequence[int]] = []
        #: Whether it is a leaf that may differ from row to row, and whether it is the same for all rows.
        self.is_datum = [op == "const" or (op == "input" and x in data) for op, x, *_ in code]
        self.is_shared = [op == "const" or (op == "input" and x not in data) for op, x, *_ in code]
        self.covered = 0
        for places in alike:
            each, odd = divmod(len(places), lanes)
            groups = [] if odd else [places[j::each] for j in range(each)]
            if groups and all(map(self._is_aligned, groups)):
                self.covered += len(places)
                for group in groups:
                    for lane, place in enumerate(group):
                        self.lane[place], self.group[place] = lane, len(self.groups)
                    self.groups.append(group)
            else:
                for place in places:
                    self.is_shared[place] = all(self.is_shared[o] for o in code[place][1:])

    def _is_aligned(self, group: Sequence[int]) -> bool:
        """Return whether each instruction reads what is of its own lane, or what all lanes share."""
        return all(
            self._is_operand(operands)
            for operands in zip(*[self.code[place][1:] for place in group], strict=True)
        )

    def _is_operand(self, places: Sequence[int]) -> bool:
        """Return whether lanes can read these, the first of them the first and so on."""
        first = places[0]
        if self.lane[first] >= 0:
            group = self.group[first]
            return all(self.lane[p] == i and self.group[p] == group for i, p in enumerate(places))
        if self.is_datum[first]:
            return all(self.is_datum[p] for p in places)
        return self.is_shared[first] and places.count(first) == len(places)

    def result(self) -> Unbatched:
        """Return both programs."""
        self._row = Builder(self.program.inputs)
        self._columns: dict[tuple[int, ...], int] = {}
        #: Where the lanes' instructions, and those that they share, are in the row's program.
        self._now: dict[int, int] = {}
        for place, (op, *_) in enumerate(self.code):
            lane = self.lane[place]
            if lane == 0:
                peers = [self.code[peer][1:] for peer in self.groups[self.group[place]]]
                self._now[place] = self._row.emit(op, *map(self._read, zip(*peers, strict=True)))
            elif lane < 0 and self.is_shared[place] and op not in ("const", "input"):
                self._now[place] = self._row.emit(op, *map(self._leaf, self.code[place][1:]))

        by_row, others = self._guards()
        rest = Builder(self.program.inputs)
        wanted: dict[int, int] = {}  # the groups that the rest reads, and which output each is
        read: dict[int, int] = {}  # the places that it reads, and where
        now: list[int] = []

        def reading(place: int) -> int:
            if self.lane[place] < 0:
                return now[place]
            if place not in read:
                wanted.setdefault(self.group[place], len(wanted))
                rest.inputs.append(f"r{len(read)}")
                read[place] = rest.input(len(rest.inputs) - 1)
            return read[place]

        for place, (op, *places) in enumerate(self.code):
            if op == "const":
                now.append(rest.constant(places[0]))
            elif op == "input":
                now.append(rest.input(places[0]))
            else:
                now.append(rest.emit(op, *map(reading, places)) if self.lane[place] < 0 else -1)
        outputs = [reading(place) for place in self.program.outputs]
        guards = [g._replace(x=reading(g.x), y=reading(g.y)) for g in others]
        row = self._row.program([self._now[self.groups[group][0]] for group in wanted], by_row)
        return Unbatched(
            remove_dead_code(row),
            [[self.code[place] for place in column] for column in self._columns],
            remove_dead_code(rest.program(outputs, guards)),
            [(wanted[self.group[place]], self.lane[place]) for place in read],
        )

    def _read(self, places: tuple[int, ...]) -> int:
        """Return where the row's program has what the lanes read."""
        first = places[0]
        if first in self._now:
            return self._now[first]
        if places.count(first) == len(places):
            return self._leaf(first)
        if places not in self._columns:
            self._columns[places] = len(self._row.inputs)
            self._row.inputs.append(f"c{len(self._columns) - 1}")
        return self._row.input(self._columns[places])

    def _leaf(self, place: int) -> int:
        op, x, *_ = self.code[place]
        if op == "const":
            return self._row.constant(x)
        return self._row.input(x) if op == "input" else self._now[place]

    def _guards(self) -> tuple[list[Guard], list[Guard]]:
        """Return the guards that each row has, and the others."""
        alike: dict[tuple[object, ...], list[Guard]] = {}
        for g in self.program.guards:
            places = (g.x, g.y)
            key = tuple(
                self.group[p] if self.lane[p] >= 0 else self.is_datum[p] or ~p for p in places
            )
            alike.setdefault((g.symbol, g.outcome, *key), []).append(g)
        by_row, others = [], []
        for guards in alike.values():
            pairs = [tuple(g.x for g in guards), tuple(g.y for g in guards)]
            if len(guards) == self.lanes and all(map(self._is_operand, pairs)):
                by_row.append(guards[0]._replace(x=self._read(pairs[0]), y=self._read(pairs[1])))
            else:
                others += guards
        return by_row, others
