"""Find the samples in a recorded Python loop: one sample's program, run over rows, and the rest.

Instructions are *isomorphic* if they have the same operation and isomorphic operands. Constants are isomorphic to one
another, and so are the inputs declared as data; any other input is isomorphic to itself alone. So a neuron, which has
weights of its own, leaves as many isomorphic instructions as there are samples, one in each. These are the rows, in the
order of the trace; an instruction that reads row i belongs to row i. Whatever does not repeat in every row (the sum of
the samples' losses, a penalty on the weights) is the rest, which reads some of the rows' results.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from autograd_scalar.compiler.ir.program import Builder, Guard, Instruction, Program
from autograd_scalar.compiler.ir.simplify import remove_dead_code
from autograd_scalar.compiler.options import MIN_OUTLINED_ROWS, MIN_OUTLINED_SHARE


class Outlined(NamedTuple):
    """A program as the program of a row, and the rest."""

    #: Its inputs are those of the whole program, followed by one for each column.
    row: Program
    #: The number in each row of each column: a const or an input of the whole program, as an instruction.
    columns: list[list[Instruction]]
    #: Its inputs are those of the whole program, followed by the results in `read`; its outputs are the program's.
    rest: Program
    #: The results that the rest reads: an output of the row's program, and the number of the row.
    read: list[tuple[int, int]]


def outline(program: Program, data: Collection[int] = ()) -> Outlined | None:
    """Return the row and the rest of a program, or None if it does not consist of rows.

    The inputs in `data` may differ from row to row, as constants may.

    >>> b = Builder(["w"])
    >>> products = [b.emit("mul", b.input(0), b.constant(x)) for x in (1.0, 2.0, 3.0, 5.0)]
    >>> errors = [b.emit("sub", product, b.constant(1.0)) for product in products]
    >>> found = outline(b.program([b.emit("sum", *errors)]))
    >>> print(found.row)
    w, c0 -> t4
      t2 = w * c0
      t4 = t2 - 1.0
    >>> print(found.rest)
    w, r0, r1, r2, r3 -> t4
      t4 = sum(r0, r1, r2, r3)
    """
    packs = _isomorphic(program, {*data})
    sizes = [len(pack) for pack in packs]
    total = sum(sizes)
    candidates = [
        (covered // rows + total - covered, rows)  # the size of both parts together
        for rows in {size for size in sizes if size >= MIN_OUTLINED_ROWS}
        if (covered := sum(size for size in sizes if size % rows == 0))
        >= MIN_OUTLINED_SHARE * total
    ]
    for _, rows in sorted(candidates):
        partition = _Partition(program, {*data}, packs, rows)
        if partition.covered >= MIN_OUTLINED_SHARE * total:
            return partition.outlined()
    return None


def _isomorphic(program: Program, data: Collection[int]) -> list[list[int]]:
    """Return the operations of a program as packs: lists of the indices of isomorphic ones."""
    packs: dict[tuple[object, ...], list[int]] = {}
    # the first instruction of each one's pack; -1 for leaves that may differ, and less for other inputs.
    kinds: list[int] = []
    for index, (op, *operands) in enumerate(program.code):
        if op == "const":
            kinds.append(-1)
        elif op == "input":
            kinds.append(-1 if operands[0] in data else -2 - operands[0])
        else:
            pack = packs.setdefault((op, *[kinds[operand] for operand in operands]), [])
            pack.append(index)
            kinds.append(pack[0])
    return [*packs.values()]


class _Partition:
    """The instructions of a program by row, given the number of rows."""

    def __init__(
        self, program: Program, data: Collection[int], packs: Sequence[Sequence[int]], rows: int
    ) -> None:
        self.program, self.rows = program, rows
        self.code = code = program.code
        #: For each instruction its row, or -1; and its group, those that are the same instruction in each row.
        self.row, self.group = [-1] * len(code), [-1] * len(code)
        self.groups: list[Sequence[int]] = []
        #: Whether it is a leaf that may differ from row to row, and whether it is the same for all rows.
        self.is_datum = [op == "const" or (op == "input" and x in data) for op, x, *_ in code]
        self.is_shared = [op == "const" or (op == "input" and x not in data) for op, x, *_ in code]
        self.covered = 0
        for pack in packs:
            each, odd = divmod(len(pack), rows)
            groups = [] if odd else [pack[j::each] for j in range(each)]
            if groups and all(map(self._is_aligned, groups)):
                self.covered += len(pack)
                for group in groups:
                    for row, index in enumerate(group):
                        self.row[index], self.group[index] = row, len(self.groups)
                    self.groups.append(group)
            else:
                for index in pack:
                    self.is_shared[index] = all(self.is_shared[o] for o in code[index][1:])

    def _is_aligned(self, group: Sequence[int]) -> bool:
        """Return True if each instruction reads values of its own row or values shared by all rows."""
        return all(
            self._is_operand(operands)
            for operands in zip(*[self.code[index][1:] for index in group], strict=True)
        )

    def _is_operand(self, indices: Sequence[int]) -> bool:
        """Return True if each row can read the instruction at its position in a list."""
        first = indices[0]
        if self.row[first] >= 0:
            group = self.group[first]
            return all(self.row[p] == i and self.group[p] == group for i, p in enumerate(indices))
        if self.is_datum[first]:
            return all(self.is_datum[p] for p in indices)
        return self.is_shared[first] and indices.count(first) == len(indices)

    def outlined(self) -> Outlined:
        """Return both programs."""
        self._builder = Builder(self.program.inputs)
        self._columns: dict[tuple[int, ...], int] = {}
        #: The index, in the row's program, of instructions of the first row and of shared ones.
        self._now: dict[int, int] = {}
        self._write_row()
        by_row, others = self._guards()
        read = self._read_by_rest(others)
        outputs = {group: k for k, group in enumerate(dict.fromkeys(self.group[p] for p in read))}
        firsts = [self._now[self.groups[group][0]] for group in outputs]
        return Outlined(
            remove_dead_code(self._builder.program(firsts, by_row)),
            [[self.code[index] for index in column] for column in self._columns],
            self._rest(read, others),
            [(outputs[self.group[index]], self.row[index]) for index in read],
        )

    def _write_row(self) -> None:
        """Write the instructions of the first row, and those shared by all rows."""
        for index, (op, *operands) in enumerate(self.code):
            row = self.row[index]
            if row == 0:
                peers = [self.code[peer][1:] for peer in self.groups[self.group[index]]]
                read = map(self._read, zip(*peers, strict=True))
                self._now[index] = self._builder.emit(op, *read)
            elif row < 0 and self.is_shared[index] and op not in ("const", "input"):
                self._now[index] = self._builder.emit(op, *map(self._leaf, operands))

    def _read_by_rest(self, guards: Sequence[Guard]) -> list[int]:
        """Return the instructions of rows that the rest reads."""
        read: list[int] = []
        for index, (op, *operands) in enumerate(self.code):
            if self.row[index] < 0 and op not in ("const", "input"):
                read += operands
        read += [*self.program.outputs, *(operand for g in guards for operand in (g.x, g.y))]
        return [*dict.fromkeys(index for index in read if self.row[index] >= 0)]

    def _rest(self, read: Sequence[int], guards: Sequence[Guard]) -> Program:
        """Return the program with the results of the rows as inputs."""
        program, code = self.program, [*self.code]
        for k, index in enumerate(read, len(program.inputs)):
            code[index] = ("input", k)
        inputs = [*program.inputs, *(f"r{k}" for k in range(len(read)))]
        return remove_dead_code(Program(code, inputs, program.outputs, guards))

    def _read(self, indices: tuple[int, ...]) -> int:
        """Return the index, in the row's program, of an operand given for each row."""
        first = indices[0]
        if first in self._now:
            return self._now[first]
        if indices.count(first) == len(indices):
            return self._leaf(first)
        if indices not in self._columns:
            self._columns[indices] = len(self._builder.inputs)
            self._builder.inputs.append(f"c{len(self._columns) - 1}")
        return self._builder.input(self._columns[indices])

    def _leaf(self, index: int) -> int:
        op, x, *_ = self.code[index]
        if op == "const":
            return self._builder.constant(x)
        return self._builder.input(x) if op == "input" else self._now[index]

    def _guards(self) -> tuple[list[Guard], list[Guard]]:
        """Return the guards that every row has, and the others."""
        isomorphic: dict[tuple[object, ...], list[Guard]] = {}
        for g in self.program.guards:
            kinds = tuple(
                self.group[p] if self.row[p] >= 0 else self.is_datum[p] or ~p for p in (g.x, g.y)
            )
            isomorphic.setdefault((g.symbol, g.outcome, *kinds), []).append(g)
        by_row, others = [], []
        for guards in isomorphic.values():
            pairs = [tuple(g.x for g in guards), tuple(g.y for g in guards)]
            if len(guards) == self.rows and all(map(self._is_operand, pairs)):
                by_row.append(guards[0]._replace(x=self._read(pairs[0]), y=self._read(pairs[1])))
            else:
                others += guards
        return by_row, others
