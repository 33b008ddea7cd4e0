"""The command autograd-scalar: one module per verb, with SUMMARY, EXAMPLE, add_options() and run().

The verbs import what they need in run(), so that --help stays fast.
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
from autograd_scalar.cli import doctor, draw, explore, play, predict, repl, train

#: Errors caused by the user's input, files or machine. Any other is a bug in this package.
EXPECTED = (ValueError, OSError, ArithmeticError, ImportError, RuntimeError)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, or those of the process, and return its exit code.

    0 means success, 1 a bug in this package, 2 bad input (one line on stderr says why), 130 Ctrl-C.
    --debug shows the traceback.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # may be ASCII in old locales and pipes
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        options = _options(_guarded(sys.argv[1:] if argv is None else argv))
    except SystemExit as stop:  # argparse has printed the message
        return int(stop.code or 0)
    try:
        status: int = options.run(options)
        sys.stdout.flush()  # here, where a broken pipe can still be caught
        return status
    except BrokenPipeError:  # the reader of our output has closed it, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if "debug" in options:
            traceback.print_exc()
        expected = isinstance(error, EXPECTED)
        hint = "" if expected else f" ({type(error).__name__}, a bug in autograd-scalar)"
        print(f"autograd-scalar {options.verb}: {_in_one_line(error)}{hint}", file=sys.stderr)
        return 2 if expected else 1


def _in_one_line(error: Exception) -> str:
    """Return the message of an error as one line."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__


def _options(argv: list[str]) -> argparse.Namespace:
    """Return the options in the arguments; print the help for no arguments."""
    parser = _parser()
    options, left = parser.parse_known_args(argv or ["--help"])
    if "values" in options:  # argparse drops values that come after an option
        options.values += left
    elif left:
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    return options


def _guarded(argv: Sequence[str]) -> list[str]:
    """Prefix arguments such as -x**2 and -1.0,2.0 with a space, so that argparse does not read them as options.

    The only options with a single dash are -h and -o: -h*2 and -o*2 are arguments, but -o/2 names
    the file /2.
    """
    return [f" {word}" if re.match(r"-([^-ho]|h.|o\w*\s*[*+])", word) else word for word in argv]


class _Parser(argparse.ArgumentParser):
    """A parser that reports errors in one line, without the usage, and undoes _guarded."""

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        if action.nargs != argparse.PARSER:  # those words go on to the parser of the verb
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
        description="Scalar automatic differentiation: expressions, gradients, small networks.",
        epilog='each verb has its own help with an example: "autograd-scalar draw --help"',
        parents=[common],
    )
    parser.add_argument(
        "--version", action="version", version=f"autograd-scalar {autograd_scalar.__version__}"
    )
    verbs = parser.add_subparsers(dest="verb", metavar="verb", required=True)
    for verb in (repl, draw, explore, play, train, predict, doctor):
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
