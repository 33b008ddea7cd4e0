"""What a training run leaves behind: one row an epoch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from math import inf, isnan
from typing import Any, NamedTuple

from autograd_scalar.nn import Module


class Frame(NamedTuple):
    """The parameters after an epoch (0: before the first), in the order of `model.parameters()`."""

    epoch: int
    parameters: list[float]


class History:
    """The numbers of each epoch, as columns of equal length, and why training stopped.

    `columns` has epoch (from 1), loss, accuracy or error, val_loss and val_accuracy or val_error
    where there is a validation set, lr, and seconds. `stopped` is "finished", "early stopping",
    "callback", "interrupted", or "" while training. `frames` is what `record` asked for.

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
        #: What was trained, and on what, for explore(); checkpoints do not keep them.
        self.model: Module | None = None
        self.data: Any = None
        #: Whether batches ran as machine code; see fit's `jit`.
        self.compiled = False

    def append(self, row: dict[str, float]) -> None:
        """Add an epoch; every row has the columns of the first."""
        if self.columns and row.keys() != self.columns.keys():
            raise ValueError(f"expected columns {list(self.columns)}, got {list(row)}")
        for name, number in row.items():
            self.columns.setdefault(name, []).append(number)

    def __len__(self) -> int:
        return len(self.columns.get("epoch", ()))

    def __getitem__(self, name: str) -> list[float]:
        if name not in self.columns:
            raise KeyError(f"no column {name!r}; there are {', '.join(self.columns)}")
        return self.columns[name]

    def row(self, index: int) -> dict[str, float]:
        """Return one epoch's numbers by name; the last epoch is at -1."""
        return {name: column[index] for name, column in self.columns.items()}

    @property
    def monitored(self) -> str:
        """The column that tells better epochs from worse: val_loss where there is one."""
        return "val_loss" if "val_loss" in self.columns else "loss"

    @property
    def best_epoch(self) -> int:
        """The first epoch with the lowest monitored loss; 0 where there is none."""
        losses = [inf if isnan(x) else x for x in self.columns.get(self.monitored, [])]
        return losses.index(min(losses)) + 1 if losses else 0

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the columns to a file; numbers are exact."""
        import csv

        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self.columns)
            writer.writerows(zip(*self.columns.values(), strict=True))

    def replay(self, model: Module) -> Iterator[Frame]:
        """Yield each recorded frame with the model as it was then; afterwards the model is as now.

        For pictures of how a model came about: draw it inside the loop.
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

    def explore(self, path: str | os.PathLike[str], sample: int = 0) -> Any:
        """Write one HTML file with the boundary, the loss and a sample's graph over the recorded epochs.

        `fit(..., record=1)` records them. Returns the Explorer, which a notebook shows; raises what
        `explore_history` raises where nothing was recorded.
        """
        from autograd_scalar.show.explorer.explore import explore_history

        return explore_history(self, path, sample=sample)

    def to_json(self) -> dict[str, Any]:
        """Return the history as a dictionary that JSON can hold."""
        return {
            "columns": self.columns,
            "settings": self.settings,
            "stopped": self.stopped,
            "frames": [list(frame) for frame in self.frames],
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> History:
        """Return the history that `to_json` described."""
        history = cls(dict(saved["settings"]))
        history.columns = {name: list(column) for name, column in saved["columns"].items()}
        history.stopped = saved["stopped"]
        history.frames = [Frame(*frame) for frame in saved["frames"]]
        if len({len(column) for column in history.columns.values()}) > 1:
            raise ValueError("the history's columns differ in length")
        if not all(isinstance(x, float | int) for c in history.columns.values() for x in c):
            raise ValueError("the history has a cell that is not a number")
        return history

    def __repr__(self) -> str:
        if not self:
            return f"History(no epoch{', ' + self.stopped if self.stopped else ''})"
        best, last = self.best_epoch, len(self)
        epochs = "epoch" if last == 1 else "epochs"
        head = f"History: {last} {epochs}, {self.stopped or 'training'}; best epoch {best}"
        table = [list(self.columns)]
        for epoch in sorted({1, best, last}):
            table.append([f"{number:.4g}" for number in self.row(epoch - 1).values()])
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(map(str.rjust, row, widths)) for row in table]
        return "\n".join([head, *lines])
