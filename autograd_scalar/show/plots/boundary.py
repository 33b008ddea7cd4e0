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

Model = Callable[[list[Value]], Any]

#: Maximum number of classes; more distinct targets are taken for a regression.
MAX_CLASSES = 8
#: Margin around the points, as a share of their range.
_MARGIN = 0.12
#: Resolution of an animation: twice that of a usual screen.
_GIF_DPI = 144


def decision_boundary(
    model: Model,
    X: Any,
    y: Sequence[float] | None = None,
    *,
    grid: int = 50,
    threshold: float | None = None,
    fill: bool = True,
    ax: Axes | None = None,
    label: str | None = None,
    color: Any = None,
) -> Axes:
    """Plot a classifier's regions over two inputs, with the data points; return the matplotlib Axes.

    With one output, the model predicts the second class above the threshold, and the shade is the
    distance from it; with several outputs, the largest decides. The model is evaluated at grid × grid
    points without recording. A standardised Dataset is plotted in its original units.

    Raises TypeError if `y` is missing, ValueError unless `X` is n × 2 and `y` has n targets of at most
    8 classes.

    >>> ax = decision_boundary(lambda x: x[0] - x[1], [[0.0, 1.0], [1.0, 0.0]], [0, 1], grid=5)
    >>> ax.get_xlabel()
    'x1'

    Args:
        X: n rows of 2 numbers; or a Dataset, without `y`.
        y: the n classes, as numbers.
        grid: points per axis at which the model is evaluated.
        threshold: the output above which the second class is predicted; by default that of the
            Dataset, else 0.
        fill: shade the regions and draw the points. False draws the boundary alone, so that the
            boundaries of several models compare in one picture.
        ax: matplotlib Axes to draw on; by default those of a new figure.
        label: the boundary's entry in the legend; by default it has none.
        color: the boundary's colour; by default that of the axes' labels.
    """
    from autograd_scalar.show.plots.figure import new_axes

    points = _Points(X, y, threshold)
    axes = new_axes(5.4, 4.2) if ax is None else ax
    _draw(axes, model, points, grid, fill=fill, label=label, color=color)
    return axes


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

    It has twice the resolution of a usual screen. The other arguments are those of decision_boundary().

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

    from autograd_scalar.show.plots.figure import figure_of, offscreen_axes

    points = _Points(X, y, threshold)
    axes = offscreen_axes(4.2, 3.6)
    figure: Any = figure_of(axes)
    figure.set_dpi(_GIF_DPI)
    images: list[Image.Image] = []
    for title in frames.replay(model) if hasattr(frames, "replay") else frames:
        axes.clear()
        _draw(axes, model, points, grid)
        epoch = getattr(title, "epoch", None)
        axes.set_title(str(title) if epoch is None else f"epoch {epoch}", fontsize=10)
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
        found = sorted(set(self.targets))
        if len(found) > MAX_CLASSES:
            raise ValueError(
                f"a boundary needs at most {MAX_CLASSES} classes, got {len(found)} distinct "
                "values in y"
            )
        named = getattr(schema, "classes", None)
        self.classes = _class_numbers(found, named)
        self.names = named or [f"{target:g}" for target in self.classes]
        self.features = getattr(schema, "features", ("x1", "x2"))
        self.threshold = getattr(schema, "threshold", 0.0) if threshold is None else threshold
        #: The scaling of the rows, which the plot undoes.
        self._mean = getattr(schema, "mean", None) or (0.0, 0.0)
        self._scale = getattr(schema, "scale", None) or (1.0, 1.0)

    def extent(self, axis: int) -> tuple[float, float]:
        """Return the ends of an axis, in the units of the rows."""
        numbers = [row[axis] for row in self.rows]
        room = _MARGIN * (max(numbers) - min(numbers) or 1.0)
        return min(numbers) - room, max(numbers) + room

    def original(self, axis: int, numbers: Any) -> Any:
        """Return an array of coordinates in their original units."""
        return self._mean[axis] + self._scale[axis] * numbers


def _class_numbers(found: list[float], named: Sequence[str] | None) -> list[float]:
    """Return the target of each class in order, including classes without points.

    Two classes are 0 and 1, or -1 and 1; named ones are numbered from 0.
    """
    for two in ([0.0, 1.0], [-1.0, 1.0]):
        if set(found) <= set(two) and (named is None or len(named) == 2):
            return two
    return found if named is None else [float(k) for k in range(len(named))]


def _draw(
    axes: Axes,
    model: Model,
    points: _Points,
    grid: int,
    *,
    fill: bool = True,
    label: str | None = None,
    color: Any = None,
) -> None:
    import numpy as np

    from autograd_scalar.show.plots.figure import COLOURS, ink, legend, style

    across, up = (np.linspace(*points.extent(axis), grid) for axis in (0, 1))
    with no_grad():
        outputs = np.array([[_numbers(model([Value(a), Value(b)])) for a in across] for b in up])
    plane = points.original(0, across), points.original(1, up)
    scores = _leads(outputs) if outputs.shape[2] > 1 else [outputs[:, :, 0] - points.threshold]
    if fill and len(scores) > 1:
        for lead, shade in zip(scores, COLOURS, strict=False):
            _shade_class(axes, plane, lead, shade)
    elif fill:
        _shade_sides(axes, plane, scores[0])
    for score in scores:
        if score.min() < 0.0 < score.max():
            colour = ink(axes) if color is None else color
            axes.contour(*plane, score, levels=[0.0], colors=[colour], linewidths=1.4)
    if label is not None:  # a contour has no entry in a legend
        axes.plot([], [], color=ink(axes) if color is None else color, lw=1.4, label=label)
    if fill:
        _scatter(axes, points)
    style(axes, xlabel=points.features[0], ylabel=points.features[1])
    axes.set(xlim=(plane[0][0], plane[0][-1]), ylim=(plane[1][0], plane[1][-1]))
    legend(axes)


def _scatter(axes: Axes, points: _Points) -> None:
    """Draw the points of each class, outlined in the colour of the background."""
    import numpy as np

    from autograd_scalar.show.plots.figure import COLOURS, MARKERS, paper

    rows = np.column_stack([points.original(k, np.array(points.rows)[:, k]) for k in (0, 1)])
    for place, (target, name) in enumerate(zip(points.classes, points.names, strict=False)):
        chosen = rows[np.array(points.targets) == target]
        axes.scatter(
            chosen[:, 0],
            chosen[:, 1],
            s=18,
            marker=MARKERS[place % len(MARKERS)],
            color=COLOURS[place % len(COLOURS)],
            edgecolors=[paper(axes)],
            linewidths=0.6,
            label=str(name),
            zorder=3,
        )


def _leads(outputs: Any) -> list[Any]:
    """Return the lead of each output over the best other one: smooth, so contours are exact between grid points."""
    import numpy as np

    with np.errstate(invalid="ignore"):  # inf - inf
        return [
            outputs[:, :, k] - np.delete(outputs, k, axis=2).max(axis=2)
            for k in range(outputs.shape[2])
        ]


def _shade_class(axes: Axes, plane: tuple[Any, Any], lead: Any, shade: str) -> None:
    """Shade the region of a class, where its output leads."""
    if lead.max() > 0.0:
        axes.contourf(*plane, lead, [0.0, lead.max()], colors=[shade], alpha=0.3)


def _shade_sides(axes: Axes, plane: tuple[Any, Any], score: Any) -> None:
    """Shade both sides of the boundary by the distance of the score from 0."""
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap

    from autograd_scalar.show.plots.figure import COLOURS, paper

    finite = np.abs(score[np.isfinite(score)])
    most = float(np.quantile(finite, 0.95)) if finite.size else 1.0
    shades = LinearSegmentedColormap.from_list("sides", (COLOURS[0], paper(axes), COLOURS[1]))
    levels = np.linspace(-1.0, 1.0, 9) * (most or 1.0)
    axes.contourf(*plane, score, levels, cmap=shades, extend="both", alpha=0.55)


def _numbers(outputs: Any) -> list[float]:
    listed = list(outputs) if hasattr(outputs, "__len__") else [outputs]
    return [v.data if isinstance(v, Value) else float(v) for v in listed]
