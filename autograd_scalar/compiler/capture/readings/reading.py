"""Readings: what a function read besides its arguments while it was recorded, and how to read that again.

A trace may be replayed where every reading finds what it found then: the same object, or an equal number, string or
container of these. Each call repeats all readings, which costs about 10 ns each on the native engine.
"""

from __future__ import annotations

from abc import get_cache_token
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import chain
from operator import is_
from types import MemberDescriptorType, MethodType
from typing import Any, NamedTuple
from weakref import CallableProxyType, ProxyType

from autograd_scalar.compiler.capture.probes.functions import original_code
from autograd_scalar.compiler.capture.readings import containers
from autograd_scalar.node import registry

_ATOMS = (int, float, complex, str, bytes, type(None))


class _Missing:
    """The type of MISSING."""

    def __repr__(self) -> str:
        return "missing"


#: Types of proxies, which stand for the object of a weak reference.
PROXIES = (ProxyType, CallableProxyType)

#: Found where there is nothing to be found: absence is a reading too.
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
    """Return whether an object is a number, text or the like, of which an equal one may take the place."""
    return isinstance(obj, _ATOMS)


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


# Comparison.


def unchanged(readings: Iterable[Reading]) -> bool:
    """Return whether all readings find the very same objects as before."""
    for kind, owner, key, found, _, _ in readings:
        if key is buffer:
            if not _has_bytes(owner, *found):
                return False
            continue
        now = read(kind, owner, key)
        if len(now) != len(found) or not all(map(is_, now, found)):
            return False
    return True


def filled(readings: Iterable[Reading]) -> bool:
    """Return whether readings find the same objects as before, or one where there was none, as in a filled cache."""
    for reading in readings:
        if unchanged((reading,)):
            continue
        now, before = read(reading.kind, reading.owner, reading.key), reading.found
        is_mapping = reading.key is containers.listed and containers.is_mapping(reading.owner)
        if (reading.kind == PAIRS or is_mapping) and len(now) > len(before):  # keys, then values
            count, entries = len(before) // 2, len(now) // 2
            now = *now[:count], *now[entries : entries + count]
        if len(now) != len(before) or not all(
            new is old or old is None or old is MISSING
            for old, new in zip(before, now, strict=True)
        ):
            return False
    return True


def _has_bytes(owner: Any, described: Any, shape: Any, data: bytes) -> bool:
    """Return whether an array has these elements, without a copy where its bytes are contiguous."""
    if containers.is_array(owner):
        if owner.shape != shape or form(owner) != described:
            return False
        if not owner.flags.c_contiguous or not owner.nbytes or owner.dtype.kind in "mM":
            return bool(owner.tobytes() == data)
    view = memoryview(owner)
    is_whole = view.c_contiguous and view.nbytes
    return bool((view.cast("B") if is_whole else view.tobytes()) == data)


class Guards:
    """Readings to repeat at each call. The native engine has a class of the same name in its place."""

    def __init__(
        self, readings: list[Reading], missing: Any, unchanged: Callable[[Any], bool]
    ) -> None:
        self._readings, self._unchanged = readings, unchanged

    def hold(self) -> bool:
        """Return whether all readings find the very same objects as before."""
        return self._unchanged(self._readings)


def guards(readings: list[Reading]) -> Guards:
    """Return the guards that repeat readings, of the engine in use."""
    kind: type[Guards] = getattr(registry.engine, "Guards", Guards)
    return kind(readings, MISSING, unchanged)


def repeat(readings: Sequence[Reading]) -> list[Reading]:
    """Return the readings with what each finds now, up to the first that finds an object not the same or equal.

    Where an equal container has taken the place of another one, it is read from then on. Two names of one container
    have to be two names of one again, since code can tell: by `is`, and by what it changes in a copy.
    """
    replaced = _Replaced()
    while True:
        count = len(replaced)
        repeated = _repeated(readings, replaced)
        if len(repeated) < len(readings) or len(replaced) == count:
            return repeated
        # A reading of a container may come before the one that finds it replaced: read all again.


def _repeated(readings: Sequence[Reading], replaced: _Replaced) -> list[Reading]:
    repeated: list[Reading] = []
    for reading in readings:
        owner = replaced.now(reading.owner)
        if reading.key is identity and owner is not reading.owner:
            break
        now = read(reading.kind, owner, reading.key)
        if len(now) != len(reading.found) or not all(
            _may_replace(old, new, replaced) for old, new in zip(reading.found, now, strict=True)
        ):
            break
        repeated.append(reading._replace(owner=owner, found=now))
    return repeated


class _Replaced:
    """The containers that took the place of others, one for one; a container may have kept its place."""

    def __init__(self) -> None:
        self._new: dict[int, Any] = {}
        self._old: dict[int, Any] = {}

    def __len__(self) -> int:
        """Return how many containers have a counterpart."""
        return len(self._new)

    def now(self, old: Any) -> Any:
        """Return the container in the place of another one."""
        return self._new.get(id(old), old)

    def pair(self, old: Any, new: Any) -> bool:
        """Note that a container takes the place of another one; return False if either has another counterpart."""
        return (
            self._new.setdefault(id(old), new) is new and self._old.setdefault(id(new), old) is old
        )


def _may_replace(old: Any, new: Any, replaced: _Replaced) -> bool:
    """Return whether an object may take the place of another one; note if it is a container to read instead."""
    kind = type(old)
    if kind is type(new) and containers.is_exchangeable(old):
        return replaced.pair(old, new)
    if old is new:
        return True
    if kind is not type(new):
        return False
    if kind is MethodType:
        return old.__func__ is new.__func__ and old.__self__ is new.__self__
    if issubclass(kind, tuple) and (kind is tuple or hasattr(kind, "_fields")):
        return len(old) == len(new) and all(
            _may_replace(a, b, replaced) for a, b in zip(old, new, strict=True)
        )
    if issubclass(kind, _ATOMS):  # nan is in a list that holds it, and another nan is not
        return bool(old == new) and repr(old) == repr(new)
    return False
