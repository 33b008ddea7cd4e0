"""Dispatch of a compiled function's calls: fast calls, then the specialization for the arguments, then its traces.

A third of this file is the part of `Jitted` that looks inside: explain(), stages(), source() and their documentation.
"""

from __future__ import annotations

import copy
import functools
import sys
from collections.abc import Callable
from dataclasses import replace
from types import MethodType
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    NamedTuple,
    ParamSpec,
    TypeVar,
    overload,
)

from autograd_scalar.compiler.backends import c, javascript, python
from autograd_scalar.compiler.backends.llvm import straight
from autograd_scalar.compiler.capture.signature import FLOAT, VALUE, Flattened, Leaf, flatten
from autograd_scalar.compiler.errors import (
    EnvironmentChanged,
    JitError,
    NeedsArrays,
    NothingToCompile,
)
from autograd_scalar.compiler.options import MAX_FAST_CALLS, MAX_SPECIALIZATIONS
from autograd_scalar.compiler.runtime.bound import BoundKernel
from autograd_scalar.compiler.runtime.mapped import MappedCall
from autograd_scalar.compiler.runtime.pipeline import lowered
from autograd_scalar.compiler.runtime.report import differences, report
from autograd_scalar.compiler.runtime.spec import Spec
from autograd_scalar.compiler.runtime.specialization import Specialization
from autograd_scalar.compiler.runtime.trace import Trace
from autograd_scalar.compiler.stages import Stages
from autograd_scalar.node import modes, registry
from autograd_scalar.value import Value

if TYPE_CHECKING:
    from typing import Self

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R", covariant=True)


class _FastCalls(NamedTuple):
    """Direct calls of kernels, and the check that their environment is as it was."""

    holds: Callable[[], bool]
    #: From positional arguments to the result; None where the call does not apply.
    calls: dict[Any, Callable[[tuple[Any, ...]], Any]]


_NONE = _FastCalls(bool, {})  # bool() is False

#: Arguments that are leaves, by type.
_LEAVES = {float: Leaf(FLOAT), Value: Leaf(VALUE)}


def _flattened(args: Any, kwargs: Any, into: Flattened, mapped: Any) -> Any:
    """Return the structure of the arguments, of which those in `mapped` have rows, and flatten them."""
    try:
        structures = [
            flatten(a, into, f"argument {i}", i in mapped if mapped else None)
            for i, a in enumerate(args)
        ]
        keywords = [
            (name, flatten(a, into, f"keywords[{name!r}]", False if mapped else None))
            for name, a in kwargs.items()
        ]
    except RecursionError:
        raise JitError("an argument is nested too deeply; pass a flat list") from None
    return tuple(structures), tuple(keywords)


def _is_observed() -> bool:
    """Return whether the call is part of another recording, or every operation is checked for anomalies."""
    return modes.tracer.get() is not None or modes.watching.get() is not None


class Jitted(registry.HasCard, Generic[P, R]):
    """A compiled function, as `jit` returns it. Calls record it, compile what was recorded, and replay that."""

    is_compiled = True

    def __init__(self, spec: Spec) -> None:
        functools.update_wrapper(self, spec.f, updated=())
        self.spec = spec
        #: In the order in which they were made.
        self.specializations: list[Specialization] = []
        #: The one used last, by the structure of the arguments.
        self._latest: dict[Any, Specialization] = {}
        #: Structures of arguments with arrays that f gets whole; all other arrays broadcast.
        self._takes_arrays: set[Any] = set()
        self._fast = _NONE
        self.f = spec.f  # last: JittedObject then looks for attributes in f

    def __repr__(self) -> str:
        count = len(self.paths)
        return f"jit({self.spec.name}): {count} path{'s' * (count != 1)} recorded"

    def _card_rows(self) -> list[tuple[str, ...]]:
        """Return where the function is defined, what it is mapped over, and the paths recorded."""
        spec = self.spec
        code = getattr(spec.f, "__code__", None)
        mapped = f"arguments {', '.join(map(str, spec.mapped))}" if spec.mapped is not None else ""
        rows = [
            ("defined", f"{code.co_filename}:{code.co_firstlineno}" if code else ""),
            ("mapped over", mapped),
            ("reduced by", spec.reduce or ""),
            ("paths", f"{len(self.paths):,} recorded"),
        ]
        return [("jit", spec.name), *(row for row in rows if row[1])]

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...

    @overload
    def __get__(
        self: Jitted[Concatenate[Any, Q], R], instance: object, owner: type | None = None
    ) -> Callable[Q, R]: ...

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Return the function as a method of the instance."""
        return self if instance is None else MethodType(self, instance)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        f = copy.deepcopy(self.f, memo)
        if f is self.f:  # as functions are; but a copied model has its own parameters
            return self
        return type(self)(replace(self.spec, f=f))

    def __copy__(self) -> Self:
        return self

    def __reduce__(self) -> str | tuple[Any, ...]:
        name: str = getattr(self, "__qualname__", "")
        found: Any = sys.modules.get(self.__module__)
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is self:
            return name  # pickled by name, as functions are
        return type(self), (self.spec,)

    if TYPE_CHECKING:  # a compiled object has the attributes of the object

        def __getattr__(self, name: str) -> Any: ...

    # ----- calls -----

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            holds, calls = self._fast
            if not kwargs and holds() and not (modes.open_blocks and _is_observed()):
                for call in calls.values():
                    found: Any = call(args)
                    if found is not None:
                        if modes.open_blocks and type(found) is Value and not modes.recording.get():
                            found = found.detach()
                        return found  # type: ignore[no-any-return]
            return self._dispatch(args, kwargs)  # type: ignore[no-any-return]
        except (EnvironmentChanged, NeedsArrays):  # by another thread; in a call made again
            return self._dispatch(args, kwargs)  # type: ignore[no-any-return]

    def _dispatch(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return the result of a call that no fast call answers."""
        specialization, leaves = self._specialization(args, kwargs)
        is_observed = modes.open_blocks and _is_observed()
        if self.spec.mapped is not None or specialization.has_arrays:
            mapped = MappedCall(specialization, leaves, None if kwargs else args)
            if is_observed:
                return mapped.eagerly()
            try:
                found = mapped()
            except (NeedsArrays, TypeError, AttributeError, IndexError) as error:
                if not specialization.may_need_arrays:
                    raise
                return self._with_whole_arrays(specialization, args, kwargs, error)
            if mapped.is_repeatable():
                self._keep(specialization, "mapped", mapped.try_call)  # in place of the one before
            return found
        if is_observed:
            return specialization.eagerly(leaves)
        try:
            evaluated = specialization.evaluate(leaves)
        except NothingToCompile:
            if leaves or not (args or kwargs):
                raise
            return self.f(*args, **kwargs)  # of ints and the like: no data, no derivative
        if evaluated is None:
            return specialization.eagerly(leaves)
        trace, outputs = evaluated
        types, calls = tuple(map(type, args)), self._fast_calls(specialization)
        is_flat = not kwargs and {*types} <= {float, Value}
        if is_flat and trace not in calls and len(calls) < MAX_FAST_CALLS:
            call = trace.fast_call(types)
            if call is not None:
                self._keep(specialization, trace, call)
        return trace.results(outputs, leaves)

    def _with_whole_arrays(
        self, elements: Specialization, args: Any, kwargs: Any, error: Exception
    ) -> Any:
        """Call f with arrays in place of their elements, with which it raised an error; the error if that fails too.

        Where f would only give something else for whole arrays, but fails with these, it is called with elements.
        """
        self._fast = _NONE
        self._takes_arrays.add(elements.structure)
        try:
            return self._dispatch(args, kwargs)
        except Exception as other:
            self._takes_arrays.discard(elements.structure)
            if isinstance(error, NeedsArrays):
                again, _ = self._specialization(args, kwargs)  # another, if f had an effect
                elements.may_need_arrays = again.may_need_arrays = False
                return self._dispatch(args, kwargs)
            error.add_note(f"with whole arrays it raises {type(other).__name__}: {other}")
            raise error from None

    def _fast_calls(self, one: Specialization) -> dict[Any, Callable[[tuple[Any, ...]], Any]]:
        """Return the fast calls that hold in the environment of a specialization."""
        holds, calls = self._fast
        return calls if holds == one.environment.holds else {}

    def _keep(self, one: Specialization, key: Any, call: Callable[[tuple[Any, ...]], Any]) -> None:
        """Keep a fast call for as long as the environment holds."""
        calls = {**self._fast_calls(one), key: call}
        self._fast = _FastCalls(one.environment.holds, calls)

    def _specialization(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Specialization, list[Any]]:
        """Return the specialization for a call, and the leaves of the arguments."""
        flattened = Flattened()
        kinds = [_LEAVES.get(type(a)) for a in args]
        if kwargs or None in kinds or self.spec.mapped is not None:
            structure = self._structure(args, kwargs, flattened)
        else:
            flattened.leaves.extend(args)
            structure = tuple(kinds), ()
        return self._matching(structure), flattened.leaves

    def _matching(self, structure: Any) -> Specialization:
        """Return a specialization for a structure of arguments, whose environment holds; a new one if there is none."""
        one = latest = self._latest.get(structure)
        if one is None or not one.environment.holds():
            same = (each for each in self.specializations if each.structure == structure)
            others = (each for each in same if each is not latest)
            one = next((each for each in others if each.environment.holds()), None)
            if one is None:
                self._make_room()
                one = Specialization(self.spec, structure)
                self.specializations.append(one)
            self._latest[structure] = one
        return one

    def _structure(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], flattened: Flattened
    ) -> Any:
        """Return the structure of the arguments, and flatten them."""
        spec, n = self.spec, len(args)
        mapped = spec.mapped and {i % n for i in spec.mapped if -n <= i < n}
        if spec.mapped and len(mapped or ()) < len(spec.mapped):
            raise JitError(
                f"{spec.name} maps arguments {spec.mapped} over rows, but got {n} positional arguments"
            )
        try:
            structure = _flattened(args, kwargs, flattened, mapped)
            if structure not in self._takes_arrays:
                return structure
        except NeedsArrays:  # an array of Values
            pass
        flattened.start_again(whole=True)
        return _flattened(args, kwargs, flattened, None)

    def _make_room(self) -> None:
        """Evict the oldest specialization if there are too many, with a warning."""
        if len(self.specializations) >= MAX_SPECIALIZATIONS:
            kept = [*self.specializations]  # which other threads change
            different = ", ".join(differences(self.spec, kept)) or "the structures"
            self.spec.warn(
                f"has been recorded for {MAX_SPECIALIZATIONS} structures of arguments, and each new one evicts the "
                f"oldest; they differ in {different}"
            )
            oldest = self.specializations.pop(0)
            if self._latest.get(oldest.structure) is oldest:
                self._latest.pop(oldest.structure, None)

    # ----- to look inside -----

    @property
    def paths(self) -> list[Trace]:
        """All traces, in the order in which they were recorded."""
        return [trace for one in self.specializations for trace in one.traces]

    def _path(self, path: int) -> Trace:
        """Return one of the traces."""
        if not self.paths:
            raise JitError(f"{self.spec.name} has not been called yet, so nothing is recorded")
        if not -len(self.paths) <= path < len(self.paths):
            raise JitError(
                f"{self.spec.name} has {len(self.paths)} paths, there is no number {path}"
            )
        return self.paths[path]

    def explain(self) -> str:
        """Return a report: structures of arguments, paths with guards and constants, programs and their cost."""
        return report(self.spec, [*self.specializations])

    def stages(self, *, path: int = 0) -> Stages:
        """Return the stages of a recorded path, from program to LLVM IR; printed, a table.

        Each Stage has the `name`, the pass that it was `made_by`, its number of `instructions`, the `seconds` that the
        pass took, and its `text`. The kernels that calls have used so far are compiled once more, to time the passes.
        Raise JitError if the function has not been called yet.

        >>> import autograd_scalar as ag
        >>> f = ag.jit(lambda x: ag.tanh(2.0 * x) + 0.0 * x)
        >>> y = f(0.5)
        >>> program, simplified, *_ = f.stages()
        >>> program.made_by, program.instructions
        ('capture.tracer', 4)
        >>> simplified.made_by, simplified.instructions
        ('ir.simplify', 4)
        >>> print(program.text)
        x -> t6
          t2 = 2.0 * x
          t3 = tanh(t2)
          t5 = 0.0 * x
          t6 = t3 + t5
        """
        return self._path(path).stages()

    def source(
        self,
        language: str = "python",
        *,
        gradient: bool = True,
        fixed: bool = False,
        path: int = 0,
    ) -> str:
        """Return a recorded path, with its gradient w.r.t. all inputs, as source in a language.

        The languages are "python", "c", "javascript" and "llvm". Where the guards of the path do not hold, the function
        says so instead of returning numbers.

        Captured Values are inputs too, or with `fixed` constants, their present data: a trained model on its own.
        Raise JitError if the function has not been called yet, and ValueError for another language.
        """
        trace = self._path(path)
        program = trace.fixed() if fixed else trace.program
        wrt = [*range(len(program.inputs))] if gradient else []
        made = lowered(program, wrt if gradient else None)
        name, many = self.spec.name, len(program.outputs) > 1
        values = [f"{name}[{i}]" if many else name for i in range(len(program.outputs))]
        outputs = [*values, *[f"d {y} / d {program.inputs[k]}" for y in values for k in wrt]]
        languages: dict[str, Callable[[], str]] = {
            "python": lambda: python.source(made, name),
            "c": lambda: c.source(made, name, outputs),
            "javascript": lambda: javascript.source(made, name, outputs),
            "llvm": lambda: straight.single(made, fast=self.spec.options.fast),
        }
        if language not in languages:
            raise ValueError(f"no source in {language!r}; there are {', '.join(languages)}")
        return languages[language]()

    def kernel(self, *args: P.args, **kwargs: P.kwargs) -> BoundKernel:
        """Return the function, reduced over rows, bound to its arrays: value and gradient without Values.

        A float argument is an input of the kernel: f has a Value for it, and the gradient its derivative. Raise
        JitError without `reduce`, or if the function returns more than one number.
        """
        return self._mapped(*with_inputs(args, kwargs)).kernel()

    def _mapped(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> MappedCall:
        specialization, leaves = self._specialization(args, kwargs)
        return MappedCall(specialization, leaves)


class JittedObject(Jitted[P, R]):
    """A compiled callable object, with the attributes that the object has.

    A class of its own, because __getattr__ makes access to every attribute slower, also to those that exist.
    """

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the object itself: a compiled model still has its parameters()."""
        if name.startswith("__") or "f" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.f, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute of the object itself if it has one of that name: model.scale = 2.0."""
        mine = name.startswith("_") or "f" not in self.__dict__ or name in self.__dict__
        if mine or not hasattr(self.f, name):
            object.__setattr__(self, name, value)
        else:
            setattr(self.f, name, value)


def with_inputs(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a call with Values for floats, which a derivative can be taken by within f too."""
    return (
        tuple(Value(a) if type(a) is float else a for a in args),
        {name: Value(a) if type(a) is float else a for name, a in kwargs.items()},
    )
