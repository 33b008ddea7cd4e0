"""Results of a training run: a summary in lines, and files with plots and pictures."""

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
    """Return lines with the loss and metric of the epoch whose parameters the model has."""
    if not history:
        return ["stopped     interrupted in the first epoch"]
    epoch = history.best_epoch if early_stopping else len(history)
    row = history.row(epoch - 1)
    ended = f"{history.stopped} after {len(history)} epochs, {sum(history['seconds']):.1f} s"
    if history.compiled:
        ended += " in machine code"
    if history.stopped == "interrupted":
        ended += "; the same command with --resume continues"
    if epoch != len(history):
        ended += f"; the model is that of epoch {epoch}, the best"
    lines = [f"stopped     {ended}"]
    for name, prefix in (("training", ""), ("validation", "val_")):
        numbers = []
        if f"{prefix}loss" in row:
            numbers.append(f"loss {row[f'{prefix}loss']:.4g}")
        if f"{prefix}accuracy" in row:
            numbers.append(f"accuracy {100 * row[f'{prefix}accuracy']:.1f} %")
        if f"{prefix}error" in row:  # in the unit of the target
            numbers.append(f"mean error {row[f'{prefix}error'] * schema.target_scale:.4g}")
        if numbers:
            lines.append(f"{name:<11} {', '.join(numbers)}")
    return lines


def write_files(
    folder: str, saved: Checkpoint, data: Dataset, *, gif: bool
) -> Iterator[tuple[str, str]]:
    """Write the plots and pictures of a saved run; yield the path and a description of each.

    `data` is the data set before scaling. The boundary between classes over two features is drawn
    in the units of the features.
    """
    from autograd_scalar.data import Dataset
    from autograd_scalar.show.draw import draw
    from autograd_scalar.show.play.play import shows, training_page
    from autograd_scalar.show.plots import plot
    from autograd_scalar.show.plots.boundary import MAX_CLASSES
    from autograd_scalar.show.plots.figure import figure_of, offscreen_axes

    model: Any = saved.build()
    history, schema = saved.history, saved.schema
    assert history is not None and schema is not None  # fit saves both

    def place(name: str) -> str:
        return os.path.join(folder, name)

    def unscaled(row: Sequence[Any]) -> Any:
        return model(schema.standardise(row))

    history.to_csv(place("history.csv"))
    yield place("history.csv"), "one line per epoch"
    if history:
        _write_curves(history, place("loss.png"))
        yield place("loss.png"), "the loss over the epochs"
    if data.classes and len(data.classes) <= MAX_CLASSES and len(data.features) == 2:
        axes = offscreen_axes(5.4, 4.2)
        plot.decision_boundary(unscaled, data, threshold=schema.threshold, ax=axes)
        figure_of(axes).savefig(place("boundary.png"), dpi=DPI)
        yield place("boundary.png"), "the boundary between the classes"
        if gif:
            titles = (f"epoch {frame.epoch}" for frame in history.replay(model))
            plot.boundary_gif(
                unscaled, data, None, titles, place("boundary.gif"), threshold=schema.threshold
            )
            yield place("boundary.gif"), "the boundary over the epochs"
    standardised = [schema.standardise(row) for row in data.X]
    if data.classes and len(data.classes) == 2 and shows(model, data):
        scaled = Dataset(
            standardised,
            data.y,
            features=data.features,
            target=schema.target,
            classes=data.classes,
        )
        training_page({"data": scaled}, place("play.html"), model=model)
        yield place("play.html"), "a page to train the network further in a browser"
    draw(model, place("network.svg"), data=Dataset(standardised, data.y, schema=schema))
    yield place("network.svg"), "the network for the first row"
    y = active_output(model.layers[0].neurons[0], standardised, schema.features)
    draw(y, place("neuron.svg"), group=None)  # a dot in a column's name does not make a group
    yield place("neuron.svg"), "the graph of the first neuron for one row"


def _write_curves(history: History, path: str) -> None:
    """Write a picture of the loss, and of the accuracy or error below it, over the epochs."""
    from autograd_scalar.show.plots.curves import loss_curve, metric_curve, metric_of
    from autograd_scalar.show.plots.figure import COLOURS, figure_of, offscreen_axes

    axes = offscreen_axes(6.0, 4.8)
    figure = figure_of(axes)
    if metric_of(history.columns):
        axes.remove()
        axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        metric_curve(history, ax=below, color=COLOURS[0])
    loss_curve(history, ax=axes, color=COLOURS[0])
    axes.label_outer()
    figure.savefig(path, dpi=DPI)


def active_output(
    neuron: Neuron, rows: Iterable[Sequence[float]], features: Sequence[str]
) -> Value:
    """Return the labelled output of a neuron, after backward, for the first row with a gradient.

    If no row has one, as for a relu that is off everywhere, it is the output for the last row.
    """
    from autograd_scalar.value import Value

    for i, w in enumerate(neuron.w, start=1):
        w.label = f"w{i}"
    neuron.b.label = "b"
    for row in rows:
        y = neuron([Value(x, label=name) for x, name in zip(row, features, strict=True)])
        neuron.zero_grad()
        y.backward()
        if neuron.b.grad:
            break
    y.label = "y"
    return y
