"""detect_anomaly names the first nan or inf, with its operands and the user's line that made it."""

from __future__ import annotations

import copy
import inspect
import re
import threading
import tracemalloc
from math import inf, isfinite, nan

import pytest

import autograd_scalar as ag
from autograd_scalar import AnomalyError, Value, detect_anomaly, no_grad


def here() -> str:
    """Return the line after the caller's, in the form in which AnomalyError names it."""
    frame = inspect.currentframe().f_back
    return f"{__file__}:{frame.f_lineno + 1}"


def test_forward_names_operation_operands_and_line():
    x, y = Value(-1.0, label="x"), Value(0.5, label="y")
    with pytest.raises(AnomalyError) as raised, detect_anomaly():
        place = here()
        x**y
    assert str(raised.value) == f"pow(x = -1.0, y = 0.5) gave nan, at {place}: x**y"


FIRST = [
    (lambda x: x.log(), -1.0, "log(x = -1.0) gave nan"),
    (lambda x: x.log(), 0.0, "log(x = 0.0) gave -inf"),
    (lambda x: (x * 1000.0).exp() + 1.0, 5.0, "exp(mul = 5000.0) gave inf"),
    (lambda x: 1.0 / x, 0.0, "truediv(constant = 1.0, x = 0.0) gave inf"),
    (
        lambda x: ag.sum([x, x, x, x, x]),
        1e308,
        "sum(x = 1e+308, x = 1e+308, x = 1e+308, x = 1e+308, ...) gave inf",
    ),
    (lambda x: ag.mean([x, inf]), 1.0, "sum(x = 1.0, constant = inf) gave inf"),
    (lambda x: x * nan, 1.0, "mul(x = 1.0, constant = nan) gave nan"),
    (lambda x: sum([x, x * inf]), 1.0, "mul(x = 1.0, constant = inf) gave inf"),
]


@pytest.mark.parametrize(("compute", "data", "message"), FIRST)
def test_the_first_anomaly_is_named(compute, data, message):
    x = Value(data, label="x")
    with pytest.raises(AnomalyError, match=re.escape(message)) as raised, detect_anomaly():
        compute(x)
    assert __file__ in str(raised.value)
    assert not isfinite(compute(x).data)  # outside the block nothing is raised


def test_finite_computations_are_unchanged():
    x = Value(0.5)
    with detect_anomaly():
        y = ag.dot([x, x.exp()], [x, 2.0], 1.0) / ag.logsumexp([x, 1.0])
        y.backward()
        dy = ag.gradient(y, x, create_graph=True)
    assert dy.data == pytest.approx(x.grad)
    with pytest.raises(AnomalyError), detect_anomaly():
        x / 0.0


def test_backward_names_the_node_and_where_it_was_recorded():
    x = Value(0.0, label="x")
    with pytest.raises(AnomalyError) as raised, detect_anomaly():
        place = here()
        y = x.sqrt()
        (y * 2.0).backward()
    message = str(raised.value)
    assert message.startswith("the gradient of x is inf after backward through sqrt(x = 0.0)")
    assert "local derivative is inf" in message and "upstream gradient 2.0" in message
    assert f"recorded at {place}: y = x.sqrt()" in message
    assert x.grad == y.grad == 0.0  # no grad has changed


@pytest.mark.parametrize("differentiate", [Value.backward, lambda y: ag.gradient(y, y.parents[0])])
def test_backward_of_a_graph_recorded_before_the_block(differentiate):
    y = Value(0.0, label="x").sqrt()
    with (
        pytest.raises(AnomalyError, match=r"recorded at a line outside detect_anomaly\(\)"),
        detect_anomaly(),
    ):
        differentiate(y)


def test_backward_that_overflows_between_finite_derivatives():
    z = Value(1e-200, label="z")
    message = "the gradient of z is inf after backward through mul(z = 1e-200, constant = 1e+200)"
    with detect_anomaly():
        y = z * 1e200 * 1e200
        assert y.data == 1e200
        with pytest.raises(AnomalyError, match=re.escape(message)):
            y.backward()


def test_differentiable_backward_names_the_users_line():
    x = Value(0.0, label="x")
    with pytest.raises(AnomalyError) as raised, detect_anomaly():
        y = x.sqrt()
        place = here()
        ag.gradient(y, x, create_graph=True)
    assert place in str(raised.value)


def test_transforms_name_the_users_line():
    with pytest.raises(AnomalyError, match=re.escape(f"{__file__}:")), detect_anomaly():
        ag.hessian(lambda x: x.sqrt())(0.0)


def test_recompute_is_a_forward_pass_too():
    x = Value(1.0, label="x")
    with detect_anomaly():
        place = here()
        y = x.log()
        x.data = -1.0
        with pytest.raises(AnomalyError, match=r"log\(x = -1\.0\) gave nan") as raised:
            y.recompute()
    assert place in str(raised.value)


def test_no_grad_inside_does_not_hide_an_anomaly():
    x = Value(-1.0, label="x")
    with (
        detect_anomaly(),
        no_grad(),
        pytest.raises(AnomalyError, match=r"log\(x = -1\.0\) gave nan"),
    ):
        x.log()


def test_no_grad_outside_does_not_hide_an_anomaly():
    x = Value(-1.0, label="x")
    with (
        no_grad(),
        detect_anomaly(),
        pytest.raises(AnomalyError, match=r"log\(x = -1\.0\) gave nan"),
    ):
        x.log()


def test_no_grad_ends_within_a_block():
    x = Value(2.0, label="x")
    with detect_anomaly():
        with no_grad():
            assert (x * x).parents == ()
        assert (x * x).parents == (x, x)


def test_nested_blocks_know_the_outer_blocks_lines():
    x = Value(0.0, label="x")
    with detect_anomaly():
        place = here()
        y = x.sqrt()
        with detect_anomaly(), pytest.raises(AnomalyError, match=re.escape(place)):
            y.backward()
        with pytest.raises(AnomalyError, match=re.escape(place)):
            y.backward()
    y.backward()
    assert x.grad == inf


def test_leaving_a_block_ends_it():
    with pytest.raises(AnomalyError), detect_anomaly():
        Value(0.0).log()
    assert Value(0.0).log().data == -inf
    with detect_anomaly():
        pass
    assert Value(0.0).log().data == -inf


def test_as_a_decorator():
    @detect_anomaly()
    def logarithm(x):
        return x.log()

    assert logarithm(Value(1.0)).data == 0.0
    for _ in range(2):
        with pytest.raises(
            AnomalyError, match=r"log\(constant = 0\.0\) gave -inf, at .*return x\.log\(\)"
        ):
            logarithm(Value(0.0))


def test_a_block_applies_to_its_thread_only():
    entered, done = threading.Event(), threading.Event()
    seen = []

    def other():
        entered.wait()
        seen.append(Value(0.0).log().data)
        with pytest.raises(AnomalyError), detect_anomaly():
            Value(0.0).log()
        seen.append((Value(0.0).log() * 2.0).parents[0].op)
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with detect_anomaly():
        entered.set()
        assert done.wait(10.0)
        with pytest.raises(AnomalyError):
            Value(0.0).log()
    thread.join()
    assert seen == [-inf, "log"]


def test_many_threads_open_and_close_blocks():
    from autograd_scalar.node import modes

    def work():
        for _ in range(200):
            with detect_anomaly(), no_grad():
                Value(1.0) * 2.0

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not modes.open_blocks


def test_a_block_keeps_no_node_alive_and_does_not_grow():
    x = Value(1.0)

    def step():
        for _ in range(100):
            (x * 2.0 + 1.0).exp().backward()

    with detect_anomaly():
        step()
        tracemalloc.start()
        try:
            step()
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(20):
                step()
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert after - before < 20_000


def test_a_copied_graph_does_not_name_another_nodes_line():
    x = Value(0.0, label="x")
    y = x.sqrt()
    with detect_anomaly():
        for _ in range(50):
            x * 2.0  # leaves entries under ids that are free again
        twin = copy.deepcopy(y)
        with pytest.raises(AnomalyError) as raised:
            twin.backward()
    assert "x * 2.0" not in str(raised.value)


def test_the_error_is_an_arithmetic_error_on_one_line():
    x = Value(0.0, label="a\nb")
    with pytest.raises(ArithmeticError) as raised, detect_anomaly():
        x.log()
    assert "\n" not in str(raised.value)


def test_code_without_a_file_still_has_a_line():
    with pytest.raises(AnomalyError, match=r"gave -inf, at <console>:1"), detect_anomaly():
        exec(compile("x.log()", "<console>", "exec"), {"x": Value(0.0)})


def test_the_line_is_the_users_through_functions_of_ours():
    x = Value(-inf, label="x")
    with pytest.raises(AnomalyError) as raised, detect_anomaly():
        place = here()
        ag.softmax([x, x])
    assert place in str(raised.value)
