"""The kinds of probes, for the engine in use. Those that a recording runs most often are in watch.py."""

from __future__ import annotations

import sys
from importlib import import_module
from operator import is_, is_not, methodcaller
from types import (
    FrameType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodWrapperType,
    WrapperDescriptorType,
)
from typing import TYPE_CHECKING, Any

from autograd_scalar.compiler.capture.probes import watch
from autograd_scalar.compiler.capture.probes.watch import Observer
from autograd_scalar.node import modes, registry

if TYPE_CHECKING:
    from autograd_scalar.compiler.capture.probes.watch import AttributeProbe as AttributeProbe
    from autograd_scalar.compiler.capture.probes.watch import CallProbe as CallProbe
    from autograd_scalar.compiler.capture.probes.watch import ElementsProbe as ElementsProbe
    from autograd_scalar.compiler.capture.probes.watch import NameProbe as NameProbe
    from autograd_scalar.compiler.capture.probes.watch import Probe as Probe
    from autograd_scalar.compiler.capture.probes.watch import Watch as Watch
    from autograd_scalar.compiler.capture.probes.watch import activate as activate
    from autograd_scalar.compiler.capture.probes.watch import active as active
    from autograd_scalar.compiler.capture.probes.watch import identity_of as identity_of
else:
    _engine = registry.engine if hasattr(registry.engine, "Watch") else watch
    Watch, active, activate = _engine.Watch, _engine.active, _engine.activate
    identity_of = _engine.identity_of
    Probe, NameProbe, AttributeProbe = _engine.Probe, _engine.NameProbe, _engine.AttributeProbe
    ElementsProbe, CallProbe = _engine.ElementsProbe, _engine.CallProbe

#: Functions written in C that read or set attributes that an argument names, and special methods that do.
ACCESSORS = (getattr, hasattr, setattr, delattr, vars)
ACCESSING = ("__getattribute__", "__getattr__", "__setattr__", "__delattr__")
#: Functions that tell an object from others, and functions that import.
IDENTIFYING = (id, is_, is_not)
IMPORTERS = (__import__, import_module)
#: Kinds of special methods, and of attributes that C code computes.
SLOTS = (WrapperDescriptorType, MethodWrapperType)
C_DATA = (GetSetDescriptorType, MemberDescriptorType)


class _OperandsProbe(Probe):
    """Takes a tuple of the topmost objects of the stack and returns it reversed, for UNPACK_SEQUENCE."""

    __slots__ = ()

    def __rshift__(self, operand: Any) -> Any:
        self.tell(sys._getframe(1), operand)
        return operand[::-1]


class _IdentityProbe(_OperandsProbe):
    """Takes the two operands of `is`."""

    __slots__ = ()

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        observer.identified(*operand)


class SuperProbe(_OperandsProbe):
    """Takes `super`, a class and an object, of which an attribute is about to be read."""

    __slots__ = ()

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        if operand[0] is super:
            observer.attribute_read(super(*operand[1:]), self.name)


class _MatchProbe(_OperandsProbe):
    """Takes a subject, a class and the names of attributes that a `case` reads."""

    __slots__ = ()

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        subject, kind, names = operand
        observer.attribute_read(kind, "__match_args__")
        positional = getattr(kind, "__match_args__", ())
        for name in (*names, *(positional if isinstance(positional, tuple) else ())):
            observer.attribute_read(subject, name)


class _EachTimeProbe(Probe):
    """Reports its operand each time."""

    __slots__ = ()

    def __rshift__(self, operand: Any) -> Any:
        self.tell(sys._getframe(1), operand)
        return operand


class ImportProbe(_EachTimeProbe):
    """Takes a module that has been imported."""

    __slots__ = ()

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        observer.imported(self.name, operand)


class _StarCallProbe(Probe):
    """Takes what is called, a list of the arguments, and perhaps a dict of those by name."""

    __slots__ = ()

    def __rshift__(self, operand: Any) -> Any:
        if (observing := active()) is not None:
            callee, arguments, *keywords = operand
            named = keywords[0].values() if keywords else ()
            observing.caller = frame = sys._getframe(1)
            observing.arguments = *arguments, *named
            self.tell(frame, callee)
        return operand

    def report(self, observer: Observer, frame: FrameType, operand: Any) -> None:
        observer.passed(operand)


class _ClassProbe(Probe):
    """Takes the function of a class statement, and returns one that reports the class."""

    __slots__ = ()

    def __rshift__(self, operand: Any) -> Any:
        observing = active()

        def build_class(*arguments: Any, **keywords: Any) -> Any:
            kind = operand(*arguments, **keywords)
            if observing is not None and observing.observer is not None:
                observing.observer.made(kind)
            return kind

        return build_class


def attribute_probe(name: str) -> AttributeProbe:
    """Return the probe of an attribute."""
    each_time = name == "__call__" or name in ACCESSING
    return AttributeProbe(name, each_time, each_time or name in modes.DESCRIPTIONS)


USED, ELEMENTS, STAR_CALL = Probe(), ElementsProbe(), _StarCallProbe()
CALL = CallProbe((*SLOTS, *C_DATA, methodcaller), (*ACCESSORS, *IDENTIFYING, *IMPORTERS))
CLASS, MATCH, IDENTITY = _ClassProbe(), _MatchProbe(), _IdentityProbe()

#: The code of probes in Python, which need not be checked.
PROBING = frozenset(
    member.__code__
    for kind in {
        kind
        for probe in (USED, ELEMENTS, STAR_CALL, CALL, CLASS, MATCH, IDENTITY)
        for kind in type(probe).__mro__
    }
    | {NameProbe, AttributeProbe, SuperProbe, ImportProbe}
    for member in vars(kind).values()
    if isinstance(member, FunctionType)
)
