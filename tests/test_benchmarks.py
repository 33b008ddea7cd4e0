"""The benchmarks: all contestants compute the same numbers, and tables show what was measured."""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

import autograd_scalar as ag
from benchmarks import compiled, digits, elementwise, moons, step
from benchmarks.harness import (
    Column,
    Contestant,
    Run,
    Workload,
    as_markdown,
    as_text,
    compare,
    significant,
)


def loss_and_gradient(loss: Callable[[], Any], parameters: list[Any]) -> tuple[float, list[float]]:
    root = loss()
    root.backward()
    return root.data, [parameter.grad for parameter in parameters]


def of_package(Value: Any) -> tuple[list[Any], Callable[[], Any]]:
    parameters = [Value(weight) for weight in moons.weights()]
    model = moons.network(parameters)
    return parameters, lambda: moons.forward(Value, model, parameters)


@pytest.mark.slow
def test_every_form_of_the_step_computes_the_same_loss_and_gradient() -> None:
    micrograd = pytest.importorskip("micrograd.engine")
    parameters, loss = of_package(micrograd.Value)
    value, gradient = loss_and_gradient(loss, parameters)
    for parameters, loss in (of_package(ag.Value), step.nn_step()):
        other_value, other_gradient = loss_and_gradient(loss, parameters)
        assert other_value == pytest.approx(value, rel=1e-12)
        assert other_gradient == pytest.approx(gradient, rel=1e-9, abs=1e-12)


@pytest.mark.slow
def test_both_packages_make_the_same_graph() -> None:
    micrograd = pytest.importorskip("micrograd.engine")
    sizes = [moons.graph_size(of_package(Value)[1]()) for Value in (micrograd.Value, ag.Value)]
    assert sizes == [65_818, 65_818]


def in_a_process(make: Callable[..., Any], *args: Any) -> tuple[float, list[float]]:
    """Return the outcome of a step in a new process, because peers change global settings."""
    spawn = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(1, mp_context=spawn) as pool:
            return pool.submit(compiled.outcome, make, *args).result()
    except ImportError as error:
        pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "args"),
    [
        (compiled.by_hand, ()),
        (compiled.by_hand, ("-ffast-math",)),
        (compiled.with_jax, ()),
        (compiled.with_torch, ()),
        (compiled.with_casadi, ()),
        (compiled.casadi_through_c, ()),
    ],
)
def test_peers_compute_the_same_loss_and_gradient(
    make: Callable[..., Any], args: tuple[str, ...]
) -> None:
    value, gradient = loss_and_gradient(*step.nn_step()[::-1])
    other_value, other_gradient = in_a_process(make, *args)
    assert other_value == pytest.approx(value, rel=1e-12)
    assert other_gradient == pytest.approx(gradient, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("make", [compiled.ours, compiled.ours_as_called])
def test_compiled_steps_compute_the_same_loss_and_gradient(make: Callable[..., Any]) -> None:
    pytest.importorskip("llvmlite")
    value, gradient = loss_and_gradient(*step.nn_step()[::-1])
    other_value, other_gradient = compiled.outcome(make)
    assert other_value == pytest.approx(value, rel=1e-12)
    assert other_gradient == pytest.approx(gradient, rel=1e-12, abs=1e-12)


@pytest.mark.not_audited("eager code takes minutes for its rows")
@pytest.mark.slow
@pytest.mark.parametrize("size", [digits.BATCH, digits.SAMPLES])
def test_epochs_end_with_the_same_loss_and_gradient(size: int) -> None:
    pytest.importorskip("llvmlite")
    value, gradient = in_a_process(digits.with_torch, size, 1)
    for make in (digits.ours, digits.ours_as_called):
        other_value, other_gradient = compiled.outcome(make, size)
        assert other_value == pytest.approx(value, rel=1e-12)
        assert other_gradient == pytest.approx(gradient, rel=1e-9, abs=1e-12)


@pytest.mark.not_audited("eager code takes minutes for its rows")
@pytest.mark.slow
@pytest.mark.parametrize("make", [elementwise.in_place, elementwise.ours])
def test_derivatives_on_rows_equal_the_formulas(make: Callable[[], Any]) -> None:
    np = pytest.importorskip("numpy")
    pytest.importorskip("llvmlite")
    for found, expected in zip(make()(), elementwise.formulas()(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.031234, "0.0312"),
        (0.99961, "1.000"),
        (31.26, "31.3"),
        (31_264.0, "31,300"),
        (65_818, "65,818"),
        (math.nan, "-"),
    ],
)
def test_numbers_have_three_significant_digits(value: float, text: str) -> None:
    assert significant(value) == text


def constant(seconds: float) -> Run:
    return lambda: {"time": seconds, "size": 7}


def missing() -> Run:
    import no_such_peer  # type: ignore[import-not-found]

    return no_such_peer.run  # type: ignore[no-any-return]


@pytest.mark.slow
def test_ratios_refer_to_the_first_row_and_contestants_left_out_are_named() -> None:
    workload = Workload(
        title="waiting",
        notes="",
        contestants=(
            Contestant("slow", constant, (6.0,)),
            Contestant("absent", missing),
            Contestant("fast", constant, (1.5,)),
        ),
        columns=(Column("time", "s", ratio=True), Column("size", "bytes")),
    )
    rows, left_out = compare(workload, rounds=2)
    assert left_out == ["absent is left out: No module named 'no_such_peer'"]
    assert rows == [
        ["", "s", "slow / this", "bytes"],
        ["slow", "6.00", "1.00 (1.00-1.00)", "7"],
        ["fast", "1.50", "4.00 (4.00-4.00)", "7"],
    ]
    assert as_text(rows).splitlines()[1:] == [
        "slow  6.00  1.00 (1.00-1.00)      7",
        "fast  1.50  4.00 (4.00-4.00)      7",
    ]
    assert as_markdown(rows).splitlines()[:3] == [
        "|  | s | slow / this | bytes |",
        "| --- | ---: | ---: | ---: |",
        "| slow | 6.00 | 1.00 (1.00-1.00) | 7 |",
    ]
