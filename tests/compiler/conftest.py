"""Fixtures of the compiler's tests."""

from __future__ import annotations

import pytest

from autograd_scalar.compiler.backends.llvm import target


@pytest.fixture(params=["python", "llvm"])
def backend(request: pytest.FixtureRequest) -> str:
    """Run the test with each installed back end."""
    if request.param == "llvm" and not target.is_there():
        pytest.skip("llvmlite is not installed")
    return str(request.param)
