"""JavaScript that the compiler prints, run in a browser: every operation beside Python's, guards, loops over rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from math import inf, nan
from typing import Any

import pytest
from compiler.programs import Case, basic, bits, cases, edges, of_row
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import ROWS

import autograd_scalar as ag
from autograd_scalar import Value
from autograd_scalar.compiler.backends import javascript
from autograd_scalar.compiler.backends.javascript_math import FUNCTIONS, OF_MATH
from autograd_scalar.compiler.ir.program import COMPARISONS, Builder, Guard, Program, compute
from autograd_scalar.compiler.ir.rules import ARITHMETIC, NEGATION
from autograd_scalar.ops import ieee

#: Operations of which the bits are those of Python: IEEE 754 fixes them, or they are exact.
EXACT = {*ARITHMETIC.values(), NEGATION, "abs", "sqrt", "floor", "ceil", "trunc", "round", "fmod"}
EXACT -= {ARITHMETIC["**"]}

#: Runs the only function of each module at points; a thrown error becomes its text.
_RUN = """async (jobs) => {
  const found = [];
  for (const [source, points] of jobs) {
    const module = await import("data:text/javascript;charset=utf-8," + encodeURIComponent(source));
    const [f] = Object.values(module);
    found.push(points.map((point) => {
      try { return Array.from(f(point)); } catch (error) { return String(error); }
    }));
  }
  return found;
}"""

Run = Callable[[Sequence[tuple[str, Sequence[Sequence[float]]]]], list[list[Any]]]


@pytest.fixture(scope="module")
def run(browser: Any) -> Iterator[Run]:
    """Return a function from sources and their points to the outputs at each point."""
    context = browser.new_context(offline=True)
    page = context.new_page()

    def run(jobs: Sequence[tuple[str, Sequence[Sequence[float]]]]) -> list[list[Any]]:
        found = page.evaluate(_RUN, [[source, [*map(list, points)]] for source, points in jobs])
        return [
            [r if isinstance(r, str) else [*map(float, r)] for r in results] for results in found
        ]

    yield run
    context.close()


def of_all_results(program: Program) -> Program:
    """Return the program with every result as an output, and no guards."""
    return Program(program.code, program.inputs, range(len(program)))


def close(found: float, wanted: float, ulps: float = 5.0) -> bool:
    if wanted != wanted or math.isinf(wanted) or wanted == 0.0:
        return bits([found]) == bits([wanted])
    return abs(found - wanted) <= ulps * math.ulp(wanted)


def check_operations(program: Program, results: Sequence[float]) -> None:
    """Check each result of a program against Python's, given the results that JavaScript has for its operands."""
    for index, (op, *operands) in enumerate(program.code):
        if op in ("input", "const"):
            continue
        wanted = compute(op, [results[operand] for operand in operands])
        if op in EXACT or op.startswith("if"):
            assert bits([results[index]]) == bits([wanted]), (op, results[index], wanted)
        else:
            given = [results[operand] for operand in operands]
            assert close(results[index], wanted), (op, given, results[index], wanted)


def first_failure(program: Program, results: Sequence[float]) -> int:
    """Return the first guard that fails, given all results; -1 if none does."""
    for index, (symbol, x, y, outcome, _) in enumerate(program.guards):
        if COMPARISONS[symbol](results[x], results[y]) is not outcome:
            return index
    return -1


def agrees(run: Run, programs: Sequence[tuple[Program, Sequence[Sequence[float]]]]) -> None:
    """Compare functions with the programs that they were printed from."""
    every = run([(javascript.source(of_all_results(p)), points) for p, points in programs])
    found = run([(javascript.source(p), points) for p, points in programs])
    for (program, _), at_points, outputs_at in zip(programs, every, found, strict=True):
        for results, outputs in zip(at_points, outputs_at, strict=True):
            check_operations(program, results)
            failed = first_failure(program, results)
            if failed >= 0:
                assert outputs.startswith(f"RangeError: guard {failed} does not hold")
            else:
                assert bits(outputs) == bits(results[index] for index in program.outputs)


@pytest.mark.slow
def test_every_row_at_edge_cases(run: Run) -> None:
    agrees(run, [(program := of_row(name), edges(program)) for name in ROWS])


@pytest.mark.slow
@settings(max_examples=12)
@given(drawn=st.lists(cases(), min_size=1, max_size=30))
def test_random_programs_with_their_gradients(run: Run, drawn: list[Case]) -> None:
    agrees(run, [(basic(case.program), case.points) for case in drawn])


def test_every_function_that_a_row_may_call_has_a_form_in_javascript() -> None:
    functions = {name for name, value in ieee.EXACT.items() if callable(value)} - {"div"}
    assert functions <= FUNCTIONS.keys() | OF_MATH


def test_functions_of_math_are_within_4_ulp(run: Run) -> None:
    mpmath = pytest.importorskip("mpmath")
    truths: dict[str, tuple[Any, float, float]] = {
        "erf": (mpmath.erf, -6.0, 6.0),
        "erfc": (mpmath.erfc, -6.0, 26.5),
        "exp2": (lambda x: mpmath.mpf(2) ** x, -1000.0, 1000.0),
        "tanh": (mpmath.tanh, -20.0, 20.0),
        "sinh": (mpmath.sinh, -20.0, 20.0),
        "log10": (mpmath.log10, 0.001, 1000.0),
        "cbrt": (mpmath.cbrt, 0.001, 1000.0),
    }
    for name, (truth, low, high) in truths.items():
        program = Program([("input", 0), (name, 0)], ["x"], [1])
        points = [[low + (high - low) * k / 1999] for k in range(2000)]
        ((*found,),) = run([(javascript.source(program), points)])
        for (x,), (y,) in zip(points, found, strict=True):
            wanted = truth(mpmath.mpf(x))
            assert abs(y - wanted) <= 4.0 * math.ulp(float(wanted)), (name, x)


def test_source_of_a_compiled_function_is_a_module_of_its_value_and_gradient(run: Run) -> None:
    @ag.jit
    def loss(x: Value, w: Value) -> Value:
        return (x * w - 1.0) ** 2 + ag.tanh(w)

    x, w = Value(0.5), Value(-2.0)
    y = loss(x, w)
    y.backward()
    ((found,),) = run([(loss.source("javascript"), [[0.5, -2.0]])])
    assert all(map(close, found, [y.data, x.grad, w.grad]))
    ((found,),) = run([(loss.source("javascript", gradient=False), [[0.5, -2.0]])])
    assert len(found) == 1


def test_a_path_throws_where_its_guards_do_not_hold(run: Run) -> None:
    @ag.jit
    def bent(x: Value) -> Value:
        return x * x if x > 0.0 else -x

    bent(2.0), bent(-3.0)
    points = [[2.0], [-3.0], [nan]]
    first, second = (bent.source("javascript", gradient=False, path=k) for k in range(2))
    (square, thrown, of_nan), (other, negated, _) = run([(first, points), (second, points)])
    assert square == [4.0] and negated == [3.0]
    message = "RangeError: guard 0 does not hold: these inputs take another path"
    assert thrown == of_nan == other == message
    assert "test_javascript.py:" in first  # the line of the comparison


def test_another_number_of_inputs_is_refused(run: Run) -> None:
    program = Program([("input", 0), ("input", 1), ("mul", 0, 1)], ["x", "y"], [2])
    ((found,),) = run([(javascript.source(program), [[3.0]])])
    assert found == "RangeError: expected 2 numbers, got 1"


AWKWARD = [
    *("x", "x", "x_2", "t1", "exp", "if", "in", "input", "output", "Math", "NaN", "Infinity", "let", "await"),
    *("eval", "arguments", "pow", "", "2", "layers[0].w", "θ", "*/", "/*", "a\nb", "a\u2028b", "</script>", "`${x}`"),
]  # fmt: skip


@pytest.mark.parametrize("name", ["f", "<lambda>", "pow", "Math", "class", "*/", "\n", "t1", "x"])
def test_any_name_is_allowed(run: Run, name: str) -> None:
    builder = Builder(AWKWARD)
    total = builder.emit("pow", builder.input(0), builder.input(1))
    for k in range(len(AWKWARD)):
        total = builder.emit("sub", total, builder.input(k))
    guard = Guard("<", 0, 0, False, "*/ a\nfile\u2028.py:3")
    program = Program(builder.code, AWKWARD, [total], [guard])
    point = [1.0 / (k + 1.0) for k in range(len(AWKWARD))]
    ((found,),) = run([(javascript.source(program, name, AWKWARD[-1:]), [point])])
    assert found == program.run(point)


def test_input_and_output_may_be_one_array(browser: Any) -> None:
    program = Program([("input", 0), ("input", 1), ("sub", 0, 1)], ["x", "y"], [2, 0])
    page = browser.new_page()
    source = javascript.source(program).replace("export ", "")
    found = page.evaluate(
        """(source) => {
          const both = Float64Array.of(5, 3);
          new Function(source + "return f;")()(both, both);
          return [...both];
        }""",
        source,
    )
    assert found == [2.0, 5.0]
    page.close()


def test_constants_are_exact(run: Run) -> None:
    written = [0.1, -0.0, 5e-324, 1e22, 1e-7, 1.7976931348623157e308, inf, -inf, nan, 1 / 3]
    program = Program([("const", x) for x in written], [], range(len(written)))
    ((found,),) = run([(javascript.source(program), [[]])])
    assert bits(found) == bits(written)


# ----- loops over rows -----


def test_rows_compute_each_row_in_place(browser: Any) -> None:
    """Each output takes the place of the other's input."""
    code = [("input", 0), ("input", 1), ("input", 2), ("mul", 0, 2), ("exp", 1), ("add", 3, 1)]
    program = Program(code, ["x", "y", "rate"], [5, 4])
    module = javascript.Module()
    module.add_of_rows(program, "step", (0, 1), ["x", "y"])
    source = str(module).replace("export ", "")
    page = browser.new_page()
    found = page.evaluate(
        """(source) => {
          const x = Float64Array.of(1, 2, 3), y = Float64Array.of(0, 1, -1);
          new Function(source + "return step;")()(2, x, y, 10, x, y);
          return [[...x], [...y]];
        }""",
        source,
    )
    assert found[0] == [10.0, 21.0, 3.0]  # the third row is left alone
    assert all(map(close, map(float, found[1]), [1.0, math.e, -1.0]))
    page.close()


def test_rows_of_a_program_with_guards_are_refused() -> None:
    program = Program([("input", 0), ("const", 0.0)], ["x"], [0], [Guard("<", 0, 1, True)])
    with pytest.raises(ValueError, match="bent has guards, so rows may take different paths"):
        javascript.Module().add_of_rows(program, "bent", [0], ["y"])
