"""All paths for one structure of arguments: looked through at a call, and recorded where there is none yet."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from autograd_scalar import pytree
from autograd_scalar.compiler.capture import rng
from autograd_scalar.compiler.capture.environment import Environment, take_snapshot
from autograd_scalar.compiler.capture.signature import ARRAY, VALUE, Leaf, nested, unflatten
from autograd_scalar.compiler.capture.tracer import Tracer
from autograd_scalar.compiler.errors import EnvironmentChanged, JitError, NothingToCompile
from autograd_scalar.compiler.runtime import kernels
from autograd_scalar.compiler.runtime.node_op import flip
from autograd_scalar.compiler.runtime.spec import Spec
from autograd_scalar.compiler.runtime.trace import Number, Output, Path
from autograd_scalar.node import modes
from autograd_scalar.value import Value

#: So many paths are kept for one structure of arguments. What takes yet another one is not compiled.
MOST = 64


class Entry:
    """All paths that were recorded for one structure of arguments, and for what the function read besides them."""

    def __init__(
        self,
        spec: Spec,
        structure: Any,
        frozen: tuple[Any, ...],
        environment: Environment,
    ) -> None:
        self.spec, self.structure = spec, structure
        self.frozen, self.environment = frozen, environment
        self.paths: list[Path] = []
        self.leaves: list[Leaf] = []
        unflatten(structure, self.leaves.append)
        self.has_arrays = any(leaf.kind == ARRAY for leaf in self.leaves)

    def record(self, numbers: Sequence[float]) -> Path:
        """Return the path that the function takes for some numbers, recorded and kept."""
        before = rng.get_state()
        try:
            path = self._recorded(numbers)
        except Exception:
            rng.restore(before)
            raise
        shape = kernels.shape(path.program)
        if rng.drew(before, shape, lambda: kernels.shape(self._recorded(numbers).program)):
            raise JitError(
                f"{self.spec.name} draws random numbers while it is recorded, and a replay would have the same again; "
                "draw them outside, and pass them in"
            )
        self.paths.append(path)
        return path

    def _recorded(self, numbers: Sequence[float]) -> Path:
        """Return the path, as a recording of its own."""
        tracer = Tracer(self.spec.name)
        result = self._traced(tracer, numbers)
        values = [leaf for leaf in pytree.leaves(result) if type(leaf) is Value]
        outputs: list[Value] = []
        are_numbers = iter(tracer.are_numbers(values))

        def placed(leaf: Any, where: str) -> Output:
            if type(leaf) is Value:
                outputs.append(leaf)
                return (Number if next(are_numbers) else Output)(len(outputs) - 1)
            if isinstance(leaf, float | int):
                outputs.append(tracer.result(leaf))
                number = Number(len(outputs) - 1)
                number.constant = leaf
                return number
            raise JitError(
                f"{where} of {self.spec.name} is {leaf!r:.60}; "
                "a compiled function gives Values and numbers in nests"
            )

        leaves = [*map(placed, pytree.leaves(result), pytree.paths(result, "the result"))]
        if not tracer.branches and not values:
            raise NothingToCompile(
                f"{self.spec.name} gave no Value, but {result!r:.60}: there is nothing to compile"
            )
        program, closed, frozen = tracer.program(outputs)
        built = pytree.build(result, iter(leaves))
        return Path(
            self.spec, program, closed, frozen, built, len(tracer.inputs), tracer.differentiated
        )

    def _traced(self, tracer: Tracer, numbers: Sequence[float]) -> Any:
        """Return what the function gives for Values with some numbers, while a trace hears of all that it does."""
        spec = self.spec
        given, names = iter(numbers), iter(spec.leaf_names(self.structure))

        def fresh(leaf: Leaf) -> Any:
            is_number = leaf.kind != VALUE
            made = [
                tracer.argument(next(given), next(names), is_number=is_number)
                for _ in range(prod(leaf.inner))
            ]
            return nested(leaf.inner, iter(made))

        args, kwargs = unflatten(self.structure, fresh)
        around, before = self.environment.closure(), pytree.leaves([args, kwargs])
        if take_snapshot(around).key != self.frozen:
            raise EnvironmentChanged(
                f"what {spec.name} reads besides Values has changed since the kernel was made; make it again"
            )
        try:
            with modes.tracing(tracer):
                result = spec.f(*args, **kwargs)
        except Exception as error:
            if self.has_arrays and spec.mapped is None:
                error.add_note(
                    f"{spec.name} was given arrays, so it is applied to each element, as NumPy's own functions are; "
                    "for a list of numbers pass array.tolist(), for rows of them give it rows="
                )
            raise
        self.environment.check_unchanged(around)
        now = pytree.leaves([args, kwargs])
        if len(now) != len(before) or any(a is not b for a, b in zip(now, before, strict=True)):
            raise JitError(
                f"{spec.name} changes its arguments while it is recorded, which a replay would not do; copy them first"
            )
        return result

    def eagerly(self, given: Sequence[Any]) -> Any:
        """Return what the function itself gives for floats and Values: with Values for numbers, as it is recorded.

        Results that are numbers in eager code are numbers.
        """
        numbers, tracer = iter(given), Tracer(self.spec.name)

        def value(leaf: Leaf) -> Any:
            some = (next(numbers) for _ in range(prod(leaf.inner)))
            made = (x if type(x) is Value else tracer.argument(x, "", is_number=True) for x in some)
            return nested(leaf.inner, made)

        args, kwargs = unflatten(self.structure, value)
        if modes.tracer.get() is not None:  # to be part of another recording
            return self.spec.f(*args, **kwargs)
        recording = modes.recording.get()
        with modes.tracing(tracer):  # who knows what stands for a number
            result = self.spec.f(*args, **kwargs)
        leaves = pytree.leaves(result)
        are_numbers = iter(tracer.are_numbers([x for x in leaves if type(x) is Value]))

        def plain(x: Any) -> Any:
            if type(x) is not Value:
                return x
            return x.data if next(are_numbers) else x if recording else x.detach()

        return pytree.build(result, map(plain, leaves))

    def may_record(self, numbers: Sequence[float]) -> bool:
        """Return whether there is room for another path; JitError where a flip is to be an error."""
        if self.paths and self.spec.flip == "error":
            path = self.paths[-1]
            flipped = flip(path.program, path.inputs(numbers))
            raise JitError(
                f"{self.spec.name} takes another way than it was recorded ({flipped}); "
                'flip="record" keeps both'
            )
        if len(self.paths) < MOST:
            return True
        compared = dict.fromkeys(g.location for path in self.paths for g in path.program.guards)
        places = ", ".join([*compared][:3])
        self.spec.warn(
            f"has taken {MOST} ways through its code, and runs eagerly where it takes another; they part at {places}"
        )
        return False

    def evaluated(
        self, numbers: Sequence[float], given: Sequence[Any]
    ) -> tuple[Path, list[float]] | None:
        """Return the path that some numbers take, with what Path.run() gives; None where there is none.

        There are gradients where the path gives Values, and derivatives are recorded. `given` are the same arguments
        with Values as they came.
        """
        recording = modes.recording.get()
        values = [x for x in given if type(x) is Value]
        for path in self.paths:
            found, failed = path.run(path.inputs(numbers), recording and path.gives_values)
            if failed < 0:
                return (path, found) if path.fits(values) else None
        if not self.may_record(numbers):
            return None
        path = self.record(numbers)
        found, failed = path.run(path.inputs(numbers), recording and path.gives_values)
        if failed < 0 and path.fits(values):
            return path, found
        return None  # a nan whose data was read is never the same
