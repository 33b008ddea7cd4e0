"""Figures and common style of the plots, on matplotlib without pyplot."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

#: Okabe and Ito's palette, distinguishable with colour blindness, and two more.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#b8a800")
MARKERS = "os^Dvp*X"


class Plot(Figure):
    """A matplotlib Figure that displays in a notebook without pyplot."""

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.savefig(file, format="png", dpi=110)
        return file.getvalue()


def new_axes(width: float, height: float) -> Axes:
    """Return the axes of a new Plot; width and height are in inches."""
    figure = Plot(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure.add_subplot()


def style(axes: Axes, **properties: Any) -> None:
    """Set properties of the axes, and the common style: a faint grid, no box."""
    axes.set(**properties)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def figure_of(axes: Axes) -> Figure:
    """Return the figure that axes belong to."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure
