"""Losses: the distance between predictions and targets as one Value to minimize.

Each loss takes one sample, or a list of samples, whose mean it returns. All are composed of
operations of the table, chosen so that finite scores yield a finite loss.

Targets that are Values, as in a compiled function, are data that changes from call to call, so
their range is not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import fsum
from numbers import Real
from typing import Any

import autograd_scalar.functions as F
from autograd_scalar.nn.inputs import NOT_LISTS
from autograd_scalar.value import Value

Loss = Callable[[Any, Any], Value]


def mse(predictions: Any, targets: Any) -> Value:
    """Return the mean squared error: the mean of (p - t)² over all samples and outputs.

    >>> mse([Value(1.0), Value(5.0)], [1.0, 2.0]).data
    4.5

    Args:
        predictions: A Value p, a list with one per sample, or a list of lists of outputs.
        targets: Numbers t in the same nesting; a list of one output may have a bare target.

    Raises ValueError for predictions and targets that differ in number, TypeError for anything that
    is not a number.
    """
    return _mean([(p - t) ** 2 for p, t in _pairs(predictions, targets)])


def hinge(scores: Any, targets: Any) -> Value:
    """Return the max-margin loss: the mean of max(0, 1 - t s).

    >>> hinge([Value(3.0), Value(0.5)], [1, -1]).data
    0.75

    Args:
        scores: Scores s in the nesting of `mse`; their sign is the predicted class.
        targets: -1 or 1 for each score.

    Raises ValueError for other targets and for unequal numbers, as `mse` does.
    """
    losses = []
    for score, target in _pairs(scores, targets):
        if not isinstance(target, Value) and target not in (-1, 1):
            raise ValueError(
                f"hinge takes targets -1 and 1, got {target!r}; convert 0 and 1 by 2*y - 1 "
                "(Dataset.signed), or use binary_cross_entropy"
            )
        losses.append((1.0 + -target * score).relu())
    return _mean(losses)


def binary_cross_entropy(logits: Any, targets: Any) -> Value:
    """Return the mean of -t log σ(z) - (1 - t) log(1 - σ(z)), σ the sigmoid.

    It is computed as t softplus(-z) + (1 - t) softplus(z), which neither overflows nor cancels.

    >>> binary_cross_entropy([Value(1000.0), Value(-1000.0)], [1, 1]).data
    500.0

    Args:
        logits: Logits z (the scores before a sigmoid) in the nesting of `mse`.
        targets: For each logit the class 0 or 1, or the probability t of class 1.

    Raises ValueError for a target outside of [0, 1] and for unequal numbers, as `mse` does.
    """
    losses = []
    for z, t in _pairs(logits, targets):
        if isinstance(t, Value):
            losses.append(t * (-z).softplus() + (1.0 - t) * z.softplus())
            continue
        if not 0 <= t <= 1:
            hint = "; convert -1 and 1 by (y + 1) / 2" if t == -1 else ""
            raise ValueError(f"binary_cross_entropy takes targets from 0 to 1, got {t!r}{hint}")
        if t == 1:
            losses.append((-z).softplus())
        elif t == 0:
            losses.append(z.softplus())
        else:
            losses.append(t * (-z).softplus() + (1.0 - t) * z.softplus())
    return _mean(losses)


def cross_entropy(logits: Any, targets: Any) -> Value:
    """Return the mean of -sum_i p_i log softmax(z)_i over the samples.

    It is computed as logsumexp(z) - sum_i p_i z_i, without a softmax that could underflow.

    >>> cross_entropy([Value(1000.0), Value(-1000.0)], 1).data
    2000.0
    >>> round(cross_entropy([[Value(0.0), Value(0.0)]], [[0.5, 0.5]]).data, 6)
    0.693147

    Args:
        logits: A list with the logit z_i of each class, or a list of such lists, one per sample.
        targets: The index of the class (p_i = 1), or a list of the probabilities p_i; a list of
            these for several samples.

    Raises ValueError for a class without a logit, for probabilities that are negative or do not sum
    to 1, and for unequal numbers; TypeError for other logits or targets.
    """
    if not _is_list(logits) or len(logits) == 0:
        raise TypeError(f"cross_entropy takes a list of logits, one per class, got {logits!r}")
    if not _is_list(logits[0]):
        return _cross_entropy(logits, targets)
    if not _is_list(targets) or len(targets) != len(logits):
        raise ValueError(_unequal(logits, targets))
    return _mean([_cross_entropy(z, t) for z, t in zip(logits, targets, strict=True)])


def _cross_entropy(logits: Sequence[Any], target: Any) -> Value:
    """Return the loss of one sample."""
    if _is_list(target):
        if len(target) != len(logits):
            raise ValueError(
                f"expected a probability for each of {len(logits)} logits, got {len(target)}"
            )
        if not any(isinstance(p, Value) for p in target) and (
            min(target) < 0.0 or abs(fsum(target) - 1.0) > 1e-6
        ):
            raise ValueError(
                f"probabilities must not be negative and must sum to 1, got {list(target)}"
            )
        expected: Value = F.dot(logits, target)
    elif isinstance(target, Value):
        expected = F.take(logits, target)
    else:
        if not hasattr(target, "__index__"):
            raise TypeError(
                f"a target must be a class index or a list of probabilities, got {target!r}"
            )
        if not 0 <= target < len(logits):
            raise ValueError(
                f"expected a class from 0 to {len(logits) - 1}, one per logit, got {target}"
            )
        expected = logits[target]
    total: Value = F.logsumexp(logits)
    return total - expected


def l2(parameters: Sequence[Value]) -> Value:
    """Return the sum of the squared parameters, a penalty to scale by a small factor and add to a loss.

    >>> l2([Value(3.0), Value(4.0)]).data
    25.0
    """
    penalty: Value = F.dot(parameters, parameters)
    return penalty


LOSSES: dict[str, Loss] = {
    "mse": mse,
    "hinge": hinge,
    "binary_cross_entropy": binary_cross_entropy,
    "cross_entropy": cross_entropy,
}


def loss_function(loss: str | Loss) -> Loss:
    """Return the loss with this name, or the given function itself.

    Raises ValueError for an unknown name.
    """
    if callable(loss):
        return loss
    if not isinstance(loss, str) or loss not in LOSSES:
        raise ValueError(
            f"unknown loss {loss!r}; choose from {', '.join(LOSSES)}, or pass a function"
        )
    return LOSSES[loss]


def _is_list(x: Any) -> bool:
    return hasattr(x, "__len__") and not isinstance(x, NOT_LISTS)


def _unequal(predictions: Any, targets: Any) -> str:
    return f"got {_count(predictions, 'prediction')} and {_count(targets, 'target')}"


def _count(x: Any, noun: str) -> str:
    if not _is_list(x):
        return f"the single {noun} {x!r}"
    return f"{len(x)} {noun}{'s' * (len(x) != 1)}"


def _pairs(predictions: Any, targets: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each scalar prediction with its target, from two nests of the same structure.

    A list of one prediction, as `Linear` returns, may have a bare target.
    """
    if not _is_list(predictions):
        if _is_list(targets):
            raise ValueError(_unequal(predictions, targets))
        yield _checked(predictions, targets)
    elif not _is_list(targets):
        if len(predictions) != 1:
            raise ValueError(_unequal(predictions, targets))
        yield _checked(predictions[0], targets)
    else:
        if len(predictions) != len(targets):
            raise ValueError(_unequal(predictions, targets))
        for p, t in zip(predictions, targets, strict=True):
            yield from _pairs(p, t)


def _checked(prediction: Any, target: Any) -> tuple[Any, Any]:
    for x in (prediction, target):
        if not isinstance(x, Value | Real):
            raise TypeError(
                f"a loss takes numbers and Values, got the prediction {prediction!r} and the "
                f"target {target!r}"
            )
    return prediction, target


def _mean(losses: list[Value]) -> Value:
    if not losses:
        raise ValueError("a loss needs at least one sample, got none")
    return losses[0] if len(losses) == 1 else F.mean(losses)
