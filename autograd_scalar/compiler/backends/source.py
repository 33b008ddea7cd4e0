"""Print a program as assignments with infix expressions; Python, C and JavaScript share this printer.

A result with one reader is written where it is read, as long as the expression stays short. This also bounds nesting: a
chain of any length becomes many assignments, not one deep expression.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from autograd_scalar.compiler.ir.program import Guard, Program
from autograd_scalar.compiler.ir.rules import ARITHMETIC, NEGATION
from autograd_scalar.compiler.options import MAX_EXPRESSION_LENGTH
from autograd_scalar.ops.grammar import ATOM, PRECEDENCE
from autograd_scalar.ops.table import TABLE

_CHOICE, _COMPARED, _SIGNED = PRECEDENCE[ast.IfExp], PRECEDENCE[ast.Add], PRECEDENCE[ast.USub]


class Language(NamedTuple):
    """The syntax of a language; the texts are templates."""

    number: Callable[[float], str]
    #: Fields: name, text.
    assignment: str
    #: Fields: a, symbol, b; x and y, one of which it chooses.
    choice: str
    #: The exit at a failing guard: if `test` is true, and if it is false. Fields: test, index, comment.
    fails: tuple[str, str]
    #: Returns the comment at the end of a line.
    comment: Callable[[str], str]
    #: The functions called for operations that have no operator, or no function of that name.
    calls: Mapping[str, str]
    #: Names that an input cannot have.
    reserved: Collection[str]


class Lines:
    """The lines of a function's body, and the expressions of its outputs.

    `names` are the names of the inputs. The program has no dead code.
    """

    def __init__(self, program: Program, names: Sequence[str], language: Language) -> None:
        self.lines: list[str] = []
        self._program, self._language = program, language
        #: The text and the precedence of each result so far.
        self._texts: dict[int, tuple[str, int]] = {}
        #: The results without a name of their own.
        self._nameless: set[int] = set()
        self._write(names)
        self.outputs = [self._texts[index][0] for index in program.outputs]

    def _write(self, names: Sequence[str]) -> None:
        program, language = self._program, self._language
        uses = Counter(program.roots)
        for op, *operands in program.code:
            if op not in ("input", "const"):
                uses.update(operands)
        guards = deque(enumerate(program.guards))
        for index, (op, *operands) in enumerate(program.code):
            if op == "input":
                self._texts[index] = names[operands[0]], ATOM
            elif op == "const":
                number = language.number(operands[0])
                self._texts[index] = number, _SIGNED if number.startswith("-") else ATOM
            else:
                self._texts[index] = self._fitted(partial(self._expression, op, operands), operands)
                self._nameless.add(index)
                if uses[index] > 1:
                    self._name(index)
            while guards and max(guards[0][1].x, guards[0][1].y) <= index:
                self._check(*guards.popleft())

    def _fitted(
        self, write: Callable[[], tuple[str, int]], operands: Iterable[int]
    ) -> tuple[str, int]:
        """Return the text that `write` returns, after naming the longest operands until it is short enough."""
        parts = sorted({*operands} & self._nameless, key=lambda index: len(self._texts[index][0]))
        text, binds = write()
        while len(text) > MAX_EXPRESSION_LENGTH and parts:
            self._name(parts.pop())
            text, binds = write()
        self._nameless.difference_update(parts)  # they are in the text now
        return text, binds

    def _name(self, index: int) -> None:
        name = f"t{index}"
        self.lines.append(self._language.assignment.format(name=name, text=self._texts[index][0]))
        self._texts[index] = name, ATOM
        self._nameless.discard(index)

    def _expression(self, op: str, operands: Sequence[int]) -> tuple[str, int]:
        """Return the text of an instruction and its precedence."""
        if op.startswith("if"):
            a, b, x, y = operands
            parts = {"a": self._operand(a, _COMPARED), "b": self._operand(b, _COMPARED)}
            parts |= {"x": self._operand(x, _CHOICE + 1), "y": self._operand(y, _CHOICE)}
            return self._language.choice.format(symbol=op[2:], **parts), _CHOICE
        row = TABLE[op]
        called = self._language.calls.get(op)
        if op == ARITHMETIC["/"] and self._is_divisor(operands[1]):
            called = None
        if called or row.symbol == op:
            listed = ", ".join(self._operand(index, _CHOICE) for index in operands)
            return f"{called or op}({listed})", ATOM
        if op == NEGATION:  # of an atom, since --x is a decrement in C
            return f"-{self._operand(operands[0], ATOM)}", _SIGNED
        x, y = operands
        left, right = self._operand(x, row.precedence), self._operand(y, row.precedence + 1)
        return f"{left} {row.symbol} {right}", row.precedence

    def _operand(self, index: int, precedence: int) -> str:
        text, binds = self._texts[index]
        return text if binds >= precedence else f"({text})"

    def _is_divisor(self, index: int) -> bool:
        """Return True for a constant by which Python divides without an error."""
        op, operand, *_ = self._program.code[index]
        return op == "const" and bool(operand)

    def _check(self, index: int, guard: Guard) -> None:
        def test() -> tuple[str, int]:
            a, b = self._operand(guard.x, _COMPARED), self._operand(guard.y, _COMPARED)
            return f"{a} {guard.symbol} {b}", _CHOICE

        text, _ = self._fitted(test, (guard.x, guard.y))
        if_true, if_false = self._language.fails
        comment = self._language.comment(guard.location) if guard.location else ""
        template = if_false if guard.outcome else if_true
        self.lines += template.format(test=text, index=index, comment=comment).splitlines()


def identifiers(names: Iterable[str], reserved: Collection[str]) -> list[str]:
    """Return distinct identifiers for names, none of which is reserved or looks like an intermediate result.

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
        while counts[word] > 1:  # x_2 may be in use as well
            word = f"{word}_{counts[word]}"
            counts[word] += 1
        found.append(word)
    return found


def printable(text: str) -> str:
    """Return a text in printable form, for a comment."""
    return text if text.isprintable() else repr(text)
