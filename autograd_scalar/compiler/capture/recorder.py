"""Recorder: observes one call of a function and notes what it reads besides its arguments.

Instrumented code reports what it is about to read; a profile function sees which code runs. What is read becomes a
Reading. What cannot be read again is refused by name, and so are changes to what was there before the call. Objects
that the function makes during the call are its own, and may be read and changed at will.

The file is long because a recording is one object: reports, objects that were reached, code that runs, and refusals
share its state.
"""

from __future__ import annotations

import gc
import signal
import sys
from abc import ABC
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial, partialmethod
from importlib import import_module
from inspect import CO_GENERATOR
from itertools import chain
from operator import attrgetter, is_, is_not
from types import (
    CodeType,
    FrameType,
    FunctionType,
    GeneratorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    SimpleNamespace,
    WrapperDescriptorType,
)
from typing import Any
from weakref import ReferenceType

from autograd_scalar.compiler.capture import containers, readings, trust
from autograd_scalar.compiler.capture.instrument import (
    Probe,
    instrument,
    is_instrumented,
    original_code,
    restore,
    thread,
)
from autograd_scalar.compiler.capture.readings import MISSING, Reading
from autograd_scalar.compiler.errors import JitError
from autograd_scalar.compiler.options import MAX_READINGS
from autograd_scalar.node import modes
from autograd_scalar.pytree.containers import registered_functions
from autograd_scalar.value import Value

_ATOMS = (int, float, complex, str, bytes, type(None), Value)
_C_DATA = (type(FunctionType.__code__), type(type("", (), {"__slots__": ("a",)}).a))  # type: ignore[attr-defined]
_ACCESSORS = (getattr, hasattr, setattr, delattr, vars)
_PROBING = Probe.__rshift__.__code__
_SLOTS = (WrapperDescriptorType, MethodWrapperType)
#: Functions that tell an object from others, and the Value that `id` compares its argument with.
_IDENTIFYING, _ANOTHER = (id, is_, is_not), Value(0.0)
_IMPORTERS = (__import__, import_module)
#: Special methods that read and set attributes by name.
_ACCESSING = ("__getattribute__", "__getattr__", "__setattr__", "__delattr__")
#: Methods written in C that read attributes of their object or arguments.
_READING = ("format", "format_map", "__reduce__", "__reduce_ex__", "__getstate__", "__dir__")
#: Modules whose C functions do not read attributes of their arguments, except through special methods.
_NOT_READING = (
    "builtins",
    "itertools",
    "functools",
    "math",
    "operator",
    "collections",
    "heapq",
    "bisect",
)


class Recorder:
    """The observer of one call."""

    def __init__(self, name: str, frozen: Iterable[Any] = ()) -> None:
        self.name = name
        self.readings: list[Reading] = []
        self._noted: set[tuple[Any, ...]] = set()
        #: Objects that were there before the call, by id, with their names.
        self._reached: dict[int, tuple[Any, str]] = {}
        #: Those whose state cannot be compared: their use is refused.
        self._hidden: dict[int, tuple[Any, str]] = {}
        modules = [obj for obj in frozen if isinstance(obj, ModuleType)]
        members = chain.from_iterable(vars(module).values() for module in modules)
        self._frozen = {id(obj): obj for obj in chain(frozen, members)}
        inner = (getattr(obj, "__wrapped__", getattr(obj, "__func__", obj)) for obj in frozen)
        self._frozen_code = {id(original_code(f)) for f in inner if isinstance(f, FunctionType)}
        self._frozen_code |= {id(obj.gi_code) for obj in frozen if isinstance(obj, GeneratorType)}
        self._frozen_modules = {module.__name__ for module in modules}
        #: What each class and its bases define under the names that were looked up, and as special methods.
        self._looked_up: dict[type, dict[str, Any]] = {}
        self._special: dict[type, tuple[Any, ...]] = {}
        #: Classes that were made during the call.
        self._made: set[type] = set()
        #: Objects to be reached, which others hold.
        self._held: list[tuple[Any, str, str]] = []
        self._functions: list[FunctionType] = []
        self._arguments: tuple[FrameType | None, Any, tuple[Any, ...]] = (None, None, ())
        #: The object whose __getattribute__ or the like was read last.
        self._accessed: Any = None
        #: Code that has been checked, by id, and code that need not be checked again, from wherever it is called.
        self._known_code: dict[int, CodeType] = {}
        self._passed_over = {id(code): code for code in (_PROBING, _COLLECTING)}
        #: Names and attributes that have been noted, by the id of the object, or by type for those made in the call.
        self._seen: set[tuple[Any, str]] = set()
        #: The frame of code that runs unobserved, such as that of an imported module, and the events at its end.
        self._unobserved: tuple[FrameType | None, tuple[str, ...]] = (None, ())
        #: The first refusal: the function may have caught the exception.
        self.refusal: JitError | None = None

    @contextmanager
    def observing(self, f: Callable[..., Any], arguments: dict[str, Any]) -> Iterator[None]:
        """Observe what runs inside, given the function and the objects among its arguments."""
        before, profile = thread.observer, sys.getprofile()
        try:
            self._reach(f, getattr(f, "__name__", "self"), "function")
            for name, obj in arguments.items():
                self._reach(obj, name, "argument")
            for made in registered_functions:
                self._reach(made, "a registered function", "function")
            gc.callbacks.append(self._collecting)
            thread.observer = self
            sys.setprofile(self._profile)
            yield
        except Exception as error:
            if self.refusal in (None, error):
                raise
            raise self.refusal from error  # of which the error is a consequence
        finally:
            _set_profile(profile)
            if self._collecting in gc.callbacks:
                gc.callbacks.remove(self._collecting)
            thread.observer = before
            restore(self._functions)
        if self.refusal is not None:
            raise self.refusal
        self.readings += self._definitions()
        self._check_unchanged()

    def _check_unchanged(self) -> None:
        """Raise JitError if the call changed what was there before."""
        if readings.unchanged(self.readings):
            return
        kept = len(readings.repeat(self.readings))
        if kept < len(self.readings):
            raise JitError(
                f"{self.name} changes {self.readings[kept].name} while it is recorded, which a replay would not do; "
                "return the new value, and assign it outside; fill a cache before the first call"
            )

    # ----- reports of instrumented code -----

    def identified(self, x: Any, y: Any) -> None:
        """Let the tracer check `is` between Values."""
        tracer = modes.tracer.get()
        if tracer is not None and isinstance(x, Value) and isinstance(y, Value):
            tracer.identified(x, y)

    def name_read(self, frame: FrameType, name: str) -> None:
        """Note a global, or its absence and the builtin."""
        is_function = frame.f_code.co_flags & 1  # CO_OPTIMIZED; a class body has names of its own
        if not is_function and name in frame.f_locals:
            return
        key = id(frame.f_globals), name
        if key in self._seen:
            return
        self._seen.add(key)
        for scope, names in (("global", frame.f_globals), ("builtin", frame.f_builtins)):
            (value,) = self._note(readings.NAME, names, name, name, scope)
            if value is not MISSING:
                self._found(value, name)
                return

    def attribute_read(self, owner: Any, name: str) -> None:
        """Note an attribute, or its absence, and where it is defined."""
        kind, was_there = type(owner), id(owner) in self._reached
        if name == "__call__" and id(owner) not in self._frozen and _is_accessor(owner):
            self._refuse_accessor(owner)
        if name in _ACCESSING:
            self._accessed = owner.__self__ if kind is super else owner
        key = id(owner) if was_there else kind, name
        if key in self._seen or id(owner) in self._frozen:
            return
        self.used(owner)
        if kind is Value:
            if (tracer := modes.tracer.get()) is not None:
                tracer.described(owner, name)
            if name == "label":
                self._note(readings.OTHER, owner, readings.Attribute(name), name, "attribute")
        elif kind is super:
            self._super_read(owner, name)
        elif kind is ModuleType or issubclass(kind, ModuleType):
            self._module_read(owner, name)
        elif issubclass(kind, type):
            self._define(owner, name)
            self._define(kind, name)
            for each in (kind, owner):
                self._found(readings.definition(each, name), f"{owner.__name__}.{name}")
        else:
            self._member_read(owner, kind, name)
            if was_there or name not in ("base", "obj"):
                self._seen.add(key)
            return
        if was_there:
            self._seen.add(key)

    def used(self, obj: Any) -> None:
        """Refuse an object whose state cannot be compared."""
        if id(obj) in self._hidden and id(obj) not in self._frozen:
            self._refuse_hidden(obj, self._hidden[id(obj)][1])

    def passed(self, frame: FrameType, callee: Any, arguments: tuple[Any, ...]) -> None:
        """Note what a call reads by names that are among its arguments, and remember the rest for the code it runs."""
        self.used(callee)
        for argument in arguments:
            self.used(argument)
        self._arguments = frame, callee, arguments
        kind = type(callee)
        if any(callee is each for each in _IMPORTERS) and arguments and type(arguments[0]) is str:
            self.imported(arguments[0], sys.modules.get(arguments[0]))
        if kind is FunctionType or kind is MethodType:
            return
        if any(callee is each for each in _IDENTIFYING) and arguments:
            self.identified(arguments[0], arguments[1] if len(arguments) > 1 else _ANOTHER)
        if kind in _C_DATA or (kind in _SLOTS and callee.__name__ == "__get__"):
            self._note_all(arguments)
        accessor = next((each for each in arguments if _is_accessor(each)), None)
        if accessor is not None and id(callee) not in self._frozen:
            self._refuse_accessor(accessor)
        if _is_accessor(callee):
            owner = (callee.__self__,) if kind is MethodWrapperType else ()
            self._accesses(callee, (*owner, *arguments))
        if self._accessed is callee or kind is WrapperDescriptorType:
            self._accesses(callee, (self._accessed, *arguments))

    def _accesses(self, accessor: Any, arguments: tuple[Any, ...]) -> None:
        """Note an attribute that a function reads or sets by its name, given as an argument."""
        if accessor is vars:
            arguments = (*arguments[:1], "__dict__")
        if len(arguments) > 1 and isinstance(arguments[1], str):
            self.attribute_read(*arguments[:2])

    def made(self, kind: Any) -> None:
        """Note that a class statement has made a class."""
        if isinstance(kind, type):
            self._made.add(kind)

    def imported(self, name: str, module: Any) -> None:
        """Note a module, under its name in the program and its own."""
        if module is None:
            return
        for each in {name, getattr(module, "__name__", name)} & sys.modules.keys():
            self._note(readings.NAME, sys.modules, each, each, "module")
        self._found(module, name)

    # ----- attributes -----

    def _super_read(self, owner: Any, name: str) -> None:
        mro = owner.__self_class__.__mro__
        for kind in mro[mro.index(owner.__thisclass__) + 1 :]:
            source = f"{kind.__name__}.{name}"
            (member,) = self._note(readings.OTHER, kind, readings.Entry(name), source, "class")
            if member is not MISSING:
                self._found(member, source)
                return

    def _module_read(self, owner: ModuleType, name: str) -> None:
        if trust.is_core_module(owner):
            return
        source = f"{owner.__name__}.{name}"
        if name == "__dict__":
            self._reach(vars(owner), source, "attribute")
            return
        if name not in vars(owner):
            getattr(owner, name, None)  # a package may import it only now
        (value,) = self._note(readings.NAME, vars(owner), name, source, "attribute")
        if value is not MISSING:
            self._found(value, source)
        else:
            self._found(vars(owner).get("__getattr__"), f"{owner.__name__}.__getattr__")

    def _member_read(self, owner: Any, kind: type, name: str) -> None:
        """Note an attribute of an object that is no class and no module."""
        is_ours = id(owner) not in self._reached
        source = f"{self._reached.get(id(owner), (None, kind.__name__))[1]}.{name}"
        member = readings.definition(kind, name)
        self._define(kind, name)
        if type(member) in _C_DATA:
            key = readings.Attribute(name)
            if not is_ours and _has_attributes(kind):
                (value,) = self._note(readings.OTHER, owner, key, source, "attribute")
                self._found(value, source)
            elif name in ("base", "obj"):  # of a view, which shares the memory of what is there
                self._found(getattr(owner, name, None), source)
            return
        self._found(member, source)
        if not is_ours and kind.__dictoffset__ and not hasattr(type(member), "__set__"):
            scope = "attribute" if member is MISSING else "own"  # else the class has it
            (value,) = self._note(readings.MEMBER, owner, name, source, scope)
            self._found(value, source)

    def _reach_class(self, kind: type) -> None:
        """Note the special methods of a class and its bases, which Python calls without naming them."""
        if (
            kind in self._looked_up
            or kind in self._made
            or trust.is_core_module(sys.modules.get(kind.__module__))
        ):
            return
        self._looked_up[kind], self._special[kind] = {}, readings.special_methods(kind)
        for base in filter(readings.is_python_class, kind.__mro__):
            for name, member in [*vars(base).items()]:
                if name[:2] == name[-2:] == "__" and isinstance(
                    member, FunctionType | staticmethod | classmethod | property
                ):
                    self._reach(member, f"{base.__name__}.{name}", "method")

    def _define(self, kind: type, name: str) -> None:
        """Note what a class or its bases define under a name."""
        if kind in self._made:
            for base in kind.__mro__:
                if base not in self._made:
                    self._define(base, name)
            return
        self._reach_class(kind)
        if kind in self._looked_up:
            self._looked_up[kind].setdefault(name, readings.definition(kind, name))

    def _definitions(self) -> Iterator[Reading]:
        """Yield the readings of classes."""
        for kind, names in self._looked_up.items():
            if any(map(readings.is_python_class, kind.__mro__)):
                key = readings.Definitions(tuple(names))
                found = *self._special[kind], *names.values()
                yield Reading(readings.CLASS, kind, key, found, kind.__name__, "class")

    # ----- objects -----

    def _note(self, kind: int, owner: Any, key: Any, name: str, scope: str) -> tuple[Any, ...]:
        """Read, add the reading unless it was noted before, and return what was found."""
        found = readings.read(kind, owner, key)
        place = readings.place(kind, owner, key)
        if place not in self._noted:
            self._noted.add(place)
            self.readings.append(Reading(kind, owner, key, found, name, scope))
            if len(self.readings) > MAX_READINGS:
                self._refuse(
                    f"reads more than {MAX_READINGS} objects, {name} among them; pass what it reads as "
                    "arguments"
                )
        return found

    def _found(self, obj: Any, name: str) -> None:
        """Reach an object that is about to be used."""
        self._reach(obj, name, "global")
        self.used(obj)

    def _reach(self, obj: Any, name: str, scope: str) -> None:
        """Note the contents of an object that was there before the call, and of what it holds, however deep that is."""
        self._held.append((obj, name, scope))
        self._reach_held()

    def _reach_held(self) -> None:
        while self._held:
            self._visit(*self._held.pop())

    def _visit(self, obj: Any, name: str, scope: str) -> None:
        """Note the contents of an object, and remember what it holds."""
        kind = type(obj)
        if issubclass(kind, _ATOMS) and not _has_attributes(kind):
            return
        if id(obj) in self._reached or id(obj) in self._frozen or obj is MISSING:
            return
        self._reached[id(obj)] = obj, name
        if kind is FunctionType:
            self._reach_function(obj, name)
        elif (parts := _wrapped(obj, kind)) is not None:
            for part in parts:
                is_bound = kind is MethodType and part is obj.__self__ and scope == "function"
                self._reach(part, "self" if is_bound else name, scope)
            if any(id(part) in self._hidden or _is_accessor(part) for part in parts):
                self._hidden[id(obj)] = obj, name
        elif issubclass(kind, ReferenceType):
            self._reach_all(self._note(readings.OTHER, obj, readings.target, name, scope), name)
        elif issubclass(kind, type):
            if trust.is_impure_type(obj):
                self._hidden[id(obj)] = obj, name
            self._reach_class(obj)
            self._reach_class(type(obj))
        elif trust.is_c_function(obj):
            if not trust.is_pure_c_function(obj):
                self._hidden[id(obj)] = obj, name
            elif not isinstance(getattr(obj, "__self__", None), ModuleType | None):
                self._reach(obj.__self__, name, scope)
        elif hasattr(kind, "is_compiled"):
            self._reach(object.__getattribute__(obj, "f"), name, scope)
        elif not issubclass(kind, ModuleType):
            self._reach_contents(obj, kind, name, scope)

    def _reach_all(self, objects: Iterable[Any], name: str) -> None:
        self._held += [
            (obj, f"{name}[{i}]", "item")
            for i, obj in enumerate(objects)
            if type(obj) not in _ATOMS
        ]

    def _reach_contents(self, obj: Any, kind: type, name: str, scope: str) -> None:
        """Note the items of a container or array; the attributes of other objects are noted when they are read."""
        if trust.has_hidden_state(kind) or trust.is_impure_type(kind):
            self._hidden[id(obj)] = obj, name
            return
        if containers.is_array(obj) and obj.dtype.hasobject:
            self._reach_all(
                self._note(readings.OTHER, obj, readings.object_array, name, scope), name
            )
        elif containers.is_array(obj) or issubclass(kind, containers.BUFFERS):
            self._note(readings.OTHER, obj, readings.buffer, name, scope)
        elif issubclass(kind, tuple | frozenset):
            self._reach_all(obj, name)
        elif kind in (list, dict):
            contents = readings.ITEMS if kind is list else readings.PAIRS
            self._reach_all(self._note(contents, obj, None, name, scope), name)
        elif issubclass(kind, containers.CONTAINERS):
            self._reach_all(self._note(readings.OTHER, obj, containers.listed, name, scope), name)
        if issubclass(kind, defaultdict):
            factory = readings.Attribute("default_factory")
            self._reach_all(self._note(readings.OTHER, obj, factory, name, scope), name)
        if _has_attributes(kind):
            self._note(readings.TYPE, obj, None, name, "type")
            self._reach_class(kind)
            if issubclass(kind, SimpleNamespace):  # compared and written by C code
                self._note_attributes(obj, name)

    def _note_all(self, objects: Iterable[Any]) -> None:
        """Note all attributes of objects that are passed to code that is not observed, and of those they hold."""
        seen: dict[int, Any] = {}
        pending = [*objects]
        while pending:
            obj = pending.pop()
            kind = type(obj)
            if kind in _ATOMS or id(obj) in seen or not _may_hold(obj, kind):
                continue
            seen[id(obj)] = obj
            if issubclass(kind, containers.CONTAINERS) and not _has_attributes(kind):
                pending += containers.listed(obj)
            elif id(obj) in self._reached:
                found = self._note_attributes(obj, self._reached[id(obj)][1])
                self._reach_held()
                if trust.has_library_methods(kind):
                    for iterator in (part for part in found if hasattr(type(part), "__next__")):
                        self.used(iterator)
                pending += found
            elif _has_attributes(kind):
                pending += readings.attributes(obj)[1::2]

    def _note_attributes(self, obj: Any, name: str) -> tuple[Any, ...]:
        """Note all attributes of an object, and return them."""
        found = self._note(readings.OTHER, obj, readings.attributes, name, "attribute")
        pairs = zip(found[::2], found[1::2], strict=True)
        self._held += [(part, f"{name}.{attribute}", "attribute") for attribute, part in pairs]
        return found[1::2]

    def _reach_function(self, function: FunctionType, name: str) -> None:
        """Instrument a function; note its code, its defaults, and the contents of its cells."""
        code, module = original_code(function), function.__globals__.get("__name__")
        if id(code) in self._frozen_code or module in self._frozen_modules:
            return
        if not trust.is_trusted(code, module):
            if trust.is_library(code.co_filename):
                self._hidden[id(function)] = function, name
                return
            if instrument(function):
                self._functions.append(function)
            _, defaults, keywords = self._note(readings.FUNCTION, function, None, name, "function")
            for i, default in enumerate(defaults or ()):
                self._reach(default, f"{name}'s default {i}", "default")
            self._reach(keywords, f"{name}'s defaults", "default")
        for variable, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            contents = self._note(readings.CELL, cell, None, variable, "nonlocal")
            self._reach(contents[0], variable, "nonlocal")

    # ----- code that runs -----

    def _profile(self, frame: FrameType, event: str, arg: Any) -> None:
        """Check which code runs. There is no observer while the recorder works, or code runs unobserved."""
        if event == "call":
            if thread.observer is not None and id(frame.f_code) not in self._passed_over:
                self._entered(frame)
        elif event == "c_call":
            if thread.observer is not None and is_instrumented(frame.f_code):
                self._called(frame, arg)
        elif frame is self._unobserved[0] and event in self._unobserved[1]:
            self._unobserved, thread.observer = (None, ()), self

    def _collecting(self, phase: str, info: object) -> None:
        """Observe no finalizer that the garbage collector runs: it belongs to what was there before."""
        if phase == "start" and thread.observer is self:
            thread.observer, thread.collecting = None, True
        elif phase == "stop" and thread.collecting:
            thread.observer, thread.collecting = self, False

    def _entered(self, frame: FrameType) -> None:
        """Check Python code that is not known."""
        code, back = frame.f_code, frame.f_back
        if is_instrumented(code):
            self._passed_over[id(code)] = code
            return
        is_direct = back is not None and is_instrumented(back.f_code)
        if id(code) in self._known_code and not is_direct:
            return
        module = frame.f_globals.get("__name__")
        if id(code) not in self._known_code:
            if (
                id(code) in self._frozen_code
                or module in self._frozen_modules
                or code.co_name in ("<module>", "__del__")
                or _is_resumed(frame)
                or _is_import_system(frame.f_back)  # with hooks of installed packages
                or (trust.is_library(code.co_filename) and trust.is_core(frame.f_back))
                or (
                    code.co_argcount and id(frame.f_locals.get(code.co_varnames[0])) in self._frozen
                )
            ):
                self._leave_unobserved(frame)
                return
            if not (trust.is_trusted(code, module) or trust.is_of_dataclass(code)):
                if _may_run_at_any_time(code):
                    self._leave_unobserved(frame)
                    return
                self._refuse_code(frame, module)
            self._known_code[id(code)] = code
            if trust.is_of_engine(module):
                self._passed_over[id(code)] = code
        if module == "abc":
            self._note(readings.OTHER, ABC, readings.registrations, "ABC.register", "class")
        if is_direct:
            if trust.sets_state(code, module):
                self._refuse_call(code.co_name, f"{module}.{code.co_name}")
            if code.co_filename != "<string>":  # a method of a dataclass or a namedtuple
                self._note_all(filter(trust.reads(module), frame.f_locals.values()))

    def _leave_unobserved(self, frame: FrameType) -> None:
        """Observe nothing until a frame returns."""
        self._unobserved, thread.observer = (frame, ("return",)), None

    def _called(self, frame: FrameType, function: Any) -> None:
        """Check a function written in C, which instrumented code calls."""
        if id(function) in self._frozen:
            self._unobserved, thread.observer = (frame, ("c_return", "c_exception")), None
            return
        arguments = self._arguments[2] if frame is self._arguments[0] else ()
        if not trust.is_pure_c_function(function) and not _is_accessor(function):
            owner = getattr(function, "__self__", None)
            if id(owner) not in self._frozen:
                self._refuse_hidden(function, getattr(function, "__qualname__", "a function"))
        elif function is vars and not arguments:
            self._refuse_hidden(vars, "vars")
        elif (getattr(function, "__module__", None) or "builtins").lstrip(
            "_"
        ) not in _NOT_READING or function.__name__ in _READING:
            self._note_all((getattr(function, "__self__", None), *arguments))

    # ----- refusals -----

    def _refuse_code(self, frame: FrameType, module: str | None) -> None:
        """Refuse Python code that is not observed."""
        code = frame.f_code
        name = code.co_qualname if module in (None, "__main__") else f"{module}.{code.co_qualname}"
        if trust.is_library(code.co_filename):
            owner = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
            if id(owner) in self._reached:
                self._refuse_hidden(owner, self._reached[id(owner)][1])
            self._refuse_call(name, name)
        self._refuse(
            f"runs {name} inside of code written in C, where it cannot be observed; call it directly, or promise that "
            f"it depends on its arguments alone: jit(frozen=[{code.co_name}])"
        )

    def _refuse_hidden(self, obj: Any, name: str) -> None:
        """Refuse the use of an object or a function."""
        if obj is attrgetter or type(obj) is attrgetter:
            self._refuse(
                f"uses {name}, which reads attributes unobserved as an attrgetter; write lambda obj: obj.name"
            )
        if callable(obj):
            self._refuse_call(name, trust.qualified_name(obj))
        self._refuse(
            f"uses {name}, a {type(obj).__name__}, whose state cannot be compared; pass what is read from it as an "
            f"argument, or promise that it stays the same: jit(frozen=[{name}])"
        )

    def _refuse_accessor(self, accessor: Any) -> None:
        name = getattr(accessor, "__name__", "a function")
        self._refuse(
            f"passes {name} to code written in C, where what it reads is not observed; call it in a lambda: "
            f"lambda *arguments: {name}(*arguments)"
        )

    def _refuse_call(self, name: str, qualified: str) -> None:
        does = "draws random numbers with" if "random" in qualified else "calls"
        full = name if name in qualified else f"{name} ({qualified})"
        self._refuse(
            f"{does} {full}, which a replay would not do again; do that outside and pass its result, or promise that "
            f"it stays the same: jit(frozen=[{name}])"
        )

    def _refuse(self, what: str) -> None:
        error = JitError(f"{self.name} {what} ({_line()})")
        self.refusal = self.refusal or error
        raise error


#: The callback that switches observation off while the garbage collector runs, which must not do so for itself alone.
_COLLECTING = Recorder._collecting.__code__


def _is_import_system(frame: FrameType | None) -> bool:
    return frame is not None and frame.f_globals.get("__name__") == "importlib._bootstrap"


def _is_accessor(obj: Any) -> bool:
    """Return whether an object is a function written in C that reads or sets what an argument names."""
    if type(obj) in _SLOTS:
        return obj.__name__ in _ACCESSING
    return any(obj is each for each in _ACCESSORS)


def _may_hold(obj: Any, kind: type) -> bool:
    """Return whether an object has items or attributes that code written elsewhere may read."""
    if issubclass(kind, type | ModuleType | FunctionType):
        return False
    if not (issubclass(kind, containers.CONTAINERS) or _has_attributes(kind)):
        return False
    return not trust.is_core_module(sys.modules.get(kind.__module__))


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
    return (obj.func,) if issubclass(kind, cached_property) else None


def _has_attributes(kind: type) -> bool:
    """Return whether objects of a type may have attributes that Python code sets."""
    return readings.is_python_class(kind) or kind.__dictoffset__ != 0


def _line() -> str:
    """Return the line of the function, or of code that it calls, that is running."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_instrumented(frame.f_code):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "before the call"


def _is_resumed(frame: FrameType) -> bool:
    """Return whether a frame is that of a generator which has run before: only a finalizer gets there unrefused."""
    first = 16  # RESUME is among the first instructions
    return bool(frame.f_code.co_flags & CO_GENERATOR) and frame.f_lasti > first


def _may_run_at_any_time(code: CodeType) -> bool:
    """Return whether code is that of a signal handler or a callback of the garbage collector."""
    handlers = chain(map(signal.getsignal, signal.valid_signals()), gc.callbacks)
    return any(getattr(handler, "__code__", None) is code for handler in handlers)


def _set_profile(profile: Any) -> None:
    """Set the profile function that was set before; cProfile's cannot be passed to sys.setprofile."""
    sys.setprofile(None)
    if hasattr(profile, "enable"):
        profile.enable()
    elif profile is not None:
        sys.setprofile(profile)
