"""Neuron, Layer and MLP with the interface of micrograd."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_scalar.nn.activations import Nonlinearity, function_of, plain, title
from autograd_scalar.nn.architecture import buildable
from autograd_scalar.nn.init import Init, initialiser
from autograd_scalar.nn.inputs import NOT_LISTS, as_row, chain, check_count
from autograd_scalar.nn.module import Module
from autograd_scalar.seeds import Seed, generator
from autograd_scalar.value import RECORD, Value

# functions.dot would first look for a Value among the operands; here all of them are Values.
_dot = RECORD["dot"]

#: Maximum number of equal neurons that the repr of a layer lists one by one.
MAX_LISTED = 4


@buildable
class Neuron(Module):
    """A neuron, activation(b + w_1 x_1 + ... + w_n x_n), from a list of `nin` numbers to a Value.

    A call adds two nodes to the graph: `dot` and the activation.

    Args:
        nin: Number of inputs.
        nonlin: False omits the activation.
        activation: The name of an operation with one operand, a function from Value to Value, or an
            activation module. Defaults to "relu".
        init: Name of the initialiser ("uniform" in [-1, 1], "normal", "xavier", "he", "zeros"), or
            a function (rng, nin, nout) -> float, called once per weight. The bias starts at 0.
        seed: Seed of the weights, or a `random.Random`. None uses Python's `random`.
        nout: Number of neurons in the layer, for initialisers that use it.

    >>> n = Neuron(2, seed=0)
    >>> n
    ReLUNeuron(2)
    >>> n.w[0].data, n.w[1].data, n.b.data = 1.0, -2.0, 0.5
    >>> n([3.0, 1.0]).data
    1.5

    A call raises WidthError (a ValueError) for an input of another length.
    """

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        activation: Nonlinearity | None = None,
        init: Init = "uniform",
        seed: Seed = None,
        *,
        nout: int = 1,
    ) -> None:
        check_count("nin", nin)
        draw, rng = initialiser(init), generator(seed)
        self.w = [Value(draw(rng, nin, nout)) for _ in range(nin)]
        self.b = Value(0.0)
        self.activation = plain("relu" if activation is None else activation)
        if not nonlin:
            self.activation = "linear"
        self._activate = function_of(self.activation)

    @property
    def nin(self) -> int:
        """Number of inputs."""
        return len(self.w)

    @property
    def nonlin(self) -> bool:
        """True if the neuron has an activation other than "linear"."""
        return self.activation != "linear"

    def __call__(self, x: Any) -> Value:
        return self.fire(as_row(x, self.nin, self))

    def fire(self, x: list[Value]) -> Value:
        """Return the output for a row whose width the caller, such as a Layer, has checked."""
        z = _dot(self.w, x, self.b)
        return z if self._activate is None else self._activate(z)

    def config(self) -> dict[str, Any] | None:
        return _config(self.activation, nin=self.nin, activation=self.activation)

    def __repr__(self) -> str:
        return f"{title(self.activation)}Neuron({self.nin})"


@buildable
class Layer(Module):
    """`nout` neurons over the same input, from `nin` numbers to a list of `nout` Values.

    A layer of one neuron returns a bare Value. The other arguments are those of `Neuron`.

    >>> layer = Layer(2, 3, activation="tanh", seed=0)
    >>> layer
    Layer of [TanhNeuron(2), TanhNeuron(2), TanhNeuron(2)]
    >>> Layer(2, 16)
    Layer of 16 ReLUNeuron(2)
    >>> len(layer([1.0, -1.0]))
    3

    A call raises WidthError (a ValueError) for an input of another length.
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        nonlin: bool = True,
        activation: Nonlinearity | None = None,
        init: Init = "uniform",
        seed: Seed = None,
    ) -> None:
        check_count("nin", nin)
        check_count("nout", nout)
        rng = generator(seed)
        self.neurons = [Neuron(nin, nonlin, activation, init, rng, nout=nout) for _ in range(nout)]

    @property
    def nin(self) -> int:
        """Number of inputs."""
        return self.neurons[0].nin

    def __call__(self, x: Any) -> Any:
        x = as_row(x, self.nin, self)
        out = [neuron.fire(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def config(self) -> dict[str, Any] | None:
        activation = self.neurons[0].activation
        return _config(activation, nin=self.nin, nout=len(self.neurons), activation=activation)

    def __repr__(self) -> str:
        first, *others = map(str, self.neurons)
        if len(others) >= MAX_LISTED and set(others) == {first}:
            return f"Layer of {len(self.neurons)} {first}"
        return f"Layer of [{', '.join([first, *others])}]"


@buildable
class MLP(Module):
    """A multilayer perceptron: layers of `nouts` neurons, the first over `nin` inputs.

    It maps a list of `nin` numbers to a list of Values, or to a bare Value if the last layer has
    one neuron. A single activation applies to every layer except the last, which is linear; a list
    has one for each layer. The other arguments are those of `Neuron`.

    >>> MLP(2, [2, 1], seed=0)
    MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]
    >>> MLP(2, [4, 1], activation=["tanh", "sigmoid"], seed=0)([0.5, -0.5]).op
    'sigmoid'

    Raises ValueError for an empty list of sizes or a wrong number of activations. A call raises
    WidthError (a ValueError) for an input of another length.
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: Nonlinearity | Sequence[Nonlinearity] = "relu",
        init: Init = "uniform",
        seed: Seed = None,
    ) -> None:
        if isinstance(nouts, NOT_LISTS) or not hasattr(nouts, "__len__") or len(nouts) == 0:
            raise ValueError(f"MLP takes a list of layer sizes, such as [16, 1], got {nouts!r}")
        if isinstance(activation, str) or callable(activation):
            activation = [activation] * (len(nouts) - 1) + ["linear"]
        if not hasattr(activation, "__len__"):
            raise TypeError(
                "activation must be a name or a function for every layer except the last, or a "
                f"list with one for each layer, got {activation!r}"
            )
        if len(activation) != len(nouts):
            raise ValueError(
                f"expected an activation for each of {len(nouts)} layers, got {len(activation)}"
            )
        rng = generator(seed)
        widths = [nin, *nouts]
        self.layers = [
            Layer(widths[i], widths[i + 1], activation=activation[i], init=init, seed=rng)
            for i in range(len(nouts))
        ]

    @property
    def nin(self) -> int:
        """Number of inputs."""
        return self.layers[0].nin

    def __call__(self, x: Any) -> Any:
        return chain(self.layers, x)

    def config(self) -> dict[str, Any] | None:
        activations = [layer.neurons[0].activation for layer in self.layers]
        nouts = [len(layer.neurons) for layer in self.layers]
        return _config(*activations, nin=self.nin, nouts=nouts, activation=activations)

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"


def _config(*activations: Nonlinearity, **arguments: Any) -> dict[str, Any] | None:
    """Return the arguments, or None if an activation is a function, which JSON cannot represent."""
    return arguments if all(isinstance(a, str) for a in activations) else None
