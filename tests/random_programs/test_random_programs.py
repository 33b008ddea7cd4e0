"""Random programs do the same compiled as eagerly: results, derivatives, types, errors, and effects."""

from __future__ import annotations

import random

import pytest
from compiler.programs import bits
from compiler.test_backends import in_c, library
from random_programs.captured import KINDS
from random_programs.choices import Choices, reduced
from random_programs.generator import NUMBERS, Generator
from random_programs.runner import Mismatch, run
from random_programs.trial import Trial

from autograd_scalar.compiler.backends import c
from autograd_scalar.compiler.backends.llvm import target
from autograd_scalar.compiler.options import Options
from autograd_scalar.compiler.runtime.dispatcher import Jitted
from autograd_scalar.compiler.runtime.kernels import compile_single
from autograd_scalar.compiler.runtime.pipeline import lowered

#: Programs in each of the tests; CI runs all tests three times, on both engines.
COUNT, TESTS = 100, 7


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize("part", range(TESTS))
def test_compiled_and_eager_code_agree(part):
    first = (
        random.randrange(10**6) * 1000 + part * COUNT
    )  # pytest-randomly sets and prints the seed
    for seed in range(first, first + COUNT):
        trial = Trial(seed)
        assert trial.mismatch is None, f"seed {seed}: {trial.report(seconds=30.0)}"


@pytest.mark.slow
@pytest.mark.no_cover
def test_all_back_ends_agree(tmp_path):
    """Recorded programs with their gradients return the same bits from Python, C and LLVM."""
    generator = random.Random(random.random())
    programs = []
    while len(programs) < 60:
        result = Trial(generator.randrange(10**9)).result
        if result is not None and isinstance(result.f, Jitted):
            programs += [trace.program for trace in result.f.paths if len(trace.program) > 4]
    made = [lowered(program, range(len(program.inputs))) for program in programs]
    texts = []
    for k, program in enumerate(made):
        texts.append(c.source(program, f"f{k}", [""] * len(program.outputs)))
    binary = library(tmp_path, "\n".join(texts))
    for k, (recorded, program) in enumerate(zip(programs, made, strict=True)):
        others = [in_c(binary, program, f"f{k}")]
        if target.is_there():
            others.append(compile_single(recorded, 0, True, Options("llvm")))
        python = compile_single(recorded, 0, True, Options("python"))
        for _ in range(5):
            inputs = [generator.choice(NUMBERS) for _ in program.inputs]
            outputs, failed = python(inputs)
            for other in others:
                found, other_failed = other(inputs)
                assert other_failed == failed, f"{program}\n{inputs}"
                assert failed >= 0 or bits(found) == bits(outputs), f"{program}\n{inputs}"


# ----- the tools themselves -----


def test_a_difference_is_found_and_reduced(monkeypatch):
    right = Jitted.__call__

    def wrong(self, *args, **kwargs):
        found = right(self, *args, **kwargs)
        return found + 1e-12 if isinstance(found, float) and found > 1.0 else found

    monkeypatch.setattr(Jitted, "__call__", wrong)
    trial = next(t for t in map(Trial, range(100)) if t.mismatch)
    report = trial.report(seconds=3.0)
    assert "differs from eager code: result: compiled" in report
    assert "def f(x, y" in report
    assert len(report) < len(trial.source) + 1500


def test_programs_are_those_of_their_seeds():
    assert [Trial(seed).source for seed in range(5)] == [Trial(seed).source for seed in range(5)]


def test_reduction_keeps_what_fails():
    made = [random.Random(0).randrange(10) for _ in range(200)] + [77]
    assert reduced(made, lambda some: 77 in some or 76 in some, seconds=5.0) == [77]


def test_programs_that_end_in_another_state_differ():
    source = "table = [1.0]\ndef f(x):\n    return x\nf = jit(f)\nresult = call(f, 1.0)\n"
    assert run(source).outcome == "compared"
    with pytest.raises(
        Mismatch, match=r"compiled \('table\[1\]', 2.0\), eager \('table\[1\]', 3.0\)"
    ):
        run(source + "table.append(2.0 if hasattr(f, 'paths') else 3.0)\n")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.made.split("\n")[-1][:20])
def test_every_kind_of_captured_object_can_be_read_and_changed(kind):
    generator = Generator(Choices())
    generator._scalars = ["1.0"]
    texts = [kind.made]
    texts += [f"value = {text}" for text in kind.reads]
    texts += [text.replace("global rate; ", "") for text in (*kind.changes, *kind.effects)]
    filled = "\n".join(generator._filled(text, 1) for text in texts)
    assert run(filled).outcome == "compared"
