"""Accuracy and mean absolute error, and how `fit` chooses between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd_scalar.value import Value

Metric = Callable[[Any, Any], float]


def accuracy(predictions: Sequence[Any], targets: Sequence[Any], threshold: float = 0.0) -> float:
    """Return the share of samples whose class is right, from 0 to 1.

    One output stands for two classes, labelled 0 and 1 or -1 and 1: it means 1 above the
    threshold, which is 0 for scores and logits and 0.5 for probabilities. Of several outputs the
    largest names the class. Outputs are Values or numbers; targets classes, or probabilities of
    each class.

    >>> accuracy([Value(2.0), Value(-1.0), Value(0.5)], [1, 0, 0])
    0.6666666666666666
    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 0])
    1.0
    """
    _check(predictions, targets)
    if hasattr(predictions, "argmax"):
        outputs, wanted = _tables(predictions, targets)
        if outputs.shape[1] == 1:
            hits = (outputs[:, 0] > threshold) == (wanted[:, 0] > 0.0)
        else:
            hits = outputs.argmax(1) == (wanted.argmax(1) if wanted.shape[1] > 1 else wanted[:, 0])
        return hits.sum().item() / len(targets)  # type: ignore[no-any-return]
    right = 0
    for prediction, target in zip(predictions, targets, strict=True):
        outputs = numbers(prediction)
        if len(outputs) == 1:
            right += (outputs[0] > threshold) == (numbers(target)[0] > 0.0)
        else:
            wanted = _largest(target) if hasattr(target, "__len__") else target
            right += _largest(outputs) == wanted
    return right / len(targets)


def mean_absolute_error(predictions: Sequence[Any], targets: Sequence[Any]) -> float:
    """Return the mean of |prediction - target|, over the samples and their outputs.

    >>> mean_absolute_error([Value(1.0), Value(4.0)], [2.0, 4.0])
    0.5
    """
    _check(predictions, targets)
    if hasattr(predictions, "argmax"):
        outputs, wanted = _tables(predictions, targets)
        return abs(outputs - wanted).mean().item()  # type: ignore[no-any-return]
    pairs = zip(
        (x for p in predictions for x in numbers(p)),
        (x for t in targets for x in numbers(t)),
        strict=True,
    )
    errors = [abs(x - t) for x, t in pairs]
    return sum(errors) / len(errors)


def _tables(predictions: Any, targets: Any) -> tuple[Any, Any]:
    """Return arrays of predictions and targets, or rows of them, as tables with a row for each sample."""
    import numpy as np

    return predictions.reshape(len(predictions), -1), np.asarray(targets).reshape(len(targets), -1)


def numbers(output: Any) -> list[float]:
    """Return a model's output, or a target, as a list of floats.

    Raises TypeError for anything but a number or Value, or a list of them.
    """
    if isinstance(output, str):
        raise TypeError(f"expected a number, got the text {output!r}")
    listed = output if hasattr(output, "__len__") else [output]
    return [x.data if isinstance(x, Value) else float(x) for x in listed]


def _largest(outputs: Sequence[float]) -> int:
    return max(range(len(outputs)), key=outputs.__getitem__)


def _check(predictions: Sequence[Any], targets: Sequence[Any]) -> None:
    if len(predictions) != len(targets) or not len(targets):
        raise ValueError(f"{len(predictions)} predictions for {len(targets)} targets")
