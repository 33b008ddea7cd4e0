"""The verifier: what the passes make is legal, and corrupted forms are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from compiler.programs import basic, cases
from compiler.test_reroll import EXACT, net, woven
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_scalar as ag
from autograd_scalar.compiler.backends.llvm.loops import looped
from autograd_scalar.compiler.backends.llvm.straight import single, straight
from autograd_scalar.compiler.ir.program import Builder, Guard, Program
from autograd_scalar.compiler.ir.variance import row_layout
from autograd_scalar.compiler.runtime import pipeline
from autograd_scalar.compiler.vectorize.loop_ir import LoopProgram, Read
from autograd_scalar.compiler.vectorize.reroll import reroll
from autograd_scalar.compiler.verifier import VerifierError, verify

# ----- legal forms -----


@pytest.mark.slow
@settings(max_examples=60)
@given(case=cases(rows=EXACT), data=st.data())
def test_random_programs_and_their_loops_are_legal(case, data):
    program = basic(case.program)
    verify(case.program)
    verify(program)
    columns = data.draw(st.sets(st.sampled_from(range(len(program.inputs)))).map(sorted))
    rows = data.draw(st.sets(st.sampled_from(range(len(program.outputs)))).map(sorted))
    verify(reroll(program, row_layout(program, columns, rows)))


@pytest.mark.slow
@settings(max_examples=30)
@given(rng=st.randoms(use_true_random=False), length=st.sampled_from([40, 150]), rows=st.booleans())
def test_loops_of_irregular_programs_are_legal(rng, length, rows):
    program = woven(rng, 5, length)
    outputs = range(len(program.outputs)) if rows else []
    verify(reroll(program, row_layout(program, [0, 2], outputs)))


def test_llvm_is_legal():
    program, sample = net(3, 4, 2)
    layout = row_layout(program, range(sample), [0])
    verify(single(program))
    verify(straight(program, layout, 4, fma=True).text)
    verify(looped(reroll(program, layout), 8, width=4, fma=False).text)


# ----- corrupted programs -----


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ([("input", 0), ("mul", 0, 1)], "instruction 1"),
        ([("input", 1)], "instruction 0"),
        ([("input", 0), ("mul", 0)], "instruction 1"),
        ([("input", 0), ("unknown", 0)], "unknown"),
    ],
)
def test_corrupted_program(code, problem):
    with pytest.raises(VerifierError, match=f"^program: .*{problem}"):
        verify(Program(code, ["x"], [0]))


# ----- corrupted loops -----


def guarded() -> LoopProgram:
    """Return loops with every effect: two layers' sums by row and uniform, an output of each row, and flags."""
    program, sample = net(4, 6, 3)
    b = Builder(program.inputs)
    b.code += program.code
    penalty = b.emit("mul", program.outputs[1], b.constant(0.5))
    weight = next(i for i, x in enumerate(program.code) if x == ("input", sample))
    outputs = [*program.outputs, penalty, b.emit("add", penalty, weight)]
    program = b.program(outputs, [Guard("<", penalty, weight, True)])
    return reroll(program, row_layout(program, range(sample), [0, len(outputs) - 2]))


def fold(p: LoopProgram):
    """Return the first loop with a fold."""
    return next(loop for loop in p.loops if loop.length)


def step_of(p: LoopProgram, op: str):
    return next(step for loop in p.loops for step in loop.steps if step.op == op)


def read(p: LoopProgram, space: str) -> Read:
    return next(r for loop in p.by_row for r in loop.reads if r.access.space == space)


def move(r: Read, **changes: object) -> None:
    r.access = r.access._replace(**changes)


def store(step, **changes: object) -> None:
    step.store = step.store._replace(**changes)


def swap_steps(p: LoopProgram) -> None:
    loop = next(
        loop
        for loop in p.loops
        if any(step in s.operands for s in loop.steps for step in loop.steps[:-1])
    )
    loop.steps.reverse()


CORRUPTIONS: dict[str, tuple[Callable[[LoopProgram], object], str]] = {
    "a nest of another count": (lambda p: setattr(fold(p), "nest", (5,)), "members"),
    "a shared input beyond the last": (lambda p: move(read(p, "shared"), base=10_000), "shared has"),
    "a value before the first": (lambda p: move(read(p, "row"), base=-1), "row has"),
    "a value that is stored later": (
        lambda p: move(fold(p).reads[0], space="row", base=p.sizes["row"] - 1, strides=(0,), term_stride=0),
        "so far",
    ),
    "an unknown space": (lambda p: move(read(p, "shared"), space="heap"), "cannot read"),
    "strides for another nest": (lambda p: move(read(p, "shared"), strides=(1, 1, 1)), "strides"),
    "a table entry beyond its end": (
        lambda p: move(read(p, "shared"), table=(0,), table_strides=(1,) * len(fold(p).nest)),
        "its table",
    ),
    "a result over another": (lambda p: store(next(s for s in fold(p).steps if s.store), base=0), "stores to"),
    "steps in the wrong order": (swap_steps, ""),
    "an operand too many": (lambda p: step_of(p, "store_row").operands.append(read(p, "row")), "operands"),
    "a fold of one term": (lambda p: setattr(fold(p), "length", 1), "fold"),
    "no fold": (lambda p: setattr(fold(p), "length", 0), ""),
    "an output twice": (lambda p: store(step_of(p, "store_row"), base=1, strides=()), "outputs"),
    "an output beyond the last": (lambda p: store(step_of(p, "store_total"), base=99), "store_total has"),
    "an effect without an output": (lambda p: setattr(step_of(p, "store_flag"), "store", None), "without"),
    "a row's loop before the rows": (lambda p: p.before.append(p.by_row.pop()), "varies"),
    "a total among the rows": (lambda p: p.by_row.append(p.after[0]), "vary"),
    "a column that is no input": (lambda p: p.columns.append(9), "columns"),
    "a sum that is not stored": (lambda p: p.after.pop(0), "sums"),
}  # fmt: skip


@pytest.mark.parametrize("corrupt, problem", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_corrupted_loops(corrupt, problem):
    loops = guarded()
    verify(loops)
    corrupt(loops)
    with pytest.raises(VerifierError, match=f"^loops: .*{problem}"):
        verify(loops)


def test_the_message_names_loop_and_step():
    loops = guarded()
    read(loops, "shared").access = read(loops, "shared").access._replace(base=10_000)
    with pytest.raises(
        VerifierError,
        match=r"^loops: for each row, loop \d+: term mul: shared\[10000.* is at 10000",
    ):
        verify(loops)


# ----- corrupted LLVM IR -----


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("fmul double", "fmul float"),
        ("%t2 = ", "%t2_ = "),
        ("ret i64", "ret i32"),
        ("fmul double", "fmul <1 x double>"),
    ],
)
def test_corrupted_llvm(before, after):
    text = single(Program([("input", 0), ("input", 1), ("mul", 0, 1)], ["x", "y"], [2]))
    verify(text)
    with pytest.raises(VerifierError, match=r"^llvm: "):
        verify(text.replace(before, after, 1))


# ----- between the passes -----


@pytest.mark.not_audited("an error of the compiler is a difference from eager code")
def test_every_stage_of_a_compile_is_verified(monkeypatch):
    """The tests run with AUTOGRAD_SCALAR_VERIFY=1."""
    illegal = Program([("input", 0), ("mul", 0, 2)], ["x"], [1])
    monkeypatch.setattr(pipeline, "simplify", lambda *arguments: illegal)
    with pytest.raises(VerifierError, match="instruction 1"):
        ag.jit(lambda x: x * x + 0.123)(2.0)
