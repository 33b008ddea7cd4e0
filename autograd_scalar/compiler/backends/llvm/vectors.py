"""Vectors as Python objects: operators and functions on them write the LLVM IR of a vector function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autograd_scalar.compiler.backends.llvm.builder import Builder, constant, number, vector
from autograd_scalar.ops.table import TABLE

_INSTRUCTIONS = {  # on doubles, and on integers and masks
    "+": ("fadd", "add"), "-": ("fsub", "sub"), "*": ("fmul", "mul"), "/": ("fdiv", ""),
    "<": ("fcmp olt", ""), ">": ("fcmp ogt", ""), ">=": ("fcmp oge", ""),
    "==": ("fcmp oeq", ""), "!=": ("fcmp une", ""),
    "<<": ("", "shl"), ">>": ("", "lshr"), "&": ("", "and"), "|": ("", "or"), "^": ("", "xor"),
}  # fmt: skip


class Function(Builder):
    """The body of a vector function, of which there is one for each number of lanes."""

    def __init__(self, name: str, lanes: int, fma: bool) -> None:
        super().__init__()
        self.name, self.lanes, self.fma = name, lanes, fma
        #: The function that computes its rare lanes, as text, if it has any.
        self.rare_lanes = ""

    def type(self, kind: str) -> str:
        """Return the type of a vector with lanes of that kind."""
        return vector(self.lanes, kind)

    def write(self, instruction: str, kind: str) -> Vector:
        """Append an instruction and return its result, a vector with lanes of that kind."""
        return Vector(self, self.let(instruction), kind)

    def vector(self, x: Vector | float, kind: str = "double") -> Vector:
        """Return the vector with a number in every lane; return a vector as it is."""
        if isinstance(x, Vector):
            return x
        literal = number(x) if kind == "double" else str(x)
        return Vector(self, constant(literal, self.lanes, kind), kind)

    def intrinsic(self, name: str, *operands: Vector) -> Vector:
        """Call an intrinsic of LLVM on doubles, such as llvm.sqrt."""
        names = [x.name for x in operands]
        return Vector(self, self.call(f"llvm.{name}.v{self.lanes}f64", names, self.type("double")))


def _operator(sign: str, *, swapped: bool = False) -> Callable[[Vector, Vector | float], Vector]:
    """Return the method that writes an instruction with a vector or a number, as its first operand if swapped."""

    def method(self: Vector, other: Vector | float) -> Vector:
        other = self.function.vector(other, self.kind)
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
        return self._converted("trunc", "i1")

    def bits(self) -> Vector:
        """Return the bits of doubles as integers."""
        return self._converted("bitcast", "i64")

    def double(self) -> Vector:
        """Return the doubles that have these bits."""
        return self._converted("bitcast", "double")

    def _converted(self, instruction: str, kind: str) -> Vector:
        to = self.function.type(kind)
        return self.function.write(f"{instruction} {self._type} {self.name} to {to}", kind)


def select(mask: Vector, yes: Vector | float, no: Vector | float) -> Vector:
    """Return `yes` in the lanes of the mask and `no` in the others."""
    f = mask.function
    a, b = f.vector(yes), f.vector(no)
    type_ = f.type(a.kind)
    return f.write(f"select {f.type('i1')} {mask.name}, {type_} {a.name}, {type_} {b.name}", a.kind)


def _intrinsic(name: str) -> Callable[..., Vector]:
    return lambda x, *others: x.function.intrinsic(name, x, *others)


absolute, sqrt, floor, ceil, trunc = map(_intrinsic, ("fabs", "sqrt", "floor", "ceil", "trunc"))
#: The integer nearest to x, ties to even; and x with the sign of another vector.
nearest, with_sign = _intrinsic("rint"), _intrinsic("copysign")


def fma(x: Vector | float, y: Vector | float, z: Vector | float) -> Vector:
    """Return x * y + z, rounded once with the fma instruction and twice without."""
    f = next(v for v in (x, y, z) if isinstance(v, Vector)).function
    a, b, c = (f.vector(v) for v in (x, y, z))
    return f.intrinsic("fma", a, b, c) if f.fma else a * b + c


def left_to_libm(rare: Vector, result: Vector, *operands: Vector) -> Vector:
    """Return the result of a function, with the lanes of a mask replaced by what libm's function returns.

    The other lanes keep their values, so no lane depends on its neighbors. The replacement is a branch, and so the last
    step of a function.
    """
    f = result.function
    f.rare_lanes = _rare_lanes(f, len(operands))
    double, mask, bits = f.type("double"), f.type("i1"), f"i{f.lanes}"
    given = ", ".join(f"{double} {v.name}" for v in (*operands, result))
    some = f.let(f"icmp ne {bits} {f.let(f'bitcast {mask} {rare.name} to {bits}')}, 0")
    call = f"call {double} @{f.name}.each.v{f.lanes}({given}, {mask} {rare.name})"
    return Vector(f, f.replace(some, result.name, double, lambda: f.let(call)))


def _rare_lanes(f: Function, operands: int) -> str:
    """Return the function that replaces the masked lanes of its last vector, one by one and out of line."""
    w, double, mask, flags = Builder(), f.type("double"), f.type("i1"), f.type("i8")
    given = [f"%{v}" for v in "xy"[:operands]]
    is_rare = w.let(f"zext {mask} %mask to {flags}")

    def lane(i: str, results: list[str]) -> list[str]:
        def replaced() -> str:
            numbers = [w.let(f"extractelement {double} {x}, i64 {i}") for x in given]
            z = w.call(f.name, numbers, "double")
            return w.let(f"insertelement {double} {results[0]}, double {z}, i64 {i}")

        flag = w.let(f"icmp ne i8 {w.let(f'extractelement {flags} {is_rare}, i64 {i}')}, 0")
        return [w.replace(flag, results[0], double, replaced)]

    (result,) = w.loop(f.lanes, lane, double, ["%z"])
    w.do(f"ret {double} {result}")
    f.declarations |= w.declarations
    parameters = ", ".join(f"{double} {x}" for x in (*given, "%z"))
    return w.define(
        f"define internal {double} @{f.name}.each.v{f.lanes}({parameters}, {mask} %mask) noinline cold"
    )


def vector_function(
    name: str, meaning: Callable[..., Vector], lanes: int, *, fma: bool
) -> tuple[str, set[str]]:
    """Return the text of `@{name}.v{lanes}`, which computes `meaning` of its vectors, and what it needs declared."""
    f = Function(name, lanes, fma)
    double = f.type("double")
    parameters = [f"%{v}" for v in "xy"[: len(TABLE[name].operands)]]
    f.do(f"ret {double} {meaning(*[Vector(f, x) for x in parameters]).name}")
    given = ", ".join(f"{double} {x}" for x in parameters)
    return f.rare_lanes + f.define(
        f"define internal {double} @{name}.v{lanes}({given})"
    ), f.declarations
