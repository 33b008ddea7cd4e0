"""Readings: what a function read besides its arguments while it was recorded, and how to read that again.

A trace may be replayed where every reading finds what it found then: the same object, or an equal number, string or
container of these. Each call repeats all readings, which costs about 10 ns each on the native engine.
"""

from __future__ import annotations

from abc import get_cache_token
from functools import cache
from itertools import chain
from types import MemberDescriptorType
from typing import Any, NamedTuple
from weakref import CallableProxyType, ProxyType

from autograd_scalar.compiler.capture.probes.functions import original_code
from autograd_scalar.compiler.capture.readings import containers

#: Types of which an equal object may take the place of another.
ATOMS = (int, float, complex, str, bytes, type(None))


class _Missing:
    """The type of MISSING."""

    def __repr__(self) -> str:
        return "missing"


#: Types of proxies, which stand for the object of a weak reference.
PROXIES = (ProxyType, CallableProxyType)

#: Found where there is nothing: absence is a reading too.
MISSING = _Missing()

# Kinds of readings, as in the native engine.
NAME = 0  # the value of a key in a dict of names
MEMBER = 1  # an attribute in the dict of an object
CELL = 2  # the contents of a cell
ITEMS = 3  # the items of a list
FUNCTION = 4  # the code and the defaults of a function
TYPE = 5  # the type of an object
PAIRS = 6  # the keys, then the values of a dict
CLASS = 7  # what a class and its bases define: the key is a Definitions
OTHER = 8  # all else: the key is the function that reads


def is_atom(obj: Any) -> bool:
    """Return whether an object is a number, a text or the like, which an equal one may replace."""
    return isinstance(obj, ATOMS)


class Reading(NamedTuple):
    """One reading: where, and the objects found there."""

    kind: int
    owner: Any
    key: Any
    found: tuple[Any, ...]
    #: The name of the owner or of what was found, for messages, and its scope: "global", "nonlocal", "attribute" ...
    name: str
    scope: str

    @property
    def identity(self) -> tuple[Any, ...]:
        """A key that readings of the same place share."""
        return place(self.kind, self.owner, self.key)


def place(kind: int, owner: Any, key: Any) -> tuple[Any, ...]:
    """Return a key that readings of the same place share."""
    return kind, id(owner), type(key), key


def read(kind: int, owner: Any, key: Any) -> tuple[Any, ...]:
    """Return the objects that a reading finds now."""
    if kind == NAME:
        return (owner.get(key, MISSING),)
    if kind == MEMBER:
        return (own_attributes(owner).get(key, MISSING),)
    if kind == CELL:
        return (cell_contents(owner),)
    if kind == ITEMS:
        return tuple(owner)
    if kind == PAIRS:
        return *owner.keys(), *owner.values()
    if kind == FUNCTION:
        return original_code(owner), owner.__defaults__, owner.__kwdefaults__
    if kind == TYPE:
        return (type(owner),)
    found: tuple[Any, ...] = key(owner)
    return found


def own_attributes(obj: Any) -> dict[str, Any]:
    """Return the dict of an object's attributes, an empty one if it has none."""
    try:
        found: dict[str, Any] = object.__getattribute__(obj, "__dict__")
    except AttributeError:
        return {}
    return found


def cell_contents(cell: Any) -> Any:
    """Return the contents of a cell, or MISSING."""
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


# Functions that read, for the kinds CLASS and OTHER.


class Attribute(NamedTuple):
    """The function that reads an attribute which C code computes, such as a slot."""

    name: str

    def __call__(self, owner: Any) -> tuple[Any, ...]:
        """Return the attribute, or MISSING."""
        try:
            return (getattr(owner, self.name),)
        except AttributeError:
            return (MISSING,)


class Entry(NamedTuple):
    """The function that reads what one class itself defines under a name."""

    name: str

    def __call__(self, owner: type) -> tuple[Any, ...]:
        """Return the definition, or MISSING."""
        return (vars(owner).get(self.name, MISSING),)


class Definitions(NamedTuple):
    """The function that reads what a class and its bases define: special methods, and these names."""

    names: tuple[str, ...]

    def __call__(self, owner: type) -> tuple[Any, ...]:
        """Return the bases, the special methods, and the definition of each name."""
        return *special_methods(owner), *[definition(owner, name) for name in self.names]


def special_methods(owner: type) -> tuple[Any, ...]:
    """Return the bases of a class, and the special methods that they define, with their names."""
    special: list[Any] = []
    for kind in owner.__mro__:
        if is_python_class(kind):
            for name, member in vars(kind).items():
                if name[:2] == "__" and name not in _VOLATILE:
                    special += (name, member)
    return *owner.__mro__, *special


#: Special attributes of classes that compute nothing, or that Python itself sets.
_VOLATILE = frozenset(
    [
        "__dict__",
        "__weakref__",
        "__doc__",
        "__module__",
        "__qualname__",
        "__annotations__",
        "__abstractmethods__",
        "__match_args__",
        "__static_attributes__",
        "__firstlineno__",
        "__annotate__",
        "__annotate_func__",
        "__annotations_cache__",
        "__type_params__",
        "__parameters__",
        "__orig_bases__",
        "__slots__",
    ]
)


def definition(owner: type, name: str) -> Any:
    """Return what a class or one of its bases defines under a name, unbound, or MISSING."""
    for kind in owner.__mro__:
        if name in vars(kind):
            return vars(kind)[name]
    return MISSING


def is_python_class(kind: type) -> bool:
    """Return whether a class was made by a class statement, so that it can change."""
    heap, immutable = 1 << 9, 1 << 8  # Py_TPFLAGS_HEAPTYPE, Py_TPFLAGS_IMMUTABLETYPE
    return kind.__flags__ & (heap | immutable) == heap


def buffer(owner: Any) -> tuple[Any, ...]:
    """Return the form of an array, its shape, and its bytes."""
    if containers.is_array(owner):
        return form(owner), owner.shape, owner.tobytes()
    view = memoryview(owner)
    return view.format, view.shape, view.tobytes()


def form(array: Any) -> tuple[Any, ...]:
    """Return what describes the elements of an array, whose fields can be renamed, and the order in which they lie."""
    dtype = array.dtype
    return dtype.str if dtype.names is None else str(dtype), array.strides, array.flags.writeable


def attributes(owner: Any) -> tuple[Any, ...]:
    """Return all attributes of an object, their names and values in turn."""
    slots = [
        (name, Attribute(name)(owner)[0])
        for kind in type(owner).__mro__
        for name, member in vars(kind).items()
        if isinstance(member, MemberDescriptorType) and is_python_class(kind)
    ]
    return (*chain.from_iterable([*own_attributes(owner).items(), *slots]),)


def object_array(owner: Any) -> tuple[Any, ...]:
    """Return the shape of an array of objects, and these."""
    return *form(owner), owner.shape, *owner.ravel().tolist()


def registrations(owner: Any) -> tuple[Any, ...]:
    """Return what changes when a class is registered with an abstract one; the same object while it does not."""
    return (_same(get_cache_token()),)


@cache
def _same(token: object) -> object:
    return token


def bound_parts(owner: Any) -> tuple[Any, ...]:
    """Return what a partial holds: a function, and arguments."""
    return owner.func, *owner.args, *owner.keywords.keys(), *owner.keywords.values()


def class_dict(owner: type) -> tuple[Any, ...]:
    """Return all that one class itself defines, with the names."""
    return (*chain.from_iterable(item for item in vars(owner).items() if item[0] not in _VOLATILE),)


def identity(owner: Any) -> tuple[Any, ...]:
    """Return a container of which an equal one must not take the place."""
    return (owner,)


def target(owner: Any) -> tuple[Any, ...]:
    """Return the object of a weak reference or proxy, None if it is gone."""
    if type(owner) not in PROXIES:
        return (owner(),)
    try:
        return (owner.__sizeof__.__self__,)  # a method, which the proxy takes from its object
    except ReferenceError:
        return (None,)


def decimal_context(owner: Any) -> tuple[Any, ...]:
    """Return what `decimal` computes with in this thread; the same object while that does not change."""
    now = owner.getcontext()
    settings = now.prec, now.rounding, now.Emin, now.Emax, now.capitals, now.clamp
    return (_same((*settings, *(signal for signal, traps in now.traps.items() if traps))),)
