"""What was recorded of a function: the paths it took, for one structure of arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat
from math import prod
from typing import TYPE_CHECKING, Any

from autograd_scalar import modes, nodes, tree
from autograd_scalar.compiler import chance, kernel
from autograd_scalar.compiler.arguments import ARRAY, VALUE, Leaf, nested, put_together
from autograd_scalar.compiler.batched import Run
from autograd_scalar.compiler.call import Call, flip, register
from autograd_scalar.compiler.row_kernel import Rows
from autograd_scalar.compiler.trace import Frozen, JitError, Trace
from autograd_scalar.program import Builder, Program
from autograd_scalar.value import Caller, Value, copy_data, core

if TYPE_CHECKING:
    from autograd_scalar.compiler.jit import Jitted
    from autograd_scalar.compiler.surroundings import Surroundings

#: From so many Values on, their data is read in one go.
MANY = 20

#: So many paths are kept for one structure of arguments. What takes yet another one is not compiled.
MOST = 64


class Output(int):
    """Stands for an output of a program in the nest that the function returned: a Value."""


class Number(Output):
    """Stands for an output that is a number without derivatives; on another path it may be a Value."""

    #: The number itself, where it is always the same.
    constant: float | None = None

    def of(self, found: Sequence[float]) -> float:
        """Return the number, given the outputs."""
        return found[self] if self.constant is None else self.constant


class Path:
    """What was recorded of one call: a program, right wherever its guards hold."""

    def __init__(
        self,
        owner: Jitted,
        program: Program,
        closed: list[Value],
        frozen: list[Frozen],
        result: Any,
        given: int,
        by: set[Value],
    ) -> None:
        self.owner, self.program, self.closed, self.frozen = owner, program, closed, frozen
        #: What the function returned, an Output in the place of each Value and number.
        self.result = result
        #: The nest that this is, for comparison with that of another path.
        self.form = repr(tree.build(result, repeat("...")))
        #: How many of the inputs are arguments; those that follow are closed over.
        self.given = given
        #: Whether there are Values among the results, and not mere numbers.
        self.gives_values = any(type(leaf) is Output for leaf in tree.leaves(result))
        self._by = by
        #: The operations of its outputs' nodes; what answers for them is forgotten with the last path that has it.
        self._ops: dict[tuple[int, bool], tuple[str, Call]] = {}
        self._kernels: dict[Any, Any] = {}

    def run(self, numbers: Sequence[float], gradient: bool) -> tuple[list[float], int]:
        """Return the outputs, with the derivatives by all inputs if asked for, and the guard that fails or -1."""
        return self._single(gradient)(numbers)

    def _single(self, gradient: bool) -> Run:
        run: Run | None = self._kernels.get(gradient)
        if run is None:
            run = kernel.single(self.program, self.given, gradient, self.owner.options)
            self._kernels[gradient] = run
        return run

    def fits(self, values: Sequence[Value]) -> bool:
        """Return whether the recording holds for these Values as arguments.

        It was made with others in their place. That matters where the function takes derivatives by them: then none
        must be there twice, or depend on another.
        """
        if not self._by:
            return True
        among = [*values, *{*self.closed, *self._by}]
        return len({*among}) == len(among) and not any(v.parents for v in values)

    def answer(self, types: tuple[type, ...]) -> Callable[[tuple[Any, ...]], Any] | None:
        """Return the short way from floats and Values to the one output (python_core.Caller); None where it is long."""
        if not isinstance(self.result, Output) or self._by:
            return None
        if isinstance(self.result, Number) and self.result.constant is not None:
            return None
        run = self._single(self.gives_values)
        if core() == "native" and not isinstance(run, kernel.Single):
            return None
        op = self._op(0, mapped=False) if self.gives_values else ""
        return Caller(run, types, self.closed, op).answer

    def fixed(self) -> Program:
        """Return the program with the present data of what is closed over in place of those inputs."""
        builder = Builder(self.program.inputs[: self.given])
        now: list[int] = []
        for op, *operands in self.program.code:
            if op == "const":
                now.append(builder.constant(operands[0]))
            elif op == "input" and operands[0] >= self.given:
                now.append(builder.constant(self.closed[operands[0] - self.given].data))
            elif op == "input":
                now.append(builder.input(operands[0]))
            else:
                now.append(builder.emit(op, *[now[place] for place in operands]))
        guards = [g._replace(x=now[g.x], y=now[g.y]) for g in self.program.guards]
        return builder.program([now[place] for place in self.program.outputs], guards)

    def over_rows(self, columns: tuple[int, ...], gradient: bool, by_row: tuple[int, ...]) -> Rows:
        """Return the kernel over rows; the gradient is by all inputs that are the same for all rows.

        The outputs that are not wanted by row are summed, and it is their gradient.
        """
        key = columns, gradient, by_row
        if key not in self._kernels:
            shared = sorted({*range(len(self.program.inputs))}.difference(columns))
            self._kernels[key] = kernel.rows(
                self.program, shared if gradient else None, columns, by_row, self.owner.options
            )
        return self._kernels[key]  # type: ignore[no-any-return]

    def filled(self, found: Sequence[float], value: Callable[[int], Any]) -> Any:
        """Return the function's result, given the outputs, and what gives the Value of one."""
        filled = (value(x) if type(x) is Output else x.of(found) for x in tree.leaves(self.result))
        return tree.build(self.result, filled)

    def inputs(self, numbers: Sequence[float]) -> list[float]:
        """Return the program's inputs: the arguments' numbers, and the present data of what is closed over."""
        if len(self.closed) < MANY:
            return [*numbers, *[v.data for v in self.closed]]
        import numpy as np

        inputs = np.empty(len(numbers) + len(self.closed))
        inputs[: len(numbers)] = numbers
        copy_data(self.closed, inputs[len(numbers) :])
        return inputs  # type: ignore[return-value]

    def node(
        self,
        index: int,
        data: float,
        parents: list[Value],
        partials: Any,
        *,
        mapped: bool = False,
    ) -> Value:
        """Return the node of an output, or of its sum over rows where these were `mapped`.

        Partials are a list, or an array of float64.
        """
        op = self._op(index, mapped)
        if isinstance(partials, list):
            v: Value = nodes.core.node(data, op, tuple(parents), tuple(partials))
        else:
            v = nodes.core.node_of_array(data, op, parents, partials)
        return nodes.watched(v) if modes.open_blocks else v

    def _op(self, index: int, mapped: bool) -> str:
        """Return the operation of an output's nodes."""
        key = index, mapped
        if key not in self._ops:
            call = Call(
                self.owner.name, self.program, self.given, self.owner.options, index, mapped
            )
            self._ops[key] = register(call)
        return self._ops[key][0]


class NothingToCompile(JitError):
    """A function that gave no Value."""


class TooManyWays(JitError):
    """More paths than are kept."""


class Changed(JitError):
    """What the function reads has changed since its record was looked for."""


class Entry:
    """All paths that were recorded for one structure of arguments, and for what the function read besides them."""

    def __init__(
        self,
        owner: Jitted,
        structure: Any,
        frozen: tuple[Any, ...],
        surroundings: Surroundings,
    ) -> None:
        self.owner, self.structure = owner, structure
        self.frozen, self.surroundings = frozen, surroundings
        self.paths: list[Path] = []
        self.leaves: list[Leaf] = []
        put_together(structure, self.leaves.append)
        self.has_arrays = any(leaf.kind == ARRAY for leaf in self.leaves)

    def record(self, numbers: Sequence[float]) -> Path:
        """Return the path that the function takes for some numbers, recorded and kept."""
        before = chance.state()
        path = self._recorded(numbers)
        if chance.state() != before and self._is_by_chance(path, numbers, before):
            raise JitError(
                f"{self.owner.name} draws random numbers while it is recorded, and a replay would have the same again; "
                "draw them outside, and pass them in"
            )
        self.paths.append(path)
        return path

    def _is_by_chance(self, path: Path, numbers: Sequence[float], before: Any) -> bool:
        """Return whether it is the function that drew random numbers, the generators having moved since before."""
        if (
            chance.others_may_draw()
        ):  # if it was another thread, the function does the same once more
            again = self._recorded(numbers).program
            return kernel.shape(again) != kernel.shape(path.program)
        chance.put_back(before)
        return True

    def _recorded(self, numbers: Sequence[float]) -> Path:
        owner = self.owner
        trace = Trace(owner.name)
        given_numbers, names = iter(numbers), iter(owner.names(self.structure))

        def fresh(leaf: Leaf) -> Any:
            is_number = leaf.kind != VALUE
            made = [
                trace.argument(next(given_numbers), next(names), is_number=is_number)
                for _ in range(prod(leaf.inner))
            ]
            return nested(leaf.inner, iter(made))

        args, kwargs = put_together(self.structure, fresh)
        before, given = self.surroundings.things(), tree.leaves([args, kwargs])
        if before.seen().key != self.frozen:
            raise Changed(
                f"what {owner.name} reads besides Values has changed since the kernel was made; make it again"
            )
        try:
            with modes.tracing(trace):
                result = owner.f(*args, **kwargs)
        except Exception as error:
            if self.has_arrays and owner.rows is None:
                error.add_note(
                    f"{owner.name} was given arrays, so it is applied to each element, as NumPy's own functions are; "
                    "for a list of numbers pass array.tolist(), for rows of them give it rows="
                )
            raise
        self.surroundings.check(before)
        now = tree.leaves([args, kwargs])
        if len(now) != len(given) or any(a is not b for a, b in zip(now, given, strict=True)):
            raise JitError(
                f"{owner.name} changes its arguments while it is recorded, which a replay would not do; copy them first"
            )
        outputs: list[Value] = []
        values = [leaf for leaf in tree.leaves(result) if type(leaf) is Value]
        are_numbers = iter(trace.are_numbers(values))

        def placed(leaf: Any, where: str) -> Any:
            if type(leaf) is Value:
                outputs.append(leaf)
                return (Number if next(are_numbers) else Output)(len(outputs) - 1)
            if isinstance(leaf, float | int):
                outputs.append(trace.result(leaf))
                number = Number(len(outputs) - 1)
                number.constant = leaf
                return number
            raise JitError(
                f"{where} of {owner.name} is {leaf!r:.60}; a compiled function gives Values and numbers in nests"
            )

        where = tree.paths(result, "the result")
        leaves = [*map(placed, tree.leaves(result), where)]
        if not trace.branches and not values:
            raise NothingToCompile(
                f"{owner.name} gave no Value, but {result!r:.60}: there is nothing to compile"
            )
        program, closed, frozen = trace.program(outputs)
        built = tree.build(result, iter(leaves))
        return Path(owner, program, closed, frozen, built, len(trace.inputs), trace.by)

    def eagerly(self, given: Sequence[Any]) -> Any:
        """Return what the function itself gives for floats and Values: with Values for numbers, as it is recorded.

        Results that are numbers in eager code are numbers.
        """
        numbers = iter(given)

        def value(leaf: Leaf) -> Any:
            some = (next(numbers) for _ in range(prod(leaf.inner)))
            return nested(leaf.inner, (x if type(x) is Value else Value(x) for x in some))

        args, kwargs = put_together(self.structure, value)
        result = self.owner.f(*args, **kwargs)
        if modes.tracer.get() is not None:
            return result
        try:  # the recording knows which results are numbers
            path = self._recorded([x.data if type(x) is Value else x for x in given])
        except NothingToCompile:
            return result
        results = zip(tree.leaves(result), tree.leaves(path.result), strict=True)
        plain = (x.data if type(of) is Number and type(x) is Value else x for x, of in results)
        return tree.build(result, plain)

    def may_record(self, numbers: Sequence[float]) -> bool:
        """Return whether there is room for another path; JitError where a flip is to be an error."""
        if self.paths and self.owner.flip == "error":
            path = self.paths[-1]
            flipped = flip(path.program, path.inputs(numbers))
            raise JitError(
                f"{self.owner.name} takes another way than it was recorded ({flipped}); "
                'flip="record" keeps both'
            )
        if len(self.paths) < MOST:
            return True
        compared = dict.fromkeys(g.place for path in self.paths for g in path.program.guards)
        places = ", ".join([*compared][:3])
        self.owner.warn(
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
