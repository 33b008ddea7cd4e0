"""A program as lines of source with infix expressions: what the sources in Python and in C have in common.

What is read once is written where it is read, as long as the expression stays short. That bounds its nesting too: a
chain of any length becomes many lines, not one deep expression.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from autograd_scalar.compiler.ir.program import Guard, Program, live_instructions
from autograd_scalar.compiler.ir.rules import ARITHMETIC, NEGATION
from autograd_scalar.compiler.options import MAX_EXPRESSION_LENGTH
from autograd_scalar.ops.grammar import ATOM, PRECEDENCE
from autograd_scalar.ops.table import TABLE

_CHOICE, _COMPARED, _SIGNED = PRECEDENCE[ast.IfExp], PRECEDENCE[ast.Add], PRECEDENCE[ast.USub]


class Language(NamedTuple):
    """How a language writes what programs are made of; the texts are templates."""

    number: Callable[[float], str]
    #: Of name and text.
    assignment: str
    #: Of a, symbol, b, and of x and y, between which they decide.
    choice: str
    #: What is done with the guard of that index: where `test` came out true, and where it came out false.
    fails: tuple[str, str]
    #: The comment that ends a line.
    comment: Callable[[str], str]
    #: Functions that are written for a row, where there is no operator or function of its name.
    calls: Mapping[str, str]
    #: Words that an input cannot be called by.
    reserved: Collection[str]


class Lines:
    """The lines of a function's body, and the expressions of its outputs.

    The inputs are read by `names`, one for each. Instructions that nobody needs are left out.
    """

    def __init__(self, program: Program, names: Sequence[str], language: Language) -> None:
        self.lines: list[str] = []
        self._program, self._language = program, language
        #: Of what is computed already, by place: its text and how tightly it binds; and what of it has no name yet.
        self._texts: dict[int, tuple[str, int]] = {}
        self._nameless: set[int] = set()
        self._write(names)
        self.outputs = [self._texts[place][0] for place in program.outputs]

    def _write(self, names: Sequence[str]) -> None:
        program, language = self._program, self._language
        live = live_instructions(program)
        uses = Counter(program.roots)
        for place, (op, *operands) in enumerate(program.code):
            if live[place] and op not in ("input", "const"):
                uses.update(operands)
        guards = _by_place(program.guards)
        for place, (op, *operands) in enumerate(program.code):
            if op == "input":
                self._texts[place] = names[operands[0]], ATOM
            elif op == "const":
                number = language.number(operands[0])
                self._texts[place] = number, _SIGNED if number.startswith("-") else ATOM
            elif live[place]:
                self._texts[place] = self._fitted(partial(self._expression, op, operands), operands)
                self._nameless.add(place)
                if uses[place] > 1:
                    self._name(place)
            for index, guard in guards.get(place, ()):
                self._check(index, guard)

    def _fitted(
        self, write: Callable[[], tuple[str, int]], operands: Iterable[int]
    ) -> tuple[str, int]:
        """Return what `write` gives, after naming the longest operands until it is short enough."""
        parts = sorted({*operands} & self._nameless, key=lambda place: len(self._texts[place][0]))
        text, binds = write()
        while len(text) > MAX_EXPRESSION_LENGTH and parts:
            self._name(parts.pop())
            text, binds = write()
        self._nameless.difference_update(parts)  # they are in the text now
        return text, binds

    def _name(self, place: int) -> None:
        name = f"t{place}"
        self.lines.append(self._language.assignment.format(name=name, text=self._texts[place][0]))
        self._texts[place] = name, ATOM
        self._nameless.discard(place)

    def _expression(self, op: str, operands: Sequence[int]) -> tuple[str, int]:
        """Return an instruction's text and how tightly it binds."""
        if op.startswith("if"):
            a, b, x, y = operands
            text = self._language.choice.format(
                a=self._operand(a, _COMPARED),
                symbol=op[2:],
                b=self._operand(b, _COMPARED),
                x=self._operand(x, _CHOICE + 1),
                y=self._operand(y, _CHOICE),
            )
            return text, _CHOICE
        row = TABLE[op]
        called = self._language.calls.get(op)
        if op == ARITHMETIC["/"] and self._is_divisor(operands[1]):
            called = None
        if called or row.symbol == op:
            listed = ", ".join(self._operand(place, _CHOICE) for place in operands)
            return f"{called or op}({listed})", ATOM
        if op == NEGATION:  # of an atom, since --x is something else in C
            return f"-{self._operand(operands[0], ATOM)}", _SIGNED
        x, y = operands
        left, right = self._operand(x, row.precedence), self._operand(y, row.precedence + 1)
        return f"{left} {row.symbol} {right}", row.precedence

    def _operand(self, place: int, tightness: int) -> str:
        text, binds = self._texts[place]
        return text if binds >= tightness else f"({text})"

    def _is_divisor(self, place: int) -> bool:
        """Return whether a number stands there by which Python divides without an error."""
        op, operand, *_ = self._program.code[place]
        return op == "const" and bool(operand)

    def _check(self, index: int, guard: Guard) -> None:
        def test() -> tuple[str, int]:
            a, b = self._operand(guard.x, _COMPARED), self._operand(guard.y, _COMPARED)
            return f"{a} {guard.symbol} {b}", _CHOICE

        text, _ = self._fitted(test, (guard.x, guard.y))
        if_true, if_false = self._language.fails
        comment = self._language.comment(guard.location) if guard.location else ""
        self.lines += (
            (if_false if guard.outcome else if_true)
            .format(test=text, index=index, comment=comment)
            .splitlines()
        )


def _by_place(guards: Sequence[Guard]) -> dict[int, list[tuple[int, Guard]]]:
    """Return the guards, with their indices, by the place after which they can be checked one after the other."""
    found: dict[int, list[tuple[int, Guard]]] = {}
    ready = 0
    for index, guard in enumerate(guards):
        ready = max(ready, guard.x, guard.y)
        found.setdefault(ready, []).append((index, guard))
    return found


def identifiers(names: Iterable[str], reserved: Collection[str]) -> list[str]:
    """Return names as different identifiers, none of which is reserved or looks like an intermediate result's.

    >>> identifiers(["x", "layers[0].w", "x", "exp", "t1", "2"], {"exp"})
    ['x', 'layers_0_w', 'x_2', 'exp_', 't1_', 'x2']
    """
    found: list[str] = []
    counts: Counter[str] = Counter()
    for name in names:
        word = re.sub("[^0-9A-Za-z]+", "_", name).strip("_") or "x"
        word = f"x{word}" if word[0].isdigit() else word
        word = f"{word}_" if word in reserved or re.fullmatch("t[0-9]+", word) else word
        counts[word] += 1
        while counts[word] > 1:  # x_2 may be taken as well
            word = f"{word}_{counts[word]}"
            counts[word] += 1
        found.append(word)
    return found


def printable(text: str) -> str:
    """Return a text as it may stand in a comment, whatever the user called things."""
    return text if text.isprintable() else repr(text)
