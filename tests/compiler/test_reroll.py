"""Rerolled programs against Program.run, and the loops that rerolling finds."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from math import inf, nan

import numpy as np
import pytest
from compiler.programs import EDGES, basic, bits, cases, first_failure, of_row, recorded
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import ROWS

import autograd_scalar as ag
from autograd_scalar import Value, nn
from autograd_scalar import functions as F
from autograd_scalar.compiler.backends.llvm import target
from autograd_scalar.compiler.backends.llvm.loops import looped
from autograd_scalar.compiler.ir.differentiate import differentiate
from autograd_scalar.compiler.ir.lower import lower
from autograd_scalar.compiler.ir.program import COMPARISONS, Builder, Guard, Program
from autograd_scalar.compiler.ir.simplify import simplify
from autograd_scalar.compiler.ir.variance import row_layout
from autograd_scalar.compiler.options import MAX_LOOP_STEPS
from autograd_scalar.compiler.vectorize.access import (
    Access,
    choose_order,
    contiguous_strides,
    fit_access,
    fit_nest,
)
from autograd_scalar.compiler.vectorize.reroll import reroll
from autograd_scalar.compiler.verifier import verify

PLAIN = {"input", "const", "add", "sub", "mul", "truediv", "neg", *(f"if{s}" for s in COMPARISONS)}
#: Rows of the table that are arithmetic alone: the same to the last bit on every back end.
EXACT = [name for name in ROWS if PLAIN.issuperset(op for op, *_ in of_row(name).code)]


# ----- kernels, called with guard elements around their outputs -----


class Found:
    """A kernel's results for some rows: outputs by row, sums, flags, and the number of rows in which a guard fails."""

    def __init__(
        self,
        program: Program,
        columns: dict[int, np.ndarray],
        shared: Sequence[float],
        by_row: Sequence[int],
        vectors: int = 2,
        width: int = 4,
    ) -> None:
        pytest.importorskip("llvmlite")
        layout = row_layout(program, [*columns], by_row)
        loops = reroll(program, layout)
        verify(loops)
        kernel = looped(loops, vectors * width, width=width, fma=target.has_fma())
        verify(kernel.text)
        code = target.Code(kernel.text, passes=0)
        rows = len(next(iter(columns.values()))) if columns else 1
        room = -(-rows // kernel.lanes) * kernel.lanes
        scratch, sums = np.full(kernel.scratch + 16, nan), np.full(len(layout.sums) + 1, 7.0)
        aligned = -(-scratch.ctypes.data // 64) * 64
        outs = [np.full(room + 1, 7.0) for _ in by_row]
        flags = np.full(room + 1, 7, dtype=np.int8)
        pointers = np.array([c.ctypes.data for c in columns.values()], dtype=np.uint64)
        strides = np.array([c.strides[0] for c in columns.values()], dtype=np.int64)
        to = np.array([out.ctypes.data for out in outs], dtype=np.uint64)
        given = np.array([*shared, nan])
        self.failed = code.kernel(
            rows, pointers.ctypes.data, strides.ctypes.data, given.ctypes.data, to.ctypes.data,
            sums.ctypes.data, flags.ctypes.data, aligned,
        )  # fmt: skip
        assert [sums[-1], *(out[-1] for out in outs)] == [7.0] * (len(outs) + 1)
        assert flags[-1] == 7
        self.outs, self.sums = [out[:rows] for out in outs], sums[:-1].tolist()
        self.flags = (flags[:rows] == 1).tolist() if program.guards else [True] * rows


def check(
    program: Program,
    points: Sequence[Sequence[float]],
    columns: Sequence[int],
    by_row: Sequence[int],
    **size: int,
) -> None:
    """Compare a kernel with Program.run at points that differ in the columns alone."""
    data = {k: np.array([point[k] for point in points]) for k in columns}
    shared = [x for k, x in enumerate(points[0]) if k not in columns]
    found = Found(program, data, shared, by_row, **size)
    assert found.flags == [first_failure(program, point) < 0 for point in points]
    assert found.failed == found.flags.count(False)
    values = np.array([everything(program, point) for point in points])
    for k, out in zip(by_row, found.outs, strict=True):
        assert bits(out.tolist()) == bits(values[:, program.outputs[k]].tolist())
    summed = [output for k, output in enumerate(program.outputs) if k not in by_row]
    for output, total in zip(summed, found.sums, strict=True):
        if np.isnan(values[:, output]).any():
            assert math.isnan(total)
        elif np.isfinite(values).all():  # the order of a sum, and so its last bits, are free
            nearly = 1e-14 * len(points) * np.abs(values).max()
            assert total == pytest.approx(math.fsum(values[:, output]), rel=1e-12, abs=nearly)


def everything(program: Program, point: Sequence[float]) -> list[float]:
    """Return the results of all instructions."""
    return Program(program.code, program.inputs, range(len(program))).run(point)


@st.composite
def placed(draw: st.DrawFn, program: Program) -> tuple[list[list[float]], list[int], list[int]]:
    """Return points to run a program at, the inputs that are columns, and the outputs wanted by row."""
    numbers = st.sampled_from([*EDGES, 0.3, -1.7, 2.2])
    inputs = range(len(program.inputs))
    columns = draw(st.lists(st.sampled_from(inputs), unique=True).map(sorted))
    first = draw(st.lists(numbers, min_size=len(inputs), max_size=len(inputs)))
    points = [first]
    for _ in range(draw(st.sampled_from([0, 2, 7, 8, 20])) if columns else 0):
        points.append([draw(numbers) if k in columns else x for k, x in enumerate(first)])
    outputs = st.sampled_from(range(len(program.outputs)))
    return points, columns, draw(st.lists(outputs, unique=True).map(sorted))


sizes = st.fixed_dictionaries({"vectors": st.integers(1, 8), "width": st.sampled_from([2, 4, 8])})


@pytest.mark.slow
@settings(max_examples=60)
@given(case=cases(rows=EXACT), data=st.data(), size=sizes)
def test_random_programs(case, data, size):
    program = basic(case.program)
    check(program, *data.draw(placed(program)), **size)


def woven(rng: random.Random, inputs: int, length: int) -> Program:
    """Return a program of dot products, outer products and maps, mostly regular, with exceptions."""
    b = Builder([f"x{k}" for k in range(inputs)])
    pool = [*map(b.input, range(inputs)), b.constant(rng.choice([0.0, -0.0, 1.0, -1.5, inf]))]
    binary = ["add", "sub", "mul", "truediv"]

    def some(most: int) -> list[int]:
        return (
            rng.choices(pool, k=rng.randint(1, most))
            if rng.random() < 0.3
            else pool[-rng.randint(1, most) :]
        )

    def layer() -> list[int]:
        xs, ws, step = some(7), some(9), rng.choice(binary[:3])
        sums = []
        for j in range(rng.randint(1, 5)):
            z = rng.choice(pool) if rng.random() < 0.5 else b.constant(0.0)
            for k, x in enumerate(xs):
                term = b.emit(rng.choice(["mul"] * 9 + ["sub"]), ws[(j + k) % len(ws)], x)
                if rng.random() < 0.1:
                    term = b.emit("mul", term, term)
                z = b.emit(step, *((z, term) if rng.random() < 0.9 else (term, z)))
            sums.append(z)
        return sums

    def balanced() -> list[int]:
        terms = some(9)
        while len(terms) > 1:
            pairs = zip(terms[::2], terms[1::2], strict=False)
            terms = [b.emit("add", *pair) for pair in pairs] + terms[len(terms) // 2 * 2 :]
        return terms

    makers = [
        layer,
        balanced,
        lambda: [b.emit("mul", x, y) for x in some(4) for y in some(4)],
        lambda: [b.emit(rng.choice(binary), x, y) for y in some(1) for x in some(8)],
        lambda: [b.emit(f"if{rng.choice([*COMPARISONS])}", x, b.constant(0.0), y, x) for y in some(1) for x in some(8)],
    ]  # fmt: skip
    while len(b.code) < length:
        pool += rng.choice(makers)()
    guards = [
        Guard(rng.choice([*COMPARISONS]), rng.choice(pool), rng.choice(pool), rng.random() < 0.7)
        for _ in range(rng.choice([0, 0, 1, 4]))
    ]
    return b.program([*rng.choices(pool, k=3), *pool[-rng.randint(1, 9) :]], guards)


@pytest.mark.slow
@settings(max_examples=60)
@given(
    rng=st.randoms(use_true_random=False),
    length=st.sampled_from([5, 40, 150]),
    data=st.data(),
    size=sizes,
)
def test_programs_with_irregularities(rng, length, data, size):
    program = woven(rng, rng.randint(1, 8), length)
    check(program, *data.draw(placed(program)), **size)


# ----- the loops found -----


def net(*widths: int) -> tuple[Program, int]:
    """Return a perceptron's loss for one sample with its gradient, and the number of inputs of the sample."""
    model = nn.MLP(widths[0], widths[1:], seed=1)
    xs, target = [Value(0.5) for _ in range(widths[0])], [Value(0.0) for _ in range(widths[-1])]
    logits = model(xs)
    loss = F.logsumexp(logits) - F.dot(logits, target)
    sample = [*xs, *target]
    program = recorded(loss, [*sample, *model.parameters()])
    wrt = range(len(sample), len(program.inputs))
    program = simplify(lower(differentiate(program, wrt)))
    return program, len(sample)


def test_the_number_of_loops_does_not_depend_on_the_widths():
    """Nor does any address come from a table."""
    few, many = net(4, 6, 3), net(16, 24, 3)
    assert len(many[0]) > 5 * len(few[0])
    loops = [reroll(program, row_layout(program, range(n), [])).loops for program, n in (few, many)]
    assert len(loops[0]) == len(loops[1]) <= 18
    accesses = [read.access for loop in loops[1] for read in loop.reads]
    assert all(not access.table for access in accesses)


def test_layers_are_nests_over_contiguous_weights():
    program, n = net(16, 24, 3)
    found = reroll(program, row_layout(program, range(n), []))
    assert [(loop.count, loop.length) for loop in found.by_row if loop.length] == [
        (24, 16), (3, 24), (1, 3), (1, 3), (24, 3),  # layers, dot, sum of shares, layer backwards
    ]  # fmt: skip
    assert [loop.nest for loop in found.by_row if len(loop.nest) > 1] == [(24, 16), (3, 24)]
    weights = found.by_row[0].terms[0].operands[0]
    assert weights.access == Access("shared", 0, (17,), 1)


def test_activations_are_fused_with_their_layer():
    """The steps that follow a fold join its loop."""
    b = Builder(["x", *(f"w{k}" for k in range(8))])
    sums = []
    for j in range(4):
        z = b.constant(0.0)
        for k in range(2):
            z = b.emit("add", z, b.emit("mul", b.input(1 + 2 * j + k), b.input(0)))
        sums.append(b.emit("if>", z, b.constant(0.0), z, b.constant(0.0)))
    program = b.program([b.emit("neg", z) for z in sums])
    (loop,) = reroll(program, row_layout(program, [0], range(4))).loops
    assert [step.op for step in loop.steps] == ["add", "if>", "neg", "store_row"]
    check(program, [[x] + [0.5, -0.5] * 2 + [0.3] * 4 for x in (0.5, -0.7)], [0], range(4))


@pytest.mark.slow
def test_irregular_code_is_split_into_short_loops():
    """LLVM's time for a block grows faster than the block."""
    rng = random.Random(1)
    b = Builder(["x", "y"])
    pool = [b.input(0), b.input(1)]
    for _ in range(1500):
        pool.append(b.emit(rng.choice(["add", "sub", "mul"]), *rng.sample(pool[-30:], 2)))
    program = b.program(pool[-3:])
    loops = reroll(program, row_layout(program, [0], [0, 1])).loops
    assert max(len(loop.body) for loop in loops) <= MAX_LOOP_STEPS
    check(program, [[0.3, 0.4], [0.2, 0.4]], [0], [0, 1])


@pytest.mark.slow
def test_long_chain_is_one_loop():
    b = Builder(["x"])
    z = b.input(0)
    for _ in range(200_000):
        z = b.emit("mul", z, b.input(0))
    program = b.program([z])
    assert len(reroll(program, row_layout(program, [0], [0])).loops) == 1
    check(program, [[0.9999], [-1.0], [1.00001]], [0], [0])


# ----- rows -----


def test_gradients_are_those_of_eager_code():
    """To the last bit for each row; the order of the sum over rows is free."""
    model = nn.MLP(5, [7, 3], seed=3)
    sample = [Value(0.0) for _ in range(8)]
    inputs = [*sample, *model.parameters()]

    def loss() -> Value:
        return F.sum(
            [(z - t) * (z - t) for z, t in zip(model(sample[:5]), sample[5:], strict=True)]
        )

    gradient = differentiate(recorded(loss(), inputs), range(8, len(inputs)))
    program = simplify(lower(gradient))
    matrix = np.random.default_rng(0).normal(size=(11, 8))
    columns = {k: matrix[:, k] for k in range(8)}
    parameters = [p.data for p in model.parameters()]
    by_row = Found(program, columns, parameters, range(len(program.outputs)), vectors=1)
    for i, row in enumerate(matrix.tolist()):
        for v, x in zip(sample, row, strict=True):
            v.data = x
        z = loss()
        wanted = [z.data, *ag.gradient(z, model.parameters())]
        assert bits(float(out[i]) for out in by_row.outs) == bits(wanted)
    total = Found(program, columns, parameters, [])
    sums = [math.fsum(out) for out in by_row.outs]
    assert total.sums == pytest.approx(sums, rel=1e-12, abs=1e-14)


def squares() -> Program:
    """Return x * x + y and its reciprocal."""
    b = Builder(["x", "y"])
    z = b.emit("add", b.emit("mul", b.input(0), b.input(0)), b.input(1))
    return b.program([z, b.emit("truediv", b.constant(1.0), z)])


@pytest.mark.slow
@pytest.mark.parametrize("rows", [1, 3, 4, 7, 8, 9, 17])
@pytest.mark.parametrize("vectors", [1, 2, 5])
def test_every_row_counts_once(rows, vectors):
    x = np.arange(1.0, rows + 1.0)
    found = Found(squares(), {0: x}, [0.0], [], vectors=vectors)
    assert found.sums == pytest.approx([sum(x * x), sum(1 / (x * x))], rel=1e-15)


def test_idle_lanes_count_for_nothing_even_if_infinite():
    found = Found(squares(), {0: np.array([1.0, 2.0, 0.0])}, [0.0], [0])
    assert found.outs[0].tolist() == [1.0, 4.0, 0.0]
    assert found.sums == [inf]


def test_columns_with_any_stride():
    """Columns of a matrix, in either direction, and one number for all rows."""
    matrix = np.arange(60.0).reshape(20, 3)
    for x in (matrix[:, 1], matrix[::-1, 2], np.broadcast_to(matrix[3, 0], (20,)), matrix[::3, 0]):
        found = Found(squares(), {0: x, 1: x}, [], [0], vectors=1)
        assert found.outs[0].tolist() == (x * x + x).tolist()


def test_penalty_is_added_once_for_each_row():
    """sum(a + u) is sum(a) + rows * u, where u is the same for all rows."""
    b = Builder(["x", "w"])
    z = b.emit("add", b.input(0), b.emit("mul", b.input(1), b.input(1)))
    program = b.program([z, b.input(1)])
    assert [loop.varies for loop in reroll(program, row_layout(program, [0], [])).loops].count(
        True
    ) == 1
    found = Found(program, {0: np.array([1.0, 2.0, 3.0])}, [10.0], [])
    assert found.sums == [306.0, 30.0]


def test_functions_of_shared_and_of_varying_numbers():
    b = Builder(["x", "w"])
    z = b.emit("exp", b.emit("mul", b.input(0), b.emit("tanh", b.input(1))))
    found = Found(b.program([z]), {0: np.linspace(-2.0, 2.0, 9)}, [0.7], [0])
    wanted = np.exp(np.linspace(-2.0, 2.0, 9) * math.tanh(0.7))
    assert found.outs[0] == pytest.approx(wanted, rel=1e-15)


# ----- access functions -----

indices = st.integers(-50, 50)


@given(st.lists(st.integers(1, 4), max_size=3), st.integers(1, 4), st.data())
def test_access_gives_every_offset(counts, length, data):
    """Strides where the offsets are affine, a table where they are not."""
    count = math.prod(counts)
    strides = data.draw(st.lists(indices, min_size=len(counts), max_size=len(counts)))
    affine = [
        sum(i * s for i, s in zip(members, strides, strict=True)) + 3 * k
        for members in np.ndindex(*counts)
        for k in range(length)
    ]
    arbitrary = data.draw(st.lists(indices, min_size=count * length, max_size=count * length))
    for wanted in (affine, arbitrary):
        found = fit_access("row", wanted, counts, length)
        assert [
            found.offset(members, k) for members in np.ndindex(*counts) for k in range(length)
        ] == wanted
    assert not fit_access("row", affine, counts, length).table


@given(st.lists(st.integers(2, 4), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_order_of_an_outer_product_is_recovered(counts, rng):
    """The shuffled members of an outer product become nested loops again."""
    members = [*np.ndindex(*counts)]
    rng.shuffle(members)
    lists = [[int(i) for i in column] for column in zip(*members, strict=True)]
    found, order = choose_order(lists, len(members))
    order = order or range(len(members))
    assert math.prod(found) == len(members)
    assert fit_nest([[column[i] for i in order] for column in lists], len(members)) == found
    assert contiguous_strides(found)[-1] == 1
