"""Stages of a compile: collected by f.stages(), printed by AUTOGRAD_SCALAR_DUMP."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import autograd_scalar as ag
from autograd_scalar import JitError, Value
from autograd_scalar.compiler import is_available, stages


def recorded(**options):
    w = Value(0.5, label="w")
    f = ag.jit(lambda x: ag.tanh(w * x) if x > 0.0 else x * 3.0, **options)
    f(1.0)
    f(-1.0)
    return f


def test_stages_list_what_each_pass_made(backend):
    found = recorded(backend=backend).stages()
    passes = [(stage.name, stage.made_by) for stage in found]
    assert passes[:3] == [
        ("program", "capture.tracer"),
        ("program", "ir.differentiate"),
        ("simplified", "ir.simplify"),
    ]
    assert passes[3:] == (
        [("llvm", "backends.llvm"), ("machine", "backends.llvm")] if backend == "llvm" else []
    )
    assert found[0].text.splitlines()[:2] == ["x, w -> t3", "  t2 = w * x"]
    assert [stage.instructions for stage in found[:2]] == [2, 7]
    assert found[0].seconds == 0.0 < found[1].seconds < 1.0
    assert str(found).splitlines() == [stage.heading for stage in found]
    assert str(found[0]) == f"--- {found[0].heading}\n{found[0].text}"


def test_stages_of_another_path():
    f = recorded()
    assert "x * 3.0" in f.stages(path=1)[0].text
    with pytest.raises(JitError, match="has 2 paths, there is no number 2"):
        f.stages(path=2)
    with pytest.raises(JitError, match="has not been called yet"):
        ag.jit(lambda x: x * x).stages()


@pytest.mark.skipif(not is_available(), reason="llvmlite is not installed")
def test_stages_of_rows_include_the_loops():
    np = pytest.importorskip("numpy")
    w = Value(0.5)
    f = ag.jit(lambda x: ag.sum([ag.tanh(w * a) * a for a in x]), rows=0, reduce="mean")
    f(np.ones((3, 100)))
    names = [stage.name for stage in f.stages()]
    assert names == ["program", "program", "simplified", "loops", "llvm", "machine"]
    loops = f.stages()[3]
    assert loops.made_by == "vectorize.reroll"
    assert 0 < loops.instructions < 30
    assert "for i < 100" in loops.text


def test_collecting_leaves_no_sink_behind():
    before = [*stages.sinks]
    recorded().stages()
    assert stages.sinks == before


def dumped(names):
    ran = subprocess.run(
        [sys.executable, "-c", "import autograd_scalar as ag; ag.jit(lambda x: x * x + 2.0)(3.0)"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "AUTOGRAD_SCALAR_DUMP": names},
    )
    return ran.returncode, ran.stderr


def test_dump_prints_the_stages_that_are_named():
    code, printed = dumped("program,simplified")
    assert code == 0
    headings = [line.split()[1:3] for line in printed.splitlines() if line.startswith("---")]
    assert headings == [["program", "capture.tracer"], ["simplified", "ir.simplify"]]
    assert "t1 = x * x" in printed


def test_dump_rejects_an_unknown_stage():
    code, printed = dumped("programs")
    assert code == 1
    assert "AUTOGRAD_SCALAR_DUMP is a list of program, simplified, loops, llvm" in printed
