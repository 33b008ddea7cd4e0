"""A recorded function as straight-line code: a list of instructions, each of which gives one number.

    instruction                      meaning
    ("input", k)                     the k-th input
    ("const", 2.0)                   a number
    ("mul", 0, 4)                    a row of the table over earlier instructions, named by their place
    ("if<", 0, 4, 5, 7)              the third operand where the first is < the second, else the fourth
    ("stop", 4)                      the operand, of which no derivative is taken

A fold takes its operands flat, as a node's parents. `if` is how the texts of rows branch; it compares with any of
< <= > >= == !=. Every instruction stands after its operands, so the code runs from top to bottom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from autograd_scalar.ops.evaluate import evaluate
from autograd_scalar.ops.table import TABLE

#: An operation and its operands: places of earlier instructions, a number (const) or an index (input).
Instruction = tuple[Any, ...]

#: What two numbers may be compared with.
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__,
    "==": float.__eq__, "!=": float.__ne__,
}  # fmt: skip


class ProgramError(ValueError):
    """Code that is no program: the message names the instruction and what is wrong with it."""


class Guard(NamedTuple):
    """A comparison that the recorded function made: the code is right where it has this outcome."""

    symbol: str
    x: int
    y: int
    outcome: bool
    #: Where the comparison was made, as `file:line`.
    location: str = ""


class Program:
    """Straight-line code with named inputs and outputs.

    `outputs` are places in the code, and `guards` the comparisons on which the code depends. Raises ProgramError where
    the code is malformed.

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
        *,
        check: bool = True,
    ) -> None:
        self.code = tuple(code)
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.guards = tuple(guards)
        if check:
            self._check()

    def __len__(self) -> int:
        return len(self.code)

    def _check(self) -> None:
        for place, instruction in enumerate(self.code):
            problem = _problem(instruction, place, len(self.inputs))
            if problem:
                raise ProgramError(f"instruction {place}, {instruction!r}: {problem}")
        for guard in self.guards:
            if guard.symbol not in COMPARISONS:
                raise ProgramError(
                    f"a guard compares with {', '.join(COMPARISONS)}; got {guard.symbol!r}"
                )
        compared = [place for guard in self.guards for place in (guard.x, guard.y)]
        for what, places in (("output", self.outputs), ("guard's operand", compared)):
            for place in places:
                if type(place) is not int or not 0 <= place < len(self.code):
                    raise ProgramError(
                        f"{what} {place} is not in the code, which has {len(self.code)} instructions"
                    )

    @property
    def roots(self) -> list[int]:
        """The places that somebody reads: outputs, and what is compared."""
        return [*self.outputs, *(place for g in self.guards for place in (g.x, g.y))]

    def name(self, place: int) -> str:
        """Return what an instruction is called in the text: an input's name, a number, or t and its place."""
        match self.code[place]:
            case "input", k:
                return self.inputs[k]
            case "const", number:
                return repr(number)
        return f"t{place}"

    def __str__(self) -> str:
        outputs = ", ".join(map(self.name, self.outputs))
        lines = [f"{', '.join(self.inputs)} -> {outputs}"]
        lines += [
            f"  t{place} = {self._written(instruction)}"
            for place, instruction in enumerate(self.code)
            if instruction[0] not in ("input", "const")
        ]
        lines += [
            f"  guard {self.name(g.x)} {g.symbol} {self.name(g.y)} is {g.outcome}"
            + (f"  # {g.location}" if g.location else "")
            for g in self.guards
        ]
        return "\n".join(lines)

    def _written(self, instruction: Instruction) -> str:
        op, *places = instruction
        names = [*map(self.name, places)]
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
        """Return the outputs for some inputs, instruction by instruction: slow, and what compiled code is held against.

        Guards are not looked at.
        """
        values: list[float] = []
        for op, *operands in self.code:
            if op == "input":
                values.append(inputs[operands[0]])
            elif op == "const":
                values.append(operands[0])
            else:
                values.append(compute(op, [values[place] for place in operands]))
        return [values[place] for place in self.outputs]


def compute(op: str, operands: Sequence[float]) -> float:
    """Return what an instruction gives for numbers."""
    if op.startswith("if"):
        a, b, x, y = operands
        return x if COMPARISONS[op[2:]](a, b) else y
    if op == "stop":
        return operands[0]
    return evaluate(op, *TABLE[op].split(operands))[0]


def _problem(instruction: Instruction, place: int, inputs: int) -> str:
    """Return what is wrong with an instruction, or nothing."""
    if not isinstance(instruction, tuple) or not instruction:
        return "an instruction is a tuple of an operation and its operands"
    op, *operands = instruction
    if op == "const":
        return "" if len(operands) == 1 and type(operands[0]) is float else "a const has a float"
    if not all(type(operand) is int for operand in operands):
        return "operands are places in the code"
    if op == "input":
        if len(operands) == 1 and 0 <= operands[0] < inputs:
            return ""
        return f"there are {inputs} inputs"
    if operands and not 0 <= min(operands) <= max(operands) < place:
        return "an operand stands before the instruction that reads it"
    if isinstance(op, str) and op[:2] == "if" and op[2:] in COMPARISONS:
        return "" if len(operands) == 4 else "an if takes 4 operands"
    if op == "stop":
        return "" if len(operands) == 1 else "stop takes 1 operand"
    row = TABLE.get(op) if isinstance(op, str) else None
    if row is None:
        return f"no operation {op!r}"
    short = len(operands) - len(row.operands) + len(row.lists)
    if (row.lists and (short < 0 or short % len(row.lists))) or (
        not row.lists and len(operands) != len(row.operands)
    ):
        return f"{op} takes {', '.join(row.operands)}; got {len(operands)} operands"
    return ""


class Builder:
    """Code that is being written; every method returns the place of what it gives."""

    def __init__(self, inputs: Sequence[str] = ()) -> None:
        self.code: list[Instruction] = []
        self.inputs = list(inputs)
        #: The numbers that stand in the code, by their places.
        self.numbers: dict[int, float] = {}
        self._constants: dict[str, int] = {}
        self._inputs: dict[int, int] = {}

    def emit(self, op: str, *operands: int) -> int:
        """Append an instruction."""
        self.code.append((op, *operands))
        return len(self.code) - 1

    def constant(self, number: float) -> int:
        """Return the place of a number; each is in the code once."""
        key = number.hex()  # which tells 0.0 from -0.0
        place = self._constants.get(key)
        if place is None:
            place = self._constants[key] = self.emit("const", number)  # type: ignore[arg-type]
            self.numbers[place] = number
        return place

    def input(self, k: int) -> int:
        """Return the place of the k-th input; each is in the code once."""
        if k not in self._inputs:
            self._inputs[k] = self.emit("input", k)
        return self._inputs[k]

    def number(self, place: int) -> float | None:
        """Return the number that stands at a place, or None where it is computed."""
        return self.numbers.get(place)

    def program(self, outputs: Iterable[int], guards: Iterable[Guard] = ()) -> Program:
        """Return the program; it is not checked, since only what may stand there was written."""
        return Program(self.code, self.inputs, outputs, guards, check=False)


def rewrite(
    program: Program, builder: Builder, emit: Callable[..., int], keep: Sequence[bool] | None = None
) -> tuple[list[int], tuple[Guard, ...]]:
    """Write a program's instructions into a builder through `emit(op, *operands)`.

    Returns where each instruction is now, and the guards. Instructions that are not to be kept are left out.
    """
    now: list[int] = []
    for place, instruction in enumerate(program.code):
        op = instruction[0]
        if keep is not None and not keep[place]:
            now.append(-1)
        elif op == "const":
            now.append(builder.constant(instruction[1]))
        elif op == "input":
            now.append(builder.input(instruction[1]))
        else:
            now.append(emit(op, *[now[operand] for operand in instruction[1:]]))
    return now, tuple(g._replace(x=now[g.x], y=now[g.y]) for g in program.guards)


def live_instructions(program: Program) -> list[bool]:
    """Return of each instruction whether an output or a guard depends on it."""
    live = [False] * len(program.code)
    for place in program.roots:
        live[place] = True
    for place in range(len(program.code) - 1, -1, -1):
        instruction = program.code[place]
        if live[place] and instruction[0] not in ("input", "const"):
            for operand in instruction[1:]:
                live[operand] = True
    return live
