"""One row of the table: its texts, which are parsed when they are first needed.

`import autograd_scalar` makes all rows and parses none of them, which takes a quarter off its time.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from itertools import islice, repeat
from typing import TYPE_CHECKING, Any

from autograd_scalar.ops import ieee

if TYPE_CHECKING:
    import ast

    from autograd_scalar.ops.grammar import Expression

Interval = tuple[float, float]

_MENTIONS_Y = re.compile(r"\by\b").search


@cache
def _parser() -> Callable[..., list[Expression]]:
    """Return the parser of texts, imported for the first row that needs it: as Python exits it imports nothing."""
    from autograd_scalar.ops.grammar import parse

    return parse


class Op:
    """One row: the value of an operation, its local derivatives, and its LaTeX.

    `latex` has a field for each operand; in a fold, the part in [brackets] is repeated for the elements, joined by +.
    `shares` marks a fold whose partials sum to 1 up to rounding: they are divided by their sum. `fixed` names an
    operand that is a constant, with respect to which nothing is differentiated. `textbook` has the derivatives as a
    reader knows them, for explanations, where those that are computed are written otherwise for the sake of their last
    digits. `domain` is the interval from which
    tests and documentation sample operands: one for all operands, or one for each. The engine does not use it.

    Raises ValueError, which names the row, for a name that is no identifier; `check` examines the texts.
    """

    def __init__(
        self,
        name: str,
        value: str,
        partials: str = "",
        latex: str | None = None,
        *,
        operands: str | None = None,
        start: str | None = None,
        fixed: str | None = None,
        shares: bool = False,
        textbook: str = "",
        domain: Interval | tuple[Interval, ...] = (-2.0, 2.0),
    ) -> None:
        self.name, self.value, self.partials = name, value, partials
        self.start, self.fixed, self.shares = start, fixed, shares
        #: The derivatives as a reader knows them.
        self.textbook = textbook or partials
        #: The Python function that computes the value of an opaque operation, else None; see opaque.opaque_rows.
        self.function: Callable[..., float] | None = None
        #: In the row of an opaque partial derivative, the function to call with Values; None if it takes floats only.
        self.over_values: Callable[..., Any] | None = None
        for text in (name, value, partials, latex or ""):
            if not isinstance(text, str):
                raise TypeError(f"row {name!r}: expected its texts as str, got {text!r}")
        if not name.isidentifier() or keyword.iskeyword(name):
            raise ValueError(f"row {name!r}: expected an identifier as name, got {name!r}")
        if operands is None:
            operands = "x, y" if _MENTIONS_Y(f"{value} {partials}") else "x"
        fields = [field.strip().partition("=") for field in operands.split(",")]
        #: Names of the operands, in order, and those among them that are lists.
        self.operands: tuple[str, ...] = tuple(operand.lstrip("*") for operand, _, _ in fields)
        self.lists: tuple[str, ...] = tuple(
            operand[1:] for operand, _, _ in fields if operand.startswith("*")
        )
        #: Default values of operands that may be left out.
        self.defaults: dict[str, float] = {
            operand: float(number) for operand, _, number in fields if number
        }
        #: One interval for each operand.
        self.domain = (
            tuple(domain) if isinstance(domain[0], tuple) else (domain,) * len(self.operands)
        )
        self.latex = latex if latex is not None else self._plain_latex()

    def _parsed(self, text: str, *, branches: bool = False) -> list[Expression]:
        return _parser()(text, branches=branches)

    @cached_property
    def _value(self) -> Expression:
        (value,) = self._parsed(self.value, branches=True)
        return value

    @cached_property
    def _start(self) -> Expression | None:
        return None if self.start is None else self._parsed(self.start)[0]

    @cached_property
    def _partials(self) -> list[Expression]:
        return self._parsed(self.partials) if self.partials else []

    @cached_property
    def _textbook(self) -> list[Expression]:
        is_given = self.textbook != self.partials
        return self._parsed(self.textbook) if is_given else self._partials

    def _plain_latex(self) -> str:
        name = self.name.replace("_", r"\_")
        listed = ", ".join(f"{{{operand}}}" for operand in self.operands)
        return rf"\operatorname{{{{{name}}}}}\left({listed}\right)"

    def check(self, table: Mapping[str, Op]) -> None:
        """Raise ValueError, which names the row, if it is malformed, or calls what is not in the table."""
        try:
            self._check_shape()
        except (ValueError, SyntaxError) as problem:
            raise ValueError(f"row {self.name!r}: {problem}") from None
        self._check_names(table)

    def _check_shape(self) -> None:
        from string import Formatter  # not needed to import the package

        _ = self._value, self._textbook  # parses them
        if len(self._partials) != len(self.operands) and not (
            self.is_private and self.is_value_only
        ):
            raise ValueError(
                f"operands {', '.join(self.operands)} need {len(self.operands)} partial derivatives, "
                f"got {len(self._partials)}: {self.partials!r}"
            )
        if bool(self.lists) != (self._start is not None):
            raise ValueError("a row needs a start if it has a list operand, and only then")
        fields = {field for _, field, _, _ in Formatter().parse(self.latex) if field is not None}
        if unknown := fields - {*self.operands}:
            raise ValueError(
                f"unknown operand {min(unknown)!r} in its LaTeX; the operands are {', '.join(self.operands)}"
            )

    def _check_names(self, table: Mapping[str, Op]) -> None:
        """Raise ValueError if a text uses an unknown name, or calls a function with the wrong number of arguments.

        The texts may call rows of the table and the functions of `ieee`, but no folds. A value must not be recursive.
        """
        operands = {*self.operands, "inf", "nan"}
        texts = [(self._value, operands | {"z"} if self.lists else operands)]
        texts += [(partial, operands | {"z"}) for partial in self._partials]
        texts += [] if self._start is None else [(self._start, operands)]
        for text, known in texts:
            for name in text.variables - known:
                raise ValueError(
                    f"row {self.name!r}: unknown name {name!r}; known are {', '.join(sorted(known))}"
                )
            for name, count in text.calls:
                called = self if name == self.name else table.get(name)
                if called is None or called.lists:
                    raise ValueError(
                        f"row {self.name!r}: {name!r} is not a function that a row can call"
                    )
                if called.is_value_only and text in self._partials:
                    raise ValueError(
                        f"row {self.name!r}: {name} has no derivatives, but {self.name}'s call it"
                    )
                if count != len(called.operands):
                    raise ValueError(
                        f"row {self.name!r}: {name} takes {len(called.operands)} operands, got {count}"
                    )
        reached, unseen = set(), {*self._value.functions}
        while unseen:
            name = unseen.pop()
            reached.add(name)
            if name == self.name and name not in ieee.EXACT and self.function is None:
                raise ValueError(f"row {self.name!r}: its value is recursive")
            unseen |= {called for called in table[name]._value.functions if name in table} - reached

    def __repr__(self) -> str:
        return f"Op({self.name!r}, {self.value!r}, {self.partials!r})"

    @property
    def value_tree(self) -> ast.expr:
        """Syntax tree of the value; in a fold, of one step."""
        return self._value.tree

    @property
    def start_tree(self) -> ast.expr | None:
        """Syntax tree of a fold's starting value; None in other rows."""
        return None if self._start is None else self._start.tree

    @property
    def partial_trees(self) -> list[ast.expr]:
        """One syntax tree for each operand; for a list, of the partial derivative with respect to an element."""
        return [partial.tree for partial in self._partials]

    @property
    def textbook_trees(self) -> list[ast.expr]:
        """The partial derivatives as explanations show them, one syntax tree for each operand."""
        return [partial.tree for partial in self._textbook]

    @property
    def arguments(self) -> list[str]:
        """Parameter names of the row's function: a list operand x becomes xs."""
        return [operand + "s" if operand in self.lists else operand for operand in self.operands]

    @property
    def signature(self) -> str:
        """The parameters of the row's function as source, with defaults."""
        return ", ".join(
            f"{argument}={self.defaults[operand]!r}" if operand in self.defaults else argument
            for operand, argument in zip(self.operands, self.arguments, strict=True)
        )

    @property
    def calls(self) -> set[str]:
        """Names of the functions that the row's value and partial derivatives call."""
        return self._value.functions.union(*(partial.functions for partial in self._partials))

    @property
    def is_private(self) -> bool:
        """True for a row that only other rows call: it becomes no method and no function."""
        return self.name.startswith("_")

    @property
    def is_value_only(self) -> bool:
        """True for a row without derivatives: it is never recorded, but a part of the values of other rows."""
        return not self._partials

    @property
    def is_primitive(self) -> bool:
        """True if the row's value is a function of `math` such as exp(x), not an expression of others."""
        return self.name in self._value.functions

    @cached_property
    def symbol(self) -> str:
        """The operator if the row is one between its operands, such as "+"; else the row's name."""
        from autograd_scalar.ops.grammar import operator_of

        return operator_of(self.value_tree, self.operands) or self.name

    @cached_property
    def precedence(self) -> int:
        """Precedence of the written operation; see grammar.PRECEDENCE."""
        from autograd_scalar.ops.grammar import ATOM, precedence

        return ATOM if self.symbol == self.name else precedence(self.value_tree)

    def split(self, flat: Sequence[Any]) -> list[Any]:
        """Return a flat list of parents (or of their data) as the row's operands: a list for each starred one."""
        if not self.lists:
            return list(flat)
        length = (len(flat) - len(self.operands) + len(self.lists)) // len(self.lists)
        parts = iter(flat)
        return [
            [*islice(parts, length)] if operand in self.lists else next(parts)
            for operand in self.operands
        ]

    def steps(self, operands: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        """Return the operands of each step of a fold: an element of each list, and the other operands unchanged."""
        return zip(*(x if isinstance(x, list) else repeat(x) for x in operands), strict=False)
