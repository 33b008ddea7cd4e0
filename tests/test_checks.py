"""check_grad and nudge: their verdicts and their reports."""

from __future__ import annotations

import pytest

import autograd_scalar as ag
from autograd_scalar import Value


def verdicts(*arguments, **settings):
    return {check.verdict for check in ag.check_grad(*arguments, **settings).checks}


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: x.sqrt(), 1e-4),
        (lambda x: x.atanh(), 0.9999),
        (lambda x: x.log(), 1e-3),
        (lambda x: x**-1, 1e-3),
        (lambda x: 1e12 * x * x, 3.0),
        (lambda x: 1e-12 * x * x, 3.0),
    ],
)
def test_right_derivatives_near_the_edge_of_a_domain_and_at_any_scale(f, x):
    assert verdicts(f, x) == {"ok"}


def test_small_derivatives_are_checked_by_their_own_size():
    bad = ag.define_op("twice_too_steep", "x * 1e-9", "2e-9")
    assert "WRONG" in verdicts(bad, 1.0)


def test_kinks_and_edges_are_neither_right_nor_wrong():
    assert verdicts(abs, 0.0, order=1) == {"ok"}  # 0 lies between the two one-sided derivatives
    assert verdicts(lambda x: 3.0 * x.relu(), 0.0) == {"kink"}
    assert verdicts(lambda x: x.sqrt(), 0.0) == {"edge"}


def test_arguments_that_are_not_numbers_raise():
    with pytest.raises(TypeError, match="got none"):
        ag.check_grad(lambda: 1.0)
    with pytest.raises(TypeError, match="expected a number"):
        ag.check_grad(lambda x: x, "a")


def test_nudge_predicts_from_the_present_data():
    x = Value(3.0)
    y = x * x
    x.data = 5.0
    report = ag.nudge(y, [x], 0.1)
    assert report.increase.predicted == pytest.approx(1.0)
    assert report.increase.curved == pytest.approx(report.increase.actual)
    assert (x.data, x.grad, y.data) == (5.0, 0.0, 25.0)


def test_nudge_requires_distinct_leaves():
    x = Value(3.0)
    with pytest.raises(ValueError, match="twice"):
        ag.nudge(lambda: x * x, [x, x])
    y = x * x
    with pytest.raises(TypeError, match="leaves"):
        ag.nudge(y, [y])
    with pytest.raises(TypeError, match="loss"):
        ag.nudge(lambda: 3.0, [x])


def test_nudge_shortens_a_long_table():
    ws = [Value(float(i)) for i in range(40)]
    shown = repr(ag.nudge(lambda: ag.dot(ws, ws), ws))
    assert "... 16 more" in shown and len(shown.splitlines()) < 35
