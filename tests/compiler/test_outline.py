"""Outlined programs: the row and the rest compute what the whole program does, to the last bit."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from compiler.programs import bits, recorded
from hypothesis import given
from hypothesis import strategies as st

import autograd_scalar as ag
from autograd_scalar import Value, nn
from autograd_scalar import functions as F
from autograd_scalar.compiler.ir.program import COMPARISONS, Builder, Guard, Program
from autograd_scalar.compiler.vectorize.outline import Outlined, outline


def recombined(parts: Outlined, inputs: Sequence[float]) -> list[float]:
    """Return the outputs of the whole program, computed by both parts."""
    by_row = rows(parts, inputs, parts.row)
    return parts.rest.run([*inputs, *(by_row[row][output] for output, row in parts.read)])


def rows(parts: Outlined, inputs: Sequence[float], program: Program) -> list[list[float]]:
    """Return the outputs for each row of a program with the inputs of a row."""
    columns = [[x if op == "const" else inputs[x] for op, x in column] for column in parts.columns]
    count = 1 + max(row for _, row in parts.read)
    return [program.run([*inputs, *(column[row] for column in columns)]) for row in range(count)]


def moons(
    samples: int, loss: Callable[[Value, float], Value], seed: int = 0
) -> tuple[Program, list[float]]:
    """Return a network's loss over all samples, with a penalty, as one program of the parameters."""
    rng = random.Random(seed)
    model = nn.MLP(2, [4, 3, 1], seed=seed)
    points = [
        ([rng.gauss(0.0, 1.0), rng.gauss(0.0, 1.0)], rng.choice([-1.0, 1.0]))
        for _ in range(samples)
    ]
    losses = [loss(model(x), y) for x, y in points]
    total = F.sum(losses) * (1.0 / samples) + 1e-4 * nn.losses.l2(model.parameters())
    return recorded(total, model.parameters()), [p.data for p in model.parameters()]


LOSSES = {
    "hinge": lambda z, y: (1.0 + -y * z).relu(),
    "square": lambda z, y: (z - y) * (z - y),
    "logistic": lambda z, y: F.softplus(-y * z),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("samples", [4, 5, 30])
def test_samples_become_rows(loss, samples):
    program, inputs = moons(samples, loss)
    parts = outline(program)
    assert len(parts.columns) == 3
    assert {len(column) for column in parts.columns} == {samples}
    assert parts.read == [(0, row) for row in range(samples)]
    assert len(parts.row) < len(program) / samples + 40  # 40 for the parameters
    assert bits(recombined(parts, inputs)) == bits(program.run(inputs))


def test_a_constant_of_all_rows_is_not_a_column():
    program, inputs = moons(6, lambda z, y: (z - 0.5) * 2.0)
    parts = outline(program)
    assert len(parts.columns) == 2
    assert bits(recombined(parts, inputs)) == bits(program.run(inputs))


def test_sums_added_one_by_one():
    """As in micrograd: products added with Python's sum."""
    weights = [Value(w) for w in (0.5, -1.0, 0.25)]
    losses = []
    for i in range(10):
        xs = [Value(i / 7), Value(-i / 3), Value(1.0)]
        losses.append(sum((w * x for w, x in zip(weights, xs, strict=True)), Value(0.0)).tanh())
    program = recorded(sum(losses) / 10, weights)
    parts = outline(program)
    assert len(parts.columns) == 2  # the third is 1.0 in all rows
    assert bits(recombined(parts, [0.1, 0.2, 0.3])) == bits(program.run([0.1, 0.2, 0.3]))


def test_samples_may_be_arguments():
    """They become columns, as constants do."""
    b = Builder(["w", *(f"x{i}" for i in range(8))])
    program = b.program(
        [
            b.emit(
                "sum", *(b.emit("exp", b.emit("mul", b.input(0), b.input(1 + i))) for i in range(8))
            )
        ]
    )
    assert outline(program) is None
    parts = outline(program, data=range(1, 9))
    assert parts.columns == [[("input", k) for k in range(1, 9)]]
    inputs = [0.3, *(i / 4 for i in range(8))]
    assert bits(recombined(parts, inputs)) == bits(program.run(inputs))


def test_weights_used_more_than_once_in_a_sample():
    """A sliding kernel leaves several isomorphic instructions in each row."""
    kernel, weights = [Value(0.5), Value(-0.25)], [Value(0.1), Value(0.2), Value(0.3)]
    signals = [[(i * 7 + k * 3) % 11 / 5 for k in range(6)] for i in range(9)]
    losses = []
    for signal in signals:
        slid = [F.tanh(kernel[0] * a + kernel[1] * b) for a, b in pairwise(signal)]
        losses.append(F.sum([F.sum([w * z for z in slid]).sin() for w in weights]))
    program = recorded(F.sum(losses), [*kernel, *weights])
    parts = outline(program)
    assert len(parts.columns) == 6
    inputs = [0.1, 0.7, 0.3, 0.2, 0.6]
    assert bits(recombined(parts, inputs)) == bits(program.run(inputs))


def test_scores_chosen_by_label_are_left_to_the_rest():
    """The chosen score differs from row to row, so choosing is not part of a row."""
    model = nn.MLP(2, [4, 3], seed=2)
    losses = []
    for i in range(12):
        logits = model([i / 5, -i / 7])
        losses.append(F.logsumexp(logits) - logits[i % 3])
    program = recorded(F.mean(losses), model.parameters())
    parts = outline(program)
    assert len(parts.row.outputs) == 4
    inputs = [p.data for p in model.parameters()]
    assert bits(recombined(parts, inputs)) == bits(program.run(inputs))


def test_batch_statistics_prevent_outlining():
    """Instructions that read the mean of the batch belong to no row; here they are most of the program."""
    w = Value(0.5)
    hidden = [w * (i / 3) for i in range(8)]
    mean = F.mean(hidden)
    outputs = [((h - mean) * (h - mean) + 1.0).log() for h in hidden]
    assert outline(recorded(F.sum(outputs), [w])) is None


def test_guards_of_every_row_are_checked_by_row():
    """A guard of a single row belongs to the rest."""
    b = Builder(["w"])
    products = [b.emit("mul", b.input(0), b.constant(x)) for x in (1.0, 2.0, 3.0, 4.0)]
    results = [b.emit("exp", b.emit("neg", p)) for p in products]
    guards = [Guard(">", p, b.constant(i / 8), True) for i, p in enumerate(products)]
    guards += [
        Guard("<", results[2], b.input(0), False),
        Guard(">", b.input(0), b.constant(0.0), True),
    ]
    parts = outline(b.program([b.emit("sum", *results)], guards))
    assert [(g.symbol, g.outcome) for g in parts.row.guards] == [(">", True)]
    assert [(g.symbol, g.outcome) for g in parts.rest.guards] == [("<", False), (">", True)]
    for w in (0.5, -0.5):
        sides = [
            [index for g in guarded for index in (g.x, g.y)]
            for guarded in (parts.row.guards, parts.rest.guards)
        ]
        row = Program(parts.row.code, parts.row.inputs, sides[0])
        assert [x > y for x, y in rows(parts, [w], row)] == [
            w * x > i / 8 for i, x in enumerate((1.0, 2.0, 3.0, 4.0))
        ]
        read = [rows(parts, [w], parts.row)[row][output] for output, row in parts.read]
        rest = Program(parts.rest.code, parts.rest.inputs, sides[1])
        assert rest.run([w, *read])[1:] == [w, w, 0.0]


def test_results_of_rows_may_be_outputs():
    b = Builder(["w"])
    products = [
        b.emit("sin", b.emit("mul", b.input(0), b.constant(x))) for x in (1.0, 2.0, 3.0, 4.0)
    ]
    program = b.program([products[2], products[0]])
    parts = outline(program)
    assert parts.read == [(0, 2), (0, 0)]
    assert bits(recombined(parts, [0.3])) == bits(program.run([0.3]))


@pytest.mark.parametrize(
    "code", [[], [("mul", 0, 0), ("exp", 2)], [("mul", 0, 1), ("mul", 0, 0), ("add", 2, 3)]]
)
def test_programs_without_rows_are_not_outlined(code):
    assert (
        outline(Program([("input", 0), ("input", 1), *code], ["x", "y"], [1 + len(code)])) is None
    )


@pytest.mark.slow
@given(rng=st.randoms(use_true_random=False), samples=st.integers(4, 7))
def test_random_programs(rng, samples):
    """Random code for each sample, random code over the samples, and code shared by all."""
    b = Builder(["u", "v"])
    shared = [b.input(0), b.emit("mul", b.input(0), b.input(1)), b.constant(0.5)]
    binary = ["add", "sub", "mul", *(f"if{symbol}" for symbol in COMPARISONS)]

    def applied(pool: list[int], picks: Sequence[tuple[str, Sequence[float]]]) -> list[int]:
        for op, chosen in picks:
            count = 4 if op.startswith("if") else 2
            pool.append(b.emit(op, *(pool[int(c * len(pool))] for c in chosen[:count])))
        return pool

    def picks(count: int) -> list[tuple[str, list[float]]]:
        return [(rng.choice(binary), [rng.random() for _ in range(4)]) for _ in range(count)]

    each, after = picks(rng.randint(1, 12)), picks(rng.randint(1, 6))
    lanes = [
        applied([*shared, b.constant(rng.choice([1.5, -0.5])), b.constant(rng.random())], each)
        for _ in range(samples)
    ]
    last = applied([*shared, *(lane[-1] for lane in lanes)], after)
    program = b.program([last[-1], rng.choice(rng.choice(lanes))])
    parts = outline(program)
    for inputs in ([0.7, -1.3], [0.0, 2.0]):
        if parts is not None and parts.read:
            assert bits(recombined(parts, inputs)) == bits(program.run(inputs))


def test_a_long_loop_without_data():
    w = ag.Value(0.5)

    def loop():
        rounds = []
        for _ in range(100):
            h = w * 1.0
            for _ in range(8):
                h = ag.tanh(h * w) + 1.0
            rounds.append(h)
        return ag.sum(rounds)

    y = ag.jit(loop)()
    y.backward()
    derivative = w.grad
    w.grad = 0.0
    loop().backward()
    assert (y.data, derivative) == (loop().data, pytest.approx(w.grad, rel=1e-14))
