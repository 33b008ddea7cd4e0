"""autograd-scalar play: the page that it writes and opens, and bad input."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path
from typing import Any

import pytest

from autograd_scalar.cli import main


@pytest.fixture(autouse=True)
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run in a folder of its own; return the addresses that were opened."""
    monkeypatch.chdir(tmp_path)
    addresses: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: addresses.append(url) or True)
    return addresses


def data_of(path: str) -> dict[str, Any]:
    """Return the data of a page."""
    _, _, data = Path(path).read_text(encoding="utf-8").partition('id="play-data">')
    found: dict[str, Any] = json.loads(data.partition("</script>")[0])
    return found


def test_it_writes_moons_and_opens_the_page(
    opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["play"]) == 0
    assert capsys.readouterr().out == "wrote play.html\n"
    assert opened == [Path("play.html").resolve().as_uri()]
    found = data_of("play.html")
    assert list(found["sets"]) == ["moons", "circles", "spiral", "xor"]
    assert len(found["sets"]["moons"]["points"]) == 100
    assert Path("play.html").stat().st_size < 300_000


def test_another_set_comes_first(opened: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "spiral", "--samples", "30", "-o", "s.html", "--no-browser"]) == 0
    assert capsys.readouterr().out == "wrote s.html\nopen it in a browser\n"
    assert not opened
    found = data_of("s.html")
    assert found["settings"]["data"] == "spiral" and len(found["sets"]["xor"]["points"]) == 30


def test_two_features_of_a_file_are_scaled(tmp_path: Path) -> None:
    Path("leaves.csv").write_text("kind,a,b,c\nx,1,5,2\ny,3,5,4\nx,1,9,2\n", encoding="utf-8")
    assert main(["play", "leaves.csv", "--target", "kind", "--features", "c,a"]) == 0
    found = data_of("play.html")
    assert found["features"] == ["c", "a"]
    points, labels, classes = found["sets"]["leaves"].values()
    assert (
        labels == [0, 1, 0]
        and classes == ["x", "y"]
        and sum(p[0] for p in points) == pytest.approx(0.0)
    )
    assert main(["play", "leaves.csv", "--target", "kind"]) == 0
    assert data_of("play.html")["features"] == ["a", "b"]


@pytest.mark.parametrize(
    "argv, message",
    [
        (
            ["a/no.csv"],
            "no data set or file 'a/no.csv'; the data sets are moons, circles, spiral, xor",
        ),
        (["suns"], "no data set or file 'suns'; the data sets are moons, circles, spiral, xor"),
        (["moons", "-o", "p.txt"], "p.txt: the name of a page must end in .html"),
        (["xor", "--target", "y"], "--target and --features apply to CSV files, not to xor"),
        (["three.csv"], "three: the page trains on two classes, the target has 3 classes"),
        (["three.csv", "--features", "b"], "three.csv has no feature 'b'; choose from a"),
    ],
)
def test_bad_input(argv: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("three.csv").write_text("a,kind\n1,x\n2,y\n3,z\n", encoding="utf-8")
    assert main(["play", *argv]) == 2
    assert capsys.readouterr().err == f"autograd-scalar play: {message}\n"


def test_an_expression_opens_the_page_in_which_it_is_typed(opened: list[str]) -> None:
    assert main(["play", "tanh(w*x + b)", "w=2", "x=-pi", "-o", "e.html"]) == 0
    assert len(opened) == 1
    text = Path("e.html").read_text(encoding="utf-8")
    data = json.loads(text.partition('id="expression-data">')[2].partition("</script>")[0])
    assert data["text"] == "tanh(w*x + b)"
    assert data["values"] == {"w": 2.0, "x": pytest.approx(-3.14159265)}


@pytest.mark.parametrize("text", ["a/b", "1/x", "x-y", "a-1.5", "a // b"])
def test_quotients_and_differences_are_expressions(text: str, opened: list[str]) -> None:
    assert main(["play", text, "-o", "e.html"]) == 0
    assert 'id="expression-data"' in Path("e.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "argv, message",
    [
        (["x +"], "invalid syntax; an expression consists of"),
        (["-x**2", "x"], "expected name=number, got 'x'"),
        (["moons", "x=2"], "x=2: only an expression takes values for names"),
        (["w*x", "W=2"], "a value is given for W, but the names in the expression are w, x"),
    ],
)
def test_bad_expressions(argv: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", *argv]) == 2
    assert message in capsys.readouterr().err
