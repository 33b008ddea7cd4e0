"""Frames: each holds its own nodes and nobody else's."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_scalar.show.layout.framed import arrange_framed
from autograd_scalar.show.layout.layered import RANKDIRS

SCOPES = [(), ("a",), ("b",), ("a", "p"), ("a", "q"), ("b", "p")]


@st.composite
def framed_graphs(draw: st.DrawFn):
    """Return sizes, edges and scopes of a graph; nodes come scope by scope, so frames nest well."""
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


def apart(box, frame):
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


@given(framed_graphs(), st.sampled_from(RANKDIRS))
def test_frames_hold_their_own_nodes_and_no_others(graph, rankdir):
    sizes, edges, scopes = graph
    flat = rankdir in ("TB", "BT")
    turned = [(h, w) for w, h in sizes] if flat else sizes
    layout = arrange_framed(turned, edges, scopes, layer_gap=40, rankdir=rankdir).turned(rankdir)
    boxes = boxes_of(sizes, layout)
    for one, other in combinations(boxes, 2):
        assert min(one[2], other[2]) - max(one[0], other[0]) < 1e-6 or (
            min(one[3], other[3]) - max(one[1], other[1]) < 1e-6
        )
    prefixes = {scope[:depth] for scope in scopes for depth in range(1, len(scope) + 1)}
    if not layout.frames:  # left out, where they feed each other in a circle
        return
    assert sorted(frame.name for frame in layout.frames) == sorted(p[-1] for p in prefixes)
    for frame in layout.frames:
        held = {i for i, box in enumerate(boxes) if inside(box, frame)}
        assert all(apart(box, frame) for i, box in enumerate(boxes) if i not in held)
        assert any(
            held == {i for i, scope in enumerate(scopes) if scope[: len(prefix)] == prefix}
            for prefix in prefixes
            if prefix[-1] == frame.name
        )


@given(framed_graphs())
def test_courses_join_their_nodes(graph):
    sizes, edges, scopes = graph
    layout = arrange_framed(sizes, edges, scopes, layer_gap=40)
    boxes = boxes_of(sizes, layout)
    for (source, target), course in zip(edges, layout.courses, strict=True):
        assert course[0][0] == pytest.approx(boxes[source][2], abs=0.02)
        assert course[-1][0] == pytest.approx(boxes[target][0], abs=0.02)
        assert boxes[source][1] < course[0][1] < boxes[source][3]
        assert boxes[target][1] < course[-1][1] < boxes[target][3]
        assert all(b[0] >= a[0] - 1e-6 for a, b in pairwise(course))


def test_frames_that_feed_each_other_are_left_out():
    scopes = [("a",), ("b",), ("a",)]
    layout = arrange_framed([(40, 20)] * 3, [(0, 1), (1, 2)], scopes, layer_gap=40)
    assert layout.frames == []
    assert len(layout.centres) == 3
    alone = arrange_framed([(40, 20)] * 3, [(0, 2), (1, 2)], scopes, layer_gap=40)
    assert sorted(frame.name for frame in alone.frames) == ["a", "b"]


@pytest.mark.parametrize("rankdir", RANKDIRS)
def test_a_frame_has_room_for_its_name(rankdir):
    name = "a_name_that_is_wider_than_its_node"
    layout = arrange_framed([(30, 20)], [], [(name,)], layer_gap=40, rankdir=rankdir).turned(
        rankdir
    )
    (frame,) = layout.frames
    assert frame.width > 6 * len(name)
    (x, y), (a, b) = layout.centres[0], frame.corner
    assert y - 10 - b > 15  # the name stands above the node, however the layout is turned
    assert a < x < a + frame.width
