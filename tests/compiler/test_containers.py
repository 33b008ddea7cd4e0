"""Containers: their items, and which an equal one may replace."""

from __future__ import annotations

import collections
import types
from array import array

import numpy as np
import pytest

from autograd_scalar.compiler.capture.readings.containers import CONTAINERS, is_exchangeable, listed


@pytest.mark.parametrize(
    ("container", "items"),
    [
        ([1, "a"], (1, "a")),
        ((1,), (1,)),
        ({3}, (3,)),
        ({"a": 1}, ("a", 1)),
        (collections.deque([1]), (1,)),
        (collections.UserList([1]), (1,)),
        (collections.UserDict(a=1), ("a", 1)),
        (collections.ChainMap({"a": 1}), ("a", 1)),
        (types.MappingProxyType({"a": 1, "b": 2}), ("a", "b", 1, 2)),
        ({"a": 1}.values(), (1,)),
        ({"a": 1}.items(), (("a", 1),)),
    ],
    ids=lambda part: type(part).__name__,
)
def test_items_of_each_container(container, items):
    assert isinstance(container, CONTAINERS)
    assert listed(container) == items


class Tagged(list):
    pass


@pytest.mark.parametrize("obj", [[1], {}, {1}, array("d"), bytearray(), np.zeros(2)])
def test_equal_containers_may_replace_each_other(obj):
    assert is_exchangeable(obj)


@pytest.mark.parametrize("obj", [Tagged(), (1,), frozenset(), {}.keys(), object(), 1.0, "text"])
def test_other_objects_may_not(obj):
    assert not is_exchangeable(obj)
