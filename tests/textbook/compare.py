"""Helpers of the textbook's tests: comparison to 1e-12, sigmoid, nests of Values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_scalar import Value

Array = NDArray[np.float64]


def assert_close(actual: Any, expected: Any) -> None:
    """Fail unless two nests of numbers have the same shape and agree to 1e-12."""
    actual, expected = np.asarray(actual, float), np.asarray(expected, float)
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


def sigmoid(z: Any) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(z))))


def values(numbers: Any) -> Any:
    """Return a nest of lists, or an array, of numbers as nested lists of Values."""
    return [values(row) for row in numbers] if np.ndim(numbers) else Value(numbers)
