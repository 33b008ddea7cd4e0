"""The command line as a whole: help, version, errors in one line, exit codes, pipes."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_scalar
from autograd_scalar.cli import doctor, main

VERBS = ("repl", "draw", "explore", "play", "train", "predict", "doctor")
COMMAND = (sys.executable, "-m", "autograd_scalar")


def test_the_module_runs_as_a_command() -> None:
    ran = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout == f"autograd-scalar {autograd_scalar.__version__}\n"


def test_without_a_verb_the_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n    {verb}" in shown for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_each_verb_has_an_example(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb, "--help"]) == 0
    _, found, example = capsys.readouterr().out.partition("\nexample:\n")
    assert found
    assert f"autograd-scalar {verb}" in example


def test_help_imports_no_heavy_packages() -> None:
    script = (
        "import sys; from autograd_scalar.cli import main; main(['train', '--help']);"
        "print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"numpy", "matplotlib", "graphviz", "tqdm", "IPython", "readline"}
    ours = {"autograd_scalar.nn", "autograd_scalar.train", "autograd_scalar.show.draw"}
    assert (heavy | ours).isdisjoint(ran.stderr.split())


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["paint"], "invalid choice: 'paint' (choose from"),
        (["draw"], "the following arguments are required: expression"),
        (["train", "moons", "--lr", "small"], "invalid float value: 'small'"),
        (["doctor", "--loud"], "unrecognized arguments: --loud"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("autograd-scalar")
    assert message in err
    assert err.count("\n") == 1


def _raising(error: BaseException) -> object:
    def run(options: argparse.Namespace) -> int:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (ValueError("two\n  lines"), 2, "autograd-scalar doctor: two lines"),
        (
            FileNotFoundError(2, "No such file", "a.csv"),
            2,
            "autograd-scalar doctor: a.csv: No such file",
        ),
        (RuntimeError(), 2, "autograd-scalar doctor: RuntimeError"),
        (KeyError("x"), 1, "autograd-scalar doctor: 'x' (KeyError, a bug in autograd-scalar)"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_errors_become_a_line_and_an_exit_code(
    error: BaseException,
    status: int,
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "run", _raising(error))
    assert main(["doctor"]) == status
    assert capsys.readouterr().err == f"{line}\n"


@pytest.mark.parametrize("argv", [["--debug", "draw", "x"], ["draw", "x", "--debug"]])
def test_debug_shows_the_traceback(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    err = capsys.readouterr().err
    assert err.startswith("Traceback")
    assert err.endswith("no value is given for x; pass it by name, as in x=2\n")


@pytest.mark.skipif(os.name == "nt", reason="pipes break differently there")
def test_a_broken_pipe_is_no_error(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(
        [*COMMAND, "draw", "x", "x=1", "-o", str(tmp_path / "x.svg")],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_stdout_may_be_a_string_buffer(tmp_path: Path) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(["draw", "1 + 1", "-o", str(tmp_path / "x.svg")]) == 0
    assert out.getvalue().startswith("1 + 1 = 2\n")


def test_letters_missing_in_the_encoding_of_stdout_are_escaped(tmp_path: Path) -> None:
    ran = subprocess.run(
        [*COMMAND, "draw", "α*2", "α=1", "-o", str(tmp_path / "x.svg")],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert ran.returncode == 0
    assert rb"\u03b1*2 = 2" in ran.stdout
