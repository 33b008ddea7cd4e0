"""Layout of a picture's boxes and of the labels on its edges.

A label is laid out like a box, in the middle of its edge and next to the box that the edge enters. So no label covers a
box or another label, whatever the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from autograd_scalar.show.graph.order import Edge
from autograd_scalar.show.graph.picture import Picture
from autograd_scalar.show.layout.framed import arrange_framed
from autograd_scalar.show.layout.geometry import Layout, Point, Size
from autograd_scalar.show.layout.layered import LAYER_GAP

#: Gap between a box and the labels before it.
LABEL_GAP = 22.0
#: Width above which a drawing is folded into rows (the height, where it runs downwards).
MAX_WIDTH = 1500.0


def arrange_picture(
    picture: Picture, sizes: Sequence[Size], labels: Sequence[Size], rankdir: str
) -> tuple[Layout, list[Point]]:
    """Return the layout of a picture's boxes with these sizes, and the centres of its edges' labels."""
    if rankdir in ("TB", "BT"):
        sizes, labels = ([(height, width) for width, height in one] for one in (sizes, labels))
    edges_into: list[list[int]] = [[] for _ in sizes]
    for edge, (_, target) in enumerate(picture.edges if labels else ()):
        edges_into[target].append(edge)
    box_at: list[int] = []
    label_at: dict[int, int] = {}
    all_sizes: list[Size] = []
    scopes = []
    for box, entering in enumerate(edges_into):  # its labels, then the box: a topological order
        for edge in entering:
            label_at[edge] = len(all_sizes)
            all_sizes.append(labels[edge])
        box_at.append(len(all_sizes))
        all_sizes.append(sizes[box])
        scopes += [picture.boxes[box].scope] * (len(entering) + 1)
    edges: list[Edge] = []
    for edge, (source, target) in enumerate(picture.edges):
        ends = box_at[source], *([label_at[edge]] if labels else []), box_at[target]
        edges += pairwise(ends)
    layout = arrange_framed(
        all_sizes,
        edges,
        scopes,
        layer_gap=LABEL_GAP if labels else LAYER_GAP,
        rankdir=rankdir,
        max_width=MAX_WIDTH,
    ).turned(rankdir)
    routes = layout.routes
    if labels:  # the two halves of an edge, joined
        routes = [[*one, *other] for one, other in zip(routes[::2], routes[1::2], strict=True)]
    return (
        layout._replace(centres=[layout.centres[at] for at in box_at], routes=routes),
        [layout.centres[label_at[edge]] for edge in sorted(label_at)],
    )
