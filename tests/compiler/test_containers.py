"""The walk through containers: nested items, live views, and the room that limits it."""

from __future__ import annotations

import collections
import types
from array import array
from math import inf

import pytest

from autograd_scalar.compiler.capture.containers import CONTAINERS, TRANSIENT, live_views, walk


def items_of(obj, room=inf, kinds=CONTAINERS):
    return [[items for _, items in contents] for _, contents in walk(obj, kinds, room=room)]


@pytest.mark.parametrize(
    ("container", "items"),
    [
        ([1, "a"], [[1, "a"]]),
        ((1,), [[1]]),
        ({3}, [[3]]),
        ({"a": 1}, [["a"], [1]]),
        (collections.deque([1]), [[1]]),
        (collections.UserList([1]), [[1]]),
        (collections.UserDict(a=1), [["a"], [1]]),
        (collections.ChainMap({"a": 1}), [["a"], [1]]),
        (types.MappingProxyType({"a": 1}), [["a"], [1]]),
    ],
    ids=lambda part: type(part).__name__,
)
def test_items_of_each_container(container, items):
    assert items_of(container) == [items]


@pytest.mark.parametrize("obj", [1.0, "text", None, object(), array("d", [1.0]), {}.values()])
def test_other_objects_have_no_items(obj):
    assert items_of(obj) == []


def test_transient_collections_are_walked_where_asked_for():
    assert items_of(array("d", [1.0, 2.0]), kinds=(*CONTAINERS, *TRANSIENT)) == [[[1.0, 2.0]]]


def test_nested_containers_follow_the_outer_one():
    inner, outer = [2.0], {"k": (3.0,)}
    assert items_of([1.0, inner, outer]) == [
        [[1.0, inner, outer]],
        [[2.0]],
        [["k"], [(3.0,)]],
        [[3.0]],
    ]


def test_a_view_follows_changes():
    mapping = {"a": 1}
    keys, values = live_views(mapping)
    mapping["b"] = 2
    assert ([*keys], [*values]) == (["a", "b"], [1, 2])


def test_a_container_longer_than_the_room_is_not_entered():
    assert items_of([[1.0]] * 5, room=4) == [[[]]]


def test_nested_containers_share_the_room():
    assert items_of([[1.0, 2.0], [3.0, 4.0]], room=3) == [[[[1.0, 2.0], [3.0, 4.0]]], [[]]]


def test_the_room_ends_a_list_that_contains_itself():
    endless = [1.0]
    endless.append(endless)
    assert len(items_of(endless, room=10)) == 5
