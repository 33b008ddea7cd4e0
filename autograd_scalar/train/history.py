"""History: the losses, metrics and settings of a training run, one row per epoch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from math import inf, isnan
from typing import Any, NamedTuple

from autograd_scalar.nn import Module
from autograd_scalar.node import registry
from autograd_scalar.node.shared import stored_number


class Frame(NamedTuple):
    """The parameters after an epoch, in the order of `model.parameters()`; epoch 0 is the start."""

    epoch: int
    parameters: list[float]


class History(registry.HasCard):
    """The losses and metrics of a training run, as columns with one number per epoch.

    The columns are epoch (from 1), loss, accuracy or error, with a validation set val_loss and
    val_accuracy or val_error, then lr and seconds. `stopped` says why training ended: "finished",
    "early stopping", "callback", "interrupted" or "not finite"; it is "" while training runs.
    `frames` are the parameters at the epochs that `record` selects.

    >>> history = History()
    >>> history.append({"epoch": 1, "loss": 0.5}); history.append({"epoch": 2, "loss": 0.25})
    >>> history["loss"]
    [0.5, 0.25]
    >>> history.best_epoch
    2
    """

    def __init__(self, settings: dict[str, Any] | None = None) -> None:
        self.columns: dict[str, list[float]] = {}
        self.settings: dict[str, Any] = settings or {}
        self.stopped = ""
        self.frames: list[Frame] = []
        #: The model and the data, for explore(); not part of a checkpoint.
        self.model: Module | None = None
        self.data: Any = None
        #: The epoch whose parameters early stopping gave back to the model; None if it has those of the last one.
        self.kept: int | None = None
        #: True if batches ran as machine code; see the argument `jit` of fit.
        self.compiled = False

    def append(self, row: dict[str, float]) -> None:
        """Append an epoch; raise ValueError if its columns are not those of the first."""
        if self.columns and row.keys() != self.columns.keys():
            raise ValueError(f"expected columns {list(self.columns)}, got {list(row)}")
        for name, number in row.items():
            self.columns.setdefault(name, []).append(number)

    def __len__(self) -> int:
        return len(self.columns.get("epoch", ()))

    def __getitem__(self, name: str) -> list[float]:
        if name not in self.columns:
            raise KeyError(f"no column {name!r}; the columns are {', '.join(self.columns)}")
        return self.columns[name]

    def row(self, index: int) -> dict[str, float]:
        """Return the numbers of an epoch by column; index -1 is the last epoch."""
        return {name: column[index] for name, column in self.columns.items()}

    @property
    def monitored(self) -> str:
        """The column by which epochs are compared: "val_loss", or "loss" without validation."""
        return "val_loss" if "val_loss" in self.columns else "loss"

    @property
    def best_epoch(self) -> int:
        """The first epoch with the lowest monitored loss; 0 without any epoch."""
        losses = [inf if isnan(x) else x for x in self.columns.get(self.monitored, [])]
        return losses.index(min(losses)) + 1 if losses else 0

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the columns to a CSV file, with all digits."""
        import csv

        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self.columns)
            writer.writerows(zip(*self.columns.values(), strict=True))

    def replay(self, model: Module) -> Iterator[Frame]:
        """Yield each recorded frame while the model has its parameters, and restore them at the end.

        Draw the model inside the loop to show its training.
        """
        parameters = model.parameters()
        now = [p.data for p in parameters]
        try:
            for frame in self.frames:
                for p, data in zip(parameters, frame.parameters, strict=True):
                    p.data = data
                yield frame
        finally:
            for p, data in zip(parameters, now, strict=True):
                p.data = data

    def explore(self, path: str | os.PathLike[str] | None = None, *, sample: int = 0) -> Any:
        """Return the page of the run that `ag.explore(history)` makes; write it to `path` if given.

        >>> from autograd_scalar import data, nn, train
        >>> model, moons = nn.MLP(2, [2, 1], seed=0), data.moons(10, seed=0)
        >>> train.fit(model, moons, epochs=2, record=1, progress=False).explore().title
        'MLP over 3 recorded epochs'

        Raises TypeError for a history from a file: pass its model and data to `ag.explore`.
        """
        from autograd_scalar.show.explorer.explore import explore

        return explore(self, path, sample=sample)

    def to_json(self) -> dict[str, Any]:
        """Return the history as a JSON-serializable dictionary."""
        return {
            "columns": self.columns,
            "settings": self.settings,
            "stopped": self.stopped,
            "frames": [list(frame) for frame in self.frames],
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> History:
        """Return the history that `to_json` returned as a dictionary; ValueError if it cannot be one."""
        history = cls(dict(saved["settings"]))
        history.columns = {name: list(column) for name, column in saved["columns"].items()}
        for name, column in history.columns.items():
            for x in column:
                stored_number(f"the history's {name}", x)
        history.stopped = saved["stopped"]
        if len({len(column) for column in history.columns.values()}) > 1:
            raise ValueError("the history's columns differ in length")
        if history.columns and history.columns.get("epoch") != [*range(1, len(history) + 1)]:
            raise ValueError("the history's column 'epoch' does not count the epochs from 1")
        history.frames = [
            Frame(epoch, [stored_number("a parameter of the history's frames", x) for x in data])
            for epoch, data in saved["frames"]
        ]
        return history

    def __repr__(self) -> str:
        if not self:
            return f"History(no epoch{', ' + self.stopped if self.stopped else ''})"
        best, last = self.best_epoch, len(self)
        epochs = "epoch" if last == 1 else "epochs"
        head = f"History: {last} {epochs}, {self.stopped or 'training'}; best epoch {best}"
        table = self._table()
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(map(str.rjust, row, widths)) for row in table]
        return "\n".join([head, *lines])

    def _table(self) -> list[list[str]]:
        """Return the names of the columns, and the numbers of the first, the best and the last epoch."""
        epochs = sorted({1, self.best_epoch, len(self)})
        rows = ([f"{number:.4g}" for number in self.row(epoch - 1).values()] for epoch in epochs)
        return [list(self.columns), *rows]

    def _card_rows(self) -> list[tuple[str, ...]]:
        """Return the first, the best and the last epoch in columns, or that there is none."""
        state = self.stopped or "training"
        if not self:
            return [("History", "no epoch", state)]
        first, *epochs = self._table()
        heads = {1: "first", self.best_epoch: "best", len(self): "last"}
        heads = {epoch: heads[epoch] for epoch in sorted(heads)}
        rows = [(f"History, {state}", *(f"{name} epoch" for name in heads.values()))]
        return [*rows, *zip(first, *epochs, strict=True)]
