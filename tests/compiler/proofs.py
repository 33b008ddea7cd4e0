"""Proofs by Z3 that two expressions in the language of the table are equal for all doubles.

Equal is SMT-LIB's equality of floating-point numbers: 0.0 differs from -0.0, and there is one nan. So nothing is said
of a nan's sign and payload, which IEEE 754 leaves open.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Mapping
from functools import partial

import z3

from autograd_scalar.ops.grammar import parse

DOUBLE, NEAREST = z3.Float64(), z3.RNE()
OPERATORS = {
    ast.Add: partial(z3.fpAdd, NEAREST), ast.Sub: partial(z3.fpSub, NEAREST),
    ast.Mult: partial(z3.fpMul, NEAREST), ast.Div: partial(z3.fpDiv, NEAREST), ast.USub: z3.fpNeg,
    ast.Lt: z3.fpLT, ast.LtE: z3.fpLEQ, ast.Gt: z3.fpGT, ast.GtE: z3.fpGEQ, ast.Eq: z3.fpEQ, ast.NotEq: z3.fpNEQ,
}  # fmt: skip
FUNCTIONS = {"abs": z3.fpAbs, "sqrt": partial(z3.fpSqrt, NEAREST)}
#: The bits of a double: the lowest are its fraction, the highest its sign.
FRACTION, SIZE = 52, 64

#: Terms become circuits of bits, for a SAT solver: proofs about divisions take a third of the time of Z3's defaults.
TACTICS = (
    "simplify",
    "fpa2bv",
    "simplify",
    "propagate-values",
    "solve-eqs",
    "simplify",
    "bit-blast",
    "sat",
)


class Unprovable(NotImplementedError):
    """Raised for what Z3 has no theory of, such as powers."""


def counterexample(
    left: str, right: str, where: Mapping[str, frozenset[float]] = {}
) -> dict[str, float] | None:
    """Return numbers for which two expressions differ, or None: there are none.

    Raises Unprovable for expressions outside the theory.

    >>> counterexample("x + 0.0", "x")
    {'x': -0.0}
    """
    expressions = [parse(text, branches=True)[0] for text in (left, right)]
    names = sorted(expressions[0].variables | expressions[1].variables)
    words = {name: z3.BitVec(name, SIZE) for name in names}
    numbers = {name: z3.fpBVToFP(word, DOUBLE) for name, word in words.items()}
    solver = z3.Then(*TACTICS).solver()
    for name, among in where.items():
        solver.add(is_power_of_two(words[name], among))
    solver.add(term(expressions[0].tree, numbers) != term(expressions[1].tree, numbers))
    answer = solver.check()
    if answer == z3.unsat:
        return None
    assert answer == z3.sat, solver.reason_unknown()
    model = solver.model()
    found = (model.eval(word, model_completion=True).as_long() for word in words.values())
    return {name: from_bits(bits) for name, bits in zip(names, found, strict=True)}


def term(tree: ast.expr, numbers: Mapping[str, z3.FPRef]) -> z3.FPRef:
    """Return an expression as a term of Z3."""

    def of(node: ast.expr) -> z3.FPRef:
        return term(node, numbers)

    match tree:
        case ast.Name(name):
            return numbers[name]
        case ast.Constant(number):
            return z3.FPVal(float(number), DOUBLE)
        case ast.UnaryOp(symbol, x):
            return OPERATORS[type(symbol)](of(x))
        case ast.BinOp(x, symbol, y) if type(symbol) in OPERATORS:
            return OPERATORS[type(symbol)](of(x), of(y))
        case ast.IfExp(ast.Compare(a, [symbol], [b]), x, y):
            return z3.If(OPERATORS[type(symbol)](of(a), of(b)), of(x), of(y))
        case ast.Call(ast.Name(name), arguments) if name in FUNCTIONS:
            return FUNCTIONS[name](*map(of, arguments))
    raise Unprovable(ast.unparse(tree))


def is_power_of_two(word: z3.BitVecRef, among: frozenset[float]) -> z3.BoolRef:
    """Return the condition that a double is among some: the powers of two within bounds, of both signs.

    A field of the word is what Z3 can reason about, as it cannot about 4,092 numbers.
    """
    low, high = (to_bits(end(map(abs, among))) >> FRACTION for end in (min, max))
    powers = {from_bits(power << FRACTION) for power in range(low, high + 1)}
    assert among == powers | {-power for power in powers}, "another set needs its own condition"
    exponent = z3.Extract(SIZE - 2, FRACTION, word)
    return z3.And(
        z3.Extract(FRACTION - 1, 0, word) == 0, z3.UGE(exponent, low), z3.ULE(exponent, high)
    )


def to_bits(number: float) -> int:
    return struct.unpack("<Q", struct.pack("<d", number))[0]


def from_bits(bits: int) -> float:
    return struct.unpack("<d", struct.pack("<Q", bits))[0]
