"""Vectors as Python objects: operators and functions on them write the LLVM IR of a vector function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature

from autograd_scalar.compiler.backends.llvm.builder import Builder, constants, number, vector

_INSTRUCTIONS = {  # on doubles, and on integers and masks
    "+": ("fadd", "add"), "-": ("fsub", "sub"), "*": ("fmul", "mul"), "/": ("fdiv", ""),
    "<": ("fcmp olt", ""), ">": ("fcmp ogt", ""), ">=": ("fcmp oge", ""),
    "==": ("fcmp oeq", ""), "!=": ("fcmp une", ""),
    "<<": ("", "shl"), ">>": ("", "lshr"), "&": ("", "and"), "|": ("", "or"), "^": ("", "xor"),
}  # fmt: skip


class Function(Builder):
    """The body of a vector function."""

    def __init__(self, lanes: int, fma: bool) -> None:
        super().__init__()
        self.lanes, self.fma = lanes, fma
        #: The libm functions that compute its rare lanes, with their number of operands.
        self.libm: dict[str, int] = {}

    def type(self, kind: str) -> str:
        """Return the type of a vector with lanes of that kind."""
        return vector(self.lanes, kind)

    def write(self, instruction: str, kind: str) -> Vector:
        """Append an instruction and return its result, a vector with lanes of that kind."""
        return Vector(self, self.let(instruction), kind)

    def constant(self, value: float, kind: str = "double") -> Vector:
        """Return the vector with the same number in every lane."""
        literal = number(value) if kind == "double" else str(value)
        return Vector(self, constants(literal, self.lanes, kind), kind)

    def intrinsic(self, name: str, *operands: Vector) -> Vector:
        """Call an intrinsic of LLVM on doubles, such as llvm.sqrt."""
        double = self.type("double")
        function = f"@llvm.{name}.v{self.lanes}f64"
        self.declarations.add(f"declare {double} {function}({', '.join([double] * len(operands))})")
        given = ", ".join(f"{double} {x.name}" for x in operands)
        return self.write(f"call {double} {function}({given})", "double")


def _operator(sign: str, *, swapped: bool = False) -> Callable[[Vector, Vector | float], Vector]:
    """Return the method that writes an instruction with a vector or a number, as its first operand if swapped."""

    def method(self: Vector, other: Vector | float) -> Vector:
        if not isinstance(other, Vector):
            other = self.function.constant(other, self.kind)
        a, b = (other, self) if swapped else (self, other)
        instruction = _INSTRUCTIONS[sign][self.kind != "double"]
        kind = "i1" if instruction.startswith("fcmp") else self.kind
        return self.function.write(f"{instruction} {self._type} {a.name}, {b.name}", kind)

    return method


@dataclass(frozen=True, eq=False, slots=True)
class Vector:
    """A vector in a function: its name there, and the type of its lanes, double, i64 or i1 (a mask)."""

    function: Function
    name: str
    kind: str = "double"

    @property
    def _type(self) -> str:
        return self.function.type(self.kind)

    __add__, __sub__, __mul__ = _operator("+"), _operator("-"), _operator("*")
    __truediv__ = _operator("/")
    __rsub__, __rtruediv__ = _operator("-", swapped=True), _operator("/", swapped=True)
    __lt__, __gt__, __ge__ = _operator("<"), _operator(">"), _operator(">=")
    __lshift__, __rshift__ = _operator("<<"), _operator(">>")
    #: The masks of equal and of unequal lanes; nan is unequal to every number.
    equals, differs = _operator("=="), _operator("!=")
    __and__, __or__, __xor__ = _operator("&"), _operator("|"), _operator("^")

    def __neg__(self) -> Vector:
        return self.function.write(f"fneg {self._type} {self.name}", "double")

    def __invert__(self) -> Vector:
        return self ^ -1

    def odd(self) -> Vector:
        """Return the mask of odd integers."""
        mask = self.function.type("i1")
        return self.function.write(f"trunc {self._type} {self.name} to {mask}", "i1")

    def bits(self) -> Vector:
        """Return the bits of doubles as integers."""
        return self._recast("i64")

    def double(self) -> Vector:
        """Return the doubles that have these bits."""
        return self._recast("double")

    def _recast(self, kind: str) -> Vector:
        to = self.function.type(kind)
        return self.function.write(f"bitcast {self._type} {self.name} to {to}", kind)


def select(mask: Vector, yes: Vector | float, no: Vector | float) -> Vector:
    """Return `yes` in the lanes of the mask and `no` in the others."""
    f = mask.function
    yes = yes if isinstance(yes, Vector) else f.constant(yes)
    no = no if isinstance(no, Vector) else f.constant(no)
    type_ = f.type(yes.kind)
    return f.write(
        f"select {f.type('i1')} {mask.name}, {type_} {yes.name}, {type_} {no.name}", yes.kind
    )


def absolute(x: Vector) -> Vector:
    """Return |x|."""
    return x.function.intrinsic("fabs", x)


def sqrt(x: Vector) -> Vector:
    """Return the square root of x."""
    return x.function.intrinsic("sqrt", x)


def with_sign(x: Vector, sign: Vector) -> Vector:
    """Return x with the sign of another vector."""
    return x.function.intrinsic("copysign", x, sign)


def fma(x: Vector | float, y: Vector | float, z: Vector | float) -> Vector:
    """Return x * y + z, rounded once with the fma instruction and twice without."""
    f = next(v for v in (x, y, z) if isinstance(v, Vector)).function
    a, b, c = (v if isinstance(v, Vector) else f.constant(v) for v in (x, y, z))
    return f.intrinsic("fma", a, b, c) if f.fma else a * b + c


def left_to_libm(name: str, rare: Vector, result: Vector, *operands: Vector) -> Vector:
    """Return the result, with the lanes of a mask replaced by what libm's function returns.

    The other lanes keep their values, so no lane depends on its neighbors. The replacement is a branch, and so the last
    step of a function.
    """
    f = result.function
    double, mask, bits = f.type("double"), f.type("i1"), f"i{f.lanes}"
    f.libm[name] = len(operands)
    arguments = ", ".join(f"{double} {v.name}" for v in (*operands, result))
    some = f.let(f"icmp ne {bits} {f.let(f'bitcast {mask} {rare.name} to {bits}')}, 0")
    call = f"call {double} @{name}.each.v{f.lanes}({arguments}, {mask} {rare.name})"
    return Vector(f, f.replace(some, result.name, double, lambda: f.let(call)))


def lane_by_lane(name: str, operands: int, lanes: int) -> str:
    """Return the function that replaces the masked lanes of its last vector by libm's results.

    It is a loop over memory, out of line: its lanes are rare, and the loop is short at every width.
    """
    w, double, mask = Builder(), vector(lanes), vector(lanes, "i1")
    given = [f"%{v}" for v in "xy"[:operands]]

    def spilled(x: str, type_: str = double) -> str:
        pointer = w.let(f"alloca {type_}")
        w.do(f"store {type_} {x}, ptr {pointer}")
        return pointer

    arrays, result = [spilled(x) for x in given], spilled("%z")
    flags = spilled(w.let(f"zext {mask} %mask to {vector(lanes, 'i8')}"), vector(lanes, "i8"))

    def lane(i: str) -> None:
        def replaced() -> None:
            numbers = [w.load(w.at(array, i)) for array in arrays]
            z = w.let(f"call double @{name}({', '.join(f'double {x}' for x in numbers)})")
            w.do(f"store double {z}, ptr {w.at(result, i)}")

        w.choose(w.let(f"icmp ne i8 {w.load(w.at(flags, i, kind='i8'), 'i8')}, 0"), replaced)

    w.each(lanes, lane)
    w.do(f"ret {double} {w.load(result, double)}")
    parameters = ", ".join(f"{double} {x}" for x in (*given, "%z"))
    return "\n".join([
        f"declare double @{name}({', '.join(['double'] * operands)})",
        "",
        f"define internal {double} @{name}.each.v{lanes}({parameters}, {mask} %mask) noinline cold {{",
        "entry:",
        *w.lines,
        "}",
        "",
    ])  # fmt: skip


def vector_function(
    name: str, meaning: Callable[..., Vector], lanes: int, *, fma: bool
) -> tuple[str, Function]:
    """Return the text of `@{name}.v{lanes}`, which computes `meaning` of its vectors, and its body."""
    f = Function(lanes, fma)
    double = f.type("double")
    parameters = [Vector(f, f"%{v}") for v in "xy"[: len(signature(meaning).parameters)]]
    result = meaning(*parameters)
    given = ", ".join(f"{double} {p.name}" for p in parameters)
    text = "\n".join([
        f"define internal {double} @{name}.v{lanes}({given}) {{",
        "entry:",
        *f.lines,
        f"  ret {double} {result.name}",
        "}",
        "",
    ])  # fmt: skip
    return text, f
