"""The rules of ir/algebra.py: each holds for all doubles, and each applies."""

from __future__ import annotations

import os
import random
import re
import struct
from math import nan, ulp

import pytest
from compiler.programs import bits, numbers, of
from compiler.proofs import Unprovable, counterexample
from hypothesis import given

from autograd_scalar.compiler.ir.algebra import COMMUTING, INEXACT, RULES, Rule, algebra
from autograd_scalar.compiler.ir.simplify import fold_constants
from autograd_scalar.compiler.vectorize.packs import NEUTRAL
from autograd_scalar.ops import ieee
from autograd_scalar.ops.grammar import parse, spell
from autograd_scalar.ops.table import TABLE

#: Z3 has no theory of powers, so rules with a power are tried on random numbers instead.
POWERS = [rule for rule in RULES if "**" in rule.expression]
PROVABLE = [rule for rule in (*COMMUTING, *RULES) if rule not in POWERS]

#: Random bit patterns that are tried. Once it was 10**8: AUTOGRAD_SCALAR_TRIALS=100000000, which takes two minutes.
TRIALS = int(os.environ.get("AUTOGRAD_SCALAR_TRIALS", 10**6))


def name_of(rule: Rule) -> str:
    return f"{rule.expression} is {rule.becomes}"


# ----- each rule holds -----


@pytest.mark.slow
@pytest.mark.parametrize("rule", PROVABLE, ids=name_of)
def test_a_rule_holds_for_all_doubles(rule):
    assert counterexample(*rule) is None


#: What other passes rely on.
LEMMAS = {
    **{
        f"a fold with {op} can start at {number}": (f"{number} {TABLE[op].symbol} x", "x")
        for op, number in NEUTRAL.items()
    },
    "a zero that all rows share need not be added to a sum, which starts at 0.0": ("x + 0.0 + 0.0", "x + 0.0"),
    "a derivative of 1.0 needs no product": ("1.0 * x", "x"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("lemma", LEMMAS)
def test_a_lemma_holds_for_all_doubles(lemma):
    assert counterexample(*LEMMAS[lemma]) is None


@pytest.mark.parametrize("rule", POWERS, ids=name_of)
def test_powers_are_beyond_the_prover(rule):
    with pytest.raises(Unprovable):
        counterexample(*rule)


@pytest.mark.slow
@pytest.mark.parametrize("rule", POWERS, ids=name_of)
def test_a_rule_with_a_power_holds_for_random_bit_patterns(rule):
    source, block = random.Random(rule.expression), 10**5
    expression, becomes = map(in_python, rule[:2])
    for _ in range(TRIALS // block):
        xs = struct.unpack(f"{block}d", source.randbytes(8 * block))
        assert packed(map(expression, xs)) == packed(map(becomes, xs))


def in_python(expression: str):
    """Return an expression of x as a function of a float that never raises."""
    (parsed,) = parse(expression, branches=True)
    return eval(f"lambda x: {spell(parsed.tree, exact=True)}", {**ieee.EXACT})


def packed(results) -> bytes:
    """Return the bits of numbers, those of every nan the same."""
    canonical = [x if x == x else nan for x in results]
    return struct.pack(f"{len(canonical)}d", *canonical)


@given(x=numbers)
def test_a_square_is_within_the_last_bit(x):
    """The one inexact rule: the library's x ** 2 may be off by one in the last bit, the product is not."""
    assert [rule.expression for rule in INEXACT] == ["x ** 2.0"]
    product, power = in_python(INEXACT[0].becomes)(x), ieee.pow(x, 2.0)
    assert bits([product]) == bits([power]) or abs(product - power) <= ulp(power)


# ----- a wrong rule is caught -----

WRONG = [
    ("x + 0.0", "x"),
    ("0.0 + x", "x"),
    ("x - -0.0", "x"),
    ("x - x", "0.0"),
    ("x * 0.0", "0.0"),
    ("0.0 / x", "0.0"),
    ("0.0 - x", "-x"),
    ("-(x - 1.0)", "1.0 - x"),
    ("1.0 + x + -1.0", "x"),
    ("x * 2.0 * 0.5", "x"),
    ("x / 5e-324", "x * (1.0 / 5e-324)"),
    ("sqrt(x * x)", "abs(x)"),
    ("x if a < b else y", "y if a >= b else x"),  # nan
    ("x if x == y else y", "y"),  # 0.0 and -0.0
    ("abs(x)", "x if x > 0.0 else -x"),
]


@pytest.mark.slow
@pytest.mark.parametrize("expression, becomes", WRONG)
def test_a_wrong_rule_has_a_counterexample(expression, becomes):
    found = counterexample(expression, becomes)
    assert found is not None
    point = [found.get(name, 0.0) for name in of(expression).inputs]
    assert bits(of(expression).run(point)) != bits(of(becomes).run(point))


@pytest.mark.parametrize("wrong", [3.0, 2.0**-1023])
def test_a_division_by_another_number_is_not_taken_for_proved(wrong):
    """For these the reciprocal is rounded, or infinite."""
    rule = next(rule for rule in RULES if rule.where)
    with pytest.raises(AssertionError, match="its own condition"):
        counterexample(*rule[:2], {"c": rule.where["c"] | {wrong}})


@pytest.mark.parametrize("expression, becomes", WRONG)
def test_no_rule_does_what_is_wrong(expression, becomes):
    assert simplified(expression) != simplified(becomes)


# ----- each rule applies -----


def simplified(expression: str) -> str:
    return str(of(expression, fold_constants, algebra))


def instances(rule: Rule) -> list[tuple[str, str]]:
    """Return a rule with numbers for the names that stand for numbers: the least, the greatest, and some between."""
    found = [rule[:2]]
    for name, among in rule.where.items():
        some = [min(among), max(among), min(map(abs, among)), -0.5, 4.0]
        found = [
            tuple(re.sub(rf"\b{name}\b", f"({number!r})", text) for text in texts)
            for texts in found
            for number in some
        ]
    return found


@pytest.mark.parametrize("rule", [*RULES, *INEXACT], ids=name_of)
def test_a_rule_applies(rule):
    for expression, becomes in instances(rule):
        assert str(of(expression, fold_constants)) != str(of(becomes, fold_constants))
        assert simplified(expression) == str(of(becomes, fold_constants))


@pytest.mark.parametrize(
    "expression, becomes",
    [
        ("1.0 * x", "x"),
        ("-0.0 + x", "x"),
        ("-1.0 * x", "-x"),
        ("-x * -1.0", "x"),
        ("-x + y", "y - x"),
        ("-x + -y", "-x - y"),
        ("-(-(-x))", "-x"),
        ("x / 1.0", "x"),
        ("x / -1.0", "-x"),
    ],
)
def test_rules_apply_in_either_order_and_to_what_others_wrote(expression, becomes):
    assert simplified(expression) == str(of(becomes, fold_constants))


def test_a_quotient_of_numbers_is_left_to_folding():
    """Or 1.0 / 2.0 would become 1.0 * (1.0 / 2.0), and so on."""
    assert str(of("1.0 / 2.0", algebra)) == str(of("1.0 / 2.0"))
    assert str(of("x / 2.0", algebra)) == str(of("x * (1.0 / 2.0)"))


@pytest.mark.parametrize(
    "expression",
    [
        "x / 0.0",
        "x / inf",
        "x / 3.0",
        "1.0 - x",
        "1.0 / x",
        "-1.0 / x",
        "1.0 ** x",
        "2.0 ** x",
        "x ** 3.0",
        "x ** 0.5",
        "x ** -1.0",
        "x * nan",
        "-x * y",
        "-x / y",
        "x / -y",
        "x if a < b else y",
    ],
)
def test_other_expressions_stay(expression):
    assert simplified(expression) == str(of(expression, fold_constants))
