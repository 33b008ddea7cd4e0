"""Python and C sources against Program.run, to the last bit."""

from __future__ import annotations

import ctypes
import inspect
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from math import inf, nan
from pathlib import Path

import pytest
from compiler.programs import EDGES, Case, basic, bits, cases, edges, first_failure, of_row
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import ROWS

from autograd_scalar.compiler.backends import c, python
from autograd_scalar.compiler.ir.program import Builder, Guard, Program
from autograd_scalar.compiler.options import MAX_EXPRESSION_LENGTH

#: Takes the inputs; returns the outputs and the index of the first failing guard, or -1.
Function = Callable[[Sequence[float]], tuple[list[float], int]]


PROGRAMS = {name: of_row(name) for name in ROWS}


# ----- Python -----


def in_python(program: Program) -> Function:
    function = python.compiled(program)
    return lambda inputs: function(*inputs)


@pytest.mark.parametrize("name", ROWS)
def test_python_at_edge_cases(name):
    program = PROGRAMS[name]
    function = in_python(program)
    for point in edges(program):
        outputs, failed = function(point)
        assert failed == -1
        assert bits(outputs) == bits(program.run(point))


@pytest.mark.slow
@settings(max_examples=150)
@given(case=cases())
def test_python_of_random_programs(case: Case):
    agrees(in_python(basic(case.program)), basic(case.program), case.points)


def agrees(function: Function, program: Program, points: Sequence[Sequence[float]]) -> None:
    """Compare a function with the program that it was compiled from."""
    for point in points:
        outputs, failed = function(point)
        assert failed == first_failure(program, point)
        assert failed >= 0 or bits(outputs) == bits(program.run(point))


# ----- C -----

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")


def library(folder: Path, source: str, *flags: str) -> ctypes.CDLL:
    """Compile C with warnings as errors, and load it."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler found")
    (folder / "source.c").write_text(source, encoding="utf-8")
    made = folder / "library.so"
    command = [compiler, *STRICT, *flags, "-shared", "-fPIC", "-o", made, folder / "source.c"]
    subprocess.run([*map(str, command), "-lm"], check=True)
    return ctypes.CDLL(str(made))


def in_c(made: ctypes.CDLL, program: Program, name: str) -> Function:
    def function(inputs: Sequence[float]) -> tuple[list[float], int]:
        given = (ctypes.c_double * len(inputs))(*inputs)
        found = (ctypes.c_double * len(program.outputs))()
        failed = made[name](given, found)
        return ([*found] if failed < 0 else []), failed

    return function


def all_in_c(folder: Path, programs: dict[str, Program]) -> dict[str, Function]:
    """Return programs compiled from C with libm's functions, not what a compiler makes of pow(x, -1.0), by name."""
    sources = "".join(c.source(program, name) for name, program in programs.items())
    made = library(folder, sources, "-O1", "-fno-builtin")
    return {name: in_c(made, program, name) for name, program in programs.items()}


@pytest.fixture(scope="module")
def rows_in_c(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Function]:
    programs = {f"row_{name}": program for name, program in PROGRAMS.items()}
    return all_in_c(tmp_path_factory.mktemp("rows"), programs)


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_c_at_edge_cases(name, rows_in_c):
    agrees(rows_in_c[f"row_{name}"], PROGRAMS[name], edges(PROGRAMS[name]))


@pytest.mark.slow
@settings(max_examples=10)
@given(drawn=st.lists(cases(), min_size=1, max_size=12))
def test_c_of_random_programs(drawn: list[Case], tmp_path_factory):
    programs = {f"f{k}": basic(case.program) for k, case in enumerate(drawn)}
    functions = all_in_c(tmp_path_factory.mktemp("random"), programs)
    for (name, program), case in zip(programs.items(), drawn, strict=True):
        agrees(functions[name], program, case.points)


# ----- the texts -----


@pytest.fixture
def ratio() -> Program:
    """A small program with guards, a choice, constants, and a result that is read twice."""
    x, w = ("input", 0), ("input", 1)
    code = [x, w, ("mul", 0, 1), ("tanh", 2), ("const", 0.1), ("const", 0.0)]
    code += [("if<", 0, 5, 4, 3), ("mul", 3, 3), ("truediv", 7, 6), ("abs", 8), ("const", 2.0)]
    code += [("truediv", 9, 10), ("const", nan), ("const", -inf)]
    guards = [Guard("<", 0, 2, True, "model.py:7"), Guard(">=", 1, 11, False)]
    return Program(code, ["x", "layers[0].w"], [11, 3, 12, 13], guards)


def test_python_text(ratio):
    assert python.source(ratio, "ratio") == (
        "def ratio(x, layers_0_w):\n"
        "    t2 = x * layers_0_w\n"
        "    if not x < t2:  # model.py:7\n"
        "        return [], 0\n"
        "    t3 = tanh(t2)\n"
        "    t11 = abs(div(t3 * t3, 0.1 if x < 0.0 else t3)) / 2.0\n"
        "    if layers_0_w >= t11:\n"
        "        return [], 1\n"
        "    return [t11, t3, nan, -inf], -1\n"
    )


def test_c_text(ratio):
    assert c.source(ratio, "ratio", ["value", "derivative", "", ""]) == (
        "/* ratio\n"
        "\n"
        "       int ratio(const double *in, double *out)\n"
        "\n"
        "       in[0]  x\n"
        "       in[1]  layers[0].w\n"
        "       out[0]  value\n"
        "       out[1]  derivative\n"
        "       out[2]\n"
        "       out[3]\n"
        "\n"
        "   It returns -1, or the index of the first guard that fails, in which case it leaves out unchanged.\n"
        "   in and out may be the same array.\n"
        "\n"
        "       cc -O3 -ffp-contract=off -fno-builtin-pow -c ratio.c\n"
        "\n"
        "   Each operation is rounded separately and in this order, as in Python. */\n"
        "\n"
        "#include <math.h>\n"
        "\n"
        "#ifdef __FAST_MATH__\n"
        '#error "-ffast-math changes the results: infinities and nan have a meaning here"\n'
        "#endif\n"
        "#if defined(__GNUC__) && !defined(__clang__)\n"
        '#pragma GCC optimize("fp-contract=off")\n'
        "#else\n"
        "#pragma STDC FP_CONTRACT OFF\n"
        "#endif\n"
        "\n"
        "int ratio(const double *in, double *out)\n"
        "{\n"
        "    const double x = in[0];\n"
        "    const double layers_0_w = in[1];\n"
        "    const double t2 = x * layers_0_w;\n"
        "    if (!(x < t2)) return 0;  /* model.py:7 */\n"
        "    const double t3 = tanh(t2);\n"
        "    const double t11 = fabs(t3 * t3 / (x < 0.0 ? 0x1.999999999999ap-4 : t3)) / 2.0;\n"
        "    if (layers_0_w >= t11) return 1;\n"
        "    out[0] = t11;\n"
        "    out[1] = t3;\n"
        "    out[2] = NAN;\n"
        "    out[3] = -INFINITY;\n"
        "    return -1;\n"
        "}\n"
    )


@pytest.mark.parametrize("point", [(0.5, 3.0), (0.5, 0.1), (0.5, nan), (-0.5, 0.1), (-1.0, -20.0)])
def test_both_languages_agree_on_a_small_program(ratio, point, tmp_path):
    agrees(in_python(ratio), ratio, [point])
    agrees(in_c(library(tmp_path, c.source(ratio)), ratio, "f"), ratio, [point])


def test_a_guard_that_fails_leaves_the_outputs_alone(ratio, tmp_path):
    f = library(tmp_path, c.source(ratio)).f
    out = (ctypes.c_double * 4)(7.0, 7.0, 7.0, 7.0)
    assert f((ctypes.c_double * 2)(0.5, 0.1), out) == 0
    assert [*out] == [7.0, 7.0, 7.0, 7.0]


def test_inputs_and_outputs_may_be_one_array(tmp_path):
    program = Program([("input", 0), ("input", 1), ("sub", 0, 1)], ["x", "y"], [2, 0])
    both = (ctypes.c_double * 2)(5.0, 3.0)
    assert library(tmp_path, c.source(program)).f(both, both) == -1
    assert [*both] == [2.0, 5.0]


AWKWARD = [
    *("x", "x", "x_2", "t1", "exp", "if", "in", "out", "abs", "fabs", "INFINITY", "I", "y0", "linux"),
    *("", "2", "layers[0].w", "θ", "a*/b", "/*", "a\nb", "a\\", "?" + "?/", "π\0", '"', "f", "{x}", "main"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", ["f", "<lambda>", "exp", "main", "x", "class", "*/", "\n", "t1"])
def test_any_name_is_allowed(name, tmp_path):
    count = len(AWKWARD)
    builder = Builder(AWKWARD)
    total = builder.emit("exp", builder.input(0))
    for k in range(count):
        total = builder.emit("sub", total, builder.input(k))
    guard = Guard("<", 0, 0, False, "*/ a\nfile /*.py:3")
    program = Program(builder.code, AWKWARD, [total], [guard])
    point = [1.0 / (k + 1.0) for k in range(count)]
    function = python.compiled(program, name)
    agrees(lambda inputs: function(*inputs), program, [point])
    text = c.source(program, name, AWKWARD[:1])
    made = library(tmp_path, text)
    (called,) = re.findall(r"^int (\w+)\(", text, re.MULTILINE)
    agrees(in_c(made, program, called), program, [point])


@pytest.mark.parametrize("inputs, outputs", [(0, 0), (2, 0), (0, 2), (2, 1)])
def test_programs_without_inputs_or_outputs(inputs, outputs, tmp_path):
    """Compilers warn of unused parameters."""
    program = Program([("const", 0.25), ("exp", 0)], ["x", "y"][:inputs], [0, 0][:outputs])
    agrees(in_python(program), program, [[1.0] * inputs])
    agrees(in_c(library(tmp_path, c.source(program)), program, "f"), program, [[1.0] * inputs])


@pytest.mark.slow
@settings(max_examples=8)
@given(drawn=st.lists(st.floats(), min_size=20, max_size=60))
def test_constants_in_c_are_exact(drawn, tmp_path_factory):
    written = [*drawn, *EDGES, 0.1, 1e22, 1.7976931348623157e308, 2.2250738585072014e-308]
    program = Program([("const", x) for x in written], [], range(len(written)))
    made = library(tmp_path_factory.mktemp("numbers"), c.source(program), "-O0")
    agrees(in_c(made, program, "f"), program, [[]])


def test_c_is_not_contracted(tmp_path):
    """With the command in its comment, and on processors with fused multiply-add."""
    program = Program(
        [("input", 0), ("input", 1), ("input", 2), ("mul", 0, 1), ("add", 3, 2)], "xyz", [4]
    )
    text = c.source(program)
    (command,) = re.findall("cc .* f.c", text)
    assert command == "cc -O3 -ffp-contract=off -fno-builtin-pow -c f.c"
    point = [1.0 + 2.0**-30, 1.0 - 2.0**-30, -1.0]
    assert program.run(point) == [0.0]  # fused it would be -2 ** -60
    for flags in (["-O3", "-ffp-contract=off"], ["-O3", "-march=native", "-std=gnu99"]):
        agrees(in_c(library(tmp_path, text, *flags), program, "f"), program, [point])


def test_powers_in_c_are_those_of_libm(tmp_path):
    """With the command in the comment; gcc and clang have cheaper forms of these, which differ in the last bit."""
    source = random.Random(1)
    x, numbers = ("input", 0), [("const", -1.0), ("const", 2.0), ("const", 0.25)]
    powers = [("pow", 0, 1), ("pow", 2, 0), ("pow", 3, 0)]
    program = Program([x, *numbers, *powers], ["x"], [4, 5, 6])
    text = c.source(program)
    (command,) = re.findall("cc .* f.c", text)
    made = library(tmp_path, text, *command.split()[1:-2])
    agrees(in_c(made, program, "f"), program, [[source.uniform(-9, 9)] for _ in range(20_000)])


def test_c_refuses_fast_math(tmp_path):
    with pytest.raises(subprocess.CalledProcessError):
        library(tmp_path, c.source(PROGRAMS["mul"]), "-ffast-math")


# ----- size -----


def test_lines_stay_short():
    code = [("input", 0), *(("exp", k) if k % 3 else ("mul", k, 0) for k in range(3000))]
    text = python.source(Program(code, ["x"], [3000]))
    assert max(map(len, text.splitlines())) < MAX_EXPRESSION_LENGTH + 30
    assert len(text.splitlines()) < 1000


@pytest.mark.slow
def test_a_big_program_in_python():
    """A chain of results with one reader each, and as many with two."""
    builder = Builder(["x"])
    last = builder.input(0)
    for _ in range(14_000):
        for op in ("sin", "neg", "exp"):
            last = builder.emit(op, last)
        last = builder.emit("mul", last, builder.emit("sub", last, builder.input(0)))
    program = builder.program([last])
    assert len(program) > 70_000
    agrees(in_python(program), program, [[0.5]])


def test_inspect_finds_the_source(ratio):
    assert inspect.getsource(python.compiled(ratio, "ratio")) == python.source(ratio, "ratio")
