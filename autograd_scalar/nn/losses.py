"""Losses: how far predictions are from their targets, as one Value to be made small.

Each takes one sample, or a list of samples and gives their mean. They are composed of rows of the
table, chosen so that every finite score gives a finite loss.

Targets that are Values are data, as a compiled function has them: they are not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import fsum
from numbers import Real
from typing import Any

import autograd_scalar.functions as F
from autograd_scalar.value import Value

Loss = Callable[[Any, Any], Value]


def mse(predictions: Any, targets: Any) -> Value:
    """Return the mean of (prediction - target)², over the samples and their outputs.

    >>> mse([Value(1.0), Value(5.0)], [1.0, 2.0]).data
    4.5
    """
    return _mean([(p - t) ** 2 for p, t in _pairs(predictions, targets)])


def hinge(scores: Any, targets: Any) -> Value:
    """Return the mean of max(0, 1 - target · score), the max-margin loss; targets are -1 or 1.

    >>> hinge([Value(3.0), Value(0.5)], [1, -1]).data
    0.75

    Raises ValueError for other targets.
    """
    losses = []
    for score, target in _pairs(scores, targets):
        if not isinstance(target, Value) and target not in (-1, 1):
            raise ValueError(
                f"hinge takes targets -1 and 1, got {target!r}; from 0 and 1 they are 2*y - 1 "
                "(Dataset.signed), or use binary_cross_entropy"
            )
        losses.append((1.0 + -target * score).relu())
    return _mean(losses)


def binary_cross_entropy(logits: Any, targets: Any) -> Value:
    """Return the mean of -t log s(z) - (1 - t) log(1 - s(z)), s the sigmoid; targets are in 0..1.

    z is the logit, what comes before a sigmoid. Written as t softplus(-z) + (1 - t) softplus(z),
    which neither overflows nor cancels.

    >>> binary_cross_entropy([Value(1000.0), Value(-1000.0)], [1, 1]).data
    500.0

    Raises ValueError for a target outside of 0..1.
    """
    losses = []
    for z, t in _pairs(logits, targets):
        if isinstance(t, Value):
            losses.append(t * (-z).softplus() + (1.0 - t) * z.softplus())
            continue
        if not 0 <= t <= 1:
            hint = "; from -1 and 1 they are (y + 1) / 2" if t == -1 else ""
            raise ValueError(f"binary_cross_entropy takes targets from 0 to 1, got {t!r}{hint}")
        if t == 1:
            losses.append((-z).softplus())
        elif t == 0:
            losses.append(z.softplus())
        else:
            losses.append(t * (-z).softplus() + (1.0 - t) * z.softplus())
    return _mean(losses)


def cross_entropy(logits: Any, targets: Any) -> Value:
    """Return the mean of -sum_i p_i log softmax(z)_i, the target p a class index or probabilities.

    One sample is a list of logits and its target; more are a list of such lists, and a list of
    targets. Computed as logsumexp(z) - sum_i p_i z_i, without a softmax that could underflow.

    >>> cross_entropy([Value(1000.0), Value(-1000.0)], 1).data
    2000.0
    >>> round(cross_entropy([[Value(0.0), Value(0.0)]], [[0.5, 0.5]]).data, 6)
    0.693147

    Raises ValueError for a class that does not exist, and for numbers that are no probabilities.
    """
    if not _is_list(logits) or len(logits) == 0:
        raise TypeError(f"cross_entropy takes a list of logits, one for each class, got {logits!r}")
    if not _is_list(logits[0]):
        return _cross_entropy(logits, targets)
    if not _is_list(targets) or len(targets) != len(logits):
        raise ValueError(_unequal(logits, targets))
    return _mean([_cross_entropy(z, t) for z, t in zip(logits, targets, strict=True)])


def _cross_entropy(logits: Sequence[Any], target: Any) -> Value:
    """Return the loss of one sample."""
    if _is_list(target):
        if len(target) != len(logits):
            raise ValueError(f"{len(target)} probabilities for {len(logits)} logits")
        if not any(isinstance(p, Value) for p in target) and (
            min(target) < 0.0 or abs(fsum(target) - 1.0) > 1e-6
        ):
            raise ValueError(f"probabilities are 0 or more and sum to 1, got {list(target)}")
        expected: Value = F.dot(logits, target)
    elif isinstance(target, Value):
        expected = F.take(logits, target)
    else:
        if not hasattr(target, "__index__"):
            raise TypeError(f"a target is a class index or a list of probabilities, got {target!r}")
        if not 0 <= target < len(logits):
            raise ValueError(f"no class {target} among {len(logits)} logits; they count from 0")
        expected = logits[target]
    total: Value = F.logsumexp(logits)
    return total - expected


def l2(parameters: Sequence[Value]) -> Value:
    """Return the sum of squares, to be added to a loss with a small factor: weight decay.

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
    """Return the loss of that name, or the function itself."""
    if callable(loss):
        return loss
    if loss not in LOSSES:
        raise ValueError(
            f"unknown loss {loss!r}; there are {', '.join(LOSSES)}, or pass a function"
        )
    return LOSSES[loss]


def _is_list(x: Any) -> bool:
    return hasattr(x, "__len__") and not isinstance(x, str)


def _unequal(predictions: Any, targets: Any) -> str:
    counts = [f"{len(x)}" if _is_list(x) else f"a single {x!r}" for x in (predictions, targets)]
    return f"{counts[0]} predictions for {counts[1]} targets"


def _pairs(predictions: Any, targets: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each scalar prediction with its target, from two structures nested alike.

    A prediction that is a list of one, as `Linear` gives, goes with a bare target.
    """
    if not _is_list(predictions):
        if _is_list(targets):
            raise ValueError(_unequal(predictions, targets))
        yield _numbers(predictions, targets)
    elif not _is_list(targets):
        if len(predictions) != 1:
            raise ValueError(_unequal(predictions, targets))
        yield _numbers(predictions[0], targets)
    else:
        if len(predictions) != len(targets):
            raise ValueError(_unequal(predictions, targets))
        for p, t in zip(predictions, targets, strict=True):
            yield from _pairs(p, t)


def _numbers(prediction: Any, target: Any) -> tuple[Any, Any]:
    for x in (prediction, target):
        if not isinstance(x, Value | Real):
            raise TypeError(
                f"a loss is of numbers, got the prediction {prediction!r} and the target {target!r}"
            )
    return prediction, target


def _mean(losses: list[Value]) -> Value:
    if not losses:
        raise ValueError("a loss needs at least one sample")
    return losses[0] if len(losses) == 1 else F.mean(losses)
