"""Toy data sets in the plane: moons, circles, spiral, xor, blobs.

Moons, circles and blobs follow the formulas of scikit-learn's make_moons, make_circles and
make_blobs. Rows come in random order. Without a seed, they are drawn with Python's global `random`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from math import cos, isfinite, pi, sin
from operator import index
from typing import Any, SupportsIndex

from autograd_scalar.data.dataset import Dataset
from autograd_scalar.seeds import generator

#: The features of a point, and its class.
Point = tuple[Sequence[float], int]


def moons(n: int = 100, noise: float = 0.0, seed: int | None = None) -> Dataset:
    """Return n points on two interleaving half circles: class 0 the upper, class 1 the lower.

    `noise` is the standard deviation of the normal noise added to each coordinate.

    >>> moons(100, noise=0.1, seed=0)
    Dataset(100 rows of 2 features, classes 0, 1)
    >>> X, y = moons(5)
    >>> y.count(0), y.count(1)
    (2, 3)
    """
    upper, lower = _halves(n)
    points: list[Point] = [((cos(t), sin(t)), 0) for t in _steps(pi, upper)]
    points += [((1.0 - cos(t), 0.5 - sin(t)), 1) for t in _steps(pi, lower)]
    return _dataset(points, 2, noise, seed)


def circles(
    n: int = 100, noise: float = 0.0, seed: int | None = None, *, factor: float = 0.8
) -> Dataset:
    """Return n points on two circles around 0: class 0 of radius 1, class 1 of radius `factor`.

    >>> X, y = circles(100, factor=0.5, seed=0)
    >>> sorted({(label, round((a * a + b * b) ** 0.5, 6)) for (a, b), label in zip(X, y)})
    [(0, 1.0), (1, 0.5)]
    """
    if not 0.0 < factor < 1.0:
        raise ValueError(f"factor must be a radius between 0 and 1, got {factor!r}")
    outer, inner = _halves(n)
    points: list[Point] = []
    for count, radius, label in ((outer, 1.0, 0), (inner, factor, 1)):
        angles = [2.0 * pi * i / count for i in range(count)]
        points += [((radius * cos(t), radius * sin(t)), label) for t in angles]
    return _dataset(points, 2, noise, seed)


def spiral(
    n: int = 100,
    noise: float = 0.0,
    seed: int | None = None,
    *,
    arms: int = 2,
    turns: float = 1.0,
) -> Dataset:
    """Return n points on `arms` spirals, one class each, from the centre to radius 1 in `turns` turns.

    >>> data = spiral(90, arms=3, seed=0)
    >>> [data.y.count(k) for k in range(3)]
    [30, 30, 30]
    """
    points: list[Point] = []
    for arm, count in enumerate(_shares(n, arms, "arms")):
        for i in range(count):
            radius = (i + 1) / count
            angle = 2.0 * pi * (turns * radius + arm / arms)
            points.append(((radius * cos(angle), radius * sin(angle)), arm))
    return _dataset(points, arms, noise, seed)


def xor(n: int = 100, noise: float = 0.0, seed: int | None = None) -> Dataset:
    """Return n points at the corners of the unit square: class 1 if exactly one coordinate is 1.

    >>> X, y = xor(4)
    >>> sorted(zip(X, y))
    [([0.0, 0.0], 0), ([0.0, 1.0], 1), ([1.0, 0.0], 1), ([1.0, 1.0], 0)]
    """
    corners = [(a, b) for a in (0, 1) for b in (0, 1)]
    points: list[Point] = []
    for (a, b), count in zip(corners, _shares(n, 4, "corners"), strict=True):
        points += [((float(a), float(b)), a ^ b)] * count
    return _dataset(points, 2, noise, seed)


def blobs(
    n: int = 100,
    noise: float = 1.0,
    seed: int | None = None,
    *,
    centers: int | Sequence[Sequence[float]] = 3,
) -> Dataset:
    """Return n points in normal clouds of standard deviation `noise`, one class each.

    `centers` is a list of the centres, or their number; they are then drawn uniformly from the
    square [-10, 10] x [-10, 10].

    >>> data = blobs(6, noise=0.0, seed=0, centers=[[0.0, 0.0], [5.0, 5.0]])
    >>> sorted(zip(data.X, data.y))[2:4]
    [([0.0, 0.0], 0), ([5.0, 5.0], 1)]
    """
    rng = generator(seed)
    if isinstance(centers, SupportsIndex):
        chosen = [[rng.uniform(-10.0, 10.0) for _ in range(2)] for _ in range(index(centers))]
    else:
        chosen = [[float(coordinate) for coordinate in center] for center in centers]
    points: list[Point] = []
    for label, count in enumerate(_shares(n, len(chosen), "centers")):
        points += [(chosen[label], label)] * count
    return _dataset(points, len(chosen), noise, rng)


SHAPES: dict[str, Callable[..., Dataset]] = {
    "moons": moons,
    "circles": circles,
    "spiral": spiral,
    "xor": xor,
    "blobs": blobs,
}


def make(name: str, n: int = 100, **settings: Any) -> Dataset:
    """Return the data set with this name; the settings are the arguments of its function.

    >>> make("xor", 8, noise=0.1, seed=0)
    Dataset(8 rows of 2 features, classes 0, 1)

    Raises ValueError for an unknown name.
    """
    if name not in SHAPES:
        raise ValueError(f"unknown data set {name!r}; choose from {', '.join(SHAPES)}")
    return SHAPES[name](n, **settings)


def _halves(n: int) -> tuple[int, int]:
    first, second = _shares(n, 2, "classes")
    return second, first  # the extra point of an odd n goes to class 1, as in scikit-learn


def _shares(n: int, parts: int, what: str) -> list[int]:
    """Return the number of points in each of the parts, as equal as possible, larger ones first."""
    if not hasattr(n, "__index__") or not hasattr(parts, "__index__"):
        raise ValueError(f"n and {what} must be integers, got {n!r} and {parts!r}")
    if parts < 1 or n < parts:
        raise ValueError(
            f"n must be at least the number of {what}, which must be positive: got {n} and {parts}"
        )
    return [n // parts + (part < n % parts) for part in range(parts)]


def _steps(end: float, count: int) -> list[float]:
    """Return `count` evenly spaced numbers from 0 to `end`, both included."""
    return [end * i / (count - 1) if count > 1 else 0.0 for i in range(count)]


def _dataset(
    points: list[Point], classes: int, noise: float, seed: int | random.Random | None
) -> Dataset:
    """Return the points, with noise added, in random order."""
    if not noise >= 0.0:
        raise ValueError(f"noise must be a standard deviation that is not negative, got {noise!r}")
    rng = generator(seed)
    if noise:
        points = [([x + rng.gauss(0.0, noise) for x in row], label) for row, label in points]
    if not all(isfinite(x) for row, _ in points for x in row):
        raise ValueError("these settings give points that are not finite; pass finite numbers")
    rng.shuffle(points)
    return Dataset(
        [list(row) for row, _ in points],
        [label for _, label in points],
        target="class",
        classes=[str(label) for label in range(classes)],
    )
