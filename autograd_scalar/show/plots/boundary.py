"""Decision boundaries: where a model of two inputs changes its mind, as a plot and as a film."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd_scalar.node.modes import no_grad
from autograd_scalar.value import Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Model = Callable[[list[Value]], Any]

#: Beyond so many distinct targets they are taken for numbers, not for classes.
MOST_CLASSES = 8
_MARGIN = 0.12  # around the points, as a share of their range


def decision_boundary(
    model: Model,
    X: Any,
    y: Sequence[float] | None = None,
    *,
    grid: int = 50,
    threshold: float | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Return a plot of a model's regions over two inputs, with the points of a data set on them.

    X is n rows of 2 numbers and y their n classes, or X is a Dataset alone. One output of the model
    decides between two classes by whether it is above the threshold (0, or the data set's own), and
    is shaded by how far; of several outputs the largest decides. The model is asked at `grid` x
    `grid` points, without recording. Raises ValueError where X is not n x 2 or y has not n classes.

    >>> figure = decision_boundary(lambda x: x[0] - x[1], [[0.0, 1.0], [1.0, 0.0]], [0, 1], grid=5)
    >>> figure.axes[0].get_xlabel()
    'x1'
    """
    from autograd_scalar.show.plots.figure import figure_of, new_axes

    points = _Points(X, y, threshold)
    axes = new_axes(4.6, 4.2) if ax is None else ax
    _draw(axes, model, points, grid)
    return figure_of(axes)


def boundary_gif(
    model: Model,
    X: Any,
    y: Sequence[float] | None,
    frames: Any,
    path: str | os.PathLike[str],
    *,
    grid: int = 32,
    fps: float = 10.0,
    threshold: float | None = None,
) -> Path:
    """Write a GIF of a boundary being learnt, and return its path.

    `frames` is the History of a training that recorded its frames, or an iterable that changes the
    model before it yields each title, such as a generator that trains a little. Raises ValueError
    where there is no frame; the other arguments are those of decision_boundary.
    """
    from PIL import Image

    from autograd_scalar.show.plots.figure import figure_of, new_axes

    points = _Points(X, y, threshold)
    axes = new_axes(3.6, 3.8)
    figure: Any = figure_of(axes)
    images: list[Image.Image] = []
    for title in frames.replay(model) if hasattr(frames, "replay") else frames:
        axes.clear()
        _draw(axes, model, points, grid)
        epoch = getattr(title, "epoch", None)
        axes.set_title(str(title) if epoch is None else f"epoch {epoch}", fontsize=10)
        figure.set_dpi(72)
        figure.canvas.draw()
        size = figure.canvas.get_width_height()
        drawn = bytes(figure.canvas.buffer_rgba())
        images.append(Image.frombytes("RGBA", size, drawn).convert("RGB"))
    if not images:
        raise ValueError("no frame to show: fit(..., record=1) records one an epoch")
    # One palette for all frames, or the shades flicker; few colours, or the file is large.
    sample = Image.new("RGB", (images[0].width, 2 * images[0].height))
    sample.paste(images[0])
    sample.paste(images[-1], (0, images[0].height))
    palette = sample.quantize(64)
    images = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    pause = 1000 / fps
    images[0].save(
        path,
        save_all=True,
        append_images=images[1:],
        duration=[*[pause] * (len(images) - 1), 10 * pause],
        loop=0,
    )
    return Path(path)


class _Points:
    """A data set of two inputs and its classes."""

    def __init__(self, X: Any, y: Sequence[float] | None, threshold: float | None) -> None:
        schema = getattr(X, "schema", None)
        if y is None:
            if not hasattr(X, "X") or not hasattr(X, "y"):
                raise TypeError("y is missing: pass X and y, or a Dataset")
            X, y = X.X, X.y
        self.rows = [[float(number) for number in row] for row in X]
        self.targets = [float(target) for target in y]
        if wrong := [len(row) for row in self.rows if len(row) != 2]:
            raise ValueError(f"a boundary is drawn over 2 inputs, got a row of {wrong[0]}")
        if not self.rows:
            raise ValueError("a boundary is drawn around points, got no rows")
        if len(self.rows) != len(self.targets):
            raise ValueError(f"X has {len(self.rows)} rows and y has {len(self.targets)} targets")
        self.classes = sorted(set(self.targets))
        if len(self.classes) > MOST_CLASSES:
            raise ValueError(
                f"y has {len(self.classes)} distinct values; a boundary is between classes, of "
                f"which there may be {MOST_CLASSES}"
            )
        named = getattr(schema, "classes", None)
        self.names = named or [f"{target:g}" for target in self.classes]
        self.features = getattr(schema, "features", ("x1", "x2"))
        self.threshold = getattr(schema, "threshold", 0.0) if threshold is None else threshold

    def extent(self, axis: int) -> tuple[float, float]:
        numbers = [row[axis] for row in self.rows]
        room = _MARGIN * (max(numbers) - min(numbers) or 1.0)
        return min(numbers) - room, max(numbers) + room


def _draw(axes: Axes, model: Model, points: _Points, grid: int) -> None:
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap

    from autograd_scalar.show.plots.figure import COLOURS, MARKERS, tidy

    across, up = (np.linspace(*points.extent(axis), grid) for axis in (0, 1))
    with no_grad():
        outputs = np.array([[_numbers(model([Value(a), Value(b)])) for a in across] for b in up])
    several = outputs.shape[2] > 1
    colours = [COLOURS[place % len(COLOURS)] for place in range(max(2, len(points.classes)))]
    if several:
        for place in range(outputs.shape[2]):
            # How far an output is above the best of the others, which is smooth between the points.
            with np.errstate(invalid="ignore"):  # inf - inf
                lead = outputs[:, :, place] - np.delete(outputs, place, axis=2).max(axis=2)
            if lead.max() > 0.0:
                shade = COLOURS[place % len(COLOURS)]
                axes.contourf(across, up, lead, [0.0, lead.max()], colors=[shade], alpha=0.3)
            _contour(axes, across, up, lead)
    else:
        colours[:2] = COLOURS[1], COLOURS[0]
        score = outputs[:, :, 0] - points.threshold
        finite = np.abs(score[np.isfinite(score)])
        most = float(np.quantile(finite, 0.95)) if finite.size else 1.0
        shades = LinearSegmentedColormap.from_list("sides", (colours[0], "#ffffff", colours[1]))
        levels = np.linspace(-1.0, 1.0, 9) * (most or 1.0)
        axes.contourf(across, up, score, levels, cmap=shades, extend="both", alpha=0.55)
        _contour(axes, across, up, score)
    for place, (target, name) in enumerate(zip(points.classes, points.names, strict=False)):
        rows = [row for row, y in zip(points.rows, points.targets, strict=True) if y == target]
        axes.scatter(
            [row[0] for row in rows],
            [row[1] for row in rows],
            s=16,
            marker=MARKERS[place % len(MARKERS)],
            color=colours[place],
            edgecolors="#222222",
            linewidths=0.5,
            label=str(name),
        )
    tidy(axes, xlabel=points.features[0], ylabel=points.features[1])
    axes.set(xlim=points.extent(0), ylim=points.extent(1))
    axes.legend(fontsize=8, framealpha=0.8, loc="upper right")


def _contour(axes: Axes, across: Any, up: Any, score: Any) -> None:
    """Draw the line where a score is 0, if it is on both sides of that at all."""
    if score.min() < 0.0 < score.max():
        axes.contour(across, up, score, levels=[0.0], colors="#222222", linewidths=1.2)


def _numbers(outputs: Any) -> list[float]:
    listed = list(outputs) if hasattr(outputs, "__len__") else [outputs]
    return [v.data if isinstance(v, Value) else float(v) for v in listed]
