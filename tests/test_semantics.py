"""Promises of docs/semantics.md that no test of a single part covers, under the headings of the page."""

from __future__ import annotations

import asyncio
import copy
import ctypes
import itertools
import math
import operator
import os
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd_scalar as ag
from autograd_scalar import JitError, Value, files
from autograd_scalar.compiler import options
from autograd_scalar.ops.table import BUILT_IN, TABLE, public

inf, nan = math.inf, math.nan
LARGEST = 1.7976931348623157e308
EDGES = (0.0, -0.0, 1.0, -2.5, 5e-324, -LARGEST, LARGEST, 745.2, inf, -inf, nan, 10**18)
BACKENDS = ["auto", "python"]

W = Value(2.0)


@pytest.fixture(params=BACKENDS)
def jit(request):
    return lambda f=None, **options: ag.jit(f, backend=request.param, **options)


# ----- numbers -----

#: Rows that select one of their operands, and those with a parameter for one side, which the other side does not read.
SELECTING = {"where", "pick", "leaky_relu", "elu"}


def operands(row, numbers):
    """Return the operands of a row as Values, lists of two for a list, and all Values among them."""
    made = [
        [Value(x), Value(x)] if o in row.lists else x if o == row.fixed else Value(x)
        for o, x in zip(row.operands, numbers, strict=True)
    ]
    leaves = [v for o in made for v in (o if isinstance(o, list) else [o]) if type(v) is Value]
    return made, leaves


@pytest.mark.parametrize("name", [row.name for row in public() if row.name in BUILT_IN])
def test_no_computation_raises_and_nan_passes_through(name):
    row = TABLE[name]
    edges = EDGES if len(row.operands) < 3 else EDGES[::2] + EDGES[1::4]
    for numbers in itertools.product(edges, repeat=len(row.operands)):
        made, leaves = operands(row, numbers)
        y = getattr(ag, name)(*made)
        slopes = ag.gradient(y, leaves)
        assert {*map(type, slopes)} <= {float}
        is_exempt = name in SELECTING or name in ("pow", "pow_const", "hypot")
        if any(x != x for x in numbers) and not is_exempt:
            assert math.isnan(y.data), numbers


def test_nan_is_lost_only_where_ieee_754_says_so():
    assert ag.hypot(inf, nan) == ag.hypot(nan, -inf) == inf and math.isnan(ag.hypot(1.0, nan))
    assert (Value(nan) ** 0).data == (Value(1.0) ** Value(nan)).data == 1.0
    assert math.isnan((Value(nan) ** 2).data) and math.isnan((Value(2.0) ** Value(nan)).data)
    assert ag.where(1.0, 2.0, nan) == 2.0 and math.isnan(ag.where(1.0, nan, 2.0))
    assert ag.leaky_relu(1.0, nan) == 1.0 and math.isnan(ag.leaky_relu(-1.0, nan))


def test_stable_functions_overflow_only_where_the_result_does():
    assert ag.logsumexp([LARGEST, -LARGEST]) == ag.softplus(LARGEST) == LARGEST
    assert ag.logaddexp(-LARGEST, LARGEST) == LARGEST
    assert ag.softmax([LARGEST, -LARGEST]) == [1.0, 0.0]
    assert ag.softmax([-LARGEST] * 4) == [0.25] * 4
    assert ag.sigmoid(-LARGEST) == 0.0
    assert ag.nn.binary_cross_entropy(Value(LARGEST), 0).data == LARGEST
    logits = [Value(1e308), Value(-5e307)]
    assert ag.nn.cross_entropy(logits, 1).data == 1.5e308
    assert ag.nn.cross_entropy([Value(LARGEST), Value(-LARGEST)], 1).data == inf
    assert ag.grad(ag.logsumexp)([LARGEST, -LARGEST, LARGEST]) == [0.5, 0.0, 0.5]


def test_a_choice_inside_a_function_avoids_its_infinite_derivative():
    assert ag.grad(lambda x: ag.sqrt(ag.where(x, x, 1.0)))(0.0) == 0.0
    assert math.isnan(ag.grad(lambda x: ag.where(x, ag.sqrt(x), 1.0))(0.0))


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, -1, 0.5, -2.5])
def test_a_constant_exponent_uses_no_logarithm(exponent):
    for x in (0.0, -0.0, 5e-324, 4.0, -3.0):
        slope = ag.grad(lambda x: x**exponent)(x)
        if exponent == 0:
            assert slope == 0.0
        elif exponent >= 1:
            assert slope == exponent * x ** (exponent - 1)
        else:
            assert math.isnan(slope) == (x < 0.0 and exponent != -1)


def test_second_derivatives_of_hypot_at_the_origin_are_nan(jit):
    for hessian in (ag.hessian(ag.hypot, (0, 1)), jit(ag.hessian(ag.hypot, (0, 1)))):
        assert all(math.isnan(second) for row in hessian(0.0, 0.0) for second in row)


@pytest.mark.parametrize(
    ("f", "second"),
    [
        (abs, 0.0),
        (ag.relu, 0.0),
        (lambda x: ag.maximum(x, 0.0), 0.0),
        (lambda x: abs(x) ** 2, 0.0),
        (lambda x: x * x, 2.0),
        (lambda x: ag.elu(x, 1.5), 1.5),
        (ag.leaky_relu, 0.0),
    ],
)
def test_second_derivatives_at_a_kink_are_those_of_the_branch(jit, f, second):
    assert ag.grad(ag.grad(f))(0.0) == ag.hessian(f)(0.0) == second
    assert jit(ag.grad(ag.grad(f)))(0.0) == second


# ----- what is recorded -----


def test_recompute_keeps_to_the_side_that_an_if_took():
    x = Value(2.0)
    y = x * x if x > 0.0 else -x
    z = ag.where(x > 0.0, x * x, -x), ag.maximum(x * x, -100.0 * x)
    x.data = -3.0
    y.recompute()
    assert y.data == 9.0 and z[1].recompute() is None and z[1].data == 300.0


def test_the_exponent_of_a_power_is_a_constant_parent():
    x = Value(3.0)
    y = x**2
    assert y.op == "pow_const" and y.parents[1].data == 2.0
    assert ag.gradient(y, y.parents[1]) == 0.0
    assert (x ** Value(2.0)).op == "pow"


def test_hooks_are_neither_copied_nor_pickled():
    x, seen = Value(3.0), []
    y = x * x
    x.register_hook(seen.append)
    for other in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        other.backward()
        assert other.parents[0].grad == 6.0
    assert not seen


# ----- comparing, converting, NumPy -----


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
def test_numbers_of_other_precisions_are_computed_in_double_precision(jit, dtype):
    x = dtype(0.1)
    expected = float(x) * float(x)
    assert (Value(x) * Value(x)).data == (Value(float(x)) * x).data == expected
    assert jit(lambda x: x * x)(x) == expected
    assert ag.grad(lambda x: x * x)(x) == 2.0 * float(x)
    rows = jit(lambda x: x * x)(np.array([x]))
    assert rows.dtype == np.float64 and rows.tolist() == [expected]


def test_plain_arrays_of_values_choose_an_element():
    a, b = Value(2.0), Value(2.0)
    largest = np.array([a, b]).max()
    assert largest is a or largest is b
    with pytest.warns(RuntimeWarning, match="invalid value encountered"):
        assert np.array([Value(nan), Value(1.0)]).max().data == 1.0  # nan is passed over


# ----- compiled functions -----


@pytest.mark.not_audited("it breaks promises, which the audit notices")
def test_what_only_frozen_allows(jit):
    def numbers():
        while True:
            yield 2.0

    drawn = numbers()
    assert jit(lambda x: x * next(drawn), frozen=[drawn])(3.0) == 6.0
    there = jit(lambda x: x * ("PATH" in os.environ), frozen=[os.environ])
    assert there(2.0) == 2.0 * ("PATH" in os.environ)
    with pytest.raises(JitError, match=r"os\.environ"):
        jit(lambda x: x * ("PATH" in os.environ))(2.0)


@pytest.mark.not_audited("compiled code differs from eager code here")
def test_an_argument_is_no_float_while_it_is_recorded(jit):
    f = jit(lambda x: x * 2.0 if isinstance(x, float) else x * 3.0)
    assert f(1.0) == 3.0 and f.f(1.0) == 2.0
    with pytest.raises(TypeError, match=r"autograd_scalar\.exp"):
        jit(lambda x: math.exp(x))(1.0)


@pytest.mark.parametrize(
    "f",
    [
        lambda a, b: a * 2.0 if a is b else a * 3.0,
        lambda a, b: a * 2.0 if a is not b else a * 3.0,
        lambda a, b: a * 2.0 if b is W else a * 3.0,
        lambda a, b: a * 2.0 if operator.is_(a, b) else a * 3.0,
        lambda a, b: a * 2.0 if id(a) == id(W) else a * 3.0,
    ],
)
def test_comparing_an_argument_by_identity_is_refused(jit, f):
    for arguments in [(W, W), (Value(1.0), Value(2.0)), (1.0, W)]:
        with pytest.raises(JitError, match="compares an argument by identity"):
            jit(f)(*arguments)


def test_other_objects_and_captured_values_may_be_compared_with_is(jit):
    other = [W, Value(2.0)]
    f = jit(lambda x, y=None: x * (1.0 if y is None else 5.0) if other[0] is W else x * 0.0)
    assert f(3.0) == 3.0 and f(3.0, 1.0) == 15.0
    other[0] = other[1]
    assert f(3.0) == 0.0


@pytest.mark.parametrize("choose", [min, max])
def test_min_and_max_choose_as_python_does(jit, choose):
    f = jit(lambda x, y: choose(x, y) * 2.0)
    for x, y in itertools.product([1.0, 2.0, nan, inf], repeat=2):
        assert repr(f(x, y)) == repr(choose(x, y) * 2.0)


def test_guards_on_nan_have_the_outcome_of_python(jit):
    def f(x):
        sides = [x < 1.0, x <= 1.0, x > 1.0, x >= 1.0, x == 1.0, x != 1.0, bool(x)]
        return x * 0.0 + sum(2.0**i for i, side in enumerate(sides) if side)

    g = jit(lambda x: ag.where(x == x, 1.0, 0.0) * 0.0 + f(ag.where(x == x, x, nan) * 1.0))
    found = jit(lambda x: [1.0 if side else 0.0 for side in (x < 1.0, x == x, x != x, bool(x))])
    for x in (nan, 1.0, 0.0, 2.0, nan):
        expected = [float(side) for side in (x < 1.0, x == x, x != x, bool(x))]
        assert found(x) == expected
        assert math.isnan(g(x)) == math.isnan(x)


def test_the_65th_path_runs_eagerly_with_a_warning(jit):
    assert options.MAX_TRACES == 64
    f = jit(lambda x: x * len(str(x)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for i in range(64):
            assert f(float(i)) == i * len(f"{i}.0")
    with pytest.warns(RuntimeWarning, match="64 recorded paths"):
        assert f(64.0) == 64.0 * 4


def test_a_square_is_a_product(jit):
    x = next(
        x
        for x in np.random.default_rng(0).uniform(1.0, 2.0, 10**5).tolist()
        if x * x != math.pow(x, 2.0)
    )
    assert jit(lambda x: x**2)(x) == x * x
    assert jit(lambda x: x**2)(np.array([x])).tolist() == [x * x]


@pytest.mark.not_audited("NumPy gives the other zero on some processors")
def test_the_largest_of_two_zeros_is_the_first(jit):
    largest, smallest = jit(lambda x, y: np.maximum(x, y)), jit(lambda x, y: np.minimum(x, y))
    for x, y in ((0.0, -0.0), (-0.0, 0.0)):
        assert math.copysign(1.0, largest(x, y)) == math.copysign(1.0, x)
        assert math.copysign(1.0, smallest(x, y)) == math.copysign(1.0, x)


def test_results_are_differentiated_as_if_each_were_of_a_call_of_its_own(jit):
    def f(x, a, b):
        root = ag.sqrt(x)
        return root * a, root * b

    def slopes(f, x, a, b):
        x = Value(x)
        return ag.gradient(f(x, a, b)[0] + f(x, a, b)[1], x)

    def together(f, x, a, b):
        x = Value(x)
        y, z = f(x, a, b)
        return ag.gradient(y + z, x)

    compiled = jit(f)
    for numbers in [(0.0, 1.0, 0.0), (0.0, 1.0, 2.0), (0.7, 1.1, 0.3), (0.9, 0.1, 0.7)]:
        assert repr(together(compiled, *numbers)) == repr(slopes(f, *numbers))
    assert math.isnan(together(compiled, 0.0, 1.0, 0.0)) and together(f, 0.0, 1.0, 0.0) == inf


def test_numbers_among_the_results_over_rows_are_arrays(jit):
    def f(x):
        return 1, True, x * 2.0, "s", None

    for found in (jit(f)(np.array([1.0, 2.0])), jit(f, rows=0)(np.array([1.0, 2.0]))):
        assert [y.tolist() for y in found[:3]] == [[1.0, 1.0], [1.0, 1.0], [2.0, 4.0]]
        assert {y.dtype for y in found[:3]} == {np.dtype(float)} and found[3:] == ("s", None)
    assert jit(f, rows=0, reduce="sum")(np.array([1.0, 2.0])) == (2.0, 2.0, 6.0, "s", None)


def test_setting_data_later_changes_no_node_of_a_call(jit):
    x = Value(2.0)
    y = jit(lambda x: x * x)(x)
    x.data = 10.0
    assert ag.gradient(y, x) == 4.0
    y.recompute()
    assert (y.data, ag.gradient(y, x)) == (100.0, 20.0)


def test_values_that_depend_on_each_other_run_eagerly(jit):
    def f(a, b):
        return ag.gradient(a * b, a, create_graph=True) + 0.0 * a

    x = Value(2.0)
    for arguments in [(x, x), (x, x * 3.0), (x * 3.0, x), (Value(2.0), Value(3.0))]:
        assert jit(f)(*arguments).data == f(*arguments).data


def test_a_call_inside_another_recording_is_recorded_by_operations(jit):
    inner = jit(lambda x: ag.sin(x) * W)
    outer = jit(lambda x: inner(x) + 1.0)
    assert outer(1.0).data == math.sin(1.0) * 2.0 + 1.0
    program = str(outer.paths[0].program)
    assert all(name in program for name in ("sin", "*", "+")) and "jit" not in program


@pytest.mark.not_audited("it counts calls")
def test_the_audit_compares_nothing_inside_a_recording_or_detect_anomaly():
    calls = []

    def counted():
        calls.append(1)
        return 1.0

    checked = ag.jit(lambda x: x * 2.0 * counted(), check=True, frozen=[counted])
    with ag.detect_anomaly():
        assert checked(2.0) == 4.0
    assert len(calls) == 1
    assert ag.jit(lambda x: checked(x) + 1.0, frozen=[counted])(2.0) == 5.0
    assert len(calls) == 2


def test_the_audit_allows_for_fastmath():
    checked = ag.jit(
        lambda x: ag.sum([x * (1.0 / k) for k in range(1, 60)]) - x * 4.0,
        rows=0,
        reduce="sum",
        fastmath=True,
        check=True,
    )
    assert math.isfinite(checked(np.linspace(0.1, 1.0, 1000)))


# ----- copies, threads, files -----


def test_machine_code_for_rows_runs_without_the_lock_of_the_interpreter():
    pytest.importorskip("llvmlite")
    from autograd_scalar.compiler.backends.llvm.target import KERNEL

    holds_the_lock = 0x4  # FUNCFLAG_PYTHONAPI
    assert not KERNEL._flags_ & holds_the_lock and ctypes.PYFUNCTYPE(None)._flags_ & holds_the_lock


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away"
)
def test_a_file_that_is_replaced_keeps_its_owner(tmp_path):
    path = tmp_path / "checkpoint.json"
    path.write_text("{}")
    os.chown(path, 12345, 54321)
    files.replace(path, "[]")
    status = path.stat()
    assert (path.read_text(), status.st_uid, status.st_gid) == ("[]", 12345, 54321)


def test_modes_hold_for_the_task_that_entered_them():
    async def inside(mode):
        with mode():
            await asyncio.sleep(0.01)
            return len((W * 2.0).parents)

    async def outside():
        await asyncio.sleep(0.002)
        return len((W * 2.0).parents), ag.log(-W).data

    async def both(mode):
        return await asyncio.gather(inside(mode), outside())

    def run(
        mode,
    ):  # in a thread of its own: the browser of other tests leaves an event loop in this one
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(both(mode))).result()

    assert repr(run(ag.no_grad)) == "[0, (2, nan)]"
    assert repr(run(ag.detect_anomaly)) == "[2, (2, nan)]"


def test_copies_keep_labels_grads_and_sharing():
    x = Value(1.5, label="x")
    x.grad = 3.0
    y = x * x
    for z, again, leaf in (copy.deepcopy((y, y, x)), pickle.loads(pickle.dumps((y, y, x)))):
        assert z is again and z.parents == (leaf, leaf) and z.parents[0] is leaf
        assert operator.attrgetter("data", "grad", "label")(leaf) == (1.5, 3.0, "x")
    assert copy.copy(y).parents[0] is x
