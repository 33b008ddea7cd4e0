"""ag.jit: calls, result types and numbers are those of eager code."""

from __future__ import annotations

import copy
import functools
import itertools
import math
import pickle
import random
import threading
from collections import OrderedDict, defaultdict, namedtuple

import pytest
from compiler.programs import Case, bits, eager, tame, wild
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import call

import autograd_scalar as ag
from autograd_scalar import JitError, Value, nn, optim, pytree
from autograd_scalar.ops.table import TABLE

Pair = namedtuple("Pair", "left right")


def numbers(nest):
    """Return a nest with the data of the Values in it."""
    if isinstance(nest, dict):
        return {key: numbers(part) for key, part in nest.items()}
    if isinstance(nest, list | tuple):
        parts = [numbers(part) for part in nest]
        return type(nest)(*parts) if hasattr(nest, "_fields") else type(nest)(parts)
    return nest.data if type(nest) is Value else nest


# ----- random programs -----


def as_function(program):
    """Return a program of rows as a function of numbers and Values."""

    def f(*xs):
        nodes = []
        for op, *operands in program.code:
            if op == "input":
                nodes.append(xs[operands[0]])
            elif op == "const":
                nodes.append(Value(operands[0]))
            else:
                z = call(op, *TABLE[op].split([nodes[place] for place in operands]))
                nodes.append(z if type(z) is Value else Value(z))  # the sum of nothing is a float
        return [nodes[place] for place in program.outputs]

    return f


@pytest.mark.slow
@settings(max_examples=60)
@given(case=st.one_of(wild(control=False), tame()), native=st.booleans())
def test_values_and_gradients_equal_those_of_eager_code(case: Case, native):
    """Values agree to the last bit; without llvmlite both runs are generated Python."""
    program = case.program
    jitted = ag.jit(as_function(program), backend="auto" if native else "python")
    for point in case.points:
        xs, outputs = eager(program, point)
        ys = [*map(Value, point)]
        found = jitted(*ys)
        assert bits(y.data for y in found) == bits(y.data for y in outputs)
        for got, wanted in zip(found, outputs, strict=True):
            assert bits(ag.gradient(got, ys)) == bits(ag.gradient(wanted, xs))


@pytest.mark.slow
@settings(max_examples=25)
@given(case=tame())
def test_second_derivatives_equal_those_of_eager_code(case: Case):
    (point,) = case.points
    f = as_function(case.program)

    def total(xs):
        return ag.sum(f(*xs))

    wanted = ag.hessian(total)(point)
    found = ag.hessian(ag.jit(total))(point), ag.jit(ag.hessian(total))(point)
    for hessian in found:
        for row, expected in zip(hessian, wanted, strict=True):
            assert row == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


# ----- arguments and results -----


def test_floats_give_floats(backend):
    f = ag.jit(lambda x, y: (x * y, {"sum": x + y}), backend=backend)
    assert f(3.0, 2.0) == (6.0, {"sum": 5.0})
    assert f(0.5, y=0.25) == (0.125, {"sum": 0.75})
    assert all(type(x) is float for x in (f(1.0, 2.0)[0], f(1.0, 2.0)[1]["sum"]))


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda p: Pair(p.right, p.left * 2.0), (Pair(1.0, 3.0),)),
        (lambda nest: [nest["a"][0] * nest["b"][1], (nest["a"][1],)], ({"a": [2.0, 5.0], "b": (0.0, 3.0)},)),
        (lambda d: d["x"] * 2.0, (OrderedDict(y=2.0, x=3.0),)),
        (lambda d: d["x"] * len(d), (defaultdict(float, x=3.0, y=1.0),)),
        (lambda xs: ag.sum(xs) if xs else Value(0.5), ([],)),
        (lambda xs: {"all": [x * x for x in xs], "n": len(xs)}, ([1.0, 2.0, 3.0],)),
        (lambda *xs: xs[::-1], (1.0, 2.0)),
        (lambda x: x, (3.0,)),
        (lambda x: (x, x, x * 1.0), (3.0,)),
        (lambda x, y: (y, 2.5), (3.0, 4.0)),
        (lambda x: (x, 7, True, -0.0), (3.0,)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("lifted", [False, True])
def test_arguments_and_results_may_be_nested(f, args, lifted, backend):
    if lifted:
        args = pytree.build(args, map(Value, pytree.leaves(args)))
    jitted = ag.jit(f, backend=backend)
    for _ in range(2):
        found, wanted = numbers(jitted(*args)), numbers(f(*args))
        assert repr(found) == repr(wanted)


def test_static_arguments_are_part_of_the_structure():
    @ag.jit
    def g(x, n, *, how="times", flag=False):
        return x * n if how == "times" else x**n + flag

    for _ in range(2):
        assert [g(2.0, 3), g(2.0, 4), g(2.0, 3.0), g(2.0, True)] == [6.0, 8.0, 6.0, 2.0]
        assert g(2.0, 3, how="power") == 8.0
        assert g(2.0, 3, how="power", flag=True) == 9.0
        assert g(2.0, n=3) == 6.0
    assert len(g.paths) == 7


def test_keywords_and_defaults_reach_the_function():
    f = ag.jit(lambda x, scale=2.0, *, shift=1.0: x * scale + shift)
    assert f(3.0) == 7.0
    assert f(3.0, 4.0) == 13.0
    assert f(3.0, shift=0.0) == 6.0
    assert f(scale=Value(1.0), x=2.0).data == 3.0


def test_numpy_scalars_count_as_floats_or_ints():
    np = pytest.importorskip("numpy")
    f = ag.jit(lambda x: x * 0.1)
    assert f(np.float64(3.0)) == f(np.array(3.0)) == 3.0 * 0.1
    assert f(np.float32(0.5)) == 0.05
    g = ag.jit(lambda x, n: x * n)
    assert g(1.5, np.int64(2)) == 3.0
    assert g(1.5, np.array(4)) == 6.0


# ----- a call is a node -----


def test_a_call_is_one_node(backend):
    w = Value(0.5, label="w")
    f = ag.jit(lambda x, y: ag.tanh(w * x) + y, backend=backend)
    x = Value(2.0)
    z = f(x, 3.0)
    assert z.parents[0] is x
    assert z.parents[2] is w
    assert [p.data for p in z.parents] == [2.0, 3.0, 0.5]
    local = 1.0 - math.tanh(1.0) ** 2
    assert z.partials == pytest.approx((0.5 * local, 1.0, 2.0 * local), rel=1e-15)
    z.backward()
    assert (x.grad, w.grad) == (z.partials[0], z.partials[2])
    assert "op='jit_lambda'" in repr(z)


def test_a_value_given_twice_is_a_parent_twice(backend):
    x = Value(3.0)
    f = ag.jit(lambda a, b: a * a * b, backend=backend)
    y = f(x, x)
    y.backward()
    assert (y.data, x.grad) == (27.0, 27.0)
    g = ag.jit(lambda a: a * x, backend=backend)  # given, and closed over
    assert ag.gradient(g(x), x) == 6.0
    assert g(2.0).data == 6.0


def test_arguments_and_constants_may_be_results(backend):
    w = Value(0.25)
    f = ag.jit(lambda x, y: [x, w, Value(7.0), x, 1.0, y * 0.0], backend=backend)
    x = Value(3.0)
    found = f(x, 2.0)
    assert numbers(found) == [3.0, 0.25, 7.0, 3.0, 1.0, 0.0]
    total = ag.sum(found)
    assert ag.gradient(total, [x, w]) == [2.0, 1.0]
    assert [type(v) for v in found] == [Value, Value, Value, Value, float, float]


def test_several_outputs_are_nodes_of_their_own(backend):
    x, y = Value(2.0), Value(3.0)
    product, total = ag.jit(lambda x, y: (x * y, x + y), backend=backend)(x, y)
    assert ag.gradient(product, [x, y]) == [3.0, 2.0]
    assert ag.gradient(total * product, [x, y]) == [5.0 * 3.0 + 6.0, 5.0 * 2.0 + 6.0]


def test_a_compiled_node_takes_part_in_eager_graphs(backend):
    f = ag.jit(lambda x: ag.sin(x) * 2.0, backend=backend)
    x = Value(0.5)
    y = ag.exp(f(x * x) + x)
    z = ag.exp(ag.sin(x * x) * 2.0 + x)
    assert y.data == pytest.approx(z.data, rel=1e-15)
    assert ag.gradient(y, x) == pytest.approx(ag.gradient(z, x), rel=1e-15)
    y.backward()
    assert x.grad == ag.gradient(y, x)


def test_parameters_are_read_at_every_call(backend):
    w, b = Value(0.5), Value(-1.0)
    f = ag.jit(lambda x: w * x + b, backend=backend)
    assert f(2.0).data == 0.0
    w.data = 3.0
    assert f(2.0).data == 5.0
    b.data = math.inf
    assert f(2.0).data == math.inf


@pytest.mark.parametrize("optimizer", optim.OPTIMIZERS)
def test_training_is_the_same_as_without_jit(optimizer, backend):
    """An ordinary loop, decorated or not."""
    X = [[math.sin(i), math.cos(2 * i)] for i in range(8)]
    losses = []
    for decorate in (lambda f: f, lambda f: ag.jit(f, backend=backend)):
        model = nn.MLP(2, [4, 1], seed=0)
        opt = optim.optimizer(optimizer, model.parameters(), lr=0.05)

        def loss():
            return ag.mean([(model(x) - x[0] * x[1]) ** 2 for x in X])  # noqa: B023

        step = decorate(loss)
        trace = []
        for _ in range(20):
            opt.zero_grad()
            found = step()
            found.backward()
            opt.step()
            trace.append(found.data)
        losses.append(trace + [p.data for p in model.parameters()])
    assert losses[0] == pytest.approx(losses[1], rel=1e-9, abs=1e-12)


def test_backward_accumulates_and_gradient_leaves_grads_alone():
    w = Value(2.0)
    w.grad = 10.0
    f = ag.jit(lambda x: w * x)
    y = f(3.0)
    assert w.grad == 10.0
    y.backward()
    y.backward()
    assert w.grad == 16.0


# ----- transforms -----


def bowl(x, y):
    return ag.exp(x * 0.5) * y**2.5 + ag.sin(x) / y


POINT = (0.7, 1.3)


def test_grad_and_jit_commute(backend):
    def compiled(f):
        return ag.jit(f, backend=backend)

    both = ag.grad(bowl, (0, 1))(*POINT)
    assert ag.grad(compiled(bowl), (0, 1))(*POINT) == pytest.approx(both, rel=1e-14)
    assert compiled(ag.grad(bowl, (0, 1)))(*POINT) == pytest.approx(both, rel=1e-14)
    assert compiled(ag.grad(compiled(bowl), (0, 1)))(*POINT) == pytest.approx(both, rel=1e-14)
    assert type(compiled(ag.grad(bowl))(*POINT)) is float
    value, derivative = ag.value_and_grad(compiled(bowl))(*POINT)
    assert (value, derivative) == pytest.approx((bowl(*POINT), both[0]), rel=1e-14)
    assert compiled(ag.value_and_grad(bowl))(*POINT) == pytest.approx(
        (value, derivative), rel=1e-14
    )
    third = ag.grad(ag.grad(ag.grad(bowl)))(*POINT)
    assert ag.grad(ag.grad(ag.grad(compiled(bowl))))(*POINT) == pytest.approx(third, rel=1e-12)
    assert compiled(ag.grad(ag.grad(ag.grad(bowl))))(*POINT) == pytest.approx(third, rel=1e-12)
    assert ag.grad(compiled(ag.grad(ag.grad(bowl))))(*POINT) == pytest.approx(third, rel=1e-12)


def vector(v):
    return [ag.sin(v[0]) * v[1], v[0] / v[1], v[1] ** 3.0]


def scalar(v):
    return ag.tanh(v[0] * v[1]) + v[0] ** 2.0 * ag.log(v[1])


PRIMALS, TANGENTS = ([0.7, 1.3],), ([0.3, -2.0],)

TRANSFORMED = {
    "jacobian": lambda wrap: ag.jacobian(wrap(vector))(*PRIMALS),
    "hessian": lambda wrap: ag.hessian(wrap(scalar))(*PRIMALS),
    "jvp": lambda wrap: ag.jvp(wrap(vector), PRIMALS, TANGENTS),
    "hvp": lambda wrap: ag.hvp(wrap(scalar), PRIMALS, TANGENTS),
    "vjp": lambda wrap: ag.vjp(wrap(vector), *PRIMALS)[1]([1.0, -0.5, 2.0]),
}
INSIDE = {
    "jacobian": (ag.jacobian(vector), PRIMALS),
    "hessian": (ag.hessian(scalar), PRIMALS),
    "jvp": (lambda p, t: ag.jvp(vector, (p,), (t,)), PRIMALS + TANGENTS),
    "hvp": (lambda p, t: ag.hvp(scalar, (p,), (t,)), PRIMALS + TANGENTS),
    "vjp": (lambda p, c: ag.vjp(vector, p)[1](c), (*PRIMALS, [1.0, -0.5, 2.0])),
}


def flat(nest):
    return pytree.leaves(numbers(nest))


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transforms_and_jit_commute(name, backend):
    wanted = flat(TRANSFORMED[name](lambda f: f))
    outside = TRANSFORMED[name](lambda f: ag.jit(f, backend=backend))
    assert flat(outside) == pytest.approx(wanted, rel=1e-13)
    f, args = INSIDE[name]
    inside = ag.jit(f, backend=backend)
    for _ in range(2):
        found = inside(*args)
        assert flat(found) == pytest.approx(wanted, rel=1e-13)
        assert all(type(x) is float for x in flat(found))


def test_gradients_are_graphs():
    x, y = Value(0.7), Value(1.3)
    found = ag.gradient(ag.jit(bowl)(x, y), [x, y], create_graph=True)
    wanted = ag.gradient(bowl(x, y), [x, y], create_graph=True)
    for a, b in zip(found, wanted, strict=True):
        assert a.data == pytest.approx(b.data, rel=1e-14)
        assert ag.gradient(a, [x, y]) == pytest.approx(ag.gradient(b, [x, y]), rel=1e-13)


def test_a_gradient_penalty_is_differentiated():
    """The loss has a gradient w.r.t. an argument in it, and is differentiated w.r.t. parameters."""
    w = Value(0.8)

    def loss(x):
        return ag.grad(lambda x: ag.tanh(w * x))(x) ** 2.0

    y, z = ag.jit(loss)(Value(0.5)), loss(Value(0.5))
    assert y.data == pytest.approx(z.data, rel=1e-14)
    assert ag.gradient(y, w) == pytest.approx(ag.gradient(z, w), rel=1e-13)


# ----- what Values can do -----


@pytest.mark.parametrize(
    ("f", "parents", "slope"),
    [
        (lambda x, y: x * 2.0 if x <= 0.0 else y, 1, 2.0),  # does not read y
        (lambda x, y: x * 2.0 if y <= 0.0 else x * 3.0, 2, 2.0),  # compares y
        (lambda x, y: x * 2.0 + y.detach(), 2, 2.0),
        (lambda x, y: [x * 2.0, y * x, x * x], 1, 2.0),  # the first of several results
        (lambda x, y: Value(3.0), 0, 0.0),
    ],
)
def test_only_what_a_result_depends_on_is_a_parent_of_its_node(f, parents, slope):
    def first(results):
        return results[0] if isinstance(results, list) else results

    jitted = ag.jit(f)
    for _ in range(3):  # recorded, replayed, and by the fast call
        x = Value(0.0)
        y = first(jitted(x, ag.sqrt(x)))  # the slope of the root is infinite
        assert len(y.parents) == parents and sum(v is x for v in y.parents) == (slope != 0.0)
        assert y.data == first(f(x, ag.sqrt(x))).data
        assert ag.gradient(y, x) == ag.gradient(y, x, create_graph=True).data == slope
        y.recompute()
        assert y.data == first(f(x, ag.sqrt(x))).data


@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_only_what_some_row_depends_on_is_a_parent_of_the_sum(reduce):
    np = pytest.importorskip("numpy")
    f = ag.jit(lambda r, a, b: r * a if r > 0.0 else r * b, rows=0, reduce=reduce)
    w = Value(0.0)
    root = ag.sqrt(w)
    closed = ag.jit(lambda r: r * w if r > 0.0 else r * root, rows=0, reduce=reduce)
    n = 2.0 if reduce == "mean" else 1.0
    for rows, slope in (([1.0, 2.0], 3.0), ([1.0, -2.0], -math.inf), ([4.0, 1.0], 5.0)):
        array = np.array(rows)
        for _ in range(3):
            for y in (f(array, w, root), closed(array)):
                assert ag.gradient(y, w) == slope / n
                assert len(y.parents) == (1 if slope > 0.0 else 2)


def test_recompute_follows_the_recorded_path_or_raises():
    f = ag.jit(lambda x, y: x * y if x > 0 else y - x)
    x, y = Value(2.0), Value(3.0)
    z = f(x, y) * 2.0
    x.data = 5.0
    z.recompute()
    assert z.data == 30.0
    assert ag.gradient(z, x) == 6.0
    x.data = -1.0
    with pytest.raises(
        JitError, match=r"takes another path for the present data .the comparison > at"
    ):
        z.recompute()


def test_nodes_are_copied_and_pickled():
    x = Value(2.0, label="x")
    y = ag.jit(lambda x: ag.exp(x) * x)(x)
    for copied in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        (parent,) = copied.parents
        assert (copied.data, copied.partials, parent.label) == (y.data, y.partials, "x")
        copied.backward()
        assert parent.grad == y.partials[0]
        parent.data = 1.0
        copied.recompute()
        assert copied.data == math.e
    assert x.grad == 0.0


@ag.jit
def at_module_level(x):
    return x * 2.0


def test_functions_are_copied_and_pickled_by_name():
    model = nn.Linear(1, 1, seed=0)
    model.f = at_module_level
    assert copy.deepcopy(model).f is at_module_level
    assert copy.copy(at_module_level) is at_module_level
    assert pickle.loads(pickle.dumps(at_module_level)) is at_module_level


def test_pictures_show_the_call_as_one_node():
    w = Value(0.5, label="w")
    y = ag.jit(lambda x: ag.tanh(w * x))(Value(2.0))
    assert y.op.startswith("jit_lambda#")
    assert len(ag.topological_order(y)) == 3
    assert "jit_lambda" in str(ag.draw(y))


def test_calls_inside_no_grad_return_leaves(backend):
    w = Value(0.5)
    f = ag.jit(lambda x: w * x, backend=backend)
    with ag.no_grad():
        y = f(2.0)
        assert (y.data, y.parents) == (1.0, ())
        assert ag.grad(f)(2.0) == 0.5
    assert f(2.0).parents[1] is w


def test_no_grad_inside_a_compiled_function_stops_gradients():
    def f(x):
        with ag.no_grad():
            scale = ag.exp(x)
        return x * scale

    x = Value(0.5)
    y = ag.jit(f)(x)
    assert y.data == 0.5 * math.exp(0.5)
    assert ag.gradient(y, x) == math.exp(0.5)
    assert ag.jit(ag.grad(f))(0.5) == ag.grad(f)(0.5)


def test_detach_inside_a_compiled_function_stops_gradients():
    def f(x):
        return x * ag.exp(x).detach() + (x * x).detach()

    x = Value(0.5)
    y = ag.jit(f)(x)
    assert y.data == f(Value(0.5)).data
    assert ag.gradient(y, x) == math.exp(0.5)
    x.data = 2.0
    y.recompute()
    assert y.data == 2.0 * math.exp(2.0) + 4.0  # a recording follows its inputs
    assert ag.hessian(ag.jit(f))(0.5) == 0.0


def test_detect_anomaly_names_the_operation_inside():
    w = Value(-1.0, label="w")
    f = ag.jit(lambda x: ag.log(w * x))
    assert math.isnan(f(2.0).data)
    with ag.detect_anomaly(), pytest.raises(ag.AnomalyError, match=r"log\(.* = -2\.0\) gave nan"):
        f(2.0)
    with ag.detect_anomaly():
        assert f(-math.e).data == 1.0


# ----- functions of all kinds -----


def test_a_compiled_function_may_call_another(backend):
    w = Value(2.0)
    inner = ag.jit(lambda x: w * x if x > 0 else x, backend=backend)
    outer = ag.jit(lambda x: inner(x) + inner(-x), backend=backend)
    for x in (3.0, -3.0, 3.0):
        y = outer(x)
        assert y.data == 2.0 * 3.0 - 3.0
        assert ag.gradient(y, w) == 3.0
    assert inner(1.0).data == 2.0


@pytest.mark.parametrize(
    ("f", "args", "wanted"),
    [
        (max, (1.0, 3.0), 3.0),
        (functools.partial(lambda k, x: x * k, 2.0), (3.0,), 6.0),
        (ag.tanh, (0.5,), math.tanh(0.5)),
        (ag.jit(lambda x: x * 2.0), (3.0,), 6.0),
        (nn.Linear(1, 1, init="zeros"), ([3.0],), [0.0]),
        (staticmethod(lambda x: x * 2.0), (3.0,), 6.0),
    ],
)
def test_callables_of_all_kinds_are_compiled(f, args, wanted):
    jitted = ag.jit(f)
    for _ in range(2):
        assert numbers(jitted(*args)) == wanted


class Model:
    scale = 2.0

    def __init__(self, w):
        self.w = Value(w)
        self.shift = 0.0

    def __call__(self, x):
        return self.w * x * self.scale + self.shift

    def square(self, x):
        return self(x) ** 2.0

    @ag.jit
    def decorated(self, x):
        return self(x) + self.shift


def test_methods_and_callable_objects_are_compiled(backend):
    a, b = Model(3.0), Model(5.0)
    whole, method = ag.jit(a, backend=backend), ag.jit(a.square, backend=backend)
    assert (whole(1.0).data, method(1.0).data) == (6.0, 36.0)
    assert (a.decorated(1.0).data, b.decorated(1.0).data) == (6.0, 10.0)
    assert whole(1.0).parents[1] is a.w
    for model in (a, b):
        model.shift = 1.0  # a number that was frozen
    assert (whole(1.0).data, method(1.0).data) == (7.0, 49.0)
    assert (a.decorated(1.0).data, b.decorated(1.0).data) == (8.0, 12.0)
    a.w = Value(4.0)  # another parameter in its place
    assert (whole(1.0).data, a.decorated(1.0).data) == (9.0, 10.0)


def test_a_model_may_be_an_argument():
    f = ag.jit(lambda model, x: model(x))
    a, b = Model(3.0), Model(5.0)
    assert [f(a, 1.0).data, f(b, 1.0).data, f(a, 1.0).data] == [6.0, 10.0, 6.0]


def test_user_defined_operations_are_compiled(backend):
    cube = ag.define_op("jit_test_cube", "x * x * x", "3.0 * x * x")
    fourth = ag.define_op("jit_test_fourth", "jit_test_cube(x) * x", "4.0 * jit_test_cube(x)")
    f = ag.jit(lambda x: cube(x) + fourth(x), backend=backend)
    assert f(2.0) == 24.0
    assert ag.grad(f)(2.0) == 12.0 + 32.0
    ag.define_op("jit_test_cube", "x * x * x + 1.0", "3.0 * x * x")
    for g in (f, ag.jit(lambda x: cube(x) + fourth(x), backend=backend)):
        assert g(2.0) == 9.0 + 18.0
        assert ag.grad(g)(2.0) == 12.0 + 36.0


def test_recursive_functions_are_compiled():
    @ag.jit
    def power(x, n):
        return x * power(x, n - 1) if n else x * 0.0 + 1.0

    assert power(2.0, 10) == 1024.0
    assert ag.grad(power)(2.0, 10) == 5120.0


def test_calls_from_several_threads_agree():
    w = Value(2.0)
    f = ag.jit(lambda x: w * x if x > 0 else w - x)
    wrong = []

    def work(seed):
        source = random.Random(seed)
        for _ in range(200):
            x = source.uniform(-1, 1)
            if f(x).data != (2.0 * x if x > 0 else 2.0 - x):
                wrong.append(x)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert all(len(path.program.guards) == 1 for path in f.paths)


@pytest.mark.slow
def test_long_programs_need_no_recursion(backend):
    """Programs are written, differentiated and run without recursion."""
    w = Value(0.001)

    def f(x):
        for _ in range(5000):
            x = x + w * x
        return x

    y = ag.jit(f, backend=backend)(Value(1.0))
    assert y.data == pytest.approx(1.001**5000, rel=1e-9)
    assert ag.gradient(y, w) == pytest.approx(5000 * 1.001**4999, rel=1e-9)


def test_an_index_from_data_is_looked_up_in_each_replay(backend):
    """The gradient goes to the element that the replay took."""
    table = nn.Embedding(4, 2, seed=0)
    f = ag.jit(lambda i: ag.sum(table(i)), backend=backend)
    for i in (2, 0, 3, 2):
        y = f(Value(float(i)))
        assert y.data == pytest.approx(ag.sum(table(i)).data, rel=1e-15)
        gradient = ag.gradient(y, [p for row in table.rows for p in row])
        assert gradient == [float(k // 2 == i) for k in range(8)]
    assert len(f.paths) == 1


def test_the_decorator_takes_options():
    @ag.jit(flip="error", fastmath=True)
    def named(x):
        """Says what it does."""
        return x * 2.0

    assert (named.__name__, named.__doc__) == ("named", "Says what it does.")
    assert named(2.0) == 4.0
    assert repr(named) == "jit(named): 1 path recorded"


def test_source_and_explain_show_each_path():
    w = Value(0.5, label="w")
    f = ag.jit(lambda x: ag.tanh(w * x) if x > 0 else x * 3.0)
    assert "nothing is recorded yet" in f.explain()
    with pytest.raises(JitError, match="has not been called yet"):
        f.source()
    f(1.0)
    f(-1.0)
    report = f.explain()
    for part in (
        *("path 1 of 2", "path 2 of 2", "guard CMP x > 0.0 at", "guard CMP not x > 0.0 at"),
        *("test_jit.py", "constant 3.0 from", "captures 1 Value", "t3 = tanh(t2)"),
    ):
        assert part in report, report
    assert "tanh" in f.source("python")
    assert "double" in f.source("c")
    assert "Math.tanh" in f.source("javascript")
    assert "define i64 @single" in f.source("llvm")
    assert f.source("python", gradient=False, path=1).count("\n") < f.source("python").count("\n")
    with pytest.raises(
        ValueError, match="no source in 'fortran'; there are python, c, javascript, llvm"
    ):
        f.source("fortran")


def test_the_python_source_computes_the_function():
    f = ag.jit(lambda x, y: ag.exp(x) * y)
    f(0.5, 2.0)
    namespace = {"exp": math.exp}
    exec(f.source("python"), namespace)
    (made,) = [v for k, v in namespace.items() if k not in ("exp", "__builtins__")]
    found, failed = made(0.5, 2.0)
    assert failed == -1
    assert found == [math.exp(0.5) * 2.0, math.exp(0.5) * 2.0, math.exp(0.5)]


# ----- floats where eager code has floats -----


def test_derivatives_that_are_floats_have_no_derivatives(backend):
    w = Value(2.0)

    def f(x):
        return ag.grad(lambda z: w * z * z)(1.5) * w * x

    def g(x):
        return ag.gradient(w * x * x, x) * w

    def h(x):
        return ag.value_and_grad(lambda z: w * z * z)(1.5), ag.hessian(lambda z: w * z**3)(x)

    for function, x in ((f, Value(3.0)), (f, 3.0), (g, Value(3.0))):
        compiled = ag.jit(function, backend=backend)
        expected, found = function(x), compiled(x)
        assert type(found) is type(expected) is Value
        assert found.data == expected.data
        assert ag.gradient(found, w) == ag.gradient(expected, w)
        if type(x) is Value:
            assert ag.gradient(found, x) == ag.gradient(expected, x)
    assert ag.jit(h, backend=backend)(1.0) == h(1.0) == ((4.5, 6.0), 12.0)
    values, second = ag.jit(h, backend=backend)(Value(1.0))
    assert values == (4.5, 6.0) and ag.gradient(second, w) == 6.0
    derivative = ag.jit(ag.grad(lambda x: w * x * x), backend=backend)
    assert derivative(3.0) == 12.0
    assert ag.gradient(derivative(Value(3.0)), w) == 6.0


def test_results_have_the_types_of_eager_code(backend):
    w = Value(2.0)

    def f(x, y):
        return x * 2.0, y * 2.0, w * x, w, [1, 2.5], ag.sum([])

    for x, y in itertools.product((3.0, Value(3.0)), repeat=2):
        expected, found = f(x, y), ag.jit(f, backend=backend)(x, y)
        assert [type(v) for v in pytree.leaves(found)] == [type(v) for v in pytree.leaves(expected)]
        assert numbers(pytree.leaves(found)) == numbers(pytree.leaves(expected))


@pytest.mark.parametrize(
    ("f", "arguments"),
    [
        (lambda w, x: ag.gradient(x * w, w), lambda w: (w, w)),
        (lambda w, y: ag.gradient(y, w), lambda w: (w, w * w)),
        (lambda w, y: ag.gradient(y * w, w), lambda w: (w, Value(2.0))),
    ],
)
def test_derivatives_with_respect_to_the_same_value_twice(f, arguments, backend):
    w = Value(1.5)
    compiled = ag.jit(f, backend=backend)
    for _ in range(2):
        assert compiled(*arguments(w)) == f(*arguments(w))
    closed = ag.jit(lambda x: ag.gradient(x * w, w), backend=backend)
    assert (closed(w), closed(Value(4.0)), closed(w)) == (3.0, 4.0, 3.0)


def test_jit_of_a_compiled_function_changes_its_options():
    np = pytest.importorskip("numpy")
    f = ag.jit(lambda x: x * 2.0, rows=0, reduce="mean")
    assert ag.jit(f) is f
    assert ag.jit(f)(np.ones(3)) == 2.0
    assert ag.jit(f, rows=0, reduce="sum")(np.ones(3)) == 6.0


def test_long_functions_of_floats_run_as_loops():
    def f(x):
        for _ in range(20_000):
            x = x + 1.0
        return x

    assert ag.jit(f)(1.0) == 20_001.0


class Holder:
    def __init__(self):
        self.w = Value(2.0)
        self.fast = ag.jit(self.scaled)

    def scaled(self, x):
        return self.w * x

    __call__ = scaled


def test_a_function_without_a_name_is_pickled_with_what_it_compiles():
    holder = Holder()
    assert holder.fast(3.0).data == 6.0
    copied = pickle.loads(pickle.dumps(holder))
    copied.w.data = 5.0
    assert (holder.fast(3.0).data, copied.fast(3.0).data) == (6.0, 15.0)
    for f in (holder, functools.partial(scaled_by, 4.0)):
        assert numbers(pickle.loads(pickle.dumps(ag.jit(f)))(3.0)) == numbers(f(3.0))


def scaled_by(factor, x):
    return factor * x


def test_values_may_be_made_of_arguments(backend):
    """Micrograd's models are fed like this."""
    model = nn.MLP(2, [3, 1], seed=0)

    def f(xs):
        return model([*map(Value, xs)])

    compiled = ag.jit(f, backend=backend)
    for xs in ([1.0, 2.0], [-3.0, 0.5]):
        found, expected = compiled(xs), f(xs)
        assert found.data == expected.data
        assert ag.gradient(found, model.parameters()) == pytest.approx(
            ag.gradient(expected, model.parameters()), rel=1e-12
        )
    assert len(compiled.paths) == 1

    def total(xs):
        t = Value(0.0)
        for x in xs:
            t = t + x * x
        return t

    assert type(ag.jit(total, backend=backend)([1.0, 2.0])) is type(total([1.0, 2.0])) is Value
    with pytest.raises(TypeError, match="it is already a Value"):
        ag.jit(lambda x: Value(x))(Value(1.0))


def test_derivatives_are_taken_inside_no_grad(backend):
    w = Value(2.0)
    f = ag.jit(lambda x: w * x * x, backend=backend)
    with ag.no_grad():
        assert ag.grad(f)(Value(3.0)).data == ag.grad(f.f)(Value(3.0)).data == 12.0
        assert ag.jvp(f, Value(3.0), 1.0)[1].data == 12.0
        assert ag.hessian(f)(Value(3.0)).data == 4.0
