"""Random programs: a compiled function, calls of it with arguments of many types, and changes between the calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from random_programs.captured import KINDS, Captured
from random_programs.choices import Choices

from autograd_scalar.compiler.backends.llvm import target

NUMBERS = (1.0, 2.0, 0.5, -1.0, 0.25, 3.0, -0.5, 1.5, 0.0, -2.0, 0.1, 0.7, -0.3, 1e-3, 10.0)
#: Functions of one number that are defined everywhere.
SMOOTH = (
    *(
        "tanh",
        "sin",
        "cos",
        "exp",
        "sigmoid",
        "relu",
        "abs",
        "softplus",
        "atan",
        "erf",
        "floor",
        "sign",
    ),
    *("gelu", "expm1", "cbrt", "sinh", "ceil", "step", "elu"),
)
BACKENDS = ("python", "llvm") if target.is_there() else ("python",)
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")

HEADER = """\
import array, collections, contextvars, dataclasses, functools, itertools, math, operator, os, random, types, weakref
import numpy as np
import autograd_scalar as ag

R = collections.namedtuple("R", "p q")
"""
#: What a program pasted elsewhere needs besides.
PASTED = """\
jit = functools.partial(ag.jit, check=True)

def call(f, *args, **kwargs):
    try:
        return f(*args, **kwargs)
    except ag.JitError as refusal:
        print("refused:", refusal)

def backward(results):
    for v in ag.pytree.leaves(results):
        if isinstance(v, ag.Value):
            v.backward()
"""

#: Expressions over {x} and {y}, the simplest first.
ARITHMETIC = (
    *(
        "{x} + {y}",
        "{x} - {y}",
        "{x} * {y}",
        "{x} / (1.5 + abs({y}))",
        "-{x}",
        "+{x}",
        "{x} * {n}",
        "{n} - {x}",
    ),
    *(
        "{x} ** 2",
        "{x} ** 3",
        "abs({x}) ** 0.5",
        "(abs({x}) + 0.5) ** {y}",
        "2.0 ** {x}",
        "abs({x})",
    ),
    *("{x} % 2.0", "{x} // 0.5", "{n} / (2.0 + {x} * {x})", "{x} * {x}", "{x} - {x}", "0.0 * {x}"),
)
FUNCTIONS = (
    *(
        "ag.maximum({x}, {y})",
        "ag.minimum({x}, {n})",
        "ag.where({x}, {y}, {n})",
        "ag.clip({x}, -1.0, 1.0)",
    ),
    *(
        "ag.log(abs({x}) + 0.1)",
        "ag.sqrt(abs({x}) + 0.1)",
        "ag.hypot({x}, {y})",
        "ag.atan2({x}, {y})",
    ),
    *(
        "ag.logaddexp({x}, {y})",
        "ag.leaky_relu({x})",
        "ag.log1p(abs({x}))",
        "ag.sum([{x}, {y}, {x}])",
    ),
    *(
        "ag.dot([{x}, {n}], [{y}, {x}])",
        "ag.mean([{x}, {y}])",
        "ag.softmax([{x}, {y}])[1]",
        "ag.logsumexp([{x}, {y}])",
    ),
    *("ag.pow(abs({x}) + 0.1, {y})", "ag.log10(abs({x}) + 1.0)"),
)
PYTHON = (
    *(
        "max({x}, {y})",
        "min({x}, {n})",
        "sum([{x}, {y}])",
        "[{x}, {y}][0]",
        "({x}, {y})[1]",
        '{{"a": {x}}}["a"]',
    ),
    *(
        "(lambda t: t * {y})({x})",
        "sorted([{x}, {y}])[0]",
        "sum(t * t for t in ({x}, {y}))",
        "[*map(abs, [{x}])][0]",
    ),
    *(
        "next(iter([{x}, {y}]))",
        "dict(a={x}, b={y})['b']",
        "math.prod([{x}, {y}])",
        "functools.reduce(max, [{x}, {y}])",
    ),
    *(
        "operator.mul({x}, {y})",
        "np.maximum({x}, {y}) + 0.0",
        "np.sin({x})",
        "({x} and {y})",
        "({x} or {y})",
    ),
    *(
        "sum((np.array([{x}, {y}], dtype=object) * 2.0).tolist())",
        "(np.array([{x}, {y}], dtype=object) @ np.array([1.0, 2.0]))",
    ),
    *("float({n}) * {x}", "len([{x}]) * {y}", "bool({x}) * {y}", "({x} in [{x}, {n}]) * {y}"),
)
#: Derivatives taken by the function itself, of {t}, which depends on t, and {s}, which depends on v[0] and v[1].
DERIVATIVES = (
    *(
        "ag.grad(lambda t: {t})({x})",
        "ag.value_and_grad(lambda t: {t})({x})[1]",
        "ag.value_and_grad(lambda t: {t})({x})[0]",
    ),
    *("ag.grad(ag.grad(lambda t: {t}))({x})", "ag.hessian(lambda v: {s})([{x}, {y}])[0][1]"),
    *(
        "ag.jacobian(lambda v: [{s}, v[0] * v[1]])([{x}, {y}])[0][1]",
        "ag.grad(lambda t, u: {t} * u, argnums=1)({x}, {y})",
    ),
    *(
        "ag.jvp(lambda t: {t}, {x}, 1.0)[1]",
        "ag.grad(lambda v: {s})([{x}, {y}])[0]",
        "sum(ag.grad(lambda v: {s})([{x}, {y}]))",
    ),
    *("ag.vjp(lambda t: {t}, {x})[0]", "ag.hvp(lambda v: {s}, [{x}, {y}], [1.0, 0.5])[0]"),
)
STATEMENTS = (
    ("assign", 8), ("augment", 4), ("branch", 4), ("loop", 3), ("while_", 2), ("local_list", 2), ("inner_function", 2),
    ("early_return", 2), ("try_", 1), ("unpack", 1), ("fail", 1), ("no_grad", 1), ("effect", 1), ("local_dict", 1),
    ("match_", 1),
)  # fmt: skip


class Generator:
    """The text of one program, made by choices."""

    def __init__(self, choices: Choices) -> None:
        self.c = choices
        self._captured: list[Captured] = []
        #: Names of scalars and of lists that the code being written can read.
        self._scalars: list[str] = []
        self._lists: list[str] = []
        self._names = 0
        self._globals: set[str] = set()
        self._has_effects = False

    def program(self) -> str:
        """Return the text: imports, captured objects, the function, calls and changes."""
        self._captured = self.c.some(KINDS, most=3)
        self._has_effects = self.c.flag(10)
        lines = [self._filled(kind.made, 0) for kind in self._captured]
        lines += self._function()
        for _ in range(1 + self.c.below(6)):
            lines += self._step()
        return "\n".join(lines) + "\n"

    # ----- numbers and names -----

    def _number(self) -> str:
        return repr(self.c.pick(NUMBERS))

    def _new_name(self, prefix: str) -> str:
        self._names += 1
        return f"{prefix}{self._names}"

    def _filled(self, text: str, depth: int) -> str:
        """Return a text with its fields filled by expressions and numbers."""
        fields = {}
        for field in ("x", "y"):
            if f"{{{field}}}" in text:
                fields[field] = self._scalar(depth - 1)
        for field in ("n", "m"):
            if f"{{{field}}}" in text:
                fields[field] = self._number()
        if "{t}" in text:
            with self._scope("t"):
                fields["t"] = f"({self._scalar(depth - 1)}) * t"
        if "{s}" in text:
            with self._scope("v[0]", "v[1]"):
                fields["s"] = f"({self._scalar(depth - 1)}) * v[0] + v[1]"
        return text.format(**fields)

    @contextmanager
    def _scope(self, *names: str) -> Iterator[None]:
        """Return a context in which further scalars can be read; those that it makes are forgotten."""
        scalars, lists = [*self._scalars], [*self._lists]
        self._scalars += names
        yield
        self._scalars, self._lists = scalars, lists

    # ----- expressions -----

    def _scalar(self, depth: int) -> str:
        """Return an expression whose value is a number or a Value."""
        kind = self.c.below(14 if depth > 0 else 4)
        if kind in (0, 1) and self._scalars:
            return self._scalars[-1 - self.c.below(len(self._scalars))]
        if kind == 2 and self._lists:
            return self.c.pick(("{0}[0]", "sum({0})", "{0}[-1]", "len({0}) * 0.5")).format(
                self.c.pick(self._lists)
            )
        if kind in (3, 4, 5) and self._captured:
            return f"({self._filled(self.c.pick(self.c.pick(self._captured).reads), depth)})"
        if kind in (6, 7, 8):
            return f"({self._filled(self.c.pick(ARITHMETIC), depth)})"
        if kind == 9:
            return f"ag.{self.c.pick(SMOOTH)}({self._scalar(depth - 1)})"
        if kind == 10:
            return self._filled(self.c.pick(FUNCTIONS), depth)
        if kind == 11:
            return f"({self._filled(self.c.pick(PYTHON), depth)})"
        if kind == 12:
            return f"({self._scalar(depth - 1)} if {self._condition(depth - 1)} else {self._scalar(depth - 1)})"
        if kind == 13:
            return self._filled(self.c.pick(DERIVATIVES), depth)
        return self._number()

    def _condition(self, depth: int) -> str:
        a, b = self._scalar(depth), self._scalar(0) if self.c.flag(50) else self._number()
        text = f"{a} {self.c.pick(COMPARISONS)} {b}"
        if self.c.flag(15):
            text = self.c.pick(("not ({})", "{} and True", "-1.0 < {}", "({}) == True")).format(
                text
            )
        return text

    # ----- the function -----

    def _function(self) -> list[str]:
        """Return the definition of f, compiled, within a factory or not."""
        self._container = self.c.pick((None, "list", "dict", "tuple", "nested"))
        self._is_closure = self.c.flag(35)
        parameters = ["x", "y"]
        self._scalars = ["x", "y"]
        if self._container:
            parameters.append("z")
            self._scalars.append(
                {"dict": 'z["a"]', "nested": 'z["a"][0]'}.get(self._container, "z[0]")
            )
            if self._container in ("list", "tuple"):
                self._lists.append("z")
        if self.c.flag(20):
            parameters.append("k=0.5")
            self._scalars.append("k")
        if self._is_closure:
            self._scalars += ["local", "shared[0]", "boxed.k"]
        body = self._block(1 + self.c.below(4), 3)
        body.append(f"return {self._result()}")
        body = [f"global {name}" for name in sorted(self._globals)] + body
        backend = self.c.pick(BACKENDS)
        lines = [f"def f({', '.join(parameters)}):", *_indented(body)]
        self._lists = []
        if self._is_closure:
            lines = [
                "def make():",
                "    local, shared, boxed = 0.5, [1.0, 2.0], types.SimpleNamespace(k=2.0)",
                "    def set_local(value):",
                "        nonlocal local",
                "        local = value",
                *_indented(lines),
                "    return f, set_local, shared, boxed",
                "f, set_local, shared, boxed = make()",
            ]
        return [*lines, f'f = jit(f, backend="{backend}")']

    def _block(self, statements: int, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(statements):
            kinds = [kind for kind, weight in STATEMENTS for _ in range(weight)]
            lines += getattr(self, f"_{self.c.pick(kinds)}")(depth)
        return lines or ["pass"]

    def _nested(self, depth: int, *names: str) -> list[str]:
        """Return an indented block; names that it makes may be unbound after it, and are not read there."""
        with self._scope(*names):
            return _indented(
                self._block(1 + self.c.below(2), depth - 1) if depth > 0 else self._assign(0)
            )

    def _assign(self, depth: int) -> list[str]:
        name, value = self._new_name("a"), self._scalar(depth)
        self._scalars.append(name)
        return [f"{name} = {value}"]

    def _variables(self) -> list[str]:
        return [name for name in self._scalars if name[0] == "a"]

    def _augment(self, depth: int) -> list[str]:
        if not (names := self._variables()):
            return self._assign(depth)
        return [f"{self.c.pick(names)} {self.c.pick(('+=', '*=', '-='))} {self._scalar(depth)}"]

    def _branch(self, depth: int) -> list[str]:
        lines = [f"if {self._condition(depth - 1)}:", *self._nested(depth)]
        if self.c.flag(60):
            lines += ["else:", *self._nested(depth)]
        return lines

    def _loop(self, depth: int) -> list[str]:
        lists = [*self._lists, "range(3)", "(0.5, 1.5)", "range(5)"]
        lines = self._assign(0)
        name, total = self._new_name("i"), self._scalars[-1]
        lines += [f"for {name} in {self.c.pick(lists)}:", *self._nested(depth, name)]
        return [*lines, f"    {total} = {total} * 0.5 + {name}"]

    def _while_(self, depth: int) -> list[str]:
        lines, name = self._assign(0), self._new_name("n")
        value = self._scalars[-1]
        return [
            *lines,
            f"{name} = 0",
            f"while {value} < {self._number()} and {name} < 4:",
            f"    {value} = {value} * 1.5 + {self._scalar(depth - 1)}",
            f"    {name} += 1",
        ]

    def _local_list(self, depth: int) -> list[str]:
        name = self._new_name("items")
        lines = [f"{name} = [{self._scalar(depth - 1)}, {self._scalar(0)}]"]
        for _ in range(self.c.below(3)):
            change = self.c.pick(
                (
                    "{0}.append({1})",
                    "{0}[0] = {1}",
                    "{0}[1] += {1}",
                    "{0}.insert(0, {1})",
                    "{0} = {0} + [{1}]",
                )
            )
            lines.append(change.format(name, self._scalar(depth - 1)))
        self._lists.append(name)
        return lines

    def _local_dict(self, depth: int) -> list[str]:
        name = self._new_name("d")
        lines = [
            f'{name} = {{"p": {self._scalar(depth - 1)}}}',
            f'{name}["q"] = {self._scalar(depth - 1)}',
        ]
        self._scalars += [f'{name}["p"]', f"sum({name}.values())"]
        return lines

    def _inner_function(self, depth: int) -> list[str]:
        name, parameter = self._new_name("g"), self._new_name("p")
        with self._scope(parameter):
            value = self._scalar(depth)
        self._scalars.append(f"{name}({self._scalar(0)})")
        decorator = ["@jit"] if self.c.flag(15) else []
        return [*decorator, f"def {name}({parameter}): return {value}"]

    def _early_return(self, depth: int) -> list[str]:
        return [f"if {self._condition(depth - 1)}:", f"    return {self._result()}"]

    def _try_(self, depth: int) -> list[str]:
        name = self._new_name("a")
        risky = ['{"a": x}["b"]', "[x][3]", "missing_name", "x.missing", "(x, y)[0]"]
        error = self.c.pick(("Exception", "(LookupError, NameError, AttributeError)"))
        lines = [
            "try:",
            f"    {name} = {self.c.pick(risky)}",
            f"except {error}:",
            f"    {name} = {self._scalar(depth - 1)}",
        ]
        self._scalars.append(name)
        return lines

    def _unpack(self, depth: int) -> list[str]:
        a, b = self._new_name("a"), self._new_name("a")
        lines = [
            f"{a}, {b} = {self._scalar(depth - 1)}, {self._scalar(depth - 1)}",
            f"{a}, {b} = {b}, {a}",
        ]
        self._scalars += [a, b]
        return lines

    def _fail(self, depth: int) -> list[str]:
        error = self.c.pick(
            ('ValueError("too large")', "KeyError(3)", "StopIteration", "ZeroDivisionError")
        )
        return [f"if {self._scalar(depth - 1)} > 1.9:", f"    raise {error}"]

    def _no_grad(self, depth: int) -> list[str]:
        name = self._new_name("a")
        lines = ["with ag.no_grad():", f"    {name} = {self._scalar(depth - 1)}"]
        self._scalars.append(name)
        return lines

    def _match_(self, depth: int) -> list[str]:
        name = self._new_name("a")
        lines = [
            f"match {self._scalar(depth - 1)}:",
            f"    case {self.c.pick(('0.0', '1.0', '0.5'))}:",
        ]
        lines += [
            f"        {name} = {self._scalar(depth - 1)}",
            "    case _:",
            f"        {name} = {self._scalar(0)}",
        ]
        self._scalars.append(name)
        return lines

    def _effect(self, depth: int) -> list[str]:
        effects = [effect for kind in self._captured for effect in kind.effects]
        if self._is_closure:
            effects += ["shared.append({x})", "boxed.k = {x}", "shared[0] = {n}", "boxed.new = 1.0"]
        if self._container in ("list", "nested"):
            effects += ["z[0] = {x}" if self._container == "list" else 'z["a"].append({x})']
        if not self._has_effects or not effects:
            return self._assign(depth)
        scope, _, effect = self._filled(self.c.pick(effects), 1).rpartition("; ")
        self._globals |= {*scope.split()[1:]}
        return [effect]

    def _result(self) -> str:
        form = self.c.pick((
            *("{0}", "{0}", "{0}", "({0}, {1})", "[{0}, {1}]", '{{"u": {0}, "v": {1}}}', '{{"u": [{0}, ({1},)]}}'),
            *("({0}, 2.0)", '({0}, "text", None)', "[{0}, [{1}]]", "collections.OrderedDict(b={0}, a={1})"),
            *("R({0}, {1})", "({0}, 3, True)", "[]", "None", "np.array([1.0, 2.0])"),
            *("collections.deque([{0}])", "({0}, {0})"),
        ))  # fmt: skip
        results = [self._scalar(1), self._scalar(2)]
        if not self.c.flag(20):
            results[0] = f"{results[0]} + {self.c.pick(('x', 'y', 'x * y'))}"
        if self._lists and self.c.flag(10):
            results[1] = self.c.pick(self._lists)
        return form.format(*results)

    # ----- calls and changes -----

    def _step(self) -> list[str]:
        """Return a change, or none, and a call."""
        lines = []
        changes = [change for kind in self._captured for change in kind.changes]
        if self._is_closure:
            changes += [
                "set_local({n})",
                "shared[0] = {n}",
                "shared.append({n})",
                "boxed.k = {n}",
                "boxed = None",
                "set_local(3)",
            ]
        if changes and self.c.flag(70):
            lines.append(self._filled(self.c.pick(changes), 0))
        if self.c.flag(10):
            return [*lines, *self._mapped_call()]
        arguments = [self._argument(), self._argument()]
        if self._container:
            a, b = self._argument(), self._argument()
            arguments.append({
                "list": f"[{a}, {b}]", "tuple": f"({a}, {b})", "dict": f'{{"a": {a}, "b": {b}}}',
                "nested": f'{{"a": [{a}], "b": ({b}, 1)}}',
            }[self._container])  # fmt: skip
        if self.c.flag(8):
            arguments[1] = f"y={arguments[1]}"
            arguments[2:] = [f"z={a}" for a in arguments[2:]]
        lines.append(f"result = call(f, {', '.join(arguments)})")
        if self.c.flag(30):
            lines.append("backward(result)")
        return lines

    def _argument(self) -> str:
        number = self._number()
        captured = [
            name
            for name in ("w", "weights[0]")
            if any(k.made.startswith(name.partition("[")[0] + " =") for k in self._captured)
        ]
        forms = [
            "{0}",
            "{0}",
            "ag.Value({0})",
            "{0}",
            "ag.Value({0})",
            "np.float64({0})",
            "2",
            "1",
            "True",
        ]
        forms += ["2.0 * ag.Value({0})", "-0.0", "0.0", *captured]
        return self.c.pick(forms).format(number)

    def _mapped_call(self) -> list[str]:
        """Return calls with arrays: broadcast, by rows, and bound to a kernel."""
        array = f"np.array([{', '.join(self._number() for _ in range(3))}])"
        other = self.c.pick((self._number(), array))
        third = {
            None: "", "list": ", [1.0, 0.5]", "tuple": ", (1.0, 0.5)", "dict": ', {"a": 1.0, "b": 0.5}',
            "nested": ', {"a": [1.0], "b": (0.5, 1)}',
        }[self._container]  # fmt: skip
        kind = self.c.below(3)
        if kind == 0:
            return ["with ag.no_grad():", f"    arrays = call(f, {array}, {other}{third})"]
        lines = [f'total = jit(f.__wrapped__, rows=0, reduce="{self.c.pick(("sum", "mean"))}")']
        lines.append(f"result = call(total, {array}, {self._number()}{third})")
        if kind == 2 and not third:
            lines += [
                f"kernel = call(total.kernel, {array}, {self._number()})",
                "kernel and call(kernel)",
            ]
        return lines


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for text in lines for line in text.split("\n")]
