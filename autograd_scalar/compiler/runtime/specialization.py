"""Traces for one signature of arguments, tried in order, and a new recording if the guards of all fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import Any

from autograd_scalar import pytree
from autograd_scalar.compiler import stages
from autograd_scalar.compiler.capture.readings.environment import Environment
from autograd_scalar.compiler.capture.recorder.recorder import Recorder
from autograd_scalar.compiler.capture.signature import (
    ARRAY,
    VALUE,
    Leaf,
    container_classes,
    contents,
    nested,
    placeholders,
    unflatten_call,
)
from autograd_scalar.compiler.capture.tracer import Tracer
from autograd_scalar.compiler.errors import (
    EnvironmentChanged,
    JitError,
    NothingToCompile,
    OpaqueOperation,
)
from autograd_scalar.compiler.options import MAX_TRACES
from autograd_scalar.compiler.runtime.node_op import flipped
from autograd_scalar.compiler.runtime.spec import Spec
from autograd_scalar.compiler.runtime.trace import Number, Output, Trace
from autograd_scalar.node import modes
from autograd_scalar.value import Value


class Specialization:
    """The traces for one structure of arguments and one environment, which is all that they read besides."""

    def __init__(self, spec: Spec, structure: Any) -> None:
        self.spec, self.structure, self.environment = spec, structure, Environment()
        self.traces: list[Trace] = []
        #: An operation that the function calls and that cannot be compiled, or None.
        self.opaque: str | None = None
        self.leaves = placeholders(structure)
        self.has_arrays = any(leaf.kind == ARRAY for leaf in self.leaves)
        #: True for arrays that broadcast, unless f fails with whole arrays: its calls are then tried with these.
        self.may_need_arrays = self.has_arrays and spec.mapped is None

    def _arguments(self, number: Callable[[Leaf], Any]) -> Any:
        """Return positional and keyword arguments, with number(leaf) for each number of each leaf."""
        return unflatten_call(
            self.structure, lambda leaf: nested(leaf.inner, map(number, repeat(leaf)))
        )

    # ----- recording -----

    def record(self, numbers: Sequence[float]) -> Trace:
        """Record the function for some numbers, and keep the trace."""
        if self.opaque is not None:
            self._refuse_opaque(self.opaque)
        trace = self._recorded(numbers)
        self.traces.append(trace)
        return trace

    def _recorded(self, numbers: Sequence[float]) -> Trace:
        """Record the function for some numbers; once more if it fills a cache, to read the filled one."""
        trace, recorder = self._observed(numbers)
        if recorder.filled is not None:
            first, change = trace, recorder.filled
            try:
                trace, recorder = self._observed(numbers)
            except EnvironmentChanged:  # other traces have read the cache
                raise change from None
            if recorder.filled is not None or not trace.repeats(first):
                raise change
        self.environment.add(recorder.readings)
        stages.emit("program", "capture.tracer", trace.program)
        return trace

    def _observed(self, numbers: Sequence[float]) -> tuple[Trace, Recorder]:
        """Call the function for some numbers; return its trace, and the recorder that observed the call."""
        tracer, recorder = Tracer(self.spec.name), Recorder(self.spec.name, self.spec.frozen)
        tracer.compiles = True
        try:
            result = self._traced(tracer, recorder, numbers)
        finally:
            if tracer.opaque is not None:
                self._refuse_opaque(tracer.opaque)
        try:
            return self._trace(tracer, result), recorder
        except JitError as error:
            raise recorder.filled or error from None

    def _trace(self, tracer: Tracer, result: Any) -> Trace:
        """Return the trace of a call, given its result."""
        found, structure = pytree.flatten(result)
        values = [leaf for leaf in found if type(leaf) is Value]
        outputs: list[Value] = []

        def indexed(leaf: Any, path: str) -> Any:
            if type(leaf) is Value:
                outputs.append(leaf)
                return (Number if tracer.is_number(leaf) else Output)(len(outputs) - 1)
            if isinstance(leaf, float | int):
                outputs.append(tracer.result(leaf))
                number = Number(len(outputs) - 1)
                number.constant = leaf
                return number
            if pytree.is_constant(leaf):
                return leaf
            raise JitError(
                f"{path} of {self.spec.name} is {leaf!r:.60}; a compiled function returns Values, numbers, "
                "strings and None, in containers"
            )

        leaves = [*map(indexed, found, pytree.paths(result, "the result"))]
        if not tracer.branches and not values:
            raise NothingToCompile(
                f"{self.spec.name} returned no Value, but {result!r:.60}: there is nothing to compile"
            )
        program, closed, frozen = tracer.program(outputs)
        differentiated = tracer.differentiated
        given = len(tracer.inputs)
        return Trace(self.spec, program, closed, frozen, leaves, structure, given, differentiated)

    def _traced(self, tracer: Tracer, recorder: Recorder, numbers: Sequence[float]) -> Any:
        """Call the function with fresh Values of some numbers, under tracer and recorder, and return its result."""
        spec = self.spec
        tracer.maps_arrays = self.may_need_arrays
        given, names = iter(numbers), iter(spec.leaf_names(self.structure))

        def fresh(leaf: Leaf) -> Value:
            return tracer.argument(next(given), next(names), is_number=leaf.kind != VALUE)

        args, kwargs = self._arguments(fresh)
        before = contents(self.structure, args, kwargs)
        arguments = container_classes(self.structure) | spec.statics(self.structure)
        if not self.environment.holds():
            raise EnvironmentChanged(
                f"what {spec.name} reads has changed since the kernel was made; make the kernel again"
            )
        try:
            with modes.tracing(tracer), recorder.observing(spec.f, arguments):
                result = spec.f(*args, **kwargs)
        except Exception as error:
            if not isinstance(error, JitError):  # which comes before a change
                self._check_arguments(before, args, kwargs)
            if self.has_arrays and spec.mapped is None and not isinstance(error, JitError):
                error.add_note(
                    f"{spec.name} was given arrays, so it runs on each element, as NumPy's own functions do; "
                    "for a list of numbers pass array.tolist(), to map over rows set rows="
                )
            raise
        self._check_arguments(before, args, kwargs)
        return result

    def _check_arguments(self, before: Any, args: Any, kwargs: Any) -> None:
        """Raise JitError if the function has modified its arguments, of which it was given copies."""
        if not _is_unchanged(before, self.structure, args, kwargs):
            raise JitError(
                f"{self.spec.name} modifies its arguments, which a replay would not do; copy them first"
            )

    # ----- calls -----

    def eagerly(self, given: Sequence[Any]) -> Any:
        """Call the function itself for floats and Values, with a Value for each number, as when it is recorded.

        Results that are numbers in eager code are numbers.
        """
        numbers, tracer, outer = iter(given), Tracer(self.spec.name), modes.tracer.get()

        def value(leaf: Leaf) -> Value:
            x = next(numbers)
            if type(x) is Value:
                return x
            return tracer.argument(x, "", is_number=True) if outer is None else outer.literal(x)

        args, kwargs = self._arguments(value)
        if outer is not None:  # becomes part of another recording
            return self.spec.f(*args, **kwargs)
        recording = modes.recording.get()
        with modes.tracing(tracer):  # it knows which Values stand for numbers
            result = self.spec.f(*args, **kwargs)
        leaves, structure = pytree.flatten(result)

        def plain(x: Any) -> Any:
            if type(x) is not Value:
                return x
            return x.data if tracer.is_number(x) else x if recording else x.detach()

        return pytree.unflatten(structure, map(plain, leaves))

    def may_record(self, numbers: Sequence[float]) -> bool:
        """Return whether there is room for another trace; raise JitError if flip="error" forbids one."""
        if self.traces and self.spec.flip == "error":
            trace = self.traces[-1]
            guard = flipped(trace.program, trace.inputs(numbers))
            raise JitError(
                f"{self.spec.name} takes another path than the recorded one ({guard}); "
                'flip="record" keeps both'
            )
        if len(self.traces) < MAX_TRACES:
            return True
        compared = dict.fromkeys(g.location for trace in self.traces for g in trace.program.guards)
        places = ", ".join([*compared][:3])
        self.spec.warn(
            f"has {MAX_TRACES} recorded paths, and runs eagerly where it takes another; they branch at {places}"
        )
        return False

    def evaluate(self, given: Sequence[Any]) -> tuple[Trace, list[float]] | None:
        """Return the trace whose guards hold, and its outputs, recorded if need be; None if the call must run eagerly.

        Gradients follow the outputs if the trace gives Values and derivatives are recorded. `given` are the floats and
        Values among the arguments.
        """
        numbers = [x if type(x) is float else x.data for x in given]
        recording = modes.recording.get()
        values = [x for x in given if type(x) is Value]
        for trace in chain(self.traces, (None,)):
            if trace is None and (self.opaque is not None or not self.may_record(numbers)):
                break
            try:
                trace = trace or self.record(
                    numbers
                )  # not in a generator: f may raise StopIteration
            except OpaqueOperation:
                break
            outputs, failed = trace.run(numbers, recording and trace.gives_values)
            if failed < 0:
                return (trace, outputs) if trace.accepts(values) else None
        return None  # no room for another trace, no machine code, or a nan whose data was read: it equals nothing

    def _refuse_opaque(self, op: str) -> None:
        """Raise OpaqueOperation, with a warning that calls run eagerly from now on."""
        self.opaque = op
        what = f"calls {op}, an operation that is a Python function"
        advice = "define the operation by expressions, or call it outside"
        self.spec.warn(f"{what}, so it runs eagerly", advice)
        raise OpaqueOperation(f"{self.spec.name} {what}; {advice}")


def _is_unchanged(before: list[Any], structure: Any, args: Any, kwargs: Any) -> bool:
    """Return whether the arguments hold the same objects as before."""
    try:
        now = contents(structure, args, kwargs)
    except TypeError:  # a container with another attribute
        return False
    return len(now) == len(before) and all(
        a is b or (isinstance(a, pytree.Branch) and a == b)
        for a, b in zip(now, before, strict=True)
    )
