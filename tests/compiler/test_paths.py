"""Branches on data: each is a guard; where one fails, another path is recorded and both are kept."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_scalar as ag
from autograd_scalar import JitError, Value, nn
from autograd_scalar.compiler import options
from autograd_scalar.compiler.runtime import specialization

SIGNS = (1.5, -1.5, 0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324)


def same(f, jitted, *points):
    """Check values and gradients against eager code, twice: the second call records nothing."""
    for point in (*points, *points):
        xs, ys = [*map(Value, point)], [*map(Value, point)]
        wanted, found = f(*xs), jitted(*ys)
        if type(wanted) is not Value:
            assert found == wanted
            continue
        assert repr(found.data) == repr(wanted.data), point
        gradients = zip(ag.gradient(found, ys), ag.gradient(wanted, xs), strict=True)
        assert all(repr(a) == repr(b) for a, b in gradients), point


BRANCHING = {
    "<": lambda x, y: x * 2.0 if x < y else y - x,
    "<=": lambda x, y: x * 2.0 if x <= y else y - x,
    ">": lambda x, y: x * 2.0 if x > y else y - x,
    ">=": lambda x, y: x * 2.0 if 0.0 >= x else y - x,  # noqa: SIM300
    "==": lambda x, y: x * 2.0 if x == y else y - x,
    "!=": lambda x, y: x * 2.0 if 0.0 != x else y - x,  # noqa: SIM300
    "in": lambda x, y: x * 2.0 if x in (0, y, 1.5) else y - x,
    "index": lambda x, y: x * [0.0, 1.5, x, y].index(x) + y,
    "count": lambda x, y: x * [0.0, 1.5, y].count(x) + y,
    "is nan": lambda x, y: y if x != x else x * y,
    "not a number": lambda x, y: x * y if x == "a" or x == None or x == [y] else y - x,  # noqa: E711
    "bool": lambda x, y: x * y if x else y * 3.0,
    "not": lambda x, y: x * y if not x else y * 3.0,
    "and": lambda x, y: (x and y) * 2.0,
    "max": lambda x, y: max(x, y, 0.5) * x,
    "min": lambda x, y: min([x, y], key=lambda v: -v) * y,
    "abs": lambda x, y: abs(x) * y,
    "sorted": lambda x, y: sorted([x, y, x * y])[1] * 2.0,
    "any": lambda x, y: x * y if any(v > 1.0 for v in (x, y)) else x + y,
    "chain": lambda x, y: x if 0.0 < x < y else y * x,
    "int": lambda x, y: x * y if x < 1 and y > True else y - x,
    "constant": lambda x, y: x * y if x > 0.0 else 0.0,
    "argument": lambda x, y: x if x > 0.0 else y,
    "data": lambda x, y: x * y + (1.0 if x.data > y.data else 2.0),
    "sign of zero": lambda x, y: y + math.copysign(1.0, x.data),
    "relu": lambda x, y: ag.relu(x) * y,
    "where": lambda x, y: ag.where(x, y, x * y),
    "maximum": lambda x, y: ag.maximum(x, y) * ag.clip(x, -1.0, 1.0),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*recorded paths")  # where data is read
@pytest.mark.parametrize("name", BRANCHING)
def test_every_kind_of_branch_equals_eager_code(name, backend):
    f = BRANCHING[name]
    jitted = ag.jit(f, backend=backend)
    points = [*itertools.product(SIGNS, repeat=2)]
    random.Random(name).shuffle(points)
    same(f, jitted, *points)


@settings(max_examples=30)
@given(
    thresholds=st.lists(st.floats(-2, 2), min_size=1, max_size=4),
    xs=st.lists(st.floats(-3, 3), min_size=1, max_size=6),
    native=st.booleans(),
)
def test_nested_branches_equal_eager_code(thresholds, xs, native):
    def f(x):
        total = x * 1.0
        for t in thresholds:
            total = total * 2.0 + x if total > t else total - x * t
        return total

    same(f, ag.jit(f, backend="auto" if native else "python"), *([x] for x in xs))


def test_a_loop_that_data_ends_is_recorded_for_each_length(backend):
    def halve(v):
        n = 0
        while v > 1.0:
            v, n = v / 2.0, n + 1
        return v + n

    jitted = ag.jit(halve, backend=backend)
    same(halve, jitted, *([x] for x in (0.5, 3.0, 1.0, 100.0, 7.0, 3.5)))
    assert len(jitted.paths) == 4  # 3.0 and 3.5 take the same path, and so do 0.5 and 1.0


def test_newtons_method_is_recorded_for_each_number_of_steps(backend):
    def root(x):
        y = x
        while abs(y * y - x) > 1e-12 * x:
            y = (y + x / y) / 2.0
        return y

    jitted = ag.jit(root, backend=backend)
    for x in (2.0, 3.0, 1e6, 0.01, 2.0):
        y = jitted(Value(x))
        assert y.data == pytest.approx(math.sqrt(x), rel=1e-11)
        assert ag.gradient(y, y.parents[0]) == pytest.approx(0.5 / math.sqrt(x), rel=1e-6)


def test_both_paths_are_kept(backend):
    f = ag.jit(lambda x: x * 2.0 if x > 0.0 else x * 3.0, backend=backend)
    for x in (1.0, -1.0, 2.0, -2.0):
        assert f(x) == (2.0 * x if x > 0 else 3.0 * x)
    assert [path.program.guards[0].outcome for path in f.paths] == [True, False]


def test_captured_values_are_guarded_where_they_are_compared(backend):
    w = Value(1.0)
    f = ag.jit(lambda x: w * x if w > 0.0 else x / w, backend=backend)
    assert f(3.0).data == 3.0
    w.data = -2.0
    y = f(3.0)
    assert y.data == -1.5
    assert ag.gradient(y, w) == -0.75
    w.data = 4.0
    assert f(3.0).data == 12.0


def test_paths_may_capture_different_values(backend):
    a, b = Value(2.0, label="a"), Value(5.0, label="b")
    f = ag.jit(lambda x: a * x if x > 0.0 else (b * x if x < -1.0 else x), backend=backend)
    for _ in range(2):
        y = f(3.0)
        assert (y.data, ag.gradient(y, [a, b])) == (6.0, [3.0, 0.0])
        y = f(-3.0)
        assert (y.data, ag.gradient(y, [a, b])) == (-15.0, [0.0, -3.0])
        assert f(-0.5) == -0.5


def test_a_flip_can_be_an_error(backend):
    f = ag.jit(lambda x: x if x > 0.0 else -x, flip="error", backend=backend)
    assert f(2.0) == 2.0
    with pytest.raises(
        JitError,
        match=r'lambda takes another path .*> at .*test_paths.py:\d+ was True.*flip="record"',
    ):
        f(-2.0)
    assert f(3.0) == 3.0
    assert len(f.paths) == 1


@pytest.mark.filterwarnings("ignore:.*recorded paths")
def test_a_call_beyond_the_maximum_of_paths_runs_eagerly(backend, monkeypatch):
    """A call that no recorded path fits runs the function itself."""
    monkeypatch.setattr(specialization, "MAX_TRACES", 3)

    def f(x):
        n = 0
        while x > n:
            n += 1
        return x * n

    jitted = ag.jit(f, backend=backend)
    for k in (*range(8), *range(8)):
        assert jitted(k + 0.5) == (k + 0.5) * (k + 1)
        assert jitted(Value(k + 0.5)).data == (k + 0.5) * (k + 1)
    assert len(jitted.paths) <= 6  # three for floats, three for Values


# ----- data that is read -----


def test_data_that_is_read_is_a_guard_on_its_number(backend):
    def f(v, w):
        return v * round(v.data) + w.data

    same(
        f, ag.jit(f, backend=backend), (1.2, 3.0), (2.6, 3.0), (2.6, 4.0), (0.0, -0.0), (-0.0, 0.0)
    )


def test_a_nan_that_is_read_runs_eagerly():
    f = ag.jit(lambda v: v * 2.0 + (1.0 if math.isnan(v.data) else 2.0))
    for _ in range(3):
        assert math.isnan(f(Value(math.nan)).data)
        assert f(Value(1.0)).data == 4.0


def test_parameters_data_that_is_read_is_a_guard():
    w = Value(2.0)
    f = ag.jit(lambda x: x * w.data)
    assert f(3.0) == 6.0
    w.data = 5.0
    assert f(3.0) == 15.0


# ----- captured objects -----

RATE = 2.0
TABLE = (1.0, 2.0)


def scaled(x):
    return x * RATE


def tabled(x):
    return x * TABLE[0]


def twice_scaled(x):
    return scaled(x) * 2.0


def test_changed_globals_of_called_functions_are_noticed(monkeypatch):
    f = ag.jit(twice_scaled)
    assert f(3.0) == 12.0
    monkeypatch.setitem(globals(), "RATE", 5.0)
    assert f(3.0) == 30.0
    monkeypatch.setitem(globals(), "scaled", tabled)
    assert f(3.0) == 6.0


def test_changed_globals_are_noticed(monkeypatch):
    f, g = ag.jit(scaled), ag.jit(tabled)
    assert (f(3.0), g(3.0)) == (6.0, 3.0)
    for rate in (5.0, 0.0, -0.0, math.inf, 5, True):
        monkeypatch.setitem(globals(), "RATE", rate)
        assert repr(f(3.0)) == repr(3.0 * rate)
    monkeypatch.setitem(globals(), "TABLE", (7.0,))
    assert g(3.0) == 21.0
    value = Value(0.5)
    monkeypatch.setitem(globals(), "RATE", value)
    assert f(3.0).parents[1] is value
    monkeypatch.setitem(globals(), "RATE", Value(0.5))
    assert f(3.0).parents[1] is not value


def test_changed_closures_are_noticed():
    rate = 2.0
    f = ag.jit(lambda x: x * rate)
    assert f(3.0) == 6.0
    rate = -0.0
    assert repr(f(3.0)) == "-0.0"
    rate = 0.0
    assert repr(f(3.0)) == "0.0"


def test_a_global_with_the_name_of_an_attribute_does_not_matter(monkeypatch):
    class Settings:
        RATE = 3.0

    settings = Settings()
    f = ag.jit(lambda x: x * settings.RATE)
    for rate in (1.0, 2.0, 3.0):
        monkeypatch.setitem(globals(), "RATE", rate)
        assert f(2.0) == 6.0
    assert len(f.paths) == 1


def test_a_rebound_model_is_noticed():
    model = nn.Linear(1, 1, seed=0)
    f = ag.jit(lambda x: model([x])[0])
    assert f(2.0).data == model([2.0])[0].data
    model = nn.Linear(1, 1, seed=1)
    assert f(2.0).data == model([2.0])[0].data


def test_fast_calls_are_made_again_after_a_captured_object_changes():
    scale = 1.0

    def f(x):
        for n in range(10):
            if x < n:
                return x * scale + n
        return x

    compiled = ag.jit(f)
    for rate in (1.0, 2.0):
        scale = rate
        for x in range(9):
            assert compiled(x - 0.5) == f(x - 0.5)
        assert len(compiled._fast.calls) == options.MAX_FAST_CALLS
        assert compiled._fast.holds()
