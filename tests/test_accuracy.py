"""Every row within 4 ulp: its value, first and second derivatives, eager and compiled; see accuracy.py."""

from __future__ import annotations

import mpmath
import pytest
from accuracy import (
    BAR,
    CONDITION,
    TRUE,
    cases,
    compiled,
    condition,
    eager,
    measure,
    positions,
    true,
    ulps,
)
from strategies import ROWS

import autograd_scalar as ag
from autograd_scalar import Value


def test_every_row_has_a_formula():
    assert {*TRUE} == {*ROWS}


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_a_row_and_its_derivatives_are_within_the_bar(name):
    known = [*cases(name, 60)]
    runs = [eager]
    if pytest.importorskip("llvmlite"):
        runs.append(compiled)
    for run in runs:
        worst = measure(name, known, run)
        assert all(w.error <= BAR for w in worst), (run.__name__, worst)
        assert worst[0].counted


@pytest.mark.parametrize(
    ("function", "x", "slope"),
    [
        (ag.tanh, 20.0, 1.6993417021166355e-17),
        (ag.tanh, -371.0, 4.0 * 5.6e-323),
        (ag.sigmoid, 40.0, 4.248354255291589e-18),
        (ag.expm1, -40.0, 4.248354255291589e-18),
        (ag.elu, -40.0, 4.248354255291589e-18),
        (ag.grad(ag.softplus), 37.43, 5.552e-17),
    ],
)
def test_saturated_derivatives_are_not_zero(function, x, slope):
    assert ag.grad(function)(x) == pytest.approx(slope, rel=0.05)


def test_derivatives_of_lgamma_of_every_order():
    for x in (0.25, 1.0, 1.4616321449683622, 2.0, 7.5, 40.0, 1e9, -0.3, -1.5, -2.4, -7.75, -40.25):
        f = ag.lgamma
        for order in range(6):
            f = ag.grad(f)
            with mpmath.workdps(50):
                wanted = float(mpmath.psi(order, mpmath.mpf(x)))
            assert f(x) == pytest.approx(wanted, rel=3e-15 * 4**order), (order, x)
        assert ag.jit(ag.grad(ag.grad(ag.lgamma)))(x) == ag.grad(ag.digamma)(x)


def test_lgamma_and_digamma_keep_their_digits_at_their_positive_zeros():
    zero = 1.4616321449683622
    for center, f, exact in (
        *((1.0, ag.lgamma, mpmath.loggamma), (2.0, ag.lgamma, mpmath.loggamma)),
        (zero, ag.digamma, mpmath.digamma),
    ):
        for k in (1e-16, 1e-12, 1e-6, 1e-3, 0.2):
            for x in (center * (1.0 - k), center, center * (1.0 + k)):
                with mpmath.workdps(50):
                    assert ulps(f(x), exact(mpmath.mpf(x))) <= BAR, x


#: Points at which a number on the way overflows, underflows, or is rounded where the result is sensitive to it.
HARD = [
    ("elu", (-1047.170224662195, -1.4220453367238445e182)),
    ("logaddexp", (-7.885827802572823e-12, -20.15991855194328)),
    ("cbrt", (3.9007745554738363e-236,)),
    ("cbrt", (8.61471440333831e-186,)),
    *(("cbrt", (5e-324,)), ("cbrt", (1.7976931348623157e308,))),
    ("atan2", (-128.37379616550174, -3.328897978976406)),
    ("atan2", (-3.32898895899322e142, -3.3289889589932204e142)),
    ("sigmoid", (-0.5288635828266895,)),
]


@pytest.mark.parametrize(("name", "point"), HARD)
def test_hard_points_are_within_the_bar(name, point):
    for by, found in zip(positions(name), eager(name, [point])[0], strict=True):
        wanted = true(name, point, by)
        if condition(name, point, by, wanted) <= CONDITION:
            assert ulps(found, wanted) <= BAR, by


def test_the_second_derivative_of_a_power_of_a_negative_base():
    assert ag.hessian(lambda x: x ** Value(2.0))(-1.25) == 2.0
    assert ag.jit(lambda x, y: ag.grad(ag.grad(lambda b: b**y))(x))(-1.25, 2.0) == 2.0


def test_second_derivatives_of_hypot_at_the_origin_are_nan():
    second = ag.hessian(lambda v: ag.hypot(v[0], v[1]))([0.0, 0.0])
    assert all(entry != entry for row in second for entry in row)


@pytest.mark.parametrize(
    "function", [abs, ag.relu, lambda x: ag.maximum(x, 0.0), lambda x: abs(x) ** 2]
)
def test_second_derivatives_at_kinks_are_zero(function):
    assert ag.grad(ag.grad(function))(0.0) == 0.0


def test_hypot_is_the_same_everywhere():
    points = [(0.3 * i, 1.7 / (i + 1)) for i in range(200)]
    jitted = ag.jit(ag.hypot)
    for x, y in points:
        assert ag.hypot(x, y) == Value(x).hypot(y).data == jitted(x, y) == abs(complex(x, y))
