"""The base of everything that has parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import autograd_scalar.functions as F
from autograd_scalar import pytree
from autograd_scalar.node import nodes
from autograd_scalar.transforms.api import gradient, vjp
from autograd_scalar.value import Value, zero_grads


class WidthError(ValueError):
    """An input of the wrong width; the message names both widths and the layer."""


class Module:
    """A function with parameters: the leaf Values among its attributes.

    Attributes are searched in the order in which they were set, through lists, tuples, dictionaries
    and other modules; a name that starts with an underscore is passed over.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.start = Value(2.0), Value(1.0)
    ...     def __call__(self, x):
    ...         return self.slope * x + self.start
    >>> Line()(3.0).data
    7.0
    >>> [name for name, _ in Line().named_parameters()]
    ['slope', 'start']

    For networks taken apart and chained by hand, every module has the three methods `forward`,
    `backward` and `weight_gradient`, from numbers to numbers, which leave all grads alone.
    """

    def __call__(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define __call__")

    def forward(self, x: Any) -> Any:
        """Return the output for an input, in numbers.

        >>> from autograd_scalar.nn import Tanh
        >>> Tanh().forward([0.0, 100.0])
        [0.0, 1.0]
        """
        y = self(x)
        numbers = (v.data if isinstance(v, Value) else float(v) for v in pytree.leaves(y))
        return pytree.build(y, numbers)

    def backward(self, x: Any, y: Any, dy: Any) -> Any:
        """Return dL/dx, in the shape of x, for a loss whose derivative by the output y is dy.

        It is dy times the Jacobian of the module's own call, at x. So y is not read; it is among
        the arguments because formulas written by hand want it, as tanh' = 1 - y² does.

        >>> from autograd_scalar.nn import Tanh
        >>> Tanh().backward([0.0, 100.0], [0.0, 1.0], [5.0, 5.0])
        [5.0, 0.0]

        Raises ValueError for a dy that has not the shape of the output. By an index, as an Embedding takes, it is 0.
        """
        return vjp(self, x)[1](dy)[0]

    def weight_gradient(self, x: Any, dy: Any) -> dict[str, float]:
        """Return dL/dw for each parameter, under its name; {} for a module without parameters.

        >>> from autograd_scalar.nn import Linear
        >>> Linear(2, 1).weight_gradient([3.0, 4.0], [10.0])
        {'w.0.0': 30.0, 'w.0.1': 40.0, 'b.0': 10.0}

        Raises ValueError for a dy that is not as long as the output.
        """
        # y · dy has the gradient that is asked for; the 0 makes it a Value whatever y is.
        product = F.dot(pytree.leaves(self(x)), pytree.leaves(dy), Value(0.0))
        found: dict[str, float] = gradient(product, dict(self.named_parameters()))
        return found

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Yield each parameter once, under its dotted name: `layers.0.neurons.3.w.1`."""
        return _parameters(self, "", set())

    def parameters(self) -> list[Value]:
        """Return every parameter once, in the order of `named_parameters`."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Set every parameter's grad to 0."""
        zero_grads(self.parameters())

    def state_dict(self) -> dict[str, float]:
        """Return the parameters' data under their names."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set the parameters' data from a `state_dict` of a module of the same shape.

        Raises ValueError for a name that is missing or unknown, and TypeError for data that is not
        a number; the module then stays as it was.
        """
        parameters = dict(self.named_parameters())
        for what, names in (
            ("lacks", parameters.keys() - state.keys()),
            ("has unknown", state.keys() - parameters.keys()),
        ):
            if names:
                first = ", ".join(sorted(names)[:3]) + (", ..." if len(names) > 3 else "")
                raise ValueError(
                    f"the state has {len(state)} parameters, this {type(self).__name__} has "
                    f"{len(parameters)}; it {what} {len(names)} of them: {first}"
                )
        for name in parameters:
            if isinstance(state[name], bool) or not isinstance(state[name], int | float):
                raise TypeError(f"{name} must be a number, got {state[name]!r}")
        for name, parameter in parameters.items():
            parameter.data = state[name]

    def config(self) -> dict[str, Any] | None:
        """Return the arguments, fit for JSON, that make a module of this shape; None if unknown."""
        return None

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Module:
        """Return a module made from what `config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        count = len(self.parameters())
        return f"{type(self).__name__}({count} parameter{'s' * (count != 1)})"

    def _repr_html_(self) -> str | None:
        # Values and modules share the hook: the pictures are above this floor.
        card: Callable[[Any], str] | None = nodes.html_card
        return None if card is None else card(self)


def _parameters(owner: object, prefix: str, seen: set[int]) -> Iterator[tuple[str, Value]]:
    """Yield the parameters under one attribute. Each object counts once, so modules may share."""
    children: Any
    match owner:
        case Value():
            if not owner.parents and id(owner) not in seen:
                seen.add(id(owner))
                yield prefix[:-1], owner
            return
        case Module():
            children = ((k, v) for k, v in vars(owner).items() if not k.startswith("_"))
        case list() | tuple():
            children = enumerate(owner)
        case dict():
            children = owner.items()
        case _:
            return
    if id(owner) not in seen:
        seen.add(id(owner))
        for name, child in children:
            yield from _parameters(child, f"{prefix}{name}.", seen)
