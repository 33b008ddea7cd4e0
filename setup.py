"""Build the native engine if there is a C compiler; everything else is in pyproject.toml.

AUTOGRAD_SCALAR_PURE=1 builds without it. If the compiler is missing or fails, the package still installs and runs in
plain Python.
"""

import os
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).resolve().parent


class OptionalBuild(build_ext):
    """build_ext that reports a failure in one line instead of raising."""

    def run(self) -> None:
        """Build the extension if possible."""
        try:
            super().run()
        except Exception as problem:  # any error of a missing or broken compiler
            print(
                f"autograd_scalar: the compiled engine was not built, plain Python is used instead ({problem})",
                file=sys.stderr,
            )


def extensions() -> list[Extension]:
    """Return the native engine, generated from the table; an empty list if plain Python is requested."""
    if os.environ.get("AUTOGRAD_SCALAR_PURE", "0") not in ("", "0"):
        return []
    sys.path.insert(0, str(HERE))
    os.environ["AUTOGRAD_SCALAR_PURE"] = (
        "1"  # an engine that was compiled earlier must not be imported here
    )
    from Cython.Build import cythonize

    from autograd_scalar.native import generate

    generate.write()
    # No contraction to fused multiply-add: both engines must agree to the last bit.
    flags = [] if sys.platform == "win32" else ["-O3", "-ffp-contract=off", "-fno-math-errno"]
    core = Extension(
        "autograd_scalar.native.core",
        ["autograd_scalar/native/core.pyx"],
        extra_compile_args=flags,
    )
    return cythonize([core], force=True)


setup(ext_modules=extensions(), cmdclass={"build_ext": OptionalBuild})
