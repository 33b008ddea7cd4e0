"""Tests of the tests: a wrong row is caught by test_ops and by check_grad, and every test file has a stage."""

from __future__ import annotations

import random
import runpy
from pathlib import Path

import pytest
from differences import row_problems, slope
from stages import STAGES, TESTS, stage_of
from strategies import domains

import autograd_scalar as ag
from autograd_scalar import engine
from autograd_scalar.ops import codegen
from autograd_scalar.ops.table import TABLE

WRONG = {
    # name: value, partials, what is wrong
    "wrong_factor": ("x * x * x", "2.0 * x * x"),
    "wrong_sign": ("cos(x)", "sin(x)"),
    "wrong_function": ("exp(x)", "exp(-x)"),
    "wrong_operand": ("x * y", "x, y"),
    "wrong_order": ("x - y", "-1.0, 1.0"),
    "wrong_by_a_little": ("tanh(x)", "1.0001 - z * z"),
    "wrong_second_operand": ("x / y", "1.0 / y, z / y"),
    "wrong_constant": ("x * x", "0.0"),
    "wrong_in_half_the_domain": ("x * x", "2.0 * abs(x)"),
}


@pytest.mark.usefixtures("wrong_rows_allowed")
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_row_is_caught(name):
    ag.define_op(name, *WRONG[name])
    source = random.Random(name)
    points = [[source.uniform(*interval) for interval in domains(name)] for _ in range(20)]
    problems = [problem for point in points for problem in row_problems(name, point)]
    assert any(name in problem and "differences give" in problem for problem in problems)
    reports = [ag.check_grad(getattr(ag, name), *point) for point in points]
    assert not all(reports)
    wrong = next(report for report in reports if not report)
    assert any(check.verdict == "WRONG" for check in wrong.checks) and "WRONG" in repr(wrong)


def test_right_rows_pass():
    for name, value, partials in (
        ("right_cube", "x * x * x", "3.0 * x * x"),
        ("right_ratio", "x / (1.0 + y * y)", "1.0 / (1.0 + y * y), -2.0 * y * z / (1.0 + y * y)"),
    ):
        ag.define_op(name, value, partials)
        point = [0.7, -1.3][: len(TABLE[name].operands)]
        assert row_problems(name, point) == []
        assert ag.check_grad(getattr(ag, name), *point)


def test_a_row_right_to_first_order_only_is_caught():
    """round() hides a term from the second derivative that the first has nearly right."""
    ag.define_op("flat_slope", "x * x", "2.0 * x + 1e4 * (x - round(x * 1e16) / 1e16)")
    problems = row_problems("flat_slope", [0.75])
    assert problems and all("derivative 0,0" in problem for problem in problems)
    assert not ag.check_grad(ag.flat_slope, 0.75, order=2)
    assert ag.check_grad(ag.flat_slope, 0.75, order=1)


def test_slope_of_a_smooth_function():
    assert slope(lambda x: x**5, 1.5) == pytest.approx(5 * 1.5**4, rel=1e-10)
    assert slope(abs, 0.5) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "f", [abs, lambda x: float(x > 0.0), lambda x: max(x, 0.0), lambda x: abs(x) ** 0.5]
)
def test_slope_at_a_kink_is_none(f):
    assert slope(f, 0.0) is None


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_row_is_refused_when_it_is_defined(name):
    with pytest.raises(ValueError, match=rf"row '{name}': its partial derivative .* differences"):
        ag.define_op(name, *WRONG[name])


@pytest.mark.usefixtures("wrong_rows_allowed")
def test_kinks_do_not_hide_wrong_slopes_nearby():
    ag.define_op("wrong_relu", "0.0 if x <= 0.0 else x", "1.0 - step(x)")
    assert row_problems("wrong_relu", [0.7]) and row_problems("wrong_relu", [-0.7])


def test_every_test_file_has_a_stage():
    missing = [str(path) for path in sorted(TESTS.rglob("test_*.py")) if not stage_of(path)]
    assert not missing, f"enter them in tests/stages.py: {missing}"


@pytest.mark.parametrize("name", [name for names in STAGES.values() for name in names])
def test_every_stage_names_files_that_exist(name):
    assert (TESTS / name).exists()


def test_the_engine_shows_the_code_that_mul_becomes():
    """engine.py quotes the generated source of __mul__ in a comment."""
    source = Path(engine.__file__).read_text(encoding="utf-8")
    quoted = [
        line.removeprefix("    #     ")
        for line in source.splitlines()
        if line.startswith("    #     ")
    ]
    assert "\n".join(quoted) + "\n" == codegen.recorder(TABLE["mul"], operator=True)


def test_the_stubs_are_those_of_the_table():
    tools = Path(__file__).parents[1] / "tools" / "stubs.py"
    if not tools.exists():
        pytest.skip("an installed package has no tools")
    stubs = runpy.run_path(str(tools))["STUBS"]
    package = Path(ag.__file__).parent
    for name, text in stubs.items():
        assert (package / name).read_text(encoding="utf-8") == text(), f"{name}: run tools/stubs.py"
