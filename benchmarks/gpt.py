"""A training step of the GPT in examples/gpt.py, forward and backward over 8 positions.

The model is repeated here with operators only, as it would be written for micrograd, over any class
of scalars with + * / **, relu, exp and log.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from benchmarks.harness import Contestant, Run, Workload
from benchmarks.packages import NATIVE, PLAIN, every_package, value_class
from benchmarks.step import COLUMNS, steps

WIDTH, HEADS, MARK = 16, 4, 26
#: Rows and columns, in the order of the example's parameters.
SHAPES = {
    "token": (MARK + 1, WIDTH),
    "position": (8, WIDTH),
    "query": (WIDTH, WIDTH),
    "key": (WIDTH, WIDTH),
    "value": (WIDTH, WIDTH),
    "mix": (WIDTH, WIDTH),
    "widen": (4 * WIDTH, WIDTH),
    "narrow": (WIDTH, 4 * WIDTH),
    "logits": (MARK + 1, WIDTH),
}
#: "matilda" between two marks: 8 positions, each with its target.
NAME = [MARK, *(ord(letter) - ord("a") for letter in "matilda"), MARK]

Vector = list[Any]
Weights = dict[str, list[Vector]]


def initial_weights() -> list[float]:
    """Return the values of the parameters."""
    rng = random.Random(42)
    count = sum(rows * columns for rows, columns in SHAPES.values())
    return [rng.gauss(0.0, 0.08) for _ in range(count)]


def matrices(parameters: list[Any]) -> Weights:
    """Return the parameters as matrices by name."""
    flat = iter(parameters)
    return {
        name: [[next(flat) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in SHAPES.items()
    }


def linear(matrix: list[Vector], x: Vector) -> Vector:
    """Return the product of a matrix and a vector."""
    return [sum(wi * xi for wi, xi in zip(row, x, strict=True)) for row in matrix]


def plus(x: Vector, y: Vector) -> Vector:
    """Return the sum of two vectors."""
    return [xi + yi for xi, yi in zip(x, y, strict=True)]


def rmsnorm(x: Vector) -> Vector:
    """Return the vector scaled to a root mean square of 1."""
    scale = (sum(xi * xi for xi in x) / len(x) + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def softmax(x: Vector) -> Vector:
    """Return the exponentials of the vector, scaled to a sum of 1."""
    greatest = max(xi.data for xi in x)
    powers = [(xi - greatest).exp() for xi in x]
    total = sum(powers)
    return [power / total for power in powers]


def attention(query: Vector, keys: list[Vector], values: list[Vector]) -> Vector:
    """Return the weighted means of the values for each head."""
    mixed = []
    size = WIDTH // HEADS
    for start in range(0, WIDTH, size):
        head = range(start, start + size)
        scores = [sum(query[i] * key[i] for i in head) / math.sqrt(size) for key in keys]
        weights = softmax(scores)
        mixed += [sum(w * value[i] for w, value in zip(weights, values, strict=True)) for i in head]
    return mixed


def forward(w: Weights) -> Any:
    """Return the loss: the mean of -log p over the characters of the name."""
    keys: list[Vector] = []
    values: list[Vector] = []
    losses = []
    for i, (token, target) in enumerate(pairwise(NAME)):
        x = plus(w["token"][token], w["position"][i])
        h = rmsnorm(x)
        keys.append(linear(w["key"], h))
        values.append(linear(w["value"], h))
        x = plus(x, linear(w["mix"], attention(linear(w["query"], h), keys, values)))
        h = linear(w["widen"], rmsnorm(x))
        x = plus(x, linear(w["narrow"], [hi.relu() ** 2 for hi in h]))
        losses.append(-softmax(linear(w["logits"], rmsnorm(x)))[target].log())
    return sum(losses) / len(losses)


def with_exp_and_log(module: str) -> Any:
    """Return the module's Value; for micrograd, a subclass with exp and log, as its users add them."""
    if module != "micrograd.engine":
        return value_class(module)
    from micrograd import engine

    class Value(engine.Value):  # type: ignore[misc]
        def exp(self) -> Any:
            out = Value(math.exp(self.data), (self,), "exp")

            def backward() -> None:
                self.grad += out.data * out.grad

            out._backward = backward
            return out

        def log(self) -> Any:
            out = Value(math.log(self.data), (self,), "log")

            def backward() -> None:
                self.grad += out.grad / self.data

            out._backward = backward
            return out

    engine.Value = Value  # the class of the results of its operators
    return Value


def same_code(module: str) -> Run:
    """Return a run of the step over the module's Value, with the same operations for every package."""
    return steps(*operator_step(with_exp_and_log(module)))


def operator_step(Value: Any) -> tuple[list[Any], Callable[[], Any]]:
    """Return the parameters over a class of scalars, and the loss written with operators."""
    parameters = [Value(weight) for weight in initial_weights()]
    weights = matrices(parameters)
    return parameters, lambda: forward(weights)


def as_in_example(module: str) -> Run:
    """Return a run of the step of examples/gpt.py, where a weighted sum is one node."""
    value_class(module)  # raises ImportError if this core was not built
    return steps(*example_step())


def example_step() -> tuple[list[Any], Callable[[], Any]]:
    """Return the parameters of the model in the example, and its loss."""
    from autograd_scalar import nn
    from examples.gpt import GPT

    model = GPT(MARK + 1)
    parameters = model.parameters()
    for parameter, weight in zip(parameters, initial_weights(), strict=True):
        parameter.data = weight
    return parameters, lambda: nn.cross_entropy(model(NAME[:-1]), NAME[1:])


WORKLOAD = Workload(
    title="Training step: GPT of one block, 16 wide, 4 heads, over 8 positions",
    notes="The first rows run the same code, operators only, with another import. "
    "'example' is the step of examples/gpt.py, where a weighted sum is one node.",
    contestants=(
        *every_package(same_code),
        Contestant("example, plain Python", as_in_example, ("autograd_scalar",), PLAIN),
        Contestant("example, native engine", as_in_example, (NATIVE,)),
    ),
    columns=COLUMNS,
)
