"""What a run makes small, and what it counts beside."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from autograd_scalar.nn import Module, binary_cross_entropy, cross_entropy
from autograd_scalar.nn.losses import Loss, loss_function
from autograd_scalar.node.modes import no_grad
from autograd_scalar.train.metrics import Metric, accuracy, mean_absolute_error, numbers


class Objective(NamedTuple):
    """A loss and a metric, with the names that a history shows."""

    loss: Loss
    name: str
    #: None where outputs or targets are nested, so that only the caller knows what counts.
    metric: Metric | None = None
    metric_name: str = ""
    #: Above which a single output means the second of two classes.
    threshold: float = 0.0


def objective(
    loss: str | Loss, model: Module, X: Sequence[Any], y: Sequence[Any], classes: int | None
) -> Objective:
    """Return the objective that suits a model's outputs and its targets.

    "auto" is cross_entropy for several outputs and class indices; for one output it is
    binary_cross_entropy with targets 0 and 1, hinge with -1 and 1, else mse. Classes are counted
    by accuracy, numbers by their mean absolute error.

    Raises ValueError where outputs and targets do not go together, TypeError for targets of text.
    """
    if isinstance(y[0], str) and not callable(loss):
        raise TypeError(f"targets are numbers, got the text {y[0]!r}; number the classes from 0")
    with no_grad():
        output = model(X[0])
    try:
        outputs = len(numbers(output))
        several = hasattr(y[0], "__len__")
        targets = [numbers(t) for t in y]
    except TypeError:
        if callable(loss):
            return Objective(loss, _name(loss))
        raise ValueError(
            f"loss={loss!r} needs outputs and targets that are numbers or lists of them; "
            "pass a function of predictions and targets"
        ) from None
    labels = set() if several else {t for (t,) in targets}
    binary = outputs == 1 and bool(labels) and (labels <= {0, 1} or labels <= {-1, 1})
    indices = outputs > 1 and not several and all(hasattr(t, "__index__") for t in y)
    if loss == "auto":
        loss = _auto(outputs, several, labels, binary, indices, classes)
    function = loss_function(loss)
    if binary:
        # Half way between the labels, but for the loss that takes logits.
        halfway = labels <= {0, 1} and function is not binary_cross_entropy
        threshold = 0.5 if halfway else 0.0
        metric = partial(accuracy, threshold=threshold)
        return Objective(function, _name(function), metric, "accuracy", threshold)
    if indices or function is cross_entropy:
        return Objective(function, _name(function), accuracy, "accuracy")
    if several == (outputs > 1):
        return Objective(function, _name(function), mean_absolute_error, "error")
    return Objective(function, _name(function))


def _name(loss: Loss) -> str:
    return str(getattr(loss, "__name__", type(loss).__name__))


def _auto(
    outputs: int,
    several: bool,
    labels: set[float],
    binary: bool,
    indices: bool,
    classes: int | None,
) -> str:
    """Return the name of the loss that suits."""
    if binary:
        return "binary_cross_entropy" if labels <= {0, 1} else "hinge"
    if indices:
        if not 0 <= min(labels) <= max(labels) < outputs:
            raise ValueError(
                f"targets are class indices from {min(labels):g} to {max(labels):g}, but the model "
                f"has {outputs} outputs, for classes 0 to {outputs - 1}"
            )
        return "cross_entropy"
    if classes is not None and outputs == 1:
        raise ValueError(f"{classes} classes need a model with {classes} outputs, it has 1")
    if several != (outputs > 1):
        kind = "lists" if several else "single numbers"
        raise ValueError(f"the model has {outputs} outputs, but the targets are {kind}")
    return "mse"
