"""Guards listed by kind and source."""

from __future__ import annotations

import pytest

import autograd_scalar as ag
from autograd_scalar.compiler.capture.environment import Environment
from autograd_scalar.compiler.capture.guards import (
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
table = [1.0, -0.0, [None]]
lr = 0.5


def guards_of(f, name):
    key = Environment(f, "f").snapshot().key
    return [guard for guard in environment_guards(key) if name in guard.source]


@pytest.mark.parametrize(
    ("f", "name", "expected"),
    [
        (lambda x: x * settings.rate, "settings", ["ID global settings", "EQ float settings.rate"]),
        (lambda x: x * settings.scale, "scale", ["EQ int settings.scale"]),
        (lambda x: x * lr, "lr", ["EQ float lr"]),
        (lambda x, k=3.0: x * k, "default", ["EQ float its default 0"]),
        (
            lambda x: x * table[0],
            "table",
            ["ID global table", "LEN list table", "ITEMS list table"],
        ),
        (lambda x: ag.exp(x), "ag", ["ID global ag"]),
    ],
)
def test_guards_on_captured_objects(f, name, expected):
    assert [*map(str, guards_of(f, name))] == expected


def test_a_cell_is_nonlocal():
    captured = Settings()
    assert str(guards_of(lambda x: x * captured.rate, "captured")[0]) == "ID nonlocal captured"


def test_guards_have_the_values_that_must_recur():
    by_kind = {guard.kind: guard.value for guard in guards_of(lambda x: x * table[0], "table")}
    assert by_kind == {"ID": "", "LEN": "3", "ITEMS": "1.0, -0.0, a list, None"}
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
