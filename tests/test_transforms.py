"""Transforms against closed forms and against each other, on nests, and to high order."""

from __future__ import annotations

import math
from collections import OrderedDict, namedtuple
from math import inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import ROWS, call, programs

import autograd_scalar as ag
from autograd_scalar import Value, functions
from autograd_scalar.ops.table import TABLE

Point = namedtuple("Point", "x y")


def rosenbrock(v):
    return (1.0 - v[0]) ** 2 + 100.0 * (v[1] - v[0] ** 2) ** 2


def rosenbrock_gradient(x, y):
    return [-2.0 * (1.0 - x) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)]


def rosenbrock_hessian(x, y):
    return [[2.0 - 400.0 * (y - 3.0 * x * x), -400.0 * x], [-400.0 * x, 200.0]]


coordinates = st.floats(-3.0, 3.0)

# ----- closed forms -----


@given(coordinates, coordinates)
def test_rosenbrock(x, y):
    at = [x, y]
    gradient, hessian = rosenbrock_gradient(x, y), rosenbrock_hessian(x, y)
    assert ag.grad(rosenbrock)(at) == pytest.approx(gradient, rel=1e-9, abs=1e-9)
    for row, expected in zip(ag.hessian(rosenbrock)(at), hessian, strict=True):
        assert row == pytest.approx(expected, rel=1e-9, abs=1e-9)
    for i in range(2):
        unit = [float(i == 0), float(i == 1)]
        assert ag.hvp(rosenbrock, at, unit) == pytest.approx(hessian[i], rel=1e-9, abs=1e-9)
        assert ag.jvp(rosenbrock, at, unit)[1] == pytest.approx(gradient[i], rel=1e-9, abs=1e-9)


def polar(p):
    return [p["r"] * ag.cos(p["t"]), p["r"] * ag.sin(p["t"])]


@given(st.floats(0.1, 3.0), coordinates)
def test_polar_coordinates(r, t):
    rows = ag.jacobian(polar)({"r": r, "t": t})
    assert [[*row] for row in rows] == [["r", "t"], ["r", "t"]]
    assert [*rows[0].values()] == pytest.approx([math.cos(t), -r * math.sin(t)])
    assert [*rows[1].values()] == pytest.approx([math.sin(t), r * math.cos(t)])
    determinant = rows[0]["r"] * rows[1]["t"] - rows[0]["t"] * rows[1]["r"]
    assert determinant == pytest.approx(r)


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_high_orders_in_closed_form(order):
    def derivative(f):
        for _ in range(order):
            f = ag.grad(f)
        return f

    assert derivative(ag.exp)(0.5) == pytest.approx(math.exp(0.5), rel=1e-12)
    assert derivative(ag.sin)(0.5) == pytest.approx(
        math.sin(0.5 + order * math.pi / 2.0), rel=1e-12
    )
    assert derivative(ag.log)(0.5) == pytest.approx(
        (-1) ** (order + 1) * math.factorial(order - 1) / 0.5**order
    )
    assert derivative(lambda x: x**4)(2.0) == pytest.approx(
        math.perm(4, order) * 2.0 ** (4 - order)
    )
    assert derivative(lambda x: x**-1)(2.0) == pytest.approx(
        (-1) ** order * math.factorial(order) / 2.0 ** (order + 1)
    )
    assert derivative(lambda x: 2.0**x)(3.0) == pytest.approx(8.0 * math.log(2.0) ** order)
    assert derivative(lambda x: 1.0 / (1.0 - x))(0.5) == pytest.approx(
        math.factorial(order) * 2.0 ** (order + 1)
    )


def test_third_order_of_tanh_and_sigmoid():
    t, s = math.tanh(0.3), 1.0 / (1.0 + math.exp(-0.3))
    third = ag.grad(ag.grad(ag.grad(ag.tanh)))(0.3)
    assert third == pytest.approx(-2.0 * (1.0 - t * t) * (1.0 - 3.0 * t * t))
    third = ag.grad(ag.grad(ag.grad(ag.sigmoid)))(0.3)
    assert third == pytest.approx(s * (1 - s) * (1 - 6 * s + 6 * s * s))


@pytest.mark.parametrize("x", [0.0, -1.5, 2.0])
def test_integer_powers_of_any_base_to_fourth_order(x):
    f = lambda v: v**3 - 2.0 * v**2 + v**1 + v**0  # noqa: E731
    found = []
    for _ in range(4):
        f = ag.grad(f)
        found.append(f(x))
    assert found == [3 * x * x - 4 * x + 1, 6 * x - 4, 6.0, 0.0]


# ----- against each other -----


@given(programs(most=6), st.data())
@settings(max_examples=60)
def test_transforms_of_random_functions_agree(program, data):
    def f(xs):
        return program.run(xs, call)

    at = [*program.inputs]
    n = len(at)
    tangents = data.draw(st.lists(st.floats(-1.0, 1.0), min_size=n, max_size=n))
    scale = 1.0

    def same(a, b):
        assert a == pytest.approx(b, rel=1e-9, abs=1e-9 * scale, nan_ok=True)

    value, gradient = ag.value_and_grad(f)(at)
    xs, y = program.values()
    y.backward()
    assert value == y.data and ag.grad(f)(at) == gradient
    same([x.grad for x in xs], gradient)
    same([dx.data for dx in ag.gradient(y, xs, create_graph=True)], gradient)
    output, along = ag.jvp(f, at, tangents)
    assert output == value
    scale = 1.0 + max(map(abs, gradient)) * n
    same(along, sum(g * t for g, t in zip(gradient, tangents, strict=True)))
    output, pull_back = ag.vjp(f, at)
    same(pull_back(2.0)[0], [2.0 * g for g in gradient])
    same(ag.jacobian(lambda v: [f(v)])(at)[0], gradient)

    hessian = ag.hessian(f)(at)
    scale += max(abs(h) for row in hessian for h in row) * n
    for i in range(n):
        same([row[i] for row in hessian], hessian[i])  # symmetric
    product = [sum(h * t for h, t in zip(row, tangents, strict=True)) for row in hessian]
    same(ag.hvp(f, at, tangents), product)
    same(ag.jvp(ag.grad(f), at, tangents)[1], product)
    same(
        ag.grad(lambda v: sum(g * t for g, t in zip(ag.grad(f)(v), tangents, strict=True)))(at),
        product,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ROWS if not TABLE[name].lists])
@pytest.mark.parametrize("bad", [0.0, -0.0, inf, -inf, 1000.0])
def test_derivatives_as_floats_and_as_graph_agree_at_the_edges(name, bad):
    """Flat rows too: if nothing depends on x the derivative is 0 in both."""
    xs = [Value(bad) for _ in TABLE[name].operands]
    y = getattr(functions, name)(*xs)
    for z in (y, y * 2.0, y.exp(), y.log(), 1.0 / y):
        floats = ag.gradient(z, xs)
        graph = [dx.data for dx in ag.gradient(z, xs, create_graph=True)]
        assert graph == pytest.approx(floats, rel=1e-12, nan_ok=True)


# ----- nests -----


def test_results_are_nested_as_the_arguments_are():
    def f(p):
        return p["w"][0] * p["w"][1][0] + p["at"].x * p["at"].y + p["b"] ** 2

    at = {"w": [2.0, (3.0,)], "at": Point(5.0, 7.0), "b": 4, "none": [], "unused": 1.0}
    found = ag.grad(f)(at)
    assert found == {"w": [3.0, (2.0,)], "at": Point(7.0, 5.0), "b": 8.0, "none": [], "unused": 0.0}
    assert type(found["at"]) is Point and [*found] == [*at] and at["b"] == 4
    values = {
        "w": [Value(2.0), (Value(3.0),)],
        "at": Point(Value(5.0), Value(7.0)),
        "b": Value(4.0),
    }
    y = f(values)
    assert ag.gradient(y, values) == {"w": [3.0, (2.0,)], "at": Point(7.0, 5.0), "b": 8.0}
    again = ag.gradient(y, values, create_graph=True)
    assert again["at"].x.data == 7.0 and type(again["at"]) is Point


def test_a_jacobian_has_a_gradient_in_place_of_each_output():
    found = ag.jacobian(lambda x, y: {"sum": x + y, "both": (x * y, [x])}, argnums=(0, 1))(2.0, 3.0)
    assert found == {"sum": (1.0, 1.0), "both": ((3.0, 2.0), [(1.0, 0.0)])}
    found = ag.jacobian(lambda p: Point(p[0] * p[1], p[1]))([2.0, 3.0])
    assert found == Point([3.0, 2.0], [0.0, 1.0]) and type(found) is Point
    assert ag.jacobian(lambda x: x * x)(3.0) == 6.0
    assert ag.jacobian(lambda x: [x, x, 1.0])(3.0) == [1.0, 1.0, 0.0]
    assert ag.jacobian(lambda p: [p, p])([1.0, 2.0]) == [[[1.0, 0.0], [0.0, 1.0]]] * 2


def test_jacobian_of_empty_nests_is_empty():
    assert ag.jacobian(lambda x: [])(3.0) == []
    assert ag.jacobian(lambda x: {"a": ()})(3.0) == {"a": ()}
    assert ag.jacobian(lambda x, y: [], argnums=(0, 1))(3.0, 4.0) == []
    assert ag.jacobian(lambda xs: [2.0])([]) == [[]]
    assert ag.grad(lambda xs: 1.0)([]) == []
    assert ag.hessian(lambda xs: 1.0)([]) == []
    assert ag.gradient(Value(1.0), []) == [] and ag.gradient(Value(1.0), {}) == {}


def test_hessian_of_several_arguments_has_every_block():
    found = ag.hessian(lambda x, y: x * x * y + y**3, argnums=(0, 1))(2.0, 3.0)
    assert found == ((6.0, 4.0), (4.0, 18.0))
    found = ag.hessian(lambda p: p["a"] ** 2 * p["b"])({"a": 3.0, "b": 5.0})
    assert found == {"a": {"a": 10.0, "b": 6.0}, "b": {"a": 6.0, "b": 0.0}}


def test_ordered_dicts_keep_their_order():
    found = ag.grad(lambda p: p["z"] * p["a"])(OrderedDict(z=2.0, a=3.0))
    assert [*found.items()] == [("z", 3.0), ("a", 2.0)]


def test_jvp_vjp_and_hvp_over_nests():
    def f(p, s):
        return {"scaled": [s * x for x in p["xs"]], "s": s}

    at = ({"xs": [1.0, 2.0]}, 3.0)
    output, along = ag.jvp(f, at, ({"xs": [1.0, 0.0]}, 10.0))
    assert output == {"scaled": [3.0, 6.0], "s": 3.0} and along == {
        "scaled": [13.0, 20.0],
        "s": 10.0,
    }
    output, pull_back = ag.vjp(f, *at)
    assert output == {"scaled": [3.0, 6.0], "s": 3.0}
    assert pull_back({"scaled": [1.0, 10.0], "s": 100.0}) == ({"xs": [3.0, 30.0]}, 121.0)
    assert pull_back({"scaled": [0.0, 0.0], "s": 1.0}) == (
        {"xs": [0.0, 0.0]},
        1.0,
    )  # again, with other cotangents
    found = ag.hvp(lambda p, s: s * p["x"] ** 2, ({"x": 3.0}, 2.0), ({"x": 1.0}, 0.0))
    assert found == ({"x": 4.0}, 6.0)


# ----- arguments -----


def test_argnums():
    def f(x, y, z):
        return x * y**2 * z**3

    assert ag.grad(f)(2.0, 3.0, 5.0) == 1125.0
    assert ag.grad(f, argnums=-1)(2.0, 3.0, 5.0) == 1350.0
    assert ag.grad(f, argnums=(2, 0))(2.0, 3.0, 5.0) == (1350.0, 1125.0)
    assert ag.grad(f, argnums=[1])(2.0, 3.0, 5.0) == (1500.0,)
    assert ag.grad(f, argnums=(-2,))(2.0, 3.0, 5.0) == (1500.0,)
    assert ag.grad(f, argnums=())(2.0, 3.0, 5.0) == ()
    assert ag.value_and_grad(f, argnums=1)(2.0, 3.0, 5.0) == (2250.0, 1500.0)
    assert ag.grad(f, argnums=range(3))(2.0, 3.0, 5.0) == (1125.0, 1500.0, 1350.0)
    assert ag.grad(f, argnums=np.int64(1))(2.0, 3.0, 5.0) == 1500.0
    assert ag.jacobian(f, argnums=(0, 1))(2.0, 3.0, 5.0) == (1125.0, 1500.0)


@pytest.mark.parametrize("argnums", [(0, 0), (0, -2), [1, 1]])
@pytest.mark.parametrize("transform", [ag.grad, ag.value_and_grad, ag.jacobian, ag.hessian])
def test_an_argument_named_twice_is_refused(transform, argnums):
    with pytest.raises((TypeError, ValueError), match="twice"):
        transform(lambda x, y: x * x * y, argnums=argnums)(3.0, 2.0)


@pytest.mark.parametrize("argnums", [1, -2, (0, 3)])
def test_argnums_out_of_range_raise(argnums):
    with pytest.raises((TypeError, ValueError), match=r"argument .* 1 positional argument"):
        ag.grad(lambda x: x, argnums=argnums)(1.0)


@pytest.mark.parametrize("argnums", ["x", 1.5, None, ("x",)])
def test_argnums_must_be_integers(argnums):
    with pytest.raises(TypeError, match="argnums"):
        ag.grad(lambda x: x, argnums=argnums)(1.0)


def test_keyword_arguments_are_not_differentiated():
    assert ag.grad(lambda x, *, k, scale=1.0: x**k * scale)(3.0, k=2, scale=10.0) == 60.0
    with pytest.raises(TypeError, match="argument 0, but the call has 0 positional arguments"):
        ag.grad(lambda x: x)(x=1.0)


@pytest.mark.parametrize("x", [2, True, np.float32(2.0), np.int64(2), np.float64(2.0)])
def test_numbers_of_any_real_type(x):
    found = ag.grad(lambda v: v * v)(x)
    assert type(found) is float and found == 2.0 * float(x)
    value, along = ag.jvp(lambda v: v * v, x, x)
    assert (type(value), type(along)) == (float, float)


def test_functions_that_ignore_their_argument():
    assert ag.grad(lambda x: 3.0)(1.0) == 0.0
    assert ag.value_and_grad(lambda x: 3)(1.0) == (3.0, 0.0)
    assert ag.hessian(lambda x: x * 3.0)(1.0) == 0.0
    assert ag.hessian(lambda v: 3.0)([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]
    assert ag.jvp(lambda x: [3.0, x], 1.0, 5.0) == ([3.0, 1.0], [0.0, 5.0])
    assert ag.vjp(lambda x: [3.0, x], 1.0)[1]([7.0, 5.0]) == (5.0,)
    assert ag.grad(lambda x: x)(1.0) == 1.0
    assert ag.hvp(lambda x: x * 3.0, 1.0, 1.0) == 0.0


def test_repeated_outputs_add_up_in_a_vjp():
    def f(x):
        y = x * x
        return [y, y, x]

    assert ag.vjp(f, 3.0)[1]([1.0, 10.0, 100.0]) == (166.0,)


# ----- Values in, nesting, perturbation confusion -----


def test_values_in_give_values_out():
    x = Value(3.0, label="x")
    dx = ag.grad(lambda v: v**3)(x)
    assert type(dx) is Value and dx.data == 27.0
    dx.backward()
    assert x.grad == 18.0
    value, found = ag.value_and_grad(lambda v: v * 2.0)(x)
    assert type(value) is Value and type(found) is Value
    assert type(ag.grad(lambda v: 3.0)(x)) is Value


def test_transforms_leave_grads_alone():
    x = Value(3.0)
    x.grad = 7.0
    y = x * x
    ag.gradient(y, x), ag.gradient(y, x, create_graph=True), ag.grad(lambda v: v * x)(x)
    assert (x.grad, y.grad) == (7.0, 0.0)


def test_perturbation_confusion():
    assert ag.grad(lambda x: x * ag.grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert ag.grad(lambda x: x * ag.grad(lambda y: x * y)(2.0))(3.0) == 6.0
    assert ag.jvp(lambda x: x * ag.jvp(lambda y: x + y, 1.0, 1.0)[1], 1.0, 1.0)[1] == 1.0
    assert ag.jvp(lambda x: x * ag.grad(lambda y: x * y)(2.0), 3.0, 1.0)[1] == 6.0
    assert ag.grad(lambda x: ag.jvp(lambda y: x * y * y, 3.0, 1.0)[1])(2.0) == 6.0


def test_an_inner_derivative_depends_on_its_closure():
    def outer(inner):
        return lambda x: x * inner(x)

    inners = {
        "grad": lambda x: ag.grad(lambda y: x * y)(2.0),
        "value_and_grad": lambda x: ag.value_and_grad(lambda y: x * y)(2.0)[1],
        "jacobian": lambda x: ag.jacobian(lambda y: [x * y])(2.0)[0],
        "jvp": lambda x: ag.jvp(lambda y: x * y, 2.0, 1.0)[1],
        "vjp": lambda x: ag.vjp(lambda y: x * y, 2.0)[1](1.0)[0],
        "hessian": lambda x: ag.hessian(lambda y: x * y * y / 2.0)(2.0),
        "hvp": lambda x: ag.hvp(lambda y: x * y * y / 2.0, 2.0, 1.0),
    }
    by_grad = {name: ag.grad(outer(inner))(3.0) for name, inner in inners.items()}
    assert by_grad == pytest.approx(dict.fromkeys(inners, 6.0))
    by_jvp = {name: ag.jvp(outer(inner), 3.0, 1.0)[1] for name, inner in inners.items()}
    assert by_jvp == pytest.approx(dict.fromkeys(inners, 6.0))


def test_floats_give_floats_and_a_value_keeps_the_closure():
    w = Value(3.0)
    assert ag.grad(lambda t: w * t * t)(2.0) == 12.0
    (w * ag.grad(lambda t: w * t * t)(Value(2.0))).backward()
    assert w.grad == 24.0


def test_a_captured_argument_is_constant_to_the_inner_derivative():
    def outer(x):
        return ag.grad(lambda y: x * y)(x)  # d/dy (x y) = x, although y is x

    assert ag.grad(outer)(3.0) == 1.0
    x = Value(3.0)
    assert ag.grad(lambda y: x * y)(x).data == 3.0
    assert ag.jvp(lambda y: x * y, x, 1.0)[1].data == 3.0
    assert ag.vjp(lambda y: x * y, x)[1](1.0)[0].data == 3.0


def test_transforms_of_transforms_of_every_kind():
    f = lambda x: ag.sin(x) * x  # noqa: E731
    second = lambda x: 2.0 * math.cos(x) - x * math.sin(x)  # noqa: E731
    x = 0.7
    found = [
        ag.grad(ag.grad(f))(x),
        ag.hessian(f)(x),
        ag.hvp(f, x, 1.0),
        ag.jvp(ag.grad(f), x, 1.0)[1],
        ag.grad(lambda v: ag.jvp(f, v, 1.0)[1])(x),
        ag.jvp(lambda v: ag.jvp(f, v, 1.0)[1], x, 1.0)[1],
        ag.grad(lambda v: ag.vjp(f, v)[1](1.0)[0])(x),
        ag.jacobian(ag.jacobian(f))(x),
        ag.jvp(lambda v: ag.vjp(f, v)[1](1.0)[0], x, 1.0)[1],
    ]
    assert found == pytest.approx([second(x)] * len(found))


def test_derivatives_with_respect_to_tangents_and_cotangents():
    assert ag.grad(lambda t: ag.jvp(lambda x: x**2, 3.0, t)[1])(5.0) == 6.0
    assert ag.grad(lambda c: ag.vjp(lambda x: x**2, 3.0)[1](c)[0])(5.0) == 6.0
    assert ag.grad(lambda t: ag.hvp(lambda x: x**3, 2.0, t))(1.0) == 12.0


def test_gradient_with_respect_to_intermediate_nodes():
    x = Value(2.0)
    y = x * x
    z = y * y + x
    assert ag.gradient(z, [y, x]) == [8.0, 33.0]
    found = ag.gradient(z, (y, x), create_graph=True)
    assert (type(found), [dx.data for dx in found]) == (tuple, [8.0, 33.0])
    assert ag.gradient(found[1], x) == 48.0
    assert ag.gradient(x, x) == 1.0 and ag.gradient(x, x, create_graph=True).data == 1.0
    assert ag.gradient(z, [x, x]) == [33.0, 33.0]


def test_a_gradient_of_a_gradient_can_be_recomputed():
    x = Value(2.0)
    dx = ag.gradient(x**3, x, create_graph=True)
    x.data = 5.0
    dx.recompute()
    assert dx.data == 75.0


# ----- errors -----


@pytest.mark.parametrize(
    "output", [lambda x: [x, x], lambda x: (x,), lambda x: {"a": x}, lambda x: None, lambda x: "x"]
)
@pytest.mark.parametrize("transform", [ag.grad, ag.value_and_grad, ag.hessian])
def test_a_gradient_needs_one_number(transform, output):
    with pytest.raises(TypeError, match=r"grad needs a scalar output, got "):
        transform(output)(1.0)


def test_an_output_that_is_not_a_number_raises():
    with pytest.raises(TypeError, match=r"output\[1\] should be a number, got 'x' \(str\)"):
        ag.jacobian(lambda x: [x, "x"])(1.0)
    for transform in (lambda f: ag.jvp(f, 1.0, 1.0), lambda f: ag.vjp(f, 1.0)):
        with pytest.raises(TypeError, match=r"'x'|str"):
            transform(lambda x: [x, "x"])


@pytest.mark.parametrize("argument", ["a", 1j, {1.0}, object(), b"1"])
def test_an_argument_without_numbers_raises(argument):
    for transform in (ag.grad, ag.jacobian, ag.hessian):
        with pytest.raises(TypeError, match=r"argument 0\[1\] is .*"):
            transform(lambda p: p[0])([1.0, argument])


@pytest.mark.parametrize("y", [3.0, [Value(1.0)], None, "y"])
def test_gradient_of_another_type_raises(y):
    with pytest.raises(TypeError, match="gradient needs a Value to differentiate, got"):
        ag.gradient(y, Value(1.0))


@pytest.mark.parametrize("wrt", [3.0, 1j, "x"])
def test_gradient_with_respect_to_another_type_raises(wrt):
    x = Value(1.0)
    with pytest.raises(TypeError, match=r"but wrt\['a'\]\[1\] is "):
        ag.gradient(x * x, {"a": [x, wrt]})


@pytest.mark.parametrize(
    "tangents",
    [
        1.0,
        [1.0],
        [1.0, 2.0, 3.0],
        (1.0, 2.0),
        {"a": 1.0},
        [[1.0, 2.0]],
        [1.0, [2.0]],
        [1.0, "a"],
        None,
    ],
)
def test_tangents_of_another_shape_raise(tangents):
    for transform in (ag.jvp, ag.hvp):
        with pytest.raises((ValueError, TypeError), match="tangents"):
            transform(lambda v: v[0] * v[1], [1.0, 2.0], tangents)


@pytest.mark.parametrize("cotangents", [1.0, [1.0], [1.0, 2.0, 3.0], {"a": 1.0}, [1.0, "a"], None])
def test_cotangents_of_another_shape_raise(cotangents):
    _, pull_back = ag.vjp(lambda x: [x, x * x], 3.0)
    with pytest.raises((ValueError, TypeError), match="cotangents"):
        pull_back(cotangents)
    assert pull_back([1.0, 1.0]) == (7.0,)


def test_errors_of_the_function_propagate():
    def f(x):
        raise KeyError("the user's own")

    for transform in (
        ag.grad(f),
        ag.hessian(f),
        lambda x: ag.jvp(f, x, 1.0),
        lambda x: ag.vjp(f, x),
    ):
        with pytest.raises(KeyError, match="the user's own"):
            transform(1.0)


def test_nan_propagates():
    assert isnan(ag.grad(lambda x: x.log())(-1.0)) is False  # 1 / x there
    assert isnan(ag.grad(lambda x: x * math.nan)(1.0))
    assert isnan(ag.value_and_grad(ag.sqrt)(-1.0)[0])


# ----- 0 times infinity -----

WAYS = {
    "backward": lambda f, x: backward(f, x),
    "gradient": lambda f, x: ag.gradient(f(v := Value(x)), v),
    "create_graph": lambda f, x: ag.gradient(f(v := Value(x)), v, create_graph=True).data,
    "grad": lambda f, x: ag.grad(f)(x),
    "grad of a Value": lambda f, x: ag.grad(f)(Value(x)).data,
    "jacobian": lambda f, x: ag.jacobian(f)(x),
    "jvp": lambda f, x: ag.jvp(f, x, 1.0)[1],
    "jvp of a Value": lambda f, x: ag.jvp(f, Value(x), 1.0)[1].data,
    "vjp": lambda f, x: ag.vjp(f, x)[1](1.0)[0],
    "jit": lambda f, x: ag.jit(ag.grad(f))(x),
    "jit of a Value": lambda f, x: ag.gradient(ag.jit(f)(v := Value(x)), v),
    "create_graph of jit": lambda f, x: (
        ag.gradient(ag.jit(f)(v := Value(x)), v, create_graph=True).data
    ),
}


def backward(f, x):
    v = Value(x)
    f(v).backward()
    return v.grad


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: ag.where(ag.sqrt(x), 1.0, 2.0), nan),
        (lambda x: ag.where(1.0, x, ag.sqrt(x)), nan),
        (lambda x: ag.floor(ag.sqrt(x)) + x, nan),
        (lambda x: ag.sign(ag.sqrt(x)), nan),
        (lambda x: 0.0 * ag.sqrt(x), nan),
        (lambda x: ag.clip(ag.sqrt(x), 0.0, 1.0), inf),
        (lambda x: 2.0 * x if ag.sqrt(x) <= 0.0 else ag.sqrt(x), 2.0),
    ],
)
def test_zero_times_infinity_is_the_same_in_every_way(way, f, expected):
    assert repr(WAYS[way](f, 0.0)) == repr(expected)


def test_a_hessian_keeps_zero_times_infinity():
    assert repr(ag.hessian(lambda x: ag.where(ag.sqrt(x), 1.0, 2.0))(0.0)) == "nan"
