"""Linear, Sequential and Embedding, the building blocks beside micrograd's perceptrons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd_scalar.functions as F
from autograd_scalar.nn.activations import Activation
from autograd_scalar.nn.architecture import architecture, build, buildable
from autograd_scalar.nn.init import Init, initialiser
from autograd_scalar.nn.inputs import as_row, chain, check_count
from autograd_scalar.nn.module import Module
from autograd_scalar.seeds import Seed, generator
from autograd_scalar.value import Value


@buildable
class Linear(Module):
    """Affine layer W x + b, from a list of `nin` numbers or Values to a list of `nout` Values.

    W has shape (nout, nin); `bias=False` omits b. Weights are drawn by `init` with the generator of
    `seed`, as in `Neuron`; the bias starts at 0.

    >>> layer = Linear(2, 2, init="zeros")
    >>> layer.b[1].data = 3.0
    >>> [z.data for z in layer([1.0, 2.0])]
    [0.0, 3.0]

    A call raises WidthError (a ValueError) for an input of another length.
    """

    def __init__(
        self, nin: int, nout: int, bias: bool = True, init: Init = "uniform", seed: Seed = None
    ) -> None:
        check_count("nin", nin)
        check_count("nout", nout)
        draw, rng = initialiser(init), generator(seed)
        self.w = [[Value(draw(rng, nin, nout)) for _ in range(nin)] for _ in range(nout)]
        self.b = [Value(0.0) for _ in range(nout)] if bias else None

    @property
    def nin(self) -> int:
        """Number of inputs."""
        return len(self.w[0])

    def __call__(self, x: Any) -> list[Value]:
        x = as_row(x, self.nin, self)
        if self.b is None:
            return [F.dot(w, x) for w in self.w]
        return [F.dot(w, x, b) for w, b in zip(self.w, self.b, strict=True)]

    def config(self) -> dict[str, Any]:
        return {"nin": self.nin, "nout": len(self.w), "bias": self.b is not None}

    def __repr__(self) -> str:
        return f"Linear({self.nin}, {len(self.w)}{'' if self.b else ', bias=False'})"


@buildable
class Sequential(Module):
    """A chain of modules, plain functions and names of activations, applied in order.

    >>> net = Sequential(Linear(2, 3, seed=0), "tanh", Linear(3, 2, seed=1), sum)
    >>> net([1.0, 2.0]).op
    'add'

    Raises TypeError for an item that cannot be called, ValueError for an unknown name. A call
    raises WidthError, naming the item by its index, if two items do not fit together.
    """

    def __init__(self, *modules: Callable[[Any], Any] | str) -> None:
        self.modules = [Activation(m) if isinstance(m, str) else m for m in modules]
        for i, module in enumerate(self.modules):
            if not callable(module):
                raise TypeError(
                    "Sequential takes modules, functions and names of activations, got "
                    f"{module!r} as item {i}"
                )

    @property
    def nin(self) -> int | None:
        """Number of inputs; None if the first module does not define it."""
        return getattr(self.modules[0], "nin", None) if self.modules else None

    def __call__(self, x: Any) -> Any:
        return chain(self.modules, x)

    def config(self) -> dict[str, Any] | None:
        saved = [architecture(module) for module in self.modules]
        return None if None in saved else {"modules": saved}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Sequential:
        return cls(*map(build, config["modules"]))

    def __repr__(self) -> str:
        names = (m if isinstance(m, Module) else getattr(m, "__name__", m) for m in self.modules)
        return f"Sequential({', '.join(map(str, names))})"


@buildable
class Embedding(Module):
    """A table of `num` rows of `dim` parameters, from an index to its row.

    For a list of indices it returns a list of rows. An index may be a Value, which a compiled
    function looks up in every replay; see functions.take. Rows start with samples from the standard
    normal distribution.

    >>> table = Embedding(10, 2, seed=0)
    >>> table(3) == table([3, 4])[0]
    True

    A call raises IndexError for an index that is not between 0 and num - 1, TypeError for anything
    that is not an index.
    """

    def __init__(self, num: int, dim: int, init: Init = "normal", seed: Seed = None) -> None:
        check_count("num", num)
        check_count("dim", dim)
        draw, rng = initialiser(init), generator(seed)
        self.rows = [[Value(draw(rng, num, dim)) for _ in range(dim)] for _ in range(num)]

    def __call__(self, x: Any) -> Any:
        if hasattr(x, "__len__") and not isinstance(x, str):
            return [self(i) for i in x]
        if isinstance(x, Value):
            return [F.take(column, x) for column in zip(*self.rows, strict=True)]
        if not hasattr(x, "__index__"):
            raise TypeError(f"{self!r} takes an index, got {x!r}")
        if not 0 <= x < len(self.rows):
            raise IndexError(f"{self!r} takes an index from 0 to {len(self.rows) - 1}, got {x}")
        return self.rows[x]

    def config(self) -> dict[str, Any]:
        return {"num": len(self.rows), "dim": len(self.rows[0])}

    def __repr__(self) -> str:
        return f"Embedding({len(self.rows)}, {len(self.rows[0])})"
