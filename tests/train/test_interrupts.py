"""Interrupted and killed runs: a checkpoint is whole, and the run that resumes from it equals an uninterrupted one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from autograd_scalar import data, files, nn, optim
from autograd_scalar.compiler import is_available
from autograd_scalar.train import CheckpointError, fit, load_checkpoint, save_checkpoint
from tests.train import kills

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")

ARMS = data.spiral(30, arms=3, noise=0.05, seed=0)
RUN = {"batch_size": 8, "validation": 0.2, "early_stopping": 4, "record": 2, "epochs": 6}
JIT = [
    False,
    pytest.param(True, marks=pytest.mark.skipif(not is_available(), reason="no llvmlite")),
]


def net():
    return nn.MLP(2, [4, 3], activation="tanh", seed=0)


def run(**settings):
    """Train a model; return the numbers of the history, and the parameters."""
    model = settings.pop("model", None) or net()
    history = fit(model, ARMS, progress=False, **RUN | settings)
    columns = {name: column for name, column in history.columns.items() if name != "seconds"}
    return columns, history.frames, history.stopped, model.state_dict()


class InterruptedAdam(optim.Adam):
    """Adam, interrupted twice in the middle of its fifth step."""

    def update(self, rule, *settings):
        params, state = self.params, self.state
        half = len(params) // 2
        for part in (slice(None, half), slice(half, None)):
            self.params = params[part]
            self.state = {name: numbers[part] for name, numbers in state.items()}
            super().update(rule, *settings)
            for name, numbers in self.state.items():
                state[name][part] = numbers
            self.params, self.state = params, state
            if self.steps == 5:
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)


InterruptedAdam.__name__ = "Adam"


def test_two_interrupts_within_a_step_undo_the_step(tmp_path):
    path, model = tmp_path / "model.json", net()
    stopped = run(
        model=model, optimizer=InterruptedAdam(model.parameters(), lr=0.03), checkpoint=path
    )
    assert stopped[2] == "interrupted"
    assert load_checkpoint(path).model == model.state_dict()
    assert load_checkpoint(path).loop["done"] == 1  # of three batches in each epoch
    assert run(checkpoint=path, resume=True) == run()


class Interrupter:
    """A trace function that raises KeyboardInterrupt at a line of the training code, by its number."""

    def __init__(self, at):
        self.lines, self.at = 0, at

    def __call__(self, frame, event, arg):
        in_train = frame.f_code.co_filename.endswith(
            ("run.py", "trainer.py", "compiled.py", "cursor.py", "history.py", "optimizers.py")
        )
        return self.line if in_train else None

    def line(self, frame, event, arg):
        if event == "line":
            self.lines += 1
            if self.lines == self.at:
                raise KeyboardInterrupt
        return self.line


@pytest.mark.slow
@pytest.mark.parametrize("jit", JIT)
def test_an_interrupt_at_any_line_leaves_a_run_to_resume(jit, tmp_path):
    def interrupted(at, **settings):
        """Run until a line; return the number of lines, and True if the interrupt came out of fit."""
        tracer, before = Interrupter(at), sys.gettrace()
        sys.settrace(tracer)
        try:
            run(jit=jit, **settings)
        except KeyboardInterrupt:
            return tracer.lines, True
        finally:
            sys.settrace(before)
        return tracer.lines, False

    unbroken = run(jit=jit)
    path = tmp_path / "model.json"
    lines, _ = interrupted(0, checkpoint=path)
    for at in range(lines // 25, lines, lines // 25 + 7):
        path.unlink(missing_ok=True)
        interrupted(at, checkpoint=path)
        if path.exists():
            assert run(jit=jit, checkpoint=path, resume=True) == unbroken, at
    assert os.listdir(tmp_path) == ["model.json"]


# ----- several writers, killed ones among them -----


@pytest.mark.slow
@needs_fork
def test_killed_and_simultaneous_writers_leave_a_whole_checkpoint():
    # In a process of its own: other tests import libraries that do not allow a fork.
    script = [sys.executable, "-W", "ignore::DeprecationWarning", kills.__file__, "20"]
    ran = subprocess.run(script, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("20 kills: the file was whole after each")


def test_only_abandoned_temporary_files_are_removed(tmp_path):
    path, other = tmp_path / "model.json", tmp_path / "mine.tmp"
    other.write_text("")
    abandoned = tmp_path / f"autograd_scalar.{'0' * 16}.tmp"
    abandoned.write_text("")
    with files._temporary(str(path), None) as (_, alive):
        abandoned.write_text("")
        save_checkpoint(path, net())
        assert {*os.listdir(tmp_path)} == {"model.json", "mine.tmp", os.path.basename(alive)}


# ----- files that a checkpoint replaces -----


@needs_fork
def test_no_one_else_reads_what_is_written_to_a_private_file(tmp_path, monkeypatch):
    path = tmp_path / "model.json"
    path.write_text("")
    path.chmod(0o600)
    modes, fsync = [], os.fsync
    monkeypatch.setattr(os, "umask", None)  # is the whole process's
    monkeypatch.setattr(
        os, "fsync", lambda fd: (modes.append(os.fstat(fd).st_mode & 0o777), fsync(fd))
    )
    save_checkpoint(path, net())
    assert modes == [0o600]
    save_checkpoint(tmp_path / "new.json", net())
    (tmp_path / "plain").write_text("")
    assert modes[1] == (tmp_path / "plain").stat().st_mode & 0o777


@pytest.mark.skipif(os.name != "posix", reason="devices and links of POSIX")
def test_files_that_must_not_be_replaced_are_refused_before_training(tmp_path):
    folder, loop, text = tmp_path / "folder", tmp_path / "loop", tmp_path / "text"
    folder.mkdir()
    loop.symlink_to(loop)
    text.write_text("x")
    model = net()
    before = model.state_dict()
    for path, message in [
        (folder, "Is a directory"),
        (os.devnull, "not a regular file"),
        (loop, "Too many levels of symbolic links"),
        (text / "model.json", "its folder does not exist"),
        (tmp_path / ("x" * 300), "File name too long"),
    ]:
        with pytest.raises(CheckpointError, match=message):
            run(model=model, checkpoint=path)
        assert model.state_dict() == before
    assert {*os.listdir(tmp_path)} == {"folder", "loop", "text"}


@contextmanager
def not_as_root(folder):
    """Run as another user, who owns the folder, where the tests run as root: root may write any file."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        yield
        return
    nobody = 65534
    os.chown(folder, nobody, nobody)
    os.setresuid(nobody, nobody, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def test_a_file_that_is_read_only_is_not_replaced():
    with TemporaryDirectory() as folder, not_as_root(folder):
        path = Path(folder) / "model.json"
        path.write_text("x")
        path.chmod(0o400)
        with pytest.raises(CheckpointError, match="Permission denied"):
            save_checkpoint(path, net())
        assert path.read_text() == "x"


def test_numpy_scalars_are_saved_as_numbers(tmp_path):
    np = pytest.importorskip("numpy")
    path, model = (
        tmp_path / "model.json",
        nn.Sequential(nn.Linear(2, 3), nn.LeakyReLU(np.float32(0.5))),
    )
    fit(
        model, ARMS, epochs=1, progress=False, checkpoint=path, l2=np.float32(0.25), lr=np.float32(0.5),
        extra={"a": np.float32(0.5), "b": np.int64(3), "c": np.bool_(True), "d": np.float64("nan")},
    )  # fmt: skip
    extra = load_checkpoint(path).extra
    assert (extra["a"], extra["b"], extra["c"]) == (0.5, 3, True) and extra["d"] != extra["d"]
    assert load_checkpoint(path).build().modules[1].constants == (0.5,)


def test_what_is_no_json_is_refused_before_training(tmp_path):
    schema = data.Schema(("a", "b"), classes=({1}, {2}, {3}))
    arms = data.Dataset(ARMS.X, ARMS.y, schema=schema)
    calls = []
    with pytest.raises(CheckpointError, match="cannot be written: Object of type set is not JSON"):
        fit(
            net(),
            arms,
            progress=False,
            checkpoint=tmp_path / "model.json",
            callbacks=[calls.append],
        )
    assert not calls and not os.listdir(tmp_path)


# ----- what a run may continue from -----


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (
            {"validation": None},
            {"validation": ARMS},
            "its history has the columns epoch, loss, acc",
        ),
        ({"validation": ARMS}, {"validation": None}, "does one of them have validation data?"),
        (
            {"early_stopping": None, "lr": 0.0, "optimizer": "sgd"},
            {"lr": 0.0, "optimizer": "sgd"},
            "without early_stopping, so the parameters of its best epoch 1, to which",
        ),
    ],
)
def test_a_run_that_cannot_continue_another_is_refused_before_training(
    first, second, message, tmp_path
):
    path, model = tmp_path / "model.json", net()
    run(**first, epochs=2, checkpoint=path)
    before, text = model.state_dict(), path.read_text()
    with pytest.raises(CheckpointError, match=message) as caught:
        run(model=model, resume=path, checkpoint=path, **second)
    assert "\n" not in str(caught.value)
    assert (model.state_dict(), path.read_text()) == (before, text)


def test_a_run_continues_on_data_of_the_same_columns_classes_and_scaling(tmp_path):
    path, arms = tmp_path / "model.json", ARMS.standardise()
    fit(net(), arms, epochs=1, progress=False, checkpoint=path)
    other = [
        data.Dataset(ARMS.X, ARMS.y, features=["x2", "x1"], classes="012").standardise(),
        data.Dataset(ARMS.X, ARMS.y, classes="210").standardise(),
        ARMS,
    ]
    for changed, message in zip(
        other, ("has features x2", "has classes 2, 1", "is not scaled"), strict=True
    ):
        with pytest.raises(CheckpointError, match=f"the data of this call {message}"):
            fit(net(), changed, epochs=2, progress=False, resume=path)


def test_a_run_resumed_without_early_stopping_keeps_its_latest_parameters(tmp_path):
    path = tmp_path / "model.json"
    rising = {"optimizer": "sgd", "lr": 30.0}  # epoch 1 stays the best
    run(**rising, epochs=2, checkpoint=path)
    assert load_checkpoint(path).best is not None
    _, _, _, resumed = run(**rising, early_stopping=None, epochs=3, checkpoint=path, resume=True)
    assert load_checkpoint(path).best is None
    assert resumed == load_checkpoint(path).model


@pytest.mark.parametrize(
    ("field", "wrong", "message"),
    [
        (
            "history.columns.loss",
            [10**400, 1.0],
            "the history's loss must be a number in the range",
        ),
        ("history.columns.epoch", [1, 3], "'epoch' does not count the epochs from 1"),
        ("history.columns", {"loss": [1.0, 1.0]}, "'epoch' does not count the epochs from 1"),
        ("history.columns", {"epoch": [1, 2], "loss": [1.0, 1.0]}, "has the columns epoch, loss,"),
        ("history.frames", [[0, [1.0]]], "a frame does not have 27 parameters"),
        ("history.frames", [[0, [10**400] * 27]], "parameter of the history's frames must be"),
        ("loop.sums", [0.0, 10**400, 0.0], "loop.sums must be a number in the range of floats"),
        ("loop.done", 10**400, "loop.done must be a number in the range of floats"),
        ("optimizer.lr", 10**400, "lr must be finite and not negative, got 1000"),
        ("optimizer.slots.mean", [10**400] * 27, r"mean\[0\] must be a number in the range"),
        ("best", {}, "the parameters of the best epoch are not those of the model"),
        ("schema.mean", [0.0], "the schema's mean must be 2 numbers, one per feature"),
        ("schema.scale", [10**400, 1.0], "the schema's scale must be a number in the range"),
        ("schema.threshold", "x", "the schema's threshold must be a number in the range"),
        ("schema.classes", 7, r"the schema's classes cannot be 7 \(int\)"),
        ("schema.features", None, "the schema's features cannot be None"),
        ("schema.colour", 1, "a schema has no field 'colour'"),
    ],
)
def test_a_damaged_number_is_named_before_training(field, wrong, message, tmp_path):
    path, model = tmp_path / "model.json", net()
    fit(net(), ARMS.standardise(), progress=False, **RUN | {"epochs": 2}, checkpoint=path)
    saved = json.loads(path.read_text())
    *owners, name = field.split(".")
    owner = saved
    for part in owners:
        owner = owner[part]
    owner[name] = wrong
    path.write_text(json.dumps(saved))
    before, calls = model.state_dict(), []
    with pytest.raises(CheckpointError, match=message) as caught:
        fit(
            model, ARMS.standardise(), progress=False, **RUN | {"epochs": 3}, resume=path,
            callbacks=[calls.append],
        )  # fmt: skip
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
    assert model.state_dict() == before and not calls
