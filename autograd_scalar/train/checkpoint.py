"""Checkpoints: a model and the state of its training in one JSON file.

Numbers are written so that they come back to the last bit, and a file is replaced as a whole, so
that whoever stops the program at any moment finds either the old one or the new one.
"""

from __future__ import annotations

import json
import os
import random
from math import isfinite
from typing import Any, NamedTuple

from autograd_scalar.data import Schema
from autograd_scalar.nn import Module, architecture, build
from autograd_scalar.optim import Optimizer
from autograd_scalar.train.history import History

Path = str | os.PathLike[str]

FORMAT = "autograd_scalar checkpoint"
VERSION = 1


class CheckpointError(ValueError):
    """A checkpoint that cannot be written, read, or used here; says which file and why.

    From `fit`, where a file cannot be written any more, it has the `history` of the training.
    """

    history: History


class Checkpoint(NamedTuple):
    """What a checkpoint file holds."""

    path: str
    #: The parameters' data under their names.
    model: dict[str, float]
    #: What `nn.build` makes the model from; None for a class that it does not know.
    architecture: dict[str, Any] | None = None
    #: The parameters of the best epoch, where early stopping kept them.
    best: dict[str, float] | None = None
    #: What the columns of the data were.
    schema: Schema | None = None
    optimizer: dict[str, Any] | None = None
    history: History | None = None
    #: Where `fit` was, for it to continue.
    loop: dict[str, Any] | None = None
    #: Whatever the caller wanted to keep.
    extra: Any = None

    def build(self) -> Module:
        """Return a new model like the one that `fit` left, or `save_checkpoint` was given.

        After early stopping that is the model of the best epoch; while training, or interrupted,
        it is the latest.

        Raises CheckpointError for a model whose class is not the package's own.
        """
        if self.architecture is None:
            raise CheckpointError(
                f"{self.path}: the model's architecture is not recorded; make the model yourself "
                "and use restore(model)"
            )
        try:
            model = build(self.architecture)
            ended = self.history is not None and self.history.stopped not in ("", "interrupted")
            model.load_state_dict(self.best if ended and self.best is not None else self.model)
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            raise CheckpointError(f"{self.path}: {problem}") from None
        return model

    def restore(self, model: Module, optimizer: Optimizer | None = None) -> None:
        """Set the latest parameters, and the optimiser's state if one is given.

        Raises CheckpointError where they do not fit; model and optimiser then stay as they were.
        """
        before = model.state_dict()
        try:
            model.load_state_dict(self.model)
            if optimizer is not None:
                if self.optimizer is None:
                    raise ValueError("it holds no optimizer")
                optimizer.load_state_dict(self.optimizer)
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
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
) -> None:
    """Write a checkpoint, replacing the file as a whole.

    >>> import tempfile, os
    >>> from autograd_scalar.nn import MLP
    >>> path = os.path.join(tempfile.mkdtemp(), "model.json")
    >>> model = MLP(2, [4, 1], seed=0)
    >>> save_checkpoint(path, model, extra={"note": "untrained"})
    >>> load_checkpoint(path).build()([1.0, 2.0]).data == model([1.0, 2.0]).data
    True

    Raises CheckpointError where the file cannot be written, TypeError for an extra that JSON cannot
    hold.
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
    text = json.dumps(_encode(content), allow_nan=False)
    # In the same folder, because only within one file system is a file replaced in one go.
    partial = f"{os.fspath(path)}.{os.getpid()}.tmp"
    try:
        try:
            with open(partial, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        finally:
            if os.path.exists(partial):
                os.remove(partial)
    except OSError as problem:
        raise CheckpointError(f"{os.fspath(path)}: cannot write it: {problem.strerror}") from None


def load_checkpoint(path: Path) -> Checkpoint:
    """Return what a checkpoint file holds.

    Raises CheckpointError for a file that is missing, truncated, or something else.
    """
    name = os.fspath(path)
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file, object_hook=_decode)
    except OSError as problem:
        raise CheckpointError(f"{name}: cannot read it: {problem.strerror}") from None
    except (TypeError, ValueError, RecursionError) as problem:
        raise CheckpointError(f"{name}: truncated, or not a checkpoint: {problem}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"{name}: not a checkpoint of this package")
    if content.get("version") != VERSION:
        raise CheckpointError(
            f"{name}: written as version {content.get('version')}, this package reads {VERSION}"
        )
    try:
        loop, history, schema = content["loop"], content["history"], content["schema"]
        if loop is not None:
            random.Random().setstate(rng_state(loop))
            _check_loop(loop)
        for state in (content["model"], *([] if content["best"] is None else [content["best"]])):
            if not all(isinstance(x, float | int) for x in state.values()):
                raise ValueError("a parameter is not a number")
            if state.keys() != content["model"].keys():
                raise ValueError("the best epoch's parameters are not the model's")
        return Checkpoint(
            name,
            content["model"],
            content["architecture"],
            content["best"],
            None if schema is None else Schema.from_json(schema),
            content["optimizer"],
            None if history is None else History.from_json(history),
            loop,
            content["extra"],
        )
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        what = f"it lacks {problem}" if isinstance(problem, KeyError) else str(problem)
        raise CheckpointError(f"{name}: a damaged checkpoint: {what}") from None


def check_extra(extra: Any) -> None:
    """Raise TypeError unless JSON can hold it, so that `fit` need not train to find out."""
    try:
        json.dumps(_encode(extra), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as problem:
        raise TypeError(f"extra is kept as JSON, which cannot hold it: {problem}") from None


def rng_state(loop: dict[str, Any]) -> tuple[Any, ...]:
    """Return the state of the generator that shuffles, as `random` takes it: JSON has no tuples."""
    version, numbers, gauss = loop["rng"]
    return version, tuple(numbers), gauss


def _check_loop(loop: dict[str, Any]) -> None:
    done, sums = loop["done"], loop["sums"]
    if isinstance(done, bool) or not isinstance(done, int) or done < 0:
        raise ValueError(f"loop.done is {done!r}, not a number of batches")
    if len(sums) != 3 or not all(isinstance(x, float | int) for x in sums):
        raise ValueError(f"loop.sums is {sums!r}, not three numbers")


def _encode(x: Any) -> Any:
    """Return x for JSON, which has no nan and no infinities: those become {"__float__": "nan"}."""
    match x:
        case float():
            return x if isfinite(x) else {"__float__": repr(x)}
        case dict():
            if x.keys() == {"__float__"}:
                raise ValueError("a dictionary of '__float__' alone stands for a nan or infinity")
            return {key: _encode(item) for key, item in x.items()}
        case list() | tuple():
            return [_encode(item) for item in x]
    return x


def _decode(x: dict[str, Any]) -> Any:
    return float(x["__float__"]) if x.keys() == {"__float__"} else x
