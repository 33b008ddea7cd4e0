"""Checkpoints: a model and the state of its training in one JSON file.

Numbers are restored to the last bit. A file is replaced atomically: a program killed at any moment
leaves either the old file or the new one.
"""

from __future__ import annotations

import json
import os
import random
from math import isfinite
from typing import Any, NamedTuple

from autograd_scalar import files
from autograd_scalar.data import Schema
from autograd_scalar.files import Path
from autograd_scalar.nn import Module, architecture, build
from autograd_scalar.node.shared import shown, stored_number
from autograd_scalar.optim import Optimizer
from autograd_scalar.train.history import History

FORMAT = "autograd_scalar checkpoint"
VERSION = 1

#: What Python raises for content of another kind than a checkpoint has.
_MISFITS = (AttributeError, KeyError, OverflowError, TypeError, ValueError)


class CheckpointError(ValueError):
    """Raised for a checkpoint that cannot be written, read or used; names the file and the reason.

    If `fit` raises it during training, its attribute `history` is the history so far.
    """

    history: History


class Checkpoint(NamedTuple):
    """The content of a checkpoint file."""

    path: str
    #: The data of the parameters by name.
    model: dict[str, float]
    #: The architecture, from which `nn.build` makes the model; None for an unregistered class.
    architecture: dict[str, Any] | None = None
    #: The parameters of the best epoch, with early stopping.
    best: dict[str, float] | None = None
    #: The columns and the scaling of the data.
    schema: Schema | None = None
    optimizer: dict[str, Any] | None = None
    history: History | None = None
    #: The position of `fit` in the data, from which it resumes.
    loop: dict[str, Any] | None = None
    #: The object passed as `extra`.
    extra: Any = None

    def build(self) -> Module:
        """Return a new model equal to the one that was saved.

        After early stopping it has the parameters of the best epoch. From a checkpoint of a running
        or interrupted `fit` it has the latest ones.

        Raises CheckpointError for a model whose class is not registered with `nn.buildable`.
        """
        if self.architecture is None:
            raise CheckpointError(
                f"{self.path}: the architecture of the model is not recorded; make the model "
                "yourself and call restore(model)"
            )
        try:
            _check_sizes(self.architecture, len(self.model))
            model = build(self.architecture)
            ended = self.history is not None and self.history.stopped not in ("", "interrupted")
            model.load_state_dict(self.best if ended and self.best is not None else self.model)
        except _MISFITS as problem:
            raise CheckpointError(f"{self.path}: {problem}") from None
        return model

    def restore(self, model: Module, optimizer: Optimizer | None = None) -> None:
        """Set the parameters of a model, and the state of an optimizer if given, to the latest ones.

        Raises CheckpointError, and changes neither, if they do not fit.
        """
        before = model.state_dict()
        try:
            model.load_state_dict(self.model)
            if optimizer is not None:
                if self.optimizer is None:
                    raise ValueError(
                        "the checkpoint has no optimizer state; call restore(model) alone"
                    )
                optimizer.load_state_dict(self.optimizer)
        except _MISFITS as problem:
            model.load_state_dict(before)
            raise CheckpointError(f"{self.path}: {problem}") from None


def save_checkpoint(
    path: Path,
    model: Module,
    *,
    best: dict[str, float] | None = None,
    schema: Schema | None = None,
    optimizer: Optimizer | None = None,
    history: History | None = None,
    loop: dict[str, Any] | None = None,
    extra: Any = None,
    trial: bool = False,
) -> None:
    """Write a checkpoint, replacing the file atomically.

    >>> import tempfile, os
    >>> from autograd_scalar.nn import MLP
    >>> path = os.path.join(tempfile.mkdtemp(), "model.json")
    >>> model = MLP(2, [4, 1], seed=0)
    >>> save_checkpoint(path, model, extra={"note": "untrained"})
    >>> load_checkpoint(path).build()([1.0, 2.0]).data == model([1.0, 2.0]).data
    True

    Args:
        path: The file to write.
        model: The model whose parameters and architecture are saved.
        best: Parameters of the best epoch, as `model.state_dict()` returned them.
        schema: Columns and scaling of the data.
        optimizer: The optimizer whose state is saved.
        history: History of the training.
        loop: Position of `fit` in the data.
        extra: Any JSON-serializable object.
        trial: Only check that the checkpoint can be written.

    Raises CheckpointError if the file cannot be written, TypeError for an `extra` that is not
    JSON-serializable.
    """
    check_extra(extra)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "architecture": architecture(model),
        "model": model.state_dict(),
        "best": best,
        "schema": None if schema is None else schema.to_json(),
        "optimizer": None if optimizer is None else optimizer.state_dict(),
        "history": None if history is None else history.to_json(),
        "loop": loop,
        "extra": extra,
    }
    try:
        text = json.dumps(_encode(content), allow_nan=False)
        if trial:
            files.check_replaceable(path)
        else:
            files.replace(path, text)
    except OSError as problem:
        raise CheckpointError(
            f"{os.fspath(path)}: cannot be written: {problem.strerror or problem}"
        ) from None
    except (TypeError, ValueError, RecursionError) as problem:  # a setting or name of no JSON type
        raise CheckpointError(f"{os.fspath(path)}: cannot be written: {problem}") from None


def load_checkpoint(path: Path) -> Checkpoint:
    """Return the content of a checkpoint file.

    Raises CheckpointError for a file that is missing, truncated, damaged, or not a checkpoint.
    """
    name = os.fspath(path)
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file, object_hook=_decode)
    except OSError as problem:
        raise CheckpointError(f"{name}: cannot be read: {problem.strerror}") from None
    except (TypeError, ValueError, RecursionError) as problem:
        raise CheckpointError(f"{name}: truncated, or not a checkpoint: {problem}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"{name}: not a checkpoint of this package")
    if content.get("version") != VERSION:
        raise CheckpointError(
            f"{name}: has version {content.get('version')}, this package reads version {VERSION}"
        )
    try:
        loop, history, schema = content["loop"], content["history"], content["schema"]
        if loop is not None:
            random.Random().setstate(rng_state(loop))
            loop = _checked_loop(loop)
        state = _numbers("model", content["model"])
        best = None if content["best"] is None else _numbers("best", content["best"])
        if best is not None and best.keys() != state.keys():
            raise ValueError("the parameters of the best epoch are not those of the model")
        return Checkpoint(
            name,
            state,
            content["architecture"],
            best,
            None if schema is None else Schema.from_json(schema),
            content["optimizer"],
            None if history is None else History.from_json(history),
            loop,
            content["extra"],
        )
    except _MISFITS as problem:
        reason = f"{problem} is missing" if isinstance(problem, KeyError) else str(problem)
        raise CheckpointError(f"{name}: a damaged checkpoint: {reason}") from None


def check_extra(extra: Any) -> None:
    """Raise TypeError unless an object is JSON-serializable; `fit` checks it before training."""
    try:
        json.dumps(_encode(extra), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as problem:
        raise TypeError(f"extra must be JSON-serializable: {problem}") from None


def rng_state(loop: dict[str, Any]) -> tuple[Any, ...]:
    """Return the state of the shuffling generator as tuples, as `random` expects it."""
    version, numbers, gauss = loop["rng"]
    return version, tuple(numbers), gauss


def _checked_loop(loop: dict[str, Any]) -> dict[str, Any]:
    """Return the position of a run, with floats for its sums; ValueError if it is not one."""
    done, sums = loop["done"], loop["sums"]
    if isinstance(done, bool) or not isinstance(done, int) or done < 0:
        raise ValueError(f"loop.done is {shown(done)}, not a number of batches")
    stored_number("loop.done", done)
    if not isinstance(sums, list) or len(sums) != 3:
        raise ValueError(f"loop.sums is {shown(sums)}, not three numbers")
    return loop | {"sums": [stored_number("loop.sums", x) for x in sums]}


def _check_sizes(architecture: dict[str, Any], count: int) -> None:
    """Raise ValueError for a layer larger than the number of parameters, before memory is taken for it."""
    if architecture.get("class") == "Sequential":
        for part in architecture["modules"]:
            _check_sizes(part, count)
    elif architecture.get("class") in ("Embedding", "Layer", "Linear", "MLP", "Neuron"):
        sizes = [architecture.get(name, 0) for name in ("nin", "nout", "num", "dim")]
        for size in (*sizes, *architecture.get("nouts", ())):
            if isinstance(size, int) and size > count:
                raise ValueError(
                    f"its architecture has a size of {shown(size)}, but there are {count} parameters"
                )


def _numbers(name: str, state: Any) -> dict[str, float]:
    """Return the parameters in a file as floats by name; ValueError if they are not numbers."""
    if not isinstance(state, dict):
        raise ValueError(f"{name} is {shown(state)}, not numbers by name")
    return {key: stored_number(f"{name}: {key}", x) for key, x in state.items()}


def _encode(x: Any) -> Any:
    """Return x with Python's numbers for NumPy's, and {"__float__": "nan"} for nan and infinities, which JSON lacks."""
    if getattr(x, "ndim", None) == 0:
        x = x.item()
    match x:
        case float():
            return x if isfinite(x) else {"__float__": repr(x)}
        case dict():
            if x.keys() == {"__float__"}:
                raise ValueError("the key '__float__' alone is reserved for nan and infinities")
            return {key: _encode(item) for key, item in x.items()}
        case list() | tuple():
            return [_encode(item) for item in x]
    return x


def _decode(x: dict[str, Any]) -> Any:
    return float(x["__float__"]) if x.keys() == {"__float__"} else x
