"""Objects: those that were there before the call and that the function can reach, with their readings."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property, partial, partialmethod
from operator import methodcaller
from types import FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any
from weakref import ReferenceType

from autograd_scalar.compiler.capture.probes.functions import instrument, original_code
from autograd_scalar.compiler.capture.probes.probes import (
    ACCESSING,
    ACCESSORS,
    IDENTIFYING,
    SLOTS,
    Watch,
)
from autograd_scalar.compiler.capture.readings import containers, reading
from autograd_scalar.compiler.capture.readings.reading import MISSING, Reading
from autograd_scalar.compiler.capture.recorder import trust
from autograd_scalar.compiler.capture.recorder.classes import Classes
from autograd_scalar.compiler.capture.recorder.frozen import Frozen
from autograd_scalar.compiler.capture.recorder.refusals import Refusals
from autograd_scalar.compiler.options import MAX_READINGS
from autograd_scalar.value import Value

_ATOMS = (int, float, complex, str, bytes, type(None), Value)


class Objects:
    """The objects that one call reaches."""

    def __init__(self, watch: Watch, frozen: Frozen, refusals: Refusals) -> None:
        self._frozen, self._refusals = frozen, refusals
        #: As in the watch.
        self.reached, self.hidden = watch.reached, watch.hidden
        self.classes = Classes()
        self.readings: list[Reading] = []
        self._noted: set[tuple[Any, ...]] = set()
        #: Objects to be reached, which others hold.
        self._held: list[tuple[Any, str, str]] = []
        #: Functions that were instrumented for this call.
        self.functions: list[FunctionType] = []

    def note(self, kind: int, owner: Any, key: Any, name: str, scope: str) -> tuple[Any, ...]:
        """Read, add the reading unless it was noted before, and return what was found."""
        found = reading.read(kind, owner, key)
        place = reading.place(kind, owner, key)
        if place not in self._noted:
            self._noted.add(place)
            self.readings.append(Reading(kind, owner, key, found, name, scope))
            if len(self.readings) > MAX_READINGS:
                self._refusals.refuse(
                    f"reads more than {MAX_READINGS} objects, {name} among them; pass what it reads as "
                    "arguments"
                )
        return found

    def used(self, obj: Any) -> None:
        """Refuse an object whose state cannot be compared."""
        if id(obj) in self.hidden:
            self._refusals.refuse_hidden(obj, self.hidden[id(obj)][1])

    def found(self, obj: Any, name: str) -> None:
        """Reach an object that is about to be used."""
        self.reach(obj, name, "global")
        self.used(obj)

    def reach(self, obj: Any, name: str, scope: str) -> None:
        """Note the contents of an object that was there before the call, and of what it holds, at any depth."""
        self._held.append((obj, name, scope))
        self._reach_held()

    def define(self, kind: type, name: str) -> None:
        """Note what a class or its bases define under a name."""
        if kind in self.classes.made:
            for base in kind.__mro__:
                if base not in self.classes.made:
                    self.define(base, name)
            return
        self._reach_class(kind)
        self.classes.look_up(kind, name)

    def note_all(self, objects: Iterable[Any]) -> None:
        """Note all attributes of objects that are passed to code that is not observed, and of those they hold."""
        seen: dict[int, Any] = {}
        pending = [*objects]
        while pending:
            obj = pending.pop()
            if type(obj) in reading.PROXIES:
                (obj,) = reading.target(obj)
            kind = type(obj)
            if kind in _ATOMS or id(obj) in seen or not _may_hold(obj, kind):
                continue
            seen[id(obj)] = obj
            if issubclass(kind, containers.CONTAINERS) and not has_attributes(kind):
                pending += containers.listed(obj)
            elif id(obj) in self.reached:
                found = self._note_attributes(obj, self.reached[id(obj)][1])
                self._reach_held()
                if trust.has_library_methods(kind):
                    for iterator in (part for part in found if hasattr(type(part), "__next__")):
                        self.used(iterator)
                pending += found
            elif has_attributes(kind):
                pending += reading.attributes(obj)[1::2]

    def note_classes(self, kinds: Iterable[type]) -> None:
        """Note all that classes and their bases define, for a protocol that looks for members."""
        for base in {
            base for kind in kinds for base in kind.__mro__ if reading.is_python_class(base)
        }:
            self.note(reading.OTHER, base, reading.class_dict, base.__name__, "class")

    def _reach_held(self) -> None:
        while self._held:
            self._visit(*self._held.pop())

    def _reach_all(self, objects: Iterable[Any], name: str) -> None:
        self._held += [
            (obj, f"{name}[{i}]", "item")
            for i, obj in enumerate(objects)
            if type(obj) not in _ATOMS
        ]

    def _visit(self, obj: Any, name: str, scope: str) -> None:
        """Note the contents of an object, and remember what it holds."""
        kind = type(obj)
        if issubclass(kind, _ATOMS) and not has_attributes(kind):
            return
        if id(obj) in self.reached or obj in self._frozen or obj is MISSING:
            return
        self.reached[id(obj)] = obj, name
        if kind is FunctionType:
            self._reach_function(obj, name)
        elif (parts := _wrapped(obj, kind)) is not None:
            if issubclass(kind, partial):
                self.note(reading.OTHER, obj, reading.bound_parts, name, scope)
            for part in parts:
                is_bound = kind is MethodType and part is obj.__self__ and scope == "function"
                self.reach(part, "self" if is_bound else name, scope)
            if any(id(part) in self.hidden or is_blind(part) for part in parts):
                self.hidden[id(obj)] = obj, name
        elif issubclass(kind, (ReferenceType, *reading.PROXIES)):
            self._reach_all(self.note(reading.OTHER, obj, reading.target, name, scope), name)
        elif issubclass(kind, type):
            if trust.is_impure_type(obj):
                self.hidden[id(obj)] = obj, name
            self._reach_class(obj)
            self._reach_class(type(obj))
            self._note_context(obj)
        elif trust.is_c_function(obj):
            if not trust.is_pure_c_function(obj):
                self.hidden[id(obj)] = obj, name
            elif not isinstance(getattr(obj, "__self__", None), ModuleType | None):
                self.reach(obj.__self__, name, scope)
            self._note_context(obj)
        elif hasattr(kind, "is_compiled"):
            self.reach(object.__getattribute__(obj, "f"), name, scope)
        elif not issubclass(kind, ModuleType):
            self._reach_contents(obj, kind, name, scope)

    def _reach_contents(self, obj: Any, kind: type, name: str, scope: str) -> None:
        """Note the items of a container or array; the attributes of other objects are noted when they are read."""
        if trust.has_hidden_state(kind) or trust.is_impure_type(kind):
            self.hidden[id(obj)] = obj, name
            return
        self._note_context(kind)
        if containers.is_array(obj) and obj.dtype.hasobject:
            self._reach_all(self.note(reading.OTHER, obj, reading.object_array, name, scope), name)
        elif containers.is_array(obj) or issubclass(kind, containers.BUFFERS):
            self.note(reading.OTHER, obj, reading.buffer, name, scope)
        elif issubclass(kind, tuple | frozenset):
            self._reach_all(obj, name)
        elif kind in (list, dict):
            contents = reading.ITEMS if kind is list else reading.PAIRS
            self._reach_all(self.note(contents, obj, None, name, scope), name)
        elif issubclass(kind, containers.CONTAINERS):
            self._reach_all(self.note(reading.OTHER, obj, containers.listed, name, scope), name)
        if issubclass(kind, defaultdict):
            factory = reading.Attribute("default_factory")
            self._reach_all(self.note(reading.OTHER, obj, factory, name, scope), name)
        if has_attributes(kind):
            self.note(reading.TYPE, obj, None, name, "type")
            self._reach_class(kind)
            if issubclass(kind, SimpleNamespace):  # compared and written by C code
                self._note_attributes(obj, name)

    def _note_context(self, obj: Any) -> None:
        """Note the context of `decimal` if a class, or a function written in C, computes with it."""
        owner, kinds = sys.modules.get("decimal"), getattr(obj, "__mro__", (obj,))
        modules = {getattr(kind, "__module__", None) for kind in kinds}
        if owner and modules & {"decimal", "_decimal"}:  # functions are in the latter from 3.13 on
            key, name = reading.decimal_context, "the decimal context"
            self.note(reading.OTHER, owner, key, name, "context")

    def _reach_class(self, kind: type) -> None:
        """Note the special methods of a class and its bases."""
        for member, name in self.classes.enter(kind):
            self.reach(member, name, "method")

    def _note_attributes(self, obj: Any, name: str) -> tuple[Any, ...]:
        """Note all attributes of an object, and return them."""
        found = self.note(reading.OTHER, obj, reading.attributes, name, "attribute")
        pairs = zip(found[::2], found[1::2], strict=True)
        self._held += [(part, f"{name}.{attribute}", "attribute") for attribute, part in pairs]
        return found[1::2]

    def _reach_function(self, function: FunctionType, name: str) -> None:
        """Instrument a function; note its code, its defaults, and the contents of its cells."""
        code, module = original_code(function), function.__globals__.get("__name__")
        if self._frozen.has_code(code, module):
            return
        if not trust.is_trusted(code, module):
            if trust.is_library(code.co_filename):
                self.hidden[id(function)] = function, name
                return
            if instrument(function):
                self.functions.append(function)
            _, defaults, keywords = self.note(reading.FUNCTION, function, None, name, "function")
            for i, default in enumerate(defaults or ()):
                self.reach(default, f"{name}'s default {i}", "default")
            self.reach(keywords, f"{name}'s defaults", "default")
        elif code.co_filename == "<string>":  # the constructor of a namedtuple
            self.note(reading.FUNCTION, function, None, name, "function")
        for variable, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            contents = self.note(reading.CELL, cell, None, variable, "nonlocal")
            self.reach(contents[0], variable, "nonlocal")


def is_accessor(obj: Any) -> bool:
    """Return whether an object is a function written in C that reads or sets what it or an argument names."""
    if type(obj) in SLOTS:
        return obj.__name__ in ACCESSING
    return type(obj) is methodcaller or any(obj is each for each in ACCESSORS)


def is_blind(obj: Any) -> bool:
    """Return whether an object is a function written in C that only observed code may call, which reports its use."""
    return is_accessor(obj) or any(obj is each for each in IDENTIFYING)


def has_attributes(kind: type) -> bool:
    """Return whether objects of a type may have attributes that Python code sets."""
    return reading.is_python_class(kind) or kind.__dictoffset__ != 0


def _may_hold(obj: Any, kind: type) -> bool:
    """Return whether an object has items or attributes that code written elsewhere may read."""
    if issubclass(kind, type | ModuleType | FunctionType):
        return False
    if not (issubclass(kind, containers.CONTAINERS) or has_attributes(kind)):
        return False
    return not trust.is_core_module(sys.modules.get(kind.__module__))


def method_of(caller: Any) -> tuple[Any, ...]:
    """Return the name of the method that a methodcaller calls, and the arguments."""
    made, arguments = caller.__reduce__()
    if made is methodcaller:
        return tuple(arguments)
    return *made.args, *arguments, *made.keywords.values()  # a partial, for arguments by name


def _wrapped(obj: Any, kind: type) -> tuple[Any, ...] | None:
    """Return the objects in a bound method, a partial or a descriptor; None for other objects."""
    if kind is MethodType:
        return obj.__func__, obj.__self__
    if issubclass(kind, partial | partialmethod):
        return obj.func, *obj.args, *obj.keywords.values()
    if issubclass(kind, staticmethod | classmethod):
        return (obj.__func__,)
    if issubclass(kind, property):
        return obj.fget, obj.fset, obj.fdel
    if kind is methodcaller:
        return method_of(obj)[1:]
    return (obj.func,) if issubclass(kind, cached_property) else None
