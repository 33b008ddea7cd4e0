"""The search for what a function may read: from its code to what that names, and to what is named there.

It goes by the names in the code of the function and of the user's functions that it may call. Of every object that is
reached by these names, all attributes count that are named anywhere: so `c = self.config; c.rate` is seen, and
`self.loss(x)` with all that it names. What is reached by no name in the code is not seen.
"""

from __future__ import annotations

import functools
from collections import ChainMap, UserDict, UserList, deque
from collections.abc import Callable, Collection, Iterator
from types import FunctionType, MappingProxyType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

from autograd_scalar.compiler.capture.bytecode import is_package_module, is_user_code, names_in_code
from autograd_scalar.compiler.errors import JitError
from autograd_scalar.ops import table

#: So many things in a list or dict, and in those in it, are looked at; more are data, of which the number counts.
MAX_COMPARED_ITEMS = 64
#: So many things are compared at most.
MOST = 10_000


class Closure:
    """All that a function may read, found by going from it to what it names, and to what is named there."""

    def __init__(self, f: Callable[..., Any], objects: dict[str, Any]) -> None:
        self.lookups: list[tuple[Callable[[Any], Any], Any, Any]] = [
            (vars(table).get, "definitions", table.definitions)
        ]
        #: The things, by what they are called.
        self.named: dict[str, Any] = {}
        #: Of each what a recording must not change: the thing itself, and what is in it.
        self.contents: dict[str, list[Any]] = {}
        self._first: FunctionType | None = None
        self._functions: set[FunctionType] = set()
        self._attributes: set[str] = set()
        #: Objects with what they are called, and the attributes that were looked for in each.
        self._reached: dict[int, tuple[Any, str, set[str]]] = {}
        self._waiting = deque([(f, "self"), *((thing, name) for name, thing in objects.items())])
        while self._waiting or self._look_for_attributes():
            if self._waiting:
                self._go(*self._waiting.popleft())

    def _note(self, name: str, thing: Any, get: Callable[[Any], Any], key: Any) -> None:
        """Take note of a thing and where it was found, and go on from it."""
        if get(key) is not thing:  # made anew whenever it is asked for
            return
        if len(self.lookups) >= MOST:
            raise JitError(
                f"it reads more than {MOST} things around it, such as {name}; give it what it needs as arguments"
            )
        self.lookups.append((get, key, thing))
        self._see(name, thing)

    def _see(self, name: str, thing: Any) -> None:
        """Take note of a thing, and go on from it and from what is in it."""
        while self.named.get(name, thing) is not thing:  # of another function of that name
            name += "'"
        if name in self.named:
            return
        self.named[name] = thing
        self.contents[name] = [thing, *_contents(thing)]
        self._reach(thing, name)
        for _, parts in inside(thing):
            for i, part in enumerate(parts):
                self._reach(part, f"{name}[{i}]")

    def _reach(self, thing: Any, name: str) -> None:
        """Go on to a thing that may be called, and that may have attributes of the user's."""
        self._waiting.append((thing, name))

    def _go(self, thing: Any, name: str) -> None:
        if isinstance(thing, FunctionType):
            self._enter(thing)
        elif isinstance(thing, MethodType):
            self._reach(thing.__func__, name)
            self._reach(thing.__self__, name)
        elif isinstance(thing, functools.partial | functools.partialmethod):
            self._reach(thing.func, name)
            for i, part in enumerate((*thing.args, *thing.keywords.values())):
                self._see(f"{name}'s argument {i}", part)
        elif isinstance(thing, staticmethod | classmethod):
            self._reach(thing.__func__, name)
        elif isinstance(thing, property):
            self._reach(thing.fget, name)
        elif isinstance(thing, functools.cached_property):
            self._reach(thing.func, name)
        elif hasattr(type(thing), "is_compiled"):
            self._reach(thing.f, name)
        elif isinstance(thing, _Cached):
            self._reach(thing.__wrapped__, name)
        elif id(thing) not in self._reached and _has_attributes(thing):
            self._reached[id(thing)] = thing, name, set()
            if isinstance(thing, type):
                self._enter_classes(thing, _SHOW)
            elif not isinstance(thing, ModuleType):
                self._enter_classes(type(thing), _SHOW | _MAKE)

    def _enter_classes(self, kind: type, but: set[str]) -> None:
        """Go on to what Python calls by itself, such as operators, but for some."""
        for base in filter(is_user_code, kind.__mro__):
            for name, inner in vars(base).items():
                if (
                    name[:2] == name[-2:] == "__"
                    and name not in but
                    and not isinstance(inner, type)
                ):
                    self._reach(inner, f"{base.__name__}.{name}")

    def _enter(self, function: FunctionType) -> None:
        """Go on to all that a function names."""
        if function in self._functions:
            return
        self._functions.add(function)
        self._first = self._first or function
        by = "" if function is self._first else f"{function.__name__}'s "
        own = "its " if function is self._first else by
        code = function.__code__
        self._reach(getattr(function, "__wrapped__", None), by + "function")
        if vars(function):
            self._reached[id(function)] = function, function.__name__, set()
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            self._note(by + name, _content(cell), _content, cell)
        for key, default in _defaults(function).items():
            self._note(f"{own}default {key}", default, lambda key: _defaults(function)[key], key)
        if not is_user_code(function):
            return
        names = names_in_code(code)
        self._attributes |= names.attributes
        for name in sorted(names.globals & function.__globals__.keys()):
            thing = function.__globals__[name]
            if thing is not function:
                self._note(by + name, thing, function.__globals__.get, name)

    def _look_for_attributes(self) -> bool:
        """Go on to the attributes of all objects; return whether some had not been looked for."""
        found = False
        for thing, name, tried in [*self._reached.values()]:
            for attribute in sorted(self._attributes - tried):
                found = True
                tried.add(attribute)
                self._attribute(thing, name, attribute)
        return found

    def _attribute(self, thing: Any, name: str, attribute: str) -> None:
        """Go on to an attribute: what it is now, and all that its name means in the classes."""
        name = f"{name}.{attribute}"
        is_class = isinstance(thing, type)
        if isinstance(thing, ModuleType) or (attribute in _own(thing) and not is_class):
            self._note(name, *_found(thing, attribute))
            return
        classes = (thing if is_class else type(thing)).__mro__
        means = [(kind, vars(kind)[attribute]) for kind in classes if attribute in vars(kind)]
        for kind, inner in means:
            if not is_user_code(kind):
                continue
            plain = not hasattr(type(inner), "__get__")
            if isinstance(inner, MemberDescriptorType) or plain:
                self._note(name, *_found(thing, attribute))
                return
            self._note(name, inner, vars(kind).get, attribute)
            if hasattr(type(inner), "__set_name__") and not is_class:
                for other in [*_own(thing)]:  # the descriptor may read any of them
                    self._note(f"{name}'s {other}", *_found(thing, other))


def _has_attributes(thing: Any) -> bool:
    """Return whether an object may have attributes that the user replaces."""
    if isinstance(thing, ModuleType | type):
        return is_user_code(thing)
    module = type(thing).__module__
    return module != "builtins" and not is_package_module(module)


def _found(owner: Any, attribute: str) -> tuple[Any, Callable[[str], Any], str]:
    """Return an attribute, and how it is looked up again."""

    def get(attribute: str) -> Any:
        try:
            return getattr(owner, attribute)
        except Exception:  # of a __getattr__ that is a look-up in a dict
            return _NOTHING

    return get(attribute), get, attribute


def _own(thing: Any) -> Any:
    """Return an object's own attributes."""
    try:
        return thing.__dict__
    except Exception:
        return {}


_NOTHING = object()
_Cached = type(functools.lru_cache(len))
#: What makes an object of a class, and what is not for computing.
_MAKE = {"__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__"}
_SHOW = {"__repr__", "__str__", "__del__", "__dir__", "__reduce__", "__getstate__", "__setstate__"}


def _defaults(function: FunctionType) -> dict[Any, Any]:
    return {**dict(enumerate(function.__defaults__ or ())), **(function.__kwdefaults__ or {})}


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not set yet
        return None


def _contents(thing: Any) -> list[Any]:
    """Return what is in a thing that a recording must not change."""
    if isinstance(thing, dict | list | set | deque) and len(thing) > MOST:
        return [len(thing)]
    if isinstance(thing, dict):
        return [part for pair in thing.items() for part in pair]
    if isinstance(thing, list | set | deque):
        return [*thing]
    if isinstance(thing, type | ModuleType | FunctionType):  # which Python itself writes into
        return []
    return [part for pair in _own(thing).items() for part in pair]


def inside(thing: Any) -> Iterator[tuple[Collection[Any], list[Any]]]:
    """Yield what is in a list, a dict and the like: as it is at any time, and as it is now where that is not much."""
    waiting, room = deque([thing]), MAX_COMPARED_ITEMS
    while waiting and room > 0:
        thing = waiting.popleft()
        views: tuple[Collection[Any], ...] = ()
        if isinstance(thing, dict | UserDict | ChainMap | MappingProxyType):
            views = thing.keys(), thing.values()
        elif isinstance(thing, list | tuple | set | frozenset | deque | UserList):
            views = (thing,)
        for view in views:
            now = [*view] if len(view) <= room else []
            waiting += now
            yield view, now
        room -= len(thing) if views else 0
