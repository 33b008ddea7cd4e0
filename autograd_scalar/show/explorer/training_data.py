"""Data of a training run for the explorer's page: recorded parameters, loss, points and classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from autograd_scalar import nn
from autograd_scalar.node.modes import no_grad
from autograd_scalar.show.explorer.graph_data import json_number
from autograd_scalar.show.graph.picture import clean
from autograd_scalar.show.palette import COLOURS
from autograd_scalar.show.plots.boundary import MAX_CLASSES
from autograd_scalar.value import Value

#: Maximum number of recorded parameters on a page; of longer runs it keeps evenly spaced epochs.
MAX_NUMBERS = 60_000


@runtime_checkable
class Recorded(Protocol):
    """The attributes of a History that the page of a training run needs."""

    columns: dict[str, list[float]]
    settings: dict[str, Any]
    frames: list[Any]
    kept: int | None
    model: nn.Module | None
    data: Any


class End(NamedTuple):
    """The only frame of a run that recorded none: the parameters that the model has now."""

    epoch: int
    parameters: list[float]


def training_data(
    history: Recorded,
    model: nn.Module,
    data: Any,
    at: Mapping[Value, int],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
) -> dict[str, Any]:
    """Return the data of a training run for the page; `at` has the index of each value in the graph.

    The columns begin at epoch 0: the loss before training, None for what is unknown there. Points
    and classes are empty unless the model has two inputs and the data a few classes.
    """
    X, targets = data
    parameters = model.parameters()
    schema = getattr(data, "schema", None)
    classes = sorted({float(target) for target in targets if not hasattr(target, "__len__")})
    has_boundary = len(inputs) == 2 and 0 < len(classes) <= MAX_CLASSES
    recorded = history.frames or [
        End(history.kept or len(history.columns.get("epoch", ())), [v.data for v in parameters])
    ]
    frames = _thinned(recorded, max(2, MAX_NUMBERS // max(1, len(parameters))))
    start = _loss_at_start(history, model, X, targets)
    points = zip(X, targets, strict=True) if has_boundary else ()
    return {
        "frames": [[frame.epoch, *map(json_number, frame.parameters)] for frame in frames],
        "parameters": [at.get(v, -1) for v in parameters],
        "columns": {
            name: [start if name == "loss" else None, *map(json_number, column)]
            for name, column in history.columns.items()
            if name in ("loss", "val_loss", "accuracy", "val_accuracy")
        },
        "inputs": [at.get(v, -1) for v in inputs],
        "outputs": [at.get(v, -1) for v in outputs],
        "points": [
            [*map(json_number, map(float, row)), classes.index(float(target))]
            for row, target in points
        ],
        "classes": list(map(str, getattr(schema, "classes", None) or [f"{c:g}" for c in classes])),
        "features": list(map(clean, getattr(schema, "features", ("x1", "x2")))),
        "colours": COLOURS,
        "threshold": _threshold(history, classes),
    }


def loss_of(history: Recorded, output: Any, target: Any) -> Value:
    """Return the loss of one sample; the first output if the run used a custom loss."""
    loss = nn.losses.LOSSES.get(history.settings.get("loss", ""))
    if loss is not None:
        root: Value = loss([output], [target])
        root.label = root.label or "sample_loss"
        return root
    first: Value = output[0] if isinstance(output, list | tuple) else output
    return first


def _loss_at_start(history: Recorded, model: nn.Module, X: Any, targets: Any) -> float | str | None:
    """Return the loss over the data at the recorded start of training; None if either is unknown."""
    loss = nn.losses.LOSSES.get(history.settings.get("loss", ""))
    if loss is None or not history.frames or history.frames[0].epoch != 0:
        return None
    parameters = model.parameters()
    present = [v.data for v in parameters]
    try:
        for v, x in zip(parameters, history.frames[0].parameters, strict=True):
            v.data = x
        with no_grad():
            return json_number(loss([model([*map(float, row)]) for row in X], list(targets)).data)
    finally:
        for v, x in zip(parameters, present, strict=True):
            v.data = x


def _threshold(history: Recorded, classes: Sequence[float]) -> float:
    """Return the output above which a model predicts the second class, as the metric of the run counts it."""
    logits = history.settings.get("loss") == "binary_cross_entropy"
    return 0.5 if classes == [0.0, 1.0] and not logits else 0.0


def _thinned(frames: Sequence[Any], most: int) -> list[Any]:
    if len(frames) <= most:
        return list(frames)
    return [frames[round(i * (len(frames) - 1) / (most - 1))] for i in range(most)]
