"""What all generators of LLVM IR share: the kernel's signature, and single instructions.

    i64 @kernel(i64 rows, ptr columns, ptr strides, ptr shared, ptr outs, ptr sums, ptr flags, ptr scratch)

    columns   a pointer for each input that differs from row to row, with its stride in bytes in `strides`
    shared    the inputs that are the same for all rows
    outs      for each output that is wanted by row, room for the rows rounded up to whole vectors
    sums      the sums over the rows of the other outputs
    flags     for each row, again rounded up, whether all guards hold (nobody's where there are none)
    scratch   room for Kernel.scratch numbers

It returns the number of rows where a guard failed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from autograd_scalar.compiler.backends.llvm.libm import definitions
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.ir.rules import ARITHMETIC, NEGATION
from autograd_scalar.ops.table import TABLE

BINARY = dict(zip((ARITHMETIC[s] for s in "+-*/"), ("fadd", "fsub", "fmul", "fdiv"), strict=True))
#: `nan` makes every comparison false but !=, as in Python.
PREDICATE = {"<": "olt", "<=": "ole", ">": "ogt", ">=": "oge", "==": "oeq", "!=": "une"}


class Kernel(NamedTuple):
    """Module text with what is needed to call it."""

    text: str
    lanes: int
    #: How many numbers of scratch memory it wants.
    scratch: int


def number(value: float) -> str:
    """Return a number as LLVM writes it, to the last bit."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


class Writer:
    """The lines of one function, and the functions it calls."""

    def __init__(self, program: Program, fast: bool) -> None:
        self.program = program
        self.flags = " reassoc contract nsz" if fast else ""
        self.lines: list[str] = []
        self.functions: set[tuple[str, int]] = set()

    def add(self, line: str) -> None:
        self.lines.append(f"  {line}")

    def compute(self, place: int, names: list[str], lanes: int) -> None:
        """Write an instruction over vectors of so many lanes; `names` has those of its operands."""
        op = self.program.code[place][0]
        kind = f"<{lanes} x double>"
        result = f"%{'v' if lanes > 1 else 's'}{place}"
        if op in BINARY:
            self.add(f"{result} = {BINARY[op]}{self.flags} {kind} {names[0]}, {names[1]}")
        elif op == NEGATION:
            self.add(f"{result} = fneg {kind} {names[0]}")
        elif op.startswith("if"):
            a, b, x, y = names
            self.add(f"{result}.c = fcmp {PREDICATE[op[2:]]} {kind} {a}, {b}")
            self.add(f"{result} = select <{lanes} x i1> {result}.c, {kind} {x}, {kind} {y}")
        else:
            self.functions.add((op, lanes))
            given = ", ".join(f"{kind} {name}" for name in names)
            self.add(f"{result} = call {kind} @{op}.v{lanes}({given})")

    def alone(self, places: Iterable[int], memory: str, where: Mapping[int, int]) -> None:
        """Write instructions over vectors of one lane; inputs are read from memory, `where` tells at which place."""
        for place in places:
            op, *operands = self.program.code[place]
            if op == "const":
                constant = f"<1 x double> <double {number(operands[0])}>"
                self.add(f"%s{place} = bitcast {constant} to <1 x double>")
            elif op == "input":
                self.add(
                    f"%p{place} = getelementptr double, ptr {memory}, i64 {where[operands[0]]}"
                )
                self.add(f"%s{place} = load <1 x double>, ptr %p{place}")
            else:
                self.compute(place, [f"%s{operand}" for operand in operands], 1)


def definitions_of(by_width: dict[int, set[str]], *, fma: bool) -> str:
    """Return the functions that are called, for each width; of one lane they are libm's, as in eager code."""
    texts = [
        _libm(names) if lanes == 1 else definitions(sorted(names), lanes, fma=fma)
        for lanes, names in sorted(by_width.items())
    ]
    lines = "\n".join(texts).splitlines()
    declared = dict.fromkeys(line for line in lines if line.startswith("declare"))
    return "\n".join([*declared, *(line for line in lines if not line.startswith("declare"))])


#: What libm's functions are called where Python calls them otherwise.
_LIBM = {"abs": "fabs", "round": "rint"}


def _libm(names: Iterable[str]) -> str:
    """Return functions of one lane that call libm."""
    written = []
    for name in sorted(names):
        count = len(TABLE[name].operands)
        given = ", ".join(f"<1 x double> %x{i}" for i in range(count))
        written.append(f"declare double @{_LIBM.get(name, name)}({', '.join(['double'] * count)})")
        written.append(f"define internal <1 x double> @{name}.v1({given}) alwaysinline {{")
        written += [f"  %e{i} = extractelement <1 x double> %x{i}, i32 0" for i in range(count)]
        elements = ", ".join(f"double %e{i}" for i in range(count))
        written.append(f"  %r = call double @{_LIBM.get(name, name)}({elements})")
        written.append("  %v = insertelement <1 x double> poison, double %r, i32 0")
        written += ["  ret <1 x double> %v", "}"]
    return "\n".join(written)
