"""Flatten the arguments of a call into leaves, which are data, and a hashable structure, which is part of the key."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import product
from math import inf
from numbers import Real
from types import FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from autograd_scalar.compiler.capture.bytecode import is_package_module
from autograd_scalar.compiler.capture.containers import CONTAINERS, TRANSIENT, walk
from autograd_scalar.compiler.capture.rng import is_generator
from autograd_scalar.compiler.errors import JitError, NeedsArrays
from autograd_scalar.compiler.options import MAX_COMPARED_ITEMS
from autograd_scalar.value import Value

#: Kinds of leaves.
FLOAT, VALUE, ARRAY = "float", "Value", "array"
#: Types of which equal objects may replace each other. So may floats, except for zeros of different sign.
_SIMPLE = (int, bool, str, type(None))
#: Containers that are static arguments; lists, tuples and dicts themselves are flattened instead.
_STATIC_CONTAINERS = (*CONTAINERS, *TRANSIENT)


class Leaf(NamedTuple):
    """Placeholder of a leaf in a structure."""

    kind: str
    #: Shape of one row of a mapped array; () for other leaves.
    inner: tuple[int, ...] = ()


class Identity:
    """An object in a key, equal to itself alone."""

    __slots__ = ("object",)

    def __init__(self, obj: object) -> None:
        self.object = obj

    def __hash__(self) -> int:
        return id(self.object)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and other.object is self.object


class Static(NamedTuple):
    """A static argument in a structure."""

    type: type
    #: The argument, or its Identity where equal objects cannot replace each other.
    key: Any
    #: Keys of its items or attributes, if calls compare these too.
    contents: tuple[Any, ...] = ()


_FLOAT, _VALUE, _ARRAY = Leaf(FLOAT), Leaf(VALUE), Leaf(ARRAY)


class Flattened(NamedTuple):
    """The leaves and objects that flatten() has found in the arguments."""

    #: Floats, Values and arrays.
    leaves: list[Any]
    #: Objects whose attributes may be read, by their path in the arguments.
    objects: dict[str, Any]


def flatten(
    argument: Any, into: Flattened, path: str, mapped: bool | None, *, whole: bool = False
) -> Any:
    """Return the hashable structure of an argument; append its leaves and objects to `into`.

    Ints, strings, bools and all other static arguments are part of the structure. If `mapped` is True, the first axis
    of an array, or of a list of numbers, counts rows. If it is False, other arguments are mapped, and this one must not
    hold an array. None stands for a call without mapped arguments, in which arrays broadcast, or reach the function
    `whole`: then an array is a container, and its elements are leaves.

    Raises JitError, naming the `path`, for an argument that cannot be compiled; NeedsArrays for an array of Values,
    which does not broadcast.
    """
    kind = type(argument)
    if mapped and not isinstance(argument, list | tuple | dict) and not _is_array(argument):
        raise JitError(
            f"{path} is mapped over rows, so it must be an array or a list, got {argument!r:.60}; pass what all rows "
            "share as another argument"
        )
    if isinstance(argument, float) and not mapped:  # also of a subclass, such as NumPy's float64
        into.leaves.append(float(argument))
        return _FLOAT
    if kind is Value:
        into.leaves.append(argument)
        return _VALUE
    if mapped and kind in (list, tuple):
        has_rows = (_is_array(part) and getattr(part, "ndim", 1) > 0 for part in argument)
        if not any(has_rows):  # a list of numbers, or of lists of them
            return _flatten_array(argument, into.leaves, path, mapped)
    if kind in (list, tuple) or (issubclass(kind, tuple) and hasattr(kind, "_fields")):
        return kind, *[
            flatten(part, into, f"{path}[{i}]", mapped, whole=whole)
            for i, part in enumerate(argument)
        ]
    if kind in (dict, OrderedDict):
        parts = [
            flatten(part, into, f"{path}[{k!r}]", mapped, whole=whole)
            for k, part in argument.items()
        ]
        return kind, tuple(argument), *parts
    if _is_array(argument):
        if whole:
            array = _checked_array(argument, path, "fiubO")
            elements = array if array.dtype.kind in "bO" else array.astype(float)
            parts = [flatten(x, into, path, None, whole=True) for x in elements.ravel().tolist()]
            return Array, array.shape, *parts
        return _flatten_array(argument, into.leaves, path, mapped)
    return _static(argument, into.objects, path)


def _static(argument: Any, objects: dict[str, Any], path: str) -> Static:
    """Return the structure of an argument without leaves; add it to `objects` if its attributes may be read."""
    kind = type(argument)
    if kind in _SIMPLE or isinstance(argument, ModuleType):
        return Static(kind, argument)
    if isinstance(argument, type | FunctionType | MethodType | partial):
        objects[path] = argument
        return Static(kind, argument)
    if isinstance(argument, _STATIC_CONTAINERS):
        return Static(kind, Identity(argument), tuple(_contents_key(argument, path)))
    if is_generator(argument):
        raise JitError(
            f"{path} is a random generator, whose numbers every replay would repeat; draw them outside"
        )
    if isinstance(argument, Iterator):
        raise JitError(
            f"{path} is an iterator, which the first call would exhaust; pass a list instead"
        )
    attributes: tuple[Any, ...] = ()
    if is_package_module(kind.__module__):  # a model: the code of its class is not searched
        own = getattr(argument, "__dict__", {})
        attributes = tuple((name, identity_key(part)) for name, part in own.items())
    elif kind.__module__ != "builtins":
        objects[path] = argument
    try:
        hash(argument)
    except (TypeError, ValueError):  # ValueError: a writable memoryview
        return Static(kind, Identity(argument), attributes)
    return Static(kind, argument, attributes)


def _contents_key(container: Any, path: str) -> Iterator[Any]:
    """Yield keys of the items and attributes of a container, and of those nested in it; JitError if they are many."""
    for inner, contents in walk(container, _STATIC_CONTAINERS, room=inf):
        if len(inner) > MAX_COMPARED_ITEMS:
            raise JitError(
                f"{path} is a {type(inner).__name__} of {len(inner)} items, too many to compare at every call; "
                "pass a list, a tuple, a dict or an array"
            )
        for view, items in contents:
            keys = [(type(item), identity_key(item)) for item in items]
            yield frozenset(keys) if isinstance(view, set | frozenset) else tuple(keys)
        for name, part in getattr(inner, "__dict__", {}).items():
            yield name, type(part), identity_key(part)


def identity_key(obj: Any) -> Any:
    """Return a key that is equal for objects that may replace each other, regardless of their contents."""
    if isinstance(obj, float):
        return repr(obj)  # 0.0 == -0.0, but their texts differ
    return obj if isinstance(obj, _SIMPLE) else Identity(obj)


def _is_array(argument: Any) -> bool:
    kind = type(argument)  # an instance may answer for any attribute
    return hasattr(kind, "__array_interface__") or hasattr(kind, "__array__")


class Array:
    """The kind of an array in a structure, followed by its shape and the structures of its elements."""


def _checked_array(argument: Any, path: str, kinds: str) -> Any:
    """Return an argument as NumPy's array; JitError for a masked one, and for dtypes of other kinds."""
    import numpy as np

    try:
        array = np.asarray(argument)
    except (ValueError, TypeError, RuntimeError):  # TypeError and RuntimeError: tensors
        raise JitError(
            f"{path} must be rows of numbers, all of one shape, got {argument!r:.60}"
        ) from None
    if hasattr(argument, "mask"):
        raise JitError(f"{path} is a masked array; fill it, or drop the masked rows")
    if array.dtype.kind not in kinds or (array.dtype.kind == "O" and not _has_values(array)):
        raise JitError(
            f"{path} is an array of {array.dtype}; expected an array of floats, ints or bools"
        )
    return array


def _has_values(array: Any) -> bool:
    """Return whether an array of objects is one of Values, among which there may be numbers."""
    return any(type(x) is Value for x in array.flat) and all(
        type(x) is Value or isinstance(x, Real) for x in array.flat
    )


def _flatten_array(argument: Any, leaves: list[Any], path: str, mapped: bool | None) -> Any:
    """Return the structure of an array; append it to the leaves as float64."""
    import numpy as np

    array = _checked_array(argument, path, "fiub" if mapped is not None else "fiubO")
    if array.dtype.kind == "O":
        raise NeedsArrays(f"{path} is an array of Values")
    if array.ndim and mapped is False:
        raise JitError(
            f"{path} is an array, but rows= does not name that argument; name it, or pass array.tolist() "
            "if all rows share it"
        )
    if mapped and not array.ndim:
        raise JitError(
            f"{path} is mapped over rows, but has none: its shape is (); pass an array of one or more dimensions"
        )
    if array.ndim:
        leaves.append(np.asarray(array, dtype=np.float64))
        return Leaf(ARRAY, array.shape[1:]) if mapped else _ARRAY
    if array.dtype.kind == "f":
        leaves.append(float(array))
        return _FLOAT
    return Static(type(array.item()), array.item())


def unflatten(structure: Any, leaf: Callable[[Leaf], Any]) -> Any:
    """Return the argument that a structure describes, with leaf(placeholder) for each leaf, in order."""
    if isinstance(structure, Leaf):
        return leaf(structure)
    if isinstance(structure, Static):
        return _argument(structure)
    kind, *parts = structure
    if issubclass(kind, dict):
        keys, *parts = parts
        return kind(zip(keys, [unflatten(part, leaf) for part in parts], strict=True))
    if kind is Array:
        return _array(parts[0], [unflatten(part, leaf) for part in parts[1:]])
    built = [unflatten(part, leaf) for part in parts]
    return kind(*built) if hasattr(kind, "_fields") else kind(built)


def _array(shape: tuple[int, ...], elements: list[Any]) -> Any:
    """Return an array of Values, or of bools."""
    import numpy as np

    from autograd_scalar import arrays

    if elements and all(type(x) is bool for x in elements):
        return np.array(elements).reshape(shape)
    return arrays.of(elements, shape)


def _argument(static: Static) -> Any:
    return static.key.object if isinstance(static.key, Identity) else static.key


def leaf_names(structure: Any, name: str) -> Iterator[str]:
    """Yield the names of the numbers in a structure, such as x[0] and x['w'], given the name of the whole."""
    for path, part in _ends(structure, name):
        if isinstance(part, Leaf):
            for index in product(*map(range, part.inner)):
                yield path + "".join(f"[{i}]" for i in index)


def static_parts(structure: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the static arguments in a structure with their names, given the name of the whole."""
    for path, part in _ends(structure, name):
        if isinstance(part, Static):
            yield path, _argument(part)


def _ends(structure: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the leaves and the static parts of a structure, with their names."""
    if isinstance(structure, Leaf | Static):
        yield name, structure
        return
    kind, *parts = structure
    keys: Iterable[Any] = range(len(parts))
    if issubclass(kind, dict):
        keys, *parts = parts
    if kind is Array:
        shape, *parts = parts
        keys = product(*map(range, shape))
    for key, part in zip(keys, parts, strict=True):
        subscript = ", ".join(map(str, key)) if kind is Array else repr(key)
        yield from _ends(part, f"{name}[{subscript}]")


def nested(shape: tuple[int, ...], items: Iterator[Any]) -> Any:
    """Return nested lists of a shape, filled from an iterator; for the shape (), the next item alone."""
    if not shape:
        return next(items)
    return [nested(shape[1:], items) for _ in range(shape[0])]
