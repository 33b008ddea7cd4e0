"""autograd-scalar doctor: what is installed here, and what works."""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable

SUMMARY = "say which Python, core and packages are in use, and whether pictures can be drawn"
EXAMPLE = "  autograd-scalar doctor"

#: Packages that are imported only where they are used, and what for.
PACKAGES = {
    "graphviz": "drawings of graphs",
    "matplotlib": "plots",
    "numpy": "plots; comes with matplotlib",
    "tqdm": "the progress bar; without it training prints lines",
    "ipython": "repl --ipython and notebooks; optional",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options: none."""


def run(options: argparse.Namespace) -> int:
    """Print the findings. What is missing is said, and is no error."""
    import autograd_scalar as ag

    core = {"python": "plain Python", "native": "the compiled extension"}
    print_finding("autograd_scalar", f"{ag.__version__} in {ag.__path__[0]}")
    print_finding(
        "python",
        f"{platform.python_implementation()} {platform.python_version()} "
        f"on {platform.system()} {platform.machine()}, {sys.executable}",
    )
    print_finding("core", f"{ag.core()} ({core[ag.core()]})")
    print_finding("jit", jit())
    print_finding("dot", dot())
    for package, use in PACKAGES.items():
        print_finding(package, f"{version(package)} ({use})")
    print_finding("svg drawing", tried(lambda: draw("svg")))
    print_finding("png drawing", tried(lambda: draw("png")))
    print_finding("png plot", tried(plot))
    return 0


def print_finding(what: str, finding: str) -> None:
    """Print one line."""
    print(f"{what:<16} {finding}")


def jit() -> str:
    """Return what compiled functions become."""
    from autograd_scalar.compiler.backends.llvm import target

    if not target.is_there():
        return "generated Python; machine code with pip install llvmlite"
    fused = ", multiply and add in one" if target.has_fma() else ""
    return (
        f"machine code, llvmlite {version('llvmlite')}, {target.width()} numbers at a time{fused}"
    )


def version(package: str) -> str:
    """Return the version of an installed package, without importing it."""
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return f"not installed, pip install {package}"


def dot() -> str:
    """Return which `dot` of Graphviz there is."""
    path = shutil.which("dot")
    if path is None:
        return "not found: svg is drawn without it, png and pdf are not (apt install graphviz)"
    try:
        told = subprocess.run([path, "-V"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as problem:
        return f"{path} does not run: {problem}"
    return f"{path}, {(told.stderr or told.stdout).strip()}"


def draw(format: str) -> None:
    """Draw a small graph."""
    import autograd_scalar as ag

    x = ag.Value(0.5, label="x")
    ag.draw((x * x).tanh()).pipe(format)


def plot() -> None:
    """Plot a line, with matplotlib's own renderer: no screen is needed."""
    from io import BytesIO

    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1.0, 2.0])
    figure.savefig(BytesIO(), format="png")


def tried(action: Callable[[], object]) -> str:
    """Return whether an action works, and why if it does not."""
    try:
        action()
    except Exception as problem:  # whatever is broken on this machine
        return f"no: {' '.join(str(problem).split()) or type(problem).__name__}"
    return "yes"
