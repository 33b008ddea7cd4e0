"""Functions and arguments that cannot be compiled: errors name the cause, and leave the state untouched."""

from __future__ import annotations

import math
import random
import re
import threading
from decimal import Decimal
from fractions import Fraction

import pytest

import autograd_scalar as ag
from autograd_scalar import JitError, Value, nn, optim
from autograd_scalar.compiler.capture import tracer
from autograd_scalar.node import modes

np = pytest.importorskip("numpy")


@pytest.fixture(autouse=True)
def no_mode_stays_active():
    """After an error no tracer is active, and every block is closed."""
    yield
    assert modes.tracer.get() is None
    assert modes.recording.get()
    assert not modes.open_blocks


# ----- options -----


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"reduce": "max", "rows": 0}, ValueError, "reduce is \"mean\", \"sum\" or None, got 'max'"),
        ({"reduce": "sum"}, ValueError, "reduce needs rows"),
        ({"flip": "ignore"}, ValueError, "flip is \"record\" or \"error\", got 'ignore'"),
        ({"backend": "cuda"}, ValueError, "backend is \"auto\", \"llvm\" or \"python\", got 'cuda'"),
        ({"rows": "first"}, TypeError, "rows are positions of arguments, got 'first'"),
        ({"rows": 1.5}, TypeError, "rows are positions of arguments, got 1.5"),
        ({"rows": ()}, ValueError, "rows names no argument"),
    ],
)  # fmt: skip
def test_invalid_options_are_refused(options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        ag.jit(abs, **options)


def test_an_object_that_is_no_function_is_refused():
    with pytest.raises(TypeError, match="jit compiles a function, got 3"):
        ag.jit(3)


# ----- arguments -----


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((np.array([1.0, None], dtype=object), 1.0), "argument 0 is an array of object"),
        ((1.0, {"a": [np.array(["s"])]}), "argument 1['a'][0] is an array of <U1"),
        ((1.0, np.array([1j])), "argument 1 is an array of complex128"),
        ((1.0, np.array(["2020-01-01"], dtype="datetime64[D]")), "argument 1 is an array of datetime64"),
        ((np.ones(3), np.ones(4)), "was given arrays that do not broadcast: (3,), (4,)"),
        ((np.array([2.0], dtype=object), 1.0), "argument 0 is an array of object"),
    ],
)  # fmt: skip
def test_arrays_without_numbers_are_refused(args, message):
    f = ag.jit(lambda x, y: x * y)
    with pytest.raises(JitError, match=re.escape(message)):
        f(*args)
    assert f(np.array([2.0]), 3.0).tolist() == [6.0]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (([[1.0, 2.0], [3.0]], np.ones(2)), "argument 0 must be rows of numbers, all of one shape, got [[1.0,"),
        ((np.ones(2), np.ones(3)), "maps over rows: array 1 has 2, array 2 has 3"),
        ((np.ones(2),), "maps arguments (0, 1) over rows, but got 1 positional argument"),
        ((np.ones(2), 3.0), "argument 1 is mapped over rows, so it must be an array or a list, got 3.0"),
        (({"a": np.ones(2), "b": "no"}, np.ones(2)), "argument 0['b'] is mapped over rows, so it must be an array"),
        ((np.ones(2), np.ones(2), np.ones(2)), "argument 2 is an array, but rows= does not name that argument"),
        ((["a", "b"], np.ones(2)), "argument 0"),
        (([Value(1.0)], np.ones(1)), "argument 0"),
        ((np.array(1.0), np.ones(1)), "argument 0 is mapped over rows, but has none: its shape is ()"),
        ((np.float64(1.0), np.ones(1)), "argument 0 is mapped over rows"),
    ],
)  # fmt: skip
def test_arguments_that_do_not_fit_the_rows_are_refused(args, message):
    f = ag.jit(lambda x, y, z=0.0: x * y + z, rows=(0, 1), reduce="sum")
    with pytest.raises(JitError, match=re.escape(message)):
        f(*args)
    assert f(np.ones(2), np.ones(2)) == f(np.ones(2), [*np.ones(2)]) == 2.0
    assert f([], []) == 0.0


def test_keywords_are_not_mapped():
    f = ag.jit(lambda x, y: x * y, rows=0, reduce="sum")
    assert f(np.ones(3), y=2.0) == 6.0
    with pytest.raises(JitError, match=r"keywords\['y'\] is an array, but rows= does not name"):
        f(np.ones(3), y=np.ones(3))


def test_errors_of_the_function_propagate():
    f = ag.jit(lambda xs: xs[1] * 2.0)
    with pytest.raises(IndexError):
        f([1.0])
    with pytest.raises(TypeError, match="positional argument"):
        f()
    assert f([1.0, 2.0]) == 4.0
    with pytest.raises(TypeError, match=r"float\(Value\) would lose its gradient"):
        ag.jit(lambda x: math.sin(x))(1.0)
    with pytest.raises(TypeError, match=r"use .*v.floor\(\)|int\(Value\)"):
        ag.jit(lambda x: int(x) * 2.0)(Value(1.0))


# ----- results -----


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: 1.0, "returned no Value, but 1.0: there is nothing to compile"),
        (lambda x: [1.0, {}], "returned no Value, but [1.0, {}]"),
        (lambda x: [], "returned no Value, but []"),
        (lambda x: x.data * 2.0 if isinstance(x, Value) else x, "returned no Value"),
        (lambda x: None, "returned no Value, but None"),
        (lambda x: "text", "returned no Value, but 'text'"),
        (lambda x: (x, {"a": {1.0}}), "the result[1]['a'] of lambda is {1.0}"),
        (lambda x: np.array([object(), x]), "the result[0] of lambda is <object"),
        (lambda x: {x}, "lambda uses a number as the key of a dict or set"),
        (lambda x: (x, 1j), "the result[1] of lambda is 1j"),
        (lambda x: iter([x]), "the result of lambda is <list_iterator"),
    ],
)  # fmt: skip
def test_results_without_values_are_refused(f, message):
    for x in (2.0, Value(2.0)):
        with pytest.raises(JitError, match=re.escape(message)):
            ag.jit(f)(x)


# ----- side effects -----

COUNTER = 0
SAMPLES: list[float] = []
STATE = {"n": 0}


class Settings:
    n = 0


SETTINGS = Settings()


def counts(x):
    global COUNTER
    COUNTER += 1
    return x * COUNTER


def appends(x):
    SAMPLES.append(1.0)
    return x * len(SAMPLES)


def sets_item(x):
    STATE["n"] += 1
    return x * STATE["n"]


def sets_attribute(x):
    SETTINGS.n += 1
    return x * SETTINGS.n


def keeps_in_default(x, cache=[]):  # noqa: B006
    cache.append(x)
    return x * len(cache)


def in_a_closure():
    n = 0

    def f(x):
        nonlocal n
        n += 1
        return x * n

    return f


def in_a_list_of_the_closure():
    found = []

    def f(x):
        found.append(x)
        return x * 2.0

    return f


def through_another(x):
    return counts(x) * 2.0


class Counting:
    def __init__(self):
        self.n, self.found = 0, []

    def counts(self, x):
        self.n += 1
        return x * self.n

    def collects(self, x):
        self.found.append(x)
        return x * 2.0

    def __call__(self, x):
        self.n += 1
        return x * self.n


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: counts, "COUNTER"),
        (lambda: through_another, "COUNTER"),
        (lambda: appends, "SAMPLES"),
        (lambda: sets_item, "STATE"),
        (lambda: sets_attribute, "SETTINGS.n"),
        (lambda: keeps_in_default, "keeps_in_default's default 0"),
        (in_a_closure, "n"),
        (in_a_list_of_the_closure, "found"),
        (lambda: Counting().counts, "self.n"),
        (lambda: Counting().collects, "self.found"),
        (Counting, "self.n"),
    ],
)
def test_changes_to_captured_objects_are_refused(make, name):
    f = ag.jit(make())
    with pytest.raises(
        JitError, match=f"changes {re.escape(name)} while it is recorded, which a replay would not"
    ):
        f(2.0)
    assert f.paths == []


@pytest.mark.parametrize(
    "f",
    [
        lambda xs: xs.append(xs[0]) or xs[0] * 2.0,
        lambda xs: xs.sort() or xs[0] * 2.0,
        lambda xs: xs.pop() * 2.0,
        lambda xs: xs.__setitem__(0, 3.0) or xs[0] * xs[1],
    ],
)
def test_changes_to_arguments_are_refused(f):
    xs = [3.0, 1.0]
    with pytest.raises(JitError, match="modifies its arguments, which a replay would not do"):
        ag.jit(f)(xs)
    assert xs == [3.0, 1.0]


@pytest.mark.parametrize("draw", [random.random, random.gauss, np.random.rand, np.random.normal])
def test_random_numbers_are_refused(draw):
    f = ag.jit(lambda x: x * draw())
    before = random.getstate(), np.random.get_state()[1].tolist()
    with pytest.raises(JitError, match=r"draws random numbers with .*; do that outside"):
        f(1.0)
    assert f.paths == []
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


def test_random_numbers_without_effect_on_the_result_are_refused():
    def f(x):
        random.random()
        return x * 2.0

    with pytest.raises(JitError, match="draws random numbers"):
        ag.jit(f)(3.0)


@pytest.mark.not_audited("another thread changes what the audit compares")
def test_random_numbers_of_other_threads_are_their_own():
    done = threading.Event()

    def draw():
        while not done.wait(1e-4):
            random.random()

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        assert ag.jit(lambda x: x * 2.0)(3.0) == 6.0
        f = ag.jit(lambda x: x * 2.0 if random.random() < 0.5 else -x)
        with pytest.raises(JitError, match="draws random numbers"):
            f(3.0)
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda w, opt: setattr(w, "data", 7.0), "sets data"),
        (lambda w, opt: setattr(w, "grad", 7.0), "sets grad"),
        (lambda w, opt: w.grad, "reads grad"),
        (lambda w, opt: (w * 2.0).partials, "reads partials"),
        (lambda w, opt: (w * 2.0).backward(), r"calls backward\(\)"),
        (lambda w, opt: w.zero_grad(), r"calls zero_grad\(\)"),
        (lambda w, opt: (w * 2.0).recompute(), r"calls recompute\(\)"),
        (lambda w, opt: opt.step(), "steps an optimizer"),
        (lambda w, opt: opt.zero_grad(), "zeroes grads"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("optimizer", optim.OPTIMIZERS)
def test_side_effects_on_values_are_refused(act, message, optimizer):
    w = Value(2.0)
    w.grad = 3.0
    opt = optim.optimizer(optimizer, [w], lr=0.1)
    before = opt.state_dict()
    allowed = False

    def f(x):
        if not allowed:
            act(w, opt)
        return w * x

    jitted = ag.jit(f)
    with pytest.raises(
        JitError, match=rf"f {message}.* at .*test_bad_input.py:\d+, which a replay would not"
    ):
        jitted(5.0)
    assert (w.data, w.grad, opt.state_dict()) == (2.0, 3.0, before)
    allowed = True
    y = jitted(5.0)
    y.backward()
    assert (y.data, w.grad) == (10.0, 8.0)


@pytest.mark.parametrize("number", [Fraction(1, 3), 2**53 + 1, 10**20 + 1, Decimal("0.1")])
def test_comparisons_with_inexact_numbers_are_refused(number):
    for x in (0.1, float(number), 1e300):
        with pytest.raises(JitError, match=r"not a float exactly; use a float"):
            ag.jit(lambda x: x * 2.0 if x < number else x)(x)
        with pytest.raises(JitError, match=r"not a float exactly; use a float"):
            ag.jit(lambda x: x * 2.0 if x == number else x)(x)
    assert ag.jit(lambda x: x * 2.0 if x < 3 else x)(2.0) == 4.0


@pytest.mark.parametrize("number", [10**400, 1j, 2 + 0j])
def test_comparing_with_numbers_that_are_no_floats_is_refused(number):
    with pytest.raises(JitError, match=r"not a float exactly; use a float"):
        ag.jit(lambda x: x * 2.0 if x == number else x)(2.0)


# ----- size -----


def test_a_trace_that_is_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(tracer, "MAX_TRACE_NODES", 100)
    w = Value(1.5)
    f = ag.jit(lambda x, n: ag.sum([w * x for _ in range(n)]))
    with pytest.raises(
        JitError,
        match=r"lambda made more than 100 operations while it was recorded; .*map it over rows",
    ):
        f(2.0, 200)
    assert f(2.0, 20).data == 60.0
    assert w.grad == 0.0


def test_an_endless_loop_is_refused(monkeypatch):
    monkeypatch.setattr(tracer, "MAX_TRACE_NODES", 1000)

    def f(x):
        while x < 1.0:
            x = x * 1.0
        return x

    jitted = ag.jit(f)
    assert jitted(2.0) == 2.0
    with pytest.raises(JitError, match="made more than 1000 operations"):
        jitted(0.5)
    assert jitted(3.0) == 3.0


# ----- state after errors -----


def test_an_error_of_the_function_leaves_the_model_untouched():
    model = nn.MLP(2, [3, 1], seed=0)
    before = model.state_dict()
    broken = True

    def f(x):
        y = model(x)
        if broken:
            raise LookupError("half done")
        return y

    jitted = ag.jit(f)
    with pytest.raises(LookupError, match="half done"):
        jitted([1.0, 2.0])
    assert model.state_dict() == before
    assert all(p.grad == 0.0 and p.op == "" for p in model.parameters())
    assert (jitted.paths, repr(jitted)) == ([], "jit(f): 0 paths recorded")
    broken = False
    assert jitted([1.0, 2.0]).data == pytest.approx(model([1.0, 2.0]).data, rel=1e-15)


def test_an_error_on_a_second_path_leaves_the_first_usable():
    f = ag.jit(lambda x: x * 2.0 if x > 0.0 else [][0])
    assert f(1.0) == 2.0
    for bad in (-1.0, np.array([1.0, -1.0])):
        with pytest.raises(IndexError):
            f(bad)
    assert f(3.0) == 6.0
    assert f(np.array([1.0, 2.0])).tolist() == [2.0, 4.0]


# ----- numbers as keys and as text -----


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * 2.0 if x in {1.0, 2.0} else x,
        lambda x: {1.0: 5.0}.get(x, 7.0) * x,
        lambda x: x if x * 2.0 in {2.0} else 3.0 * x,
    ],
)
def test_numbers_as_keys_are_refused(f):
    with pytest.raises(JitError, match=r"uses a number as the key .*compare it with =="):
        ag.jit(f)(1.0)


def test_values_may_be_keys():
    w, v = Value(2.0), Value(3.0)
    scales = {w: 10.0, v: 100.0}
    f = ag.jit(lambda x: ag.sum([p * scales[p] for p in {w, v}]) * x)
    assert f(1.0).data == 320.0
    with pytest.raises(JitError, match="uses a number as the key"):
        ag.jit(lambda x: x * scales[x])(w)


@pytest.mark.parametrize("text", [lambda x: f"{x:.2f}", lambda x: f"{x.data}"])
def test_formatting_a_number_guards_it(text):
    w = Value(1.5)
    f = ag.jit(lambda x: len(text(x)) * w + float(re.search(r"[\d.]+", text(x))[0]))
    for x in (1.0, 3.0, 1.0, 22.5):
        v = Value(x)
        assert f(v).data == len(text(v)) * 1.5 + x
