"""What a function sees besides its arguments: the globals it names, what it closes over, what it is a method of."""

from __future__ import annotations

import dis
import functools
import inspect
import sys
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from operator import is_
from types import CodeType, FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

from autograd_scalar import ops
from autograd_scalar.compiler.arguments import told_apart
from autograd_scalar.compiler.trace import JitError


class Surroundings:
    """The things around a function, and around the functions that it names, and whether it changes them."""

    def __init__(self, f: Callable[..., Any], name: str) -> None:
        self.name = name
        self._f = f
        function: Any = getattr(f, "__func__", f)
        self._defaults: dict[Any, Any] = {}
        if isinstance(function, FunctionType):
            self._defaults = {
                **dict(enumerate(function.__defaults__ or ())),
                **(function.__kwdefaults__ or {}),
            }
        #: The attributes of what the function is a method of, or of the thing that is called.
        self._attributes: dict[str, Any] = getattr(getattr(f, "__self__", f), "__dict__", {})
        #: What frozen() found: how to look a thing up again, by what, and the thing.
        self._found: list[tuple[Callable[[Any], Any], Any, Any]] = []
        #: What was in the lists and dicts among them: as it is now, its number, and as it was where it is not long.
        self._inside: list[tuple[Collection[Any], int, list[Any]]] = []
        self._own: list[Any] = []
        self._frozen: tuple[Any, ...] = ()

    def _things(self) -> Iterator[tuple[str, Any]]:
        """Yield the things with what they are called, and take note of where they are to be found again."""
        self._found = [(vars(ops).get, "definitions", ops.definitions)]
        functions = [*_behind(self._f)]
        reached = {function for function, _ in functions}
        first = functions[0][0] if functions else None
        while functions:
            function, owner = functions.pop()
            code = function.__code__
            names = {*_names(code)} if _is_users(function) else set()
            named: dict[tuple[str, str], Any] = {}
            for scope, name, *_ in sorted(names):
                if scope == GLOBAL and name in function.__globals__ and name != function.__name__:
                    thing = named[scope, name] = function.__globals__[name]
                    self._found.append((function.__globals__.get, name, thing))
            for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
                thing = named[CELL, name] = _content(cell)
                self._found.append((_content, cell, thing))
            things = [(name, thing) for (_, name), thing in named.items()]
            if owner is not None and code.co_argcount:  # a method's self
                named[LOCAL, code.co_varnames[0]] = owner
            for name, thing in [*things, *self._attributes_of(names, named)]:
                yield name if function is first else f"{function.__name__}'s {name}", thing
                for other, its_owner in _behind(thing):
                    if other not in reached:
                        reached.add(other)
                        functions.append((other, its_owner))
        for name, thing in self._attributes.items():
            yield f"its attribute {name}", thing
        self._own = [*self._attributes.values()]

    def _attributes_of(
        self, names: Iterable[tuple[str, ...]], named: dict[tuple[str, str], Any]
    ) -> Iterator[tuple[str, Any]]:
        """Yield what dotted names lead to, such as settings.rate or self.layer.scale, as far as plain attributes go."""
        seen = set()
        for scope, base, *attributes in sorted(names):
            thing, name = named.get((scope, base)), base
            for attribute in attributes:
                if not _has_plain_attributes(thing):
                    break
                inner = inspect.getattr_static(thing, attribute, None)
                if isinstance(thing, ModuleType):
                    pass  # whose functions are no methods
                elif hasattr(type(inner), "__get__") and not isinstance(
                    inner, MemberDescriptorType
                ):
                    break  # a method, or a property: which may be another one each time; but not what is in a slot
                container, thing = thing, getattr(thing, attribute, None)
                name = f"{name}.{attribute}"
                if (scope, name) not in seen:
                    seen.add((scope, name))
                    self._found.append((_attribute_of(container), attribute, thing))
                    yield name, thing

    def frozen(self) -> tuple[Any, ...]:
        """Return what tells them from others, and what is in lists and dicts: part of what a record is right for.

        As long as nothing has changed it is the same tuple.
        """
        if not self._are_as_before():
            things = dict(self._things())
            found, self._inside = [], []
            for name, thing in things.items():
                told = [told_apart(thing)]
                for view, now in _inside(thing):
                    self._inside.append((view, len(view), now))
                    told += [len(view), *[(type(part), told_apart(part)) for part in now]]
                found.append((name, type(thing), *told))
            self._frozen = ops.definitions, *found
        return self._frozen

    def _are_as_before(self) -> bool:
        """Return whether frozen() would find the same things: this is asked at every call, so it takes no detours."""
        for get, key, thing in self._found:
            if get(key) is not thing:
                return False
        for view, count, inside in self._inside:
            if len(view) != count or not all(map(is_, view, inside)):
                return False
        own = self._attributes
        if not own and not self._own:
            return bool(self._found)
        return len(own) == len(self._own) and all(map(is_, own.values(), self._own))

    def seen(self) -> dict[str, tuple[Any, Any]]:
        """Return the things themselves, and what is in those that can change."""
        found = {name: (thing, _contents(thing)) for name, thing in self._things()}
        for name, thing in self._defaults.items():
            found[f"its default {name}"] = thing, _contents(thing)
        return found

    def check(self, before: dict[str, tuple[Any, Any]]) -> None:
        """Raise JitError where a thing is another one, or has other contents, than before."""
        now = self.seen()
        for name in {**before, **now}:
            old, new = before.get(name), now.get(name)
            same = (
                old is not None
                and new is not None
                and old[0] is new[0]
                and len(old[1]) == len(new[1])
                and all(map(is_, old[1], new[1]))
            )
            if not same:
                raise JitError(
                    f"{self.name} changes {name} while it is recorded, which a replay would not do; "
                    "return it instead, and change it outside"
                )


def _behind(thing: Any) -> Iterator[tuple[FunctionType, Any]]:
    """Yield the functions that run when a thing is called, each with what it is a method of, or None.

    They may be a method's, a partial's, a wrapped one, or a class's own.
    """
    waiting: list[tuple[Any, Any]] = [(thing, None)]
    passed = 0
    while waiting and passed < 100:  # a wrapper may wrap itself
        thing, owner = waiting.pop()
        passed += 1
        if isinstance(thing, FunctionType):
            yield thing, owner
            waiting.append((getattr(thing, "__wrapped__", None), owner))
        elif isinstance(thing, MethodType):
            waiting.append((thing.__func__, thing.__self__))
        elif isinstance(thing, functools.partial):
            waiting += [
                (part, None) for part in (thing.func, *thing.args, *thing.keywords.values())
            ]
        elif hasattr(thing, "surroundings"):  # compiled
            waiting.append((thing.f, owner))
        elif callable(thing) and not isinstance(thing, type):
            waiting.append((vars(type(thing)).get("__call__"), thing))


def _is_ours(module: str | None) -> bool:
    return (module or "").partition(".")[0] == __package__.partition(".")[0]


def _is_users(thing: FunctionType | ModuleType) -> bool:
    """Return whether a function or a module is the user's own, neither this package's nor Python's."""
    if isinstance(thing, FunctionType):
        if thing.__code__.co_filename.startswith("<autograd_scalar"):
            return False
        module = thing.__module__
    else:
        module = thing.__name__
    return not _is_ours(module) and (module or "").partition(".")[0] not in sys.stdlib_module_names


def _has_plain_attributes(thing: Any) -> bool:
    """Return whether what a dot leads to, from here, may be replaced by the user."""
    if isinstance(thing, FunctionType):
        return False
    return (
        _is_users(thing) if isinstance(thing, ModuleType) else not _is_ours(type(thing).__module__)
    )


#: Where a name in a function's code is looked up.
GLOBAL, CELL, LOCAL = "global", "cell", "local"


def _names(code: CodeType, *, inner: bool = False) -> Iterator[tuple[str, ...]]:
    """Yield where each name in the code is looked up, and the name with its attributes: (GLOBAL, "a", "b") for a.b.

    Of the functions within, their own local names are left out.
    """
    dotted: tuple[str, ...] = ()
    for instruction in dis.get_instructions(code):
        op, argument = instruction.opname, instruction.argval
        if op in ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL"):
            dotted = (GLOBAL, argument)
        elif op == "LOAD_DEREF":
            dotted = (CELL, argument)
        elif (
            "LOAD_FAST" in op and not inner
        ):  # from Python 3.13 on also two names at once, the second on top
            dotted = (LOCAL, argument if isinstance(argument, str) else argument[-1])
        elif op in ("LOAD_ATTR", "LOAD_METHOD") and dotted:
            dotted = (*dotted, argument)
        elif op == "CACHE":
            continue
        else:
            dotted = ()
        if dotted:
            yield dotted
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant, inner=True)


#: So many things in a list or dict, and in those in it, are looked at; more are data, of which the number counts.
MOST_INSIDE = 64


def _inside(thing: Any) -> Iterator[tuple[Collection[Any], list[Any]]]:
    """Yield what is in a list, a dict and the like: as it is at any time, and as it is now where that is not much."""
    waiting, room = deque([thing]), MOST_INSIDE
    while waiting:
        thing = waiting.popleft()
        views: tuple[Collection[Any], ...] = ()
        if isinstance(thing, dict):
            views = thing.keys(), thing.values()
        elif isinstance(thing, list | tuple | set | frozenset | deque):
            views = (thing,)
        for view in views:
            now = [*view] if len(view) <= room else []
            room -= len(now)
            waiting += now
            yield view, now


def _attribute_of(container: Any) -> Callable[[str], Any]:
    return lambda name: getattr(container, name, None)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not set yet
        return None


def _contents(thing: Any) -> list[Any]:
    if isinstance(thing, dict):
        return [part for pair in thing.items() for part in pair]
    if isinstance(thing, list | set):
        return [*thing]
    if isinstance(thing, type | ModuleType | FunctionType):  # which Python itself writes into
        return []
    return [part for pair in getattr(thing, "__dict__", {}).items() for part in pair]
