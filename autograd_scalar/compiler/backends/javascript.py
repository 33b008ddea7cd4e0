"""Print a program as JavaScript: an ES module with a function of arrays, or a loop over rows, for pages and Node."""

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

_FUNCTION = """\
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

_ROWS = """\
/** {title}, for each of `count` rows. */
export function {name}({parameters}) {{
  for (let row = 0; row < count; row++) {{
{body}
  }}
}}
"""


def source(program: Program, name: str = "f", outputs: Sequence[str] = ()) -> str:
    """Return the source of a function that computes a program of primitives (see `lower`).

    The function reads the inputs from one array, writes the outputs to another, by default a new one, and returns that.
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
    called, *names = identifiers([name, *program.inputs], _JAVASCRIPT.reserved)
    body = Lines(program, names, _JAVASCRIPT)
    read = sorted(op[1] for op in program.code if op[0] == "input")
    lines = [f"const {names[k]} = +input[{k}];" for k in read]
    lines += body.lines
    lines += [f"output[{k}] = {text};" for k, text in enumerate(body.outputs)]
    listed = [outputs[k] if outputs else "" for k in range(len(program.outputs))]
    text = _FUNCTION.format(
        title=_comment(name),
        name=called,
        inputs=_listed(program.inputs),
        outputs=_listed(listed),
        count=len(program.inputs),
        many=len(program.outputs),
        otherwise=", or if a guard fails; output is then unchanged" if program.guards else "",
        body=indent("\n".join(lines), "  "),
    )
    return "\n".join(filter(None, (definitions(_functions_of(program)), text)))


def rows(program: Program, name: str, columns: Collection[int], outputs: Sequence[str] = ()) -> str:
    """Return the source of a function that computes a program of primitives for each row.

    Its parameters are the number of rows, then the inputs: an array for each of `columns`, and numbers; then an array
    for each output. An output may be the array of an input. Raise ValueError for a program with guards.

    >>> code = [("input", 0), ("input", 1), ("mul", 0, 1)]
    >>> print(rows(Program(code, ["x", "rate"], [2]), "scaled", [0], ["y"]))
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
    count = len(program.inputs)
    listed = [*program.inputs, *(outputs or ["y"] * len(program.outputs))]
    called, *names = identifiers([name, *listed], _JAVASCRIPT.reserved)
    body = Lines(program, names[:count], _JAVASCRIPT)
    used = {op[1] for op in program.code if op[0] == "input"}
    parameters = [f"{name}_" if k in columns else name for k, name in enumerate(names[:count])]
    arrays = [f"{name}_" for name in names[count:]]
    lines = [f"const {names[k]} = {names[k]}_[row];" for k in sorted(used & {*columns})]
    lines += body.lines
    results = body.outputs
    if (
        len(results) > 1
    ):  # the first array to be written may be one that a later result is read from
        results = [f"t{len(program) + k}" for k in range(len(results))]
        lines += [f"const {r} = {text};" for r, text in zip(results, body.outputs, strict=True)]
    lines += [f"{a}[row] = {text};" for a, text in zip(arrays, results, strict=True)]
    text = _ROWS.format(
        title=_comment(name),
        name=called,
        parameters=", ".join(["count", *parameters, *arrays]),
        body=indent("\n".join(lines), "    "),
    )
    return "\n".join(filter(None, (definitions(_functions_of(program)), text)))


def _functions_of(program: Program) -> set[str]:
    """Return which of FUNCTIONS a program needs."""
    called = {_JAVASCRIPT.calls.get(op, op) for op, *_ in program.code}
    return called & FUNCTIONS.keys()


def _listed(names: Sequence[str]) -> str:
    """Return the lines of a comment that number the elements of an array."""
    return "".join(f" *   {k}  {_comment(name)}".rstrip() + "\n" for k, name in enumerate(names))


def _comment(text: str) -> str:
    """Return a text in which no comment ends."""
    return printable(text).replace("*/", "* /")
