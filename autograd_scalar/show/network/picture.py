"""The picture of a network before layout: what its cells and links show, in numbers and texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from autograd_scalar.show.graph.picture import clean, format_number
from autograd_scalar.show.graph.scopes import names_of
from autograd_scalar.show.network.maps import Maps, Range, maps_of, points
from autograd_scalar.show.network.structure import Network, network_of
from autograd_scalar.transforms.api import gradient
from autograd_scalar.value import Value, topological_order

#: Maximum number of values in the graph of a model that is drawn.
MAX_VALUES = 200_000
#: Margin around the data in a map, as a share of its range; without data, the range in units of the largest input.
MARGIN, REACH = 0.12, 1.5


class NetworkPicture(NamedTuple):
    """A network, and the numbers to show: values at a sample, or derivatives of a result."""

    network: Network
    names: Mapping[Value, str]  # of the parameters
    labels: dict[int, str]  # of inputs and outputs, by cell
    #: The derivatives of the result; None if values are shown.
    derivatives: dict[Value, float] | None
    maps: Maps | None
    title: str
    description: str
    notes: list[str]

    def shown(self, v: Value) -> float:
        """Return the number that is shown of a value."""
        return v.data if self.derivatives is None else self.derivatives[v]

    def shown_of_cell(self, cell: int) -> float:
        """Return the number that is shown of a cell."""
        return self.shown(self.network.cells[cell].value)

    def shown_of_link(self, link: int) -> float:
        """Return the number that is shown of a link's weight; 0 for a link without one."""
        weight = self.network.links[link].weight
        return 0.0 if weight is None else self.shown(weight)

    def cell_tooltip(self, place: int) -> str:
        """Return the numbers of a cell as a text."""
        cell = self.network.cells[place]
        within = self.network.layers[cell.layer].index(place) + 1
        name = f"layer {cell.layer}, neuron {within}" if cell.layer else f"input {cell.value.label}"
        bias = "" if cell.bias is None else f"; bias {self._text(cell.bias)}"
        return clean(f"{name}: {self._text(cell.value)}{bias}")

    def link_tooltip(self, link: int) -> str:
        """Return the numbers of a link's weight as a text; "" for a link without one."""
        weight = self.network.links[link].weight
        return "" if weight is None else clean(f"{self.names[weight]}: {self._text(weight)}")

    def _text(self, v: Value) -> str:
        number = format_number(v.data)
        return (
            number
            if self.derivatives is None
            else f"{number}, gradient {format_number(self.shown(v))}"
        )


def network_picture(
    model: Any,
    x: Any = None,
    data: Any = None,
    gradients: bool | Callable[[Any], Value] = False,
) -> NetworkPicture:
    """Return the picture of a model for the sample x; by default the first row of the data, else ones.

    Raises TypeError if the number of inputs is unknown or the outputs are not Values, ValueError if
    the model is not made of neurons.
    """
    kind = type(model).__name__
    row = _sample(model, x, data)
    schema = getattr(data, "schema", None)
    features = [*map(str, getattr(schema, "features", ()))]
    if len(features) != len(row):
        features = [f"x{place}" for place in range(1, len(row) + 1)]
    inputs = [Value(number, name) for number, name in zip(row, features, strict=True)]
    output = model(inputs)
    outputs = _outputs(output, kind)
    _check_size(outputs, kind)
    names = names_of(model)
    try:
        network = network_of(inputs, outputs, names)
    except ValueError as problem:
        raise ValueError(
            f"this {kind} has no neurons to draw ({problem}): draw its graph instead, as in "
            "draw(model(x), names=model)"
        ) from None
    derivatives = None
    if gradients:
        derivatives = _derivatives(
            network, gradients(output) if callable(gradients) else network.root
        )
    maps, notes = None, []
    if len(row) == 2 and not gradients:
        ranges = _ranges(row, data)
        if _same_path(model, network, inputs, ranges):
            maps = maps_of(network, inputs, ranges)
            notes.append(_map_note(features, ranges, schema))
        else:
            notes.append("no maps: this model takes other branches elsewhere in the plane")
    sizes = ", ".join(layer_size(network, layer) for layer in range(len(network.layers)))
    return NetworkPicture(
        network,
        names,
        _labels(network, features, schema, row),
        derivatives,
        maps,
        clean(f"Network {kind}: {sizes}"),
        _description(network, features, derivatives is None),
        notes,
    )


def _derivatives(network: Network, result: Value) -> dict[Value, float]:
    """Return the derivatives of a result with respect to all cells, biases and weights."""
    parameters = [cell.bias for cell in network.cells] + [link.weight for link in network.links]
    values = [cell.value for cell in network.cells] + [v for v in parameters if v is not None]
    wanted = [*dict.fromkeys(values)]
    return dict(zip(wanted, gradient(result, wanted), strict=True))


def _sample(model: Any, x: Any, data: Any) -> list[float]:
    """Return the row of inputs to show."""
    nin = getattr(model, "nin", None)
    if x is None and data is not None:
        X = data[0] if isinstance(data, tuple) else data.X
        x = X[0]
    if x is None:
        if not isinstance(nin, int):
            raise TypeError(
                f"the number of inputs of this {type(model).__name__} is unknown: pass a sample, as "
                "in draw(model, x=[1.0, 2.0])"
            )
        x = [1.0] * nin
    row = list(x) if hasattr(x, "__len__") else [x]
    return [v.data if isinstance(v, Value) else float(v) for v in row]


def _outputs(output: Any, kind: str) -> list[Value]:
    outputs = list(output) if isinstance(output, list | tuple) else [output]
    for v in outputs:
        if not isinstance(v, Value):
            raise TypeError(
                f"draw needs a model that returns a Value or a list of Values, this {kind} returned "
                f"{type(v).__name__}"
            )
    return outputs


def _check_size(outputs: Sequence[Value], kind: str) -> None:
    if (count := len(topological_order(*outputs))) > MAX_VALUES:
        raise ValueError(
            f"draw takes a model of up to {MAX_VALUES:,} values, this {kind} has {count:,}: draw a "
            "layer of it"
        )


# ----- maps -----


def _ranges(row: Sequence[float], data: Any) -> tuple[Range, Range]:
    """Return the ranges of both inputs in the maps: those of the data, else symmetric."""
    if data is None:
        far = REACH * max(1.0, *map(abs, row))
        return (-far, far), (-far, far)
    X = data[0] if isinstance(data, tuple) else data.X
    ends = []
    for axis in (0, 1):
        column = [float(r[axis]) for r in X]
        room = MARGIN * (max(column) - min(column) or 1.0)
        ends.append((min(column) - room, max(column) + room))
    return ends[0], ends[1]


def _same_path(
    model: Callable[[list[Value]], Any],
    network: Network,
    inputs: Sequence[Value],
    ranges: tuple[Range, Range],
) -> bool:
    """Return True if the recorded graph gives what the model gives elsewhere, at nine points.

    It does not where the model branches on its inputs: a map would show one branch only.
    """
    before = [v.data for v in inputs]
    try:
        for a in points(ranges[0], 3):
            for b in points(ranges[1], 3):
                inputs[0].data, inputs[1].data = a, b
                network.root.recompute()
                recorded = [network.cells[place].value.data for place in network.outputs]
                called = _outputs(model([Value(a), Value(b)]), "")
                if any(x != y.data and x == x for x, y in zip(recorded, called, strict=True)):
                    return False
    finally:
        inputs[0].data, inputs[1].data = before
        network.root.recompute()
    return True


def _map_note(features: Sequence[str], ranges: tuple[Range, Range], schema: Any) -> str:
    """Return a line on the axes of the maps, in the units of the data before scaling."""
    axes = zip(
        features,
        zip(*(_original(ends, schema) for ends in zip(*ranges, strict=True)), strict=True),
        strict=True,
    )
    across, up = (
        f"{clean(name)[:20]} from {format_number(low)} to {format_number(high)}"
        for name, (low, high) in axes
    )
    return f"maps: across, {across}; up, {up}; the line is where the weighted sum is 0"


def _original(row: Sequence[float], schema: Any) -> list[float]:
    """Return a row in the units of the data before it was standardised."""
    mean, scale = getattr(schema, "mean", None), getattr(schema, "scale", None)
    if mean is None or scale is None:
        return list(row)
    return [x * s + m for x, m, s in zip(row, mean, scale, strict=True)]


# ----- texts -----


def _labels(
    network: Network, features: Sequence[str], schema: Any, row: Sequence[float]
) -> dict[int, str]:
    """Return the labels of inputs, with the number in its original unit if it was scaled, and of outputs."""
    labels = {}
    original = _original(row, schema)
    for place, (name, x, unscaled) in enumerate(zip(features, row, original, strict=True)):
        labels[place] = name if x == unscaled else f"{name} {format_number(unscaled)}"
    classes = getattr(schema, "classes", None) or ()
    for place, name in zip(network.outputs, classes, strict=False):
        if len(classes) == len(network.outputs):
            labels[place] = f"class {name}" if str(name).isdecimal() else str(name)
    return labels


def layer_size(network: Network, layer: int) -> str:
    """Return the number of cells in a layer with their activation, such as "16 relu"."""
    return f"{len(network.layers[layer]):,} {activation_of(network, layer)}"


def activation_of(network: Network, layer: int) -> str:
    """Return the activation of a layer, the operations of most of its cells; "linear" for none."""
    cells = network.layers[layer]
    if not layer:
        return "inputs" if len(cells) > 1 else "input"
    activations = Counter(network.cells[cell].activation for cell in cells)
    return " ".join(activations.most_common(1)[0][0]) or "linear"


def _description(network: Network, features: Sequence[str], is_of_values: bool) -> str:
    cells = network.cells
    inputs = (
        f"{name} = {format_number(cells[i].value.data)}" for i, name in enumerate(features[:8])
    )
    outputs = (format_number(cells[place].value.data) for place in network.outputs[:8])
    what = "Values" if is_of_values else "Gradients"
    return clean(f"{what} at {', '.join(inputs)}: output {', '.join(outputs)}.")
