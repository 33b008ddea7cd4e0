"""Axes, colours and common style of the plots, for light and dark themes.

Colours that must contrast with the background follow the axes: their ink is the colour of the
axes' labels, their paper the background, so a plot is legible under every style of matplotlib.
"""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from autograd_scalar.show.palette import COLOURS as COLOURS

#: Class k of a data set has marker k.
MARKERS = "os^Dvp*X"


def new_axes(width: float, height: float) -> Axes:
    """Return the axes of a new figure of pyplot, with the palette; width and height are in inches."""
    import matplotlib.pyplot as plt

    return _with_palette(plt.figure(figsize=(width, height), layout="constrained"))


def offscreen_axes(width: float, height: float) -> Axes:
    """Return the axes of a new figure that pyplot does not know, for files written without a display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return _with_palette(figure)


def _with_palette(figure: Figure) -> Axes:
    axes = figure.add_subplot()
    axes.set_prop_cycle(color=COLOURS)
    return axes


def ink(axes: Axes) -> Any:
    """Return the colour of lines and text on the axes."""
    return axes.xaxis.label.get_color()


def paper(axes: Axes) -> Any:
    """Return the background of the axes; of transparent ones, that of their figure."""
    from matplotlib.colors import to_rgba

    background = to_rgba(axes.get_facecolor())
    return background if background[3] > 0.0 else figure_of(axes).get_facecolor()


def next_colour(axes: Axes) -> Any:
    """Return the next colour of the axes, for artists that do not take it themselves."""
    (line,) = axes.plot([], [])
    colour = line.get_color()
    line.remove()
    return colour


def style(axes: Axes, **properties: Any) -> None:
    """Set properties of the axes, and the common style: a faint grid, no box."""
    axes.set(**properties)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=ink(axes), alpha=0.15, linewidth=0.6)
    axes.set_axisbelow(True)


def zero_line(axes: Axes, *, horizontal: bool) -> None:
    """Draw the line on which a coordinate is 0."""
    draw = axes.axhline if horizontal else axes.axvline
    draw(0.0, color=ink(axes), alpha=0.4, linewidth=0.8, zorder=1)


def legend(axes: Axes) -> None:
    """Draw the legend of all labelled artists, if there are any, beside the axes, where it covers nothing."""
    if not axes.get_legend_handles_labels()[0]:
        return
    axes.legend(
        fontsize=8,
        frameon=False,
        labelcolor=ink(axes),
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        borderaxespad=0.2,
    )


def figure_of(axes: Axes) -> Figure:
    """Return the figure that axes belong to."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure
