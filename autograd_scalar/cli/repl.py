"""autograd-scalar repl: a Python prompt that labels Values with the names of their variables."""

from __future__ import annotations

import argparse
import code
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import CodeType
from typing import Any

SUMMARY = "a Python prompt with all operations, where variables label their Values"
EXAMPLE = """\
  autograd-scalar repl
  >>> a, b = Value(2.0), Value(-3.0)
  >>> y = tanh(a*b + 7)
  >>> y.backward()
  >>> a.grad
  -1.2599230248420783
  >>> draw(y)
  wrote graph.svg"""

BANNER = """\
autograd_scalar {version} (ag) on Python {python}, with all its names: Value, tanh, grad, explain ...
draw(y) writes a picture of y; print(ag.__doc__) is a tour; exit leaves"""

HISTORY = "~/.autograd_scalar_history"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument("--ipython", action="store_true", help="use IPython, if it is installed")


def run(options: argparse.Namespace) -> int:
    """Run the prompt until the user leaves it."""
    import autograd_scalar

    banner = BANNER.format(version=autograd_scalar.__version__, python=sys.version.split()[0])
    names = namespace()
    if options.ipython:
        _run_ipython(names, banner)
        return 0
    with _readline(names):
        Console(names).interact(banner, exitmsg="")
    return 0


def namespace() -> dict[str, Any]:
    """Return the names at the prompt: ag, those of `import *`, sum, pi, e, inf, nan, and draw below.

    abs, round and pow are Python's built-ins, which record too and take more arguments. sum is
    ag.sum, one node for all of its terms.
    """
    import autograd_scalar as ag
    from autograd_scalar.parser import CONSTANTS

    public = {name: getattr(ag, name) for name in (*ag.__all__, "sum")}
    return {**CONSTANTS, **public, "ag": ag, "draw": draw}


def draw(v: Any, path: str = "graph.svg", **settings: Any) -> None:
    """Draw the graph of v to a .svg, .png, .pdf or .dot file, with the settings of ag.draw."""
    import autograd_scalar as ag

    ag.draw(v, path, **settings)
    print(f"wrote {path}")


class Console(code.InteractiveConsole):
    """A prompt that labels Values after each statement, and ends at a plain `exit`."""

    def runcode(self, code: CodeType) -> None:
        from autograd_scalar.naming import label_all

        super().runcode(code)
        label_all(self.locals)

    def raw_input(self, prompt: str = "") -> str:
        line = super().raw_input(prompt)
        if not self.buffer and line.strip() in ("exit", "quit"):
            raise SystemExit
        return line


@contextmanager
def _readline(names: dict[str, Any]) -> Iterator[None]:
    """Complete names, and load and save the history of lines, if stdin is a terminal."""
    try:
        import readline
        import rlcompleter
    except ImportError:  # Windows
        yield
        return
    if not sys.stdin.isatty():
        yield
        return
    path = os.path.expanduser(HISTORY)
    readline.set_completer(rlcompleter.Completer(names).complete)
    readline.parse_and_bind("tab: complete")
    with suppress(OSError):
        readline.read_history_file(path)
    try:
        yield
    finally:
        readline.set_history_length(1000)
        with suppress(OSError):
            readline.write_history_file(path)


def _run_ipython(names: dict[str, Any], banner: str) -> None:
    """Run IPython's terminal, labelling Values after each cell."""
    try:
        from IPython.terminal.ipapp import TerminalIPythonApp
    except ImportError:
        raise ImportError(
            "IPython is not installed: pip install ipython, or omit --ipython"
        ) from None
    from autograd_scalar.naming import label_all

    app = TerminalIPythonApp.instance()
    app.config.TerminalInteractiveShell.banner1 = f"{banner}\n"
    app.initialize(argv=[])
    shell = app.shell
    shell.push(names)
    shell.events.register("post_run_cell", lambda result: label_all(shell.user_ns))
    app.start()
