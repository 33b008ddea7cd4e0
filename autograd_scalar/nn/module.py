"""Module, the base class of everything that has parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import autograd_scalar.functions as F
from autograd_scalar import pytree
from autograd_scalar.node import registry
from autograd_scalar.node.shared import shown
from autograd_scalar.transforms.api import gradient, vjp
from autograd_scalar.value import Value, zero_grads


class WidthError(ValueError):
    """Raised for an input of the wrong width; the message names the layer and both widths."""


class Module(registry.HasCard):
    """A function with parameters. Subclass it, set attributes, and define `__call__`.

    The parameters are the leaf Values among the attributes, in the order in which these were set,
    through other modules and containers: lists, tuples, dictionaries, dataclasses, and those given
    to `register_pytree`. Names that start with an underscore are skipped.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.start = Value(2.0), Value(1.0)
    ...     def __call__(self, x):
    ...         return self.slope * x + self.start
    >>> Line()(3.0).data
    7.0
    >>> [name for name, _ in Line().named_parameters()]
    ['slope', 'start']

    To chain modules by hand, `forward`, `backward` and `weight_gradient` map numbers to numbers and
    leave every grad unchanged.
    """

    def __call__(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define __call__")

    def forward(self, x: Any) -> Any:
        """Return the output for an input as floats, in the nesting of the output.

        >>> from autograd_scalar.nn import Tanh
        >>> Tanh().forward([0.0, 100.0])
        [0.0, 1.0]
        """
        y = self(x)
        numbers = (v.data if isinstance(v, Value) else float(v) for v in pytree.leaves(y))
        return pytree.build(y, numbers)

    def backward(self, x: Any, y: Any, dy: Any) -> Any:
        """Return dL/dx, in the nesting of x, for a loss L with dL/dy = dy at the output y.

        It is dy times the Jacobian of the module at x. `y` itself is not read; it is an argument
        because formulas written by hand use it, such as tanh' = 1 - y².

        >>> from autograd_scalar.nn import Tanh
        >>> Tanh().backward([0.0, 1000.0], [0.0, 1.0], [5.0, 5.0])
        [5.0, 0.0]

        The derivative with respect to an index, the input of an Embedding, is 0.

        Raises ValueError for a dy whose nesting differs from that of the output.
        """
        return vjp(self, x)[1](dy)[0]

    def weight_gradient(self, x: Any, dy: Any) -> dict[str, float]:
        """Return dL/dw for each parameter by name, for a loss L with dL/dy = dy at the output y.

        >>> from autograd_scalar.nn import Linear
        >>> Linear(2, 1).weight_gradient([3.0, 4.0], [10.0])
        {'w.0.0': 30.0, 'w.0.1': 40.0, 'b.0': 10.0}

        Raises ValueError for a dy of another length than the output.
        """
        # d(y · dy)/dw is the gradient; the bias 0 makes the product a Value even for floats y.
        product = F.dot(pytree.leaves(self(x)), pytree.leaves(dy), Value(0.0))
        found: dict[str, float] = gradient(product, dict(self.named_parameters()))
        return found

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Yield each parameter once, as (name, Value), with names like `layers.0.neurons.3.w.1`.

        Raises ValueError for two parameters of one name, as in the dictionary {1: Value(0.0), "1": Value(0.0)}.
        """
        names = set()
        for name, parameter in _parameters(self, "", set()):
            if name in names:
                raise ValueError(
                    f"two parameters of this {type(self).__name__} have the name {name!r}"
                )
            names.add(name)
            yield name, parameter

    def parameters(self) -> list[Value]:
        """Return each parameter once, in the order of `named_parameters`."""
        return [parameter for _, parameter in _parameters(self, "", set())]

    def zero_grad(self) -> None:
        """Set the grad of every parameter to 0."""
        zero_grads(self.parameters())

    def state_dict(self) -> dict[str, float]:
        """Return the data of the parameters by name."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set the data of the parameters from the `state_dict` of a module of the same architecture.

        Raises ValueError for missing or unknown names, TypeError for data that is not a number,
        OverflowError for an int too large for a float; then no parameter changes.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"a state is a dictionary of numbers by name, got {shown(state)}")
        parameters = dict(self.named_parameters())
        for kind, names in (
            ("missing", parameters.keys() - state.keys()),
            ("unknown", state.keys() - parameters.keys()),
        ):
            if names:
                first = ", ".join(sorted(map(str, names))[:3]) + (", ..." if len(names) > 3 else "")
                raise ValueError(
                    f"the state has {len(state)} parameters, this {type(self).__name__} has "
                    f"{len(parameters)}; {kind} in the state: {first}"
                )
        numbers = [_number(name, state[name]) for name in parameters]
        for parameter, number in zip(parameters.values(), numbers, strict=True):
            parameter.data = number

    def config(self) -> dict[str, Any] | None:
        """Return the JSON-serializable arguments of `from_config`; None if there are none."""
        return None

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Module:
        """Return a module made from the arguments that `config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        count = len(self.parameters())
        return f"{type(self).__name__}({count} parameter{'s' * (count != 1)})"


def _number(name: str, data: object) -> float:
    """Return the data of a parameter as a float; raise an error that names the parameter."""
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise TypeError(f"{name} must be a number, got {shown(data)}")
    try:
        return float(data)
    except OverflowError:
        raise OverflowError(f"{name} is too large for a float: {shown(data)}") from None


def _parameters(owner: object, prefix: str, seen: set[int]) -> Iterator[tuple[str, Value]]:
    """Yield the parameters of an attribute. Each object counts once, so that modules may share."""
    if isinstance(owner, Value):
        if not owner.parents and id(owner) not in seen:
            seen.add(id(owner))
            yield prefix[:-1], owner
        return
    children: Any = None
    if isinstance(owner, Module):
        children = ((k, v) for k, v in vars(owner).items() if not k.startswith("_"))
    elif getattr(getattr(owner, "dtype", None), "kind", "O") == "O":  # no array of plain numbers
        children = pytree.items(owner)
    if children is not None and id(owner) not in seen:
        seen.add(id(owner))
        for name, child in children:
            yield from _parameters(child, f"{prefix}{name}.", seen)
