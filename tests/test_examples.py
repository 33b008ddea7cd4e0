"""The examples, run as commands; the benchmark of the GPT computes what the example does."""

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
#: The package and the engine that are tested, and output that does not depend on the locale.
ENVIRONMENT = {
    "PYTHONPATH": str(Path(ag.__file__).parent.parent),
    "AUTOGRAD_SCALAR_PURE": str(int(ag.core() == "python")),
    "PYTHONUTF8": "1",
}


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "examples/gpt.py"), *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        env=os.environ | ENVIRONMENT,
    )


def printed(*options: str) -> str:
    """Return the output of a run that must succeed, so that a failure shows its own error."""
    ran = run(*options)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.slow
def test_the_gpt_learns_and_generates_the_same_names_for_the_same_seed() -> None:
    options = ("--steps", "100", "--samples", "5", "--seed", "3")
    output = printed(*options)
    assert output == printed(*options)
    heading, *lines = output.splitlines()
    assert heading == f"654 names in 26 characters, 4064 parameters, core: {ag.core()}"
    losses = [float(loss) for loss in re.findall(r"^step +\d+   loss ([\d.]+)$", output, re.M)]
    assert len(losses) == 2
    untrained = math.log(27)  # the loss of 27 equal probabilities
    assert 2.0 < losses[1] < losses[0] < untrained
    names = lines[2:]
    assert len(names) == 5
    assert all(re.fullmatch("[a-z]{0,8}", name) for name in names)


@pytest.mark.slow
def test_another_seed_generates_other_names() -> None:
    options = ("--steps", "2", "--samples", "5", "--seed")
    assert printed(*options, "1") != printed(*options, "2")


def test_names_may_be_in_any_script(tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("Ωμέγα\n\n Ελένη \nan unusually long one\n", encoding="utf-8")
    output = printed("--names", str(names), "--steps", "5", "--samples", "2")
    assert output.startswith("3 names in ")
    assert "1 of them cut to 8 characters, the context length\n" in output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--names", "nowhere.txt"), "nowhere.txt"),
        (("--names", "/dev/null"), "/dev/null has no names; expected one per line"),
        (("--samples", "-3"), "--samples must not be negative, got -3"),
        (("--lr", "-1"), "--lr must be finite and not negative, got -1.0"),
        (("--lr", "nan"), "--lr must be finite and not negative, got nan"),
        (("--temperature", "0"), "--temperature must be above 0, got 0.0"),
        (("--steps", "-1"), "--steps must not be negative, got -1"),
    ],
)
def test_bad_options_are_refused_in_one_line(options: tuple[str, ...], message: str) -> None:
    ran = run(*options)
    assert ran.returncode == 2
    assert message in ran.stderr.splitlines()[-1]


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n")
    with pytest.raises(ValueError, match=r"picture\.png is not UTF-8 text; expected one name per"):
        gpt.read_names(picture)


def test_ctrl_c_ends_the_training_and_names_are_still_generated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def train(*settings: object) -> Iterator[float]:
        yield 3.0
        raise KeyboardInterrupt

    monkeypatch.setattr(gpt, "train", train)
    assert gpt.main(["--samples", "2"]) == 130
    _, line, *names = capsys.readouterr().out.splitlines()
    assert line == "interrupted after 1 steps; names from the model so far:"
    assert len(names) == 2


def test_ctrl_c_during_the_names_prints_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def sample(*settings: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(gpt, "sample", sample)
    assert gpt.main(["--steps", "0"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_sample_at_low_temperature_takes_the_likeliest_characters() -> None:
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


def test_a_token_attends_to_earlier_tokens_only() -> None:
    model = gpt.GPT(5, seed=0)
    expected = [[z.data for z in logits] for logits in model([0, 1, 2, 3])]
    assert [[z.data for z in logits] for logits in model([0, 1])] == expected[:2]
    assert [z.data for z in model([4, 1])[1]] != expected[1]


@pytest.mark.slow
def test_every_form_of_the_benchmarked_step_has_the_same_loss_and_gradient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = pytest.importorskip("micrograd.engine")
    monkeypatch.setattr(engine, "Value", engine.Value)  # with_exp_and_log replaces it
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
