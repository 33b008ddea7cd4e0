"""The guards of a recording in words, for explain(); tracer.py and environment.py make them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from autograd_scalar.compiler.capture.environment import Captured
from autograd_scalar.compiler.capture.signature import Identity, identity_key
from autograd_scalar.compiler.ir.program import Program


class GuardInfo(NamedTuple):
    """A condition under which a trace may be replayed.

    >>> print(GuardInfo("EQ", "float lr", "0.1"))
    EQ float lr
    >>> print(GuardInfo("CMP", "x > y", location="loss.py:12"))
    CMP x > y at loss.py:12
    """

    #: "ID": the same object; "EQ": an equal number or string; "LEN": a container of the same length, "ITEMS": with
    #: the same items; "CMP": a comparison of Values with the same outcome.
    kind: str
    #: The guarded object, such as "global settings", or the comparison.
    source: str
    #: Text of the value that must recur.
    value: str = ""
    #: Source line of a comparison, as `file:line`.
    location: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.source}{self.location and f' at {self.location}'}"


def environment_guards(key: tuple[Any, ...]) -> list[GuardInfo]:
    """Return the guards on captured objects, given the key of their snapshot."""
    return [guard for captured in key[1:] for guard in _guards(captured)]


def static_guards(statics: Mapping[str, Any]) -> list[GuardInfo]:
    """Return the guards on static arguments, given these by name."""
    keys = [
        Captured(name, "argument", type(obj), identity_key(obj), ())
        for name, obj in statics.items()
    ]
    return [guard for key in keys for guard in _guards(key)]


def _guards(captured: Captured) -> Iterator[GuardInfo]:
    """Yield the guards on one object: its identity or value, then its length and its items."""
    name, scope, kind, identity, contents = captured
    source = f"{kind.__name__} {name}"
    if not isinstance(identity, Identity):
        yield GuardInfo("EQ", source, _text(kind, identity))
        return
    yield GuardInfo("ID", f"{scope} {name}")
    if contents:
        yield GuardInfo("LEN", source, str(contents[0]))
        items = [_text(*part) for part in contents if type(part) is tuple]
        if items:
            yield GuardInfo("ITEMS", source, ", ".join(items))


def program_guards(program: Program) -> list[GuardInfo]:
    """Return the guards of a program: the comparisons that the traced call made, with their outcome."""
    guards = []
    for symbol, x, y, outcome, location in program.guards:
        comparison = f"{program.name(x)} {symbol} {program.name(y)}"
        source = comparison if outcome else f"not {comparison}"
        guards.append(GuardInfo("CMP", source, location=location))
    return guards


def _text(kind: type, identity: Any) -> str:
    """Return a short text of a value, given its identity key."""
    if isinstance(identity, Identity):
        return f"a {kind.__name__}"
    return identity if kind is float else f"{identity!r:.40}"
