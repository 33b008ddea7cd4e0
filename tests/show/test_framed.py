"""Framed layout: each frame contains the nodes of its scope and no others."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_scalar.show.layout.framed import arrange_framed
from autograd_scalar.show.layout.geometry import RANKDIRS

SCOPES = [(), ("a",), ("b",), ("a", "p"), ("a", "q"), ("b", "p")]


@st.composite
def framed_graphs(draw: st.DrawFn):
    """Return sizes, edges and scopes of a graph; nodes are sorted by scope, so frames nest."""
    scopes = [scope for scope in SCOPES for _ in range(draw(st.integers(0, 3)))] or [()]
    count = len(scopes)
    sizes = draw(
        st.lists(st.tuples(st.floats(20, 90), st.floats(20, 50)), min_size=count, max_size=count)
    )
    node = st.integers(0, count - 1)
    pairs = draw(st.lists(st.tuples(node, node), max_size=16))
    return sizes, [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]], scopes


def inside(box, frame):
    return (
        frame.corner[0] - 1e-6 <= box[0]
        and frame.corner[1] - 1e-6 <= box[1]
        and box[2] <= frame.corner[0] + frame.width + 1e-6
        and box[3] <= frame.corner[1] + frame.height + 1e-6
    )


def disjoint(box, frame):
    return (
        box[2] <= frame.corner[0] + 1e-6
        or box[3] <= frame.corner[1] + 1e-6
        or box[0] >= frame.corner[0] + frame.width - 1e-6
        or box[1] >= frame.corner[1] + frame.height - 1e-6
    )


def boxes_of(sizes, layout):
    return [
        (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
        for (w, h), (x, y) in zip(sizes, layout.centres, strict=True)
    ]


@pytest.mark.slow
@given(framed_graphs(), st.sampled_from(RANKDIRS))
def test_a_frame_contains_the_nodes_of_its_scope_and_no_others(graph, rankdir):
    sizes, edges, scopes = graph
    vertical = rankdir in ("TB", "BT")
    turned = [(h, w) for w, h in sizes] if vertical else sizes
    layout = arrange_framed(turned, edges, scopes, layer_gap=40, rankdir=rankdir).turned(rankdir)
    boxes = boxes_of(sizes, layout)
    for one, other in combinations(boxes, 2):
        assert min(one[2], other[2]) - max(one[0], other[0]) < 1e-6 or (
            min(one[3], other[3]) - max(one[1], other[1]) < 1e-6
        )
    prefixes = {scope[:depth] for scope in scopes for depth in range(1, len(scope) + 1)}
    if not layout.frames:  # scopes that feed each other in a cycle
        return
    assert sorted(frame.name for frame in layout.frames) == sorted(p[-1] for p in prefixes)
    for frame in layout.frames:
        held = {i for i, box in enumerate(boxes) if inside(box, frame)}
        assert all(disjoint(box, frame) for i, box in enumerate(boxes) if i not in held)
        assert any(
            held == {i for i, scope in enumerate(scopes) if scope[: len(prefix)] == prefix}
            for prefix in prefixes
            if prefix[-1] == frame.name
        )


@given(framed_graphs())
def test_routes_connect_their_nodes(graph):
    sizes, edges, scopes = graph
    layout = arrange_framed(sizes, edges, scopes, layer_gap=40)
    boxes = boxes_of(sizes, layout)
    for (source, target), route in zip(edges, layout.routes, strict=True):
        assert route[0][0] == pytest.approx(boxes[source][2], abs=0.02)
        assert route[-1][0] == pytest.approx(boxes[target][0], abs=0.02)
        assert boxes[source][1] < route[0][1] < boxes[source][3]
        assert boxes[target][1] < route[-1][1] < boxes[target][3]
        assert all(b[0] >= a[0] - 1e-6 for a, b in pairwise(route))


def test_scopes_in_a_cycle_get_no_frames():
    scopes = [("a",), ("b",), ("a",)]
    layout = arrange_framed([(40, 20)] * 3, [(0, 1), (1, 2)], scopes, layer_gap=40)
    assert layout.frames == []
    assert len(layout.centres) == 3
    alone = arrange_framed([(40, 20)] * 3, [(0, 2), (1, 2)], scopes, layer_gap=40)
    assert sorted(frame.name for frame in alone.frames) == ["a", "b"]


@pytest.mark.parametrize("rankdir", RANKDIRS)
def test_a_frame_is_wide_enough_for_its_title(rankdir):
    name = "a_name_that_is_wider_than_its_node"
    layout = arrange_framed([(30, 20)], [], [(name,)], layer_gap=40, rankdir=rankdir).turned(
        rankdir
    )
    (frame,) = layout.frames
    assert frame.width > 6 * len(name)
    (x, y), (a, b) = layout.centres[0], frame.corner
    assert y - 10 - b > 15  # the title is above the node in every direction
    assert a < x < a + frame.width
