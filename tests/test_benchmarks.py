"""The benchmarks compare like with like, and their tables say what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import autograd_scalar as ag
from benchmarks import moons, step
from benchmarks.harness import (
    Column,
    Contestant,
    Run,
    Workload,
    as_markdown,
    as_text,
    compare,
    number,
)


def trained(loss: Callable[[], Any], parameters: list[Any]) -> tuple[float, list[float]]:
    root = loss()
    root.backward()
    return root.data, [parameter.grad for parameter in parameters]


def of_package(Value: Any) -> tuple[list[Any], Callable[[], Any]]:
    parameters = [Value(weight) for weight in moons.weights()]
    model = moons.network(parameters)
    return parameters, lambda: moons.forward(Value, model, parameters)


def test_every_form_of_the_step_computes_the_same_loss_and_gradient() -> None:
    micrograd = pytest.importorskip("micrograd.engine")
    parameters, loss = of_package(micrograd.Value)
    value, gradient = trained(loss, parameters)
    for parameters, loss in (of_package(ag.Value), step.nn_step()):
        other_value, other_gradient = trained(loss, parameters)
        assert other_value == pytest.approx(value, rel=1e-12)
        assert other_gradient == pytest.approx(gradient, rel=1e-9, abs=1e-12)


def test_the_same_code_makes_the_same_graph() -> None:
    micrograd = pytest.importorskip("micrograd.engine")
    sizes = [moons.graph_size(of_package(Value)[1]()) for Value in (micrograd.Value, ag.Value)]
    assert sizes == [65_818, 65_818]


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
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def constant(seconds: float) -> Run:
    return lambda: {"time": seconds, "size": 7}


def missing() -> Run:
    import no_such_peer  # type: ignore[import-not-found]

    return no_such_peer.run  # type: ignore[no-any-return]


def test_tables_compare_with_the_first_and_name_who_is_left_out() -> None:
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
