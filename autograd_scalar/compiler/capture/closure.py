"""Find what a function reads besides its arguments: the objects to guard.

The search goes by names. It starts at the function, follows the globals, cells and defaults that its code names, and
enters every function of the user's that it reaches. Of each object it follows the attributes that are named anywhere
in that code: this finds `c = self.config; c.rate`, and `self.loss(x)` with all that `loss` names. An object that no
name in the code leads to is not found.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable
from types import FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

from autograd_scalar.compiler.capture.bytecode import is_package_module, is_user_code, names_in_code
from autograd_scalar.compiler.capture.containers import live_views, walk
from autograd_scalar.compiler.errors import JitError
from autograd_scalar.compiler.options import MAX_CAPTURED_OBJECTS, MAX_COMPARED_ITEMS
from autograd_scalar.ops import table

#: A look-up to repeat at each call: getter, key, and the object found.
Lookup = tuple[Callable[[Any], Any], Any, Any]

_MISSING = object()
_LruCached = type(functools.lru_cache(len))
#: Special methods that construct an object, and those for display and copying: neither are called to compute.
_CONSTRUCTION = {"__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__"}
_DISPLAY = {"__repr__", "__str__", "__del__", "__dir__", "__reduce__", "__getstate__", "__setstate__"}  # fmt: skip


class Closure:
    """The objects that a function captures, by name, with the look-ups that find them again."""

    def __init__(self, f: Callable[..., Any], arguments: dict[str, Any]) -> None:
        self.lookups: list[Lookup] = [(vars(table).get, "definitions", table.definitions)]
        #: The captured objects.
        self.objects: dict[str, Any] = {}
        #: Where each was found: "global", "nonlocal", "default", "attribute", "method" or "argument".
        self.scopes: dict[str, str] = {}
        #: Each of them with its members, all of which tracing must leave unchanged.
        self.members: dict[str, list[Any]] = {}
        self._root: FunctionType | None = None
        self._functions: set[FunctionType] = set()
        self._attributes: set[str] = set()
        #: Objects by id, with their names and the attributes already looked up in each.
        self._reached: dict[int, tuple[Any, str, set[str]]] = {}
        self._waiting = deque([(f, "self"), *((obj, name) for name, obj in arguments.items())])
        while self._waiting or self._look_up_attributes():
            if self._waiting:
                self._visit(*self._waiting.popleft())

    def _record(self, name: str, scope: str, get: Callable[[Any], Any], key: Any) -> None:
        """Record what a look-up finds, unless each look-up makes a new object; visit it."""
        obj = get(key)
        if get(key) is not obj:
            return
        if len(self.lookups) >= MAX_CAPTURED_OBJECTS:
            raise JitError(
                f"the function captures more than {MAX_CAPTURED_OBJECTS} objects, {name} among them; pass what it "
                "reads as arguments"
            )
        self.lookups.append((get, key, obj))
        self._add(name, scope, obj)

    def _add(self, name: str, scope: str, obj: Any) -> None:
        """Add an object under a unique name; visit it and its items."""
        while self.objects.get(name, obj) is not obj:  # another function's variable of that name
            name += "'"
        if name in self.objects:
            return
        self.objects[name], self.scopes[name] = obj, scope
        self.members[name] = [obj, *_members(obj)]
        self._queue(obj, name)
        for _, contents in walk(obj, room=MAX_COMPARED_ITEMS):
            for _, items in contents:
                for i, item in enumerate(items):
                    self._queue(item, f"{name}[{i}]")

    def _queue(self, obj: Any, name: str) -> None:
        self._waiting.append((obj, name))

    def _visit(self, obj: Any, name: str) -> None:
        """Enter a function, wrapped or not; note any other object, whose attributes may be read."""
        if isinstance(obj, FunctionType):
            self._enter(obj)
        elif isinstance(obj, MethodType):
            self._queue(obj.__func__, name)
            self._queue(obj.__self__, name)
        elif isinstance(obj, functools.partial | functools.partialmethod):
            self._queue(obj.func, name)
            for i, argument in enumerate((*obj.args, *obj.keywords.values())):
                self._add(f"{name}'s argument {i}", "argument", argument)
        elif (inner := _wrapped_function(obj)) is not None:
            self._queue(inner, name)
        elif id(obj) not in self._reached and _has_attributes(obj):
            self._reached[id(obj)] = obj, name, set()
            if isinstance(obj, type):
                self._enter_special_methods(obj, _DISPLAY)
            elif not isinstance(obj, ModuleType):
                self._enter_special_methods(type(obj), _DISPLAY | _CONSTRUCTION)

    def _enter_special_methods(self, kind: type, excluded: set[str]) -> None:
        """Visit the methods that Python calls without naming them, such as operators."""
        for base in filter(is_user_code, kind.__mro__):
            for name, member in vars(base).items():
                is_special = name[:2] == name[-2:] == "__" and name not in excluded
                if is_special and not isinstance(member, type):
                    self._queue(member, f"{base.__name__}.{name}")

    def _enter(self, function: FunctionType) -> None:
        """Record the cells, defaults and globals of a function, and the attributes that it names."""
        if function in self._functions:
            return
        self._functions.add(function)
        self._root = self._root or function
        prefix = "" if function is self._root else f"{function.__name__}'s "
        code = function.__code__
        self._queue(getattr(function, "__wrapped__", None), prefix + "function")
        if vars(function):
            self._reached[id(function)] = function, function.__name__, set()
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            self._record(prefix + name, "nonlocal", _cell_contents, cell)
        for key in _defaults(function):
            name = f"{prefix or 'its '}default {key}"
            self._record(name, "default", lambda key: _defaults(function).get(key, _MISSING), key)
        if not is_user_code(function):
            return
        names = names_in_code(code)
        self._attributes |= names.attributes
        namespace = function.__globals__
        for name in sorted(names.globals & namespace.keys()):
            if namespace[name] is not function:
                self._record(prefix + name, "global", namespace.get, name)

    def _look_up_attributes(self) -> bool:
        """Record the attributes that the code names, of all objects; return whether any was new."""
        found = False
        for obj, name, tried in [*self._reached.values()]:
            for attribute in sorted(self._attributes - tried):
                found = True
                tried.add(attribute)
                self._record_attribute(obj, name, attribute)
        return found

    def _record_attribute(self, obj: Any, name: str, attribute: str) -> None:
        """Record an attribute of an object: its value if it has one of its own, else its definitions in the classes."""
        name, get, is_class = f"{name}.{attribute}", _getter(obj), isinstance(obj, type)
        if isinstance(obj, ModuleType) or (attribute in _own_attributes(obj) and not is_class):
            self._record(name, "attribute", get, attribute)
            return
        for kind in (obj if is_class else type(obj)).__mro__:
            if attribute not in vars(kind) or not is_user_code(kind):
                continue
            member = vars(kind)[attribute]
            if isinstance(member, MemberDescriptorType) or not hasattr(type(member), "__get__"):
                self._record(name, "attribute", get, attribute)
                return
            self._record(name, "method", vars(kind).get, attribute)
            if hasattr(type(member), "__set_name__") and not is_class:
                for other in [*_own_attributes(obj)]:  # the descriptor may read any of them
                    self._record(f"{name}'s {other}", "attribute", get, other)


def _wrapped_function(obj: Any) -> Any:
    """Return the function inside a descriptor, a cached or a compiled function; None for other objects."""
    if isinstance(obj, staticmethod | classmethod):
        return obj.__func__
    if isinstance(obj, property):
        return obj.fget
    if isinstance(obj, functools.cached_property):
        return obj.func
    if hasattr(type(obj), "is_compiled"):
        return obj.f
    if isinstance(obj, _LruCached):
        return obj.__wrapped__
    return None


def _has_attributes(obj: Any) -> bool:
    """Return whether an object may have attributes that the user sets."""
    if isinstance(obj, ModuleType | type):
        return is_user_code(obj)
    module = type(obj).__module__
    return module != "builtins" and not is_package_module(module)


def _getter(owner: Any) -> Callable[[str], Any]:
    """Return the function that looks up the attributes of an object."""

    def get(attribute: str) -> Any:
        try:
            return getattr(owner, attribute)
        except Exception:  # a __getattr__ may raise KeyError
            return _MISSING

    return get


def _own_attributes(obj: Any) -> Any:
    try:
        return obj.__dict__
    except Exception:
        return {}


def _defaults(function: FunctionType) -> dict[Any, Any]:
    return {**dict(enumerate(function.__defaults__ or ())), **(function.__kwdefaults__ or {})}


def _cell_contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # an empty cell
        return None


def _members(obj: Any) -> list[Any]:
    """Return the items and attributes of an object, which tracing must leave unchanged."""
    views = live_views(obj)
    if views and len(obj) > MAX_CAPTURED_OBJECTS:
        return [len(obj)]
    if isinstance(obj, type | ModuleType | FunctionType):  # Python itself writes into these
        return []
    items = [item for view in views for item in view]
    return items + [member for pair in _own_attributes(obj).items() for member in pair]
