"""The guards of a recording in words, for explain(); the tracer and the recorder make them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from autograd_scalar.compiler.capture.readings.containers import listed
from autograd_scalar.compiler.capture.readings.reading import (
    CELL,
    FUNCTION,
    ITEMS,
    MEMBER,
    MISSING,
    NAME,
    PAIRS,
    TYPE,
    Definitions,
    Reading,
    attributes,
    buffer,
    is_atom,
    object_array,
)
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.options import MAX_REPORT_NAMES


class GuardInfo(NamedTuple):
    """A condition under which a trace may be replayed.

    >>> print(GuardInfo("EQ", "float lr", "0.1"))
    EQ float lr
    >>> print(GuardInfo("CMP", "x > y", location="loss.py:12"))
    CMP x > y at loss.py:12
    """

    #: "ID": the same object; "EQ": an equal number or string; "ABSENT": nothing of that name; "LEN": a container of
    #: the same length, "ITEMS": with the same items; "DATA": an array with equal elements; "CODE": a function, "CLASS":
    #: a class with the same definitions; "TYPE": an object of the same type; "OWN": an object that takes an attribute
    #: from its class; "CMP": a comparison of Values with the same outcome.
    kind: str
    #: The guarded object, such as "global settings", or the comparison.
    source: str
    #: Text of the value that must recur.
    value: str = ""
    #: Source line of a comparison, as `file:line`.
    location: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.source}{self.location and f' at {self.location}'}"


#: Kinds of guards on code, of which there are many, and which change only when a program is edited.
CODE_KINDS = ("CODE", "CLASS", "TYPE", "OWN")


def environment_guards(readings: Sequence[Reading]) -> list[GuardInfo]:
    """Return the guards on what a function reads, given the readings of an environment."""
    builtins = {reading.name for reading in readings if reading.scope == "builtin"}
    found = [guard for reading in readings for guard in _guards(reading)]
    absent = {f"global {name}" for name in builtins}  # "builtin name" says as much
    return [guard for guard in found if guard.kind != "ABSENT" or guard.source not in absent]


def static_guards(statics: Mapping[str, Any]) -> list[GuardInfo]:
    """Return the guards on static arguments, given these by name."""
    return [_guard(obj, name, "argument") for name, obj in statics.items()]


def _guards(reading: Reading) -> Iterator[GuardInfo]:
    """Yield the guards that a reading stands for."""
    kind, owner, key, found, name, scope = reading
    if key is buffer:
        yield GuardInfo("DATA", f"{type(owner).__name__} {name}", str(found[1]))
    elif kind == FUNCTION:
        yield GuardInfo("CODE", f"{scope} {name}")
        for i, default in enumerate(found[1] or ()) if "." not in name else ():
            yield _guard(default, f"{name}'s default {i}", "default")
    elif kind in (ITEMS, PAIRS) or key in _CONTENTS:
        source = f"{type(owner).__name__} {name}"
        yield GuardInfo("LEN", source, str(len(found)))
        text = ", ".join(map(_text, found[:MAX_REPORT_NAMES]))
        yield GuardInfo("ITEMS", source, text + ", ..." * (len(found) > MAX_REPORT_NAMES))
    elif isinstance(key, Definitions):
        yield GuardInfo("CLASS", name, ", ".join(sorted(key.names)))
        for attribute, value in zip(reversed(key.names), reversed(found), strict=False):
            if is_atom(value):
                yield _guard(value, f"{name}.{attribute}", "class")
    elif kind == TYPE:
        yield GuardInfo("TYPE", name, found[0].__name__)
    elif scope != "table":
        yield _guard(found[0], name, scope)


_CONTENTS = (listed, object_array, attributes)


def _guard(obj: Any, name: str, scope: str) -> GuardInfo:
    """Return the guard on one object: its value, its identity or its absence."""
    if obj is MISSING:
        return GuardInfo("OWN", name) if scope == "own" else GuardInfo("ABSENT", f"{scope} {name}")
    if is_atom(obj):
        return GuardInfo("EQ", f"{type(obj).__name__} {name}", _text(obj))
    return GuardInfo("ID", f"{scope} {name}")


def found_by_name(readings: Iterable[Reading]) -> dict[str, tuple[Any, ...]]:
    """Return the objects that readings of values and containers found, by name."""
    found: dict[str, tuple[Any, ...]] = {}
    for reading in readings:
        is_value = reading.kind in (NAME, MEMBER, CELL, ITEMS, PAIRS)
        if (is_value or reading.key in _CONTENTS) and reading.scope not in ("table", "builtin"):
            found[reading.name] = reading.found
    return found


def identities(found: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a key that is equal for objects that may take each other's place."""
    return tuple((type(obj), repr(obj) if is_atom(obj) else id(obj)) for obj in found)


def found_text(found: tuple[Any, ...]) -> str:
    """Return a short description of the objects that a reading found."""
    if len(found) == 1 and is_atom(found[0]):
        return f" = {_text(found[0])}"
    parts = [_text(obj) for obj in found if is_atom(obj)]
    if parts:
        return f" with {', '.join(parts):.40}"
    return f", a {type(found[0]).__name__}" if found else ", empty"


def program_guards(program: Program) -> list[GuardInfo]:
    """Return the guards of a program: the comparisons that the traced call made, with their outcome."""
    guards = []
    for symbol, x, y, outcome, location in program.guards:
        comparison = f"{program.name(x)} {symbol} {program.name(y)}"
        source = comparison if outcome else f"not {comparison}"
        guards.append(GuardInfo("CMP", source, location=location))
    return guards


def _text(obj: Any) -> str:
    """Return a short text of an object."""
    return f"{obj!r:.40}" if is_atom(obj) else f"a {type(obj).__name__}"
