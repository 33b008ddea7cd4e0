"""A training run: epochs from the first to the last, and the checkpoints between them.

This file is long because the loop, its interrupts and its checkpoints must agree on what a state is.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NamedTuple

from autograd_scalar.data import Schema
from autograd_scalar.data.samples import Samples
from autograd_scalar.files import Path
from autograd_scalar.optim import Schedule
from autograd_scalar.train.checkpoint import (
    Checkpoint,
    CheckpointError,
    load_checkpoint,
    save_checkpoint,
)
from autograd_scalar.train.cursor import Cursor
from autograd_scalar.train.history import Frame, History
from autograd_scalar.train.progress import Progress
from autograd_scalar.train.trainer import Trainer, TrainingError

Callback = Callable[[History], object]


class Plan(NamedTuple):
    """The settings of a run that act between batches; `fit` documents them."""

    epochs: int
    schedule: Schedule | None
    early_stopping: int | None
    record: int | None
    callbacks: tuple[Callback, ...]
    checkpoint: Path | None
    checkpoint_every: int
    extra: Any


class _Mark(NamedTuple):
    """A state between two batches."""

    restore: Callable[[], None]
    cursor: dict[str, Any]
    epochs: int
    frames: int
    stopped: str
    best: dict[str, float] | None


class Run:
    """The state of a training run, which checkpoints save, and the loop that advances it."""

    def __init__(
        self,
        trainer: Trainer,
        cursor: Cursor,
        samples: Samples,
        held_out: Samples | None,
        plan: Plan,
        settings: dict[str, Any],
    ) -> None:
        self.trainer, self.cursor, self.plan = trainer, cursor, plan
        self.samples, self.held_out = samples, held_out
        #: The parameters of the best epoch, with early stopping.
        self.best: dict[str, float] | None = None
        self._marked: _Mark
        self.history = History(
            {
                "loss": trainer.task.name,
                "optimizer": type(trainer.optimizer).__name__,
                "lr": trainer.optimizer.lr if plan.schedule is None else None,
                "rows": cursor.rows,
                "batch_size": cursor.size,
                **settings,
            }
        )

    def train(self, progress: Progress) -> History:
        """Run epochs until the plan, a callback or Ctrl-C stops the run."""
        history = self.history
        history.stopped = ""
        with deferred_interrupt() as interrupted, _attached(history):
            self._save(trial=True)
            self._mark()
            try:
                if not history and not history.frames:
                    self._record()
                while not self._has_ended():
                    self._batches(progress, interrupted)
                    self._end_epoch()
            except KeyboardInterrupt:
                self._return_to_mark()
                history.stopped = "interrupted"
            except TrainingError:
                history.stopped = "not finite"
                raise
            finally:
                history.compiled = self.trainer.compiled
                progress.close(history)
            self._save()
        if self.best is not None and history.stopped != "interrupted":
            self.trainer.model.load_state_dict(self.best)
            history.kept = history.best_epoch
        return history

    def _has_ended(self) -> bool:
        """Return whether the run has a reason to stop, and note it in the history."""
        history, epoch, patience = self.history, len(self.history), self.plan.early_stopping
        if history.stopped:  # by a callback
            return True
        if epoch >= self.plan.epochs:
            history.stopped = "finished"
        elif patience and epoch - history.best_epoch >= patience:
            history.stopped = "early stopping"
        return bool(history.stopped)

    def _batches(self, progress: Progress, interrupted: Callable[[], bool]) -> None:
        """Train on the remaining batches of the epoch."""
        trainer, cursor, plan = self.trainer, self.cursor, self.plan
        epoch = len(self.history)
        if plan.schedule is not None:
            trainer.optimizer.lr = plan.schedule(epoch)
        trainer.begin(anew=bool(plan.callbacks) or plan.schedule is not None)
        try:
            for rows in cursor.remaining():
                start = time.perf_counter()
                try:
                    loss, metric = trainer.step(self.samples, rows)
                except TrainingError as error:
                    place = f"epoch {epoch + 1}, batch {cursor.done + 1}"
                    raise TrainingError(f"{place}: {error}") from None
                cursor.add(len(rows), loss, metric, time.perf_counter() - start)
                self._mark()
                progress.batch(self.history, cursor.done, cursor.batches)
                if interrupted():
                    raise KeyboardInterrupt
        finally:
            trainer.settle()

    def _end_epoch(self) -> None:
        """Append the epoch to the history, call the callbacks and save a checkpoint if due."""
        history, plan = self.history, self.plan
        history.append(self._row())
        self.cursor.next_epoch()
        if plan.early_stopping and history.best_epoch == len(history):
            self.best = self.trainer.model.state_dict()
        self._record()
        self._mark()
        answers = [callback(history) for callback in plan.callbacks]  # all of them are called
        if any(answer is True for answer in answers):
            history.stopped = "callback"
        self._mark()
        if len(history) % plan.checkpoint_every == 0:
            self._save()

    def _row(self) -> dict[str, float]:
        """Return the history's row for the epoch that has just ended."""
        cursor, name = self.cursor, self.trainer.task.metric_name
        start = time.perf_counter()
        row = {"epoch": len(self.history) + 1, "loss": cursor.loss / cursor.rows}
        if name:
            row[name] = cursor.metric / cursor.rows
        if self.held_out is not None:
            loss, metric = self.trainer.evaluate(self.held_out)
            row["val_loss"] = loss
            if name:
                row[f"val_{name}"] = metric
        row["lr"] = self.trainer.optimizer.lr
        row["seconds"] = cursor.seconds + time.perf_counter() - start
        return row

    def _columns(self) -> list[str]:
        """Return the columns of `_row`."""
        name = self.trainer.task.metric_name
        metric, held_out = ([name], [f"val_{name}"]) if name else ([], [])
        validation = [] if self.held_out is None else ["val_loss", *held_out]
        return ["epoch", "loss", *metric, *validation, "lr", "seconds"]

    def _record(self) -> None:
        if self.plan.record and len(self.history) % self.plan.record == 0:
            data = [p.data for p in self.trainer.model.parameters()]
            self.history.frames.append(Frame(len(self.history), data))

    # ----- interrupts -----

    def _mark(self) -> None:
        """Mark the state to which an interrupt returns: that after the last whole batch, epoch or callbacks."""
        history = self.history
        self._marked = _Mark(
            self.trainer.mark(),
            self.cursor.to_json(),
            len(history),
            len(history.frames),
            history.stopped,
            self.best,
        )

    def _return_to_mark(self) -> None:
        """Undo what an interrupt has left half done, so that a checkpoint of it resumes exactly."""
        mark, history = self._marked, self.history
        mark.restore()
        self.cursor.load_json(mark.cursor)
        for column in history.columns.values():
            del column[mark.epochs :]
        if not mark.epochs:
            history.columns.clear()
        del history.frames[mark.frames :]
        history.stopped, self.best = mark.stopped, mark.best

    # ----- checkpoints -----

    def _save(self, *, trial: bool = False) -> None:
        if self.plan.checkpoint is not None:
            save_checkpoint(
                self.plan.checkpoint,
                self.trainer.model,
                best=self.best,
                schema=self._schema(),
                optimizer=self.trainer.optimizer,
                history=self.history,
                loop=self.cursor.to_json(),
                extra=self.plan.extra,
                trial=trial,
            )

    def _schema(self) -> Schema | None:
        """Return the schema of the data with the threshold of this task."""
        schema = self.samples.schema
        return None if schema is None else schema._replace(threshold=self.trainer.task.threshold)

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint.

        Raises CheckpointError, and changes nothing, if it is the checkpoint of another kind of run.
        """
        saved = load_checkpoint(path)
        if saved.history is None or saved.loop is None:
            raise CheckpointError(f"{saved.path}: it has a model, but no training run to continue")
        before, now = saved.history.settings, self.history.settings
        for name in now:
            if before.get(name) != now[name]:
                raise CheckpointError(
                    f"{saved.path}: it was trained with {name}={before.get(name)!r:.60}, "
                    f"this call has {name}={now[name]!r}"
                )
        try:
            self._check_history(saved.history)
            ours = self.samples.schema
            if ours is not None and saved.schema is not None:
                ours.check_same(saved.schema, "the data of this call")
            best = self._best_of(saved)
            self.cursor.load_json(saved.loop)
        except ValueError as problem:
            raise CheckpointError(f"{saved.path}: {problem}") from None
        saved.restore(self.trainer.model, self.trainer.optimizer)
        self.history, self.best = saved.history, best

    def _check_history(self, history: History) -> None:
        """Raise ValueError unless this run can append its epochs to a history."""
        columns = self._columns()
        if history and [*history.columns] != columns:
            raise ValueError(
                f"its history has the columns {', '.join(history.columns)}, this call has {', '.join(columns)}; "
                "does one of them have validation data?"
            )
        count = len(self.trainer.model.parameters())
        if any(len(frame.parameters) != count for frame in history.frames):
            raise ValueError(f"a damaged checkpoint: a frame does not have {count} parameters")

    def _best_of(self, saved: Checkpoint) -> dict[str, float] | None:
        """Return the parameters of the best epoch of a run to continue; None without early stopping."""
        history = saved.history
        if not self.plan.early_stopping or not history:
            return None
        if saved.best is None and history.best_epoch < len(history):
            raise ValueError(
                f"it was trained without early_stopping, so the parameters of its best epoch {history.best_epoch}, "
                "to which this call may return, are lost"
            )
        return saved.best or saved.model


@contextmanager
def deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Defer Ctrl-C within the block; yield a function that returns whether it was pressed.

    An interrupt in the middle of an optimizer's step leaves half of the parameters updated. A second
    Ctrl-C raises KeyboardInterrupt at once, and the run returns to its mark. Only Python's default
    handler is replaced, and only in the main thread, the one that may set handlers.
    """
    pressed = False

    def note(signum: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True

    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if ours:
        signal.signal(signal.SIGINT, note)
    try:
        yield lambda: pressed
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _attached(history: History) -> Iterator[None]:
    """Attach the history so far to an exception that ends training."""
    try:
        yield
    except Exception as error:
        error.history = history  # type: ignore[attr-defined]
        raise
