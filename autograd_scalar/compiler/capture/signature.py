"""Flatten the arguments of a call into leaves, which are data, and a hashable structure, which is part of the key.

The structure of a call is a pair: those of the positional arguments, and pairs of names and structures of the others.
Most of this file flattens arguments, at each call; the rest walks through structures, to put the arguments together
again for a recording, and to name their parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from numbers import Real
from random import Random
from types import FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from autograd_scalar import pytree
from autograd_scalar.compiler.capture.readings.containers import CONTAINERS
from autograd_scalar.compiler.capture.readings.reading import is_python_class
from autograd_scalar.compiler.errors import JitError, NeedsArrays
from autograd_scalar.value import Value

#: Kinds of leaves.
FLOAT, VALUE, ARRAY = "float", "Value", "array"
#: Types of which equal objects may replace each other.
_SIMPLE = (int, bool, str, type(None))
#: Types of most containers: these are neither arrays nor dataclasses, which takes long to find out.
_PLAIN = frozenset({list, tuple, dict})
#: Types of which an instance equals no instance of another type.
_UNIQUE = frozenset({str, bytes, type(None)})


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
    #: Its text, where equal objects may differ, as 1.0 and 1.00 do as decimals.
    text: str = ""


class Container(tuple[Any, ...]):
    """A container in a structure: a tuple of a key, equal where containers are rebuilt alike, and of its parts."""

    branch: pytree.Branch

    def __new__(cls, branch: pytree.Branch, parts: list[Any], path: Path | str) -> Container:
        key = branch.kind, _typed(branch.aux), branch.attributes and _typed(branch.attributes)
        try:
            hash(key)
        except TypeError:
            raise JitError(
                f"{path} is a {branch.kind.__name__} with auxiliary data that cannot be hashed, so calls cannot "
                f"compare it: {branch.aux!r:.60}"
            ) from None
        container = super().__new__(cls, (key, *parts))
        container.branch = branch
        return container

    @property
    def parts(self) -> tuple[Any, ...]:
        """The structures of the container's children."""
        return self[1:]


_ONLY_FLOATS = {float}
_FLOAT, _VALUE, _ARRAY = Leaf(FLOAT), Leaf(VALUE), Leaf(ARRAY)


class Path(NamedTuple):
    """The path to an argument or to a part of one; its text is made only when it is needed."""

    key: Any
    #: The path to the container, or its name.
    parent: Path | str

    def __str__(self) -> str:
        return f"{self.parent}{pytree.subscript(self.key)}"


class Flattened:
    """The leaves that flatten() has found in the arguments."""

    __slots__ = ("leaves", "open", "whole")

    def __init__(self, open: Iterable[int] = (), *, whole: bool = False) -> None:
        #: Floats, Values and arrays.
        self.leaves: list[Any] = []
        #: Ids of the containers that are being flattened.
        self.open = set(open)
        #: True if the function gets arrays whole: they are containers, and their elements leaves.
        self.whole = whole

    def start_again(self, *, whole: bool) -> None:
        """Forget all that was found."""
        for found in (self.leaves, self.open):
            found.clear()
        self.whole = whole


class _ContainsItselfError(JitError):
    """Raised for a container that contains itself."""

    def __init__(self, container: Any, path: Path | str) -> None:
        super().__init__(f"{path} is the {type(container).__name__} that contains it")
        self.container = container


def flatten(argument: Any, into: Flattened, path: Path | str, mapped: bool | None) -> Any:
    """Return the hashable structure of an argument; append its leaves to `into`.

    Ints, strings, bools and all other static arguments are part of the structure. If `mapped` is True, the first axis
    of an array, or of a list of numbers, counts rows. If it is False, other arguments are mapped, and this one must not
    hold an array. None stands for a call without mapped arguments, in which arrays broadcast, or reach the function
    whole.

    Raises JitError, naming the `path`, for an argument that cannot be compiled; NeedsArrays for an array of Values,
    which does not broadcast.
    """
    kind = type(argument)
    if isinstance(argument, float) and not mapped:  # also of a subclass, such as NumPy's float64
        into.leaves.append(float(argument))
        return _FLOAT
    if kind is Value:
        into.leaves.append(argument)
        return _VALUE
    if kind not in _PLAIN and _is_array(argument):
        if into.whole:
            return _flatten_whole_array(argument, into, path)
        return _flatten_array(argument, into.leaves, path, mapped)
    if mapped and kind in (list, tuple):
        has_rows = (_is_array(part) and getattr(part, "ndim", 1) > 0 for part in argument)
        if not any(has_rows):  # a list of numbers, or of lists of them
            return _flatten_array(argument, into.leaves, path, mapped)
    if kind not in _SIMPLE and (taken := _split(argument)) is not None:
        if mapped or kind in _PLAIN or not hasattr(kind, "__dataclass_fields__"):
            return _flatten_container(argument, *taken, into, path, mapped)
        return _flatten_dataclass(argument, *taken, into, path)
    if mapped:
        raise JitError(
            f"{path} is mapped over rows, so it must be an array or a list, got {argument!r:.60}; pass what all rows "
            "share as another argument"
        )
    return _static(argument, path)


def _split(argument: Any) -> tuple[pytree.Branch, list[Any]] | None:
    """Return what rebuilds a container of a pytree, and its children; None for another object."""
    try:
        return pytree.split(argument)
    except TypeError:  # it has attributes besides its items
        return None


def _flatten_container(
    argument: Any,
    branch: pytree.Branch,
    children: list[Any],
    into: Flattened,
    path: Path | str,
    mapped: bool | None,
) -> Container:
    """Return the structure of a container, as flatten() does."""
    # The same as below, in a tenth of the time.
    if not mapped and {*map(type, children)} == _ONLY_FLOATS:
        into.leaves += children
        return Container(branch, [_FLOAT] * len(children), path)
    if id(argument) in into.open:
        raise _ContainsItselfError(argument, path)
    into.open.add(id(argument))
    parts = [
        flatten(child, into, Path(key, path), mapped)
        for key, child in zip(branch.keys(), children, strict=True)
    ]
    into.open.remove(id(argument))
    return Container(branch, parts, path)


def _flatten_dataclass(
    argument: Any, branch: pytree.Branch, children: list[Any], into: Flattened, path: Path | str
) -> Container | Static:
    """Return the structure of a dataclass: a static argument if it holds arrays or itself, else a container.

    It may be the object whose method is compiled. Its arrays are not to be mapped over, as those in a list are.
    """
    own = Flattened(into.open, whole=into.whole)
    try:
        container = _flatten_container(argument, branch, children, own, path, None)
    except _ContainsItselfError as error:
        if error.container is not argument:
            raise
        return _static(argument, path)
    if any(isinstance(end, Leaf) and end.kind == ARRAY for _, end in _ends(container, "")):
        return _static(argument, path)
    into.leaves += own.leaves
    return container


def _static(argument: Any, path: Path | str) -> Static:
    """Return the structure of an argument without leaves."""
    kind = type(argument)
    if kind in _SIMPLE or isinstance(argument, type | ModuleType | FunctionType | MethodType):
        return Static(kind, argument)
    if isinstance(argument, Random) or hasattr(kind, "bit_generator"):
        raise JitError(
            f"{path} is a random generator, whose numbers every replay would repeat; draw them outside"
        )
    if isinstance(argument, Iterator):
        raise JitError(
            f"{path} is an iterator, which the first call would exhaust; pass a list instead"
        )
    if is_python_class(kind) or isinstance(argument, CONTAINERS):
        return Static(kind, Identity(argument))
    try:
        hash(argument)
    except (TypeError, ValueError):  # ValueError: a writable memoryview
        return Static(kind, Identity(argument))
    return Static(kind, argument, repr(argument))


def _typed(key: Any) -> Any:
    """Return a key that is equal for equal auxiliary data of the same types: 1 and True, or 0.0 and -0.0, differ."""
    kind = type(key)
    if kind in _UNIQUE or (kind is tuple and _UNIQUE.issuperset(map(type, key))):
        return key
    if isinstance(key, tuple):
        return kind, *map(_typed, key)
    return kind, repr(key) if isinstance(key, float) else Identity(key) if kind is Value else key


def _is_array(argument: Any) -> bool:
    kind = type(argument)  # an instance may answer for any attribute
    return hasattr(kind, "__array_interface__") or hasattr(kind, "__array__")


def _checked_array(argument: Any, path: Path | str, kinds: str) -> Any:
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


def _flatten_whole_array(argument: Any, into: Flattened, path: Path | str) -> Container:
    """Return the structure of an array as a container; ints are floats there, bools static arguments."""
    array = _checked_array(argument, path, "fiubO")
    elements = array if array.dtype.kind in "bO" else array.astype(float)
    taken = pytree.split(elements)
    assert taken is not None
    return _flatten_container(argument, *taken, into, path, None)


def _flatten_array(argument: Any, leaves: list[Any], path: Path | str, mapped: bool | None) -> Any:
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
    return structure.branch.rebuild([unflatten(part, leaf) for part in structure.parts])


def unflatten_call(structure: Any, leaf: Callable[[Leaf], Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the positional and the keyword arguments of a call, with leaf(placeholder) for each leaf."""
    args, keywords = structure
    positional = [unflatten(part, leaf) for part in args]
    return positional, {name: unflatten(part, leaf) for name, part in keywords}


def placeholders(structure: Any) -> list[Leaf]:
    """Return the placeholders of the leaves of a call, in order."""
    args, keywords = structure
    ends = (end for part in (*args, *dict(keywords).values()) for _, end in _ends(part, ""))
    return [end for end in ends if isinstance(end, Leaf)]


def container_classes(structure: Any) -> dict[str, type]:
    """Return the classes of the containers among the arguments of a call, by name."""
    args, keywords = structure
    waiting, found = [*args, *dict(keywords).values()], dict[str, type]()
    while waiting:
        if isinstance(part := waiting.pop(), Container):
            found[f"class {part.branch.kind.__qualname__}"] = part.branch.kind
            waiting += part.parts
    return found


def contents(structure: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    """Return what the arguments of a call hold: leaves, static arguments, and what rebuilds each container."""
    positional, keywords = structure
    found: list[Any] = []
    for part, argument in zip(positional, args, strict=True):
        _list_contents(part, argument, found)
    for name, part in keywords:
        _list_contents(part, kwargs[name], found)
    return found


def _list_contents(structure: Any, argument: Any, into: list[Any]) -> None:
    if not isinstance(structure, Container):
        into += pytree.leaves(argument) if isinstance(structure, Leaf) else [argument]
        return
    taken = pytree.split(argument)
    assert taken is not None
    branch, children = taken
    into.append(branch)
    for part, child in zip(structure.parts, children, strict=False):  # more children: another size
        _list_contents(part, child, into)


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
    for key, part in zip(structure.branch.keys(), structure.parts, strict=True):
        yield from _ends(part, name + pytree.subscript(key))


def nested(shape: tuple[int, ...], items: Iterator[Any]) -> Any:
    """Return nested lists of a shape, filled from an iterator; for the shape (), the next item alone."""
    if not shape:
        return next(items)
    return [nested(shape[1:], items) for _ in range(shape[0])]
