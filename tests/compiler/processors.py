"""Emit machine code for processors by name, one after the other; LLVM ends the process where it cannot.

Run by `test_processors.py`. Without arguments it lists the processors that LLVM knows; with names it prints each name
once code for it has been emitted.
"""

from __future__ import annotations

import sys

import llvmlite.binding as llvm

from autograd_scalar.compiler.backends.llvm import target
from autograd_scalar.compiler.backends.llvm.libm import FUNCTIONS, definitions
from autograd_scalar.compiler.backends.llvm.loops import looped
from autograd_scalar.compiler.backends.llvm.straight import single, straight
from autograd_scalar.compiler.ir.program import Guard, Program
from autograd_scalar.compiler.ir.variance import row_layout
from autograd_scalar.compiler.options import MAX_BLOCK_VECTORS
from autograd_scalar.compiler.vectorize.reroll import reroll

#: Every process on such a machine has these, whatever the processor's name says.
BASE = "+64bit,+sse2" if llvm.get_process_triple().startswith("x86_64") else ""

NAMES = sorted(FUNCTIONS)
#: Shared and by row, a function with rare lanes, a choice, a comparison and sums: every kind of instruction.
PROGRAM = Program(
    [("input", 0), ("input", 1), ("mul", 0, 1), ("log", 2), ("sin", 1), ("if<", 3, 4, 0, 4), ("neg", 5)],
    ["x", "w"],
    [6, 3, 4],
    [Guard("<", 0, 1, True), Guard("==", 0, 3, False)],
)  # fmt: skip


def width(processor: object) -> int:
    """Return how many doubles a vector register of the processor holds."""
    text = "define <8 x double> @f(<8 x double> %x) {\n %y = fadd <8 x double> %x, %x\n ret <8 x double> %y\n}"
    code = processor.emit_assembly(llvm.parse_assembly(text))  # type: ignore[attr-defined]
    return 8 if "zmm" in code else 4 if "ymm" in code else 2


def emit(cpu: str, turn: int) -> None:
    """Emit some of the vector functions and a kernel; each turn takes others, at other widths."""
    processor = target.machine(cpu, BASE)
    widths = [n for n in (2, 4, 8) if n <= width(processor)]
    one, vectors = widths[turn // 3 % len(widths)], 1 + turn // 8 % 4
    functions = definitions(NAMES[turn % 8 :: 8], one * vectors, fma=turn % 2 == 0)
    processor.emit_object(target.module(functions.replace("internal", ""), processor, passes=0))
    layout = row_layout(PROGRAM, [0], [0, 2])
    match turn % 3:
        case 0:
            text, passes = single(PROGRAM), 1
        case 1:
            text, passes = straight(PROGRAM, layout, one * vectors, fma=True).text, 1
        case _:
            block = one * (1 + turn % MAX_BLOCK_VECTORS)
            text, passes = looped(reroll(PROGRAM, layout), block, width=one, fma=True).text, 0
    processor.emit_object(target.module(text, processor, passes=passes))


if __name__ == "__main__":
    if sys.argv[1:]:
        for name in sys.argv[1:]:
            turn, _, cpu = name.partition(":")
            emit(cpu, int(turn))
            print(name, flush=True)
    else:
        target.machine("help", "")  # LLVM writes the list to the standard error
