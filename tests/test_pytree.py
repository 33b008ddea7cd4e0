"""Pytrees: every kind of container is flattened and rebuilt, alone and through the transforms."""

from __future__ import annotations

import functools
import math
import time
from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nests import (
    ANY_SIZE,
    OF_TWO,
    Checked,
    Circle,
    Frozen,
    Line,
    Named,
    Point,
    Row,
    Table,
    arrays_of,
    form,
    nests,
    with_numbers,
)

import autograd_scalar as ag
from autograd_scalar import Value, nn, pytree
from autograd_scalar.arrays import ValueArray

NUMBERS = st.floats(0.5, 4.0)  # zeros of two signs are another subject
CONTAINERS = [
    *[make([1.0, 2.0]) for make in ANY_SIZE],
    *[make(1.0, 2.0) for make in OF_TWO],
    *[make([]) for make in ANY_SIZE],
    Checked(1.0, name="mine"),
    np.array([1.0, 2.0]),
    np.array([[1.0], [2.0]]),
    np.array(3.0),
    {"none": None, "one": [1.0]},
]


def square_sum(tree):
    return ag.sum([x * x for x in pytree.leaves(tree) if not isinstance(x, str)])


# ----- one container -----


@pytest.mark.parametrize("tree", CONTAINERS, ids=lambda tree: type(tree).__name__)
def test_a_container_is_rebuilt_as_its_own_type(tree):
    leaves, structure = pytree.flatten(tree)
    assert form(pytree.unflatten(structure, leaves)) == form(tree)
    assert pytree.leaves(tree) == leaves
    assert len(pytree.paths(tree)) == len({*pytree.paths(tree)}) == len(leaves)


@pytest.mark.parametrize("tree", CONTAINERS, ids=lambda tree: type(tree).__name__)
def test_transforms_return_the_type_that_they_are_given(tree):
    double = with_numbers(tree, lambda x: 2.0 * x)
    assert form(ag.grad(square_sum)(tree)) == form(double)
    assert form(ag.vjp(square_sum, tree)[1](1.0)[0]) == form(double)
    assert form(ag.hvp(square_sum, (tree,), (tree,))[0]) == form(double)
    y, dy = ag.jvp(lambda t: with_values(t, lambda x: x * x), (tree,), (tree,))
    assert form(y) == form(with_numbers(tree, lambda x: x * x))
    assert form(dy) == form(with_numbers(tree, lambda x: 2.0 * x * x))


def with_values(tree, change):
    return pytree.build(tree, map(change, pytree.leaves(tree)))


@pytest.mark.parametrize("tree", CONTAINERS, ids=lambda tree: type(tree).__name__)
def test_the_jacobian_has_the_type_of_the_output(tree):
    def scaled(s):
        return with_numbers(tree, lambda x: s * x)

    assert form(ag.jacobian(scaled)(3.0)) == form(tree)
    values = ag.jacobian(scaled)(Value(3.0))
    assert {type(leaf) for leaf in pytree.leaves(values)} <= {Value}


def test_a_gradient_has_the_type_of_what_it_is_taken_with_respect_to():
    at = defaultdict(list, {"a": Line(Value(2.0), Value(3.0)), "b": deque([Value(1.0)], maxlen=4)})
    y = at["a"].slope * at["a"].start * at["b"][0]
    found = ag.gradient(y, at)
    assert type(found) is defaultdict and found.default_factory is list
    assert found["a"] == Line(3.0, 2.0) and found["b"] == deque([6.0])
    assert found["b"].maxlen == 4 and found["missing"] == []


def test_a_frozen_dataclass_that_checks_its_arguments_is_rebuilt_without_them():
    found = ag.grad(lambda c: c.low * c.middle)(Checked(2.0, name="mine"))
    assert (found.low, found.middle, found.name) == (3.0, 2.0, "mine")


def test_none_has_no_leaves():
    assert pytree.leaves([None, {"a": None}]) == []
    assert ag.grad(lambda p: p["w"] ** 2)({"w": 3.0, "b": None}) == {"w": 6.0, "b": None}
    with pytest.raises(TypeError, match="returned None"):
        ag.jacobian(lambda x: None)(1.0)
    with pytest.raises(TypeError, match="None"):
        ag.grad(lambda x: None)(1.0)


def test_paths_name_items_and_fields():
    tree = {"w": [1.0], "line": Line(1.0, None), "c": Circle(2.0, "red")}
    assert pytree.paths(tree, "p") == ["p['w'][0]", "p['line'].slope", "p['c'][0]"]
    assert pytree.paths(np.zeros((1, 2)), "a") == ["a[0, 0]", "a[0, 1]"]
    with pytest.raises(TypeError, match=r"argument 0\['line'\]\.slope is 'x'"):
        ag.grad(square_sum)({"line": Line("x")})


# ----- attributes beside the items -----


def test_attributes_that_are_constants_are_kept():
    row, point = Row(1.0, 2.0), Named(3.0, 4.0)
    row.unit, point.index = "kg", 7
    found = ag.grad(lambda t: square_sum(t))([row, point])
    assert found[0].unit == "kg" and found[1].index == 7
    assert form(found) == form(with_numbers([row, point], lambda x: 2.0 * x))


@pytest.mark.parametrize("data", [1.5, Value(1.0), [1.0], np.zeros(2), lambda: 0.0])
def test_attributes_that_may_depend_on_the_items_are_refused(data):
    row = Row(1.0, 2.0)
    row.total = data
    with pytest.raises(TypeError, match=r"Row has the attribute total .* register_pytree"):
        ag.grad(square_sum)(row)
    line = Line(1.0, 2.0)
    line.total = data
    with pytest.raises(TypeError, match=r"Line has the attribute total .* register_pytree"):
        ag.grad(square_sum)(line)


def test_cached_properties_are_computed_again():
    @dataclass
    class Vector:
        x: float
        y: float

        @functools.cached_property
        def length(self):
            return ag.hypot(self.x, self.y)

    v = Vector(3.0, 4.0)
    assert v.length == 5.0
    assert ag.grad(lambda v: v.length)(v) == Vector(0.6, 0.8)


def test_a_class_that_cannot_be_rebuilt_is_refused_by_name():
    with pytest.raises(TypeError, match=r"a struct_time cannot be rebuilt .*register_pytree"):
        ag.grad(square_sum)(time.gmtime(0))


def test_a_container_that_contains_itself_is_refused():
    tree = [1.0]
    tree.append(tree)
    with pytest.raises(ValueError, match="a list contains itself"):
        ag.grad(square_sum)(tree)
    assert ag.grad(lambda x, t: x * t[0])(3.0, tree) == 1.0  # an argument of another kind


def test_arguments_that_are_not_differentiated_need_not_be_rebuilt():
    row = Row(2.0)
    row.total = 2.0
    assert ag.grad(lambda x, r: x * r.total)(3.0, row) == 2.0


# ----- arrays -----


def test_arrays_give_arrays():
    found = ag.grad(lambda a: (a * a).sum())(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert found.dtype == float and found.tolist() == [[2.0, 4.0], [6.0, 8.0]]
    ints = ag.grad(lambda a: (a * a).sum())(np.array([1, 2]))
    assert ints.dtype == float and ints.tolist() == [2.0, 4.0]
    found = ag.jacobian(lambda a: np.array([a[0] * a[1], a[1], a[0]]))(np.array([2.0, 3.0]))
    assert found.dtype == float and found.tolist() == [[3.0, 2.0], [0.0, 1.0], [1.0, 0.0]]
    hessian = ag.hessian(lambda a: a[0] ** 2 * a[1])(np.array([3.0, 5.0]))
    assert hessian.dtype == float and hessian.tolist() == [[10.0, 6.0], [6.0, 0.0]]
    values = ag.grad(lambda a, s: s * (a * a).sum())(np.array([1.0]), Value(3.0))
    assert type(values) is ValueArray and type(values[0]) is Value
    with pytest.raises(
        TypeError, match=r"scalar output, got ValueArray of shape \(2,\); use jacobian"
    ):
        ag.grad(lambda a: a * a)(np.array([1.0, 2.0]))


def test_functions_of_arrays_take_what_numpy_offers():
    x = np.array([3.0, 1.0, 3.0, -4.0])
    for f, expected in (
        (lambda a: a.max(), [0.5, 0.0, 0.5, 0.0]),
        (lambda a: np.maximum(a, 3.0).sum(), [0.5, 0.0, 0.5, 0.0]),
        (lambda a: np.linalg.norm(a[2:]), [0.0, 0.0, 0.6, -0.8]),
        (lambda a: np.where(a > 2.0, a**2, 0.0).sum(), [6.0, 0.0, 6.0, 0.0]),
        (lambda a: a @ np.diag([1.0, 2.0, 3.0, 4.0]) @ a, [6.0, 4.0, 18.0, -32.0]),
    ):
        found = ag.grad(f)(x)
        assert type(found) is np.ndarray and found.dtype == float
        assert found.tolist() == pytest.approx(expected, rel=1e-15)
    assert math.isnan(ag.value_and_grad(lambda a: a.max())(np.array([1.0, math.nan, 2.0]))[0])


@given(arrays_of(NUMBERS), arrays_of(NUMBERS))
def test_a_jacobian_of_arrays_has_the_axes_of_both(a, b):
    found = ag.jacobian(lambda a: b * a.sum() if a.size else b * 1.0)(a)
    assert found.dtype == float or not b.size
    assert found.shape == b.shape + a.shape or not b.size
    assert np.array_equal(found, np.multiply.outer(b, np.ones_like(a))) or not b.size


def test_arrays_of_other_things_are_leaves():
    with pytest.raises(TypeError, match="argument 0"):
        ag.grad(square_sum)(np.array(["a"]))


# ----- register_pytree -----


def test_a_registered_class_is_a_container_everywhere():
    found = ag.grad(lambda c: c["c"].radius ** 2)({"c": Circle(3.0, "red")})
    assert found == {"c": Circle(6.0, "red")}
    model = nn.Module()
    model.circle, model.line = Circle(Value(1.0), "red"), Line(Value(2.0), [Value(3.0)])
    model.rows = OrderedDict(a=deque([Value(4.0)]))
    model.array = np.array([Value(5.0), 6.0], dtype=object)
    names = [name for name, _ in model.named_parameters()]
    assert names == ["circle.0", "line.slope", "line.start.0", "rows.a.0", "array.0"]


def test_registration_is_checked():
    with pytest.raises(TypeError, match="needs a class, got 'list'"):
        ag.register_pytree("list", None, None)
    for taken in (list, Circle, float, Value):
        with pytest.raises(ValueError, match=rf"{taken.__name__} .* register a class of your own"):
            ag.register_pytree(taken, lambda x: ([], None), lambda aux, parts: None)

    class Broken:
        pass

    ag.register_pytree(Broken, lambda b: 3.0, lambda aux, parts: [*parts])
    with pytest.raises(TypeError, match=r"flatten function of Broken .* got 3.0"):
        ag.grad(square_sum)(Broken())

    class Other:
        pass

    ag.register_pytree(Other, lambda b: ([], None), lambda aux, parts: [*parts])
    with pytest.raises(TypeError, match=r"unflatten function of Other .* got \[\] \(list\)"):
        ag.grad(square_sum)(Other())


def test_a_registered_class_comes_before_what_it_is_a_subclass_of():
    class Total(list):
        def __init__(self, items):
            super().__init__(items)
            self.total = ag.sum(items)

    ag.register_pytree(Total, lambda t: ([*t], None), lambda aux, parts: Total(parts))
    found = ag.grad(lambda t: t.total)(Total([1.0, 2.0]))
    assert found == [1.0, 1.0] and found.total == 2.0


# ----- random nests -----


@given(nests(NUMBERS))
def test_a_nest_is_flattened_and_rebuilt(tree):
    leaves, structure = pytree.flatten(tree)
    assert form(pytree.unflatten(structure, leaves)) == form(tree)
    assert pytree.flatten(tree)[1] == structure


@given(nests(st.one_of(NUMBERS, arrays_of(NUMBERS))), NUMBERS)
def test_transforms_keep_the_structure_of_nests(tree, s):
    def scaled(s):
        return with_numbers(tree, lambda x: s * x)

    double = with_numbers(tree, lambda x: 2.0 * x)
    assert form(ag.grad(square_sum)(tree)) == form(double)
    found = ag.grad(square_sum)(with_numbers(tree, Value))
    assert form(with_numbers_of(found)) == form(double)
    if tree is not None:
        assert form(ag.jacobian(scaled)(s)) == form(tree)
        output, pull_back = ag.vjp(scaled, s)
        assert form(output) == form(scaled(s))
        pull_back(output)
        assert form(ag.jvp(scaled, s, 1.0)[1]) == form(tree)


def with_numbers_of(tree):
    return pytree.build(tree, [leaf.data for leaf in pytree.leaves(tree)])


def test_table_is_read_without_the_methods_of_the_subclass():
    table = Table()
    dict.update(table, {"a": 2.0})
    assert type(ag.grad(lambda t: t["a"] ** 2)(table)) is Table
    assert ag.grad(lambda f: f.weights[0] * f.weights[1])(Frozen([2.0, 3.0])) == Frozen([3.0, 2.0])
    assert ag.grad(lambda p: p.x * p.y)(Point(2.0, 3.0)) == Point(3.0, 2.0)
