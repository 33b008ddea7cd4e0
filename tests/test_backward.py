"""backward() by hand, into chosen inputs, and with hooks on gradients."""

from __future__ import annotations

import copy
import gc
import pickle

import numpy as np
import pytest

import autograd_scalar as ag
from autograd_scalar import AnomalyError, JitError, Value, data, nn, topological_order
from autograd_scalar.node import gradient_hooks
from autograd_scalar.train import fit


def graph():
    """Return two leaves, a node that is used twice, and the end."""
    x, w = Value(3.0), Value(-2.0)
    h = x * w
    return x, w, h, (h * h + h).tanh() + x


# ----- the lecture -----


def test_one_step_at_a_time_as_in_the_lecture():
    *_, y = graph()
    y.backward()
    expected = [v.grad for v in topological_order(y)]
    *_, y = graph()
    y.grad = 1.0
    for v in reversed(topological_order(y)):
        v._backward()
    assert [v.grad for v in topological_order(y)] == expected


def test_a_step_adds_to_the_grads_of_the_parents():
    x = Value(3.0)
    y = x * x
    y.grad = 2.0
    y._backward()
    y._backward()
    assert (x.grad, y.grad) == (24.0, 2.0)
    z = ag.dot([x, y], [2.0, 5.0])
    z.grad = 1.0
    z._backward()
    assert (x.grad, y.grad) == (26.0, 7.0)


def test_a_step_from_a_leaf_does_nothing():
    x = Value(3.0)
    x.grad = 1.0
    assert x._backward() is None
    assert x.grad == 1.0


def test_a_step_is_refused_while_a_function_is_recorded():
    with pytest.raises(JitError, match=r"calls _backward\(\)"):
        ag.jit(lambda x: (x * x)._backward())(1.0)


# ----- inputs -----


def test_inputs_are_the_only_values_whose_grads_change():
    _, w, h, y = graph()
    for v in topological_order(y):
        v.grad = 5.0
    y.backward(inputs=[w, h])
    dw, dh = ag.gradient(y, [w, h])
    assert (w.grad, h.grad) == (5.0 + dw, 5.0 + dh)
    assert {v.grad for v in topological_order(y) if v is not w and v is not h} == {5.0}


def test_inputs_may_repeat_be_the_output_or_be_elsewhere():
    x, elsewhere = Value(3.0), Value(1.0)
    y = x * x
    y.backward([x, x, y, elsewhere])
    assert (x.grad, y.grad, elsewhere.grad) == (6.0, 1.0, 0.0)
    y.backward(inputs=iter([x]))
    y.backward(inputs=[])
    assert x.grad == 12.0


@pytest.mark.parametrize("inputs", [[1.0], ["x"], 3.0, [None], "x"])
def test_inputs_must_be_values(inputs):
    x = Value(3.0)
    with pytest.raises(TypeError, match="backward needs Values as inputs, got"):
        (x * x).backward(inputs=inputs)


def test_inputs_are_checked_for_anomalies():
    x = Value(0.0)
    y = x.sqrt()
    with ag.detect_anomaly(), pytest.raises(AnomalyError, match="inf"):
        y.backward(inputs=[x])
    assert x.grad == 0.0


# ----- hooks -----


def test_a_hook_sees_the_complete_gradient_before_the_parents():
    x, _, h, y = graph()
    seen = []
    for name, v in (("x", x), ("h", h), ("y", y)):
        v.register_hook(lambda grad, name=name: seen.append((name, grad)))
    y.backward()
    dx, dh = ag.gradient(y, [x, h])
    assert seen == [("y", 1.0), ("h", dh), ("x", dx)]
    assert (x.grad, h.grad, y.grad) == (dx, dh, 1.0)


def test_what_a_hook_returns_replaces_the_gradient():
    x, w, h, y = graph()
    h.register_hook(lambda grad: 10.0)
    h.register_hook(lambda grad: np.float64(2.0) * grad)
    h.register_hook(lambda grad: None)
    y.backward()
    assert (h.grad, w.grad, x.grad) == (20.0, 60.0, -39.0)


def test_the_hook_of_a_leaf_gets_what_is_added():
    x = Value(3.0)
    x.grad = 100.0
    seen = []
    x.register_hook(seen.append)
    x.register_hook(lambda grad: grad / 2.0)
    (x * x).backward()
    (x * x).backward()
    assert (seen, x.grad) == ([6.0, 6.0], 106.0)


def test_a_handle_removes_its_hook_alone_and_once():
    x = Value(3.0)
    seen = []
    first, second = (
        x.register_hook(lambda g: seen.append(1)),
        x.register_hook(lambda g: seen.append(2)),
    )
    first.remove()
    first.remove()
    (x * x).backward()
    assert seen == [2]
    second.remove()
    (x * x).backward()
    assert seen == [2]
    x.register_hook(lambda g: seen.append(3))
    (x * x).backward()
    assert seen == [2, 3]


def test_a_hook_may_remove_itself():
    x = Value(3.0)
    handle = x.register_hook(lambda grad: handle.remove())
    (x * x).backward()
    (x * x).backward()
    assert x.grad == 12.0 and not gradient_hooks.has_hooks(x)


def test_hooks_end_with_their_value():
    gc.collect()
    before = len(gradient_hooks.live)
    x = Value(3.0)
    handles = [(x * i).register_hook(print) for i in range(10)]
    kept = x * 2.0
    kept.register_hook(print)
    gc.collect()
    assert len(gradient_hooks.live) == before + 1
    del kept
    gc.collect()
    assert len(gradient_hooks.live) == before
    handles[0].remove()


def test_a_hooked_value_keeps_its_label():
    x = Value(3.0, label="x")
    x.register_hook(print)
    assert x.label == "x"
    x.label = "renamed"
    assert x.label == "renamed" and gradient_hooks.has_hooks(x)
    x.label = None
    assert x.label is None and gradient_hooks.has_hooks(x)
    assert not gradient_hooks.has_hooks(copy.deepcopy(x))
    assert not gradient_hooks.has_hooks(pickle.loads(pickle.dumps(x)))


def test_hooks_run_with_inputs_too():
    x, w, h, y = graph()
    h.register_hook(lambda grad: 1.0)
    y.backward(inputs=[w])
    assert (w.grad, x.grad, h.grad) == (3.0, 0.0, 0.0)


def test_gradient_and_transforms_do_not_call_hooks():
    x = Value(3.0)
    y = x * x
    y.register_hook(lambda grad: pytest.fail("called"))
    assert ag.gradient(y, x) == 6.0
    assert ag.gradient(y, x, create_graph=True).data == 6.0


def test_an_error_in_a_hook_leaves_all_grads_unchanged():
    x, _, h, y = graph()
    for v in topological_order(y):
        v.grad = 5.0
    handle = x.register_hook(lambda grad: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        y.backward()
    handle.remove()
    h.register_hook(lambda grad: "much")
    with pytest.raises(TypeError, match=r"expected a number.*'much'"):
        y.backward()
    assert {v.grad for v in topological_order(y)} == {5.0}


def test_anomalies_that_a_hook_makes_are_found():
    x, _, h, y = graph()
    h.register_hook(lambda grad: float("nan"))
    with ag.detect_anomaly(), pytest.raises(AnomalyError, match="nan"):
        y.backward()
    assert x.grad == 0.0


def test_a_hook_may_run_another_backward():
    x, _, h, y = graph()
    other = Value(2.0)
    h.register_hook(lambda grad: (other * other * grad).backward(inputs=[other]))
    y.backward()
    assert other.grad == 4.0 * h.grad
    assert x.grad == ag.gradient(y, x)


@pytest.mark.parametrize("f", [None, 3.0, "print"])
def test_a_hook_must_be_callable(f):
    with pytest.raises(TypeError, match="expected a function of the gradient as hook, got"):
        Value(1.0).register_hook(f)


def test_hooks_and_compiled_functions():
    x = Value(3.0)
    y = ag.jit(lambda v: v * v * v)(x)
    y.register_hook(lambda grad: 10.0 * grad)
    x.register_hook(lambda grad: grad + 1.0)
    y.backward()
    assert x.grad == 271.0
    with pytest.raises(JitError, match="registers a hook"):
        ag.jit(lambda v: (v * v).register_hook(abs))(x)


def test_compiled_training_refuses_hooks():
    model = nn.MLP(2, [3, 1], seed=0)
    handle = model.parameters()[0].register_hook(lambda grad: 0.0)
    moons = data.moons(8, seed=0)
    with pytest.raises(JitError, match=r"a parameter has a gradient hook.*use jit=False"):
        fit(model, moons, epochs=1, jit=True, progress=False)
    fit(model, moons, epochs=1, jit="auto", progress=False)
    handle.remove()

    def hook(_):
        model.parameters()[0].register_hook(lambda grad: 0.0)

    with pytest.raises(JitError, match="a parameter has a gradient hook"):
        fit(model, moons, epochs=3, jit=True, progress=False, callbacks=[hook])
