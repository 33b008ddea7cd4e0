"""jit(check=True) runs eager code beside each call, and raises where the two differ."""

from __future__ import annotations

import collections
import os
import random
import subprocess
import sys

import numpy as np
import pytest

import autograd_scalar as ag
from autograd_scalar import JitCheckError, JitError, Value, nn
from autograd_scalar.compiler.runtime.bound import BoundKernel
from autograd_scalar.compiler.runtime.dispatcher import Jitted
from autograd_scalar.compiler.runtime.effects import State


@pytest.fixture
def answers(monkeypatch):
    """Return a function that makes compiled calls return something else."""

    def answer(wrong):
        monkeypatch.setattr(Jitted, "__call__", lambda self, *args, **_: wrong(*args))

    return answer


# ----- right calls pass -----


def test_calls_that_agree_return_what_compiled_code_returns(backend):
    w = Value(2.0, label="w")

    @ag.jit(check=True, backend=backend)
    def f(x, y):
        z = ag.tanh(w * x) if x > y else ag.exp(x) / y
        return {"z": z, "more": (x * y, [1.0, y])}

    for x, y in (
        (1.0, 2.0),
        (3.0, 0.5),
        (Value(1.0), 2.0),
        (Value(3.0), w),
        (np.float64(0.5), 0.0),
    ):
        found = f(x, y)
        assert found["more"][1][0] == 1.0
    found["z"].backward()
    assert found["z"].op.startswith("jit_f")


def test_arrays_rows_kernels_models_and_methods_are_audited(backend):
    w = Value(0.5)
    square = ag.jit(lambda x, y: (w * x - y if x > 0.0 else y) ** 2.5, check=True, backend=backend)
    with ag.no_grad():
        assert square(np.array([1.0, -2.0]), 0.25).shape == (2,)
    model = ag.jit(nn.MLP(2, [4, 1], seed=0), check=True, backend=backend)
    assert len(model.parameters()) == 17
    loss = ag.jit(
        lambda x, y: (model(x) - y) ** 2, rows=(0, 1), reduce="mean", check=True, backend=backend
    )
    x, y = np.linspace(-1, 1, 8).reshape(4, 2), np.ones(4)
    assert loss(x, y).data == pytest.approx(loss.kernel(x, y)())

    class Scaled:
        scale = Value(3.0)

        @ag.jit(check=True, backend=backend)
        def __call__(self, x):
            return self.scale * x

    assert Scaled()(2.0).data == 6.0


def test_a_refusal_of_a_compiled_function_that_eager_code_calls_is_no_difference(backend):
    def f(x):
        constant = ag.jit(lambda t: 2.0)
        return constant(x) * x

    found = ag.jit(f, check=True, backend=backend)(np.array([1.0, 3.0]))
    assert found.tolist() == [2.0, 6.0]
    with pytest.raises(JitError, match="nothing to compile"):
        f(np.array([1.0, 3.0]))


def test_derivatives_by_a_value_that_is_two_inputs_may_be_added_in_another_order(backend):
    w = Value(-0.3)

    @ag.jit(check=True, backend=backend)
    def f(z):
        return ag.dot([w], [w + z]) - ag.dot([w], [w + z])

    f(w)


def test_functions_that_take_derivatives_are_audited(backend):
    w = Value(3.0)
    f = ag.jit(ag.value_and_grad(lambda x: ag.sin(w * x) * x), check=True, backend=backend)
    assert f(0.5) == ag.value_and_grad(lambda x: ag.sin(3.0 * x) * x)(0.5)
    h = ag.jit(ag.hessian(lambda v: v[0] * v[0] * v[1]), check=True, backend=backend)
    assert h([2.0, 3.0]) == [[6.0, 4.0], [4.0, 0.0]]


def test_a_refusal_is_no_difference():
    out = []

    @ag.jit(check=True)
    def f(x):
        out.append(1)
        return 2.0 * x

    with pytest.raises(JitError):
        f(1.0)


def test_an_exception_is_raised_as_it_was():
    @ag.jit(check=True)
    def f(x):
        if x > 0.0:
            raise KeyError("positive")
        return 2.0 * x

    assert f(-1.0) == -2.0
    with pytest.raises(KeyError, match="positive"):
        f(1.0)


def test_floats_divide_as_values_do():
    assert ag.jit(lambda x: 1.0 / x, check=True)(0.0) == float("inf")


def test_compiled_functions_within_eager_code_run_eagerly(answers):
    inner = ag.jit(lambda x: 2.0 * x, check=True)
    outer = ag.jit(lambda x: inner(x) + 1.0, check=True)
    assert outer(1.0) == 3.0
    answers(lambda x: 3.0)
    assert outer(1.0) == 3.0


# ----- wrong calls -----

CASES = {
    "value": (lambda x: 2.0 * x, 1.5, lambda x: 3.5, r"result: compiled 3.5, eager 3.0"),
    "last bit": (lambda x: x / 3.0, 1.0, lambda x: np.nextafter(1 / 3, 1), "1 ulp apart with 0 allowed"),
    "sign of zero": (lambda x: 0.0 * x, 1.0, lambda x: -0.0, "compiled -0.0, eager 0.0"),
    "nan": (lambda x: 0.0 * x, 1.0, lambda x: float("nan"), "compiled nan, eager 0.0"),
    "float for a Value": (lambda x: 2.0 * x, Value(1.0), lambda x: 2.0, "compiled 2.0, eager Value"),
    "Value for a float": (lambda x: 2.0 * x, 1.0, lambda x: Value(2.0), "compiled Value.*, eager 2.0"),
    "derivative": (lambda x: 2.0 * x, Value(1.0), lambda x: x + 1.0, r"d result / d .*: compiled 1.0, eager 2.0"),
    "no derivative": (lambda x: x + x, Value(1.0), lambda x: Value(2.0), "compiled 0.0, eager 2.0"),
    "too much": (lambda x: +x.detach(), Value(1.0), lambda x: +x, "compiled 1.0, eager 0.0"),
    "tuple": (lambda x: (x, x), 1.0, lambda x: [x, x], r"compiled list \[1.0, 1.0\], eager tuple"),
    "length": (lambda x: [x, x], 1.0, lambda x: [x], r"compiled list \[1.0\], eager list \[1.0, 1.0\]"),
    "keys": (lambda x: {"a": x, "b": x}, 1.0, lambda x: {"b": x, "a": x}, "compiled dict {'b': 1.0, 'a': 1.0}"),
    "deep": (lambda x: {"a": [x, 2]}, 1.0, lambda x: {"a": [x, 3]}, r"result\['a'\]\[1\]: compiled 3, eager 2"),
    "no exception": (lambda x: [][1], 1.0, lambda x: 1.0, "returned 1.0, eagerly it raised IndexError"),
    "random": (lambda x: x + 0.0 * random.random(), 1.0, lambda x: x, "random numbers are drawn"),
}  # fmt: skip


@pytest.mark.parametrize(("f", "x", "wrong", "difference"), CASES.values(), ids=CASES)
def test_a_difference_is_listed(answers, f, x, wrong, difference):
    jitted = ag.jit(f, check=True)
    answers(wrong)
    with pytest.raises(JitCheckError, match=difference):
        jitted(x)


def test_an_exception_of_compiled_code_alone(answers):
    def wrong(x):
        raise KeyError("wrong")

    answers(wrong)
    with pytest.raises(
        JitCheckError, match=r"compiled it raised KeyError: 'wrong', eagerly it returned 1.0"
    ):
        ag.jit(lambda x: x, check=True)(1.0)


def test_derivatives_by_captured_values(answers):
    w = Value(2.0, label="w")
    holder = {"deep": [[w]]}
    f = ag.jit(lambda x: holder["deep"][0][0] * x, check=True)
    assert f(3.0).data == 6.0
    answers(lambda x: Value(6.0))
    with pytest.raises(JitCheckError, match=r"d result / d w: compiled 0.0, eager 3.0"):
        f(3.0)


def test_derivatives_that_reach_deeper_than_the_arguments(answers):
    w = Value(2.0, label="w")
    f = ag.jit(lambda x, y: x * y + w, check=True)
    assert f(3.0 * w, w * w).data == 26.0
    answers(lambda x, y: x * y + w.detach())
    with pytest.raises(JitCheckError, match=r"d result / d w: compiled 36.0, eager 37.0"):
        f(3.0 * w, w * w)


def test_arrays_and_sums_over_rows(answers):
    w, x = Value(2.0, label="w"), np.array([1.0, 2.0])
    f = ag.jit(lambda x: x * x, check=True)
    answers(lambda x: np.array([1.0, 5.0]))
    with pytest.raises(
        JitCheckError, match=r"f|lambda\(a ndarray of 2\).* result\[1\]: compiled 5.0, eager 4.0"
    ):
        f(x)
    total = ag.jit(lambda x: w * x, rows=0, reduce="sum", check=True)
    answers(lambda x: 3.5 * w - 1.0)
    with pytest.raises(JitCheckError, match=r"d result / d w: compiled 3.5, eager 3.0"):
        total(x)


def test_kernels(monkeypatch):
    w = Value(2.0, label="w")
    f = ag.jit(lambda x: (w * x) ** 2.0, rows=0, reduce="sum", check=True)
    kernel = f.kernel(np.array([1.0, 3.0]))
    kernel.shared[0] = 1.0
    assert (kernel(), w.data) == (10.0, 2.0)
    compiled = BoundKernel.__call__

    def wrong(self):
        value = compiled(self)
        self.gradient[0] += 1.0
        return value

    monkeypatch.setattr(BoundKernel, "__call__", wrong)
    with pytest.raises(
        JitCheckError, match=r"over 2 rows .* d value / d w: compiled 21.0, eager 20.0"
    ):
        kernel()


def test_the_message_says_which_path_answered(answers):
    @ag.jit(check=True)
    def f(x, *, scale):
        return scale * x if x > 0.0 else -x

    f(1.0, scale=2.0)
    f(-1.0, scale=2.0)
    answers(lambda x: 7.0)
    with pytest.raises(JitCheckError, match=r"^f\(-1.0, scale=2.0\) .*; answered by path 1 of 2$"):
        f(-1.0, scale=2.0)


# ----- effects -----


class Box:
    __slots__ = ("item",)


def effects():
    """Return functions with an effect, by the path of what they change."""
    items, table, array, box = [1.0], {"a": 1.0}, np.zeros(3), Box()
    big, later = np.zeros(1000), Value(1.0)

    def nonlocal_():
        nonlocal later
        later = 2.0

    def attribute():
        Box.made = 1.0

    return {
        "items": lambda: items.append(2.0),
        "table['b']": lambda: table.update(b=1.0),
        "array[2]": lambda: array.__setitem__(2, 1.0),
        "big.bytes": lambda: big.__setitem__(2, 1.0),
        "box.item": lambda: setattr(box, "item", 3.0),
        "later": nonlocal_,
        "Box.made": attribute,
    }


@pytest.mark.parametrize("path", effects())
def test_an_effect_that_compiled_code_does_not_repeat(answers, path):
    effect = effects()[path]

    def f(x):
        effect()
        return x

    jitted = ag.jit(f, check=True)
    answers(lambda x: x)
    with pytest.raises(JitCheckError, match=r"change of f cell effect.*: compiled none, eager"):
        jitted(1.0)
    if hasattr(Box, "made"):
        del Box.made


def test_an_effect_that_both_make_is_made_once(answers):
    items, array = [], np.zeros(200)

    def f(x):
        items.append(x)
        array[3] += x
        return x

    jitted = ag.jit(f, check=True)
    answers(f)
    assert jitted(2.0) == 2.0
    assert (items, array[3]) == ([2.0], 2.0)


def test_an_effect_while_recording_would_not_be_repeated():
    array = np.zeros(3)

    @ag.jit(check=True)
    def f(x):
        array[0] += 1.0
        return 2.0 * x

    with pytest.raises((JitError, JitCheckError), match="array"):
        f(1.0)


COUNTER = 0


def count():
    global COUNTER
    COUNTER += 1


def test_changes_are_found_and_undone_wherever_they_are():
    class Thing:
        kind = 1.0

        def __init__(self):
            self.parts = (collections.deque([1.0]), {2.0})

    box, thing, v, generator = Box(), Thing(), Value(1.0), random.Random(0)
    box.item = [bytearray(b"ab")]
    state = State({"x": [count, box, thing, v, generator, len, random]})
    assert state.changes() == {}
    count()
    box.item[0][0] = 99
    thing.parts[0].append(3.0)
    thing.parts[1].add(4.0)
    thing.new = 5.0
    v.data = 2.0
    Thing.kind = 2.0
    changed = {"x[0] global COUNTER", "x[2].new", "x[2].parts[0][1]", "x[3].data"}
    assert changed < state.changes().keys()
    assert (
        len(state.changes()) == len(changed) + 3
    )  # an item of the set, a bytearray, a class attribute
    state.restore()
    assert state.changes() == {}
    assert (COUNTER, v.data, thing.parts) == (0, 1.0, (collections.deque([1.0]), {2.0}))
    assert not hasattr(thing, "new")


# ----- the environment's switch -----


def test_the_environment_turns_it_on_for_training_too():
    code = """
import autograd_scalar as ag
from autograd_scalar import nn
assert type(ag.jit(lambda x: x)).__name__ == "Audited"
assert type(ag.jit(lambda x: x, check=False)).__name__ == "Jitted"
moons = ag.data.moons(40, seed=1)
history = ag.train.fit(nn.MLP(2, [4, 1], seed=1), moons, epochs=2, batch_size=20, jit=True, l2=1e-3, progress=False)
assert history.compiled
from autograd_scalar.compiler.runtime.row_function import RowFunction
right = RowFunction.__call__
def wrong(self, *args, **kwargs):
    found = right(self, *args, **kwargs)
    found.gradient[0, 3] += 1e-3
    return found
RowFunction.__call__ = wrong
ag.train.fit(nn.MLP(2, [4, 1], seed=1), moons, epochs=2, batch_size=20, jit=True, progress=False)
"""
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "AUTOGRAD_SCALAR_JIT_CHECK": "1"},
    )
    assert "JitCheckError: MLP over 20 rows differs from eager code: d value / d " in ran.stderr


def test_a_function_may_fill_a_cache():
    cache = {}

    def cached(x):
        if "table" not in cache:
            cache["table"] = [3.0]
        return x * cache["table"][0]

    f = ag.jit(cached, check=True)
    assert f(2.0) == f(2.0) == 6.0
    assert len(f.paths) == 1
    cache.clear()
    assert f(3.0) == 9.0
