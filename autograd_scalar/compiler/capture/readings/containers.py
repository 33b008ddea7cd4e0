"""Containers: which objects hold others, and which an equal one may replace."""

from __future__ import annotations

import sys
from array import array
from collections import ChainMap, OrderedDict, UserDict, UserList, defaultdict, deque
from itertools import chain
from types import MappingProxyType
from typing import Any

_MAPPINGS = (dict, UserDict, ChainMap, MappingProxyType)
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))
#: Containers whose items are compared.
CONTAINERS: tuple[type, ...] = (
    *_MAPPINGS,
    *_VIEWS,
    *(list, tuple, set, frozenset, deque, UserList),
)
#: Arrays of numbers besides NumPy's.
BUFFERS: tuple[type, ...] = (array, bytearray, memoryview)
#: Containers of which an equal one may take the place of another.
_EXCHANGEABLE = {list, dict, set, deque, OrderedDict, defaultdict, bytearray, array}


def is_mapping(container: Any) -> bool:
    """Return whether a container has keys and values."""
    return isinstance(container, _MAPPINGS)


def listed(container: Any) -> tuple[Any, ...]:
    """Return the items of a container; of a mapping the keys, then the values."""
    if not is_mapping(container):
        return tuple(container)
    return tuple(chain(container.keys(), container.values()))


def is_array(obj: Any) -> bool:
    """Return whether an object is an array of NumPy."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and issubclass(type(obj), numpy.ndarray)


def is_exchangeable(obj: Any) -> bool:
    """Return whether an equal object of the same type may take the place of a container."""
    return type(obj) in _EXCHANGEABLE or (is_array(obj) and type(obj).__module__ == "numpy")
