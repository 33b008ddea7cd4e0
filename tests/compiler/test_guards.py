"""Guards listed by kind and source."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_scalar as ag
from autograd_scalar.compiler.capture.readings.guards import (
    GuardInfo,
    environment_guards,
    program_guards,
    static_guards,
)
from autograd_scalar.compiler.ir.program import Guard, Program


class Settings:
    rate = 0.1
    scale = 2


settings = Settings()
settings.own = 4.0
grid = np.zeros(3)


def scaled(x):
    return x * lr


table = [1.0, -0.0, [None]]
lr = 0.5


def guards_of(f, name):
    compiled = ag.jit(f)
    compiled(2.0)
    (one,) = compiled.specializations
    found = environment_guards(one.environment.readings)
    return [guard for guard in found if name in guard.source and guard.kind != "CODE"]


@pytest.mark.parametrize(
    ("f", "name", "expected"),
    [
        (
            lambda x: x * settings.rate,
            "settings",
            [
                "ID global settings",
                "TYPE settings",
                "OWN settings.rate",
            ],
        ),
        (lambda x: x * settings.own, "own", ["EQ float settings.own"]),
        (lambda x: x * lr, "lr", ["EQ float lr"]),
        (lambda x, k=3.0: x * k, "default", ["EQ float <lambda>'s default 0"]),
        (
            lambda x: x * table[0],
            "table",
            ["ID global table", "LEN list table", "ITEMS list table", "LEN list table[2]", "ITEMS list table[2]"],
        ),
        (lambda x: ag.exp(x), "global ag", ["ID global ag"]),
        (lambda x: x * abs(-2.0), "abs", ["ID builtin abs"]),
        (lambda x: x * getattr(settings, "other", 1.0), "other", ["ABSENT attribute settings.other"]),
        (lambda x: x * grid[0], "grid", ["ID global grid", "DATA ndarray grid"]),
        (lambda x: x * scaled(x), "scaled", ["ID global scaled"]),
    ],
)  # fmt: skip
def test_guards_on_captured_objects(f, name, expected):
    assert [*map(str, guards_of(f, name))] == expected


def test_a_class_is_guarded_by_its_definitions():
    kind, rate = guards_of(lambda x: x * settings.rate, "Settings")
    assert (str(kind), kind.value) == ("CLASS Settings", "rate")
    assert (str(rate), rate.value) == ("EQ float Settings.rate", "0.1")


def test_a_cell_is_nonlocal():
    captured = Settings()
    assert str(guards_of(lambda x: x * captured.rate, "captured")[0]) == "ID nonlocal captured"


def test_guards_have_the_values_that_must_recur():
    by_kind = {guard.kind: guard.value for guard in guards_of(lambda x: x * table[0], "table")[:3]}
    assert by_kind == {"ID": "", "LEN": "3", "ITEMS": "1.0, -0.0, a list"}
    (guard,) = guards_of(lambda x: x * lr, "lr")
    assert guard.value == "0.5"


def test_guards_on_static_arguments():
    found = static_guards({"n": 3, "mode": "fast", "model": settings, "bias": None})
    assert [*map(str, found)] == [
        *("EQ int n", "EQ str mode", "ID argument model", "EQ NoneType bias"),
    ]
    assert [guard.value for guard in found] == ["3", "'fast'", "", "None"]


def test_guards_of_a_program():
    guards = [Guard(">", 0, 1, True, "loss.py:12"), Guard("<", 2, 0, False)]
    program = Program([("input", 0), ("input", 1), ("exp", 0)], ["x", "y"], [2], guards)
    assert program_guards(program) == [
        GuardInfo("CMP", "x > y", location="loss.py:12"),
        GuardInfo("CMP", "not t2 < x"),
    ]
    assert [*map(str, program_guards(program))] == ["CMP x > y at loss.py:12", "CMP not t2 < x"]
