"""Choose the loss and the metric of a training run, and compute the metric."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from math import isnan
from operator import add
from typing import Any, NamedTuple

from autograd_scalar.data.samples import Samples, is_finite
from autograd_scalar.nn import LOSSES, Module, binary_cross_entropy, cross_entropy
from autograd_scalar.nn.losses import Loss, loss_function
from autograd_scalar.node.modes import no_grad
from autograd_scalar.node.shared import shown
from autograd_scalar.value import Value

Metric = Callable[[Any, Any], float]


class Task(NamedTuple):
    """A loss and a metric, with the names under which a history shows them."""

    loss: Loss
    name: str
    #: None for nested outputs or targets, for which the package has no metric.
    metric: Metric | None = None
    metric_name: str = ""
    #: A single output above this predicts the second of two classes, any other the first.
    threshold: float = 0.0


def task_for(
    loss: str | Loss, model: Module, data: Samples, held_out: Samples | None = None
) -> Task:
    """Return the task that suits a model's outputs and the targets of the data, checked for both sets.

    "auto" is cross_entropy for several outputs and class indices. For one output it is
    binary_cross_entropy if the targets are 0 and 1, hinge if they are -1 and 1. Otherwise it is
    mse. The metric is accuracy for classes and the mean absolute error for numbers.

    Raises ValueError for targets that do not match the outputs or that the loss refuses, TypeError for
    targets of text; both name the row.
    """
    y = data.y
    if isinstance(y[0], str) and not callable(loss):
        raise TypeError(f"targets are numbers, got the text {y[0]!r}; number the classes from 0")
    with no_grad():
        output = model(data.X[0])
    try:
        outputs = len(as_floats(output))
        several = hasattr(y[0], "__len__")
        targets = [*_targets(data)]
    except TypeError:
        if callable(loss):
            return Task(loss, _name(loss))
        raise ValueError(
            f"loss={loss!r} needs outputs and targets that are numbers or lists of them; "
            "pass a function of predictions and targets"
        ) from None
    labels = set() if several else {t for (t,) in targets}
    binary = outputs == 1 and bool(labels) and (labels <= {0, 1} or labels <= {-1, 1})
    indices = outputs > 1 and not several and all(hasattr(t, "__index__") for t in y)
    if loss == "auto":
        loss = _auto(outputs, several, labels, binary, indices, data.classes)
    function = loss_function(loss)
    name = _name(function)
    if function in LOSSES.values():
        for some in (data, held_out):
            if some is not None:
                _check_targets(function, model, output, some)
    if binary:
        # Labels 0 and 1 are separated at 0.5, except by the loss of logits.
        halfway = labels <= {0, 1} and function is not binary_cross_entropy
        threshold = 0.5 if halfway else 0.0
        return Task(function, name, partial(accuracy, threshold=threshold), "accuracy", threshold)
    if indices or function is cross_entropy:
        return Task(function, name, accuracy, "accuracy")
    if several == (outputs > 1):
        return Task(function, name, mean_absolute_error, "error")
    return Task(function, name)


def _targets(data: Samples) -> Iterator[list[float]]:
    """Yield the targets as lists of floats; raise ValueError for an int beyond all floats, naming the row."""
    for i, target in enumerate(data.y):
        try:
            yield as_floats(target)
        except OverflowError:
            raise ValueError(f"{data.place(i)}: the target {shown(target)} is not finite") from None


def _check_targets(loss: Loss, model: Module, output: Any, data: Samples) -> None:
    """Let a loss see each target, with the model's output for the first row; raise its error, naming the row.

    Compiled training would not find a bad target: its targets are Values, which a loss does not check.
    """
    seen, length = set(), len(as_floats(data.y[0]))
    with no_grad():
        for i, target in enumerate(data.y):
            key = repr(target)
            if key in seen:
                continue
            seen.add(key)
            try:
                numbers = as_floats(target)
                if not all(map(is_finite, numbers)):
                    raise ValueError(f"the target {shown(target)} is not finite")
                loss([output if len(numbers) == length else model(data.X[i])], [target])
            except (OverflowError, TypeError, ValueError) as problem:
                kind = TypeError if isinstance(problem, TypeError) else ValueError
                raise kind(f"{data.place(i)}: {problem}") from None


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
    """Return the name of the loss that suits outputs and targets."""
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
        raise ValueError(
            f"{classes} classes need a model with {classes} outputs, but the model has 1"
        )
    if several != (outputs > 1):
        kind = "lists" if several else "single numbers"
        raise ValueError(f"the model has {outputs} outputs, but the targets are {kind}")
    return "mse"


# ----- metrics -----


def accuracy(predictions: Sequence[Any], targets: Sequence[Any], threshold: float = 0.0) -> float:
    """Return the fraction of samples that are classified correctly, from 0 to 1.

    With a single output per sample there are two classes, labelled 0 and 1 or -1 and 1; an output
    above the threshold predicts 1. Use threshold 0 for scores and logits, 0.5 for probabilities. Of
    several outputs, the largest predicts the class, and nan none. Outputs are Values or numbers; targets are
    classes, or lists with the probability of each class.

    >>> accuracy([Value(2.0), Value(-1.0), Value(0.5)], [1, 0, 0])
    0.6666666666666666
    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 0])
    1.0

    Raises ValueError for unequal numbers of predictions and targets, or for none.
    """
    _check_lengths(predictions, targets)
    if hasattr(predictions, "argmax"):
        outputs, wanted = _tables(predictions, targets)
        if outputs.shape[1] == 1:
            hits = (outputs[:, 0] > threshold) == (wanted[:, 0] > 0.0)
        else:
            hits = outputs.argmax(1) == (wanted.argmax(1) if wanted.shape[1] > 1 else wanted[:, 0])
        hits &= (outputs == outputs).all(1)
        return hits.sum().item() / len(targets)  # type: ignore[no-any-return]
    right = 0
    for prediction, target in zip(predictions, targets, strict=True):
        outputs = as_floats(prediction)
        if any(map(isnan, outputs)):
            continue
        if len(outputs) == 1:
            right += (outputs[0] > threshold) == (as_floats(target)[0] > 0.0)
        else:
            wanted = _argmax(target) if hasattr(target, "__len__") else target
            right += _argmax(outputs) == wanted
    return right / len(targets)


def mean_absolute_error(predictions: Sequence[Any], targets: Sequence[Any]) -> float:
    """Return the mean of |prediction - target| over all samples and outputs.

    >>> mean_absolute_error([Value(1.0), Value(4.0)], [2.0, 4.0])
    0.5

    Raises ValueError for unequal numbers of predictions and targets, or for none.
    """
    _check_lengths(predictions, targets)
    if hasattr(predictions, "argmax"):
        outputs, wanted = _tables(predictions, targets)
        return abs(outputs - wanted).mean().item()  # type: ignore[no-any-return]
    errors: list[float] = []
    for i, (prediction, target) in enumerate(zip(predictions, targets, strict=True)):
        outputs, wanted = as_floats(prediction), as_floats(target)
        if len(outputs) != len(wanted):
            raise ValueError(f"sample {i} has {len(outputs)} outputs and {len(wanted)} targets")
        errors += [abs(x - t) for x, t in zip(outputs, wanted, strict=True)]
    # Not sum(): from Python 3.12 on it adds floats more exactly.
    return reduce(add, errors) / len(errors)


def as_floats(output: Any) -> list[float]:
    """Return a model's output, or a target, as a list of floats.

    Raises TypeError for anything but a number, a Value, or a list of these.
    """
    if isinstance(output, str):
        raise TypeError(f"expected a number, got the text {output!r}")
    listed = output if hasattr(output, "__len__") else [output]
    return [x.data if isinstance(x, Value) else float(x) for x in listed]


def _tables(predictions: Any, targets: Any) -> tuple[Any, Any]:
    """Return arrays of predictions and targets as tables with one row per sample."""
    import numpy as np

    return predictions.reshape(len(predictions), -1), np.asarray(targets).reshape(len(targets), -1)


def _argmax(outputs: Sequence[float]) -> int:
    return max(range(len(outputs)), key=outputs.__getitem__)


def _check_lengths(predictions: Sequence[Any], targets: Sequence[Any]) -> None:
    if len(predictions) != len(targets) or not len(targets):
        raise ValueError(
            f"expected as many predictions as targets, got {len(predictions)} and {len(targets)}"
        )
