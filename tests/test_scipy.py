"""SciPy's own optimizers and solvers with the package's derivatives, and sympy's expressions as functions of Values."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_scalar as ag
from autograd_scalar import Value

optimize = pytest.importorskip("scipy.optimize")
integrate = pytest.importorskip("scipy.integrate")

X0 = np.array([1.3, 0.7, 0.8, 1.9, 1.2])


def rosenbrock(x):
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def by_element(x):
    return sum(100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1))


FUNCTIONS = {"arrays": rosenbrock, "elements": by_element, "scipy": optimize.rosen}


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
def test_derivatives_are_arrays_of_floats(f):
    value, gradient = ag.value_and_grad(f)(X0)
    assert value == pytest.approx(optimize.rosen(X0), rel=1e-15)
    for found, expected in (
        (gradient, optimize.rosen_der(X0)),
        (ag.grad(f)(X0), optimize.rosen_der(X0)),
        (ag.hessian(f)(X0), optimize.rosen_hess(X0)),
        (ag.hvp(f, X0, X0[::-1]), optimize.rosen_hess_prod(X0, X0[::-1])),
        (ag.vjp(f, X0)[1](2.0)[0], 2.0 * optimize.rosen_der(X0)),
    ):
        assert type(found) is np.ndarray and found.dtype == float
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert ag.jvp(f, X0, X0)[1] == pytest.approx(optimize.rosen_der(X0) @ X0, rel=1e-12)


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize(
    "method", ["CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP", "Newton-CG", "dogleg", "trust-exact", "trust-krylov"]
)  # fmt: skip
def test_minimize_reaches_the_minimum(f, method):
    more = {}
    if method in ("Newton-CG", "trust-krylov"):
        more["hessp"] = lambda x, p: ag.hvp(f, x, p)
    elif method in ("dogleg", "trust-exact"):
        more["hess"] = ag.hessian(f)
    x0 = np.full(5, 1.2) if method == "dogleg" else X0
    found = optimize.minimize(f, x0, jac=ag.grad(f), method=method, tol=1e-8, **more)
    np.testing.assert_allclose(found.x, np.ones(5), atol=1e-3)


def test_minimize_takes_value_and_gradient_together():
    found = optimize.minimize(ag.value_and_grad(rosenbrock), X0, jac=True)
    np.testing.assert_allclose(found.x, np.ones(5), atol=1e-4)


T = np.linspace(0.0, 4.0, 20)
TRUE = (2.5, 1.3, 0.5)


def model(t, a, rate, b):
    return a * np.exp(-rate * t) + b


def residuals(p):
    return model(T, *p) - model(T, *TRUE)


@pytest.mark.parametrize("f", [residuals, lambda p: list(residuals(p))], ids=["array", "list"])
@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_least_squares_fits(f, method):
    found = optimize.least_squares(f, [1.0, 1.0, 0.0], jac=ag.jacobian(f), method=method)
    np.testing.assert_allclose(found.x, TRUE, rtol=1e-6)
    assert np.shape(found.jac) == (20, 3)


def test_curve_fit_fits():
    def jac(t, *p):
        return ag.jacobian(lambda p: model(t, *p))(np.array(p))

    found, _ = optimize.curve_fit(model, T, model(T, *TRUE), p0=[1.0, 1.0, 0.0], jac=jac)
    np.testing.assert_allclose(found, TRUE, rtol=1e-6)
    assert jac(T, *TRUE).shape == (20, 3)


def circle_and_line(x):
    return np.array([x[0] ** 2 + x[1] ** 2 - 1.0, x[0] - x[1]])


def test_root_finds_the_root():
    found = optimize.root(circle_and_line, [1.0, 0.5], jac=ag.jacobian(circle_and_line))
    np.testing.assert_allclose(found.x, [0.5**0.5] * 2)
    found = optimize.newton(lambda x: x**3 - 2.0, 1.0, fprime=ag.grad(lambda x: x**3 - 2.0))
    assert found == pytest.approx(2.0 ** (1 / 3))


def oscillator(t, y):
    return [y[1], 5.0 * (1.0 - y[0] ** 2) * y[1] - y[0]]


@pytest.mark.parametrize("method", ["Radau", "BDF", "LSODA"])
@pytest.mark.parametrize("f", [oscillator, lambda t, y: np.array(oscillator(t, y))])
def test_solve_ivp_uses_the_jacobian(f, method):
    jac = ag.jacobian(f, 1)
    np.testing.assert_allclose(jac(0.0, np.array([2.0, 0.5])), [[0.0, 1.0], [-11.0, -15.0]])
    found = integrate.solve_ivp(f, (0.0, 5.0), [2.0, 0.0], method=method, jac=jac, rtol=1e-8)
    exact = integrate.solve_ivp(f, (0.0, 5.0), [2.0, 0.0], method="DOP853", rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found.y[:, -1], exact.y[:, -1], rtol=1e-3)
    assert found.njev > 0 or method == "LSODA"  # which uses it where the equation is stiff


@pytest.mark.parametrize("name", ["gammaln", "psi", "expit", "log_expit", "erf", "erfc", "xlogy"])
def test_a_special_function_of_values_is_a_row(name):
    special = pytest.importorskip("scipy.special")
    f = getattr(special, name)
    points = (0.75, 1.5)[: f.nin]
    assert f(*map(Value, points)).data == pytest.approx(f(*points), rel=1e-14)
    (element,) = f(*(ag.array([x]) for x in points))
    assert element.data == f(*map(Value, points)).data
