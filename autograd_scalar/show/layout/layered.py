"""Layered graph layout in the four steps of Sugiyama's method: layers, ordering, coordinates, ports.

1. layers: a node's layer is its distance from the end; an edge that skips layers bends in each.
2. ordering: barycentre sweeps reorder each layer while crossings are counted.
3. coordinates: least squares pulls each node towards its neighbours, exactly within one layer.
4. coordinates: layers get their width, edges their routes; `folding` puts long graphs in rows.

Edges run to the right; Layout.turned returns the other directions.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from autograd_scalar.show.graph.order import Edge
from autograd_scalar.show.layout.coordinates import place, settle
from autograd_scalar.show.layout.geometry import Layout, Port, Size
from autograd_scalar.show.layout.layers import LayeredGraph
from autograd_scalar.show.layout.ordering import reduce_crossings
from autograd_scalar.show.layout.ports import operand_ports

LAYER_GAP = 44.0


def arrange(
    sizes: Sequence[Size],
    edges: Sequence[Edge],
    *,
    ports: Sequence[Port] | None = None,
    first: Collection[int] = (),
    last: Collection[int] = (),
    layer_gap: float = LAYER_GAP,
    max_width: float | None = None,
) -> Layout:
    """Return the left-to-right layout of nodes with the given (width, height) and edges.

    Nodes come in topological order; an edge (source, target) against that order is drawn as well,
    and edges may repeat. Edges into one node come in operand order, and enter it in that order
    while there are at most three. No two nodes overlap. The `first` nodes, which no edge enters,
    fill the leftmost layer; the `last` nodes, which no edge leaves, fill the rightmost. A layout wider
    than `max_width` is folded into rows where few edges cross.

    >>> arrange([(40, 20), (40, 20), (40, 20)], [(0, 2), (1, 2)]).centres
    [(20.0, 10.0), (20.0, 44.0), (104.0, 27.0)]
    """
    ports = operand_ports(sizes, edges) if ports is None else ports
    graph = LayeredGraph(sizes, edges, ports, first, last)
    reduce_crossings(graph)
    return place(graph, settle(graph), layer_gap, max_width)
