"""Calls of a function with fresh Values in place of its arguments, for the transforms to differentiate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from numbers import Real
from operator import index
from typing import Any, SupportsIndex

from autograd_scalar import pytree
from autograd_scalar.node import modes
from autograd_scalar.value import Value, as_value

#: True while a transform calls f: a derivative inside f is differentiated in turn.
_inside: ContextVar[bool] = ContextVar("_inside", default=False)


class Call:
    """One call of f with fresh Values in place of the arguments to differentiate with respect to.

    A Value among the arguments is replaced by +v, a node above it. Derivatives with respect to the argument then
    exclude the closure of f, even if it holds the same Value, while an outer derivative still passes through.
    """

    def __init__(
        self, f: Callable[..., Any], argnums: Sequence[int], args: Sequence[Any], kwargs: Any
    ) -> None:
        arguments = list(args)
        self.create_graph = _inside.get() or pytree.any_leaf([arguments, kwargs], is_value)
        self.inputs: list[Value] = []
        self.argnums = [_argument(n, len(args)) for n in argnums]
        if len({*self.argnums}) < len(self.argnums):
            raise TypeError(f"argnums {tuple(argnums)} names an argument twice")
        self._structures: list[pytree.Structure | None] = []
        for n in self.argnums:
            leaves, structure = pytree.flatten(args[n])
            paths = pytree.paths(args[n], f"argument {n}")
            fresh = [_input(leaf, path) for leaf, path in zip(leaves, paths, strict=True)]
            self.inputs += fresh
            self._structures.append(structure)
            arguments[n] = pytree.unflatten(structure, fresh)
        # f is differentiated, so it is recorded even inside no_grad().
        inside, recording = _inside.set(True), modes.recording.set(True)
        try:
            self.output = f(*arguments, **kwargs)
        finally:
            _inside.reset(inside)
            modes.recording.reset(recording)
        self._outputs, self._output_structure = pytree.flatten(self.output)

    def outputs(self) -> list[Any]:
        """Return the numbers and Values in the output; TypeError for anything else."""
        if self.output is None:
            raise TypeError(
                "the function must return a number, or a nest of them, but returned None"
            )
        for y, path in zip(self._outputs, pytree.paths(self.output, "the output"), strict=True):
            _number(y, path)
        return self._outputs

    def like_arguments(self, flat: Iterable[Any]) -> list[Any]:
        """Return one entry for each differentiated argument, of the same structure, filled from a flat sequence."""
        entries = iter(flat)
        return [pytree.unflatten(structure, entries) for structure in self._structures]

    def like_output(self, flat: Iterable[Any]) -> Any:
        """Return a nest of the output's structure, filled from a flat sequence."""
        return pytree.unflatten(self._output_structure, flat)

    def value(self) -> Any:
        """Return the output for the caller: in floats, unless Values were among the arguments."""
        return self.like_output(map(as_value if self.create_graph else _as_number, self.outputs()))


def is_value(leaf: Any) -> bool:
    """Return True for a Value, unless it stands for a float while a function is traced."""
    if type(leaf) is not Value:
        return False
    tracer = modes.tracer.get()
    return tracer is None or not tracer.is_number(leaf)


def _as_number(y: Any) -> Any:
    """Return an output as a float, or as the Value that stands for one in a trace."""
    if type(y) is not Value:
        return float(y)
    tracer = modes.tracer.get()
    return y.data if tracer is None else tracer.number(y)


def argument_numbers(argnums: Any) -> tuple[int, ...]:
    """Return argnums as a tuple of ints; TypeError for anything else."""
    try:
        return (index(argnums),)
    except TypeError:
        pass
    if isinstance(argnums, Iterable) and not isinstance(argnums, str):
        numbers = [*argnums]
        if all(isinstance(n, SupportsIndex) for n in numbers):
            return tuple(map(index, numbers))
    raise TypeError(f"expected an int or a sequence of ints as argnums, got {described(argnums)}")


def _argument(n: int, count: int) -> int:
    """Return the position of argument n; a negative n counts from the end."""
    if not -count <= n < count:
        raise TypeError(
            f"argnums names argument {n}, but the call has {count} positional arguments"
        )
    return n % count


def _input(leaf: Any, path: str) -> Value:
    if type(leaf) is Value:
        copy = as_value(leaf)
        return +leaf if copy is leaf else copy
    if isinstance(leaf, Real):
        return Value(float(leaf))
    raise TypeError(
        f"expected numbers and Values, alone or in containers, but {path} is {described(leaf)}; "
        "give a class of containers to register_pytree"
    )


def _number(leaf: Any, path: str) -> None:
    """Raise TypeError unless a leaf is a number or a Value."""
    if type(leaf) is not Value and not isinstance(leaf, Real):
        raise TypeError(f"{path} should be a number, got {described(leaf)}")


def described(given: Any) -> str:
    """Return a short description of an argument, for an error."""
    if isinstance(given, list | tuple | dict):
        return f"{type(given).__name__} of {len(given)}"
    if shape := getattr(given, "shape", None):
        return f"{type(given).__name__} of shape {shape}"
    shown = repr(given)
    return f"{shown if len(shown) < 40 else shown[:36] + ' ...'} ({type(given).__name__})"


def scalar(output: Any, who: str) -> Any:
    """Return an output unchanged if it is one number; TypeError for anything else."""
    if type(output) is not Value and not isinstance(output, Real):
        hint = (
            "; use jacobian for more than one number"
            if isinstance(output, list | tuple | dict) or hasattr(output, "shape")
            else ""
        )
        raise TypeError(f"{who} needs a scalar output, got {described(output)}{hint}")
    return output


def matching(given: Any, like: Any, name: str, like_name: str) -> list[Any]:
    """Return the leaves of a nest as floats and Values, in the order of another nest of the same shape.

    Raises ValueError if the shapes differ.
    """
    leaves = dict(zip(pytree.paths(given), pytree.leaves(given), strict=True))
    expected = pytree.paths(like)
    for path in [
        *(p for p in expected if p not in leaves),
        *(p for p in leaves if p not in {*expected}),
    ]:
        which = "lacks" if path in expected else "has an extra"
        raise ValueError(
            f"{name} must have the shape of {like_name}: it {which} {path or 'plain number'}"
        )
    for path in expected:
        _number(leaves[path], name + path)
    return [
        leaf if type(leaf) is Value else float(leaf) for leaf in map(leaves.__getitem__, expected)
    ]
