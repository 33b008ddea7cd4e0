"""autograd-scalar repl: names, labels, drawing, history, leaving."""

from __future__ import annotations

import argparse
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import autograd_scalar as ag
from autograd_scalar.cli import main, repl
from autograd_scalar.ops.table import BUILT_IN, public

COMMAND = (sys.executable, "-m", "autograd_scalar", "repl")


def _typed(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Type these lines at the prompt, then Ctrl-D."""
    left: Iterator[str] = iter(lines)

    def typed(prompt: str = "") -> str:
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", typed)


def test_every_operation_has_its_name_at_the_prompt() -> None:
    names = repl.namespace()
    for row in public():
        if (name := row.name) not in BUILT_IN:  # other tests define rows of their own
            continue
        function = names.get(name, getattr(__builtins__, name, None))
        if function is None:
            function = __builtins__[name]  # type: ignore[index]
        numbers: list[Any] = [
            [ag.Value(0.5)] if operand in row.lists else ag.Value(0.5) for operand in row.operands
        ]
        assert isinstance(function(*numbers), ag.Value)
    assert names["ag"] is ag
    assert names["jit"] is ag.jit and names["plot"] is ag.plot
    assert set(ag.__all__) <= names.keys()
    assert names["sum"]([ag.Value(1.0), ag.Value(2.0)]).op == "sum"
    assert names["pi"] > 3


def test_statements_label_their_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _typed(
        ["a, b = Value(2.0), Value(-3.0)", "y = tanh(a*b + 7)", "y.backward()", "a", "y.label"],
        monkeypatch,
    )
    assert main(["repl"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "Value(data=2.0, grad=-1.2599230248420783, label='a')",
        "'y'",
    ]
    assert "print(ag.__doc__) is a tour; exit leaves" in err


def test_an_error_is_shown_and_labels_what_came_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _typed(["q = Value(1.0); 1 / 0", "q.label"], monkeypatch)
    assert main(["repl"]) == 0
    out, err = capsys.readouterr()
    assert "ZeroDivisionError" in err
    assert out == "'q'\n"


def test_draw_prints_the_file_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    _typed(["x = Value(2.0)", "draw(x * x)", "draw(x * x, 'x.dot', rankdir='TB')"], monkeypatch)
    assert main(["repl"]) == 0
    assert capsys.readouterr().out == "wrote graph.svg\nwrote x.dot\n"
    assert "<svg" in Path("graph.svg").read_text()
    assert "rankdir=TB" in Path("x.dot").read_text()


@pytest.mark.parametrize("word", ["exit", " quit "])
def test_a_plain_exit_leaves(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _typed([word, "this is never read"], monkeypatch)
    with pytest.raises(SystemExit) as stop:
        main(["repl"])
    assert not stop.value.code


def test_exit_within_a_statement_does_not_leave(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _typed(["if True:", "exit", "", "2 + 2"], monkeypatch)
    assert main(["repl"]) == 0
    assert "4\n" in capsys.readouterr().out


def test_input_may_come_from_a_pipe() -> None:
    ran = subprocess.run(
        COMMAND, input="x = Value(3.0)\nx * x\nexit\n", capture_output=True, text=True, check=True
    )
    assert "Value(data=9.0, grad=0.0, op='mul')" in ran.stdout
    assert "label" not in ran.stdout
    assert "Traceback" not in ran.stderr


def test_a_terminal_has_completion_and_history(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    pytest.importorskip("readline")
    ours, theirs = pty.openpty()
    (tmp_path / ".autograd_scalar_history").write_text("earlier = 1\n")
    environment = {**os.environ, "HOME": str(tmp_path), "TERM": "dumb", "INPUTRC": os.devnull}
    running = subprocess.Popen(
        COMMAND, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True
    )
    os.close(theirs)
    os.write(ours, b"x = Value(7.0)\ny = x.back\t)\nexit\n")
    shown = b""
    while select.select([ours], [], [], 60.0)[0]:  # an unfinished line would wait for ever
        try:
            part = os.read(ours, 4096)
        except OSError:  # the terminal is closed
            break
        if not part:
            break
        shown += part
    else:
        running.kill()
    os.close(ours)
    assert running.wait() == 0, shown.decode()
    remembered = (tmp_path / ".autograd_scalar_history").read_text().splitlines()
    assert remembered == ["earlier = 1", "x = Value(7.0)", "y = x.backward()", "exit"]


def test_readline_completes_names_and_writes_the_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readline = pytest.importorskip("readline")
    monkeypatch.setattr(repl, "HISTORY", str(tmp_path / "history"))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    before = readline.get_completer()
    try:
        with repl._readline({"ag": ag, "value": 1}):
            assert readline.get_completer()("valu", 0) == "value"
        assert (tmp_path / "history").exists()
    finally:
        readline.set_completer(before)


def test_the_prompt_works_without_readline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "readline", None)
    _typed([], monkeypatch)
    assert main(["repl"]) == 0


def test_missing_ipython_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "IPython.terminal.ipapp", None)
    assert main(["repl", "--ipython"]) == 2
    assert "IPython is not installed: pip install ipython" in capsys.readouterr().err


@pytest.mark.slow
def test_ipython_labels_values(tmp_path: Path) -> None:
    pytest.importorskip("IPython")
    ran = subprocess.run(
        [*COMMAND, "--ipython"],
        input="a = Value(2.0)\nb = tanh(a)\nb\nexit\n",
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "IPYTHONDIR": str(tmp_path), "HOME": str(tmp_path)},
    )
    assert "draw(y) writes a picture" in ran.stdout
    assert "label='b', op='tanh'" in ran.stdout


def test_ipython_is_off_by_default() -> None:
    parser = argparse.ArgumentParser()
    repl.add_options(parser)
    assert parser.parse_args([]).ipython is False
