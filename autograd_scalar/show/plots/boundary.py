"""Decision boundaries of a model with two inputs, as a plot and as an animation."""

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

#: Maximum number of classes; more distinct targets are taken for a regression.
MAX_CLASSES = 8
#: Margin around the points, as a share of their range.
_MARGIN = 0.12


def decision_boundary(
    model: Model,
    X: Any,
    y: Sequence[float] | None = None,
    *,
    grid: int = 50,
    threshold: float | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Return a matplotlib Figure of a classifier's regions over two inputs, with the data points.

    With one output, the model predicts the second class above the threshold, and the shade is the
    distance from it; with several outputs, the largest decides. The model is evaluated at grid × grid
    points without recording.

    Raises TypeError if `y` is missing, ValueError unless `X` is n × 2 and `y` has n targets of at most
    8 classes.

    >>> figure = decision_boundary(lambda x: x[0] - x[1], [[0.0, 1.0], [1.0, 0.0]], [0, 1], grid=5)
    >>> figure.axes[0].get_xlabel()
    'x1'

    Args:
        X: n rows of 2 numbers; or a Dataset, without `y`.
        y: the n classes, as numbers.
        grid: points per axis at which the model is evaluated.
        threshold: the output above which the second class is predicted; by default that of the
            Dataset, else 0.
        ax: matplotlib Axes to draw on; by default those of a new figure.
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
    """Write a GIF of a decision boundary during training, and return its path.

    The other arguments are those of decision_boundary().

    Raises ValueError if there are no frames.

    >>> from autograd_scalar import data, nn, train
    >>> model, moons = nn.MLP(2, [4, 1], seed=0), data.moons(20, seed=0)
    >>> history = train.fit(model, moons, epochs=2, record=1, progress=False)
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     boundary_gif(model, moons, None, history, f"{folder}/boundary.gif", grid=5).name
    'boundary.gif'

    Args:
        frames: the History of a run of `fit` with `record=`, or an iterable that changes the model
            before it yields the title of each frame, such as a generator that trains.
        path: the file to write.
        fps: frames per second; the last frame stays ten times as long.
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
        raise ValueError("no frames to show: fit(..., record=1) records one per epoch")
    # One palette for all frames, so shades do not flicker; 64 colours, so the file is small.
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
    """Points with two inputs each, and their classes."""

    def __init__(self, X: Any, y: Sequence[float] | None, threshold: float | None) -> None:
        schema = getattr(X, "schema", None)
        if y is None:
            if not hasattr(X, "X") or not hasattr(X, "y"):
                raise TypeError(f"expected X and y, or a Dataset, got {type(X).__name__} without y")
            X, y = X.X, X.y
        self.rows = [[float(number) for number in row] for row in X]
        self.targets = [float(target) for target in y]
        if wrong := [len(row) for row in self.rows if len(row) != 2]:
            raise ValueError(f"a boundary needs rows of 2 inputs, got a row of {wrong[0]}")
        if not self.rows:
            raise ValueError("a boundary needs points, got no rows")
        if len(self.rows) != len(self.targets):
            raise ValueError(f"X has {len(self.rows)} rows and y has {len(self.targets)} targets")
        self.classes = sorted(set(self.targets))
        if len(self.classes) > MAX_CLASSES:
            raise ValueError(
                f"a boundary needs at most {MAX_CLASSES} classes, got {len(self.classes)} distinct "
                "values in y"
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

    from autograd_scalar.show.plots.figure import COLOURS, MARKERS, style

    across, up = (np.linspace(*points.extent(axis), grid) for axis in (0, 1))
    with no_grad():
        outputs = np.array([[_numbers(model([Value(a), Value(b)])) for a in across] for b in up])
    colours = [COLOURS[place % len(COLOURS)] for place in range(max(2, len(points.classes)))]
    if outputs.shape[2] > 1:
        _shade_classes(axes, across, up, outputs)
    else:
        colours[:2] = COLOURS[1], COLOURS[0]
        _shade_sides(axes, across, up, outputs[:, :, 0] - points.threshold, colours)
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
    style(axes, xlabel=points.features[0], ylabel=points.features[1])
    axes.set(xlim=points.extent(0), ylim=points.extent(1))
    axes.legend(fontsize=8, framealpha=0.8, loc="upper right")


def _shade_classes(axes: Axes, across: Any, up: Any, outputs: Any) -> None:
    """Shade the region of each class, where its output is the largest."""
    import numpy as np

    from autograd_scalar.show.plots.figure import COLOURS

    for place in range(outputs.shape[2]):
        # The lead over the best other output is smooth, so the contour is exact between grid points.
        with np.errstate(invalid="ignore"):  # inf - inf
            lead = outputs[:, :, place] - np.delete(outputs, place, axis=2).max(axis=2)
        if lead.max() > 0.0:
            shade = COLOURS[place % len(COLOURS)]
            axes.contourf(across, up, lead, [0.0, lead.max()], colors=[shade], alpha=0.3)
        _contour(axes, across, up, lead)


def _shade_sides(axes: Axes, across: Any, up: Any, score: Any, colours: Sequence[str]) -> None:
    """Shade both sides of the boundary by the distance of the score from 0."""
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap

    finite = np.abs(score[np.isfinite(score)])
    most = float(np.quantile(finite, 0.95)) if finite.size else 1.0
    shades = LinearSegmentedColormap.from_list("sides", (colours[0], "#ffffff", colours[1]))
    levels = np.linspace(-1.0, 1.0, 9) * (most or 1.0)
    axes.contourf(across, up, score, levels, cmap=shades, extend="both", alpha=0.55)
    _contour(axes, across, up, score)


def _contour(axes: Axes, across: Any, up: Any, score: Any) -> None:
    """Draw the line on which a score is 0, if it changes sign."""
    if score.min() < 0.0 < score.max():
        axes.contour(across, up, score, levels=[0.0], colors="#222222", linewidths=1.2)


def _numbers(outputs: Any) -> list[float]:
    listed = list(outputs) if hasattr(outputs, "__len__") else [outputs]
    return [v.data if isinstance(v, Value) else float(v) for v in listed]
