"""Progress of training in logs, terminals and notebooks."""

from __future__ import annotations

import gc
import io
import os
import sys
import types

import pytest

from autograd_scalar import nn
from autograd_scalar.train import History, fit, progress

LINE = ([[1.0], [2.0]], [1.0, 2.0])


@pytest.fixture(autouse=True)
def no_notebook(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)


def losses(*numbers):
    history = History()
    for epoch, loss in enumerate(numbers, 1):
        history.append({"epoch": epoch, "loss": loss, "lr": 0.1, "seconds": 0.0})
    return history


def test_a_log_has_a_last_line_on_stderr(capsys):
    fit(nn.Linear(1, 1, seed=0), LINE, epochs=3)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("epoch 3/3: loss ")
    assert err.endswith("; finished\n")
    assert err.count("\n") == 1


def test_lines_come_at_intervals(capsys, monkeypatch):
    clock = iter([0.0, 1.0, 5.5, 6.0, 11.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    lines = progress.progress(9, True)
    history = losses(0.5)
    for done in range(1, 5):
        lines.batch(history, done, 4)
    assert capsys.readouterr().err.splitlines() == [
        "epoch 1/9 + 2/4: loss 0.5",
        "epoch 1/9: loss 0.5",
    ]


def test_validation_is_shown_in_brackets(capsys):
    fit(nn.Linear(1, 1, init="zeros"), LINE, epochs=1, validation=([[1.0]], [0.5]), lr=1e-6)
    line = capsys.readouterr().err
    assert line == "epoch 1/1: loss 2.5 (val 0.25), error 1.5 (val 0.5); finished\n"


def test_progress_false_shows_nothing(capsys):
    fit(nn.Linear(1, 1, seed=0), LINE, epochs=3, progress=False)
    assert capsys.readouterr() == ("", "")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_has_a_bar(monkeypatch):
    pytest.importorskip("tqdm")
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    fit(nn.Linear(1, 1, seed=0), LINE, epochs=4, batch_size=1)
    text = screen.getvalue()
    assert "8/8" in text
    assert "loss " in text.splitlines()[-1].rpartition("\r")[2]


def test_the_bar_of_a_resumed_run_starts_at_its_epoch(monkeypatch, tmp_path):
    pytest.importorskip("tqdm")
    path = tmp_path / "model.json"
    fit(nn.Linear(1, 1, seed=0), LINE, epochs=3, checkpoint=path, progress=False)
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    fit(nn.Linear(1, 1, seed=0), LINE, epochs=4, resume=path)
    assert "4/4" in screen.getvalue()
    assert "1/4" not in screen.getvalue()
    screen.truncate(0)
    fit(nn.Linear(1, 1, seed=0), LINE, epochs=3, resume=path)
    assert screen.getvalue() == ""


def test_a_terminal_without_tqdm_has_lines(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    fit(nn.Linear(1, 1, seed=0), LINE, epochs=2)
    assert screen.getvalue().startswith("epoch 2/2: loss ")


def test_a_program_without_stderr_trains(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert fit(nn.Linear(1, 1, seed=0), LINE, epochs=2).stopped == "finished"


def test_a_notebook_has_one_display_that_is_updated(monkeypatch, capsys):
    shown = []

    class Handle:
        def update(self, content, raw):
            shown.append(("update", content))

    def display(content, raw, display_id):
        shown.append(("display", content))
        return Handle()

    shell = types.SimpleNamespace(kernel=object())
    fake = types.ModuleType("IPython")
    fake.get_ipython = lambda: shell
    fake.display = types.ModuleType("IPython.display")
    fake.display.display = display
    monkeypatch.setitem(sys.modules, "IPython", fake)
    monkeypatch.setitem(sys.modules, "IPython.display", fake.display)
    monkeypatch.setattr(progress.Notebook, "seconds", 0.0)
    fit(nn.Linear(1, 1, seed=0), LINE, epochs=3)
    assert [how for how, _ in shown] == ["display", "update", "update", "update"]
    last = shown[-1][1]["text/plain"]
    assert last.startswith("epoch 3/3: loss ")
    assert "█" in last
    assert last.endswith("; finished")
    assert capsys.readouterr() == ("", "")


def test_ipython_in_a_terminal_is_no_notebook(monkeypatch, capsys):
    fake = types.ModuleType("IPython")
    fake.get_ipython = lambda: types.SimpleNamespace()
    monkeypatch.setitem(sys.modules, "IPython", fake)
    fit(nn.Linear(1, 1, seed=0), LINE, epochs=1)
    assert capsys.readouterr().err.startswith("epoch 1/1")


@pytest.mark.slow
def test_a_real_kernel_shows_no_warning(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    code = """
from autograd_scalar import nn
from autograd_scalar.train import fit
history = fit(nn.Linear(1, 1, seed=0), ([[1.0], [2.0]], [1.0, 2.0]), epochs=30)
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    nbclient.NotebookClient(
        notebook, kernel_name="python3", resources={"metadata": {"path": root}}
    ).execute()
    gc.collect()  # sockets that the client leaves open warn here, not in some later test
    outputs = notebook.cells[0].outputs
    assert [output.output_type for output in outputs] == ["display_data"]
    assert outputs[0].data["text/plain"].startswith("epoch 30/30: loss ")


@pytest.mark.parametrize(
    ("numbers", "bars"),
    [
        ([], ""),
        ([float("nan")], ""),
        ([1.0, 1.0], "▁▁"),
        ([0.0, float("inf"), 1.0], "▁█"),
        (list(range(100)), "▁▁▂▂▂▃▃▃▃▄▄▄▅▅▅▆▆▆▆▇▇▇██"),
    ],
)
def test_sparklines_scale_finite_numbers_to_bars(numbers, bars):
    assert progress.sparkline(numbers) == bars
