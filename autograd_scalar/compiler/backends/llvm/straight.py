"""A short program as a kernel of straight-line code: a vector of rows for each number, which stays in a register.

In the last block, the lanes beyond the end read the last row again; accumulators keep the lanes apart, and that block
has accumulators of its own, so what those lanes add is never counted. What a kernel is given tells llvm.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograd_scalar.compiler.backends.llvm.abi import (
    PREDICATE,
    Kernel,
    Writer,
    definitions_of,
    number,
)
from autograd_scalar.compiler.ir.program import Program
from autograd_scalar.compiler.ir.variance import RowLayout, split_sum, varying


def straight(
    program: Program, which: RowLayout, lanes: int, *, fma: bool, fast: bool = False
) -> Kernel:
    """Return the kernel of a program with nothing but basic operations, as straight-line code.

    Raises ValueError for fewer than two lanes; see `libm.definitions`.
    """
    if lanes < 2:
        raise ValueError(f"a block has 2 lanes or more; got {lanes}")
    w = Writer(program, fast)
    depends = varying(program, which.columns)
    vector = f"<{lanes} x double>"
    column_index = {k: i for i, k in enumerate(which.columns)}

    # ----- before the loop: what is the same for all rows, in vectors of one lane -----
    same = [place for place in range(len(program)) if not depends[place]]
    w.alone(same, "%shared", {k: i for i, k in enumerate(which.shared)})
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
    w = Writer(program, fast)
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


def _load_column(w: Writer, place: int, column: int, lanes: int) -> None:
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


def _check_guards(w: Writer, name: object, lanes: int) -> None:
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
    w: Writer,
    which: RowLayout,
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
