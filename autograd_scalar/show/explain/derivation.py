"""The lines of a derivation by the chain rule, in text and in LaTeX, and what values are called in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from math import inf, isnan

from autograd_scalar.ops.table import TABLE
from autograd_scalar.show.formula.symbolic import (
    CLOSING,
    LATEX,
    OPENING,
    TEXT,
    Script,
    factor,
    local_derivative,
    operation,
    rounded,
    write_text,
)
from autograd_scalar.value import Value

#: How long both sides of a forward line may be before it becomes two, and what may stand on one line
#: of a derivation before each term gets its own.
SIDES_WIDTH, SYMBOLS_WIDTH, NUMBERS_WIDTH = 80, 44, 36


@dataclass(frozen=True, eq=False)
class Notation:
    """What the values of a graph are called. What has no name is a constant and written as its number."""

    y: Value
    names: Mapping[Value, str]
    shown: frozenset[Value]  # what is explained; written even in the middle of a long list
    most_uses: int

    def stand_in(self, v: Value) -> Value:
        """Return a leaf that is written as v is."""
        return Value(v.data, self.names.get(v))

    def derivative(self, v: Value, script: Script) -> str:
        """Return the derivative of y by v in symbols."""
        return script.derivative(self.names[self.y], self.names[v])


@dataclass(frozen=True, eq=False)
class Assignment:
    """A line of the forward part: a value, and the operation that made it, in symbols and in numbers."""

    node: Value
    name: str
    _notation: Notation
    _given: bool = False  # whether how it came about is left out

    @property
    def value(self) -> float:
        """The number itself."""
        return self.node.data

    @property
    def formula(self) -> str:
        """The operation over its operands' names, as text; "" for a leaf."""
        return self._sides(TEXT)[0] if self.node.op else ""

    def latex(self) -> str:
        """Return the line in LaTeX, for mathematics mode."""
        return " = ".join([LATEX.name(self.name), *self._sides(LATEX)])

    def rows(self, script: Script) -> list[Row]:
        """Return the line in cells: name, symbols, numbers, value; in two rows where it is long."""
        name, sides = script.name(self.name), self._sides(script)
        if len(sides) == 3 and sum(map(len, self._sides(TEXT)[:2])) > SIDES_WIDTH:
            return [(name, f"= {sides[0]}"), ("", f"= {sides[1]} = {sides[2]}")]
        return [(name, *(f"= {side}" for side in sides))]

    def _sides(self, script: Script) -> list[str]:
        value = script.write(rounded(self.node.data))
        if not self.node.op or self._given:
            return [value]
        made = (
            operation(self.node, stand_in, self._notation.shown)
            for stand_in in (self._notation.stand_in, lambda v: rounded(v.data))
        )
        return [*dict.fromkeys(map(script.write, made)), value]

    def __repr__(self) -> str:
        return " = ".join([self.name, *self._sides(TEXT)])


@dataclass(frozen=True, eq=False)
class Term:
    """One use of a value: the derivative that arrives at its user, times the user's local derivative."""

    user: Value
    position: int  # among the user's parents
    upstream: float
    partial: float
    _notation: Notation

    @property
    def product(self) -> float:
        """What this use adds to the value's derivative."""
        return self.partial * self.upstream

    @property
    def local(self) -> str:
        """The local derivative in symbols, as text: "1 - o**2"."""
        return self._local(TEXT, write_text)

    @property
    def symbols(self) -> str:
        """The product in symbols, as text."""
        return self.written(TEXT)[0]

    @property
    def numbers(self) -> str:
        """The product in numbers, as text."""
        return self.written(TEXT)[1]

    def written(self, script: Script, *, first: bool = True) -> tuple[str, str]:
        """Return the product in symbols and in numbers, as the first one or a later one of a sum."""
        symbols = self._notation.derivative(self.user, script)
        upstream, partial = rounded(self.upstream), rounded(self.partial)
        numbers = script.write(upstream) if first else factor(upstream, script.write)
        local = self._local(script, lambda expression: factor(expression, script.write))
        return symbols + script.dot + local, numbers + script.dot + factor(partial, script.write)

    def _local(self, script: Script, write: Callable[[Value], str]) -> str:
        local = local_derivative(self.user, self.position, self._notation.stand_in)
        if local is None:  # no row says it
            used, names = self.user.parents[self.position], self._notation.names
            return script.derivative(names[self.user], names[used])
        return write(local)

    def __repr__(self) -> str:
        return f"{self.symbols} = {self.numbers}"


#: A line in cells, one for each column; all but the first begin with their = or +.
Row = Sequence[str]


@dataclass(frozen=True, eq=False)
class Step:
    """A line of the backward part: the derivative of y by one value, summed over the value's uses.

    `terms` has a Term for every use, in the order in which backpropagation adds them; none where
    the value is y itself, or y does not depend on it. `adjoint` is the derivative.
    """

    node: Value
    name: str
    terms: Sequence[Term]
    adjoint: float
    _notation: Notation

    @property
    def value(self) -> float:
        """The node's own number."""
        return self.node.data

    @property
    def formula(self) -> str:
        """How the node's value came about, as text; "" for a leaf."""
        return Assignment(self.node, self.name, self._notation).formula

    @property
    def symbols(self) -> str:
        """The sum of the terms in symbols, as text."""
        return " + ".join(symbols for symbols, _ in self._sum(TEXT))

    @property
    def numbers(self) -> str:
        """The sum of the terms in numbers, as text."""
        return " + ".join(numbers for _, numbers in self._sum(TEXT))

    def latex(self) -> str:
        """Return the step in LaTeX, for mathematics mode."""
        sides = map(" + ".join, zip(*self._sum(LATEX), strict=True))
        derivative, result = self._notation.derivative(self.node, LATEX), self._result(LATEX)
        return " = ".join([derivative, *sides, result])

    def strongest(self) -> list[Term]:
        """Return the terms that are written where there are too many: the largest, in order."""
        most = self._notation.most_uses
        if len(self.terms) <= most:
            return list(self.terms)
        by_size = sorted(range(len(self.terms)), key=lambda i: -size(self.terms[i].product))
        return [self.terms[i] for i in sorted(by_size[:most])]

    def _sum(self, script: Script) -> list[tuple[str, str]]:
        """Return the terms in symbols and in numbers, and what is left out of many as one more."""
        strongest = self.strongest()
        written = [term.written(script, first=not i) for i, term in enumerate(strongest)]
        if left_out := len(self.terms) - len(strongest):
            kept = set(strongest)
            together = sum(term.product for term in self.terms if term not in kept)
            uses = script.words(f"{left_out:,} more use{'s' * (left_out > 1)},")
            number = factor(rounded(together), script.write)
            written.append((uses, script.words("together ") + number))
        return written

    def _result(self, script: Script) -> str:
        result, y = script.write(rounded(self.adjoint)), self._notation.y
        if self.terms or self.node is y:
            return result
        names = script.name(self._notation.names[y]), script.name(self.name)
        return result + script.words(", since ") + script.words(" does not depend on ").join(names)

    def rows(self, script: Script) -> list[Row]:
        """Return the step in cells: one row where it is short, else one for each term."""
        left, terms = self._notation.derivative(self.node, script), self._sum(script)
        result = f"= {self._result(script)}"
        if not terms:
            return [(left, result)]
        joined = [" + ".join(side) for side in zip(*terms, strict=True)]
        short = len(self.symbols) <= SYMBOLS_WIDTH and len(self.numbers) <= NUMBERS_WIDTH
        if short or len(terms) == 1:
            terms = [(joined[0], joined[1])]
        rows: list[Row] = [("", f"+ {symbols}", f"+ {numbers}") for symbols, numbers in terms]
        rows[0] = (left, *(f"= {side}" for side in terms[0]))
        rows[-1] = (*rows[-1], result)
        return rows

    def __repr__(self) -> str:
        return "\n".join(aligned(self.rows(TEXT)))


def aligned(rows: Sequence[Row]) -> list[str]:
    """Return rows as lines of text with their cells in columns; the last cell of a row may be of any length."""
    widths = [
        max(map(len, cells)) for cells in zip_longest(*(row[:-1] for row in rows), fillvalue="")
    ]
    widths.append(0)
    padded = (map(str.ljust, row, widths) for row in rows)
    return [" ".join(cells).rstrip() for cells in padded]


def size(number: float) -> float:
    """Return how much a number matters: nan more than any other."""
    return inf if isnan(number) else abs(number)


# ----- what values are called -----

_WORD = re.compile(r"[^\W\d][\w.']*(\[[\w.'\"]+\])*")
_LONGEST = 60


def names_in(
    order: Sequence[Value], asked: Sequence[Value], own: Mapping[Value, str]
) -> dict[Value, str]:
    """Return a name of its own for every node of a topological order but constants, and for all asked about."""
    y = order[-1]
    labels = {v: _word(label) for v in (*order, *asked) if (label := own.get(v) or v.label)}
    variables = {*asked, y}
    if not any(v in labels for v in order if not v.op):
        variables.update(_free_leaves(order))
    taken, numbers = set(labels.values()), Counter[str]()
    names: dict[Value, str] = {}

    def numbered(stem: str) -> str:
        name = ""
        while not name or name in taken:
            numbers[stem] += 1
            name = f"{stem}{numbers[stem]}"
        return name

    bearers = Counter[str]()
    for v in dict.fromkeys((*order, *asked)):
        if v in labels:
            bearers[labels[v]] += 1
            names[v] = labels[v] + (f"#{n}" if (n := bearers[labels[v]]) > 1 else "")
        elif v is y and "y" not in taken:
            names[v] = "y"
        elif v.op or v in variables:
            names[v] = numbered("v" if v.op else "x")
    return names


def _word(label: str) -> str:
    """Return a label that reads as one word, in a line, whatever is in it."""
    label = label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"
    signs = (sign if sign.isprintable() else ascii(sign)[1:-1] for sign in label)
    return label if _WORD.fullmatch(label) else f"{OPENING}{''.join(signs)}{CLOSING}"


def _free_leaves(order: Iterable[Value]) -> set[Value]:
    """Return the leaves but for those that are only exponents, slopes and the like."""
    free: set[Value] = set()
    for v in order:
        row = TABLE.get(v.op)
        settings = {row.fixed, *row.defaults} if row is not None else set()
        if row is None or row.lists or not settings - {None}:
            free.update(p for p in v.parents if not p.op)
        else:
            pairs = zip(row.operands, v.parents, strict=True)
            free.update(p for operand, p in pairs if not p.op and operand not in settings)
    return free
