"""Machine code of straight-line programs against Program.run, for one set of numbers and for rows at several widths."""

from __future__ import annotations

import functools
import math
import random
from operator import add

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("llvmlite")

from compiler.kernels import EXACT, Kernel, function, functions_of, run, ulps
from compiler.programs import Case, basic, bits, cases, edges, first_failure, of_row, wild
from compiler.test_backends import PROGRAMS, Function, agrees
from strategies import ROWS

from autograd_scalar.compiler.backends.llvm import straight, target
from autograd_scalar.compiler.backends.llvm.loops import looped
from autograd_scalar.compiler.ir import variance
from autograd_scalar.compiler.ir.program import Builder, Guard, Program, compute
from autograd_scalar.compiler.ir.simplify import simplify
from autograd_scalar.compiler.options import Options
from autograd_scalar.compiler.runtime import kernels
from autograd_scalar.compiler.vectorize.reroll import reroll
from autograd_scalar.ops.table import TABLE

#: Lanes of a vector, and of blocks of several; 12 and 24 are not powers of two.
LANES = (2, 4, 8, 12, 24)
#: Rows of the table that are arithmetic alone, derivatives included: the same bits everywhere.
ARITHMETIC = [name for name in ROWS if not functions_of(PROGRAMS[name])]
FUNCTIONS = sorted({op for program in PROGRAMS.values() for op in functions_of(program)})

#: Numbers of rows around the width: one, fewer and more than a vector, several vectors and a part.
COUNTS = (1, 2, 3, 4, 5, 7, 8, 9, 17)


def single(program: Program) -> Function:
    return kernels.single(program, len(program.inputs), False, Options("llvm"))


# ----- one set of numbers -----


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_one_set_of_numbers_at_edge_cases(name):
    """Functions are libm's, as in eager code."""
    program = PROGRAMS[name]
    agrees(single(program), program, edges(program))


@pytest.mark.slow
@settings(max_examples=60)
@given(case=cases())
def test_one_set_of_numbers_of_random_programs(case: Case):
    program = basic(case.program)
    agrees(single(program), program, case.points)


#: Numbers for which a compiler may know a cheaper form of a function.
SPECIAL = (-2.0, -1.0, -0.5, 0.0, 0.25, 1 / 3, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 10.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [n for n in FUNCTIONS if len(TABLE[n].operands) == 2 and n != "hypot"]
)
def test_functions_of_a_special_number_are_those_of_libm(name):
    """LLVM has exp2(x) for pow(2, x) and 1 / x for pow(x, -1), which differ in the last bit for one in a thousand x.

    hypot is left out, of which Python has its own.
    """
    builder = Builder(["x"])
    x = builder.input(0)
    constants = [builder.constant(number) for number in SPECIAL]
    outputs = [builder.emit(name, *pair) for c in constants for pair in ((x, c), (c, x))]
    source = random.Random(name)
    points = [[source.uniform(-9, 9)] for _ in range(10_000)]
    program = simplify(builder.program(outputs))
    agrees(single(program), program, points)


def test_the_first_failing_guard_is_returned():
    x, zero, one = ("input", 0), ("const", 0.0), ("const", 1.0)
    guards = [Guard("<", 1, 0, True), Guard("!=", 0, 2, True), Guard(">=", 0, 2, False)]
    program = Program([x, zero, one], ["x"], [0], guards)
    call = single(program)
    for x, failed in ((0.5, -1), (-1.0, 0), (1.0, 1), (2.0, 2), (math.nan, 0)):
        assert call([x])[1] == failed == first_failure(program, [x])


# ----- rows -----


def columns_of(points, columns):
    return [[point[k] for point in points] for k in columns]


def check(program: Program, points, columns, lanes: int) -> None:
    """Check all outputs by row, to the last bit, and the flags of the guards."""
    made = Kernel(program, columns, range(len(program.outputs)), lanes)
    shared = [points[0][k] for k in made.layout.shared]
    points = [[x if k in columns else points[0][k] for k, x in enumerate(p)] for p in points]
    outs, _, held, failed = made(columns_of(points, columns), shared, len(points))
    found = run(program, columns, points, lanes)
    for output, out in zip(program.outputs, outs, strict=True):
        assert bits(out) == bits(found[output])
    if not functions_of(program):  # an ulp could change a comparison
        assert held == [first_failure(program, point) < 0 for point in points]
    assert failed == held.count(False)


@pytest.mark.slow
@pytest.mark.parametrize("lanes", LANES)
def test_arithmetic_over_rows_at_edge_cases(lanes):
    """One test per width, since each of many operations takes 20 ms to compile."""
    for name in ARITHMETIC:
        program = PROGRAMS[name]
        points = edges(program)
        made = Kernel(program, range(len(program.inputs)), range(len(program.outputs)), lanes)
        outs, *_ = made([*zip(*points, strict=True)], [], len(points))
        wanted = zip(*[program.run(point) for point in points], strict=True)
        for out, numbers in zip(outs, wanted, strict=True):
            assert bits(out) == bits(numbers), name


@pytest.mark.slow
@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_over_rows_are_within_two_ulp(name, lanes):
    """test_vector_math compares them with mpmath; here they run in a kernel, against a libm that is within one ulp."""
    source = random.Random(name)
    count = len(TABLE[name].operands)
    points = edges(Program([("input", k) for k in range(count)], "xyz"[:count], [0]))
    points += [tuple(source.uniform(-9, 9) for _ in range(count)) for _ in range(500)]
    points += [
        tuple(source.choice((1, -1)) * 10.0 ** source.uniform(-320, 308) for _ in range(count))
        for _ in range(500)
    ]
    outs, *_ = function(name, lanes)([*zip(*points, strict=True)], [], len(points))
    for point, got in zip(points, outs[0], strict=True):
        wanted = compute(name, point)
        assert ulps(got, wanted) <= 3.0, (point, got, wanted)
        if wanted == 0.0:
            assert math.copysign(1.0, got) == math.copysign(1.0, wanted), point


@pytest.mark.slow
@settings(max_examples=40)
@given(case=cases(), lanes=st.sampled_from(LANES), count=st.sampled_from(COUNTS), data=st.data())
def test_rows_of_random_programs(case: Case, lanes, count, data):
    """Some inputs are the same for all rows; the expected values of functions come from kernels of their own."""
    program = basic(case.program)
    inputs = range(len(program.inputs))
    columns = data.draw(st.lists(st.sampled_from(inputs), unique=True)) if inputs else []
    points = [case.points[i % len(case.points)] for i in range(count)]
    check(program, points, columns, lanes)


@pytest.mark.slow
@pytest.mark.parametrize("lanes", LANES)
def test_flags_of_rows_whose_guards_fail(lanes):
    x, y, zero = ("input", 0), ("input", 1), ("const", 0.0)
    guards = [Guard("<", 2, 0, True), Guard("==", 0, 1, False), Guard("<", 1, 2, False)]
    program = Program([x, y, zero, ("sub", 0, 1)], "xy", [3], guards)
    points = [(a, b) for a in (1.0, -1.0, math.nan, 2.0) for b in (1.0, 0.0, -0.0, -3.0, 2.0)]
    for count in range(1, len(points) + 1):
        check(program, points[:count], (0, 1), lanes)
    check(program, points[:9], (1,), lanes)
    check(program, points[:9], (), lanes)


# ----- sums -----


@pytest.mark.slow
@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("count", [0, *COUNTS, 1000])
def test_sums_over_rows(count, lanes):
    """Sums of a column, of a shared input, of both, and of a constant."""
    builder = Builder("xu")
    x, u = builder.input(0), builder.input(1)
    square = builder.emit("mul", x, x)
    outputs = [x, u, builder.emit("add", square, u), builder.constant(0.25), square]
    made = Kernel(builder.program(outputs), [0], [4], lanes)
    source = random.Random(count)
    xs = [source.uniform(-1, 1) for _ in range(count)]
    outs, sums, _, _ = made([xs], [3.0], count)
    assert outs == [[x * x for x in xs]]
    wanted = [xs, [3.0] * count, [x * x + 3.0 for x in xs], [0.25] * count]
    for got, terms in zip(sums, wanted, strict=True):
        assert abs(got - math.fsum(terms)) <= 1e-15 * math.fsum(map(abs, terms)) * max(1, count)
    assert bits(sums) == bits(made([xs], [3.0], count)[1])  # the order is fixed


@pytest.mark.slow
@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("count", COUNTS)
def test_the_order_of_a_sum(count, lanes):
    """Each lane adds up its rows of the full blocks; then the lanes are added, then the rows of the last block."""
    made = Kernel(Program([("input", 0)], "x", [0]), [0], [], lanes)
    source = random.Random(count)
    xs = [source.uniform(-1, 1) * 10.0 ** source.randint(-9, 9) for _ in range(count)]
    full = count // lanes * lanes
    by_lane = [functools.reduce(add, xs[lane:full:lanes], 0.0) for lane in range(lanes)]
    assert made([xs], [], count)[1] == [functools.reduce(add, by_lane + xs[full:], 0.0)]


@pytest.mark.slow
@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("odd", [math.inf, -math.inf, math.nan])
def test_idle_lanes_add_nothing(lanes, odd):
    """They read the last row again; multiplying by 0 would not do, since 0 times infinity is nan."""
    program = Program([("input", 0), ("const", 1.0), ("truediv", 1, 0)], "x", [0, 2])
    made = Kernel(program, [0], [], lanes)
    for count in (1, 3, 4, 5, 9):
        sums = made([[1.0] * (count - 1) + [odd]], [], count)[1]
        assert bits(sums) == bits([count - 1.0 + odd, count - 1.0 + 1.0 / odd])
        assert made([[1.0] * (count - 1) + [0.0]], [], count)[1] == [count - 1.0, math.inf]


@pytest.mark.slow
@settings(max_examples=25)
@given(case=wild(), lanes=st.sampled_from(LANES), count=st.sampled_from(COUNTS))
def test_sums_of_random_programs(case: Case, lanes, count):
    program = basic(case.program)
    columns = range(len(program.inputs))
    points = [case.points[i % len(case.points)] for i in range(count)]
    made = Kernel(program, columns, [], lanes)
    _, sums, _, _ = made(columns_of(points, columns), [], count)
    found = run(program, columns, points, lanes)
    for got, output in zip(sums, program.outputs, strict=True):
        terms = found[output]
        size = sum(map(abs, terms))
        if math.isfinite(size):
            assert abs(got - math.fsum(terms)) <= 2.3e-16 * count * size
        elif all(map(math.isfinite, terms)):
            continue  # whether the sum overflows depends on its order
        else:
            assert bits([got]) == bits([sum(x for x in terms if not math.isfinite(x))])


# ----- limits -----


def test_rows_need_vectors_of_two_lanes():
    program = PROGRAMS["mul"]
    with pytest.raises(ValueError, match="2 lanes or more; got 1"):
        Kernel(program, [0, 1], [0], lanes=1)
    with pytest.raises(ValueError, match="2 lanes or more; got 1"):
        looped(reroll(program, variance.row_layout(program, [0, 1], [0])), 8, width=1, fma=True)


@pytest.mark.slow
def test_nothing_is_fused_or_reordered():
    """With fused multiply-add the first result would be -2 ** -60; reordered, the second would be 1.0."""
    code = [("input", 0), ("input", 1), ("input", 2), ("mul", 0, 1), ("add", 3, 2)]
    code += [("add", 0, 1), ("add", 5, 2)]
    program = Program(code, "xyz", [4, 6])
    fused = (1.0 + 2.0**-30, 1.0 - 2.0**-30, -1.0)
    reordered = (1e300, -1e300, 1.0)
    for point in (fused, reordered, reordered[::-1]):
        agrees(single(program), program, [point])
        for lanes in LANES:
            check(program, [point] * 3, (0, 1, 2), lanes)
    assert program.run(fused)[0] == 0.0


def test_fast_math_is_opt_in():
    program = Program([("input", 0), ("mul", 0, 0), ("add", 1, 0)], "x", [2])
    assert "reassoc" not in straight.single(program, fast=False)
    assert "reassoc contract" in straight.single(program, fast=True)


@pytest.mark.parametrize("name", sorted(EXACT & {*ROWS}))
def test_subnormals_are_not_flushed_to_zero(name):
    """The processor's mode stays as it is."""
    program = of_row(name)
    inputs = range(len(program.inputs))
    made = Kernel(program, inputs, range(len(program.outputs)), target.width())
    tiny = [5e-324, -5e-324, 2.0**-1030, 2.0**-1074 * 3]
    outs, *_ = made([tiny for _ in inputs], [], len(tiny))
    wanted = zip(*[program.run([x for _ in inputs]) for x in tiny], strict=True)
    assert [bits(out) for out in outs] == [bits(numbers) for numbers in wanted]
