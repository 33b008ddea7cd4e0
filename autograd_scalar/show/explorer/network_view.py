"""The views of a network: its neurons in layers, with their values or their gradients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from autograd_scalar.show.graph.calls import Graph
from autograd_scalar.show.graph.picture import clean
from autograd_scalar.show.graph.scopes import split_name
from autograd_scalar.show.network.colours import NEGATIVE, NEUTRAL, POSITIVE
from autograd_scalar.show.network.layout import LINE, Column, arrange, short
from autograd_scalar.show.network.picture import NetworkPicture, activation_of
from autograd_scalar.show.network.structure import Network, network_of
from autograd_scalar.value import Value


def network_in(order: Sequence[Value], model: Any, names: Mapping[Value, str]) -> Network | None:
    """Return the network that a call of the model made in a graph; None if there is none.

    The model is called again on the leaves that meet its parameters, and its outputs are found by
    their shape; see `graph.calls`.
    """
    graph = Graph(order, names)
    leaves = [v for v in order if not v.op and v not in names and v in graph.users]
    inputs = [v for v in leaves if graph.is_used_with(v, {*names})]
    if not callable(model) or not inputs:
        return None
    graph = Graph(order, [*names, *inputs])
    try:
        returned = model(inputs)
        made = list(returned) if isinstance(returned, list | tuple) else [returned]
        outputs = [graph.found(v)[-1] for v in made]
        return network_of(inputs, outputs, names)
    except Exception:  # a model may raise anything for inputs that are not its own
        return None


def network_views(
    network: Network, order: Sequence[Value], names: Mapping[Value, str]
) -> list[Any]:
    """Return the views of a network, with values and with gradients, in the form of `View` and with their links."""
    at = {v: place for place, v in enumerate(order)}
    labels = {
        i: v.label
        for i, v in enumerate(cell.value for cell in network.cells)
        if v.label and not v.op
    }
    picture = NetworkPicture(network, names, labels, None, None, "", "", [])
    layout = arrange(picture)
    places = [place for column in layout.columns for place in column.places]
    box_of = {place.cell: box for box, place in enumerate(places)}
    members = _members(network)
    scopes = [_scope(network, place.cell, names) for place in places]
    boxes = [
        [place.x, place.y, place.width, place.height, [at[v] for v in members[place.cell]], scope,
         at[network.cells[place.cell].value]]
        for place, scope in zip(places, scopes, strict=True)
    ]  # fmt: skip
    links = [
        [box_of[link.source], box_of[link.target], -1 if link.weight is None else at[link.weight],
         network.cells[link.target].layer]
        for link in network.links
        if link.source in box_of and link.target in box_of
    ]  # fmt: skip
    texts = [text for column in layout.columns for text in _texts(network, column)]
    if layout.fold is not None:
        texts.append([layout.fold, layout.height / 2, f"{layout.hidden_layers:,} more"])
        texts.append([layout.fold, layout.height / 2 + LINE, "layers"])
    drawn = {
        "links": links,
        "texts": texts,
        "halves": [column.half for column in layout.columns for _ in column.places],
        "layers": [network.cells[place.cell].layer for place in places],
        "labels": _labels(scopes),
        "colours": [NEGATIVE, NEUTRAL, POSITIVE],
    }
    return [
        [name, "", layout.width, layout.height, boxes, [], [], None, drawn | {"kind": kind}]
        for name, kind in (("network", "values"), ("network, gradients", "gradients"))
    ]


def _members(network: Network) -> list[list[Value]]:
    """Return the values of each cell: those between its inputs and its value, its parameters included."""
    values = {cell.value for cell in network.cells}
    claimed: set[Value] = set()
    found = []
    for cell in network.cells:
        own, stack = [], [cell.value]
        while stack:
            v = stack.pop()
            if v not in claimed and (v is cell.value or v not in values):
                claimed.add(v)
                own.append(v)
                stack += v.parents
        found.append(own)
    return found


def _scope(network: Network, place: int, names: Mapping[Value, str]) -> str:
    """Return the scope of a neuron's weights, whose view opens from its cell; "" for other cells."""
    for link in network.links:
        if link.target == place and link.weight is not None:
            return ".".join(split_name(names[link.weight])[0]) or "neuron"
    return ""


def _labels(scopes: Sequence[str]) -> list[str]:
    """Return the scopes, numbered where cells share one, as the rows of a Linear do."""
    shared, met = Counter(scopes), Counter[str]()
    found = []
    for scope in scopes:
        met[scope] += 1
        found.append(f"{scope} {met[scope]}" if scope and shared[scope] > 1 else scope)
    return found


def _texts(network: Network, column: Column) -> list[list[Any]]:
    """Return the heading of a column, the labels of its cells, and the number of those left out."""
    cells = network.layers[column.layer]
    found: list[list[Any]] = [
        [column.x, LINE - 1, f"{len(cells):,}"],
        [column.x, 2 * LINE - 1, short(activation_of(network, column.layer), 9)],
    ]
    for place in column.places:
        top = place.y + place.height / 2 + LINE - 2
        found += [[place.x, top + LINE * i, clean(line)] for i, line in enumerate(place.lines)]
    if column.hidden:
        last = column.places[-1]
        below = last.y + last.height / 2 + LINE * (len(last.lines) + 1)
        found.append([column.x, below + LINE, f"{column.hidden:,} more"])
    return found
