"""Programs: straight-line code, one number per instruction, with guards, a builder and an interpreter.

    instruction                      result
    ("input", k)                     the k-th input
    ("const", 2.0)                   a number
    ("mul", 0, 4)                    a row of the table, applied to the results of instructions 0 and 4
    ("if<", 0, 4, 5, 7)              a select: operand 5 if operand 0 < operand 4, else operand 7
    ("stop", 4)                      the operand, treated as a constant by differentiation

Operands are indices of earlier instructions. A fold, such as `sum`, takes its lists flat, as the parents of a node are.
The comparison of a select is one of < <= > >= == !=.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from autograd_scalar.ops.evaluate import evaluate
from autograd_scalar.ops.table import TABLE

#: An operation, then its operands: indices of earlier instructions, a number (const) or the index of an input.
Instruction = tuple[Any, ...]

#: Comparisons that guards and selects make.
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__,
    "==": float.__eq__, "!=": float.__ne__,
}  # fmt: skip


class ProgramError(ValueError):
    """Raised for malformed code; the message names the instruction and the problem."""


class Guard(NamedTuple):
    """A comparison that the traced call made: the program holds wherever it has the same outcome."""

    symbol: str
    #: Indices of the instructions compared.
    x: int
    y: int
    outcome: bool
    #: Source line of the comparison, as `file:line`.
    location: str = ""


class Program:
    """Straight-line code with named inputs and outputs; immutable.

    `outputs` are indices of instructions; `guards` are the comparisons that the code depends on. Nothing is checked
    here, see check().

    >>> p = Program([("input", 0), ("mul", 0, 0), ("const", 1.0), ("add", 1, 2)], ["x"], [3])
    >>> print(p)
    x -> t3
      t1 = x * x
      t3 = t1 + 1.0
    >>> p.run([3.0])
    [10.0]
    """

    def __init__(
        self,
        code: Iterable[Instruction],
        inputs: Sequence[str],
        outputs: Iterable[int],
        guards: Iterable[Guard] = (),
    ) -> None:
        self.code = tuple(code)
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.guards = tuple(guards)

    def __len__(self) -> int:
        return len(self.code)

    @property
    def roots(self) -> list[int]:
        """Indices of the instructions whose results leave the program: outputs and operands of guards."""
        return [*self.outputs, *(index for g in self.guards for index in (g.x, g.y))]

    def name(self, index: int) -> str:
        """Return the name of an instruction in the text: the input's name, the number, or t and the index."""
        match self.code[index]:
            case "input", k:
                return self.inputs[k]
            case "const", number:
                return repr(number)
        return f"t{index}"

    def __str__(self) -> str:
        outputs = ", ".join(map(self.name, self.outputs))
        lines = [f"{', '.join(self.inputs)} -> {outputs}"]
        lines += [
            f"  t{index} = {self._expression(instruction)}"
            for index, instruction in enumerate(self.code)
            if instruction[0] not in ("input", "const")
        ]
        lines += [
            f"  guard {self.name(g.x)} {g.symbol} {self.name(g.y)} is {g.outcome}"
            + (f"  # {g.location}" if g.location else "")
            for g in self.guards
        ]
        return "\n".join(lines)

    def _expression(self, instruction: Instruction) -> str:
        op, *operands = instruction
        names = [*map(self.name, operands)]
        if op == "stop":
            return f"stop({names[0]})"
        if op.startswith("if"):
            a, b, x, y = names
            return f"{x} if {a} {op[2:]} {b} else {y}"
        symbol = TABLE[op].symbol
        if symbol == op:
            return f"{op}({', '.join(names)})"
        return f"{names[0]} {symbol} {names[1]}" if len(names) == 2 else f"{symbol}{names[0]}"

    def run(self, inputs: Sequence[float]) -> list[float]:
        """Interpret the code and return the outputs, guards ignored: the slow reference for compiled code."""
        values: list[float] = []
        for op, *operands in self.code:
            if op == "input":
                values.append(inputs[operands[0]])
            elif op == "const":
                values.append(operands[0])
            else:
                values.append(compute(op, [values[index] for index in operands]))
        return [values[index] for index in self.outputs]


def compute(op: str, operands: Sequence[float]) -> float:
    """Return the result of an operation on numbers."""
    if op.startswith("if"):
        a, b, x, y = operands
        return x if COMPARISONS[op[2:]](a, b) else y
    if op == "stop":
        return operands[0]
    return evaluate(op, *TABLE[op].split(operands))[0]


def check(program: Program) -> None:
    """Raise ProgramError for a malformed instruction, output or guard."""
    for index, instruction in enumerate(program.code):
        problem = problem_of(instruction, index, len(program.inputs))
        if problem:
            raise ProgramError(f"instruction {index}, {instruction!r}: {problem}")
    for guard in program.guards:
        if guard.symbol not in COMPARISONS:
            raise ProgramError(
                f"a guard compares with one of {' '.join(COMPARISONS)}, got {guard.symbol!r}"
            )
    for number, index in enumerate(program.roots):
        if type(index) is not int or not 0 <= index < len(program.code):
            role = "output" if number < len(program.outputs) else "operand of a guard"
            raise ProgramError(
                f"{role} {index} must be an instruction; the code has {len(program.code)}"
            )


def problem_of(instruction: Instruction, index: int, inputs: int) -> str:
    """Return the problem with the instruction at an index; "" if it is legal.

    >>> problem_of(("exp", 1), index=1, inputs=1)
    'an operand must be an earlier instruction'
    """
    if not isinstance(instruction, tuple) or not instruction:
        return "an instruction must be a tuple of an operation and its operands"
    op, *operands = instruction
    if op == "const":
        return "" if len(operands) == 1 and type(operands[0]) is float else "a const takes a float"
    if not all(type(operand) is int for operand in operands):
        return "operands must be indices of instructions"
    if op == "input":
        fits = len(operands) == 1 and 0 <= operands[0] < inputs
        return "" if fits else f"the program has {inputs} inputs"
    if operands and not 0 <= min(operands) <= max(operands) < index:
        return "an operand must be an earlier instruction"
    if isinstance(op, str) and op[:2] == "if" and op[2:] in COMPARISONS:
        return "" if len(operands) == 4 else "a select takes 4 operands"
    if op == "stop":
        return "" if len(operands) == 1 else "stop takes 1 operand"
    return _problem_of_row(op, len(operands))


def _problem_of_row(op: object, operands: int) -> str:
    row = TABLE.get(op) if isinstance(op, str) else None
    if row is None:
        return f"there is no operation {op!r}"
    in_lists = operands - len(row.operands) + len(row.lists)
    fits = in_lists >= 0 and in_lists % len(row.lists) == 0 if row.lists else in_lists == 0
    return "" if fits else f"{op} takes {', '.join(row.operands)}; got {operands} operands"


class Builder:
    """Code under construction; every method returns the index of an instruction."""

    def __init__(self, inputs: Sequence[str] = ()) -> None:
        self.code: list[Instruction] = []
        self.inputs = list(inputs)
        #: The numbers in the code, by index.
        self.numbers: dict[int, float] = {}
        self._constants: dict[str, int] = {}
        self._inputs: dict[int, int] = {}

    def emit(self, op: str, *operands: int) -> int:
        """Append an instruction."""
        self.code.append((op, *operands))
        return len(self.code) - 1

    def constant(self, number: float) -> int:
        """Return the index of a number, appended at its first use."""
        key = number.hex()  # distinguishes 0.0 from -0.0
        index = self._constants.get(key)
        if index is None:
            index = self._constants[key] = self.emit("const", number)  # type: ignore[arg-type]
            self.numbers[index] = number
        return index

    def input(self, k: int) -> int:
        """Return the index of the k-th input, appended at its first use."""
        if k not in self._inputs:
            self._inputs[k] = self.emit("input", k)
        return self._inputs[k]

    def program(self, outputs: Iterable[int], guards: Iterable[Guard] = ()) -> Program:
        """Return the program of the code so far."""
        return Program(self.code, self.inputs, outputs, guards)


def rewrite(
    program: Program, builder: Builder, emit: Callable[..., int]
) -> tuple[list[int], tuple[Guard, ...]]:
    """Copy the live code of a program into a builder, every operation through `emit(op, *operands)`.

    Returns the new index of each instruction, -1 for dead ones, and the guards.
    """
    new: list[int] = []
    for instruction, live in zip(program.code, live_instructions(program), strict=True):
        op = instruction[0]
        if not live:
            new.append(-1)
        elif op == "const":
            new.append(builder.constant(instruction[1]))
        elif op == "input":
            new.append(builder.input(instruction[1]))
        else:
            new.append(emit(op, *[new[operand] for operand in instruction[1:]]))
    return new, tuple(g._replace(x=new[g.x], y=new[g.y]) for g in program.guards)


def live_instructions(program: Program) -> list[bool]:
    """Return for each instruction whether an output or a guard depends on it."""
    live = [False] * len(program.code)
    for index in program.roots:
        live[index] = True
    for index in range(len(program.code) - 1, -1, -1):
        instruction = program.code[index]
        if live[index] and instruction[0] not in ("input", "const"):
            for operand in instruction[1:]:
                live[operand] = True
    return live
