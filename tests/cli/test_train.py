"""autograd-scalar train: printed lines, files, Ctrl-C, resuming, and bad input."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from autograd_scalar.cli import main
from autograd_scalar.data import moons
from autograd_scalar.train import load_checkpoint

QUICK = ["--epochs=4", "--samples=20", "--hidden=3", "--quiet"]


def _lines(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Return the printed lines by their first word."""
    lines = capsys.readouterr().out.splitlines()
    return {line[:12].strip(): line[12:] for line in lines}


@pytest.mark.slow
def test_the_defaults_learn_moons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "moons", "--quiet", "-o", str(tmp_path)]) == 0
    printed = _lines(capsys)
    assert printed["data"] == "moons: 160 rows, 40 held out; x1, x2 to class (0, 1)"
    assert printed["network"] == "2-16-16-1, relu: 337 parameters"
    checkpoint = load_checkpoint(tmp_path / "model.json")
    model, schema = checkpoint.build(), checkpoint.schema
    assert schema is not None
    fresh = moons(200, noise=0.1, seed=99)
    right = [
        schema.decode(model(schema.standardise(x))) == str(y) for x, y in zip(*fresh, strict=True)
    ]
    assert sum(right) / len(right) > 0.95


@pytest.mark.slow
def test_all_files_are_written_and_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "folder"
    assert main(["train", "spiral", *QUICK, "--gif", "-o", str(folder)]) == 0
    names = {
        "model.json",
        "history.csv",
        "loss.png",
        "boundary.png",
        "boundary.gif",
        "network.svg",
        "neuron.svg",
        "play.html",
    }
    assert {path.name for path in folder.iterdir()} == names
    assert {line.split(",")[0] for line in capsys.readouterr().out.split("wrote       ")[1:]} == {
        str(folder / name) for name in names
    }
    history = load_checkpoint(folder / "model.json").history
    assert history is not None
    with open(folder / "history.csv", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == list(history.columns)
    assert [float(row[1]) for row in rows] == history["loss"]
    assert (folder / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "boundary.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "boundary.gif").read_bytes().startswith(b"GIF8")
    texts = {str(text).strip() for text in ET.parse(folder / "neuron.svg").getroot().itertext()}
    assert {"x1", "x2", "w1", "w2", "b", "y", "relu"} <= texts


@pytest.mark.slow
def test_the_folder_is_named_after_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "xor", *QUICK]) == 0
    assert (tmp_path / "xor-model" / "model.json").is_file()


def test_three_features_have_no_boundary(tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text("a.first,b,c,kind\n" + "1,2,3,no\n3,2,1,yes\n2,3,1,yes\n" * 5)
    argv = ["--epochs=2", "--hidden=2", "--quiet", "-o", str(tmp_path / "out")]
    assert main(["train", str(file), *argv]) == 0
    assert not list((tmp_path / "out").glob("boundary.*"))
    assert "a.first" in (tmp_path / "out" / "neuron.svg").read_text()


def test_the_error_of_a_regression_is_in_the_unit_of_the_target(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "line.csv"
    file.write_text("price,size\n" + "".join(f"{1000 * x},{x}\n" for x in range(40)))
    argv = ["--target=price", "--hidden=0", "--epochs=1", "--lr=0", "--seed=1", "--quiet"]
    assert main(["train", str(file), *argv, "-o", str(tmp_path / "out")]) == 0
    printed = _lines(capsys)
    assert printed["data"].endswith("32 rows, 8 held out; size to price")
    error = float(printed["training"].partition("mean error ")[2])
    history = load_checkpoint(tmp_path / "out" / "model.json").history
    assert history is not None
    # The deviation of 0, 1000 ... 39000 is 11543; that of 32 of them is near.
    assert error == pytest.approx(history["error"][0] * 11543, rel=0.1)


@pytest.mark.slow
def test_early_stopping_keeps_the_best_epoch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["--epochs=50", "--samples=40", "--hidden=3", "--quiet", "--noise=0.5", "--lr=0.5"]
    assert main(["train", "moons", *argv, "--early-stopping=3", "-o", str(tmp_path)]) == 0
    history = load_checkpoint(tmp_path / "model.json").history
    assert history is not None and history.stopped == "early stopping"
    best = history.best_epoch
    printed = _lines(capsys)
    assert printed["stopped"].endswith(f"the model is that of epoch {best}, the best")
    assert printed["validation"].startswith(f"loss {history['val_loss'][best - 1]:.4g},")


@pytest.mark.slow
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    rest = ["--samples=20", "--hidden=3", "--quiet", "--batch-size=7"]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert main(["train", "moons", "--epochs=6", *rest, "-o", str(whole)]) == 0
    assert main(["train", "moons", "--epochs=4", *rest, "-o", str(parts)]) == 0
    assert main(["train", "moons", "--epochs=6", *rest, "-o", str(parts), "--resume"]) == 0
    models = [load_checkpoint(folder / "model.json").model for folder in (whole, parts)]
    assert models[0] == models[1]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to send to another process")
def test_ctrl_c_saves_the_model(tmp_path: Path) -> None:
    argv = ["moons", "--samples=10", "--hidden=2", "--epochs=10000000", "-o", str(tmp_path)]
    running = subprocess.Popen(
        [sys.executable, "-m", "autograd_scalar", "train", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "model.json").exists() and running.poll() is None:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate()
    assert running.returncode == 130, err
    assert "Traceback" not in err
    assert "the same command with --resume continues" in out
    history = load_checkpoint(tmp_path / "model.json").history
    assert history is not None and history.stopped == "interrupted"
    assert len((tmp_path / "history.csv").read_text().splitlines()) == len(history) + 1
    assert (tmp_path / "loss.png").exists()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["moonz"], "no data set or file 'moonz'; the data sets are moons, circles, spiral"),
        (["moons", "--activation=no"], "unknown activation 'no'; choose from linear"),
        (["moons", "--loss=no"], "unknown loss 'no'; choose from mse"),
        (["moons", "--optimizer=no"], "unknown optimizer 'no'; choose from sgd"),
        (["moons", "--init=no"], "unknown initialiser 'no'; choose from uniform"),
        (["moons", "--lr=-1"], "lr must be finite and not negative"),
        (["moons", "--target=x"], "--target and --task apply to CSV files, not to moons"),
        (["moons", "--validation=2"], "test must be a fraction of the rows"),
        (["moons", "--noise=-1"], "noise must be a standard deviation"),
        (["moons", "--samples=1"], "n must be at least the number of classes"),
        (["moons", "--epochs=0"], "argument --epochs: expected a positive integer, got '0'"),
        (["moons", "--hidden=4,x"], "argument --hidden: expected widths such as 16,16, got '4,x'"),
        (["moons", "--hidden", "-3"], "argument --hidden: expected widths such as 16,16, got '-3'"),
        (["one.csv"], "a data set of one row cannot be split; use --validation 0"),
        (["blobs", "--loss=hinge"], "signed() takes targets 0 and 1"),
        (["bad.csv"], "bad.csv: row 2 (line 3), column 'b': the cell is empty"),
        (["plane.csv", "--gif"], "--gif draws the boundary between classes over two features"),
        (["bad.csv", "--samples=3"], "--samples and --noise apply to the toy data sets"),
        (["bad.csv", "--target=c"], "bad.csv: no column 'c'; the columns are a, b, kind"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    argv: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.csv").write_text("a,b,kind\n1,2,no\n1,,yes\n")
    Path("plane.csv").write_text("a,b,height\n1,2,0.5\n1,3,1.5\n")
    Path("one.csv").write_text("a,b\n1,2\n")
    assert main(["train", *argv]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"autograd-scalar train: {message}")
    assert {path.name for path in tmp_path.iterdir()} == {"bad.csv", "one.csv", "plane.csv"}


@pytest.mark.slow
def test_a_checkpoint_that_does_not_fit_is_not_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "moons", *QUICK, "-o", str(tmp_path)]) == 0
    before = (tmp_path / "model.json").read_bytes()
    for argv, message in (
        (["--hidden=5"], "the state has 13 parameters, this MLP has 21"),
        (["--seed=7"], "it was trained with seed=0, this call has seed=7"),
    ):
        assert main(["train", "moons", *QUICK, *argv, "--resume", "-o", str(tmp_path)]) == 2
        err = capsys.readouterr().err
        assert message in err
        assert err.count("\n") == 1
    assert (tmp_path / "model.json").read_bytes() == before


def test_a_loss_that_does_not_fit_the_data_leaves_no_folder(tmp_path: Path) -> None:
    assert main(["train", "blobs", *QUICK, "--loss=mse", "-o", str(tmp_path / "new")]) == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_model_is_replaced_only_with_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = ["train", "moons", *QUICK, "--seed=7", "-o", str(tmp_path)]
    assert main(["train", "moons", *QUICK, "-o", str(tmp_path)]) == 0
    before = (tmp_path / "model.json").read_bytes()
    assert main(again) == 2
    assert "--resume continues from it, --force replaces it" in capsys.readouterr().err
    assert (tmp_path / "model.json").read_bytes() == before
    assert main([*again, "--force"]) == 0
    assert (tmp_path / "model.json").read_bytes() != before


def test_a_loss_that_is_not_finite_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [*QUICK, "--optimizer=sgd", "--loss=mse", "--lr=1e200", "--activation=linear"]
    assert main(["train", "moons", *argv, "-o", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert "a smaller learning rate may help" in err
    assert err.count("\n") == 1
