"""The loss over a plane through the space of the parameters, with the path of training on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from autograd_scalar.node.modes import no_grad
from autograd_scalar.show.plots.curves import LOG_RATIO
from autograd_scalar.show.plots.steps import snapshots
from autograd_scalar.value import Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Margin around the path, as a share of its extent; and half the plane's width without a path, as a share of
#: the parameters' norm.
_MARGIN, _WIDTH = 0.35, 1.0
#: Number of levels of the contours.
_LEVELS = 16


def loss_surface(
    loss: Callable[[], Any],
    params: Any,
    path: Any = None,
    *,
    grid: int = 25,
    seed: int = 0,
    ax: Axes | None = None,
    label: str | None = None,
    color: Any = None,
) -> Axes:
    """Plot the loss over a plane through the parameters as contours, with a path on it; return the matplotlib Axes.

    Two parameters span the plane themselves. With more, the plane goes through the last point of the path
    along the two directions in which it moves most (its principal components); without a path, through
    the present parameters along two random directions. The loss is evaluated at grid × grid points
    without recording; compile it with `jit` if that takes long. The parameters are restored.

    Raises ValueError for fewer than two parameters, and for frames of another number of parameters.

    >>> a, b = Value(1.0, label="a"), Value(2.0, label="b")
    >>> ax = loss_surface(lambda: a * a + 4.0 * b * b, [a, b], [[1.0, 2.0], [0.5, 0.1]], grid=5)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('a', 'b')

    Args:
        loss: a function that computes the loss from the parameters, as a Value or a number.
        params: the parameters: a list of Values, or a module.
        path: the parameters after each step: a list of lists, or the History of a run of `fit` with
            `record=`.
        grid: points per axis.
        seed: seed of the random directions.
        ax: matplotlib Axes to draw on; a surface on them must have the same plane. By default those of a
            new figure.
        label: the path's name in the legend.
        color: the path's colour; by default the next one of the axes.
    """
    import numpy as np

    from autograd_scalar.show.plots.figure import legend, new_axes, style

    values: list[Value] = list(params.parameters() if hasattr(params, "parameters") else params)
    if len(values) < 2:
        raise ValueError(f"a plane needs two or more parameters, got {len(values)}")
    present = np.array([v.data for v in values])
    states = np.array(snapshots(path, len(values))[2]) if path is not None else present[None]
    axes = new_axes(5.6, 4.2) if ax is None else ax
    plane = _Plane(values, states, seed)
    along = plane.coordinates(states)
    low, high = along.min(axis=0), along.max(axis=0)
    room = _MARGIN * max(*(high - low)) if path is not None else _WIDTH * plane.size
    across, up = (np.linspace(low[k] - room, high[k] + room, grid) for k in (0, 1))
    points = np.array([[plane.point(x, y) for x in across] for y in up])
    heights = _heights(loss, values, points.reshape(-1, len(values))).reshape(grid, grid)
    _contours(axes, across, up, heights)
    if path is not None:
        _path(axes, along, label, color)
    style(axes, xlabel=plane.names[0], ylabel=plane.names[1])
    axes.set(xlim=(across[0], across[-1]), ylim=(up[0], up[-1]))
    legend(axes)
    return axes


class _Plane:
    """A plane through the space of the parameters: an origin, and two orthogonal directions of length 1."""

    def __init__(self, values: Sequence[Value], states: Any, seed: int) -> None:
        import numpy as np

        self.origin = states[-1]
        self.size = float(np.linalg.norm(self.origin)) or 1.0
        self.names = ("direction 1", "direction 2")
        if len(values) == 2:
            self.origin, self.directions = np.zeros(2), np.eye(2)
            first, second = (v.label or f"params[{k}]" for k, v in enumerate(values))
            self.names = first, second
            return
        drawn = np.random.default_rng(seed).normal(size=(2, len(values)))
        moved = states - self.origin
        _, sizes, found = np.linalg.svd(moved, full_matrices=False)
        significant = int(np.sum(sizes > 1e-9 * max(1e-300, sizes[0])))
        # A path along a line has one direction, no path has none: random ones fill the rest.
        candidates = np.vstack([found[: min(2, significant)], drawn])
        self.directions = np.linalg.qr(candidates[:2].T)[0].T
        # The signs of singular vectors are arbitrary: the path begins at the left, and below.
        self.directions *= np.where(self.directions @ moved[0] > 0.0, -1.0, 1.0)[:, None]
        if significant:
            shares = sizes**2 / np.sum(sizes**2)
            first, second = (
                f"direction {k + 1}, {100 * s:.0f} % of the path"
                for k, s in enumerate([*shares, 0.0][:2])
            )
            self.names = first, second

    def coordinates(self, states: Any) -> Any:
        return (states - self.origin) @ self.directions.T

    def point(self, x: float, y: float) -> Any:
        return self.origin + x * self.directions[0] + y * self.directions[1]


def _heights(loss: Callable[[], Any], values: Sequence[Value], points: Any) -> Any:
    """Return the loss at each point; the parameters are restored."""
    import numpy as np

    before = [v.data for v in values]
    try:
        with no_grad():
            found = []
            for point in points:
                for v, x in zip(values, point, strict=True):
                    v.data = float(x)
                y = loss()
                found.append(y.data if isinstance(y, Value) else float(y))
        return np.array(found)
    finally:
        for v, x in zip(values, before, strict=True):
            v.data = x


def _contours(axes: Axes, across: Any, up: Any, heights: Any) -> None:
    """Draw contours of a surface, at logarithmic levels if it spans a large ratio, with some heights written."""
    import numpy as np
    from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap

    from autograd_scalar.show.plots.figure import ink, paper

    finite = heights[np.isfinite(heights)]
    if not finite.size or finite.min() == finite.max():
        return
    low, high = finite.min(), finite.max()
    levels = np.linspace(low, high, _LEVELS)
    if 0.0 < low * LOG_RATIO < high:
        levels = np.geomspace(low, high, _LEVELS)
    shown = np.ma.masked_invalid(heights)
    # Grey, so that paths of all colours stand out.
    greys = LinearSegmentedColormap.from_list("greys", (paper(axes), ink(axes)))
    scale = BoundaryNorm(levels, 256)
    axes.contourf(across, up, shown, levels, cmap=greys, alpha=0.35, norm=scale)
    lines = axes.contour(
        across, up, shown, levels[1:-1:2], colors=[ink(axes)], linewidths=0.6, alpha=0.6
    )
    axes.clabel(lines, fmt="%.2g", fontsize=7)


def _path(axes: Axes, along: Any, label: str | None, color: Any) -> None:
    """Draw a path, its steps as dots, with a disc at its start and a star at its end."""
    from autograd_scalar.show.plots.figure import next_colour, paper

    color = color or next_colour(axes)
    axes.plot(*along.T, color=paper(axes), lw=4.0)
    axes.plot(*along.T, color=color, lw=1.4, marker=".", ms=4.0, label=label or "path")
    for place, marker, size in ((0, "o", 8), (-1, "*", 14)):
        axes.plot(*along[place], marker, color=color, ms=size, mec=paper(axes))
