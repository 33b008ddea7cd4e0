"""A program as LLVM IR: straight-line code over blocks of rows, a vector of rows for each number.

The kernel's signature, which all generators of kernels share:

    i64 @kernel(i64 rows, ptr columns, ptr strides, ptr shared, ptr outs, ptr sums, ptr flags, ptr scratch)

    columns   a pointer for each input that differs from row to row, with its stride in bytes in `strides`
    shared    the inputs that are the same for all rows
    outs      for each output that is wanted by row, room for the rows rounded up to whole vectors
    sums      the sums over the rows of the other outputs
    flags     for each row, again rounded up, whether all guards hold (nobody's where there are none)
    scratch   room for Layout.scratch numbers

It returns the number of rows where a guard failed. In the last block, the lanes beyond the end read the last row
again; accumulators keep the lanes apart, and that block has accumulators of its own, so what those lanes add is never
counted.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from autograd_scalar.compiler.texts import ARITHMETIC, NEGATION
from autograd_scalar.compiler.vector_math import definitions
from autograd_scalar.ops import TABLE
from autograd_scalar.program import Program

BINARY = dict(zip((ARITHMETIC[s] for s in "+-*/"), ("fadd", "fsub", "fmul", "fdiv"), strict=True))
#: `nan` makes every comparison false but !=, as in Python.
PREDICATE = {"<": "olt", "<=": "ole", ">": "ogt", ">=": "oge", "==": "oeq", "!=": "une"}


class Layout(NamedTuple):
    """Which inputs of a program are columns, and which outputs are wanted by row; the rest is shared, or summed."""

    columns: tuple[int, ...]
    rows: tuple[int, ...]
    shared: tuple[int, ...]
    sums: tuple[int, ...]


def layout(program: Program, columns: Sequence[int], rows: Sequence[int]) -> Layout:
    """Return the layout in which those inputs differ by row, and those outputs are wanted by row."""
    return Layout(
        tuple(columns),
        tuple(rows),
        tuple(k for k in range(len(program.inputs)) if k not in {*columns}),
        tuple(k for k in range(len(program.outputs)) if k not in {*rows}),
    )


class Kernel(NamedTuple):
    """Module text with what is needed to call it."""

    text: str
    lanes: int
    #: How many numbers of scratch memory it wants.
    scratch: int


def number(value: float) -> str:
    """Return a number as LLVM writes it, to the last bit."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


def varying(program: Program, columns: Sequence[int]) -> list[bool]:
    """Return of each instruction whether it depends on a column."""
    depends: list[bool] = []
    wanted = {*columns}
    for op, *operands in program.code:
        if op == "input":
            depends.append(operands[0] in wanted)
        else:
            depends.append(op != "const" and any(depends[place] for place in operands))
    return depends


class _Writer:
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


def straight(
    program: Program, which: Layout, lanes: int, *, fma: bool, fast: bool = False
) -> Kernel:
    """Return the kernel of a program with nothing but basic operations, as straight-line code."""
    w = _Writer(program, fast)
    depends = varying(program, which.columns)
    vector = f"<{lanes} x double>"
    shared_index = {k: i for i, k in enumerate(which.shared)}
    column_index = {k: i for i, k in enumerate(which.columns)}

    def scalar_names(operands: Sequence[int]) -> list[str]:
        return [f"%s{place}" for place in operands]

    # ----- before the loop: what is the same for all rows, in vectors of one lane -----
    for place, (op, *operands) in enumerate(program.code):
        if depends[place]:
            continue
        if op == "const":
            w.add(
                f"%s{place} = bitcast <1 x double> <double {number(operands[0])}> to <1 x double>"
            )
        elif op == "input":
            k = shared_index[operands[0]]
            w.add(f"%p{place} = getelementptr double, ptr %shared, i64 {k}")
            w.add(f"%s{place} = load <1 x double>, ptr %p{place}")
        else:
            w.compute(place, scalar_names(operands), 1)
    for i, _ in enumerate(which.columns):
        w.add(f"%cp{i} = getelementptr ptr, ptr %columns, i64 {i}")
        w.add(f"%column{i} = load ptr, ptr %cp{i}")
        w.add(f"%tp{i} = getelementptr i64, ptr %strides, i64 {i}")
        w.add(f"%stride{i} = load i64, ptr %tp{i}")
    for i, _ in enumerate(which.rows):
        w.add(f"%op{i} = getelementptr ptr, ptr %outs, i64 {i}")
        w.add(f"%out{i} = load ptr, ptr %op{i}")
    terms = [split_sum(program, depends, program.outputs[k]) for k in which.sums]
    summed = [i for i, (place, _) in enumerate(terms) if place is not None]
    scratch = 2 * lanes * len(summed)
    prologue, w.lines = w.lines, []

    # ----- the block of rows that begins at %row -----
    for lane in range(lanes):
        w.add(f"%i{lane} = add i64 %row, {lane}")
        w.add(f"%in{lane} = icmp slt i64 %i{lane}, %rows")
        w.add(f"%r{lane} = select i1 %in{lane}, i64 %i{lane}, i64 %last")
    splats: dict[int, str] = {}

    def splat(place: int) -> str:
        """The name of a shared number as a vector."""
        if place not in splats:
            op, *operands = program.code[place]
            if op == "const":
                element = f"double {number(operands[0])}"
                splats[place] = f"<{', '.join([element] * lanes)}>"
            elif lanes == 1:
                splats[place] = f"%s{place}"
            else:
                zeros = ", ".join(["i32 0"] * lanes)
                w.add(
                    f"%b{place} = shufflevector <1 x double> %s{place}, <1 x double> poison, "
                    f"<{lanes} x i32> <{zeros}>"
                )
                splats[place] = f"%b{place}"
        return splats[place]

    def name(place: int) -> str:
        if not depends[place]:
            return splat(place)
        return f"%{'v' if lanes > 1 else 's'}{place}"

    for place, (op, *operands) in enumerate(program.code):
        if not depends[place]:
            continue
        if op == "input":
            _load_column(w, place, column_index[operands[0]], lanes)
        else:
            w.compute(place, [name(operand) for operand in operands], lanes)
    for i, k in enumerate(which.rows):
        w.add(f"%o{i} = getelementptr double, ptr %out{i}, i64 %row")
        w.add(f"store {vector} {name(program.outputs[k])}, ptr %o{i}, align 8")
    for i, index in enumerate(summed):
        term, _ = terms[index]
        assert term is not None
        w.add(
            f"%a{i} = getelementptr double, ptr %sink, i64 {lanes * i}"
        )  # not {vector}, which is padded
        w.add(f"%old{i} = load {vector}, ptr %a{i}, align 8")
        w.add(f"%new{i} = fadd {vector} %old{i}, {name(term)}")
        w.add(f"store {vector} %new{i}, ptr %a{i}, align 8")
    if program.guards:
        _check_guards(w, name, lanes)
    body = w.lines
    functions = w.functions
    w = _Writer(program, fast)
    _finish(w, which, terms, summed, lanes)
    by_width: dict[int, set[str]] = {}
    for op, width in functions:
        by_width.setdefault(width, set()).add(op)
    text = _KERNEL.format(
        prologue="\n".join(prologue),
        body="\n".join(body),
        epilogue="\n".join(w.lines),
        lanes=lanes,
        half=lanes * len(summed),
        scratch=scratch,
        clear=scratch * 8,
        failed="%failures" if program.guards else "0",
        definitions=definitions_of(by_width, fma=fma),
    )
    return Kernel(text, lanes, scratch)


def single(program: Program, *, fast: bool = False) -> str:
    """Return the module of `i64 @single(ptr inputs, ptr outputs)`, which gives the first guard that fails, or -1."""
    w = _Writer(program, fast)
    for place, (op, *operands) in enumerate(program.code):
        if op == "const":
            w.add(
                f"%s{place} = bitcast <1 x double> <double {number(operands[0])}> to <1 x double>"
            )
        elif op == "input":
            w.add(f"%p{place} = getelementptr double, ptr %inputs, i64 {operands[0]}")
            w.add(f"%s{place} = load <1 x double>, ptr %p{place}")
        else:
            w.compute(place, [f"%s{operand}" for operand in operands], 1)
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


def direct(program: Program, *, fast: bool = False) -> str:
    """Return the module of `double @direct(double, ...)`: one output, no guards, no memory in between."""
    w = _Writer(program, fast)
    for k in range(len(program.inputs)):
        w.add(f"%i{k} = insertelement <1 x double> poison, double %x{k}, i32 0")
    for place, (op, *operands) in enumerate(program.code):
        if op == "const":
            w.add(
                f"%s{place} = bitcast <1 x double> <double {number(operands[0])}> to <1 x double>"
            )
        elif op == "input":
            w.add(f"%s{place} = bitcast <1 x double> %i{operands[0]} to <1 x double>")
        else:
            w.compute(place, [f"%s{operand}" for operand in operands], 1)
    functions = definitions_of({1: {op for op, _ in w.functions}}, fma=False)
    given = ", ".join(f"double %x{k}" for k in range(len(program.inputs)))
    body = "\n".join(w.lines)
    return f"""\
{functions}
define double @direct({given}) {{
{body}
  %r = extractelement <1 x double> %s{program.outputs[0]}, i32 0
  ret double %r
}}
"""


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


def split_sum(
    program: Program, depends: Sequence[bool], place: int
) -> tuple[int | None, list[int]]:
    """Return what of an output is to be summed row by row, and what of it is the same for all rows.

    sum(a + u) is taken as sum(a) + rows * u. So a penalty that each row's loss has costs nothing by row.
    """
    same: list[int] = []
    while depends[place]:
        op, *operands = program.code[place]
        if op != ARITHMETIC["+"]:
            break
        x, y = operands
        if depends[x] and depends[y]:
            break
        same.append(y if depends[x] else x)
        place = x if depends[x] else y
    else:
        return None, [*same, place]
    return place, same


def _load_column(w: _Writer, place: int, column: int, lanes: int) -> None:
    """Write the gathering of one number from each of the block's rows."""
    before = "poison"
    for lane in range(lanes):
        at = f"%x{place}.{lane}"
        w.add(f"{at}.o = mul i64 %r{lane}, %stride{column}")
        w.add(f"{at}.p = getelementptr i8, ptr %column{column}, i64 {at}.o")
        w.add(f"{at} = load double, ptr {at}.p, align 8")
        after = f"%{'v' if lanes > 1 else 's'}{place}" if lane == lanes - 1 else f"{at}.v"
        w.add(f"{after} = insertelement <{lanes} x double> {before}, double {at}, i32 {lane}")
        before = after


def _check_guards(w: _Writer, name: object, lanes: int) -> None:
    """Write the comparisons, and the flag of each row."""
    before = f"<{', '.join(['i1 true'] * lanes)}>"
    for i, g in enumerate(w.program.guards):
        x, y = name(g.x), name(g.y)  # type: ignore[operator]
        w.add(f"%g{i} = fcmp {PREDICATE[g.symbol]} <{lanes} x double> {x}, {y}")
        if not g.outcome:
            ones = f"<{', '.join(['i1 true'] * lanes)}>"
            w.add(f"%h{i} = xor <{lanes} x i1> %g{i}, {ones}")
        w.add(f"%k{i} = and <{lanes} x i1> {before}, %{'g' if g.outcome else 'h'}{i}")
        before = f"%k{i}"
    w.add(f"%flag = zext <{lanes} x i1> {before} to <{lanes} x i8>")
    w.add("%fp = getelementptr i8, ptr %flags, i64 %row")
    w.add(f"store <{lanes} x i8> %flag, ptr %fp, align 1")
    count = "%fails"
    for lane in range(lanes):
        w.add(f"%good{lane} = extractelement <{lanes} x i1> {before}, i32 {lane}")
        w.add(f"%bad{lane} = xor i1 %good{lane}, true")
        w.add(f"%counts{lane} = and i1 %bad{lane}, %in{lane}")
        w.add(f"%one{lane} = zext i1 %counts{lane} to i64")
        after = "%failures" if lane == lanes - 1 else f"%fails{lane}"
        w.add(f"{after} = add i64 {count}, %one{lane}")
        count = after


def _finish(
    w: _Writer,
    which: Layout,
    terms: Sequence[tuple[int | None, list[int]]],
    summed: Sequence[int],
    lanes: int,
) -> None:
    """Write the sums: what the loop added up, and the rows' number times what is the same for all."""
    position = {index: i for i, index in enumerate(summed)}
    w.add("%count = sitofp i64 %rows to double")
    for index, (_, same) in enumerate(terms):
        total = f"{number(0.0)}"
        if index in position:
            w.add(f"%tp.{index} = getelementptr double, ptr %totals, i64 {position[index]}")
            w.add(f"%t.{index} = load double, ptr %tp.{index}")
            total = f"%t.{index}"
        for j, place in enumerate(same):
            w.add(f"%u.{index}.{j} = extractelement <1 x double> %s{place}, i32 0")
            w.add(f"%m.{index}.{j} = fmul double %u.{index}.{j}, %count")
            w.add(f"%q.{index}.{j} = fadd double {total}, %m.{index}.{j}")
            total = f"%q.{index}.{j}"
        w.add(f"%sp.{index} = getelementptr double, ptr %sums, i64 {index}")
        w.add(f"store double {total}, ptr %sp.{index}")


# The totals of the accumulators' lanes are written where the accumulators of the last block were.
_KERNEL = """\
{definitions}
define i64 @kernel(i64 %rows, ptr noalias %columns, ptr noalias %strides, ptr noalias %shared, ptr noalias %outs,
                   ptr noalias %sums, ptr noalias %flags, ptr noalias %scratch) {{
entry:
  call void @llvm.memset.p0.i64(ptr %scratch, i8 0, i64 {clear}, i1 false)
  %last = sub i64 %rows, 1
  %totals = getelementptr double, ptr %scratch, i64 {half}
{prologue}
  %none = icmp sle i64 %rows, 0
  br i1 %none, label %summing, label %block

block:
  %row = phi i64 [ 0, %entry ], [ %next, %block ]
  %fails = phi i64 [ 0, %entry ], [ {failed}, %block ]
  %next = add i64 %row, {lanes}
  %part = icmp sgt i64 %next, %rows
  %sink = select i1 %part, ptr %totals, ptr %scratch
{body}
  %more = icmp slt i64 %next, %rows
  br i1 %more, label %block, label %summing

summing:
  %failed = phi i64 [ 0, %entry ], [ {failed}, %block ]
  %full = sdiv i64 %rows, {lanes}
  %done = mul i64 %full, {lanes}
  %left = sub i64 %rows, %done
  br label %output

output:
  %k = phi i64 [ 0, %summing ], [ %k.next, %end ]
  %begin = mul i64 %k, {lanes}
  %any = icmp slt i64 %begin, {half}
  br i1 %any, label %full.lane, label %finish

full.lane:
  %l = phi i64 [ 0, %output ], [ %l.next, %full.lane ]
  %sum = phi double [ 0.0, %output ], [ %sum.next, %full.lane ]
  %at = add i64 %begin, %l
  %fp.a = getelementptr double, ptr %scratch, i64 %at
  %x = load double, ptr %fp.a
  %sum.next = fadd double %sum, %x
  %l.next = add i64 %l, 1
  %more.lanes = icmp slt i64 %l.next, {lanes}
  br i1 %more.lanes, label %full.lane, label %part.lane

part.lane:
  %m = phi i64 [ 0, %full.lane ], [ %m.next, %part.add ]
  %total = phi double [ %sum.next, %full.lane ], [ %total.next, %part.add ]
  %more.left = icmp slt i64 %m, %left
  br i1 %more.left, label %part.add, label %end

part.add:
  %at.m = add i64 %begin, %m
  %fp.b = getelementptr double, ptr %totals, i64 %at.m
  %y = load double, ptr %fp.b
  %total.next = fadd double %total, %y
  %m.next = add i64 %m, 1
  br label %part.lane

end:
  %to = getelementptr double, ptr %totals, i64 %k
  store double %total, ptr %to
  %k.next = add i64 %k, 1
  br label %output

finish:
{epilogue}
  ret i64 %failed
}}

declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
"""
