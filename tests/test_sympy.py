"""sympy's expressions as functions of Values: lambdify finds the package's operations by name."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_scalar as ag
from autograd_scalar import Value
from autograd_scalar.ops.table import BUILT_IN, public

sympy = pytest.importorskip("sympy")
cfunctions = pytest.importorskip("sympy.codegen.cfunctions")

x, y = sympy.symbols("x y", real=True)

EXPRESSIONS = [
    *(f(x) for f in (sympy.sin, sympy.cos, sympy.tan, sympy.asin, sympy.acos, sympy.atan)),
    *(f(x) for f in (sympy.sinh, sympy.cosh, sympy.tanh, sympy.asinh, sympy.atanh)),
    *(f(x) for f in (sympy.exp, sympy.log, sympy.sqrt, sympy.cbrt, sympy.erf, sympy.erfc)),
    sympy.loggamma(x),
    *(f(x) for f in (sympy.sec, sympy.cot, sympy.acot, sympy.sinc)),
    *(f(x) for f in (cfunctions.log1p, cfunctions.expm1, cfunctions.log2, cfunctions.exp2)),
    *(sympy.acosh(x + 1), sympy.log(x, 10), sympy.atan2(x, y), cfunctions.hypot(x, y)),
    *(sympy.Abs(x - y), sympy.Max(x, y, 0), sympy.Min(x, y), sympy.Mod(x, sympy.Rational(1, 3))),
    *(sympy.pi * x**2, sympy.E * x, sympy.Rational(1, 3) * x**-2, x**y, sympy.GoldenRatio * x),
    sympy.Piecewise((x**2, x > y), (x * y, True)),
    sympy.log(sympy.sin(x) ** 2 + sympy.exp(-x * y)) / sympy.sqrt(1 + y**2),
]


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_an_expression_becomes_a_function_of_values(expression):
    f = sympy.lambdify((x, y), expression, modules=ag)
    at = {x: 0.375, y: 0.75}
    a, b = map(Value, at.values())
    z = f(a, b)
    z.backward()
    assert z.data == pytest.approx(float(expression.subs(at)), rel=1e-14)
    found = ag.grad(f, (0, 1))(*at.values())
    assert (a.grad, b.grad) == found
    if not expression.has(sympy.Mod):  # whose derivative sympy does not know
        for derivative, symbol in zip(found, (x, y), strict=True):
            expected = float(sympy.diff(expression, symbol).subs(at).doit())
            assert derivative == pytest.approx(expected, rel=1e-12, abs=1e-14)


def test_flat_and_constant_expressions():
    for expression, expected in (
        *((sympy.floor(3 * x), 1.0), (sympy.ceiling(x), 1.0), (sympy.sign(x - 1), -1.0)),
        *((sympy.Heaviside(x), 1.0), (sympy.oo * x, math.inf)),
    ):
        z = sympy.lambdify(x, expression, modules=ag)(Value(0.5))
        assert getattr(z, "data", z) == expected


def test_an_expression_compiles_and_takes_arrays():
    f = sympy.lambdify((x, y), sympy.exp(-x) * sympy.Max(x, y), modules=ag)
    xs, ys = np.linspace(-1.0, 1.0, 5), np.linspace(1.0, -1.0, 5)
    expected = np.exp(-xs) * np.maximum(xs, ys)
    np.testing.assert_allclose(ag.jit(f)(xs, ys), expected, rtol=1e-15)
    assert ag.jit(ag.grad(f))(2.0, 1.0) == pytest.approx(math.exp(-2.0) * (1.0 - 2.0))


def test_every_operation_is_among_the_variables_of_the_package():
    names = vars(ag)
    for row in public():
        if row.name in BUILT_IN:
            assert names[row.name] is getattr(ag, row.name)
    assert (names["pi"], names["e"], names["inf"]) == (math.pi, math.e, math.inf)
    assert math.isnan(names["nan"])


def test_max_and_min_pass_over_no_nan_and_share_ties():
    a, b = Value(2.0), Value(2.0)
    for largest in (ag.max, ag.min):
        z = largest(a, b)
        assert (z.data, z.partials) == (2.0, (0.5, 0.5))
        assert largest([a, b]).data == largest(3.0, a, 2.0, 3.0).data - (largest is ag.max) == 2.0
        assert math.isnan(largest(Value(math.nan), 1.0).data) and math.isnan(largest(1.0, math.nan))
        assert type(largest(1, 2)) is float and largest(v for v in [a]).data == 2.0
        with pytest.raises(ValueError, match="needs at least one number"):
            largest([])
        for bad in ("a", None, ["a"]):
            with pytest.raises(TypeError, match=r"list of numbers|expected a number"):
                largest(bad)
