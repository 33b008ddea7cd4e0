"""autograd-scalar draw: printed numbers, pictures, and bad input."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from autograd_scalar.cli import main


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_value_and_gradients_are_printed_and_the_picture_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["draw", "tanh(w*x + b)", "w=2", "x=-3", "b=6.88", "-o", "neuron.svg"]) == 0
    # tanh(0.88), and 1 - tanh(0.88)^2 = 0.500972 times x, w, 1
    assert capsys.readouterr().out.splitlines() == [
        "tanh(w*x + b) = 0.706419",
        "  name  value  gradient",
        "     w      2  -1.50292",
        "     x     -3   1.00194",
        "     b   6.88  0.500972",
        "wrote neuron.svg",
    ]
    root = ET.parse("neuron.svg").getroot()
    assert root.tag.endswith("svg")
    assert {"w", "x", "b", "tanh"} <= {text.strip() for text in root.itertext()}


def test_the_picture_is_graph_svg_by_default() -> None:
    assert main(["draw", "x*x", "x=1"]) == 0
    assert [path.name for path in Path().iterdir()] == ["graph.svg"]


def test_a_dot_file_has_the_settings() -> None:
    assert main(["draw", "x*y", "x=2", "y=3", "-o", "g.DOT", "--rankdir", "TB", "--partials"]) == 0
    source = Path("g.DOT").read_text()
    assert source.count("->") == 2
    assert "rankdir=TB" in source
    assert 'label=" 2 "' in source and 'label=" 3 "' in source


def test_an_expression_may_start_with_a_minus(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "-x**2", "x=-3"]) == 0
    assert "-x**2 = -9\n" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["h", "o", "height", "outer"])
def test_a_negated_name_may_start_like_an_option(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["draw", f"-{name}*2", f"{name}=3"]) == 0
    assert f"-{name}*2 = -6\n" in capsys.readouterr().out


def test_a_file_name_may_start_with_a_minus() -> None:
    assert main(["draw", "x", "x=1", "-o", "-x.svg"]) == 0
    assert [path.name for path in Path().iterdir()] == ["-x.svg"]


def test_only_the_expression_is_required(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw"]) == 2
    assert "required: expression (see" in capsys.readouterr().err


def test_values_may_come_after_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "x*y", "-o", "x.svg", "x=3", "--partials", "y=2"]) == 0
    assert "x*y = 6\n" in capsys.readouterr().out


def test_values_are_expressions_of_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "sin(x) * e", "x = pi/2", "e=2"]) == 0
    assert "sin(x) * e = 2\n" in capsys.readouterr().out


def test_an_expression_without_names_has_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "log(0)"]) == 0
    assert capsys.readouterr().out == "log(0) = -inf\nwrote graph.svg\n"


def test_names_are_normalized_as_python_does(capsys: pytest.CaptureFixture[str]) -> None:
    micro, mu = "\N{MICRO SIGN}", "\N{GREEK SMALL LETTER MU}"
    assert main(["draw", f"{micro} + {mu}", f"{micro}=1"]) == 0
    assert "= 2\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["__import__('os').system('touch x')"], "column 1: "),
        (["x +"], "column 3: invalid syntax"),
        (["x + y", "x=1"], "no value is given for y"),
        (
            ["x", "x=1", "y=2", "z=3"],
            "a value is given for y, z, but the names in the expression are x",
        ),
        (["x", "x=1", "x=2"], "got two values for x"),
        (["x", "y"], "expected name=number, got 'y'"),
        (["x", "2x=3"], "expected name=number, got '2x=3'"),
        (["x", "x=1", "--colour"], "expected name=number, got '--colour'"),
        (["x", "x="], "'x=': column 1: the expression is empty"),
        (["x", "x=one"], "'x=one': 'one' is not a number"),
        (
            ["x", "x=1", "-o", "x.jpg"],
            "unknown picture format in x.jpg: use one of .svg, .png, .pdf, .dot",
        ),
        (["x", "x=1", "-o", "none/x.svg"], "none/x.svg: No such file or directory"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["draw", *argv]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"autograd-scalar draw: {message}")
    assert err.count("\n") == 1
    assert not list(Path().iterdir())


def test_pdf_without_dot_says_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["draw", "x", "x=1", "-o", "x.pdf"]) == 2
    assert "install it (apt install graphviz" in capsys.readouterr().err
    assert main(["draw", "x", "x=1", "-o", "x.svg"]) == 0
    assert [path.name for path in Path().iterdir()] == ["x.svg"]
