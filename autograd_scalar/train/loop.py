"""`fit`: the training loop. A third of the file is what fit takes and says about it."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from autograd_scalar.compiler.backends.llvm import target
from autograd_scalar.data import Schema
from autograd_scalar.nn import Module
from autograd_scalar.nn.inputs import check_count
from autograd_scalar.nn.losses import Loss
from autograd_scalar.node import modes
from autograd_scalar.optim import Optimizer, Schedule
from autograd_scalar.optim import optimizer as optimizer_named
from autograd_scalar.seeds import whole_seed
from autograd_scalar.train.checkpoint import (
    CheckpointError,
    Path,
    check_extra,
    load_checkpoint,
    save_checkpoint,
)
from autograd_scalar.train.compiled import WORTHWHILE, CompiledLearner
from autograd_scalar.train.cursor import Course
from autograd_scalar.train.history import Frame, History
from autograd_scalar.train.interrupt import deferred_interrupt
from autograd_scalar.train.progress import Progress
from autograd_scalar.train.progress import progress as progress_for
from autograd_scalar.train.samples import Samples, samples, split
from autograd_scalar.train.task import Objective, objective
from autograd_scalar.train.trainer import Learner, TrainingError

Callback = Callable[[History], object]


def fit(
    model: Module,
    data: Any,
    loss: str | Loss = "auto",
    *,
    optimizer: str | Optimizer = "adam",
    lr: float | None = None,
    epochs: int = 100,
    batch_size: int | None = None,
    shuffle: bool = True,
    seed: int = 0,
    validation: Any = None,
    schedule: Schedule | None = None,
    early_stopping: int | None = None,
    l2: float = 0.0,
    checkpoint: Path | None = None,
    checkpoint_every: int = 1,
    resume: bool | Path = False,
    record: int | None = None,
    callbacks: Iterable[Callback] = (),
    progress: bool = True,
    extra: Any = None,
    jit: bool | str = "auto",
) -> History:
    """Return the history of training the model, which is changed in place.

    >>> from autograd_scalar import data, nn
    >>> model = nn.MLP(2, [8, 8, 1], seed=0)
    >>> moons = data.moons(50, noise=0.1, seed=0)
    >>> history = fit(model, moons, lr=0.05, epochs=50, progress=False)
    >>> history["accuracy"][-1]
    1.0

    Args:
        data: a Dataset, or X and y: rows as the model takes them, and their targets.
        loss: "auto" (see `objective`), a loss's name, or a function of the lists of predictions
            and targets to a Value.
        optimizer: a name ("sgd", "rmsprop", "adam", "adamw"), or an Optimizer.
        lr: the learning rate; 0.03 for an optimiser given by name. A schedule overrides it.
        epochs: how many there shall be in all, those before a resume included.
        batch_size: rows a step; None for all of them.
        seed: of the shuffling, and of the choice of validation rows.
        validation: a share of the rows to hold out, a Dataset, or X and y.
        schedule: a function from the epoch, counted from 0, to the learning rate.
        early_stopping: stop after so many epochs without a lower validation loss (training loss
            without validation). The model then ends with the parameters of its best epoch.
        l2: the factor of the sum of squared parameters that is added to the loss.
        checkpoint: a file to write the state to, every `checkpoint_every` epochs and at the end.
        resume: True to go on from the checkpoint, or the file to go on from. The numbers are to
            the last bit those of a run that was never broken off.
        record: keep the parameters every so many epochs, in `history.frames`.
        callbacks: called with the history after each epoch; one that returns True ends training.
        progress: whether to show a bar, a notebook's display, or lines in a log.
        extra: whatever JSON can hold, kept in the checkpoint.
        jit: True to compile a sample and run batches as machine code; False for Values, operation by operation; "auto"
            for the former where it can be done and pays (`history.compiled` tells). The numbers agree but for rounding.

    Ctrl-C ends training after the batch it falls into: the model keeps what it has learnt, the
    checkpoint is written, and the history comes back as usual, `stopped` being "interrupted".

    Raises TrainingError where the loss becomes nan or infinite, with the operation that did it and
    the `history`; the model then has the last parameters that gave a finite loss. Raises
    CheckpointError for a file that does not fit, before anything is changed. What else ends training,
    such as a callback's own exception, has the `history` too.
    """
    if not isinstance(model, Module):
        raise TypeError(f"fit trains an nn.Module, got {model!r}")
    if not modes.recording.get():
        raise ValueError(
            "fit goes by gradients, and is called inside no_grad(), where there are none"
        )
    for name, count in (
        ("epochs", epochs),
        ("batch_size", batch_size),
        ("early_stopping", early_stopping),
        ("checkpoint_every", checkpoint_every),
        ("record", record),
    ):
        if count is not None or name in ("epochs", "checkpoint_every"):
            check_count(name, count)
    if seed is not None:  # unseeded, as everywhere
        seed = whole_seed(seed)
    rng = random.Random(seed)
    train, held_out = split(samples(data, model), validation, model, rng)
    goal = objective(loss, model, train.X, train.y, train.classes)
    if isinstance(optimizer, str):
        optimizer = optimizer_named(optimizer, model.parameters(), lr=0.03 if lr is None else lr)
    else:
        if not {id(p) for p in optimizer.params} <= {id(p) for p in model.parameters()}:
            raise ValueError(f"{optimizer!r} holds parameters that are not this model's")
        optimizer.lr = optimizer.lr if lr is None else lr
    if jit not in (True, False, "auto"):
        raise ValueError(f'jit is True, False or "auto", got {jit!r}')
    learner = _learner(jit, model, goal, optimizer, l2, train, epochs)
    run = _Run(
        learner,
        Course(len(train.X), batch_size, shuffle, rng),
        train,
        held_out,
        _Plan(epochs, schedule, early_stopping, record, tuple(callbacks)),
        _Keeping(checkpoint, checkpoint_every, extra),
    )
    run.history.settings = {
        "loss": goal.name,
        "optimizer": type(optimizer).__name__,
        "lr": optimizer.lr if schedule is None else None,
        "rows": len(train.X),
        "batch_size": run.course.size,
        "shuffle": shuffle,
        "seed": seed,
        "l2": l2,
    }
    if checkpoint is not None and not os.path.isdir(os.path.dirname(os.path.abspath(checkpoint))):
        raise CheckpointError(f"{os.fspath(checkpoint)}: its folder does not exist")
    if checkpoint is not None:
        check_extra(extra)
    if resume is not False:
        source = checkpoint if resume is True else resume
        if source is None:
            raise ValueError("resume=True goes on from checkpoint=, which is not given")
        run.resume(source)
    run.history.model, run.history.data = model, data
    return run.train(progress_for(epochs, progress))


def _learner(
    jit: bool | str,
    model: Module,
    goal: Objective,
    optimizer: Optimizer,
    l2: float,
    data: Samples,
    epochs: int,
) -> Learner:
    """Return the learner that was asked for, or that suits."""
    watched = modes.watching.get() is not None  # detect_anomaly() looks at every operation
    if jit is False or watched or (jit == "auto" and not target.is_there()):
        return Learner(model, goal, optimizer, l2)
    try:
        compiled = CompiledLearner(model, goal, optimizer, l2, data)
    except Exception:
        if jit is True:
            raise
        return Learner(model, goal, optimizer, l2)  # where the same error shows, if it is one
    if jit is True or compiled.nodes() * len(data.X) * epochs >= WORTHWHILE:
        return compiled
    return Learner(model, goal, optimizer, l2)


@contextmanager
def _attached(history: History) -> Iterator[None]:
    """Give an exception that ends training the history so far, lest it be lost."""
    try:
        yield
    except Exception as error:
        error.history = history  # type: ignore[attr-defined]
        raise


class _Plan(NamedTuple):
    epochs: int
    schedule: Schedule | None
    early_stopping: int | None
    record: int | None
    callbacks: tuple[Callback, ...]


class _Keeping(NamedTuple):
    checkpoint: Path | None
    every: int
    extra: Any


class _Run:
    """A training run: the state that checkpoints keep, and the loop over it."""

    def __init__(
        self,
        learner: Learner,
        course: Course,
        train: Samples,
        held_out: Samples | None,
        plan: _Plan,
        keeping: _Keeping,
    ) -> None:
        self.learner, self.course, self.samples, self.held_out = learner, course, train, held_out
        self.plan, self.keeping = plan, keeping
        self.history = History()
        self.best: dict[str, float] | None = None

    def train(self, shown: Progress) -> History:
        """Run epochs until there is a reason to stop."""
        history, model = self.history, self.learner.model
        history.stopped = ""
        with deferred_interrupt() as interrupted, _attached(history):
            try:
                if not history and not history.frames:
                    self._record()
                while not history.stopped:
                    self._epoch(shown, interrupted)
            except KeyboardInterrupt:
                history.stopped = "interrupted"
            except TrainingError:
                history.stopped = "not finite"
                raise
            finally:
                history.compiled = self.learner.compiled
                shown.close(history)
            self._save()
        if self.best is not None and history.stopped != "interrupted":
            model.load_state_dict(self.best)
        return history

    def _epoch(self, shown: Progress, interrupted: Callable[[], bool]) -> None:
        """Run what remains of an epoch, or find that there is no need to."""
        history, course, plan = self.history, self.course, self.plan
        epoch = len(history)
        if epoch >= plan.epochs:
            history.stopped = "finished"
            return
        if plan.early_stopping and epoch - history.best_epoch >= plan.early_stopping:
            history.stopped = "early stopping"
            return
        if plan.schedule is not None:
            self.learner.optimizer.lr = plan.schedule(epoch)
        self.learner.begin(anew=bool(plan.callbacks) or plan.schedule is not None)
        try:
            for rows in course.remaining():
                start = time.perf_counter()
                try:
                    loss, metric = self.learner.step(self.samples, rows)
                except TrainingError as error:
                    where = f"epoch {epoch + 1}, batch {course.done + 1}"
                    raise TrainingError(f"{where}: {error}") from None
                course.add(len(rows), loss, metric, time.perf_counter() - start)
                shown.batch(history, course.done, course.batches)
                if interrupted():
                    raise KeyboardInterrupt
        finally:
            self.learner.settle()
        history.append(self._row())
        course.next_epoch()
        if plan.early_stopping and history.best_epoch == len(history):
            self.best = self.learner.model.state_dict()
        self._record()
        answers = [callback(history) for callback in plan.callbacks]
        if any(answer is True for answer in answers):
            history.stopped = "callback"
        if len(history) % self.keeping.every == 0:
            self._save()

    def _row(self) -> dict[str, float]:
        """Return the numbers of the epoch that has just ended."""
        course, name = self.course, self.learner.objective.metric_name
        start = time.perf_counter()
        row = {"epoch": len(self.history) + 1, "loss": course.loss / course.rows}
        if name:
            row[name] = course.metric / course.rows
        if self.held_out is not None:
            loss, metric = self.learner.evaluate(self.held_out)
            row["val_loss"] = loss
            if name:
                row[f"val_{name}"] = metric
        row["lr"] = self.learner.optimizer.lr
        row["seconds"] = course.seconds + time.perf_counter() - start
        return row

    def _record(self) -> None:
        if self.plan.record and len(self.history) % self.plan.record == 0:
            data = [p.data for p in self.learner.model.parameters()]
            self.history.frames.append(Frame(len(self.history), data))

    def _save(self) -> None:
        if self.keeping.checkpoint is not None:
            save_checkpoint(
                self.keeping.checkpoint,
                self.learner.model,
                best=self.best,
                schema=self._schema(),
                optimizer=self.learner.optimizer,
                history=self.history,
                loop=self.course.to_json(),
                extra=self.keeping.extra,
            )

    def _schema(self) -> Schema | None:
        """Return the schema of the data, with the threshold that this objective goes by."""
        schema = self.samples.schema
        return (
            None if schema is None else schema._replace(threshold=self.learner.objective.threshold)
        )

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint; nothing is changed where it does not fit."""
        saved = load_checkpoint(path)
        if saved.history is None or saved.loop is None:
            raise CheckpointError(f"{saved.path}: it holds a model, but no training to go on with")
        theirs, ours = saved.history.settings, self.history.settings
        for name in ours:
            if theirs.get(name) != ours[name]:
                raise CheckpointError(
                    f"{saved.path}: it was trained with {name}={theirs.get(name)!r}, "
                    f"this call has {name}={ours[name]!r}"
                )
        try:
            self.course.load_json(saved.loop)
        except ValueError as problem:
            raise CheckpointError(f"{saved.path}: a damaged checkpoint: {problem}") from None
        saved.restore(self.learner.model, self.learner.optimizer)
        self.history, self.best = saved.history, saved.best
