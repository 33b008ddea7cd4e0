"""Cursor over the batches of an epoch, resumable after any of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from operator import index
from typing import Any

from autograd_scalar.train.checkpoint import rng_state


class Cursor:
    """The batches of an epoch in their order, the number already done, and the sums over those.

    Rows are reshuffled for each epoch. A single batch is not shuffled: its order would only change
    the rounding.
    """

    def __init__(
        self, rows: int, batch_size: int | None, shuffle: bool, rng: random.Random
    ) -> None:
        self.rows, self.size = rows, min(index(batch_size or rows), rows)
        self.batches = -(-rows // self.size)
        self.shuffle, self.rng = shuffle and self.batches > 1, rng
        self.next_epoch()

    def next_epoch(self) -> None:
        """Move to the first batch of a new epoch."""
        #: State of the generator before the epoch's shuffle, which a resumed run repeats.
        self.start = self.rng.getstate()
        self.done = 0
        self.loss = self.metric = self.seconds = 0.0

    def remaining(self) -> Iterator[list[int]]:
        """Yield the row numbers of each batch not yet done."""
        order = list(range(self.rows))
        if self.shuffle:
            self.rng.setstate(self.start)
            self.rng.shuffle(order)
        for start in range(self.done * self.size, self.rows, self.size):
            yield order[start : start + self.size]

    def add(self, rows: int, loss: float, metric: float, seconds: float) -> None:
        """Count a batch as done: its number of rows, mean loss, mean metric, and time in seconds."""
        self.done += 1
        self.loss += loss * rows
        self.metric += metric * rows
        self.seconds += seconds

    def to_json(self) -> dict[str, Any]:
        """Return the position as a JSON-serializable dictionary."""
        return {
            "rng": self.start,
            "done": self.done,
            "sums": [self.loss, self.metric, self.seconds],
        }

    def load_json(self, saved: dict[str, Any]) -> None:
        """Move to the position that `to_json` returned.

        Raises ValueError if this epoch has fewer batches.
        """
        if saved["done"] > self.batches:
            raise ValueError(
                f"a damaged checkpoint: {saved['done']} batches are done, but an epoch has {self.batches}"
            )
        self.start = rng_state(saved)
        self.rng.setstate(self.start)
        self.done = saved["done"]
        self.loss, self.metric, self.seconds = saved["sums"]
