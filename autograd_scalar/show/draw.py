"""Drawings of recorded graphs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from autograd_scalar.show.graph.picture import (
    Picture,
    graph_picture,
    grouped_picture,
    summary_picture,
)
from autograd_scalar.show.graph.scopes import Named, Scope, names_of, scopes_of
from autograd_scalar.show.layout.layered import RANKDIRS
from autograd_scalar.value import Value, topological_order

if TYPE_CHECKING:
    from autograd_scalar.show.render.dot import Drawing

#: Above these a drawing is a summary: our own layout takes two seconds for as many.
MOST_BOXES, MOST_EDGES = 3000, 20_000
#: Up to so many values, "auto" puts frames around scopes; up to so many neurons it shows each.
FRAMED_VALUES, MOST_NEURONS = 80, 40
GROUPS = ("auto", "frames", "neuron", "layer")


def draw(
    v: Value | Iterable[Value],
    path: str | os.PathLike[str] | None = None,
    *,
    rankdir: str = "LR",
    format: str = "svg",
    names: Mapping[str, Value] | Named | None = None,
    group: str | None = "auto",
    partials: bool = False,
) -> Drawing:
    """Return the graph of a Value, or of several, as a graphviz.Digraph; write it to a file where a path is given.

    Each value is a box with its name, operation, data and grad (a dash before any backward), each
    use of it an arrow, in operand order. In a notebook the drawing shows itself. A path ends in
    .svg, .png, .pdf or .dot; SVG needs no Graphviz on the machine, PNG and PDF do. `.source` is the
    drawing's DOT, `format` what its `.render()` makes.

    `names` is a module, or a mapping from names to Values, for what has no label of its own. Dotted
    names ("layers.0.neurons.1.w.2") say which neuron and layer a parameter is in, and `group` what
    becomes of those: "frames" around them, one box for each "neuron", one for each "layer", None
    for nothing, "auto" for what suits the size. `partials` writes local derivatives on the arrows.
    Past 3,000 boxes the drawing is a summary: counts, and the ends of the graph.

    Raises TypeError for what is no Value, ValueError for an unknown rankdir, group or ending,
    RuntimeError where a file takes Graphviz's `dot` and there is none.

    >>> x = Value(3.0, label="x")
    >>> print(draw(x * x).source.count("n0 -> n1"))
    2
    """
    from autograd_scalar.show.render.dot import format_of, to_digraph

    if isinstance(path, Value):
        raise TypeError("draw takes several Values as a list, as in draw([a, b])")
    if path is not None:
        format_of(path)  # an unknown one is refused before there is any work
    if rankdir not in RANKDIRS:
        raise ValueError(f"unknown rankdir {rankdir!r}; there are {', '.join(RANKDIRS)}")
    picture = picture_of(v, names=names, group=group, partials=partials)
    drawing = to_digraph(picture, rankdir=rankdir, format=format)
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
    """Return what draw() draws, before it is placed; see there."""
    if group is not None and group not in GROUPS:
        raise ValueError(f"unknown group {group!r}; there are {', '.join(GROUPS)} and None")
    if names is None and isinstance(v, Named):
        names = v
    ends = _ends(v)
    called = names_of(names)
    order = topological_order(*ends)
    labels = (called.get(leaf) or leaf.label or "" for leaf in order if not leaf.op)
    scopes: list[Scope] = [()] * len(order)
    if group is not None and any("." in label for label in labels):
        scopes = scopes_of(order, called)
    if not any(scopes):
        if group not in (None, "auto"):
            raise ValueError(
                f"group={group!r} needs to know the layers and neurons: pass names=model, or give "
                "the parameters dotted names"
            )
        group = None
    if group == "auto":
        group = _suiting(order, scopes)
    if group == "layer":
        scopes = [scope[:-1] or scope for scope in scopes]
    if group in ("neuron", "layer"):
        picture = grouped_picture(order, ends, called, scopes)
        if len(picture.boxes) <= MOST_BOXES:
            return picture
    if len(order) > MOST_BOXES or sum(len(v.parents) for v in order) > MOST_EDGES:
        return summary_picture(order, ends, called)
    return graph_picture(order, ends, called, scopes, partials=partials)


def _suiting(order: list[Value], scopes: list[Scope]) -> str:
    if len(order) <= FRAMED_VALUES:
        return "frames"
    return "neuron" if len({scope for scope in scopes if scope}) <= MOST_NEURONS else "layer"


def _ends(v: Any) -> list[Value]:
    if isinstance(v, Value):
        return [v]
    if isinstance(v, Named):
        if not isinstance(nin := getattr(v, "nin", None), int) or not callable(v):
            raise TypeError(
                f"the width of this {type(v).__name__}'s input is not known: call it, and draw "
                "what it gives, as in draw(model(x), names=model)"
            )
        made = v([Value(0.0, f"x{place}") for place in range(1, nin + 1)])
        return [made] if isinstance(made, Value) else list(made)
    ends = list(v) if isinstance(v, Iterable) and not isinstance(v, str) else [v]
    for end in ends:
        if not isinstance(end, Value):
            raise TypeError(f"draw needs a Value or a list of Values, got {type(end).__name__}")
    if not ends:
        raise ValueError("draw needs at least one Value, got none")
    return ends
