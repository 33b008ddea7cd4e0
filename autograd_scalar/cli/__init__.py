"""The command autograd-scalar. Each verb is a file here: a SUMMARY, an EXAMPLE, its options, run().

The verbs import what they need when they run, so that --help is quick.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import autograd_scalar
from autograd_scalar.cli import doctor, draw, explore, predict, repl, train

#: What a user's input, files and machine can lead to. Anything else is a mistake of ours.
FORESEEN = (ValueError, OSError, ArithmeticError, ImportError, RuntimeError)


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit code of the command with these arguments, those of the process by default.

    0 is success; 2 is bad input, with a line on stderr that says what is wrong; 130 is Ctrl-C; 1 is
    a mistake in this package. --debug shows the traceback.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # ASCII where the locale or a pipe is old
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        options = _options(_guarded(sys.argv[1:] if argv is None else argv))
    except SystemExit as stop:  # argparse has said everything
        return int(stop.code or 0)
    try:
        status: int = options.run(options)
        sys.stdout.flush()  # here, where a broken pipe can still be caught
        return status
    except BrokenPipeError:  # whoever reads our output has read enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if "debug" in options:
            traceback.print_exc()
        foreseen = isinstance(error, FORESEEN)
        hint = "" if foreseen else f" ({type(error).__name__}, a mistake in autograd-scalar)"
        print(f"autograd-scalar {options.verb}: {_told(error)}{hint}", file=sys.stderr)
        return 2 if foreseen else 1


def _told(error: Exception) -> str:
    """Return an error's message as one line."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__


def _options(argv: list[str]) -> argparse.Namespace:
    """Return the options that the arguments set; help where there are none."""
    parser = _parser()
    options, left = parser.parse_known_args(argv or ["--help"])
    if "values" in options:  # argparse loses those that come after an option
        options.values += left
    elif left:
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    return options


def _guarded(argv: Sequence[str]) -> list[str]:
    """Return arguments such as -x**2 and -1.0,2.0 with a blank before them.

    argparse would take them for options, of which -h and -o alone are written with one dash: -h*2
    and -o*2 are arguments, but -o/2 is the file /2.
    """
    return [f" {word}" if re.match(r"-([^-ho]|h.|o\w*\s*[*+])", word) else word for word in argv]


class _Parser(argparse.ArgumentParser):
    """Reports an error in one line, without the usage, and takes the blanks of _guarded away again."""

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        if action.nargs != argparse.PARSER:  # which hands its words on to the verb's own parser
            arg_string = re.sub("^ -", "-", arg_string)
        return super()._get_value(action, arg_string)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False)
    common.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks"
    )
    parser = _Parser(
        prog="autograd-scalar",
        description="Scalar automatic differentiation: expressions, their slopes, small networks.",
        epilog='each verb has its own help with an example, as in "autograd-scalar draw --help"',
        parents=[common],
    )
    parser.add_argument(
        "--version", action="version", version=f"autograd-scalar {autograd_scalar.__version__}"
    )
    verbs = parser.add_subparsers(dest="verb", metavar="verb", required=True)
    for verb in (repl, draw, explore, train, predict, doctor):
        name = verb.__name__.rpartition(".")[2]
        options = verbs.add_parser(
            name,
            help=verb.SUMMARY,
            description=verb.SUMMARY,
            epilog=f"example:\n{verb.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=[common],
        )
        verb.add_options(options)
        options.set_defaults(run=verb.run)
    return parser
