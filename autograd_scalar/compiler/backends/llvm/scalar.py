"""A program as LLVM IR for one set of numbers."""

from __future__ import annotations

from autograd_scalar.compiler.backends.llvm.abi import PREDICATE, Writer, definitions_of
from autograd_scalar.compiler.ir.program import Program


def single(program: Program, *, fast: bool = False) -> str:
    """Return the module of `i64 @single(ptr inputs, ptr outputs)`, which gives the first guard that fails, or -1."""
    w = Writer(program, fast)
    inputs = {k: k for k in range(len(program.inputs))}
    w.alone(range(len(program)), "%inputs", inputs)
    for i, place in enumerate(program.outputs):
        w.add(f"%o{i} = getelementptr double, ptr %outputs, i64 {i}")
        w.add(f"store <1 x double> %s{place}, ptr %o{i}")
    failed = "-1"
    for i, g in reversed([*enumerate(program.guards)]):
        w.add(f"%g{i} = fcmp {PREDICATE[g.symbol]} <1 x double> %s{g.x}, %s{g.y}")
        w.add(f"%h{i} = extractelement <1 x i1> %g{i}, i32 0")
        then = (failed, str(i)) if g.outcome else (str(i), failed)
        w.add(f"%f{i} = select i1 %h{i}, i64 {then[0]}, i64 {then[1]}")
        failed = f"%f{i}"
    functions = definitions_of({1: {op for op, _ in w.functions}}, fma=False)
    body = "\n".join(w.lines)
    return f"""\
{functions}
define i64 @single(ptr noalias %inputs, ptr noalias %outputs) {{
{body}
  ret i64 {failed}
}}
"""
