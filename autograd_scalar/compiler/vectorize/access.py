"""Where loops find their operands: indices by rule, i * stride + j * stride + ..., or else by table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Slot(NamedTuple):
    """Where a loop finds an operand, or puts a result.

    Its index is base + the members' indices times `strides` + the term's index times `step`, to which a number of the
    table is added that `table_strides` and `table_step` find in the same way.
    """

    #: Whose index it is: of a result by row or for all rows, a shared input, a number, an output.
    space: str
    base: int
    strides: tuple[int, ...]
    step: int = 0
    table: tuple[int, ...] = ()
    table_strides: tuple[int, ...] = ()
    table_step: int = 0


NOWHERE = Slot("", 0, ())


def contiguous(nest: Sequence[int]) -> tuple[int, ...]:
    """Return the strides of members that lie side by side."""
    strides = [1]
    for count in nest[:0:-1]:
        strides.append(strides[-1] * count)
    return tuple(reversed(strides[: len(nest)]))


def nest(lists: Sequence[Sequence[int]], count: int) -> tuple[int, ...] | None:
    """Return nested loops in which all indices follow a rule, or None.

    >>> nest([[0, 0, 0, 1, 1, 1], [9, 7, 5, 9, 7, 5]], 6)
    (2, 3)
    """
    counts: list[int] = []
    while count > 1:
        run = min((_run(indices) for indices in lists), default=count)
        if count % run:
            return None
        for indices in lists:
            stride = indices[1] - indices[0]
            rule = [start + i * stride for start in indices[::run] for i in range(run)]
            if rule != list(indices):
                return None
        counts.append(run)
        lists = [indices[::run] for indices in lists]
        count //= run
    return tuple(reversed(counts))


def _run(indices: Sequence[int]) -> int:
    """Return how many indices follow the rule of the first two."""
    stride, expected = indices[1] - indices[0], indices[0]
    for i, index in enumerate(indices):
        if index != expected:
            return i
        expected += stride
    return len(indices)


def arrangement(
    lists: Sequence[Sequence[int]], count: int
) -> tuple[tuple[int, ...], list[int] | None]:
    """Return nested loops in which as many of the lists as can be follow a rule, and in which order of the members.

    The order is None where it can stay; else it is by one of the lists, then by the others.
    """
    natural = nest(lists, count)
    if natural is not None:
        return natural, None
    orders = [[*range(count)]]
    for first in [*dict.fromkeys(map(tuple, lists))][:4]:
        keys = [*zip(first, *lists, strict=True)]
        orders.append(sorted(orders[0], key=keys.__getitem__))
    found = []
    for order in orders:
        ordered = [[indices[i] for i in order] for indices in lists]
        regular = [indices for indices in ordered if nest([indices], count) is not None]
        counts = nest(regular, count)
        found.append((len(regular) if counts else 0, counts or (count,), order))
    _, counts, order = max(found, key=lambda one: one[0])
    return counts, order


def slot(space: str, indices: Sequence[int], nest: Sequence[int], length: int = 1) -> Slot:
    """Return the slot of indices, of which each member has `length` side by side."""
    base, firsts, terms = indices[0], indices[::length], indices[:length]
    flat, still = contiguous(nest), (0,) * len(nest)
    if length > 1 and [*indices] != [first + term - base for first in firsts for term in terms]:
        by_member = tuple(stride * length for stride in flat)
        return Slot(space, 0, still, 0, tuple(indices), by_member, 1)
    strides = _by_rule(firsts, nest)
    step = terms[1] - terms[0] if length > 1 else 0
    if [*terms] == [base + k * step for k in range(length)]:
        if strides is not None:
            return Slot(space, base, strides, step)
        return Slot(space, 0, still, step, tuple(firsts), flat, 0)
    if strides is not None:
        return Slot(space, 0, strides, 0, tuple(terms), still, 1)
    by_member = tuple(stride * length for stride in flat)
    return Slot(space, 0, still, 0, tuple(indices), by_member, 1)


def _by_rule(indices: Sequence[int], nest: Sequence[int]) -> tuple[int, ...] | None:
    """Return the strides of indices, or None where they have none."""
    strides = [
        indices[side] - indices[0] if n > 1 else 0
        for side, n in zip(contiguous(nest), nest, strict=True)
    ]
    rule = [indices[0]]
    for count, stride in zip(nest, strides, strict=True):
        rule = [start + i * stride for start in rule for i in range(count)]
    return tuple(strides) if rule == list(indices) else None
