"""The model and loss of micrograd's demo on two moons, over any class of scalars.

100 points, an MLP 2-16-16-1 with relu, max-margin loss and L2. The weights stay fixed, so that every
step does the same work.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

POINTS = 100
SIZES = (2, 16, 16, 1)
L2 = 1e-4


def data() -> tuple[list[list[float]], list[int]]:
    """Return points on two interleaving half circles with noise, and their labels -1 or 1."""
    rng = random.Random(1337)
    xs, ys = [], []
    for i in range(POINTS):
        angle, upper = math.pi * (i // 2) / (POINTS // 2 - 1), i % 2 == 0
        x, y = math.cos(angle), math.sin(angle)
        point = (x, y) if upper else (1.0 - x, 0.5 - y)
        xs.append([coordinate + rng.gauss(0.0, 0.1) for coordinate in point])
        ys.append(1 if upper else -1)
    return xs, ys


def weights() -> list[float]:
    """Return the parameters in micrograd's order: for each neuron its weights, then its bias."""
    rng = random.Random(42)
    numbers = []
    for inputs, neurons in pairwise(SIZES):
        for _ in range(neurons):
            numbers += [rng.uniform(-1.0, 1.0) for _ in range(inputs)] + [0.0]
    return numbers


def network(parameters: list[Any]) -> Callable[[list[Any]], Any]:
    """Return the perceptron with these parameters, one operation at a time as in micrograd."""
    numbers = iter(parameters)
    layers = [
        [([next(numbers) for _ in range(inputs)], next(numbers)) for _ in range(neurons)]
        for inputs, neurons in pairwise(SIZES)
    ]

    def model(x: list[Any]) -> Any:
        for layer in layers:
            sums = [sum((wi * xi for wi, xi in zip(w, x, strict=True)), b) for w, b in layer]
            x = sums if layer is layers[-1] else [s.relu() for s in sums]
        return x[0]

    return model


def forward(Value: Any, model: Callable[[list[Any]], Any], parameters: list[Any]) -> Any:
    """Return the loss: the mean of max(0, 1 - y score), and L2 of the parameters."""
    xs, ys = data()
    scores = [model([Value(coordinate) for coordinate in x]) for x in xs]
    losses = [(1 + -y * score).relu() for y, score in zip(ys, scores, strict=True)]
    return sum(losses) * (1.0 / len(losses)) + L2 * sum(p * p for p in parameters)


def graph_size(root: Any) -> int:
    """Return the number of distinct nodes of a graph, by the attribute that both packages have."""
    seen, pending = {root}, [root]
    while pending:
        fresh = [parent for parent in pending.pop()._prev if parent not in seen]
        seen.update(fresh)
        pending += fresh
    return len(seen)
