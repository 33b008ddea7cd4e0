"""A compiled function returns what eager code returns: types, containers, numbers, and their gradients."""

from __future__ import annotations

import copy
import enum
import math
from collections import OrderedDict, defaultdict, deque
from dataclasses import asdict, dataclass
from operator import add, mul, sub
from random import Random
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nests import ANY_SIZE, OF_TWO, Checked, Circle, Line, Row, form, nests, with_numbers

import autograd_scalar as ag
from autograd_scalar import JitError, Value, nn, pytree
from autograd_scalar.value import as_value

NUMBERS = st.floats(0.5, 4.0)
U, W = Value(2.0), Value(3.0)
BACKENDS = ["auto", "python"]


class Side(enum.Enum):
    LEFT = 1.0


sines = ag.jit(lambda x: ag.sin(x) * 2.0)
scaled = ag.jit(lambda x: U * x)


def same(f, *args, backend="auto"):
    """Check that the compiled function returns what the function returns, three times."""
    compiled = ag.jit(f, backend=backend)
    expected = f(*args)
    for _ in range(3):
        found = compiled(*args)
        assert form(found) == form(expected)
        pairs = zip(pytree.leaves(found), pytree.leaves(expected), strict=True)
        for y, z in pairs:
            if type(z) is Value:
                assert ag.gradient(y, [U, W]) == ag.gradient(z, [U, W])


# ----- floats and Values -----


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "f",
    [
        # Derivatives with respect to Values are Values, even where they depend on floats alone ...
        lambda x: ag.grad(lambda v, x: v * x)(W, x),
        lambda x: ag.gradient(W * x, W, create_graph=True),
        lambda x: ag.value_and_grad(lambda v: x * 2.0)(W),
        lambda x: ag.jacobian(lambda v: [v * x, x, 1.0])(W),
        lambda x: ag.jvp(lambda v: v * x, W, 1.0),
        lambda x: ag.jvp(lambda v: v * x, x, W),
        lambda x: ag.vjp(lambda v: v * x, W)[1](1.0),
        lambda x: ag.vjp(lambda v: v * x, x)[1](W),
        lambda x: ag.hvp(lambda v: x * v * v, W, 1.0),
        lambda x: (ag.gradient(W * 2.0, W, create_graph=True), x),
        lambda x: x * ag.grad(lambda v: 2.0 * v)(W),
        # ... and so are those taken with respect to them, with their gradients by other Values.
        lambda x: ag.grad(lambda z: U * z * z)(ag.grad(lambda v, x: v * x)(W, x)),
        lambda x: ag.grad(lambda z: U * z * z)(ag.gradient(W * x, W, create_graph=True)),
        lambda x: ag.grad(lambda z: U * z * z)(Value(x)),
        # Derivatives with respect to floats are floats.
        lambda x: ag.grad(lambda z: U * z * z)(x),
        lambda x: ag.grad(lambda z: ag.gradient(U * z * z, z, create_graph=True))(x),
        lambda x: ag.hessian(lambda z: U * z * z)(x),
        lambda x: ag.gradient(W * x, W),
        # Modules make Values of their inputs.
        lambda x: nn.Tanh()([x, 1.0]),
        lambda x: nn.Softmax()([x, 1.0]),
        lambda x: nn.Linear(1, 1, init="zeros")([x])[0] * W,
        # Compiled functions within.
        lambda x: (sines(2.0), x),
        lambda x: (sines(x), sines(2) * x),
        lambda x: [scaled(2.0), scaled(x)],
        lambda x: ag.grad(sines)(2.0) * x,
        lambda x: ag.grad(sines)(x),
        # The sides of a branch need not agree.
        lambda x: W if x > 0.0 else x,
        lambda x: x if x > 0.0 else W,
        lambda x: ag.maximum(2, 1) * x,
    ],
)
def test_floats_are_floats_and_values_are_values(f, backend):
    same(f, 0.5, backend=backend)
    same(f, -0.5, backend=backend)


@pytest.mark.parametrize(
    "constant", [None, "text", 3, True, 2.5, b"b", Side.LEFT, np.float64(0.5), [None, ("a", 1)]]
)
def test_constants_are_returned(constant):
    same(lambda x: (x * 2.0, constant), 0.5)
    same(lambda x: {"a": U * x, "b": constant}, 0.5)
    same(lambda x: constant if x > 0.0 else x, 0.5)
    same(lambda x: constant if x > 0.0 else x, -0.5)


def test_a_branch_may_choose_a_word():
    sign = ag.jit(lambda x: "positive" if x > 0.0 else "negative")
    assert [sign(x) for x in (1.0, -1.0, 2.0, -2.0)] == ["positive", "negative"] * 2
    assert sign(Value(3.0)) == "positive"
    both = ag.jit(lambda x: ("same", 2.0 * x))
    word, column = both(np.array([1.0, 2.0]))
    assert word == "same" and column.tolist() == [2.0, 4.0]
    named = ag.jit(lambda x: ("positive" if x > 0.0 else "negative", x))
    with pytest.raises(JitError, match=r"\('positive', '...'\) for one row and \('negative'"):
        named(np.array([1.0, -1.0]))


def expression(random, depth, names):
    """Return a random expression of numbers, Values and transforms, which gives a number or a Value."""
    if not depth or random.random() < 0.12:
        return random.choice([*names, "U", "W", "0.5", "2"])
    z = f"z{depth}"

    def part():
        return expression(random, depth - 1, names)

    def body():
        return f"{expression(random, depth - 1, [*names, z])} * {z}"

    return random.choice(
        [
            lambda: f"({part()} {random.choice('+-*')} {part()})",
            lambda: f"ag.{random.choice(['sin', 'tanh', 'relu'])}({part()})",
            lambda: f"({part()} if {part()} > {part()} else {part()})",
            lambda: f"max({part()}, {part()})",
            lambda: f"ag.mean([{part()}, {part()}])",
            lambda: f"as_value({part()})",
            lambda: f"as_value({part()}).detach()",
            lambda: f"nn.Tanh()([{part()}])[0]",
            lambda: (
                f"ag.gradient(as_value({part()}) * W * W, W, create_graph={random.random() < 0.5})"
            ),
            lambda: f"ag.grad(lambda {z}: {body()})({part()})",
            lambda: (
                f"ag.grad(lambda {z}, y: {body()} + y, {random.choice([0, 1])})({part()}, {part()})"
            ),
            lambda: f"ag.value_and_grad(lambda {z}: {body()})({part()})[{random.choice([0, 1])}]",
            lambda: f"ag.jvp(lambda {z}: {body()}, {part()}, {part()})[{random.choice([0, 1])}]",
            lambda: f"ag.vjp(lambda {z}: {body()}, {part()})[1]({part()})[0]",
            lambda: f"ag.hessian(lambda {z}: {body()} * {z})({part()})",
            lambda: f"ag.jacobian(lambda {z}: [{body()}, {z}])({part()})[{random.choice([0, 1])}]",
            lambda: f"sines({part()})",
            lambda: f"scaled({part()})",
        ]
    )()


@pytest.mark.slow
@settings(max_examples=40)
@given(st.integers(0, 10**9))
def test_random_programs_of_transforms_return_the_types_of_eager_code(seed):
    random = Random(seed)
    source = f"lambda x, v: [{expression(random, 3, 'xv')}, {expression(random, 2, 'xv')}, x]"
    names = {"ag": ag, "nn": nn, "U": U, "W": W, "as_value": as_value}
    # Eager code runs the functions inside operation by operation, as a recording does.
    eager = eval(source, names | {"sines": sines.f, "scaled": scaled.f})
    compiled = ag.jit(eval(source, names | {"sines": sines, "scaled": scaled}), backend="python")
    for x in (0.5, -1.25):
        for v in (0.3, Value(0.3)):
            found, expected = compiled(x, v), eager(x, v)
            assert form(found) == form(expected), source
            for y, z in zip(found, expected, strict=True):
                if type(z) is Value:
                    assert ag.gradient(y, [U, W]) == ag.gradient(z, [U, W]), source


# ----- text -----


@pytest.mark.parametrize(
    "text",
    [
        str,
        repr,
        lambda x: f"{x}",
        lambda x: f"{x!r:>8}",
        lambda x: f"{x:.2f}",
        lambda x: "%s" % x,  # noqa: UP031
        lambda x: f"{[x, (x,)]}",
        lambda x: str(2.0 * x),
        lambda x: str(ag.grad(lambda z: z * z)(x)),
        lambda x: str(sines(2.0)),
    ],
)
def test_the_text_of_a_number_is_that_of_a_float(text):
    f = ag.jit(lambda x: (text(x), W * x))
    for x in (0.5, 2.0, 0.5, -0.0, 0.0, 1e300):
        assert f(x)[0] == text(x)


@pytest.mark.parametrize(
    "text",
    [str, lambda v: f"{v}", lambda v: f"{[v]}", lambda v: "%s" % (v,)],  # noqa: UP031
)
def test_the_text_of_a_value_is_refused(text):
    for f in (lambda x: (text(W), x), lambda x: ag.grad(lambda z: (text(z), z)[1])(x)):
        with pytest.raises(JitError, match=r"writes a Value as text at .*; write its number"):
            ag.jit(f)(0.5)
    with pytest.raises(JitError, match="writes a Value as text"):
        ag.jit(lambda v: (text(v), v))(W)
    assert ag.jit(lambda x: f"{W.data}" if x > 0.0 else x)(1.0) == "3.0"


@pytest.mark.parametrize("attribute", ["label", "op", "parents", "_op", "_prev"])
def test_the_description_of_an_argument_is_refused(attribute):
    """An argument is another Value in a recording, without a label or parents."""
    read = ag.jit(lambda v: v * 2.0 if getattr(v, attribute) else v)
    for f in (read, ag.jit(lambda v: v * 2.0 if v.label else v)):
        for v in (Value(1.0, label="v"), W * 2.0):
            with pytest.raises(JitError, match=r"reads the \w+ of an argument at .*beside it"):
                f(v)
    with pytest.raises(JitError, match="shows a Value"):
        ag.jit(lambda v: v * len(v._repr_html_()))(W)
    assert ag.jit(lambda v: v * len((v * 2.0).parents))(W).data == 6.0


def test_errors_of_this_package_may_show_a_value():
    with pytest.raises(IndexError, match="take needs a whole number from 0 to 0"):
        ag.jit(lambda v: ag.take([v], v))(W)


# ----- whole numbers -----


@pytest.mark.parametrize("whole", [round, math.floor, math.ceil, math.trunc, int])
def test_whole_numbers_are_ints(whole):
    f = ag.jit(lambda x: (whole(x), "abcdef"[whole(x)], [x] * whole(x), whole(x) * U))
    for x in (0.5, 1.5, 2.5, 1.25, 3.75, -0.0):
        assert form(f(x)) == form((whole(x), "abcdef"[whole(x)], [x] * whole(x), whole(x) * U))
    if whole is not int:  # of a Value it is a Value
        assert ag.jit(whole)(Value(2.5)).data == whole(2.5)
    with pytest.raises(OverflowError, match="infinity"):
        f(math.inf)


def test_digits_are_kept():
    f = ag.jit(lambda x: round(x, 1) * U)
    assert [f(x).data for x in (0.25, 0.35, 0.25)] == [
        2.0 * round(x, 1) for x in (0.25, 0.35, 0.25)
    ]
    for g in (lambda v: round(v, 1), ag.jit(lambda v: round(v, 1))):
        v = Value(0.25)
        assert (g(v).data, ag.gradient(g(v), v)) == (0.2, 0.0)
    assert type(ag.jit(lambda x: round(x, 1))(0.25)) is float
    xs = np.array([2.675, 1.005, 0.125, -0.004, 1e20, math.inf])
    assert ag.jit(lambda x: round(x, 2))(xs).tolist() == [round(x, 2) for x in xs.tolist()]


@pytest.mark.parametrize(
    "f", [np.sin, lambda x: np.float64(2.0) * x, lambda x: np.array([x]).sum()]
)
def test_scalars_of_numpy_that_depend_on_arguments_are_floats(f):
    found = ag.jit(f)(0.5)
    assert type(found) is float and found == f(0.5)


def test_copies_of_numbers_are_numbers():
    same(lambda x: [copy.copy(x), *copy.deepcopy([x, 2.0 * x])], 0.5)
    same(lambda x: asdict(Line(x, [x * 2.0])), 0.5)


# ----- several results -----


@settings(max_examples=60)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([add, sub, mul]), st.integers(0, 99), st.integers(0, 99)),
        min_size=3,
        max_size=12,
    ),
    chosen=st.lists(st.integers(0, 99), min_size=2, max_size=3),
    point=st.tuples(NUMBERS, NUMBERS, NUMBERS),
)
def test_gradients_of_several_results_have_the_bits_of_eager_code(steps, chosen, point):
    def f(*xs):
        found = [*xs]
        for op, i, j in steps:
            found.append(op(found[i % len(found)], 0.7 * found[j % len(found)]))
        return [found[-1 - k % len(steps)] for k in chosen]

    xs = [*map(Value, point)]
    for y, z in zip(ag.jit(f, backend="python")(*xs), f(*xs), strict=True):
        assert [*map(float.hex, ag.gradient(y, xs))] == [*map(float.hex, ag.gradient(z, xs))]


@pytest.mark.parametrize("backend", BACKENDS)
def test_partials_are_floats(backend):
    weights = [Value(float(i)) for i in range(300)]
    f = ag.jit(lambda x: ag.sum([w * x for w in weights]), backend=backend)
    for y in (f(2.0), f(2.0)):
        assert {*map(type, y.partials)} == {float} and type(y.data) is float
    g = ag.jit(lambda x: x * weights[0] if ag.sum(weights) > 0.0 else weights, backend=backend)
    assert {*map(type, g(2.0).partials)} == {float}


@pytest.mark.parametrize("x", [0.0, -0.0])
@pytest.mark.parametrize(
    "f", [lambda x: x * x, lambda x: -x * x, lambda x: -(x * x), lambda x: x * 0.0, ag.cos]
)
def test_the_zero_of_a_derivative_has_the_sign_of_eager_code(f, x):
    same(ag.grad(f), x)
    same(ag.grad(ag.grad(f)), x)
    same(ag.hessian(lambda x: f(x) * x), x)


# ----- containers -----

CONTAINERS = [
    *[make([1.0, 2.0]) for make in ANY_SIZE],
    *[make(1.0, 2.0) for make in OF_TWO],
    Checked(1.0, name="mine"),
    np.array([1.0, 2.0]),
    np.array([[1.0], [2.0]]),
]


@pytest.mark.parametrize("tree", CONTAINERS, ids=lambda tree: type(tree).__name__)
def test_results_keep_their_containers(tree):
    same(lambda x: with_numbers(tree, lambda c: c * x), 0.5)
    same(lambda x: [with_numbers(tree, lambda c: c * x), U * x, None], 0.5)
    same(lambda x: with_numbers(tree, lambda c: c * x * U), 0.5)


@settings(max_examples=60)
@given(nests(st.one_of(NUMBERS, st.integers(), st.text(max_size=2))), NUMBERS)
def test_random_nests_of_results_keep_types_and_structure(tree, x):
    same(lambda x: (with_numbers(tree, lambda c: c * x), x), x, backend="python")
    same(lambda x: (with_numbers(tree, lambda c: U * c * x), x), x, backend="python")


# ----- containers among the arguments -----


def squares(tree):
    return pytree.build(tree, [x if isinstance(x, str) else x * x for x in pytree.leaves(tree)])


def square_sum(tree):
    return ag.sum([x * x for x in pytree.leaves(tree)])


@pytest.mark.parametrize("tree", CONTAINERS[:-2], ids=lambda tree: type(tree).__name__)
def test_numbers_in_containers_are_inputs(tree):
    compiled, slope = ag.jit(squares), ag.jit(ag.grad(square_sum))
    for scale in (1.0, 2.0, 3.0):
        at = with_numbers(tree, lambda x, scale=scale: scale * x)
        assert form(compiled(at)) == form(squares(at))
        assert form(compiled(tree=at)) == form(squares(at))
        assert form(slope(at)) == form(ag.grad(square_sum)(at))
        values = with_numbers(at, Value)
        assert form(compiled(values)) == form(squares(values))
    assert len(compiled.paths) == 3 and len(slope.paths) == 1  # by keyword or not, floats or Values


@settings(max_examples=40)
@given(nests(st.one_of(NUMBERS, st.integers(0, 3))))
def test_random_nests_of_arguments_keep_types_and_structure(tree):
    same(lambda tree: (squares(tree), U), tree, backend="python")
    at = with_numbers(tree, Value)
    same(lambda tree: (squares(tree), U), at, backend="python")


def test_a_method_of_a_dataclass_is_compiled():
    @dataclass
    class Model:
        weight: float
        table: np.ndarray | None = None
        parent: Model | None = None

        @ag.jit
        def __call__(self, x):
            scale = 1.0 if self.table is None else float(self.table.sum())
            return self.weight * x * scale + (0.0 if self.parent is None else self.parent.weight)

    assert [Model(w)(3.0) for w in (1.0, 2.0)] == [3.0, 6.0]
    assert len(Model.__call__.paths) == 1
    # Arrays of an object are not mapped over, and it may be part of itself.
    assert Model(2.0, np.array([1.0, 2.0]))(3.0) == 18.0
    model = Model(2.0)
    model.parent = model
    assert model(3.0) == 8.0
    model.weight = 3.0
    assert model(3.0) == 12.0


def test_a_list_that_contains_itself_is_refused():
    tree = [1.0]
    tree.append(tree)
    with pytest.raises(JitError, match=r"argument 0\[1\] is the list that contains it"):
        ag.jit(lambda t: t[0] * 2.0)(tree)


def test_a_list_that_is_too_deep_is_refused():
    tree = 1.0
    for _ in range(5000):
        tree = [tree]
    with pytest.raises(JitError, match="nested too deeply"):
        ag.jit(lambda t: 2.0)(tree)


@pytest.mark.parametrize(
    "use",
    [
        lambda model, x: model(x),
        lambda model, x: model.at(x),
        lambda model, x: model * x,
        lambda model, x: model.slope * x,
        lambda model, x: model.rate * x,
    ],
)
def test_the_class_of_a_container_is_observed(use, monkeypatch):
    @dataclass
    class Model:
        weight: float
        rate: ClassVar[float] = 2.0

        def __call__(self, x):
            return self.weight * x * self.rate

        def __mul__(self, x):
            return self.weight * x

        at = __call__
        slope = property(lambda self: self.weight * self.rate)

    compiled, model = ag.jit(use), Model(3.0)
    for name, change in (
        ("rate", 5.0),
        ("__call__", lambda self, x: 7.0 * x),
        ("__mul__", lambda self, x: 8.0 * x),
        ("at", lambda self, x: 9.0 * x),
        ("slope", 11.0),
    ):
        assert compiled(model, 1.5) == use(model, 1.5)
        monkeypatch.setattr(Model, name, change)
        assert compiled(model, 1.5) == use(model, 1.5)


def test_attributes_and_keys_are_part_of_the_structure():
    f = ag.jit(lambda row: row[0] * (2.0 if row.unit == "kg" else 3.0))
    row = Row(1.0)
    for unit, expected in (("kg", 2.0), ("g", 3.0), ("kg", 2.0)):
        row.unit = unit
        assert f(row) == expected
    keys = ag.jit(lambda d: [repr(key) for key in d] + [*d.values()])
    for key in (1, True, 1.0, 0.0, -0.0, 1):
        assert keys({key: 2.0}) == [repr(key), 2.0]
    static = ag.jit(lambda c: c.low * len(c.name))
    assert [static(Checked(2.0, name=name)) for name in ("a", "bb", "a")] == [2.0, 4.0, 2.0]
    assert len(static.paths) == 2


@pytest.mark.parametrize(
    ("argument", "change"),
    [
        (Row(1.0), lambda row: setattr(row, "unit", "kg")),
        (Row(1.0), lambda row: setattr(row, "total", 2.0)),
        (Line(1.0, 2.0), lambda line: setattr(line, "slope", 2.0)),
        (Line(1.0, 2.0), lambda line: setattr(line, "note", "new")),
        (defaultdict(float), lambda d: d["missing"]),
        (deque([1.0]), lambda d: d.rotate() or d.append(1.0)),
        (OrderedDict(a=1.0, b=2.0), lambda d: d.move_to_end("a")),
        (Circle(1.0, "red"), lambda c: setattr(c, "color", "blue")),
        ({"line": [Line(1.0, 2.0)]}, lambda d: d["line"].append(1.0)),
    ],
)
def test_changes_to_arguments_are_refused(argument, change):
    with pytest.raises(JitError, match="modifies its arguments"):
        ag.jit(lambda x, c: (change(c), 2.0 * x)[1])(1.0, argument)


def test_auxiliary_data_has_to_be_hashable():
    class Tagged:
        def __init__(self, x, tags):
            self.x, self.tags = x, tags

    ag.register_pytree(Tagged, lambda t: ([t.x], t.tags), lambda tags, parts: Tagged(*parts, tags))
    assert ag.grad(lambda t: t.x**2)(Tagged(3.0, ["a"])).tags == ["a"]
    with pytest.raises(
        JitError, match=r"argument 0 is a Tagged with auxiliary data that cannot be"
    ):
        ag.jit(lambda t: t.x * 2.0)(Tagged(3.0, ["a"]))
    assert ag.jit(lambda t: t.x * 2.0)(Tagged(3.0, ("a",))) == 6.0


def test_rows_of_containers_of_arrays():
    f = ag.jit(lambda line: line.slope * U + line.start, rows=0, reduce="sum")
    assert f(Line(np.array([1.0, 2.0]), np.array([3.0, 4.0]))).data == 13.0
    g = ag.jit(lambda x: Line(x, [x * 2.0, None]))
    found = g(np.array([1.0, 2.0]))
    assert found.slope.tolist() == [1.0, 2.0] and found.start[0].tolist() == [2.0, 4.0]


def test_derivatives_by_values_are_values_even_where_they_are_constants():
    f = ag.jit(lambda x, y: ag.grad(lambda t: 3.0 * t)(y) + x)
    assert type(f(1.0, Value(2.0))) is Value
    assert f(1.0, Value(2.0)).data == 4.0
    assert f(1.0, 2.0) == 4.0


def test_rows_without_results_are_reduced_to_no_result():
    f = ag.jit(lambda x: [[] for _ in range(1 + (x != x))], rows=0, reduce="sum")
    assert f(np.array([1.0, -2.0])) == [[]]


def test_stop_iteration_is_raised_as_it_is():
    def f(x):
        if x > 0.0:
            raise StopIteration
        return 2.0 * x

    with pytest.raises(StopIteration):
        ag.jit(f)(1.0)
