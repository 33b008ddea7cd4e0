"""The examples run as a person would run them, and the GPT's benchmark measures what the example does."""

from __future__ import annotations

import math
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import autograd_scalar as ag
from benchmarks import gpt as benchmark
from examples import gpt

ROOT = Path(__file__).resolve().parent.parent
WITH_PACKAGE = {"PYTHONPATH": str(Path(ag.__file__).parent.parent)}  # the one that is tested


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "examples/gpt.py"), *options]
    environment = os.environ | WITH_PACKAGE
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)


def test_the_gpt_learns_and_makes_up_names_the_same_for_the_same_seed() -> None:
    options = ("--steps", "100", "--samples", "5", "--seed", "3")
    first, second = run(*options), run(*options)
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    heading, *lines = first.stdout.splitlines()
    assert heading == f"654 names in 26 characters, 4064 parameters, core: {ag.core()}"
    losses = [
        float(loss) for loss in re.findall(r"^step +\d+   loss ([\d.]+)$", first.stdout, re.M)
    ]
    assert len(losses) == 2
    by_chance = math.log(27)
    assert 2.0 < losses[1] < losses[0] < by_chance
    names = lines[2:]
    assert len(names) == 5
    assert all(re.fullmatch("[a-z]{0,8}", name) for name in names)


def test_another_seed_makes_up_other_names() -> None:
    options = ("--steps", "2", "--samples", "5", "--seed")
    assert run(*options, "1").stdout != run(*options, "2").stdout


def test_names_of_the_users_in_any_script(tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("Ωμέγα\n\n Ελένη \nan unusually long one\n", encoding="utf-8")
    ran = run("--names", str(names), "--steps", "5", "--samples", "2")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("3 names in ")
    assert "1 of them cut to 8 characters, which is as far as the model sees\n" in ran.stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--names", "nowhere.txt"), "nowhere.txt"),
        (("--names", "/dev/null"), "/dev/null has no names; it should have one a line"),
        (("--samples", "-3"), "--samples must be 0 or more, got -3"),
        (("--lr", "-1"), "--lr must be finite and 0 or more, got -1.0"),
        (("--lr", "nan"), "--lr must be finite and 0 or more, got nan"),
        (("--temperature", "0"), "--temperature must be above 0, got 0.0"),
        (("--steps", "-1"), "--steps must be 0 or more, got -1"),
    ],
)
def test_what_it_cannot_use_is_told_in_a_line(options: tuple[str, ...], told: str) -> None:
    ran = run(*options)
    assert ran.returncode == 2
    assert told in ran.stderr.splitlines()[-1]


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n")
    with pytest.raises(ValueError, match=r"picture\.png is no text in UTF-8; it should have one"):
        gpt.read_names(picture)


def test_ctrl_c_ends_the_training_and_names_come_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def train(*settings: object) -> Iterator[float]:
        yield 3.0
        raise KeyboardInterrupt

    monkeypatch.setattr(gpt, "train", train)
    assert gpt.main(["--samples", "2"]) == 130
    _, told, *names = capsys.readouterr().out.splitlines()
    assert told == "interrupted after 1 steps; names from what was learnt so far:"
    assert len(names) == 2


def test_ctrl_c_among_the_names_is_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def sample(*settings: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(gpt, "sample", sample)
    assert gpt.main(["--steps", "0"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_cold_sample_takes_the_likeliest_characters() -> None:
    alphabet = gpt.Alphabet(["ab", "b"])
    model = gpt.GPT(len(alphabet), seed=1)
    tokens = [alphabet.mark]
    while len(tokens) <= gpt.POSITIONS:
        logits = [z.data for z in model(tokens)[-1]]
        tokens.append(logits.index(max(logits)))
        if tokens[-1] == alphabet.mark:
            break
    likeliest = "".join(alphabet.characters[t] for t in tokens[1:] if t != alphabet.mark)
    assert gpt.sample(model, alphabet, random.Random(0), temperature=1e-4) == likeliest


def test_a_token_sees_those_before_it_and_none_after() -> None:
    model = gpt.GPT(5, seed=0)
    numbers = [[z.data for z in logits] for logits in model([0, 1, 2, 3])]
    assert [[z.data for z in logits] for logits in model([0, 1])] == numbers[:2]
    assert [z.data for z in model([4, 1])[1]] != numbers[1]


def test_every_form_of_the_benchmarked_step_has_the_same_loss_and_gradient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = pytest.importorskip("micrograd.engine")
    monkeypatch.setattr(engine, "Value", engine.Value)  # puts it back in the end
    forms = [
        benchmark.example_step(),
        benchmark.operator_step(ag.Value),
        benchmark.operator_step(benchmark.with_exp_and_log("micrograd.engine")),
    ]
    found = []
    for parameters, loss in forms:
        root = loss()
        root.backward()
        found.append((root.data, [parameter.grad for parameter in parameters]))
    value, gradient = found[0]
    assert len(gradient) == 4064
    for other_value, other_gradient in found[1:]:
        assert other_value == pytest.approx(value, rel=1e-12)
        assert other_gradient == pytest.approx(gradient, rel=1e-9, abs=1e-14)
