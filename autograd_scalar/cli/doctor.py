"""autograd-scalar doctor: report the installed packages and test drawing and plotting."""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable

SUMMARY = "show which Python, engine and packages are in use, and test drawing and plotting"
EXAMPLE = "  autograd-scalar doctor"

#: Packages that are imported only when used, and their purpose.
PACKAGES = {
    "graphviz": "drawings of graphs",
    "matplotlib": "plots",
    "numpy": "plots; comes with matplotlib",
    "resvg-py": "drawings as png; optional",
    "tqdm": "the progress bar; without it training prints lines",
    "ipython": "repl --ipython and notebooks; optional",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add no options: this verb has none."""


def run(options: argparse.Namespace) -> int:
    """Print the findings. A missing package is a finding, not an error."""
    import autograd_scalar as ag

    engines = {"python": "plain Python", "native": "the compiled extension"}
    print_finding("autograd_scalar", f"{ag.__version__} in {ag.__path__[0]}")
    print_finding(
        "python",
        f"{platform.python_implementation()} {platform.python_version()} "
        f"on {platform.system()} {platform.machine()}, {sys.executable}",
    )
    print_finding("engine", f"{ag.core()} ({engines[ag.core()]})")
    print_finding("jit", jit())
    print_finding("dot", dot())
    for package, use in PACKAGES.items():
        print_finding(package, f"{version(package)} ({use})")
    print_finding("svg drawing", outcome(lambda: draw("svg")))
    print_finding("png drawing", outcome(lambda: draw("png")))
    print_finding("png plot", outcome(plot))
    return 0


def print_finding(subject: str, finding: str) -> None:
    """Print a line of the report."""
    print(f"{subject:<16} {finding}")


def jit() -> str:
    """Return a description of the back end that compiles functions."""
    from autograd_scalar import compiler

    if not compiler.is_available():
        return "generated Python; machine code with pip install llvmlite"
    return f"machine code, llvmlite {version('llvmlite')}, {compiler.describe_target()}"


def version(package: str) -> str:
    """Return the version of a package without importing it, or how to install it."""
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return f"not installed, pip install {package}"


def dot() -> str:
    """Return the path and version of the program `dot` of Graphviz."""
    path = shutil.which("dot")
    if path is None:
        return "not found: needed for pdf, not for svg and png (apt install graphviz)"
    try:
        ran = subprocess.run([path, "-V"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as problem:
        return f"{path} does not run: {problem}"
    return f"{path}, {(ran.stderr or ran.stdout).strip()}"


def draw(format: str) -> None:
    """Draw a small graph."""
    import autograd_scalar as ag

    x = ag.Value(0.5, label="x")
    ag.draw((x * x).tanh()).pipe(format)


def plot() -> None:
    """Plot a line with a matplotlib renderer that needs no display."""
    from io import BytesIO

    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1.0, 2.0])
    figure.savefig(BytesIO(), format="png")


def outcome(action: Callable[[], object]) -> str:
    """Run an action; return "yes" if it works, else "no" and the reason."""
    try:
        action()
    except Exception as problem:  # a broken installation may raise anything
        return f"no: {' '.join(str(problem).split()) or type(problem).__name__}"
    return "yes"
