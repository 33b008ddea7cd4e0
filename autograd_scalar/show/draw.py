"""Drawings of recorded graphs and of models: ag.draw."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from autograd_scalar.show.graph.groups import grouped_picture
from autograd_scalar.show.graph.picture import Picture, graph_picture, summary_picture
from autograd_scalar.show.graph.scopes import Named, Scope, names_of, scopes_of
from autograd_scalar.show.layout.geometry import RANKDIRS
from autograd_scalar.value import Value, topological_order

if TYPE_CHECKING:
    from autograd_scalar.show.network.drawing import NetworkDrawing
    from autograd_scalar.show.render.dot import Drawing

#: Maximum numbers of boxes and edges, whose layout takes two seconds. A larger drawing is reduced to
#: a summary.
MAX_BOXES, MAX_EDGES = 3000, 20_000
#: Maximum number of values that group="auto" draws with frames, and of neurons that it draws as
#: one box each.
MAX_FRAMED, MAX_NEURONS = 80, 40
GROUPS = ("auto", "frames", "neuron", "layer")


@overload
def draw(
    v: Value | Iterable[Value],
    path: str | os.PathLike[str] | None = None,
    *,
    rankdir: str = "LR",
    format: str = "svg",
    names: Mapping[str, Value] | Named | None = None,
    group: str | None = "auto",
    partials: bool = False,
) -> Drawing: ...


@overload
def draw(
    v: Named,
    path: str | os.PathLike[str] | None = None,
    *,
    x: Sequence[float] | None = None,
    data: Any = None,
    gradients: bool | Callable[[Any], Value] = False,
) -> NetworkDrawing: ...


def draw(
    v: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    rankdir: str = "LR",
    format: str = "svg",
    names: Mapping[str, Value] | Named | None = None,
    group: str | None = "auto",
    partials: bool = False,
    x: Sequence[float] | None = None,
    data: Any = None,
    gradients: bool | Callable[[Any], Value] = False,
) -> Drawing | NetworkDrawing:
    """Return a picture of the graph of one or several Values, or of a model; also write it to `path` if given.

    The graph of Values is a graphviz.Digraph. Each value is a box with its label, operation, data
    and grad (a dash before backward()); each use of a value is an arrow, in operand order. A
    notebook displays the drawing as SVG, a terminal as a tree. A drawing of more than 3,000 boxes is
    reduced to a summary: counts, and the ends of the graph. `.source` is the DOT text.

    A model is drawn as its neurons in layers, whichever classes it is made of. A cell has the
    activation for a sample, a line the weight; blue is negative, orange positive. With two inputs
    each neuron is a map of its values over the plane, with the line on which its weighted sum is 0.
    The drawing is a NetworkDrawing: `.svg` is its text, `.write(path)` saves it.

    Raises TypeError if `v` is neither made of Values nor a model, ValueError for an unknown rankdir,
    group or suffix and for a model without neurons, RuntimeError if the format needs resvg-py or
    Graphviz's `dot` and it is missing.

    >>> x = Value(3.0, label="x")
    >>> draw((x * x).tanh())
    tanh  data 1  grad —
    └─ *  data 9  grad —
       ├─ x  data 3  grad —
       └─ x  data 3  grad —
    >>> from autograd_scalar import nn
    >>> draw(nn.MLP(2, [4, 1], activation="tanh"), x=[0.5, -1.0])
    <Network MLP: 2 inputs, 4 tanh, 1 linear>

    Args:
        v: a Value, a list of Values, or a model.
        path: a file that ends in .svg, .png, .pdf or .dot; .svg for a model. PNG needs resvg-py
            (the extra `png`), PDF Graphviz's `dot`.
        rankdir: the direction of the arrows: "LR", "RL", "TB" or "BT".
        format: the default format of the drawing's render() and pipe().
        names: a module, or a mapping from names to Values, for values without a label. Dotted names
            ("layers.0.neurons.1.w.2") place a parameter in its layer and neuron. A module is called
            again on its inputs to find the values that it made.
        group: how to draw layers and neurons: "frames" around them, one box per "neuron" or
            "layer", None to ignore them, "auto" to choose by size.
        partials: label each arrow with its local derivative.
        x: the sample for which a model is drawn; by default the first row of `data`, else ones.
        data: a Dataset, or (X, y), for the names of a model's inputs and the ranges of its maps,
            which are given in the units before the data was standardised.
        gradients: show derivatives in place of a model's activations and weights: True for those of
            its output (of the sum of several), or a function of the output, such as a loss.
    """
    if isinstance(v, Named):
        if (rankdir, format, names, group, partials) != ("LR", "svg", None, "auto", False):
            raise TypeError(
                "draw(model) takes x, data and gradients; draw the graph of its output with other "
                "options, as in draw(model(x), names=model, partials=True)"
            )
        return _draw_network(v, path, x, data, gradients)
    if x is not None or data is not None or gradients:
        raise TypeError("x, data and gradients are for a model: draw(model, x=[1.0, 2.0])")
    from autograd_scalar.show.render.dot import format_of, to_digraph

    if isinstance(path, Value):
        raise TypeError("draw takes several Values as one list: draw([a, b])")
    if path is not None:
        format_of(path)  # fail before the work on an unknown suffix
    if rankdir not in RANKDIRS:
        raise ValueError(f"unknown rankdir {rankdir!r}: use one of {', '.join(RANKDIRS)}")
    picture = picture_of(v, names=names, group=group, partials=partials)
    drawing = to_digraph(picture, rankdir=rankdir, format=format)
    if path is not None:
        drawing.write(path)
    return drawing


def _draw_network(
    model: Named,
    path: str | os.PathLike[str] | None,
    x: Sequence[float] | None,
    data: Any,
    gradients: bool | Callable[[Any], Value],
) -> NetworkDrawing:
    from autograd_scalar.show.network.drawing import NetworkDrawing, check_suffix
    from autograd_scalar.show.network.picture import network_picture

    if path is not None:
        if not isinstance(path, str | os.PathLike):
            raise TypeError(f"draw takes the sample of a model as x=, got {type(path).__name__}")
        check_suffix(path)
    drawing = NetworkDrawing(network_picture(model, x, data, gradients))
    if path is not None:
        drawing.write(path)
    return drawing


def picture_of(
    v: Value | Iterable[Value],
    *,
    names: Mapping[str, Value] | Named | None = None,
    group: str | None = "auto",
    partials: bool = False,
) -> Picture:
    """Return the Picture of a graph, before layout; the arguments are those of draw()."""
    if group is not None and group not in GROUPS:
        raise ValueError(f"unknown group {group!r}: use one of {', '.join(GROUPS)}, or None")
    ends = _ends(v)
    given_names = names_of(names)
    order = topological_order(*ends)
    labels = (given_names.get(leaf) or leaf.label or "" for leaf in order if not leaf.op)
    scopes: list[Scope] = [()] * len(order)
    if any("." in label for label in labels):
        scopes = scopes_of(order, given_names)
    if not any(scopes):
        if group not in (None, "auto"):
            raise ValueError(
                f"group={group!r} needs dotted parameter names, and this graph has none: pass "
                "names=model"
            )
        group = None
    if group == "auto":
        group = _auto_group(order, scopes)
    if group == "layer":
        scopes = [scope[:-1] or scope for scope in scopes]
    if group in ("neuron", "layer"):
        picture = grouped_picture(order, ends, given_names, scopes)
        if len(picture.boxes) <= MAX_BOXES:
            return picture
    if len(order) > MAX_BOXES or sum(len(v.parents) for v in order) > MAX_EDGES:
        return summary_picture(order, ends, given_names)
    framed = group is not None
    return graph_picture(order, ends, given_names, scopes, framed=framed, partials=partials)


def _auto_group(order: list[Value], scopes: list[Scope]) -> str:
    if len(order) <= MAX_FRAMED:
        return "frames"
    return "neuron" if len({scope for scope in scopes if scope}) <= MAX_NEURONS else "layer"


def _ends(v: Any) -> list[Value]:
    if isinstance(v, Value):
        return [v]
    ends = list(v) if isinstance(v, Iterable) and not isinstance(v, str) else [v]
    for end in ends:
        if not isinstance(end, Value):
            raise TypeError(f"draw needs a Value or a list of Values, got {type(end).__name__}")
    if not ends:
        raise ValueError("draw needs at least one Value, got none")
    return ends
