"""autograd-scalar predict: predictions, probabilities and scores, and bad input."""

from __future__ import annotations

import csv
import io
import math
import random
from pathlib import Path

import pytest

from autograd_scalar import nn
from autograd_scalar.cli import main
from autograd_scalar.data import Dataset
from autograd_scalar.train import fit, load_checkpoint, save_checkpoint

FLOWERS = """\
length,width,kind
1.0,10.0,iris
2.0,30.0,"rose, red"
3.0,20.0,iris
4.0,50.0,"rose, red"
"""


@pytest.fixture(scope="module")
def flowers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a model of two classes, trained on a CSV file."""
    folder = tmp_path_factory.mktemp("flowers")
    (folder / "flowers.csv").write_text(FLOWERS)
    argv = ["--epochs=3", "--hidden=3", "--quiet", "--validation=0", "-o", str(folder)]
    assert main(["train", str(folder / "flowers.csv"), *argv]) == 0
    return folder / "model.json"


def predicted(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> tuple[list[str], list[list[str]]]:
    capsys.readouterr()
    assert main(["predict", *argv]) == 0
    header, *rows = csv.reader(io.StringIO(capsys.readouterr().out))
    return header, rows


def test_two_classes_have_the_probabilities_of_the_sigmoid(
    flowers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, rows = predicted([str(flowers), "1.5,20", "-4, 1e2"], capsys)
    assert header == ["kind", "p(iris)", "p(rose, red)"]
    model = load_checkpoint(flowers).build()
    # mean and standard deviation of 1 2 3 4, and of 10 30 20 50
    scale = math.sqrt(1.25), math.sqrt(218.75)
    for (kind, iris, rose), (length, width) in zip(rows, [(1.5, 20), (-4, 100)], strict=True):
        logit = model([(length - 2.5) / scale[0], (width - 27.5) / scale[1]]).data
        assert float(rose) == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-6)
        assert float(iris) == pytest.approx(1 - float(rose), abs=2e-6)
        assert kind == ("rose, red" if logit > 0 else "iris")


@pytest.mark.slow
def test_columns_of_a_file_are_found_by_name(
    flowers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.csv"
    file.write_text("width;note;length\n20;a;1.5\n50;b;3\n")
    _, rows = predicted([str(flowers), str(file), "7,7"], capsys)
    _, typed = predicted([str(flowers), "1.5,20", "3,50", "7,7"], capsys)
    assert rows == typed


@pytest.mark.slow
def test_several_classes_have_the_probabilities_of_the_softmax(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["--epochs=2", "--hidden=0", "--samples=9", "--quiet", "-o", str(tmp_path)]
    assert main(["train", "blobs", *argv]) == 0
    header, ((name, *likely),) = predicted([str(tmp_path / "model.json"), "1,2"], capsys)
    assert header == ["class", "p(0)", "p(1)", "p(2)"]
    assert sum(map(float, likely)) == pytest.approx(1.0, abs=2e-6)
    assert name == str(likely.index(max(likely, key=float)))


@pytest.mark.slow
@pytest.mark.parametrize(("loss", "threshold"), [("hinge", 0.0), ("mse", 0.5)])
def test_a_loss_without_probabilities_shows_the_score(
    loss: str, threshold: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["--epochs=2", "--hidden=2", "--samples=10", "--quiet", "-o", str(tmp_path)]
    assert main(["train", "moons", "--loss", loss, *argv]) == 0
    header, rows = predicted([str(tmp_path / "model.json"), "-5,0", "5,0"], capsys)
    assert header == ["class", "score"]
    assert [name for name, _ in rows] == [str(int(float(x) > threshold)) for _, x in rows]


@pytest.mark.slow
def test_a_regression_is_in_the_unit_of_the_target(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(0)
    lines = [f"{x},{1000 * x + 500}" for x in (rng.uniform(-3, 3) for _ in range(40))]
    (tmp_path / "line.csv").write_text("\n".join(["x,y", *lines]))
    argv = ["--hidden=0", "--lr=0.1", "--epochs=60", "--quiet", "-o", str(tmp_path)]
    assert main(["train", str(tmp_path / "line.csv"), *argv]) == 0
    header, ((y,),) = predicted([str(tmp_path / "model.json"), "2"], capsys)
    assert header == ["y"]
    assert float(y) == pytest.approx(2500, abs=20)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,2,3", "'1,2,3' has 3 numbers, expected 2: length, width"),
        ("1", "'1' has 1 numbers, expected 2: length, width"),
        ("1,b", "'b' in '1,b' is not a finite number"),
        ("1,inf", "'inf' in '1,inf' is not a finite number"),
        ("none.csv", "none.csv: No such file or directory"),
    ],
)
def test_a_row_that_does_not_fit_is_named(
    row: str, message: str, flowers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(flowers), "1,2", row]) == 2
    assert capsys.readouterr() == ("", f"autograd-scalar predict: {message}\n")


def test_an_empty_cell_is_named(
    flowers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.csv"
    file.write_text("length,width\n1,2\n3,\n")
    assert main(["predict", str(flowers), str(file)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "row 2 (line 3), column 'width': the cell is empty" in err


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"[1, 2]", b'{"format": 1}', "half"])
def test_other_files_are_refused_in_one_line(
    content: bytes | str | None, flowers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "model.json"
    if content is not None:
        whole = flowers.read_bytes()
        file.write_bytes(whole[: len(whole) // 2] if isinstance(content, str) else content)
    assert main(["predict", str(file), "1,2"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"autograd-scalar predict: {file}: ")


def test_a_checkpoint_without_a_schema_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "model.json"
    save_checkpoint(file, nn.MLP(2, [1], seed=0))
    assert main(["predict", str(file), "1,2"]) == 2
    assert "was not trained on a Dataset, so its columns are unknown" in capsys.readouterr().err


def test_a_checkpoint_of_fit_can_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "model.json"
    data = Dataset([[0.0], [1.0]], [0, 1], classes=("no", "yes"))
    fit(nn.MLP(1, [1], seed=0), data, epochs=1, checkpoint=file, progress=False)
    header, rows = predicted([str(file), "0.5"], capsys)
    assert header == ["target", "p(no)", "p(yes)"]
    assert rows[0][0] in ("no", "yes")
