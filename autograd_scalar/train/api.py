"""`fit`, the training function: check the arguments, choose a trainer, start the run."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from typing import Any

from autograd_scalar.compiler import is_available
from autograd_scalar.data.samples import Samples, samples, split
from autograd_scalar.files import Path
from autograd_scalar.nn import Module
from autograd_scalar.nn.inputs import check_count
from autograd_scalar.nn.losses import Loss
from autograd_scalar.node import modes
from autograd_scalar.optim import Optimizer, Schedule
from autograd_scalar.optim import optimizer as optimizer_named
from autograd_scalar.optim.optimizers import check_setting
from autograd_scalar.seeds import whole_seed
from autograd_scalar.train.checkpoint import CheckpointError, check_extra
from autograd_scalar.train.compiled import WORTHWHILE, CompiledTrainer
from autograd_scalar.train.cursor import Cursor
from autograd_scalar.train.history import History
from autograd_scalar.train.progress import progress as progress_for
from autograd_scalar.train.run import Callback, Plan, Run
from autograd_scalar.train.task import Task, task_for
from autograd_scalar.train.trainer import Trainer


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
    """Train a model in place and return the history of the run.

    >>> from autograd_scalar import data, nn
    >>> model = nn.MLP(2, [8, 8, 1], seed=0)
    >>> moons = data.moons(50, noise=0.1, seed=0)
    >>> history = fit(model, moons, lr=0.05, epochs=50, progress=False)
    >>> history["accuracy"][-1]
    1.0

    Args:
        model: The module to train.
        data: A Dataset, or a pair (X, y): inputs as the model takes them, and their targets.
        loss: A loss function of the lists of predictions and targets that returns a Value, or its
            name: "mse", "hinge", "binary_cross_entropy" or "cross_entropy". "auto" chooses among
            these by the number of outputs and the kind of targets.
        optimizer: An Optimizer over the model's parameters, or its name: "sgd", "rmsprop", "adam"
            or "adamw".
        lr: Learning rate. Defaults to 0.03 for an optimizer given by name, and to the optimizer's
            own otherwise. A schedule overrides it.
        epochs: Total number of epochs, including those before a resume.
        batch_size: Number of rows per step. None takes all rows at once.
        shuffle: Reshuffle the rows in each epoch.
        seed: Seed of the shuffling and of the choice of validation rows.
        validation: Data to evaluate after each epoch: a Dataset, a pair (X, y), or the fraction of
            the rows to hold out.
        schedule: Function from the epoch, counted from 0, to the learning rate.
        early_stopping: Number of epochs without a lower validation loss (training loss without
            validation data) after which training stops. The model then gets the parameters of its
            best epoch.
        l2: Factor of the sum of squared parameters that is added to the loss.
        checkpoint: File to save the state of the run to.
        checkpoint_every: Number of epochs between two checkpoints. The final state is always saved.
        resume: File of the checkpoint to continue from; True for the file in `checkpoint`. The
            results equal those of an uninterrupted run to the last bit.
        record: Number of epochs between two frames (copies of the parameters) in `history.frames`.
        callbacks: Functions called with the history after each epoch. Training stops when one
            returns True.
        progress: Show progress: a bar in a terminal, a display in a notebook, lines in a log.
        extra: Any JSON-serializable object to keep in the checkpoint.
        jit: True compiles the loss of a sample and runs batches as machine code, False runs them
            operation by operation, and "auto" compiles if that is possible and saves time. Results
            agree up to rounding; `history.compiled` says which one ran.

    Ctrl-C stops training after the current batch, a second one at once, and undoes the batch: the model
    keeps its parameters, the checkpoint is saved, and `history.stopped` is "interrupted".

    Raises TrainingError if the loss or a parameter becomes nan or infinite, naming the operation
    that caused it; the model then has the last parameters with a finite loss. Raises
    CheckpointError, before anything changes, for a checkpoint that does not fit the call or cannot
    be saved. Every exception that ends training has the `history` so far as an attribute.
    """
    _check_call(model, jit, checkpoint, resume, extra)
    _check_counts(
        epochs=epochs,
        checkpoint_every=checkpoint_every,
        batch_size=batch_size,
        early_stopping=early_stopping,
        record=record,
    )
    check_setting("l2", l2)
    seed = seed if seed is None else whole_seed(seed)
    rng = random.Random(seed)
    width = getattr(model, "nin", None)
    train, held_out = split(samples(data, width), validation, width, rng)
    task = task_for(loss, model, train, held_out)
    optimizer = _optimizer(optimizer, model, lr)
    run = Run(
        _trainer(jit, model, task, optimizer, l2, train, epochs),
        Cursor(len(train.X), batch_size, shuffle, rng),
        train,
        held_out,
        Plan(
            epochs,
            schedule,
            early_stopping,
            record,
            tuple(callbacks),
            checkpoint,
            checkpoint_every,
            extra,
        ),
        {"shuffle": shuffle, "seed": seed, "l2": l2},
    )
    if resume is not False:
        run.resume(checkpoint if resume is True else resume)  # type: ignore[arg-type]
    run.history.model, run.history.data = model, data
    return run.train(progress_for(epochs, progress))


def _check_call(
    model: Any, jit: Any, checkpoint: Path | None, resume: bool | Path, extra: Any
) -> None:
    """Raise an error for arguments that `fit` can reject before it reads the data."""
    if not isinstance(model, Module):
        raise TypeError(f"fit trains an nn.Module, got {model!r}")
    if not modes.recording.get():
        raise ValueError("fit needs gradients, but was called inside no_grad(); call it outside")
    if jit not in (True, False, "auto"):
        raise ValueError(f'jit must be True, False or "auto", got {jit!r}')
    if resume is True and checkpoint is None:
        raise ValueError("resume=True needs checkpoint=, the file to continue from")
    if checkpoint is not None:
        if not os.path.isdir(os.path.dirname(os.path.abspath(checkpoint))):
            raise CheckpointError(f"{os.fspath(checkpoint)}: its folder does not exist")
        check_extra(extra)


def _check_counts(*, epochs: Any, checkpoint_every: Any, **optional: Any) -> None:
    """Raise ValueError unless the counts are positive integers; optional ones may be None."""
    check_count("epochs", epochs)
    check_count("checkpoint_every", checkpoint_every)
    for name, count in optional.items():
        if count is not None:
            check_count(name, count)


def _optimizer(optimizer: str | Optimizer, model: Module, lr: float | None) -> Optimizer:
    """Return the named optimizer, or the given one with its learning rate set."""
    if isinstance(optimizer, str):
        return optimizer_named(optimizer, model.parameters(), lr=0.03 if lr is None else lr)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be a name or an Optimizer, got {optimizer!r}")
    if not {id(p) for p in optimizer.params} <= {id(p) for p in model.parameters()}:
        raise ValueError(
            f"{optimizer!r} has parameters of another model; make it with model.parameters()"
        )
    if lr is not None:
        check_setting("lr", lr)
        optimizer.lr = lr
    return optimizer


def _trainer(
    jit: bool | str,
    model: Module,
    task: Task,
    optimizer: Optimizer,
    l2: float,
    data: Samples,
    epochs: int,
) -> Trainer:
    """Return the trainer that `jit` asks for; for "auto", a compiled one if it saves time."""
    detecting = modes.watching.get() is not None  # detect_anomaly() inspects every operation
    if jit is False or detecting or (jit == "auto" and not is_available()):
        return Trainer(model, task, optimizer, l2)
    try:
        compiled = CompiledTrainer(model, task, optimizer, l2, data)
    except Exception:
        if jit is True:
            raise
        return Trainer(model, task, optimizer, l2)  # it raises an error in the model itself again
    if jit is True or compiled.nodes() * len(data.X) * epochs >= WORTHWHILE:
        return compiled
    return Trainer(model, task, optimizer, l2)
