"""Dispatch of calls: fast path, then guards, then the specialization for the structure of the arguments."""

from __future__ import annotations

import copy
import functools
import sys
from collections.abc import Callable
from types import MethodType
from typing import Any, NamedTuple

from autograd_scalar.compiler.backends import c, python
from autograd_scalar.compiler.capture.environment import Environment, Snapshot
from autograd_scalar.compiler.capture.signature import Flattened, flatten
from autograd_scalar.compiler.errors import EnvironmentChanged, JitError, NothingToCompile
from autograd_scalar.compiler.runtime import kernels
from autograd_scalar.compiler.runtime.bound import Bound
from autograd_scalar.compiler.runtime.mapped import Batch
from autograd_scalar.compiler.runtime.report import differences, report
from autograd_scalar.compiler.runtime.spec import Spec
from autograd_scalar.compiler.runtime.specialization import Entry
from autograd_scalar.compiler.runtime.trace import Path
from autograd_scalar.node import modes
from autograd_scalar.value import Value

#: Structures of arguments that are kept; the one recorded first makes room.
MOST_STRUCTURES = 64
#: So many short ways are tried before the long one.
MOST_SHORT = 8


class _Flat(NamedTuple):
    """A structure of floats and Values without nests, for which their types are enough to find its entry."""

    entry: Entry
    #: What was around when it was found.
    seen: Snapshot


class _Short(NamedTuple):
    """The short ways to results, from floats and Values to machine code, as long as all around is so."""

    still_valid: Callable[[], bool]
    answers: dict[Path, Callable[[tuple[Any, ...]], Any]]


class Jitted:
    """A function that is recorded, compiled and replayed when it is called; `jit` makes them."""

    is_compiled = True

    def __init__(self, spec: Spec) -> None:
        functools.update_wrapper(self, spec.f, updated=())
        self.f, self.spec = spec.f, spec
        self.environment = Environment(spec.f, spec.name)
        self.entries: dict[Any, Entry] = {}
        #: Structures by the types of the arguments.
        self._flat: dict[tuple[type, ...], _Flat] = {}
        self._short = _Short(bool, {})  # of nothing: bool() is False
        #: The environment with objects among the arguments, by these.
        self._around: dict[tuple[tuple[str, int], ...], Environment] = {}
        #: The latest call with arrays, for when it is made again.
        self._latest: Batch | None = None

    def __repr__(self) -> str:
        paths = sum(len(entry.paths) for entry in self.entries.values())
        return f"jit({self.spec.name}): {paths} path{'s' * (paths != 1)} recorded"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Return the function as a method of what it is an attribute of."""
        return self if instance is None else MethodType(self, instance)

    def __deepcopy__(self, memo: dict[int, Any]) -> Jitted:
        f = copy.deepcopy(self.f, memo)
        if f is self.f:  # as functions are; but a copied model has its own parameters
            return self
        return type(self)(self.spec.with_function(f))

    def __copy__(self) -> Jitted:
        return self

    def __reduce__(self) -> str | tuple[Any, ...]:
        name: str = getattr(self, "__qualname__", "")
        found: Any = sys.modules.get(self.__module__)
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is self:
            return name  # pickled by name, as functions are
        return type(self), (self.spec,)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        still_valid, answers = self._short
        if not kwargs and not modes.open_blocks and still_valid():
            for answer in answers.values():
                found = answer(args)
                if found is not None:
                    return found
        try:
            return self._called(args, kwargs)
        except EnvironmentChanged:  # by another thread
            return self._called(args, kwargs)

    def _called(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return the result of a call for which there is no short way."""
        if modes.open_blocks and (modes.tracer.get() or modes.watching.get() is not None):
            # It becomes part of what is being recorded; or anomalies are looked for, operation by operation.
            given: list[Any] = []
            entry, seen = self._entry(args, kwargs, given)
            if self.spec.mapped is not None or entry.has_arrays:
                return Batch(entry, given, seen).one_by_one()
            return entry.eagerly(given)
        latest = self._latest  # another thread may replace it
        if latest is not None and latest.is_for(args, kwargs):
            return latest()
        leaves: Any = []
        types = tuple(map(type, args))
        flat = None if kwargs else self._flat.get(types)
        if flat is not None and flat.seen is self.environment.snapshot():
            (entry, seen), leaves = flat, args
        else:
            entry, seen = self._entry(args, kwargs, leaves)
        if self.spec.mapped is not None or entry.has_arrays:
            batch = Batch(entry, leaves, seen, None if kwargs else args)
            self._latest = batch if batch.may_be_kept() else None
            return batch()
        numbers = [leaf if type(leaf) is float else leaf.data for leaf in leaves]
        try:
            evaluated = entry.evaluated(numbers, leaves)
        except NothingToCompile:
            if leaves or not (args or kwargs):
                raise
            return self.f(*args, **kwargs)  # of ints and the like: no data, no derivative
        if evaluated is None:
            return entry.eagerly(leaves)
        path, found = evaluated
        if not kwargs and {*types} <= {float, Value}:
            self._shorten(types, _Flat(entry, seen), path)
        if not path.gives_values or not modes.recording.get():
            return path.filled(found, lambda i: Value(found[i]))
        parents = [leaf if type(leaf) is Value else Value(leaf) for leaf in leaves] + path.closed
        n, outputs = len(parents), len(path.program.outputs)

        def node(i: int) -> Value:
            first = outputs + i * n
            return path.node(i, found[i], parents, found[first : first + n])

        return path.filled(found, node)

    def _shorten(self, types: tuple[type, ...], flat: _Flat, path: Path) -> None:
        """Remember a structure, and the short way through a path of it."""
        self._flat[types] = flat
        if self._short.still_valid != flat.seen.still_valid:
            self._short = _Short(flat.seen.still_valid, {})
        answers = self._short.answers
        if path not in answers and len(answers) < MOST_SHORT:
            answer = path.answer(types)
            if answer is not None:
                self._short = _Short(flat.seen.still_valid, {**answers, path: answer})

    def _entry(self, args: Any, kwargs: Any, leaves: list[Any]) -> tuple[Entry, Snapshot]:
        """Return what is known for arguments of that structure, and for what; put their leaves into a list."""
        parts = Flattened(leaves, {})
        mapped = (
            {i % len(args) for i in self.spec.mapped if -len(args) <= i < len(args)}
            if self.spec.mapped
            else ()
        )
        if self.spec.mapped and len(mapped) < len(self.spec.mapped):
            raise JitError(
                f"{self.spec.name} maps arguments {self.spec.mapped} over rows, "
                f"but got {len(args)} positional arguments"
            )
        structure = (
            tuple,
            (
                tuple,
                *[
                    flatten(a, parts, f"argument {i}", i in mapped if mapped else None)
                    for i, a in enumerate(args)
                ],
            ),
            flatten(kwargs, parts, "keywords", False if mapped else None),
        )
        environment = self._with(parts.objects) if parts.objects else self.environment
        seen = environment.snapshot()
        key = structure, seen.key
        entry = self.entries.get(key)
        if entry is None:
            if len(self.entries) >= MOST_STRUCTURES:
                self.spec.warn(
                    f"has been recorded for {MOST_STRUCTURES} structures of arguments, and forgets the oldest for each "
                    f"new one; what differs: {', '.join(differences(self.spec, self.entries)) or 'the structures'}"
                )
                del self.entries[next(iter(self.entries))]
            entry = self.entries[key] = Entry(self.spec, *key, environment)
        return entry, seen

    def _with(self, objects: dict[str, Any]) -> Environment:
        """Return what is around the function where objects are among its arguments."""
        key = tuple((name, id(thing)) for name, thing in objects.items())
        if key not in self._around:
            if len(self._around) >= MOST_STRUCTURES:
                del self._around[next(iter(self._around))]
            self._around[key] = Environment(self.f, self.spec.name, objects)
        return self._around[key]

    # ----- to be looked at -----

    @property
    def paths(self) -> list[Path]:
        """All that was recorded, in that order."""
        return [path for entry in self.entries.values() for path in entry.paths]

    def explain(self) -> str:
        """Return what was recorded: structures, paths with their guards, frozen numbers, programs and their cost."""
        return report(self.spec, self.entries)

    def source(
        self,
        language: str = "python",
        *,
        gradient: bool = True,
        fixed: bool = False,
        path: int = 0,
    ) -> str:
        """Return the function, with its gradient by all inputs, as source: "python", "c" or "llvm".

        What is closed over is an input too, or with `fixed` a number, as it is now: a trained model on its own.
        Raises JitError where the function has not been called yet, and ValueError for another language.
        """
        if not self.paths:
            raise JitError(f"{self.spec.name} has not been called yet, so nothing is recorded")
        if not -len(self.paths) <= path < len(self.paths):
            raise JitError(
                f"{self.spec.name} has {len(self.paths)} paths, there is no number {path}"
            )
        recorded = self.paths[path]
        program = recorded.fixed() if fixed else recorded.program
        wrt = [*range(len(program.inputs))] if gradient else []
        made = kernels.basic(program, wrt if gradient else None)
        many = len(program.outputs) > 1
        values = [
            f"{self.spec.name}[{i}]" if many else self.spec.name
            for i in range(len(program.outputs))
        ]
        outputs = [*values, *[f"d {y} / d {program.inputs[k]}" for y in values for k in wrt]]
        languages: dict[str, Callable[[], str]] = {
            "python": lambda: python.source(made, self.spec.name),
            "c": lambda: c.source(made, self.spec.name, outputs),
            "llvm": lambda: kernels.text(made, self.spec.options),
        }
        if language not in languages:
            raise ValueError(f"no source in {language!r}; there are {', '.join(languages)}")
        return languages[language]()

    def kernel(self, *args: Any, **kwargs: Any) -> Bound:
        """Return the function, reduced over rows, bound to its arrays: value and gradient without Values; see Bound."""
        leaves: list[Any] = []
        entry, seen = self._entry(args, kwargs, leaves)
        return Bound(Batch(entry, leaves, seen))


class JittedObject(Jitted):
    """A callable object that is compiled; what it has besides is still there.

    A class of its own, because with __getattr__ every look at an attribute takes longer, also of those that are there.
    """

    def __getattr__(self, name: str) -> Any:
        """Return what the function itself has: a compiled model still has its parameters()."""
        if name.startswith("__") or "f" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.f, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set what the function itself has, where it has it: model.scale = 2.0, of a compiled model."""
        mine = name.startswith("_") or "f" not in self.__dict__ or name in self.__dict__
        if mine or not hasattr(self.f, name):
            object.__setattr__(self, name, value)
        else:
            setattr(self.f, name, value)
