"""Observe the effects of a call: the state that it can reach, copied before it and compared after it.

The audit compares with this what a compiled call changes and what eager code changes. It is independent of the guards
that it checks: it walks through all objects rather than through those that a trace read. The file is long because each
kind of object has its own way to be copied, compared and restored.
"""

from __future__ import annotations

import os
import pickle
import random
import sys
import sysconfig
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import partial
from itertools import islice
from operator import length_hint
from types import (
    CellType,
    CodeType,
    FunctionType,
    GeneratorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any, NamedTuple

from autograd_scalar.compiler.capture.probes.functions import original_code
from autograd_scalar.compiler.options import MAX_AUDITED_OBJECTS
from autograd_scalar.node.hooks import read_silently
from autograd_scalar.value import Value

_PACKAGE = __package__.partition(".")[0]
_INSTALLED = tuple(
    sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")
)
#: Packages of ours whose objects cache what they compute; those of `nn`, `optim` and `data` are the user's.
_INTERNAL = tuple(
    f"{_PACKAGE}.{name}" for name in ("compiler", "ops", "node", "show", "engine", "native")
)
#: Items of an array that are compared one by one.
_LISTED = 100
_ATOMS = (float, int, bool, str, bytes, type(None), complex, CodeType)
_MISSING = object()

#: Keys and items: indices of a list, keys of a dict, names of attributes.
Contents = list[tuple[Any, Any]]


class _Held(NamedTuple):
    """A mutable object, with its contents at the time of the snapshot."""

    object: Any
    path: str
    contents: Contents
    read: Callable[[Any], Contents]
    write: Callable[[Any, Contents], None] | None


class State:
    """The mutable objects that a function can reach from itself and its arguments, as they were at one time.

    The walk enters containers, arrays, attributes, cells, and the globals that code names. It does not enter installed
    packages. Beyond MAX_AUDITED_OBJECTS objects it ends.
    """

    def __init__(self, roots: dict[str, Any]) -> None:
        self._held: list[_Held] = []
        #: The Values among them.
        self.values: list[Value] = []
        seen: dict[int, Any] = {}
        waiting = deque((obj, path) for path, obj in roots.items())
        while waiting and len(seen) < MAX_AUDITED_OBJECTS:
            obj, path = waiting.popleft()
            if isinstance(obj, _ATOMS) or id(obj) in seen:
                continue
            seen[id(obj)] = obj  # kept alive, so that no other object gets its id
            if type(obj) is Value:
                self.values.append(obj)
            for read, write in _aspects(obj):
                contents = read(obj)
                self._held.append(_Held(obj, path, contents, read, write))
                waiting.extend((item, f"{path}{_step(obj, key)}") for key, item in contents)

    def changes(self) -> dict[str, str]:
        """Return what has changed since, by path, as texts: "rates[0]": "1.0 -> 2.0"."""
        found: dict[str, str] = {}
        for held in self._held:
            now = held.read(held.object)
            if len(now) == len(held.contents) and all(map(_same, now, held.contents)):
                continue
            before, after = dict(held.contents), dict(now)
            for key in {**before, **after}:
                old, new = before.get(key, _MISSING), after.get(key, _MISSING)
                if not _same((key, old), (key, new)):
                    path = f"{held.path}{_step(held.object, key)}"
                    found[path] = f"{shown(old)} -> {shown(new)}"
        return found

    def restore(self) -> None:
        """Give the objects the contents back that they had, except iterators, which cannot go back."""
        for held in self._held:
            now = held.read(held.object)
            is_same = len(now) == len(held.contents) and all(map(_same, now, held.contents))
            if held.write is not None and not is_same:
                held.write(held.object, held.contents)


def shown(obj: Any) -> str:
    """Return a short text without addresses."""
    if obj is _MISSING:
        return "nothing"
    if isinstance(obj, _ATOMS) or type(obj) is Value:
        return f"{obj!r:.60}"
    if isinstance(obj, list | tuple):
        return f"{type(obj).__name__} [{', '.join(map(shown, obj[:4]))}{', ...' if len(obj) > 4 else ''}]"
    if isinstance(obj, dict):
        items = [f"{key!r}: {shown(item)}" for key, item in islice(obj.items(), 4)]
        return f"{type(obj).__name__} {{{', '.join(items)}{', ...' if len(obj) > 4 else ''}}}"
    is_sized = hasattr(obj, "__len__") and getattr(obj, "ndim", 1) > 0
    return f"a {type(obj).__name__} of {len(obj)}" if is_sized else f"a {type(obj).__name__}"


def _same(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool:
    """Return whether two items, with their keys, are the same object or equal atoms."""
    (key, a), (other_key, b) = one, other
    if key is not other_key and (type(key) is not type(other_key) or key != other_key):
        return False
    if a is b:
        return True
    return type(a) is type(b) and isinstance(a, _ATOMS) and repr(a) == repr(b)


def _step(obj: Any, key: Any) -> str:
    """Return a key as the end of a path."""
    if isinstance(obj, list | tuple | dict | deque | array) or type(key) is int:
        return f"[{key!r}]"
    return f" {key}" if isinstance(obj, FunctionType) else f".{key}"


# ----- kinds of objects, and how to read and write their contents -----

_Aspect = tuple[Callable[[Any], Contents], "Callable[[Any, Contents], None] | None"]


def _aspects(obj: Any) -> Iterator[_Aspect]:
    """Yield a reader and a writer for each part of an object: its items, its attributes."""
    kind = type(obj)
    if kind is Value:
        yield _read_value, _write_value
    elif isinstance(obj, FunctionType):
        if not is_library(obj.__module__, obj.__code__.co_filename):
            yield _read_function, _write_function
    elif isinstance(obj, type | ModuleType):
        name = obj.__name__ if isinstance(obj, ModuleType) else obj.__module__
        if not is_library(name, getattr(sys.modules.get(name), "__file__", None) or ""):
            yield _read_namespace, _write_namespace
    elif hasattr(kind, "is_compiled"):
        yield _reader_of("f"), None
    elif kind.__module__.startswith(_INTERNAL):
        return
    elif isinstance(obj, MethodType):
        yield _reader_of("__self__", "__func__"), None
    elif isinstance(obj, partial):
        yield _reader_of("func", "args", "keywords"), None
    elif isinstance(obj, property | staticmethod | classmethod):
        yield _reader_of("fget", "fset", "__func__"), None
    elif isinstance(obj, ContextVar):
        yield (lambda variable: [("value", variable.get(None))]), None
    elif isinstance(obj, random.Random):
        yield _read_random, _write_random
    elif hasattr(kind, "bit_generator"):
        yield _read_numpy_generator, _write_numpy_generator
    elif isinstance(obj, GeneratorType):
        yield (lambda g: [("line", g.gi_frame and g.gi_frame.f_lasti)]), None
    elif hasattr(kind, "__next__"):
        yield (lambda iterator: [("left", length_hint(iterator, -1))]), None
    else:
        yield from _items(obj)
        yield from _attributes(obj)


def _items(obj: Any) -> Iterator[_Aspect]:
    if isinstance(obj, list):
        yield (lambda a: [*enumerate(list.__iter__(a))]), _write_list
    elif isinstance(obj, deque):
        yield (lambda a: [*enumerate(a)]), _write_deque
    elif isinstance(obj, tuple):
        yield (lambda a: [*enumerate(tuple.__iter__(a))]), None
    elif isinstance(obj, dict):
        yield (lambda a: [*dict.items(a)]), _write_dict
    elif isinstance(obj, set | frozenset):
        yield (lambda a: [(id(x), x) for x in sorted(a, key=id)]), _write_set
    elif isinstance(obj, array | bytearray):
        yield (lambda a: [("bytes", bytes(memoryview(a).cast("B")))]), _write_buffer
    elif _is_ndarray(obj):
        yield _read_ndarray, _write_ndarray


def _attributes(obj: Any) -> Iterator[_Aspect]:
    """Yield the attributes of an object, in its __dict__ and in slots."""
    if _own_attributes(obj) is not None:
        yield (lambda a: [*(_own_attributes(a) or {}).items()]), _write_attributes
    names = [
        name
        for kind in type(obj).__mro__
        for name, member in vars(kind).items()
        if isinstance(member, MemberDescriptorType) and not is_library(kind.__module__)
    ]
    if not is_library(type(obj).__module__):
        names.append("__class__")
    if names:
        yield _reader_of(*names), _write_slots


def is_library(module: str | None, file: str = "") -> bool:
    """Return whether code belongs to Python, to an installed package or to this one."""
    root = (module or "").partition(".")[0]
    if root == _PACKAGE or root in sys.stdlib_module_names:
        return True
    return file.startswith((*_INSTALLED, "<autograd_scalar"))


def _is_ndarray(obj: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(obj, numpy.ndarray)


def _reader_of(*names: str) -> Callable[[Any], Contents]:
    return lambda obj: [
        (name, value) for name in names if (value := _attribute(obj, name)) is not _MISSING
    ]


def _attribute(obj: Any, name: str) -> Any:
    """Return an attribute that an object has without a __getattr__ of its class."""
    try:
        return object.__getattribute__(obj, name)
    except AttributeError:
        return _MISSING


def _own_attributes(obj: Any) -> dict[str, Any] | None:
    """Return the __dict__ of an object; None if it has none."""
    found = _attribute(obj, "__dict__")
    return found if type(found) is dict else None


def _read_random(generator: random.Random) -> Contents:
    return [("state", pickle.dumps(generator.getstate()))]


def _write_random(generator: random.Random, contents: Contents) -> None:
    generator.setstate(pickle.loads(contents[0][1]))


def _read_numpy_generator(generator: Any) -> Contents:
    return [("state", pickle.dumps(generator.bit_generator.state))]


def _write_numpy_generator(generator: Any, contents: Contents) -> None:
    generator.bit_generator.state = pickle.loads(contents[0][1])


def _read_value(v: Value) -> Contents:
    return [("data", read_silently(v)), ("grad", read_silently(v, "grad")), ("label", v.label)]


def _write_value(v: Value, contents: Contents) -> None:
    v.data, v.grad, v.label = [item for _, item in contents]


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _read_function(f: FunctionType) -> Contents:
    """Return the code, defaults, cells, attributes and named globals of a function."""
    code = original_code(f)  # another thread may be recording it
    found: Contents = [("code", code), ("defaults", f.__defaults__)]
    found += [(f"default {key}", item) for key, item in (f.__kwdefaults__ or {}).items()]
    for name, cell in zip(code.co_freevars, f.__closure__ or (), strict=True):
        found.append((f"cell {name}", _contents_of(cell)))
    space = f.__globals__
    found += [(f"global {name}", space.get(name, _MISSING)) for name in dict.fromkeys(_names(code))]
    return [*found, *vars(f).items()]


def _contents_of(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _MISSING


def _write_function(f: FunctionType, contents: Contents) -> None:
    cells = dict(zip(f.__code__.co_freevars, f.__closure__ or (), strict=True))
    for key, item in contents:
        scope, _, name = key.partition(" ")
        if scope == "cell" and item is not _MISSING:
            cells[name].cell_contents = item
        elif scope == "global" and item is _MISSING:
            f.__globals__.pop(name, None)
        elif scope == "global":
            f.__globals__[name] = item


def _read_namespace(obj: Any) -> Contents:
    return [(name, item) for name, item in vars(obj).items() if name[:2] != "__"]


def _write_namespace(obj: Any, contents: Contents) -> None:
    before = dict(contents)
    for name, _ in _read_namespace(obj):
        if name not in before:
            delattr(obj, name)
    for name, item in contents:
        setattr(obj, name, item)


def _write_list(a: Any, contents: Contents) -> None:
    list.__setitem__(a, slice(None), [item for _, item in contents])


def _write_deque(a: Any, contents: Contents) -> None:
    a.clear()
    a.extend(item for _, item in contents)


def _write_dict(a: Any, contents: Contents) -> None:
    dict.clear(a)
    dict.update(a, contents)


def _write_set(a: Any, contents: Contents) -> None:
    a.clear()
    a.update(item for _, item in contents)


def _write_buffer(a: Any, contents: Contents) -> None:
    memoryview(a).cast("B")[:] = contents[0][1]


def _read_ndarray(a: Any) -> Contents:
    """Return the shape of an array, and its items, those of records by field, or, if there are many
    or Python has no numbers of that precision, its bytes.
    """
    if a.dtype.names is not None:
        fields = ((name, a[name].ravel().tolist()) for name in a.dtype.names)
        items = [((name, i), item) for name, column in fields for i, item in enumerate(column)]
        return [("shape", repr(a.shape)), *items]
    if a.dtype.kind == "O" or (a.size <= _LISTED and a.dtype.char not in "gG"):
        return [("shape", repr(a.shape)), *enumerate(a.ravel().tolist())]
    return [("shape", repr(a.shape)), ("bytes", a.tobytes())]


def _write_ndarray(a: Any, contents: Contents) -> None:
    import numpy as np

    _, *items = contents
    if a.dtype.names is not None:
        for name in a.dtype.names:
            a[name].flat = [item for (field, _), item in items if field == name]
    elif len(items) == 1 and items[0][0] == "bytes":
        a.flat = np.frombuffer(items[0][1], dtype=a.dtype)
    elif items:
        a.flat = [item for _, item in items]


def _write_attributes(obj: Any, contents: Contents) -> None:
    attributes = _own_attributes(obj)
    assert attributes is not None
    attributes.clear()
    attributes.update(contents)


def _write_slots(obj: Any, contents: Contents) -> None:
    for name, item in contents:
        setattr(obj, name, item)


def random_state() -> Any:
    """Return the states of the global random generators of Python and, where it is loaded, of NumPy."""
    # NumPy may be half imported, by another thread or the code that a signal handler interrupts.
    numpy_state = getattr(sys.modules.get("numpy.random"), "get_state", None)
    if numpy_state is None:
        return random.getstate(), None
    kind, keys, *rest = numpy_state()
    return random.getstate(), (kind, tuple(keys.tolist()), *rest)


def set_random_state(states: Any) -> None:
    """Set the global random generators to states that random_state() returned."""
    python_state, numpy_state = states
    random.setstate(python_state)
    if numpy_state is not None:
        sys.modules["numpy.random"].set_state(numpy_state)
