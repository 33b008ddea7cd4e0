"""The tree that a terminal shows for a drawing."""

from __future__ import annotations

import pytest

from autograd_scalar import Value, draw, functions, nn
from autograd_scalar.show.render import dot
from autograd_scalar.show.render.tree import MAX_DEPTH, MAX_LINES


def test_a_drawing_is_a_tree_with_operands_in_order():
    x, w, b = Value(-3.0, "x"), Value(2.0, "w"), Value(6.9, "b")
    o = (w * x + b).tanh()
    o.label = "o"
    o.backward()
    assert repr(draw(o)).splitlines() == [
        "o = tanh  data 0.7163  grad 1",
        "└─ +  data 0.9  grad 0.4869",
        "   ├─ *  data -6  grad 0.4869",
        "   │  ├─ w  data 2  grad -1.461",
        "   │  └─ x  data -3  grad 0.9738",
        "   └─ b  data 6.9  grad 0.4869",
    ]


def test_shared_values_are_written_once_under_a_name():
    x = Value(2.0, "x")
    s = x * 3.0
    u = s.exp()
    u.label = "t1"
    assert repr(draw(u / s - u)).splitlines() == [
        "-  data -336.2  grad —",
        "├─ /  data 67.24  grad —",
        "│  ├─ t1 = exp  data 403.4  grad —",
        "│  │  └─ t2 = *  data 6  grad —",
        "│  │     ├─ x  data 2  grad —",
        "│  │     └─ 3",
        "│  └─ t2 (above)",
        "└─ t1 (above)",
    ]


def test_several_ends_share_their_values():
    x = Value(1.0, "x")
    s = x.sin()
    assert [
        line.partition("  data")[0] for line in repr(draw([s.exp(), s.cos()])).splitlines()
    ] == [
        *("exp", "└─ t1 = sin", "   └─ x", "cos", "└─ t1 (above)"),
    ]


@pytest.mark.parametrize("count", [60, 61, 100, 2500])
def test_large_graphs_are_cut_and_say_so(count):
    v = functions.sum([Value(1.0, f"x{i}") for i in range(count - 1)])
    lines = repr(draw(v)).splitlines()
    if count <= MAX_LINES:
        assert len(lines) == count and "…" not in lines[-1]
    else:
        assert len(lines) == MAX_LINES + 1
        assert lines[-1].startswith(f"… {count - MAX_LINES:,} of {count:,} boxes left out")


@pytest.mark.slow
def test_deep_graphs_are_cut_and_say_so():
    v = Value(0.5, "x")
    for _ in range(60):
        v = v.sin()
    lines = repr(draw(v)).splitlines()
    assert len(lines) == MAX_DEPTH + 3 and lines[-2].endswith("└─ …")
    assert lines[-1].startswith("… 36 of 61 boxes left out")
    for _ in range(100_000):
        v = v.sin()
    assert len(repr(draw(v)).splitlines()) < 20  # a summary


def test_groups_are_boxes_of_the_tree():
    model = nn.MLP(2, [2, 1], seed=0)
    lines = repr(draw(model([1.0, 2.0]), names=model, group="neuron")).splitlines()
    assert lines[0].startswith("layers.1.neurons.0  out 0.0388  grad —  w.0 ")
    assert lines[1].startswith("├─ layers.0.neurons.0  out ")


def test_labels_stay_on_their_line():
    assert repr(draw(Value(1.0, "a\nb\x1b[31m").exp())).count("\n") == 1
    assert "\x1b" not in repr(draw(Value(1.0, "a\x1b[31m").exp()))


def test_a_digraph_without_a_picture_has_the_usual_repr():
    assert repr(dot.Drawing("empty")).startswith("<autograd_scalar.show.render.dot.Drawing object")
