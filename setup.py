"""Builds the compiled core where a C compiler is found; everything else is in pyproject.toml.

AUTOGRAD_SCALAR_PURE=1 builds without it. A failing compiler is no failure: the package then runs in plain Python.
"""

import os
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).resolve().parent


class OptionalBuild(build_ext):
    """build_ext that says in one line that it fell back, instead of failing."""

    def run(self) -> None:
        """Compile what can be compiled."""
        try:
            super().run()
        except Exception as problem:  # whatever a missing or broken compiler raises
            print(
                f"autograd_scalar: no compiled core, plain Python instead ({problem})",
                file=sys.stderr,
            )


def extensions() -> list[Extension]:
    """Return the compiled core, its Cython made from the table, unless plain Python is asked for."""
    if os.environ.get("AUTOGRAD_SCALAR_PURE", "0") not in ("", "0"):
        return []
    sys.path.insert(0, str(HERE))
    os.environ["AUTOGRAD_SCALAR_PURE"] = (
        "1"  # a core that was compiled earlier must not be imported here
    )
    from Cython.Build import cythonize

    from autograd_scalar.native import generate

    generate.write()
    # No contraction to fused multiply-add: both cores must agree to the last bit.
    flags = [] if sys.platform == "win32" else ["-O3", "-ffp-contract=off", "-fno-math-errno"]
    core = Extension(
        "autograd_scalar.native.core",
        ["autograd_scalar/native/core.pyx"],
        extra_compile_args=flags,
    )
    return cythonize([core], force=True)


setup(ext_modules=extensions(), cmdclass={"build_ext": OptionalBuild})
