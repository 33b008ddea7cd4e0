"""Vectors of doubles as LLVM IR text: Python's operators on a `Lanes` write the instructions down."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import signature

_INSTRUCTIONS = {  # of doubles, and of integers and masks
    "+": ("fadd", "add"), "-": ("fsub", "sub"), "*": ("fmul", "mul"), "/": ("fdiv", ""),
    "<": ("fcmp olt", ""), ">": ("fcmp ogt", ""), ">=": ("fcmp oge", ""),
    "==": ("fcmp oeq", ""), "!=": ("fcmp une", ""),
    "<<": ("", "shl"), ">>": ("", "lshr"), "&": ("", "and"), "|": ("", "or"), "^": ("", "xor"),
}  # fmt: skip


@dataclass
class Body:
    """The instructions of one function, as they are written, and the declarations they need."""

    lanes: int
    fma: bool
    lines: list[str] = field(default_factory=list)
    #: The functions of the process that its rare lanes are left to, with their number of operands.
    libm: dict[str, int] = field(default_factory=dict)
    declarations: set[str] = field(default_factory=set)

    def vector(self, kind: str) -> str:
        """Return the type of a vector of that kind of lane."""
        return f"<{self.lanes} x {kind}>"

    def write(self, instruction: str, kind: str) -> Lanes:
        """Append an instruction and return its result, whose lanes are of that kind."""
        name = f"%v{len(self.lines)}"
        self.lines.append(f"  {name} = {instruction}")
        return Lanes(self, name, kind)

    def constant(self, value: float, kind: str = "double") -> Lanes:
        """Return the same number in every lane."""
        text = str(value)
        if kind == "double":  # in hexadecimal, the only form that is exact for every double
            text = f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"
        return Lanes(self, "<" + ", ".join([f"{kind} {text}"] * self.lanes) + ">", kind)

    def intrinsic(self, name: str, *operands: Lanes) -> Lanes:
        """Return one of LLVM's own functions, as llvm.sqrt, of doubles."""
        double = self.vector("double")
        function = f"@llvm.{name}.v{self.lanes}f64"
        self.declarations.add(f"declare {double} {function}({', '.join([double] * len(operands))})")
        return self.write(
            f"call {double} {function}({', '.join(f'{double} {x.name}' for x in operands)})",
            "double",
        )


@dataclass(frozen=True, eq=False, slots=True)
class Lanes:
    """A vector in a body: its name there, and whether its lanes are double, i64 or i1 (a mask)."""

    body: Body
    name: str
    kind: str = "double"

    def _with(self, sign: str, other: Lanes | float, *, swapped: bool = False) -> Lanes:
        if not isinstance(other, Lanes):
            other = self.body.constant(other, self.kind)
        a, b = (other, self) if swapped else (self, other)
        instruction = _INSTRUCTIONS[sign][self.kind != "double"]
        kind = "i1" if instruction.startswith("fcmp") else self.kind
        return self.body.write(f"{instruction} {self._type} {a.name}, {b.name}", kind)

    @property
    def _type(self) -> str:
        return self.body.vector(self.kind)

    def __add__(self, other: Lanes | float) -> Lanes:
        return self._with("+", other)

    def __sub__(self, other: Lanes | float) -> Lanes:
        return self._with("-", other)

    def __mul__(self, other: Lanes | float) -> Lanes:
        return self._with("*", other)

    def __truediv__(self, other: Lanes | float) -> Lanes:
        return self._with("/", other)

    def __rsub__(self, other: float) -> Lanes:
        return self._with("-", other, swapped=True)

    def __rtruediv__(self, other: float) -> Lanes:
        return self._with("/", other, swapped=True)

    def __neg__(self) -> Lanes:
        return self.body.write(f"fneg {self._type} {self.name}", "double")

    def __lt__(self, other: Lanes | float) -> Lanes:
        return self._with("<", other)

    def __gt__(self, other: Lanes | float) -> Lanes:
        return self._with(">", other)

    def __ge__(self, other: Lanes | float) -> Lanes:
        return self._with(">=", other)

    def equals(self, other: Lanes | float) -> Lanes:
        """Return the mask of equal lanes."""
        return self._with("==", other)

    def differs(self, other: Lanes | float) -> Lanes:
        """Return the mask of unequal lanes, nan being unequal to all."""
        return self._with("!=", other)

    def __lshift__(self, places: int) -> Lanes:
        return self._with("<<", places)

    def __rshift__(self, places: int) -> Lanes:
        return self._with(">>", places)

    def __and__(self, other: Lanes | int) -> Lanes:
        return self._with("&", other)

    def __or__(self, other: Lanes | int) -> Lanes:
        return self._with("|", other)

    def __xor__(self, other: Lanes | int) -> Lanes:
        return self._with("^", other)

    def __invert__(self) -> Lanes:
        return self ^ -1

    def odd(self) -> Lanes:
        """Return the mask of odd integers."""
        return self.body.write(f"trunc {self._type} {self.name} to {self.body.vector('i1')}", "i1")

    def bits(self) -> Lanes:
        """Return the doubles' bits as integers."""
        return self._recast("i64")

    def double(self) -> Lanes:
        """Return the doubles that have these bits."""
        return self._recast("double")

    def _recast(self, kind: str) -> Lanes:
        return self.body.write(
            f"bitcast {self._type} {self.name} to {self.body.vector(kind)}", kind
        )


def select(mask: Lanes, yes: Lanes | float, no: Lanes | float) -> Lanes:
    """Return `yes` in the lanes of the mask and `no` in the others."""
    body = mask.body
    yes = yes if isinstance(yes, Lanes) else body.constant(yes)
    no = no if isinstance(no, Lanes) else body.constant(no)
    mask_type, type_ = body.vector("i1"), body.vector(yes.kind)
    return body.write(
        f"select {mask_type} {mask.name}, {type_} {yes.name}, {type_} {no.name}", yes.kind
    )


def absolute(x: Lanes) -> Lanes:
    """Return |x|."""
    return x.body.intrinsic("fabs", x)


def sqrt(x: Lanes) -> Lanes:
    """Return the square root of x."""
    return x.body.intrinsic("sqrt", x)


def with_sign(x: Lanes, sign: Lanes) -> Lanes:
    """Return x with the other's sign."""
    return x.body.intrinsic("copysign", x, sign)


def fma(x: Lanes | float, y: Lanes | float, z: Lanes | float) -> Lanes:
    """Return x * y + z, rounded once where the body may, and twice where it may not."""
    body = next(v for v in (x, y, z) if isinstance(v, Lanes)).body
    a, b, c = (v if isinstance(v, Lanes) else body.constant(v) for v in (x, y, z))
    return body.intrinsic("fma", a, b, c) if body.fma else a * b + c


def left_to_libm(name: str, rare: Lanes, result: Lanes, *operands: Lanes) -> Lanes:
    """Return the result with the rare lanes as the process's own function has them.

    The others stay as they are, so that no lane depends on its neighbours. This branches, and so
    comes at a function's end.
    """
    body = result.body
    lanes, double, mask = body.lanes, body.vector("double"), body.vector("i1")
    body.libm[name] = len(operands)
    arguments = ", ".join(f"{double} {v.name}" for v in (*operands, result))
    body.lines += [
        f"  %mask = bitcast {mask} {rare.name} to i{lanes}",
        f"  %any = icmp ne i{lanes} %mask, 0",
        "  br i1 %any, label %rare, label %done",
        "rare:",
        f"  %mended = call {double} @{name}.each.v{lanes}({arguments}, {mask} {rare.name})",
        "  br label %done",
        "done:",
    ]
    return body.write(f"phi {double} [ {result.name}, %entry ], [ %mended, %rare ]", "double")


def lane_by_lane(name: str, operands: int, lanes: int) -> str:
    """Return the function that replaces the masked lanes of a result by the process's own function.

    A loop over memory and out of line: it is rare, and as short at every width.
    """
    double = f"<{lanes} x double>"
    names = "xy"[:operands]
    parameters = [f"{double} %{v}" for v in f"{names}z"]
    spill = [
        line
        for v in f"{names}z"
        for line in (f"  %{v}.all = alloca {double}", f"  store {double} %{v}, ptr %{v}.all")
    ]
    load = [
        line
        for v in names
        for line in (
            f"  %{v}.at = getelementptr double, ptr %{v}.all, i64 %i",
            f"  %{v}.one = load double, ptr %{v}.at",
        )
    ]
    return "\n".join([
        f"declare double @{name}({', '.join(['double'] * operands)})",
        "",
        f"define internal {double} @{name}.each.v{lanes}"
        f"({', '.join(parameters)}, <{lanes} x i1> %mask) noinline cold {{",
        "entry:",
        *spill,
        f"  %bytes = zext <{lanes} x i1> %mask to <{lanes} x i8>",
        f"  %bytes.all = alloca <{lanes} x i8>",
        f"  store <{lanes} x i8> %bytes, ptr %bytes.all",
        "  br label %lane",
        "lane:",
        "  %i = phi i64 [ 0, %entry ], [ %next, %after ]",
        "  %byte.at = getelementptr i8, ptr %bytes.all, i64 %i",
        "  %byte = load i8, ptr %byte.at",
        "  %wanted = icmp ne i8 %byte, 0",
        "  br i1 %wanted, label %one, label %after",
        "one:",
        *load,
        f"  %z.one = call double @{name}({', '.join(f'double %{v}.one' for v in names)})",
        "  %z.at = getelementptr double, ptr %z.all, i64 %i",
        "  store double %z.one, ptr %z.at",
        "  br label %after",
        "after:",
        "  %next = add i64 %i, 1",
        f"  %last = icmp eq i64 %next, {lanes}",
        "  br i1 %last, label %done, label %lane",
        "done:",
        f"  %result = load {double}, ptr %z.all",
        f"  ret {double} %result",
        "}",
        "",
    ])  # fmt: skip


def function(
    name: str, meaning: Callable[..., Lanes], lanes: int, *, fma: bool
) -> tuple[str, Body]:
    """Return the text of `@{name}.v{lanes}`, which does what `meaning` does to its Lanes, and its body."""
    body = Body(lanes, fma)
    double = body.vector("double")
    parameters = [Lanes(body, f"%{v}") for v in "xy"[: len(signature(meaning).parameters)]]
    result = meaning(*parameters)
    text = "\n".join([
        f"define internal {double} @{name}.v{lanes}"
        f"({', '.join(f'{double} {p.name}' for p in parameters)}) {{",
        "entry:",
        *body.lines,
        f"  ret {double} {result.name}",
        "}",
        "",
    ])  # fmt: skip
    return text, body
