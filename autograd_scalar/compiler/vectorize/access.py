"""Affine access functions: where a loop finds an operand, base + i * stride + j * stride + ..., or through a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from autograd_scalar.compiler.options import MAX_MEMBER_ORDERS


class Access(NamedTuple):
    """The offset within a space at which a loop reads an operand or stores a result.

    For the member with indices i and term k of a fold, it is

        base + sum(i * strides) + k * term_stride + table[sum(i * table_strides) + k * table_term_stride]

    where the last summand is left out if there is no table.
    """

    #: The values that the offset counts: "row" and "uniform" results, "shared" inputs, "const", or an effect's outputs.
    space: str
    base: int
    strides: tuple[int, ...]
    term_stride: int = 0
    table: tuple[int, ...] = ()
    table_strides: tuple[int, ...] = ()
    table_term_stride: int = 0

    def offset(self, member: Sequence[int], term: int = 0) -> int:
        """Return the offset for a member and a term.

        >>> Access("shared", 2, (17,), 1).offset((3,), 4)
        57
        """
        offset = self.base + _dot(member, self.strides) + term * self.term_stride
        if self.table:
            entry = _dot(member, self.table_strides) + term * self.table_term_stride
            offset += self.table[entry]
        return offset

    def __str__(self) -> str:
        parts = [str(self.base)] if self.base else []
        parts += _products(self.strides, self.term_stride)
        if self.table:
            entry = " + ".join(_products(self.table_strides, self.table_term_stride)) or "0"
            parts.append(f"{{{', '.join(map(str, self.table))}}}[{entry}]")
        return f"{self.space}[{' + '.join(parts) or '0'}]"


#: The names of the members' indices, from the outermost loop; k is the term of a fold.
INDEX_NAMES = "ijlmnopqrs"


def _dot(xs: Sequence[int], ys: Sequence[int]) -> int:
    return sum(x * y for x, y in zip(xs, ys, strict=True))


def _products(strides: Sequence[int], term_stride: int) -> list[str]:
    """Return the summands of an offset that are not 0, as text."""
    named = [*zip(strides, INDEX_NAMES, strict=False), (term_stride, "k")]
    return [name if stride == 1 else f"{stride}*{name}" for stride, name in named if stride]


UNASSIGNED = Access("", 0, ())


def contiguous_strides(nest: Sequence[int]) -> tuple[int, ...]:
    """Return the strides of members stored side by side, the last index varying fastest.

    >>> contiguous_strides((2, 3, 4))
    (12, 4, 1)
    """
    strides = [1]
    for count in nest[:0:-1]:
        strides.append(strides[-1] * count)
    return tuple(reversed(strides[: len(nest)]))


def fit_nest(lists: Sequence[Sequence[int]], count: int) -> tuple[int, ...] | None:
    """Return the counts of nested loops in which every list of offsets is affine, or None.

    >>> fit_nest([[0, 0, 0, 1, 1, 1], [9, 7, 5, 9, 7, 5]], 6)
    (2, 3)
    """
    counts: list[int] = []
    while count > 1:
        run = min((_run(offsets) for offsets in lists), default=count)
        if count % run:
            return None
        for offsets in lists:
            stride = offsets[1] - offsets[0]
            affine = [start + i * stride for start in offsets[::run] for i in range(run)]
            if affine != list(offsets):
                return None
        counts.append(run)
        lists = [offsets[::run] for offsets in lists]
        count //= run
    return tuple(reversed(counts))


def _run(offsets: Sequence[int]) -> int:
    """Return how many offsets continue the stride of the first two."""
    stride, expected = offsets[1] - offsets[0], offsets[0]
    for i, offset in enumerate(offsets):
        if offset != expected:
            return i
        expected += stride
    return len(offsets)


def choose_order(
    lists: Sequence[Sequence[int]], count: int
) -> tuple[tuple[int, ...], list[int] | None]:
    """Return nested loops, and an order of the members, in which as many lists of offsets as possible are affine.

    The order is None if it can stay. Other candidates are sorted by one of the lists, then by the others.
    """
    natural = fit_nest(lists, count)
    if natural is not None:
        return natural, None
    orders = [[*range(count)]]
    for first in [*dict.fromkeys(map(tuple, lists))][:MAX_MEMBER_ORDERS]:
        keys = [*zip(first, *lists, strict=True)]
        orders.append(sorted(orders[0], key=keys.__getitem__))
    found = []
    for order in orders:
        ordered = [[offsets[i] for i in order] for offsets in lists]
        affine = [offsets for offsets in ordered if fit_nest([offsets], count) is not None]
        counts = fit_nest(affine, count)
        found.append((len(affine) if counts else 0, counts or (count,), order))
    _, counts, order = max(found, key=lambda one: one[0])
    return counts, order


def fit_access(space: str, offsets: Sequence[int], nest: Sequence[int], length: int = 1) -> Access:
    """Return the access function of offsets, given for each member in turn with its `length` terms side by side.

    It is affine where the offsets are, in the members or in the terms, and looks up the rest in a table.
    """
    base, firsts, terms = offsets[0], offsets[::length], offsets[:length]
    by_member, fixed = contiguous_strides(nest), (0,) * len(nest)
    strides = step = None
    if [*offsets] == [first + term - base for first in firsts for term in terms]:
        strides, step = _affine_strides(firsts, nest), _affine_strides(terms, (length,))
    if strides is not None and step is not None:
        return Access(space, base, strides, step[0])
    if step is not None:
        return Access(space, 0, fixed, step[0], tuple(firsts), by_member, 0)
    if strides is not None:
        return Access(space, 0, strides, 0, tuple(terms), fixed, 1)
    by_term = tuple(stride * length for stride in by_member)
    return Access(space, 0, fixed, 0, tuple(offsets), by_term, 1)


def _affine_strides(offsets: Sequence[int], nest: Sequence[int]) -> tuple[int, ...] | None:
    """Return the strides of offsets over nested loops, or None where they are not affine."""
    strides = [
        offsets[side] - offsets[0] if n > 1 else 0
        for side, n in zip(contiguous_strides(nest), nest, strict=True)
    ]
    affine = [offsets[0]]
    for count, stride in zip(nest, strides, strict=True):
        affine = [start + i * stride for start in affine for i in range(count)]
    return tuple(strides) if affine == list(offsets) else None
