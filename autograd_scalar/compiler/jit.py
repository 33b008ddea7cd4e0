"""`jit`: a function recorded at its first call, compiled, and replayed."""

from __future__ import annotations

import copy
import functools
import inspect
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from operator import index
from types import FunctionType, MethodType
from typing import Any, NamedTuple

from autograd_scalar.compiler.backends import c, python
from autograd_scalar.compiler.backends.llvm import target
from autograd_scalar.compiler.capture.environment import Seen, Surroundings
from autograd_scalar.compiler.capture.signature import Parts, leaf_names, static_parts, taken_apart
from autograd_scalar.compiler.capture.tracer import PACKAGE
from autograd_scalar.compiler.errors import Changed, JitError, NothingToCompile
from autograd_scalar.compiler.options import Options
from autograd_scalar.compiler.runtime import kernels
from autograd_scalar.compiler.runtime.bound import Bound
from autograd_scalar.compiler.runtime.mapped import Batch
from autograd_scalar.compiler.runtime.report import differences, report
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
    seen: Seen


class _Short(NamedTuple):
    """The short ways to results, from floats and Values to machine code, as long as all around is so."""

    is_so: Callable[[], bool]
    answers: dict[Path, Callable[[tuple[Any, ...]], Any]]


class Jitted:
    """A function that is recorded, compiled and replayed when it is called; `jit` makes them."""

    is_compiled = True

    def __init__(
        self,
        f: Callable[..., Any],
        rows: tuple[int, ...] | None,
        reduce: str | None,
        flip: str,
        options: Options,
    ) -> None:
        functools.update_wrapper(self, f, updated=())
        self.f, self.rows, self.reduce, self.flip, self.options = f, rows, reduce, flip, options
        self.name = getattr(f, "__name__", type(f).__name__).strip("<>")
        self.surroundings = Surroundings(f, self.name)
        self._parameters = _parameters(f)
        self.entries: dict[Any, Entry] = {}
        #: Structures by the types of the arguments.
        self._flat: dict[tuple[type, ...], _Flat] = {}
        self._short = _Short(bool, {})  # of nothing: bool() is False
        #: The surroundings with objects among the arguments, by these.
        self._around: dict[tuple[tuple[str, int], ...], Surroundings] = {}
        self._has_warned = False
        #: The latest call with arrays, for when it is made again.
        self._latest: Batch | None = None

    def __repr__(self) -> str:
        paths = sum(len(entry.paths) for entry in self.entries.values())
        return f"jit({self.name}): {paths} path{'s' * (paths != 1)} recorded"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Return the function as a method of what it is an attribute of."""
        return self if instance is None else MethodType(self, instance)

    def __deepcopy__(self, memo: dict[int, Any]) -> Jitted:
        f = copy.deepcopy(self.f, memo)
        if f is self.f:  # as functions are; but a copied model has its own parameters
            return self
        return type(self)(f, self.rows, self.reduce, self.flip, self.options)

    def __copy__(self) -> Jitted:
        return self

    def __reduce__(self) -> str | tuple[Any, ...]:
        name: str = getattr(self, "__qualname__", "")
        found: Any = sys.modules.get(self.__module__)
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is self:
            return name  # pickled by name, as functions are
        return type(self), (self.f, self.rows, self.reduce, self.flip, self.options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        is_so, answers = self._short
        if not kwargs and not modes.open_blocks and is_so():
            for answer in answers.values():
                found = answer(args)
                if found is not None:
                    return found
        try:
            return self._called(args, kwargs)
        except Changed:  # by another thread
            return self._called(args, kwargs)

    def _called(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return the result of a call for which there is no short way."""
        if modes.open_blocks and (modes.tracer.get() or modes.watching.get() is not None):
            # It becomes part of what is being recorded; or anomalies are looked for, operation by operation.
            given: list[Any] = []
            entry, seen = self._entry(args, kwargs, given)
            if self.rows is not None or entry.has_arrays:
                return Batch(entry, given, seen).one_by_one()
            return entry.eagerly(given)
        latest = self._latest  # another thread may replace it
        if latest is not None and latest.is_for(args, kwargs):
            return latest()
        leaves: Any = []
        types = tuple(map(type, args))
        flat = None if kwargs else self._flat.get(types)
        if flat is not None and flat.seen is self.surroundings.seen():
            (entry, seen), leaves = flat, args
        else:
            entry, seen = self._entry(args, kwargs, leaves)
        if self.rows is not None or entry.has_arrays:
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
        if self._short.is_so != flat.seen.is_so:
            self._short = _Short(flat.seen.is_so, {})
        answers = self._short.answers
        if path not in answers and len(answers) < MOST_SHORT:
            answer = path.answer(types)
            if answer is not None:
                self._short = _Short(flat.seen.is_so, {**answers, path: answer})

    def _entry(self, args: Any, kwargs: Any, leaves: list[Any]) -> tuple[Entry, Seen]:
        """Return what is known for arguments of that structure, and for what; put their leaves into a list."""
        parts = Parts(leaves, {})
        mapped = (
            {i % len(args) for i in self.rows if -len(args) <= i < len(args)} if self.rows else ()
        )
        if self.rows and len(mapped) < len(self.rows):
            raise JitError(
                f"{self.name} maps arguments {self.rows} over rows, but got {len(args)} positional arguments"
            )
        structure = (
            tuple,
            (
                tuple,
                *[
                    taken_apart(a, parts, f"argument {i}", i in mapped if mapped else None)
                    for i, a in enumerate(args)
                ],
            ),
            taken_apart(kwargs, parts, "keywords", False if mapped else None),
        )
        surroundings = self._with(parts.objects) if parts.objects else self.surroundings
        seen = surroundings.seen()
        key = structure, seen.key
        entry = self.entries.get(key)
        if entry is None:
            if len(self.entries) >= MOST_STRUCTURES:
                self.warn(
                    f"has been recorded for {MOST_STRUCTURES} structures of arguments, and forgets the oldest for each "
                    f"new one; what differs: {', '.join(differences(self)) or 'the structures'}"
                )
                del self.entries[next(iter(self.entries))]
            entry = self.entries[key] = Entry(self, *key, surroundings)
        return entry, seen

    def _with(self, objects: dict[str, Any]) -> Surroundings:
        """Return what is around the function where objects are among its arguments."""
        key = tuple((name, id(thing)) for name, thing in objects.items())
        if key not in self._around:
            if len(self._around) >= MOST_STRUCTURES:
                del self._around[next(iter(self._around))]
            self._around[key] = Surroundings(self.f, self.name, objects)
        return self._around[key]

    def warn(self, what: str) -> None:
        """Warn once that recordings come without end."""
        if self._has_warned:
            return
        self._has_warned = True
        frame, level = sys._getframe(1), 2
        while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
            frame, level = frame.f_back, level + 1
        advice = "pass numbers that change as floats, or keep them in Values"
        warnings.warn(f"jit({self.name}) {what}; {advice}", RuntimeWarning, stacklevel=level)

    def names(self, structure: Any) -> list[str]:
        """Return what the numbers in the arguments are called: by the parameters' names."""
        return [
            name for part, called in self._named(structure) for name in leaf_names(part, called)
        ]

    def statics(self, structure: Any) -> dict[str, Any]:
        """Return what in the arguments is no data, by its name."""
        parts = self._named(structure)
        return dict(pair for part, called in parts for pair in static_parts(part, called))

    def _named(self, structure: Any) -> Iterator[tuple[Any, str]]:
        """Yield the structures of the arguments with the parameters' names."""
        _, (_, *args), (_, keys, *keywords) = structure
        for i, part in enumerate(args):
            yield part, self._parameters[i] if i < len(self._parameters) else f"x{i}"
        yield from zip(keywords, keys, strict=True)

    # ----- to be looked at -----

    @property
    def paths(self) -> list[Path]:
        """All that was recorded, in that order."""
        return [path for entry in self.entries.values() for path in entry.paths]

    def explain(self) -> str:
        """Return what was recorded: structures, paths with their guards, frozen numbers, programs and their cost."""
        return report(self)

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
            raise JitError(f"{self.name} has not been called yet, so nothing is recorded")
        if not -len(self.paths) <= path < len(self.paths):
            raise JitError(f"{self.name} has {len(self.paths)} paths, there is no number {path}")
        recorded = self.paths[path]
        program = recorded.fixed() if fixed else recorded.program
        wrt = [*range(len(program.inputs))] if gradient else []
        made = kernels.basic(program, wrt if gradient else None)
        many = len(program.outputs) > 1
        values = [f"{self.name}[{i}]" if many else self.name for i in range(len(program.outputs))]
        outputs = [*values, *[f"d {y} / d {program.inputs[k]}" for y in values for k in wrt]]
        languages: dict[str, Callable[[], str]] = {
            "python": lambda: python.source(made, self.name),
            "c": lambda: c.source(made, self.name, outputs),
            "llvm": lambda: kernels.text(made, self.options),
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


def _parameters(f: Callable[..., Any]) -> list[str]:
    """Return the names of a function's positional parameters, as far as they are known."""
    try:
        found = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def jit(
    f: Callable[..., Any] | None = None,
    *,
    rows: int | Iterable[int] | None = None,
    reduce: str | None = None,
    flip: str = "record",
    fastmath: bool = False,
    backend: str = "auto",
) -> Any:
    """Return the function compiled: recorded when it is called, and replayed as machine code from then on.

    The same call gives the same numbers. Floats, Values and arrays among the arguments, in lists, tuples and dicts,
    are data; everything else is part of the structure, and each structure is recorded by itself. Values that f reads
    without being given them (a model's parameters) are inputs too: their present data is read at every call.

    Floats give floats. Where Values are among the arguments, or read, the result is a single node: its parents are
    those inputs, and its partials come from the same kernel as the value.

    >>> import autograd_scalar as ag
    >>> w = ag.Value(0.5)
    >>> @ag.jit
    ... def f(x):
    ...     return ag.tanh(w * x)
    >>> y = f(2.0)
    >>> y.backward()
    >>> f"{y.data:.4f} {w.grad:.4f}"
    '0.7616 0.8399'

    Arrays broadcast as a ufunc's do: one value for each element, an array out.

    >>> import numpy as np
    >>> ag.jit(ag.grad(lambda x: x**3))(np.array([1.0, 2.0]))
    array([ 3., 12.])

    Args:
        rows: numbers of arguments whose first axis counts samples: f is written for one sample, in which what is left
            of an array is nested lists, and runs over all of them.
        reduce: with rows, "mean" or "sum" of the results as one Value; None gives an array, one result a row.
        flip: what to do where a comparison of Values comes out otherwise than it was recorded: "record" that path as
            well and keep both, or raise an "error".
        fastmath: let the compiler reorder and contract operations; numbers then differ in the last bits.
        backend: "llvm" (needs llvmlite), "python", or "auto" for the former where it is installed.

    Raises JitError for what cannot be compiled: a function that gives no Value, changes what is around it, or sets data
    or grad; and for arguments that do not fit together.
    """
    if f is None:
        return functools.partial(
            jit, rows=rows, reduce=reduce, flip=flip, fastmath=fastmath, backend=backend
        )
    if not callable(f):
        raise TypeError(f"jit compiles a function, got {f!r}")
    if isinstance(f, Jitted):
        if (rows, reduce, flip, fastmath, backend) == (None, None, "record", False, "auto"):
            return f
        f = f.f
    if reduce not in (None, "mean", "sum"):
        raise ValueError(f'reduce is "mean", "sum" or None, got {reduce!r}')
    if flip not in ("record", "error"):
        raise ValueError(f'flip is "record" or "error", got {flip!r}')
    if backend not in ("auto", "llvm", "python"):
        raise ValueError(f'backend is "auto", "llvm" or "python", got {backend!r}')
    if backend == "llvm" and not target.is_there():
        raise JitError('backend="llvm" needs llvmlite: pip install llvmlite')
    if backend == "auto":
        backend = "llvm" if target.is_there() else "python"
    mapped = None
    if rows is not None:
        try:
            mapped = tuple(map(index, rows if isinstance(rows, Iterable) else (rows,)))
        except TypeError:
            raise TypeError(f"rows are numbers of arguments, got {rows!r}") from None
        if not mapped:
            raise ValueError("rows names no argument to map over")
    elif reduce is not None:
        raise ValueError("reduce goes with rows, the numbers of the arguments to map over")
    kind = Jitted if isinstance(f, FunctionType | MethodType | functools.partial) else JittedObject
    return kind(f, mapped, reduce, flip, Options(backend, fastmath))
