"""Print programs as JavaScript, for pages and Node: functions of an array, of numbers, or of rows of arrays."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import inf
from textwrap import indent

from autograd_scalar.compiler.backends.javascript_math import FUNCTIONS, OF_MATH, definitions
from autograd_scalar.compiler.backends.source import Language, Lines, identifiers, printable
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.ir.rules import ARITHMETIC

#: Words of the language, globals that the code uses, and names that strict code must not bind.
_TAKEN = """
    arguments as async await break case catch class const continue debugger default delete do else enum eval export
    extends false finally for from function get if implements import in instanceof interface let new null of package
    private protected public return set static super switch this throw true try typeof undefined var void while with
    yield
    Float64Array Infinity Math NaN RangeError
    count input kept output row
"""


def number(x: float) -> str:
    """Return a literal that JavaScript reads as the same number.

    >>> [*map(number, (2.0, 0.1, -0.0, -inf, 1e-07))]
    ['2.0', '0.1', '-0.0', '-Infinity', '1e-07']
    """
    if x != x:
        return "NaN"
    if abs(x) == inf:
        return "Infinity" if x > 0.0 else "-Infinity"
    return repr(x)


_RAISE = (
    'throw new RangeError("guard {index} does not hold: these inputs take another path");{comment}'
)

_JAVASCRIPT = Language(
    number=number,
    assignment="const {name} = {text};",
    choice="{a} {symbol} {b} ? {x} : {y}",
    fails=(f"if ({{test}}) {_RAISE}", f"if (!({{test}})) {_RAISE}"),
    comment=lambda text: f" // {printable(text)}",
    calls={ARITHMETIC["**"]: "pow", **{name: f"Math.{name}" for name in OF_MATH}},
    reserved={*_TAKEN.split(), *FUNCTIONS},
)

_OF_ARRAYS = """\
/**
 * {title}
 *
 * @param {{ArrayLike<number>}} input
{inputs} * @param {{Float64Array}} [output]
{outputs} * @returns {{Float64Array}} output, which may be the array of the inputs
 * @throws {{RangeError}} for another number of inputs{otherwise}
 */
export function {name}(input, output = new Float64Array({many})) {{
  if (input.length !== {count}) throw new RangeError(`expected {count} numbers, got ${{input.length}}`);
{body}
  return output;
}}
"""

_OF_ROWS = """\
/** {title}, for each of `count` rows. */
export function {name}({parameters}) {{
  for (let row = 0; row < count; row++) {{
{body}
  }}
}}
"""


def source(program: Program, name: str = "f", outputs: Sequence[str] = ()) -> str:
    """Return the source of a function that computes a program of primitives (see `lower`).

    The function reads the inputs from one array, writes the outputs to another (by default a new one) and returns that.
    If a guard fails it writes nothing and throws a RangeError. `outputs` are names of the outputs for the comment.
    Arithmetic and comparisons have the bits of Python's; the functions of Math are within 4 ulp of the true value. The
    code has no loops.

    >>> code = [("input", 0), ("exp", 0), ("mul", 1, 1), ("const", 0.1), ("add", 2, 3)]
    >>> print(source(Program(code, ["x"], [4]), "square", ["x squared"]))
    /**
     * square
     *
     * @param {ArrayLike<number>} input
     *   0  x
     * @param {Float64Array} [output]
     *   0  x squared
     * @returns {Float64Array} output, which may be the array of the inputs
     * @throws {RangeError} for another number of inputs
     */
    export function square(input, output = new Float64Array(1)) {
      if (input.length !== 1) throw new RangeError(`expected 1 numbers, got ${input.length}`);
      const x = +input[0];
      const t1 = Math.exp(x);
      output[0] = t1 * t1 + 0.1;
      return output;
    }
    <BLANKLINE>
    """
    module = Module()
    module.add(program, name, outputs)
    return str(module)


class Module:
    """A module under construction: functions of programs, and the functions of `javascript_math` that they call."""

    def __init__(self) -> None:
        self._functions: list[str] = []
        self._called: set[str] = set()

    def __str__(self) -> str:
        return "\n".join(filter(None, (definitions(self._called), *self._functions)))

    def _lines(self, program: Program, names: Sequence[str]) -> Lines:
        self._called |= {
            _JAVASCRIPT.calls.get(op, op) for op, *_ in program.code
        } & FUNCTIONS.keys()
        return Lines(program, names, _JAVASCRIPT)

    def add(self, program: Program, name: str, outputs: Sequence[str] = ()) -> None:
        """Add a function from an array to an array; see `source`."""
        called, *names = identifiers([name, *program.inputs], _JAVASCRIPT.reserved)
        body = self._lines(program, names)
        lines = [f"const {names[k]} = +input[{k}];" for k in _inputs_of(program)]
        lines += body.lines
        lines += [f"output[{k}] = {text};" for k, text in enumerate(body.outputs)]
        listed = [outputs[k] if outputs else "" for k in range(len(program.outputs))]
        self._functions.append(
            _OF_ARRAYS.format(
                title=_comment(name),
                name=called,
                inputs=_listed(program.inputs),
                outputs=_listed(listed),
                count=len(program.inputs),
                many=len(program.outputs),
                otherwise=", or if a guard fails; output is then unchanged"
                if program.guards
                else "",
                body=indent("\n".join(lines), "  "),
            )
        )

    def add_of_numbers(self, program: Program, name: str) -> None:
        """Add a function from a number for each input to the only output.

        >>> module = Module()
        >>> module.add_of_numbers(Program([("input", 0), ("mul", 0, 0)], ["x"], [1]), "square")
        >>> print(module)
        export function square(x) {
          return x * x;
        }
        <BLANKLINE>
        """
        called, *names = identifiers([name, *program.inputs], _JAVASCRIPT.reserved)
        body = self._lines(program, names)
        (result,) = body.outputs
        lines = indent("\n".join([*body.lines, f"return {result};"]), "  ")
        self._functions.append(f"export function {called}({', '.join(names)}) {{\n{lines}\n}}\n")

    def add_of_rows(
        self, program: Program, name: str, columns: Collection[int], outputs: Sequence[str]
    ) -> None:
        """Add a function that computes a program for each row.

        Its parameters are the number of rows, then the inputs: an array for each of `columns`, and numbers; then an
        array for each output. An output may be the array of an input. Raise ValueError for a program with guards.

        >>> code = [("input", 0), ("input", 1), ("mul", 0, 1)]
        >>> module = Module()
        >>> module.add_of_rows(Program(code, ["x", "rate"], [2]), "scaled", [0], ["y"])
        >>> print(module)
        /** scaled, for each of `count` rows. */
        export function scaled(count, x_, rate, y_) {
          for (let row = 0; row < count; row++) {
            const x = x_[row];
            y_[row] = x * rate;
          }
        }
        <BLANKLINE>
        """
        if program.guards:
            raise ValueError(
                f"{name} has guards, so rows may take different paths; expected a program without"
            )
        listed = [name, *program.inputs, *outputs]
        called, *names = identifiers(listed, _JAVASCRIPT.reserved)
        names, arrays = (
            names[: len(program.inputs)],
            [f"{y}_" for y in names[len(program.inputs) :]],
        )
        body = self._lines(program, names)
        lines = [
            f"const {names[k]} = {names[k]}_[row];" for k in _inputs_of(program) if k in columns
        ]
        lines += body.lines
        results = body.outputs
        if len(results) > 1:  # an output may be an array that a later result reads
            results = [f"t{len(program) + k}" for k in range(len(results))]
            lines += [f"const {r} = {text};" for r, text in zip(results, body.outputs, strict=True)]
        lines += [f"{a}[row] = {text};" for a, text in zip(arrays, results, strict=True)]
        parameters = [f"{x}_" if k in columns else x for k, x in enumerate(names)]
        self._functions.append(
            _OF_ROWS.format(
                title=_comment(name),
                name=called,
                parameters=", ".join(["count", *parameters, *arrays]),
                body=indent("\n".join(lines), "    "),
            )
        )


def _inputs_of(program: Program) -> list[int]:
    """Return the indices of the inputs that a program reads."""
    return sorted(op[1] for op in program.code if op[0] == "input")


def _listed(names: Sequence[str]) -> str:
    """Return the lines of a comment that number the elements of an array."""
    return "".join(f" *   {k}  {_comment(name)}".rstrip() + "\n" for k, name in enumerate(names))


def _comment(text: str) -> str:
    """Return a text that does not end a comment."""
    return printable(text).replace("*/", "* /")
