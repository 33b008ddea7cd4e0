"""Compiled functions of arrays: each element is a number, unless the function needs the array."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_scalar as ag
from autograd_scalar.arrays import ValueArray

optimize = pytest.importorskip("scipy.optimize")

X = np.array([1.3, 0.7, 0.8, -1.9, 1.2])


def same(found, expected):
    assert type(found) is type(expected)
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(np.array(found, float), np.array(expected, float), rtol=1e-14)


#: Functions of an array for which its elements one by one would not do: scalars, then arrays.
SCALARS = {
    "subscripts": lambda x: x[0] * x[1] ** 2,
    "slices": lambda x: (x[1:] * x[:-1]).sum(),
    "length": lambda x: sum(x[i] ** 2 for i in range(len(x))),
    "iteration": lambda x: sum(v * v for v in x),
    "method": lambda x: x.std() + x.max(),
    "np.sum": lambda x: np.sum(x) ** 2,
    "np.add.reduce": lambda x: np.add.reduce(x) ** 2,
    "np.dot": lambda x: np.dot(x, x) ** 2,
    "matmul": lambda x: (x @ x) ** 2,
    "np.mean": lambda x: np.mean(x * x),
    "np.prod": np.prod,
    "np.max": np.max,
    "norm": np.linalg.norm,
    "asarray": lambda x: np.asarray(x).sum() ** 2,
    "array": lambda x: np.array([x, x]).sum() ** 2,
    "ag.sum": lambda x: ag.sum(x) ** 2,
    "ag.logsumexp": lambda x: ag.logsumexp(x),
    "shape": lambda x: x[0] * x.shape[0],
    "np.size": lambda x: np.add.reduce(x) / np.size(x),
    "constant array": lambda x: (x * np.arange(5.0)).sum(),
    "norm by hand": lambda x: np.sqrt((x**2).sum()),
    "rosenbrock": lambda x: (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum(),
}
ARRAYS = {
    "cumsum": np.cumsum,
    "reversed": lambda x: x[::-1] * x,
    "list": lambda x: [x[0], x[1] * x[2]],
    "normalized": lambda x: x / np.sum(x),
    "outer": lambda x: np.outer(x, x),
    "sorted": np.sort,
    "clip": lambda x: np.clip(x, 0.0, 1.0),
    "where": lambda x: np.where(x > 0.0, x, x * x),
}


@pytest.mark.parametrize("backend", ["python", "auto"])
@pytest.mark.parametrize("f", SCALARS.values(), ids=SCALARS)
def test_functions_of_an_array_give_what_eager_code_gives(f, backend):
    x = abs(X)
    same(float(ag.jit(f, backend=backend)(x)), float(f(x)))
    for transform in (ag.grad, ag.hessian, lambda f: ag.jacobian(ag.grad(f))):
        compiled = ag.jit(transform(f), backend=backend)
        for point in (x, x[::-1].copy(), x):
            same(compiled(point), transform(f)(point))
    same(ag.grad(ag.jit(f, backend=backend))(x), ag.grad(f)(x))
    same(ag.jit(lambda x: ag.hvp(f, x, x))(x), ag.hvp(f, x, x))


@pytest.mark.parametrize("f", ARRAYS.values(), ids=ARRAYS)
def test_arrays_and_their_jacobians_are_those_of_eager_code(f):
    expected = ag.jacobian(f)(X)
    same(ag.jit(f)(X), f(X))
    same(ag.jit(ag.jacobian(f))(X), expected)
    same(ag.jacobian(ag.jit(f))(X), expected)


def test_elements_are_numbers_where_that_makes_no_difference():
    def f(x, y):
        return np.maximum(x, 0.0) * np.exp(-y) + x**2

    x, y = np.linspace(-1.0, 1.0, 6).reshape(2, 3), np.array([1.0, 2.0, 3.0])
    compiled = ag.jit(f)
    same(compiled(x, y), f(x, y))
    assert compiled.paths[0].program.inputs == ("x", "y")  # not one input for each element


def test_a_branch_on_an_element_is_taken_for_each():
    clipped = ag.jit(lambda x: np.clip(x, 0.0, 1.0) if x > -1.0 else 2.0 * x)
    for _ in range(2):
        same(clipped(X), np.where(X > -1.0, np.clip(X, 0.0, 1.0), 2.0 * X))
    same(ag.jit(ag.grad(lambda x: x**3))(X), 3.0 * X**2)
    same(ag.jit(ag.hessian(lambda x: x**3))(X), 6.0 * X)


def test_jacobian_of_an_elementwise_function_is_a_matrix():
    same(ag.jit(ag.jacobian(lambda x: x**2))(X), np.diag(2.0 * X))


def test_what_fails_for_elements_and_for_the_array_says_both():
    with pytest.raises(TypeError, match="not subscriptable") as raised:
        ag.jit(lambda x: x["a"])(X)
    notes = " ".join(raised.value.__notes__)
    assert "runs on each element" in notes and "with whole arrays it raises IndexError" in notes


def test_several_arrays_of_several_shapes():
    def f(a, x, s, flags):
        return (a @ x).sum() * s + x[flags].sum()

    a, flags = np.arange(6.0).reshape(2, 3), np.array([True, False, True])
    compiled = ag.jit(ag.grad(f, (0, 1)))
    for x in (np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.0, -1.0], dtype=np.float32)):
        for found, expected in zip(
            compiled(a, x, 2.0, flags), ag.grad(f, (0, 1))(a, x, 2.0, flags), strict=True
        ):
            same(found, expected)
    same(compiled(a, np.ones(3), 2.0, ~flags)[1], ag.grad(f, 1)(a, np.ones(3), 2.0, ~flags))
    nested = ag.jit(ag.grad(lambda p: (p["w"] @ p["w"]) * p["b"]))
    found = nested({"w": np.array([1.0, 2.0]), "b": 3.0})
    same(found["w"], np.array([6.0, 12.0]))
    assert found["b"] == 5.0


def test_arrays_of_values_have_gradients():
    w = ag.array([1.0, 2.0])
    f = ag.jit(lambda x, w: np.dot(x, w) ** 2)
    y = f(np.array([3.0, 0.5]), w)
    y.backward()
    assert y.data == 16.0 and [v.grad for v in w] == [24.0, 4.0]
    z = ag.jit(lambda w: w * w.sum())(w)
    assert type(z) is ValueArray and [v.data for v in z] == [3.0, 6.0]
    z.sum().backward()
    assert [v.grad for v in w] == [30.0, 10.0]
    with pytest.raises(ag.JitError, match="array of object"):
        ag.jit(lambda x, w: x * w[0], rows=0)(X, w)


def test_compiled_derivatives_serve_scipy():
    x0 = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
    for f in (SCALARS["rosenbrock"], SCALARS["iteration"]):
        found = optimize.minimize(
            ag.jit(f), x0, jac=ag.jit(ag.grad(f)), hess=ag.jit(ag.hessian(f)), method="trust-exact"
        )
        np.testing.assert_allclose(ag.grad(f)(found.x), 0.0, atol=1e-3)
    t = np.linspace(0.0, 2.0, 20)
    y = 2.5 * np.exp(-1.3 * t)

    def residuals(p):
        return p[0] * np.exp(-p[1] * t) - y

    for jac in (ag.jit(ag.jacobian(residuals)), ag.jacobian(ag.jit(residuals))):
        found = optimize.least_squares(ag.jit(residuals), [1.0, 1.0], jac=jac)
        np.testing.assert_allclose(found.x, [2.5, 1.3])


def test_the_audit_compares_whole_arrays():
    for f in (SCALARS["np.sum"], SCALARS["subscripts"], ARRAYS["normalized"]):
        audited = ag.jit(f, check=True)
        for _ in range(2):
            same(audited(X), f(X)) if np.ndim(f(X)) else None
    assert ag.jit(ag.grad(SCALARS["np.sum"]), check=True)(X).shape == X.shape
