"""Layered layout: nodes do not overlap, edges are in operand order, long edges avoid other nodes."""

from __future__ import annotations

import random
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_scalar.show.graph.order import sorted_nodes
from autograd_scalar.show.layout import layers
from autograd_scalar.show.layout.coordinates import nearest_heights
from autograd_scalar.show.layout.geometry import RANKDIRS
from autograd_scalar.show.layout.layered import arrange
from autograd_scalar.show.layout.ports import PORT_STEP


@st.composite
def graphs(draw: st.DrawFn, backwards: bool = False):
    """Return sizes and edges of a graph, with repeats; edges run forwards unless `backwards`."""
    count = draw(st.integers(1, 14))
    sizes = draw(
        st.lists(st.tuples(st.floats(20, 120), st.floats(20, 60)), min_size=count, max_size=count)
    )
    node = st.integers(0, count - 1)
    pairs = draw(st.lists(st.tuples(node, node), max_size=24))
    ordered = [pair for pair in pairs if pair[0] != pair[1]]
    if not backwards:
        ordered = [(min(pair), max(pair)) for pair in ordered]
    return sizes, ordered


def rectangles(sizes, layout):
    return [
        (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
        for (w, h), (x, y) in zip(sizes, layout.centres, strict=True)
    ]


def overlap(one, other):
    return min(one[2], other[2]) - max(one[0], other[0]) > 1e-6 and (
        min(one[3], other[3]) - max(one[1], other[1]) > 1e-6
    )


@pytest.mark.slow
@given(graphs(backwards=True))
def test_nodes_do_not_overlap_and_stay_inside_the_drawing(graph):
    sizes, edges = graph
    layout = arrange(sizes, edges)
    boxes = rectangles(sizes, layout)
    assert not any(overlap(one, other) for one, other in combinations(boxes, 2))
    for left, top, right, bottom in boxes:
        assert left > -1e-6 and top > -1e-6
        assert right < layout.width + 1e-6 and bottom < layout.height + 1e-6


@given(graphs())
def test_edges_leave_on_the_right_and_enter_on_the_left_in_operand_order(graph):
    sizes, edges = graph
    layout = arrange(sizes, edges)
    boxes = rectangles(sizes, layout)
    arrivals: dict[int, list[float]] = {}
    for (source, target), route in zip(edges, layout.routes, strict=True):
        assert route[0][0] == pytest.approx(boxes[source][2], abs=0.02)
        assert route[-1][0] == pytest.approx(boxes[target][0], abs=0.02)
        assert boxes[source][1] < route[0][1] < boxes[source][3]
        assert boxes[target][1] < route[-1][1] < boxes[target][3]
        assert all(b[0] >= a[0] for a, b in pairwise(route))
        arrivals.setdefault(target, []).append(route[-1][1])
    for heights in arrivals.values():
        assert len(set(heights)) == len(heights)
        if len(heights) <= 3:
            assert heights == sorted(heights)


@given(graphs())
def test_level_pieces_of_an_edge_avoid_all_nodes(graph):
    sizes, edges = graph
    layout = arrange(sizes, edges)
    boxes = rectangles(sizes, layout)
    for route in layout.routes:
        for (x, y), (a, b) in pairwise(route):
            if y == b:
                passed = (min(x, a) + 1e-6, y - 0.1, max(x, a) - 1e-6, y + 0.1)
                assert not any(overlap(passed, box) for box in boxes)


def test_repeated_edges_are_drawn_side_by_side():
    layout = arrange([(40, 40), (40, 40)], [(0, 1), (0, 1)])
    (above, _), (below, _) = layout.routes
    assert below[1] - above[1] == PORT_STEP


def test_a_chain_is_level_and_a_crossing_is_removed():
    chain = arrange([(30, 20 + 5 * i) for i in range(6)], [(i, i + 1) for i in range(5)])
    assert len({round(y, 6) for _, y in chain.centres}) == 1
    crossed = arrange([(30, 20)] * 6, [(0, 3), (1, 2), (3, 4), (2, 4), (3, 5)])
    heights = [y for _, y in crossed.centres]
    assert (heights[0] < heights[1]) == (heights[3] < heights[2])


def test_the_trunk_of_a_long_sum_stays_nearly_level():
    """s = t0 + t1 + t2 + ...: without TRUNK, the leaves pull the trunk down further at each step."""
    edges = []
    trunk, count = 0, 1
    for _ in range(100):
        edges += [(trunk, count + 1), (count, count + 1)]
        trunk, count = count + 1, count + 2
    layout = arrange([(40, 30)] * count, edges)
    assert layout.height < 0.2 * layout.width


@pytest.mark.parametrize("rankdir", RANKDIRS)
def test_turned_layouts_keep_their_order_and_stay_disjoint(rankdir):
    sizes = [(50, 20), (60, 30), (40, 20)]
    vertical = rankdir in ("TB", "BT")
    given_sizes = [(h, w) for w, h in sizes] if vertical else sizes
    layout = arrange(given_sizes, [(0, 2), (1, 2)]).turned(rankdir)
    boxes = rectangles(sizes, layout)
    assert not any(overlap(one, other) for one, other in combinations(boxes, 2))
    axis, sign = int(vertical), -1 if rankdir in ("RL", "BT") else 1
    assert sign * layout.centres[0][axis] < sign * layout.centres[2][axis]
    for box in boxes:
        assert min(box) >= 0 and box[2] <= layout.width and box[3] <= layout.height


def test_first_and_last_nodes_are_in_the_outer_layers():
    sizes = [(0.0, 4.0), (40, 20), (40, 20), (40, 20), (0.0, 4.0)]
    layout = arrange(sizes, [(0, 3), (1, 2), (2, 3), (1, 4)], first=[0], last=[4])
    across = [x for x, _ in layout.centres]
    assert min(across) == across[0] < min(across[1:])
    assert max(across) == across[4] > max(across[:4])


def test_long_edges_run_straight_above_the_maximum_number_of_bends(monkeypatch):
    edges = [(i, i + 1) for i in range(5)] + [(0, 5)]
    assert len(arrange([(30, 20)] * 6, edges).routes[-1]) > 2
    monkeypatch.setattr(layers, "MAX_BENDS", 3)
    assert len(arrange([(30, 20)] * 6, edges).routes[-1]) == 2


@pytest.mark.slow
def test_long_chains_and_empty_graphs_have_layouts():
    count = 20_000
    layout = arrange([(10, 10)] * count, [(i, i + 1) for i in range(count - 1)])
    assert len(layout.routes) == count - 1
    assert arrange([], []).centres == []


@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11))))
def test_sorted_nodes_is_a_topological_order(count, pairs):
    shuffled = list(range(count))
    random.Random(count).shuffle(shuffled)
    edges = [(shuffled[min(p)], shuffled[max(p)]) for p in pairs if max(p) < count]
    order = sorted_nodes(count, edges)
    assert sorted(order) == list(range(count))
    place = {node: i for i, node in enumerate(order)}
    assert all(place[source] < place[target] for source, target in edges if source != target)


@settings(max_examples=50)
@given(st.data())
def test_nearest_heights_minimise_the_squared_distance(data):
    count = data.draw(st.integers(1, 8))
    numbers = st.lists(st.floats(-100, 100), min_size=count, max_size=count)
    wishes = data.draw(numbers)
    weights = data.draw(st.lists(st.floats(0.5, 5), min_size=count, max_size=count))
    gaps = data.draw(st.lists(st.floats(1, 30), min_size=count, max_size=count))
    offsets = [sum(gaps[:i]) for i in range(count)]

    def cost(heights):
        return sum(w * (h - a) ** 2 for w, h, a in zip(weights, heights, wishes, strict=True))

    settled = nearest_heights(wishes, weights, offsets)
    assert all(b - a >= gap - 1e-9 for (a, b), gap in zip(pairwise(settled), gaps, strict=False))
    # The problem is convex: the optimum is where no small step towards a feasible point improves.
    other = sorted(data.draw(numbers))
    candidate = [height + offset for height, offset in zip(other, offsets, strict=True)]
    nudged = [s + 0.01 * (c - s) for s, c in zip(settled, candidate, strict=True)]
    assert cost(settled) <= cost(nudged) + 1e-9 * (1 + cost(settled))
