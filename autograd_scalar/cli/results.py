"""What a training leaves behind: lines with its numbers, and files to look at."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd_scalar.data import Dataset, Schema
    from autograd_scalar.nn import Neuron
    from autograd_scalar.train import Checkpoint, History
    from autograd_scalar.value import Value

DPI = 110


def summary(history: History, schema: Schema, *, early_stopping: bool) -> list[str]:
    """Return lines with the numbers of the epoch that the model is of."""
    if not history:
        return ["stopped     interrupted in the first epoch"]
    epoch = history.best_epoch if early_stopping else len(history)
    row = history.row(epoch - 1)
    ended = f"{history.stopped} after {len(history)} epochs, {sum(history['seconds']):.1f} s"
    if history.compiled:
        ended += " in machine code"
    if history.stopped == "interrupted":
        ended += "; the same command with --resume goes on"
    if epoch != len(history):
        ended += f"; the model is that of epoch {epoch}, the best"
    lines = [f"stopped     {ended}"]
    for name, prefix in (("training", ""), ("validation", "val_")):
        numbers = []
        if f"{prefix}loss" in row:
            numbers.append(f"loss {row[f'{prefix}loss']:.4g}")
        if f"{prefix}accuracy" in row:
            numbers.append(f"accuracy {100 * row[f'{prefix}accuracy']:.1f} %")
        if f"{prefix}error" in row:  # back in the target's own unit
            numbers.append(f"mean error {row[f'{prefix}error'] * schema.target_scale:.4g}")
        if numbers:
            lines.append(f"{name:<11} {', '.join(numbers)}")
    return lines


def write_files(
    folder: str, saved: Checkpoint, data: Dataset, *, gif: bool
) -> Iterator[tuple[str, str]]:
    """Write what shows a saved training of data (as it was before scaling); yield path and content.

    A boundary is drawn between classes over two features, in the features' own units.
    """
    from autograd_scalar.show.draw import draw
    from autograd_scalar.show.plots import plot
    from autograd_scalar.show.plots.boundary import MAX_CLASSES

    model: Any = saved.build()
    history, schema = saved.history, saved.schema
    assert history is not None and schema is not None  # fit always keeps them

    def place(name: str) -> str:
        return os.path.join(folder, name)

    def unscaled(row: Sequence[Any]) -> Any:
        return model(schema.standardise(row))

    history.to_csv(place("history.csv"))
    yield place("history.csv"), "the numbers of each epoch"
    if history:
        plot.loss_curve(history).savefig(place("loss.png"), dpi=DPI)
        yield place("loss.png"), "the course of the loss"
    if data.classes and len(data.classes) <= MAX_CLASSES and len(data.features) == 2:
        plot.decision_boundary(unscaled, data, threshold=schema.threshold).savefig(
            place("boundary.png"), dpi=DPI
        )
        yield place("boundary.png"), "the boundary between the classes"
        if gif:
            titles = (f"epoch {frame.epoch}" for frame in history.replay(model))
            plot.boundary_gif(
                unscaled, data, None, titles, place("boundary.gif"), threshold=schema.threshold
            )
            yield place("boundary.gif"), "how it was learnt"
    y = fired(model.layers[0].neurons[0], map(schema.standardise, data.X), schema.features)
    draw(y, place("neuron.svg"), group=None)  # a dot in a column's name is no scope
    yield place("neuron.svg"), "the graph of the first neuron, at one row"


def fired(neuron: Neuron, rows: Iterable[Sequence[float]], features: Sequence[str]) -> Value:
    """Return a neuron's output, labelled and after backward, for the first row it has a slope at."""
    from autograd_scalar.value import Value

    for i, w in enumerate(neuron.w, start=1):
        w.label = f"w{i}"
    neuron.b.label = "b"
    for row in rows:
        y = neuron([Value(x, label=name) for x, name in zip(row, features, strict=True)])
        neuron.zero_grad()
        y.backward()
        if neuron.b.grad:  # a relu may be off
            break
    y.label = "y"
    return y
