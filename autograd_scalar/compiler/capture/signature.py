"""The arguments of a call taken apart: numbers, Values and arrays to compute with, and the structure around them."""

from __future__ import annotations

from array import array
from collections import OrderedDict, UserDict, UserList, deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import product
from types import FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any, NamedTuple

from autograd_scalar.compiler.capture.bytecode import is_package_module
from autograd_scalar.compiler.capture.rng import is_generator
from autograd_scalar.compiler.errors import JitError
from autograd_scalar.value import Value

#: What stands in a structure for a leaf: a float, a Value, or an array.
FLOAT, VALUE, ARRAY = "float", "Value", "array"


#: Closure that are the same where they are equal.
_SIMPLE = (int, bool, str, type(None), Value)


class Leaf(NamedTuple):
    """A leaf's place in the structure of a call."""

    kind: str
    #: Of an array: its dimensions after the first, where that counts rows.
    inner: tuple[int, ...] = ()


class Identity:
    """A static argument that cannot be hashed, as itself."""

    __slots__ = ("thing",)

    def __init__(self, thing: object) -> None:
        self.thing = thing

    def __hash__(self) -> int:
        return id(self.thing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and other.thing is self.thing


_FLOAT, _VALUE, _ARRAY = Leaf(FLOAT), Leaf(VALUE), Leaf(ARRAY)


class Flattened(NamedTuple):
    """What arguments hold besides their structure."""

    #: Floats, Values and arrays.
    leaves: list[Any]
    #: Objects, whose attributes may be read, by what they are called.
    objects: dict[str, Any]


def flatten(argument: Any, parts: Flattened, path: str, rows: bool | None) -> Any:
    """Return the structure of an argument, hashable, and put what else it holds into `parts`.

    Ints, strings, bools and whatever else is no number to compute with are part of the structure. With `rows`, the
    first axis of an array, or of a list of numbers, counts rows, and the others are lists; where it is False, other
    arguments have rows, and this one must not have arrays.
    """
    kind, leaves = type(argument), parts.leaves
    if rows and not isinstance(argument, list | tuple | dict) and not _is_array(argument):
        raise JitError(
            f"{path} is to be mapped over rows, but is {argument!r:.60}; pass what all rows share as another argument"
        )
    if kind is float:
        leaves.append(argument)
        return _FLOAT
    if kind is Value:
        leaves.append(argument)
        return _VALUE
    if rows and kind in (list, tuple) and not any(map(_has_rows, argument)):
        return _array(argument, leaves, path, rows)
    if kind in (list, tuple) or (issubclass(kind, tuple) and hasattr(kind, "_fields")):
        return kind, *[
            flatten(part, parts, f"{path}[{i}]", rows) for i, part in enumerate(argument)
        ]
    if kind in (dict, OrderedDict):
        return (
            kind,
            tuple(argument),
            *[flatten(part, parts, f"{path}[{key!r}]", rows) for key, part in argument.items()],
        )
    if isinstance(argument, float) and not rows:  # numpy's float64 among them
        leaves.append(float(argument))
        return _FLOAT
    if _is_array(argument):
        return _array(argument, leaves, path, rows)
    if isinstance(argument, ModuleType):
        return kind, argument
    if isinstance(argument, type | FunctionType | MethodType | partial):
        parts.objects[path] = argument
        return kind, argument
    if isinstance(argument, _CONTAINERS):
        return kind, Identity(argument), *_contents(argument, path)
    if is_generator(argument):
        raise JitError(f"{path} draws random numbers, which a replay would not; draw them outside")
    if isinstance(argument, Iterator):
        raise JitError(
            f"{path} is an iterator, from which a replay would draw nothing; pass a list"
        )
    frozen: list[Any] = []
    if is_package_module(kind.__module__):  # a model: what its class's code reads is not looked for
        frozen = [
            (name, identity_key(part)) for name, part in getattr(argument, "__dict__", {}).items()
        ]
    elif kind.__module__ != "builtins":
        parts.objects[path] = argument
    try:
        hash(argument)
    except (TypeError, ValueError):  # the latter of a memoryview
        return kind, Identity(argument), *frozen
    return kind, argument, *frozen


#: Containers that are not rebuilt around what they hold: their contents count as ints and texts do.
_CONTAINERS: tuple[type, ...] = (
    *(list, tuple, dict, set, frozenset, deque, UserList, UserDict, MappingProxyType, array),
    *(type({}.keys()), type({}.values()), type({}.items())),
)
#: So many things they may hold.
_MOST_INSIDE = 64


def _contents(container: Any, path: str) -> Iterator[Any]:
    """Yield what tells a container's contents from others."""
    if len(container) > _MOST_INSIDE:
        raise JitError(
            f"{path} is a {type(container).__name__} of {len(container)}, which would be compared at every call; "
            "pass a list, a tuple, a dict or an array"
        )
    pairs = isinstance(container, dict | UserDict | MappingProxyType)
    inside = [part for pair in container.items() for part in pair] if pairs else [*container]
    told = [(type(part), identity_key(part)) for part in inside]
    yield frozenset(told) if isinstance(container, set | frozenset) else tuple(told)
    for part in inside:
        if isinstance(part, _CONTAINERS):
            yield from _contents(part, path)
    for name, part in getattr(container, "__dict__", {}).items():
        yield name, type(part), identity_key(part)


def identity_key(thing: Any) -> Any:
    """Return what is equal for those things alone that may stand in its place; their contents are not seen."""
    if isinstance(thing, float):
        return repr(thing)  # because 0.0 == -0.0
    return thing if isinstance(thing, _SIMPLE) else Identity(thing)


def _has_rows(argument: Any) -> bool:
    return _is_array(argument) and getattr(argument, "ndim", 1) > 0


def _is_array(argument: Any) -> bool:
    kind = type(argument)  # whose instances may answer for any attribute
    return hasattr(kind, "__array_interface__") or hasattr(kind, "__array__")


def _array(argument: Any, leaves: list[Any], path: str, rows: bool | None) -> Any:
    import numpy as np

    try:
        array = np.asarray(argument)
    except (ValueError, TypeError, RuntimeError):  # the latter two of tensors
        raise JitError(
            f"{path} is to be rows of numbers, all of one shape, got {argument!r:.60}"
        ) from None
    if hasattr(argument, "mask"):
        raise JitError(f"{path} is a masked array; fill it, or leave the masked rows out")
    if array.dtype.kind not in "fiub":
        raise JitError(
            f"{path} is an array of {array.dtype}; arrays of floats, ints and bools can be computed with"
        )
    if array.ndim and rows is False:
        raise JitError(
            f"{path} is an array, but rows= does not name that argument; name it, or pass array.tolist() "
            "for what is the same for all rows"
        )
    if array.ndim == 0 and not rows:
        if array.dtype.kind == "f":
            leaves.append(float(array))
            return _FLOAT
        return type(array.item()), array.item()
    if rows and array.ndim == 0:
        raise JitError(f"{path} is to be mapped over rows, but has none: its shape is ()")
    leaves.append(np.asarray(array, dtype=np.float64))
    return Leaf(ARRAY, array.shape[1:]) if rows else _ARRAY


def unflatten(structure: Any, leaf: Callable[[Leaf], Any]) -> Any:
    """Return the argument of that structure, with what a function returns for each leaf."""
    if isinstance(structure, Leaf):
        return leaf(structure)
    kind, *parts = structure
    if _is_rebuilt(structure):
        if issubclass(kind, dict):
            keys, *parts = parts
            return kind(zip(keys, [unflatten(part, leaf) for part in parts], strict=True))
        built = [unflatten(part, leaf) for part in parts]
        return kind(*built) if hasattr(kind, "_fields") else kind(built)
    return parts[0].thing if isinstance(parts[0], Identity) else parts[0]


def _is_rebuilt(structure: Any) -> bool:
    """Return whether a structure is of a container that is taken apart, and put together anew."""
    kind, *parts = structure
    return issubclass(kind, dict | list | tuple) and not (parts and isinstance(parts[0], Identity))


def leaf_names(structure: Any, name: str) -> Iterator[str]:
    """Yield what the numbers in a structure are called, given what the whole is: x[0], x['w'] ..."""
    for path, part in _parts(structure, name):
        if isinstance(part, Leaf):
            for at in product(*map(range, part.inner)):
                yield path + "".join(f"[{i}]" for i in at)


def static_parts(structure: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield what in a structure is no data, with what it is called."""
    for path, part in _parts(structure, name):
        if not isinstance(part, Leaf):
            yield path, part[1].thing if isinstance(part[1], Identity) else part[1]


def _parts(structure: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the ends of a structure, data or not, with what they are called."""
    if isinstance(structure, Leaf):
        yield name, structure
        return
    if not _is_rebuilt(structure):
        yield name, structure
        return
    kind, *parts = structure
    keys: Iterable[Any] = range(len(parts))
    if issubclass(kind, dict):
        keys, *parts = parts
    for key, part in zip(keys, parts, strict=True):
        yield from _parts(part, f"{name}[{key!r}]")


def nested(shape: tuple[int, ...], numbers: Iterator[Any]) -> Any:
    """Return lists of lists of that shape, filled from an iterator; one thing for the shape ()."""
    if not shape:
        return next(numbers)
    return [nested(shape[1:], numbers) for _ in range(shape[0])]
