"""The rewrite rules of `simplify`, in one table.

What a rule writes agrees with what it replaces for all doubles, to the last bit and the sign of a zero. Only nans are
all alike: IEEE 754 leaves their signs and payloads open, and no operation reads them. The rules are known to be right
because tests/compiler/test_algebra.py reads this table too, and has Z3 prove each of them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import copysign
from typing import Any, NamedTuple

from autograd_scalar.compiler.ir.program import COMPARISONS, Builder
from autograd_scalar.compiler.ir.rules import Emit, compile_expression, operation
from autograd_scalar.ops.grammar import parse


class Rule(NamedTuple):
    """An expression and what it becomes, in the language of the table of operations."""

    expression: str
    becomes: str
    #: The numbers that a name may stand for; names that are not here stand for any operand.
    where: Mapping[str, frozenset[float]] = {}


def _tree(text: str) -> ast.expr:
    return parse(text, branches=True)[0].tree


_POWERS = frozenset(2.0**k for k in range(-1022, 1024))
#: Normal powers of two, of both signs. Their reciprocals are exact.
POWERS_OF_TWO = _POWERS | {-power for power in _POWERS}

#: The operations whose operands may change places; a rule for one of them applies in either order.
COMMUTING = (Rule("x + y", "y + x"), Rule("x * y", "y * x"))

RULES = (
    Rule("x + -0.0", "x"),  # x + 0.0 stays: it is 0.0 where x is -0.0
    Rule("x - 0.0", "x"),
    Rule("x * 1.0", "x"),
    Rule("x * -1.0", "-x"),
    Rule("x / c", "x * (1.0 / c)", {"c": POWERS_OF_TWO}),
    Rule("x ** 1.0", "x"),
    Rule("-(-x)", "x"),
    Rule("abs(-x)", "abs(x)"),
    Rule("x + -y", "x - y"),
    Rule("x - -y", "x + y"),
    Rule("-x * -y", "x * y"),
    Rule("-x / -y", "x / y"),
    *(Rule(f"x if a {symbol} b else x", "x") for symbol in COMPARISONS),
)

#: The rules that may change the last bit. A product is correctly rounded, which the library's pow need not be.
INEXACT = (Rule("x ** 2.0", "x * x"),)

COMMUTATIVE = frozenset(operation(_tree(rule.expression))[0] for rule in COMMUTING)


def algebra(builder: Builder, emit: Emit, op: str, operands: Sequence[int]) -> int | None:
    """Emit what an operation becomes by the first rule that applies; return None if there is none."""
    rewrite = _REWRITES.get(op)
    return rewrite and rewrite(builder.code, builder.numbers, emit, builder.constant, *operands)


def _compiled(rules: Iterable[Rule]) -> dict[str, Callable[..., int | None]]:
    """Return for each operation the function that tries its rules in turn.

    It is generated source, without a test that no rule needs, because it runs for every instruction.
    """
    namespace: dict[str, Any] = {"copysign": copysign}
    bodies: dict[str, str] = {}
    for i, rule in enumerate(rules):
        expression, becomes = map(_tree, rule[:2])
        op, operands = operation(expression)
        places = [f"p{k}" for k in range(len(operands))]
        bodies.setdefault(op, f"lambda code, numbers, emit, constant, {', '.join(places)}: ")
        for order in (places, places[::-1]) if op in COMMUTATIVE else (places,):
            bound: dict[str, str] = {}
            tests: list[str] = []
            for operand, at in zip(operands, order, strict=True):
                tests += _tests(operand, at, bound)
            for name, among in rule.where.items():  # fold_constants divides a number by a number
                tests += [f"numbers.get({bound[name]}) in {name}_{i}", "p0 not in numbers"]
                namespace[f"{name}_{i}"] = among
            names = sorted(bound)
            namespace[f"write_{i}"] = compile_expression(becomes, names, inline=False)
            written = f"write_{i}(emit, constant, {', '.join(bound[name] for name in names)})"
            bodies[op] += f"{written} if {' and '.join(tests)} else "
    return {op: eval(f"{body}None", namespace) for op, body in bodies.items()}


def _tests(tree: ast.expr, at: str, bound: dict[str, str]) -> Iterator[str]:
    """Yield the tests of the instruction with the index `at` for what an expression describes.

    Names are entered in `bound`, with the index of the instruction that they stand for.
    """
    match tree:
        case ast.Name(name) if name in bound:
            yield f"{at} == {bound[name]}"
        case ast.Name(name):
            bound[name] = at
        case ast.Constant() | ast.UnaryOp(_, ast.Constant()):
            number = float(ast.literal_eval(tree))
            yield f"numbers.get({at}) == {number}"
            if number == 0.0:
                yield f"copysign(1.0, numbers[{at}]) == {copysign(1.0, number)}"
        case _:
            op, operands = operation(tree)
            yield f"code[{at}][0] == {op!r}"
            for k, operand in enumerate(operands, 1):
                yield from _tests(operand, f"code[{at}][{k}]", bound)


_REWRITES = _compiled((*RULES, *INEXACT))
