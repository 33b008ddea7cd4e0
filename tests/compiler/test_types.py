"""Types that a checker sees: a compiled function keeps its signature."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

PROGRAM = """
from typing import Any

import autograd_scalar as ag
from autograd_scalar import Value, nn


@ag.jit
def plain(x: Value, scale: float = 1.0) -> Value:
    return x * scale


@ag.jit(flip="error")
def with_options(x: Value) -> list[Value]:
    return [x, x]


@ag.jit(rows=0, reduce="mean")
def mapped(x: list[Value]) -> Value:
    return x[0]


class Model:
    @ag.jit
    def loss(self, x: Value) -> Value:
        return x


reveal_type(plain)
reveal_type(plain(Value(1.0), scale=2.0))
reveal_type(with_options)
reveal_type(mapped)
reveal_type(Model().loss)
reveal_type(ag.jit(nn.MLP(2, [1])))
reveal_type(ag.jit(nn.MLP(2, [1])).parameters())
plain("text")
with_options()
"""

EXPECTED = [
    "Jitted[[x: Value, scale: float =], Value]",
    "Value",
    "Jitted[[x: Value], list[Value]]",
    "Jitted[..., Any]",
    "def (x: Value) -> Value",
]


@pytest.mark.slow
def test_a_compiled_function_keeps_its_signature(tmp_path):
    pytest.importorskip("mypy")
    path = tmp_path / "typed.py"
    path.write_text(PROGRAM)
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    revealed = re.findall(r'Revealed type is "(.*)"', ran.stdout)
    found = [re.sub(r"\b(?:\w+\.)+(?=\w)", "", kind) for kind in revealed]
    assert found[:5] == EXPECTED, ran.stdout
    assert found[5].startswith("Jitted[["), ran.stdout
    assert found[6] == "Any", ran.stdout
    errors = re.findall(r"\[(\S+)\]$", ran.stdout, re.MULTILINE)
    assert errors == ["arg-type", "call-arg"], ran.stdout
