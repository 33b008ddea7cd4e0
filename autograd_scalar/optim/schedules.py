"""Learning rate schedules: functions from the epoch, counted from 0, to the learning rate."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi

from autograd_scalar.node import registry

Schedule = Callable[[int], float]

#: The epochs of a schedule's card.
SHOWN = (0, 1, 2, 5, 10, 20, 50, 100)


class _Described(registry.HasCard):
    """A schedule that shows how it was made."""

    def __init__(self, text: str, lr: Schedule) -> None:
        self.text, self.lr = text, lr

    def __call__(self, epoch: int) -> float:
        return self.lr(epoch)

    def __repr__(self) -> str:
        return self.text

    def _card_rows(self) -> list[tuple[str, ...]]:
        return [("epoch", self.text), *((str(k), f"{self.lr(k):.4g}") for k in SHOWN)]


def constant(lr: float) -> Schedule:
    """Return the schedule with the same lr in every epoch."""
    return _Described(f"constant({lr})", lambda epoch: lr)


def linear(start: float = 1.0, stop: float = 0.1, epochs: int = 100) -> Schedule:
    """Return the schedule that goes linearly from start to stop in `epochs` epochs and stays there.

    The defaults are the schedule of micrograd's demo, 1.0 - 0.9 k / 100.

    >>> linear()(50)
    0.55
    """
    _check_epochs(epochs)
    return _Described(
        f"linear({start}, {stop}, epochs={epochs})",
        lambda epoch: stop if epoch >= epochs else start - (start - stop) * epoch / epochs,
    )


def step(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """Return the schedule lr · factor^(epoch // every): a step down every `every` epochs.

    >>> [step(1.0, every=2, factor=0.5)(epoch) for epoch in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    _check_epochs(every)
    return _Described(
        f"step({lr}, every={every}, factor={factor})",
        lambda epoch: lr * factor ** (epoch // every),
    )


def exponential(lr: float, factor: float) -> Schedule:
    """Return the schedule lr · factor^epoch.

    >>> exponential(1.0, 0.5)(3)
    0.125
    """
    return _Described(f"exponential({lr}, {factor})", lambda epoch: lr * factor**epoch)


def cosine(lr: float, epochs: int, stop: float = 0.0) -> Schedule:
    """Return the schedule that goes from lr to stop along half a cosine and stays there.

    stop + (lr - stop) (1 + cos(π epoch / epochs)) / 2.

    >>> cosine(1.0, epochs=10)(5)
    0.5
    """
    _check_epochs(epochs)
    return _Described(
        f"cosine({lr}, epochs={epochs}, stop={stop})",
        lambda epoch: stop + (lr - stop) * (1.0 + cos(pi * min(epoch, epochs) / epochs)) / 2.0,
    )


def warmup(epochs: int, then: Schedule | float) -> Schedule:
    """Return the schedule that rises linearly for `epochs` epochs and continues with `then`.

    `then` is a learning rate, or a schedule whose epoch 0 is the first one after the rise.

    >>> [warmup(4, then=1.0)(epoch) for epoch in range(6)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    """
    _check_epochs(epochs)
    after = then if callable(then) else constant(then)
    return _Described(
        f"warmup({epochs}, then={then!r})",
        lambda epoch: after(0) * (epoch + 1) / epochs if epoch < epochs else after(epoch - epochs),
    )


def _check_epochs(epochs: int) -> None:
    if not hasattr(epochs, "__index__") or epochs < 1:
        raise ValueError(f"a schedule needs a positive integer number of epochs, got {epochs!r}")
