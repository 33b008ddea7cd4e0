"""Checkpoints: exact and atomic files, resumed runs, refusal of files that do not fit."""

from __future__ import annotations

import json
import math
import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograd_scalar import Value, data, nn, optim, train
from autograd_scalar.optim import schedules
from autograd_scalar.train import CheckpointError, fit, load_checkpoint, save_checkpoint

ARMS = data.spiral(30, arms=3, noise=0.05, seed=0)
SETTINGS = [
    {"optimizer": "adam"},
    {"optimizer": "sgd", "batch_size": 7, "schedule": schedules.cosine(0.5, 12), "l2": 1e-3},
    {"optimizer": "rmsprop", "batch_size": 10, "validation": 0.3, "early_stopping": 4, "lr": 0.2},
    {"optimizer": "adamw", "batch_size": 4, "validation": 0.2, "record": 2, "shuffle": False},
]


def net():
    return nn.MLP(2, [5, 3], activation="tanh", seed=0)


def momentum(model):
    return optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)


def numbers(history):
    return {name: column for name, column in history.columns.items() if name != "seconds"}


def assert_same(first, second):
    """Assert that two runs, each a history and its model, are the same to the last bit."""
    assert numbers(first[0]) == numbers(second[0])
    assert first[0].frames == second[0].frames
    assert first[0].stopped == second[0].stopped
    assert first[1].state_dict() == second[1].state_dict()


def run(settings, **more):
    model = net()
    return fit(model, ARMS, progress=False, **settings | more), model


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_resumed_run_equals_an_uninterrupted_one(settings, tmp_path):
    path = tmp_path / "model.json"
    unbroken = run(settings, epochs=12)
    run(settings, epochs=5, checkpoint=path)
    assert_same(run(settings, epochs=12, checkpoint=path, resume=True), unbroken)
    assert_same(run(settings, epochs=12, resume=path), unbroken)  # nothing is left to do


def test_an_optimizer_passed_to_fit_is_resumed(tmp_path):
    path = tmp_path / "model.json"
    histories = []
    for epochs, keep in ((12, {}), (5, {"checkpoint": path}), (12, {"resume": path})):
        model = net()
        settings = {"optimizer": momentum(model), "batch_size": 8, "progress": False}
        histories.append((fit(model, ARMS, epochs=epochs, **settings, **keep), model))
    assert_same(histories[2], histories[0])


@pytest.mark.parametrize("at", [1, 3, 5, 7, 11])
@pytest.mark.parametrize("settings", SETTINGS[1:])
def test_a_run_interrupted_within_an_epoch_resumes_exactly(settings, at, tmp_path):
    path = tmp_path / "model.json"
    calls = 0

    def loss(predictions, targets):
        nonlocal calls
        calls += 1
        if calls == at:
            signal.raise_signal(signal.SIGINT)
        return nn.cross_entropy(predictions, targets)

    broken, _ = run(settings, loss=loss, epochs=6, checkpoint=path)
    resumed = run(settings, loss=loss, epochs=6, resume=path)
    assert broken.stopped == "interrupted"
    assert resumed[0].stopped != "interrupted"
    assert_same(resumed, run(settings, loss=loss, epochs=6))


@pytest.mark.slow
def test_a_killed_process_leaves_a_checkpoint_to_resume_from(tmp_path):
    path = tmp_path / "model.json"
    program = f"""
import os, signal
from autograd_scalar import data, nn
from autograd_scalar.train import fit
arms = data.spiral(30, arms=3, noise=0.05, seed=0)
model = nn.MLP(2, [5, 3], activation="tanh", seed=0)
kill = lambda history: len(history) == 4 and os.kill(os.getpid(), signal.SIGKILL)
fit(model, arms, batch_size=7, epochs=9, checkpoint={str(path)!r}, callbacks=[kill])
"""
    killed = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(load_checkpoint(path).history) == 3
    settings = {"batch_size": 7, "epochs": 9}
    assert_same(run(settings, resume=path), run(settings))


def test_numbers_are_read_back_to_the_last_bit(tmp_path):
    path = tmp_path / "model.json"
    model = nn.Linear(8, 1)
    exact = [
        0.1,
        -0.0,
        5e-324,
        1.7976931348623157e308,
        math.pi,
        math.inf,
        -math.inf,
        math.nan,
        1 / 3,
    ]
    for p, number in zip(model.parameters(), exact, strict=True):
        p.data = number
    save_checkpoint(path, model, extra={"note": [1, None, "nan", math.nan]})
    strict = json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(name))
    assert strict["format"] == "autograd_scalar checkpoint"
    saved = load_checkpoint(path)
    other = saved.build()
    got = [p.data for p in other.parameters()]
    assert list(map(repr, got)) == list(map(repr, exact))
    assert repr(saved.extra) == repr({"note": [1, None, "nan", math.nan]})


def test_a_checkpoint_suffices_to_apply_a_model_to_new_data(tmp_path):
    path, csv = tmp_path / "model.json", tmp_path / "new.csv"
    points = data.moons(40, noise=0.1, seed=0)
    scaled = points.standardise()
    model = nn.MLP(2, [6, 1], seed=0)
    fit(model, scaled, lr=0.1, epochs=30, progress=False, checkpoint=path)
    csv.write_text("x2,x1\n" + "".join(f"{b!r},{a!r}\n" for a, b in points.X))
    saved = load_checkpoint(path)
    loaded = saved.build()
    rows = data.load_rows(csv, saved.schema)
    assert [loaded(row).data for row in rows] == [model(row).data for row in scaled.X]
    names = [saved.schema.decode(loaded(row)) for row in rows]
    right = sum(name == str(label) for name, label in zip(names, points.y, strict=True))
    assert right / 40 == train.accuracy([model(row) for row in scaled.X], points.y)


def test_the_threshold_of_probabilities_is_kept(tmp_path):
    path = tmp_path / "model.json"
    model = nn.MLP(2, [3, 1], activation=["tanh", "sigmoid"], seed=0)
    fit(model, data.moons(10), "mse", epochs=1, progress=False, checkpoint=path)
    assert load_checkpoint(path).schema.threshold == 0.5


def test_build_returns_the_best_epoch_and_restore_the_latest(tmp_path):
    path = tmp_path / "model.json"
    seen = []
    model = net()
    history = fit(
        model,
        ARMS,
        optimizer="sgd",
        lr=3.0,
        batch_size=5,
        validation=0.3,
        early_stopping=3,
        progress=False,
        checkpoint=path,
        callbacks=[lambda h: seen.append(model.state_dict())],
    )
    saved = load_checkpoint(path)
    assert (history.stopped, saved.history.stopped) == ("early stopping",) * 2
    assert saved.build().state_dict() == model.state_dict() == seen[history.best_epoch - 1]
    other = net()
    saved.restore(other)
    assert other.state_dict() == seen[-1] != seen[history.best_epoch - 1]
    saved.history.stopped = "interrupted"
    assert saved.build().state_dict() == seen[-1]


def test_checkpoints_are_saved_at_intervals_and_at_the_end(tmp_path):
    path = tmp_path / "model.json"
    lengths = []

    def look(history):
        lengths.append(len(load_checkpoint(path).history) if path.exists() else 0)

    run({}, epochs=7, checkpoint=path, checkpoint_every=3, callbacks=[look])
    assert lengths == [0, 0, 0, 3, 3, 3, 6]
    assert len(load_checkpoint(path).history) == 7


# ----- what is refused -----


def content(**changes):
    model = nn.Linear(1, 1, seed=0)
    whole = {
        "format": "autograd_scalar checkpoint",
        "version": 1,
        "architecture": nn.architecture(model),
        "model": model.state_dict(),
        "best": None,
        "schema": None,
        "optimizer": None,
        "history": None,
        "loop": None,
        "extra": None,
    }
    return json.dumps(whole | changes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "model.json: truncated, or not a checkpoint: Expecting value"),
        (content()[:-40], "model.json: truncated, or not a checkpoint"),
        ("\x00\x01", "truncated, or not a checkpoint"),
        ("[1, 2]", "not a checkpoint of this package"),
        ('{"format": "other"}', "not a checkpoint of this package"),
        (content(version=2), "has version 2, this package reads version 1"),
        ('{"format": "autograd_scalar checkpoint", "version": 1}', "damaged .* 'loop' is missing"),
        (content(model={"w": "1"}), "damaged checkpoint: model: w must be a number"),
        (content(model=[1.0]), "damaged checkpoint"),
        (content(loop={"rng": [3, [1, 2], None]}), "damaged checkpoint: state vector"),
        (content(schema={"colour": 1}), "damaged checkpoint: .*colour"),
        (
            content(
                history={
                    "columns": {"epoch": [1, 2], "loss": [0.5]},
                    "settings": {},
                    "stopped": "",
                    "frames": [],
                }
            ),
            "the history's columns differ in length",
        ),
        ("[" * 100_000, "truncated, or not a checkpoint: .*recursion"),
    ],
)
def test_an_unreadable_file_changes_nothing(text, message, tmp_path):
    path = tmp_path / "model.json"
    path.write_text(text)
    model = nn.Linear(1, 1, seed=3)
    before = model.state_dict()
    with pytest.raises(CheckpointError, match=message) as caught:
        fit(model, ([[1.0]], [1.0]), progress=False, checkpoint=path, resume=True)
    assert "\n" not in str(caught.value)
    assert model.state_dict() == before
    assert path.read_text() == text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("optimizer.slots", "x"),
        ("optimizer.lr", "x"),
        ("optimizer.steps", None),
        ("optimizer.steps", -1),
        ("optimizer", []),
        ("loop.done", None),
        ("loop.done", -1),
        ("loop.done", 1000),
        ("loop.sums", "x"),
        ("best", "x"),
        ("best", []),
        ("best", {"w": 1.0}),
        ("history.columns", {"epoch": ["x"]}),
        ("extra", {"__float__": "x"}),
        ("extra", {"__float__": None}),
    ],
)
def test_a_damaged_field_changes_nothing(field, wrong, tmp_path):
    path = tmp_path / "model.json"
    run({}, epochs=2, checkpoint=path)
    saved = json.loads(path.read_text())
    *owner, name = field.split(".")
    (saved[owner[0]] if owner else saved)[name] = wrong
    path.write_text(json.dumps(saved))
    model = net()
    before = model.state_dict()
    with pytest.raises(CheckpointError, match=r"model\.json: ") as caught:
        fit(model, ARMS, epochs=3, progress=False, resume=path)
    assert "\n" not in str(caught.value)
    assert model.state_dict() == before


@pytest.mark.parametrize("extra", [object(), {"note": {"__float__": "x"}}])
def test_an_extra_that_is_not_serializable_is_refused_before_training(extra, tmp_path):
    model = net()
    before = model.state_dict()
    with pytest.raises(TypeError, match=r"^extra must be JSON-serializable: "):
        fit(model, ARMS, progress=False, checkpoint=tmp_path / "model.json", extra=extra)
    assert model.state_dict() == before


def test_a_folder_that_disappears_leaves_the_history(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()

    def vanish(history):
        if len(history) == 2:
            (folder / "model.json").unlink()
            folder.rmdir()

    with pytest.raises(CheckpointError, match="cannot be written") as caught:
        run({}, epochs=5, checkpoint=folder / "model.json", callbacks=[vanish])
    assert len(caught.value.history) == 2


def test_every_truncation_is_refused(tmp_path):
    path = tmp_path / "model.json"
    fit(nn.Linear(1, 1), ([[1.0]], [1.0]), epochs=2, progress=False, checkpoint=path)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"model.json"):
            load_checkpoint(path)


def test_files_that_cannot_be_read_or_written_are_named(tmp_path):
    model = nn.Linear(1, 1)
    with pytest.raises(CheckpointError, match="cannot be read: No such file"):
        load_checkpoint(tmp_path / "none.json")
    with pytest.raises(CheckpointError, match="cannot be read: Is a directory"):
        load_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match="cannot be written: No such file"):
        save_checkpoint(tmp_path / "none" / "model.json", model)
    with pytest.raises(CheckpointError, match="its folder does not exist"):
        fit(model, ([[1.0]], [1.0]), progress=False, checkpoint=tmp_path / "none" / "model.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(CheckpointError, match="cannot be written"):
        save_checkpoint(tmp_path / "folder", model)
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_an_error_while_encoding_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.json"
    save_checkpoint(path, nn.Linear(1, 1, seed=0))
    before = path.read_bytes()
    with pytest.raises(TypeError, match="not JSON serializable"):
        save_checkpoint(path, nn.Linear(1, 1, seed=1), extra=object())
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.json"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 5}, "it was trained with batch_size=10, this call has batch_size=5"),
        ({"optimizer": "sgd"}, "trained with optimizer='Adam', this call has optimizer='SGD'"),
        ({"lr": 0.5}, "trained with lr=0.03, this call has lr=0.5"),
        ({"seed": 1}, "trained with seed=0, this call has seed=1"),
        (
            {"loss": "mse", "data": ([[1.0, 2.0]] * 30, [[1.0, 0.0, 0.0]] * 30)},
            "loss='cross_entropy'",
        ),
        ({"validation": 0.5}, "trained with rows=30, this call has rows=15"),
        (
            {"model": nn.MLP(2, [4, 3])},
            "the state has 33 parameters, this MLP has 27; unknown in the state: ",
        ),
    ],
)
def test_a_checkpoint_of_another_run_changes_nothing(changes, message, tmp_path):
    path = tmp_path / "model.json"
    run({"batch_size": 10}, epochs=2, checkpoint=path)
    settings = {"model": net(), "data": ARMS, "batch_size": 10} | changes
    before = settings["model"].state_dict()
    with pytest.raises(CheckpointError, match=message):
        fit(settings.pop("model"), settings.pop("data"), progress=False, resume=path, **settings)
    if "model" in changes:
        assert changes["model"].state_dict() == before


def test_a_state_that_does_not_fit_leaves_model_and_optimizer(tmp_path):
    path = tmp_path / "model.json"
    small, large = nn.Linear(1, 1, seed=0), nn.Linear(2, 1, seed=0)
    sgd = momentum(small)
    save_checkpoint(path, large, optimizer=sgd)  # the states contradict each other
    saved = load_checkpoint(path)
    mine = momentum(small)
    before = small.state_dict(), mine.state_dict()
    with pytest.raises(CheckpointError, match="the state has 3 parameters, this Linear has 2"):
        saved.restore(small, mine)
    assert (small.state_dict(), mine.state_dict()) == before
    save_checkpoint(path, small)
    with pytest.raises(CheckpointError, match="the checkpoint has no optimizer state"):
        load_checkpoint(path).restore(small, mine)
    with pytest.raises(CheckpointError, match="it has a model, but no training run to continue"):
        fit(small, ([[1.0]], [1.0]), progress=False, resume=path)


def test_the_error_for_an_unregistered_class_recommends_restore(tmp_path):
    class Own(nn.Module):
        def __init__(self):
            self.w = Value(2.0)

    path = tmp_path / "model.json"
    save_checkpoint(path, Own())
    with pytest.raises(
        CheckpointError, match="the architecture of the model is not recorded; make the model your"
    ):
        load_checkpoint(path).build()
    own = Own()
    own.w.data = 0.0
    load_checkpoint(path).restore(own)
    assert own.w.data == 2.0
    path.write_text(content(architecture={"class": "Rocket"}))
    with pytest.raises(CheckpointError, match="cannot build a 'Rocket'"):
        load_checkpoint(path).build()
    path.write_text(content(architecture={"class": "Linear", "nin": 2}))
    with pytest.raises(CheckpointError, match="missing 1 required positional argument: 'nout'"):
        load_checkpoint(path).build()


def test_build_does_not_touch_the_global_generator(tmp_path):
    path = tmp_path / "model.json"
    save_checkpoint(path, net())
    before = random.getstate()
    load_checkpoint(path).build()
    assert random.getstate() == before


def test_an_integer_too_large_for_a_float_changes_nothing(tmp_path):
    path, model = tmp_path / "model.json", nn.MLP(1, [1], seed=0)
    save_checkpoint(path, model)
    saved = json.loads(path.read_text())
    before = model.state_dict()
    last = [*before][-1]
    with pytest.raises(OverflowError, match=f"{last} is too large for a float"):
        model.load_state_dict({**{name: 9.0 for name in before}, last: 10**400})
    assert model.state_dict() == before
    saved["model"][last] = 10**400
    path.write_text(json.dumps(saved))
    with pytest.raises(
        CheckpointError, match=r"model: .*b must be a number in the range of floats, got 1000"
    ):
        load_checkpoint(path)


def test_writers_of_one_checkpoint_do_not_disturb_each_other(tmp_path):
    path = tmp_path / "model.json"
    models = [nn.MLP(8, [8, 1], seed=seed) for seed in range(4)]

    def write(model):
        for _ in range(25):
            save_checkpoint(path, model)
            load_checkpoint(path)

    with ThreadPoolExecutor(4) as pool:
        [*pool.map(write, models)]
    assert [file.name for file in tmp_path.iterdir()] == ["model.json"]
    assert load_checkpoint(path).model in [model.state_dict() for model in models]


@pytest.mark.skipif(os.name != "posix", reason="symlinks and modes of POSIX")
def test_a_checkpoint_keeps_the_mode_of_its_file_and_the_link_to_it(tmp_path):
    path, link, model = tmp_path / "model.json", tmp_path / "latest.json", nn.MLP(1, [1], seed=0)
    save_checkpoint(path, model)
    path.with_name("plain").write_text("")
    assert path.stat().st_mode == path.with_name("plain").stat().st_mode
    path.chmod(0o600)
    link.symlink_to(path.name)
    save_checkpoint(link, nn.MLP(1, [1], seed=1))
    assert link.is_symlink() and path.stat().st_mode & 0o777 == 0o600
    assert load_checkpoint(path).model == nn.MLP(1, [1], seed=1).state_dict()


@pytest.mark.parametrize("size", [10**9, 10**400])
def test_a_size_beyond_the_parameters_is_refused_before_memory_is_taken(size, tmp_path):
    path = tmp_path / "model.json"
    model = nn.Sequential(nn.MLP(2, [3, 2]), nn.Linear(2, 1))
    save_checkpoint(path, model)
    assert load_checkpoint(path).build().state_dict() == model.state_dict()
    saved = load_checkpoint(path)
    for change in ({"nin": size}, {"nouts": [3, size]}):
        mlp, linear = saved.architecture["modules"]
        broken = saved._replace(
            architecture={"class": "Sequential", "modules": [mlp | change, linear]}
        )
        with pytest.raises(CheckpointError, match=r"has a size of .*, but there are 20 parameters"):
            broken.build()
