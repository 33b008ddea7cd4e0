"""Reports: what instrumented code is about to read, as readings."""

from __future__ import annotations

import sys
from operator import methodcaller
from types import (
    FrameType,
    FunctionType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from autograd_scalar.compiler.capture.probes.probes import (
    ACCESSING,
    C_DATA,
    IDENTIFYING,
    IMPORTERS,
    SLOTS,
    Watch,
)
from autograd_scalar.compiler.capture.readings import reading
from autograd_scalar.compiler.capture.readings.reading import MISSING
from autograd_scalar.compiler.capture.recorder import trust
from autograd_scalar.compiler.capture.recorder.frozen import Frozen
from autograd_scalar.compiler.capture.recorder.objects import (
    Objects,
    has_attributes,
    is_accessor,
    is_blind,
    method_of,
)
from autograd_scalar.compiler.capture.recorder.refusals import Refusals
from autograd_scalar.node import modes
from autograd_scalar.value import Value

#: The Value that `id` compares its argument with.
_ANOTHER = Value(0.0)


class Reports:
    """The reports of one call. A probe passes over what the watch has seen."""

    def __init__(self, watch: Watch, objects: Objects, frozen: Frozen, refusals: Refusals) -> None:
        self._watch, self._objects, self._frozen, self._refusals = watch, objects, frozen, refusals
        self.used = objects.used

    def identified(self, x: Any, y: Any) -> None:
        """Let the tracer check `is` between Values."""
        tracer = modes.tracer.get()
        if tracer is not None and isinstance(x, Value) and isinstance(y, Value):
            tracer.identified(x, y)
        if y is _ANOTHER and id(x) in self._watch.reached:
            name = self._watch.reached[id(x)][1]
            self._objects.note(reading.OTHER, x, reading.identity, name, "id")

    def name_read(self, frame: FrameType, name: str) -> None:
        """Note a global, or its absence and the builtin."""
        is_function = frame.f_code.co_flags & 1  # CO_OPTIMIZED; a class body has names of its own
        if not is_function and name in frame.f_locals:
            return
        self._watch.seen.add((id(frame.f_globals), name))
        for scope, names in (("global", frame.f_globals), ("builtin", frame.f_builtins)):
            (value,) = self._objects.note(reading.NAME, names, name, name, scope)
            if value is not MISSING:
                self._objects.found(value, name)
                return

    def attribute_read(self, owner: Any, name: str) -> None:
        """Note an attribute, or its absence, and where it is defined."""
        if type(owner) in reading.PROXIES:
            (owner,) = reading.target(owner)
        kind, was_there = type(owner), id(owner) in self._watch.reached
        if name == "__call__" and owner not in self._frozen and is_blind(owner):
            self._refusals.refuse_accessor(owner)
        if name in ACCESSING:
            self._watch.accessed = owner.__self__ if kind is super else owner
        key = id(owner) if was_there else kind, name
        if key in self._watch.seen or owner in self._frozen:
            return
        self.used(owner)
        if kind is Value:
            self._value_read(owner, name)
        elif kind is super:
            self._super_read(owner, name)
        elif kind is ModuleType or issubclass(kind, ModuleType):
            self._module_read(owner, name)
        elif issubclass(kind, type):
            self._objects.define(owner, name)
            self._objects.define(kind, name)
            for each in (kind, owner):
                self._objects.found(reading.definition(each, name), f"{owner.__name__}.{name}")
            if name == "__dict__":
                self._objects.note(reading.OTHER, owner, reading.class_dict, name, "class")
        else:
            self._member_read(owner, kind, name)
            if not was_there and name not in ("base", "obj"):  # of a view
                self._watch.seen.add(key)
        if was_there:
            self._watch.seen.add(key)

    def passed(self, callee: Any) -> None:
        """Note what a call reads by names that are among its arguments."""
        arguments = self._watch.arguments
        for obj in (callee, *arguments):
            self.used(obj)
        kind = type(callee)
        if any(callee is each for each in IMPORTERS) and arguments and type(arguments[0]) is str:
            self.imported(arguments[0], sys.modules.get(arguments[0]))
        if kind is FunctionType or kind is MethodType:
            return
        if kind is methodcaller:
            self._accesses(callee, arguments)
            return
        if any(callee is each for each in IDENTIFYING) and arguments:
            self.identified(arguments[0], arguments[1] if len(arguments) > 1 else _ANOTHER)
        if kind in C_DATA or (kind in SLOTS and callee.__name__ == "__get__"):
            self._objects.note_all(arguments)
        blind = next((each for each in arguments if is_blind(each)), None)
        if blind is not None and callee not in self._frozen:
            self._refusals.refuse_accessor(blind)
        if is_accessor(callee):
            owner = (callee.__self__,) if kind is MethodWrapperType else ()
            self._accesses(callee, (*owner, *arguments))
        accessed = self._watch.accessed
        if accessed is callee or kind is WrapperDescriptorType:
            self._accesses(callee, (accessed, *arguments))

    def _accesses(self, accessor: Any, arguments: tuple[Any, ...]) -> None:
        """Note an attribute that a function reads or sets by its name, given as an argument."""
        if accessor is vars:
            arguments = (*arguments[:1], "__dict__")
        elif type(accessor) is methodcaller:
            arguments = (*arguments[:1], method_of(accessor)[0])
        if len(arguments) > 1 and isinstance(arguments[1], str):
            self.attribute_read(*arguments[:2])

    def made(self, kind: Any) -> None:
        """Note that a class statement has made a class."""
        if isinstance(kind, type):
            self._objects.classes.made.add(kind)

    def imported(self, name: str, module: Any) -> None:
        """Note a module, under its name in the program and its own."""
        if module is None:
            return
        for each in {name, getattr(module, "__name__", name)} & sys.modules.keys():
            self._objects.note(reading.NAME, sys.modules, each, each, "module")
        self._objects.found(module, name)

    # ----- attributes -----

    def _value_read(self, v: Value, name: str) -> None:
        if (tracer := modes.tracer.get()) is not None:
            tracer.described(v, name)
        if name == "label":
            self._objects.note(reading.OTHER, v, reading.Attribute(name), name, "attribute")

    def _super_read(self, owner: Any, name: str) -> None:
        mro = owner.__self_class__.__mro__
        for kind in mro[mro.index(owner.__thisclass__) + 1 :]:
            source = f"{kind.__name__}.{name}"
            (member,) = self._objects.note(
                reading.OTHER, kind, reading.Entry(name), source, "class"
            )
            if member is not MISSING:
                self._objects.found(member, source)
                return

    def _module_read(self, owner: ModuleType, name: str) -> None:
        if trust.is_core_module(owner):
            return
        source = f"{owner.__name__}.{name}"
        self._objects.note(reading.TYPE, owner, None, owner.__name__, "type")
        if type(owner) is not ModuleType:
            self._objects.define(type(owner), name)
            self._objects.found(reading.definition(type(owner), name), source)
        if name == "__dict__":
            self._objects.reach(vars(owner), source, "attribute")
            return
        if name not in vars(owner):
            getattr(owner, name, None)  # a package may import it only now
        (value,) = self._objects.note(reading.NAME, vars(owner), name, source, "attribute")
        if value is not MISSING:
            self._objects.found(value, source)
        else:
            source = f"{owner.__name__}.__getattr__"
            (fallback,) = self._objects.note(
                reading.NAME, vars(owner), "__getattr__", source, "attribute"
            )
            self._objects.found(fallback, source)

    def _member_read(self, owner: Any, kind: type, name: str) -> None:
        """Note an attribute of an object that is no class and no module."""
        objects, reached = self._objects, self._watch.reached
        is_ours = id(owner) not in reached
        source = f"{reached.get(id(owner), (None, kind.__name__))[1]}.{name}"
        member = reading.definition(kind, name)
        objects.define(kind, name)
        if type(member) in C_DATA:
            key = reading.Attribute(name)
            if not is_ours and has_attributes(kind):
                (value,) = objects.note(reading.OTHER, owner, key, source, "attribute")
                objects.found(value, source)
            elif name in ("base", "obj"):  # of a view, which shares the memory of what is there
                objects.found(getattr(owner, name, None), source)
            return
        objects.found(member, source)
        if not is_ours and kind.__dictoffset__ and not hasattr(type(member), "__set__"):
            scope = "attribute" if member is MISSING else "own"  # else the class has it
            (value,) = objects.note(reading.MEMBER, owner, name, source, scope)
            objects.found(value, source)
