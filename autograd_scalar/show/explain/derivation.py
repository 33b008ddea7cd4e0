"""Lines of a derivation by the chain rule: assignments, steps and their terms, as text and as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import zip_longest
from math import inf, isnan
from operator import add

from autograd_scalar.ops.table import symbol
from autograd_scalar.show.explain.words import Sentence, sentence
from autograd_scalar.show.formula.symbolic import (
    LATEX,
    TEXT,
    Script,
    factor,
    local_derivative,
    operation,
    rounded,
    write_text,
)
from autograd_scalar.value import Value

#: Maximum width of the sides of an assignment on one line; of the symbols and of the numbers of a
#: step on one line, above which each term gets a separate line.
SIDES_WIDTH, SYMBOLS_WIDTH, NUMBERS_WIDTH = 80, 44, 36
#: Maximum width of a formula that stands for its value in a sentence, and of operations within each other.
FORMULA_WIDTH, FORMULA_LEVELS = 40, 3
#: A name that was given to an operation without a label.
_NUMBERED = re.compile(r"v\d+")
#: Minimum number of terms or steps with the same text that are written once.
FOLDED = 4


@dataclass(frozen=True, eq=False)
class Notation:
    """Names of the values of a graph; a value without a name is a constant, written as its number."""

    y: Value
    names: Mapping[Value, str]
    shown: frozenset[Value]  # the explained values, written even in the middle of a long list
    max_uses: int

    def stand_in(self, v: Value) -> Value:
        """Return a leaf with the name and the number of v."""
        return Value(v.data, self.names.get(v))

    def described(self, v: Value) -> str | None:
        """Return the name of a value, or its formula if it has no name of its own; None for a constant."""
        if not self._is_numbered(v):
            return self.names.get(v)
        for levels in range(FORMULA_LEVELS, 0, -1):
            formula = write_text(self._written_out(v, levels))
            if len(formula) <= FORMULA_WIDTH:
                return formula
        return self.names[v]

    def _is_numbered(self, v: Value) -> bool:
        """Return True for an operation whose name is only a number."""
        name = self.names.get(v, "")
        is_given = name == "y" if v is self.y else _NUMBERED.fullmatch(name)
        return bool(v.op and not v.label and is_given)

    def _written_out(self, v: Value, levels: int) -> Value:
        """Return the operation of a value over the names of its operands, those without one written out too."""
        if not levels or not self._is_numbered(v):
            return self.stand_in(v)
        return operation(v, lambda p: self._written_out(p, levels - 1), self.shown)

    def derivative(self, v: Value, script: Script) -> str:
        """Return the derivative of y with respect to v in symbols."""
        return script.derivative(self.names[self.y], self.names[v])


@dataclass(frozen=True, eq=False)
class Assignment:
    """A line of the forward pass: a value and its operation, in symbols and in numbers."""

    node: Value
    name: str
    _notation: Notation
    _given: bool = False  # its operation is left out

    @property
    def value(self) -> float:
        """The number."""
        return self.node.data

    @property
    def formula(self) -> str:
        """The operation over the names of its operands, as text; "" for a leaf."""
        return self._sides(TEXT)[0] if self.node.op else ""

    def latex(self) -> str:
        """Return the line in LaTeX, for math mode."""
        return " = ".join([LATEX.name(self.name), *self._sides(LATEX)])

    def rows(self, script: Script) -> list[Row]:
        """Return the line as cells: name, symbols, numbers, value; two rows if it is long."""
        name, sides = script.name(self.name), self._sides(script)
        if len(sides) == 3 and sum(map(len, self._sides(TEXT)[:2])) > SIDES_WIDTH:
            return [(name, f"= {sides[0]}"), ("", f"= {sides[1]} = {sides[2]}")]
        return [(name, *(f"= {side}" for side in sides))]

    def _sides(self, script: Script) -> list[str]:
        value = script.write(rounded(self.node.data))
        if not self.node.op or self._given:
            return [value]
        operations = (
            operation(self.node, stand_in, self._notation.shown)
            for stand_in in (self._notation.stand_in, lambda v: rounded(v.data))
        )
        return [*dict.fromkeys(map(script.write, operations)), value]

    def __repr__(self) -> str:
        return " = ".join([self.name, *self._sides(TEXT)])


@dataclass(frozen=True, eq=False)
class Term:
    """One use of a value: the upstream gradient, that of the user, times the user's local derivative."""

    user: Value
    position: int  # of the value among the user's parents
    upstream: float
    partial: float
    _notation: Notation

    @property
    def product(self) -> float:
        """The contribution of this use to the value's gradient."""
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

    @property
    def sentence(self) -> Sentence:
        """The effect of the operation on the gradient, and its reason, in words."""
        described = self._notation.described
        return sentence(self.user, self.position, self.partial, self.local, described)

    def written(self, script: Script, *, first: bool = True) -> tuple[str, str]:
        """Return the product in symbols and in numbers; a later term of a sum has negative numbers in parentheses."""
        symbols = self._notation.derivative(self.user, script)
        upstream, partial = rounded(self.upstream), rounded(self.partial)
        numbers = script.write(upstream) if first else factor(upstream, script.write)
        local = self._local(script, lambda expression: factor(expression, script.write))
        return symbols + script.dot + local, numbers + script.dot + factor(partial, script.write)

    def _local(self, script: Script, write: Callable[[Value], str]) -> str:
        local = local_derivative(self.user, self.position, self._notation.stand_in)
        if local is None:  # no row defines it: the derivative of the function
            used, names = self.user.parents[self.position], self._notation.names
            return script.derivative(symbol(self.user.op), names.get(used) or str(self.position))
        return write(local)

    def __repr__(self) -> str:
        return f"{self.symbols} = {self.numbers}"


def _groups(terms: list[Term]) -> Iterable[list[Term]]:
    """Return terms with the same user and numbers in groups of the same text; few terms are groups of one."""
    if len(terms) < FOLDED:
        return [[term] for term in terms]
    by_text: dict[str, list[Term]] = {}
    for term in terms:
        by_text.setdefault(term.local, []).append(term)
    return by_text.values()


#: The cells of a line, one per column; all but the first begin with = or +.
Row = Sequence[str]


@dataclass(frozen=True, eq=False)
class Step:
    """A line of the backward pass: the gradient of one value, as a sum over its uses.

    `adjoint` is the gradient, dy/dnode. `terms` has a Term per use, in the order in which
    backpropagation adds them; it is empty for y itself and for values that y does not depend on.
    """

    node: Value
    name: str
    terms: Sequence[Term]
    adjoint: float
    _notation: Notation

    @property
    def value(self) -> float:
        """The number of the node."""
        return self.node.data

    @property
    def formula(self) -> str:
        """The operation that made the node, as text; "" for a leaf."""
        return Assignment(self.node, self.name, self._notation).formula

    @property
    def symbols(self) -> str:
        """The sum of the terms in symbols, as text: "∂y/∂c · b"."""
        return " + ".join(symbols for symbols, _ in self._sum(TEXT))

    @property
    def numbers(self) -> str:
        """The sum of the terms in numbers, as text: "-11 · (-3)"."""
        return " + ".join(numbers for _, numbers in self._sum(TEXT))

    def latex(self) -> str:
        """Return the step in LaTeX, for math mode."""
        sides = map(" + ".join, zip(*self._sum(LATEX), strict=True))
        derivative, result = self._notation.derivative(self.node, LATEX), self._result(LATEX)
        return " = ".join([derivative, *sides, result])

    def strongest(self) -> list[list[Term]]:
        """Return the terms to write, in order: all, or the largest up to the maximum.

        Terms with the same user, numbers and text are one group, unless they are few.
        """
        same: dict[tuple[Value, float], list[Term]] = {}
        for term in self.terms:
            same.setdefault((term.user, term.partial), []).append(term)
        groups = [group for terms in same.values() for group in _groups(terms)]
        order = {term: place for place, term in enumerate(self.terms)}
        by_size = sorted(groups, key=lambda g: (-magnitude(g[0].product * len(g)), order[g[0]]))
        return sorted(by_size[: self._notation.max_uses], key=lambda g: order[g[0]])

    def _sum(self, script: Script) -> list[tuple[str, str]]:
        """Return the terms in symbols and in numbers; those left out are one more, with their sum."""
        groups = self.strongest()
        written = []
        for place, group in enumerate(groups):
            times = "" if len(group) == 1 else f"{len(group):,}{script.dot}"
            symbols, numbers = group[0].written(script, first=not place and not times)
            written.append((times + symbols, times + numbers))
        kept = {term for group in groups for term in group}
        if left_out := len(self.terms) - len(kept):
            total = reduce(add, (term.product for term in self.terms if term not in kept))
            uses = script.words(f"({left_out:,} more use{'s' * (left_out > 1)})")
            written.append((uses, factor(rounded(total), script.write)))
        return written

    def _result(self, script: Script) -> str:
        result, y = script.write(rounded(self.adjoint)), self._notation.y
        if self.terms or self.node is y:
            return result
        names = script.name(self._notation.names[y]), script.name(self.name)
        return result + script.words(", since ") + script.words(" does not depend on ").join(names)

    def rows(self, script: Script, alike: Sequence[Step] = ()) -> list[Row]:
        """Return the step as cells: one row if it is short, else one row per term.

        It stands for `alike` steps too, whose sides are the same.
        """
        left, terms = self._notation.derivative(self.node, script), self._sum(script)
        result = f"= {self._result(script)}"
        if alike:
            first = self._notation.derivative(alike[-1].node, script)
            left = f"{first}{script.dots}{left}"
            result += script.words(f" for each of {len(alike) + 1:,}")
        if not terms:
            return [(left, result)]
        symbols, numbers = (" + ".join(side) for side in zip(*terms, strict=True))
        if len(self.symbols) <= SYMBOLS_WIDTH and len(self.numbers) <= NUMBERS_WIDTH:
            terms = [(symbols, numbers)]
        rows: list[Row] = [("", f"+ {symbols}", f"+ {numbers}") for symbols, numbers in terms]
        rows[0] = (left, *(f"= {side}" for side in terms[0]))
        rows[-1] = (*rows[-1], result)
        return rows

    @property
    def sides(self) -> tuple[str, str]:
        """The symbols and the numbers: steps in which both are the same are written once."""
        return self.symbols, self.numbers

    def __repr__(self) -> str:
        return "\n".join(aligned(self.rows(TEXT)))


def aligned(rows: Sequence[Row]) -> list[str]:
    """Return rows as lines of text, cells padded to columns; the last cell of a row is not padded."""
    widths = [
        max(map(len, cells)) for cells in zip_longest(*(row[:-1] for row in rows), fillvalue="")
    ]
    widths.append(0)
    padded = (map(str.ljust, row, widths) for row in rows)
    return [" ".join(cells).rstrip() for cells in padded]


def magnitude(number: float) -> float:
    """Return the absolute value of a number; inf for nan, so that nan sorts as the largest."""
    return inf if isnan(number) else abs(number)
