"""autograd-scalar doctor: its findings here, and with programs or packages missing or broken."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from pathlib import Path

import pytest

import autograd_scalar as ag
from autograd_scalar.cli import doctor, main
from autograd_scalar.compiler.backends.llvm import target


def findings(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    return {line[:16].strip(): line[17:] for line in lines}


def test_findings_are_those_of_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    found = findings(capsys)
    assert found["autograd_scalar"].startswith(ag.__version__)
    assert platform.python_version() in found["python"]
    assert found["engine"].startswith(ag.core())
    assert found["jit"].startswith(("machine code, llvmlite", "generated Python"))
    assert found["matplotlib"].startswith(metadata.version("matplotlib"))
    assert (found["svg drawing"], found["png plot"]) == ("yes", "yes")


def test_a_missing_dot_is_a_finding(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    found = findings(capsys)
    assert found["dot"].startswith("not found")
    assert found["svg drawing"] == found["png drawing"] == "yes"


def test_a_missing_renderer_of_png_is_a_finding(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    found = findings(capsys)
    assert found["svg drawing"] == "yes"
    assert found["png drawing"].startswith("no: png needs resvg-py")


@pytest.mark.skipif(sys.platform == "win32", reason="a script with a shebang")
def test_a_failing_dot_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "dot"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}")
    assert doctor.dot().startswith(f"{broken} does not run: ")


@pytest.mark.skipif(sys.platform == "win32", reason="a script with a shebang")
def test_a_working_dot_is_shown_with_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    working = tmp_path / "dot"
    working.write_text("#!/bin/sh\necho 'dot - graphviz version 99' >&2\n")
    working.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}")
    assert doctor.dot() == f"{working}, dot - graphviz version 99"


def test_a_missing_package_is_shown_with_its_command() -> None:
    assert doctor.version("no-such-package") == "not installed, pip install no-such-package"


def test_missing_llvmlite_is_a_finding(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "is_there", lambda: False)
    advice = "pip install llvmlite"
    assert findings(capsys)["jit"] == f"generated Python; machine code with {advice}"
    with pytest.raises(ag.JitError, match=f'^backend="llvm" needs llvmlite: {advice}$'):
        ag.jit(ag.tanh, backend="llvm")


def test_a_broken_package_is_a_finding(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert findings(capsys)["png plot"].startswith("no: ")
