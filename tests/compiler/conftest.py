"""What tests of compiled functions share."""

from __future__ import annotations

import pytest

from autograd_scalar.compiler.backends.llvm import target


@pytest.fixture(params=["python", "llvm"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each of the back ends that are installed."""
    if request.param == "llvm" and not target.is_there():
        pytest.skip("llvmlite is not installed")
    return str(request.param)
