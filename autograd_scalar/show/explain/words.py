"""Sentences about uses of values: the effect of an operation on the gradient at these numbers, and the reason.

The reasons are read from the operation's row. A comparison in a local derivative decides at a kink. An
operation is saturated where its derivative is small and stays so further out. A derivative that is not
finite marks an edge of the domain.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite, isnan
from typing import NamedTuple

from autograd_scalar.ops.evaluate import evaluate
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE, symbol
from autograd_scalar.show.formula.symbolic import (
    bound_operands,
    built,
    rounded,
    write_text,
)
from autograd_scalar.value import Value

#: A local derivative below the first number passes almost no gradient on; above the second it is called steep.
FLAT, STEEP = 0.05, 1000.0
#: A function is saturated if its value changes by less than this share when its operand is multiplied by this.
_SETTLED, _FURTHER = 0.1, 4.0


class Sentence(NamedTuple):
    """A sentence about one use of a value."""

    text: str
    #: True if it says more than the formula: a kink, a tie, saturation, an edge of the domain.
    is_notable: bool


def sentence(
    user: Value, position: int, partial: float, local: str, name: Callable[[Value], str | None]
) -> Sentence:
    """Return the sentence about one parent of an operation.

    Args:
        position: the position of the parent among the operands.
        partial: the local derivative.
        local: the local derivative in symbols.
        name: returns the text that stands for a value, None for a constant.
    """
    used = user.parents[position]
    target = name(used) or _number(used.data)
    row = TABLE.get(user.op)
    if row is None:
        return Sentence(f"{symbol(user.op)} {_effect(partial, f' to {target}')}.", False)
    subject = row.name if row.symbol == row.name else name(user) or row.symbol
    to = f" to {target}" if len(user.parents) > 1 else ""
    effect = _effect(partial, to)
    which, bound = bound_operands(row, user, position, lambda v: Value(v.data, name(v)))
    facts = list(dict.fromkeys(_facts(row.textbook_trees[which], bound)))
    at = f"{target} is {_number(used.data)}, where {subject}"
    if problem := _problem(row, user, partial, target):
        text = problem
    elif not isfinite(partial):
        return Sentence(f"{subject} {effect}.", False)
    elif facts:
        text = f"{' and '.join(facts)}, so {subject} {effect}"
    elif all(isinstance(tree, ast.Constant) and not tree.value for tree in row.partial_trees):
        text = f"{subject} is flat between its jumps, so it {effect}"
    elif partial == 0.0 and not isinstance(row.textbook_trees[which], ast.Constant):
        is_zero = built(row.textbook_trees[which], bound).data == 0.0
        reason = f"{local} is 0" if is_zero else "the derivative is taken to be 0 here"
        text = f"{reason}, so {subject} {effect}"
    elif _is_saturated(row, user, partial):
        text = f"{at} is saturated: it {effect}"
    elif abs(partial) >= STEEP:
        text = f"{at} is steep: it {effect}"
    else:
        times = "" if local == _number(partial) else f"{local} = "
        return Sentence(f"{subject} {_effect(partial, to, times)}.", False)
    return Sentence(f"{text}.", True)


def _effect(partial: float, to: str, times: str = "") -> str:
    """Return the effect of a local derivative on the gradient that is passed `to` a parent."""
    if partial == 0.0:
        return f"passes no gradient on{to}"
    if partial == 1.0:
        return f"passes its gradient on{to} unchanged"
    if partial == -1.0:
        return f"passes its gradient on{to} with the opposite sign"
    return f"passes its gradient on{to} times {times}{_number(partial)}"


def _problem(row: Op, user: Value, partial: float, target: str) -> str:
    """Return a description of a nan, or of an infinite slope, that finite operands give; else ""."""
    if not all(isfinite(parent.data) for parent in user.parents):
        return ""
    call = f"{row.name}({', '.join(_number(parent.data) for parent in user.parents)})"
    if isnan(user.data):
        return f"{call} is not defined: its value is nan"
    if isfinite(partial):
        return ""
    what = "nan" if isnan(partial) else "infinite"
    edge = "is at an edge of its domain, where its local derivative with respect to"
    return f"{call} {edge} {target} is {what}"


def _is_saturated(row: Op, user: Value, partial: float) -> bool:
    """Return True if a function of one operand is flat here, and hardly changes further out."""
    if len(row.operands) - len(row.defaults) != 1 or row.lists or abs(partial) >= FLAT:
        return False
    x, *others = (parent.data for parent in user.parents)
    value, partials = evaluate(row.name, _FURTHER * x, *others)
    settled = abs(value - user.data) <= _SETTLED * max(1.0, abs(user.data))
    return x != 0.0 and settled and abs(partials[0]) <= abs(partial)


def _facts(tree: ast.expr, bound: Mapping[str, Value]) -> Iterator[str]:
    """Yield the comparisons that decide a local derivative, with their outcomes at these numbers."""
    match tree:
        case ast.Call(ast.Name("where"), [condition, *_]):
            found = list(_facts(condition, bound))
            if not found:
                c = built(condition, bound)
                found = [f"{write_text(c)} is {_number(c.data)}{', not 0' if c.data else ''}"]
            yield from found
        case ast.Call(ast.Name(called), arguments) if test := _comparison(TABLE[called]):
            operands = [built(argument, bound) for argument in arguments]
            inner = dict(zip(TABLE[called].operands, operands, strict=True))
            yield _compared(built(test.left, inner), built(test.comparators[0], inner))
        case _:
            for child in ast.iter_child_nodes(tree):
                if isinstance(child, ast.expr):
                    yield from _facts(child, bound)


def _comparison(row: Op) -> ast.Compare | None:
    """Return the comparison of a row that is constant on each side of it, such as step or sign; else None."""
    match row.value_tree:
        case ast.IfExp(ast.Compare() as test, ast.Constant(), _):
            flat = all(isinstance(partial, ast.Constant) for partial in row.partial_trees)
            return test if flat else None
    return None


def _compared(x: Value, y: Value) -> str:
    """Return the outcome of a comparison: "x is 2 > 0", "a = 2 > 1 = b", "a = b = 2, a tie"."""
    if x.op == "sub" and not y.op and y.data == 0.0:
        x, y = x.parents
    left, right = write_text(x), write_text(y)
    numbers = _number(x.data), _number(y.data)
    sign = ">" if x.data > y.data else "<" if x.data < y.data else "="
    if isnan(x.data) or isnan(y.data):
        return f"{left} is {numbers[0]}, {right} is {numbers[1]}"
    if right == numbers[1]:
        kink = ", at a kink" if sign == "=" else f" {sign} {right}"
        return f"{left} is {numbers[0]}{kink}"
    if sign == "=":
        return f"{left} = {right} = {numbers[0]}, a tie"
    if left == numbers[0]:
        return f"{left} {sign} {numbers[1]} = {right}"
    return f"{left} = {numbers[0]} {sign} {numbers[1]} = {right}"


def _number(number: float) -> str:
    return write_text(rounded(number))


def listed(sentences: Sequence[Sentence], most: int | None = None) -> list[str]:
    """Return the texts without repeats; above the maximum, the number of the rest."""
    texts = list(dict.fromkeys(sentence.text for sentence in sentences))
    if most is None or len(texts) <= most:
        return texts
    return [*texts[:most], f"{len(texts) - most:,} more; in_words() has all."]
