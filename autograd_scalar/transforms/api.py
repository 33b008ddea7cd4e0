"""Transforms of functions: gradient, grad, value_and_grad, jacobian, hessian, jvp, vjp, hvp.

Floats in, floats out. Values in, Values out, which can be differentiated again. Both come from the same graph: the
local derivatives of a node are its recorded floats, or its row's text evaluated over Values, which extends the graph.

`primals` and `tangents` are tuples with one entry for each argument of f; anything but a tuple is a single argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, SupportsIndex

from autograd_scalar import functions, pytree
from autograd_scalar.node import modes
from autograd_scalar.node.hooks import on_opaque, read_silently
from autograd_scalar.node.shared import operands_of
from autograd_scalar.ops.evaluate import CALLS, evaluate
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import TABLE, row_of
from autograd_scalar.transforms.arguments import (
    Call,
    argument_numbers,
    described,
    is_value,
    matching,
    scalar,
)
from autograd_scalar.value import Value, as_value, pull_back, topological_order

_rules: dict[Op, list[Callable[..., Any]]] = {}


def _derivatives(row: Op) -> list[Callable[..., Any]]:
    """Return a row's partial derivatives as functions of its value and operands, over Values."""
    if row not in _rules:
        from ast import unparse  # with the parser of rows, not needed to import the package

        names = ", ".join(row.operands)
        called = {name: getattr(functions, name) for name in row.calls if name in TABLE}
        _rules[row] = [
            # The filename marks the code as ours: searches for the user's line skip it.
            eval(
                compile(
                    f"lambda z, {names}: {unparse(tree)}",
                    f"<autograd_scalar {row.name}>",
                    "eval",
                ),
                called,
            )
            for tree in row.partial_trees
        ]
    return _rules[row]


def _recorded_partials(
    v: Value, needed: set[Value], create_graph: bool
) -> Iterator[tuple[Value, Any]]:
    """Yield each needed parent with the derivative with respect to it: a Value, or a float if the row gives one."""
    if v.op in CALLS:
        recording = modes.recording.set(True)  # derivatives are recorded even inside no_grad()
        try:
            inputs = [+parent for parent in v.parents]  # copies: parents may depend on each other
            derivatives = _pull_back({CALLS[v.op].replay(*inputs): 1.0}, inputs, create_graph=True)
        finally:
            modes.recording.reset(recording)
        yield from zip(v.parents, derivatives, strict=True)
        return
    row = row_of(v.op)
    if row.function is not None and not create_graph:  # it may have floats only, which are enough
        on_opaque(row.name)
        partials = evaluate(row.name, *map(read_silently, v.parents))[1]
        pairs = zip(v.parents, partials, strict=True)
        yield from (pair for pair in pairs if pair[0] in needed)
        return
    operands = operands_of(v, v.parents)
    for operand, derivative in zip(operands, _derivatives(row), strict=True):
        if not isinstance(operand, list):
            if operand in needed:
                yield operand, derivative(v, *operands)
            continue
        elements = [
            (parent, derivative(v, *step))
            for parent, step in zip(operand, row.steps(operands), strict=True)
            if parent in needed or row.shares
        ]
        total = functions.sum(partial for _, partial in elements) if row.shares else 1.0
        for parent, partial in elements:
            if parent in needed:
                yield parent, partial / total if row.shares else partial


def _product(a: Any, b: Any) -> Any:
    """Return a * b without making a node that would multiply by one."""
    if type(a) is float and a == 1.0:
        return b
    if type(b) is float and b == 1.0:
        return a
    return a * b


def _dependents(order: Iterable[Value], inputs: Iterable[Value]) -> set[Value]:
    """Return the inputs and every node of a topological order that depends on one of them."""
    needed = set(inputs)
    for v in order:
        if any(parent in needed for parent in v.parents):
            needed.add(v)
    return needed


def _pull_back(seeds: dict[Value, Any], inputs: Sequence[Value], create_graph: bool) -> list[Any]:
    """Return the derivatives of the seeded sum of outputs with respect to the inputs."""
    tracer = modes.tracer.get()
    if not create_graph and tracer is None:
        return pull_back(seeds, inputs)
    order = topological_order(*seeds)
    needed = _dependents(order, inputs)
    cotangents: dict[Value, Any] = dict(seeds)
    for v in reversed(order):
        if v in cotangents and v.parents and v in needed:
            for parent, partial in _recorded_partials(v, needed, create_graph):
                term = _product(cotangents[v], partial)
                cotangents[parent] = cotangents[parent] + term if parent in cotangents else term
    found = [as_value(cotangents.get(x, 0.0)) for x in inputs]
    if create_graph or tracer is None:
        return found
    return [tracer.number(dx + 0.0) for dx in found]  # sums of floats start from 0.0: none is -0.0


def push_forward(
    outputs: Sequence[Any], tangents: dict[Value, Any], create_graph: bool = False
) -> list[Any]:
    """Return the directional derivatives of the outputs, given the tangents of the inputs."""
    order = topological_order(*(y for y in outputs if type(y) is Value))
    needed = _dependents(order, tangents)
    tracer = modes.tracer.get()
    dots: dict[Value, Any] = dict(tangents)
    for v in order:
        if v in dots or v not in needed:
            continue
        partials = (
            _recorded_partials(v, needed, create_graph)
            if create_graph or tracer is not None
            else zip(v.parents, v.partials, strict=True)
        )
        dot: Any = 0.0
        for parent, partial in partials:
            if parent in dots:
                dot = _product(partial, dots[parent]) + dot
        dots[v] = dot
    found = [dots.get(y, 0.0) if type(y) is Value else 0.0 for y in outputs]
    if create_graph:
        return [as_value(dot) for dot in found]
    return found if tracer is None else [tracer.number(as_value(dot)) for dot in found]


def gradient(y: Value, wrt: Any, create_graph: bool = False) -> Any:
    """Return the derivatives of y with respect to a Value, or to each Value in a nest, in a nest of the same shape.

    The derivatives are floats, or with `create_graph` Values that can be differentiated again. No grad changes. The
    derivative with respect to a Value that y does not depend on is 0. Raises TypeError if y or a leaf of `wrt` is not a
    Value.

    >>> x = Value(2.0)
    >>> y = x**4
    >>> dx = gradient(y, x, create_graph=True)
    >>> dx.data, gradient(dx, [x])
    (32.0, [48.0])
    """
    if type(y) is not Value:
        raise TypeError(f"gradient needs a Value to differentiate, got {described(y)}")
    inputs, structure = pytree.flatten(wrt)
    for x, path in zip(inputs, pytree.paths(wrt, "wrt"), strict=True):
        if type(x) is not Value:
            raise TypeError(
                f"gradient differentiates with respect to Values, but {path} is {described(x)}"
            )
        if (tracer := modes.tracer.get()) is not None:
            tracer.differentiates_by(x)
    return pytree.unflatten(structure, _pull_back({y: 1.0}, inputs, create_graph))


def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0
) -> Callable[..., tuple[Any, Any]]:
    """Return a function that takes f's arguments and returns f's value and its gradient.

    `argnums` selects the positional arguments to differentiate with respect to; negative ones count from the end. The
    gradient has the structure of the argument: a number, or containers of numbers. If `argnums` is a
    sequence, it is a tuple with one gradient for each argument.

    The returned function raises TypeError if f does not return one number, or an argument holds anything but numbers.

    >>> value_and_grad(lambda p: p["w"] * p["x"])({"w": 2.0, "x": 5.0})
    (10.0, {'w': 5.0, 'x': 2.0})
    """
    single, numbers = isinstance(argnums, SupportsIndex), argument_numbers(argnums)

    def value_and_grad_f(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        call = Call(f, numbers, args, kwargs)
        y = as_value(scalar(call.output, "grad"))
        grads = call.like_arguments(_pull_back({y: 1.0}, call.inputs, call.create_graph))
        return call.value(), grads[0] if single else tuple(grads)

    return value_and_grad_f


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return a function that takes f's arguments and returns the gradient of f, shaped like the arguments `argnums`.

    It is value_and_grad without the value, and raises TypeError as that does.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    """
    both = value_and_grad(f, argnums)
    return lambda *args, **kwargs: both(*args, **kwargs)[1]


def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return a function that takes f's arguments and returns the Jacobian of f, the derivatives dy_i / dx_j.

    The result has the shape of f's output, in which each number is replaced by its gradient, shaped like the argument
    `argnums`: for a function from lists to lists, a list of rows. If `argnums` is a sequence, each number is replaced
    by a tuple of gradients. Raises TypeError as value_and_grad does.

    >>> jacobian(lambda v: [v[0] * v[1], v[0] + v[1]])([2.0, 3.0])
    [[3.0, 2.0], [1.0, 1.0]]
    """
    single, numbers = isinstance(argnums, SupportsIndex), argument_numbers(argnums)

    def jacobian_f(*args: Any, **kwargs: Any) -> Any:
        if (tracer := modes.tracer.get()) is not None:
            tracer.used_as_array(
                "jacobian"
            )  # of an array: a matrix, not the derivative of each element
        call = Call(f, numbers, args, kwargs)
        rows = []
        for y in call.outputs():
            row = _pull_back({as_value(y): 1.0}, call.inputs, call.create_graph)
            by_argument = call.like_arguments(row)
            rows.append(by_argument[0] if single else tuple(by_argument))
        return call.like_output(rows)

    return jacobian_f


def hessian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return a function that takes f's arguments and returns the Hessian of f, the derivatives d2y / dx_i dx_j.

    f returns one number. The Hessian is the Jacobian of the gradient and shaped as one: for a list of n numbers, n rows
    of n. Raises TypeError as value_and_grad does.

    >>> hessian(lambda v: v[0] ** 2 * v[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    """
    return jacobian(grad(f, argnums), argnums)


def _as_tuple(primals: Any) -> tuple[Any, ...]:
    return primals if type(primals) is tuple else (primals,)


def jvp(f: Callable[..., Any], primals: Any, tangents: Any) -> tuple[Any, Any]:
    """Return f's output and its directional derivative J @ tangents, in one forward pass.

    `primals` are the arguments of f and `tangents` the direction, of the same shape. The derivative has the shape of
    the output. Raises ValueError if the shapes of primals and tangents differ.

    >>> jvp(lambda x, y: [x * y, x + y], (2.0, 3.0), (1.0, 0.0))
    ([6.0, 5.0], [3.0, 1.0])
    """
    primals, tangents = _as_tuple(primals), _as_tuple(tangents)
    call = Call(f, range(len(primals)), primals, {})
    directions = matching(tangents, primals, "tangents", "primals")
    call.create_graph |= any(map(is_value, directions))
    tangent_of = dict(zip(call.inputs, directions, strict=True))
    dots = push_forward(call.outputs(), tangent_of, call.create_graph)
    return call.value(), call.like_output(dots)


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Return f's output and its pullback, the function from cotangents to cotangents @ J.

    The pullback takes cotangents of the shape of the output and returns a tuple with one entry for each primal, shaped
    like it. It raises ValueError if the shapes differ.

    >>> y, pull_back = vjp(lambda x, y: [x * y, x + y], 2.0, 3.0)
    >>> y, pull_back([1.0, 10.0])
    ([6.0, 5.0], (13.0, 12.0))
    """
    call = Call(f, range(len(primals)), primals, {})

    def pull_back(cotangents: Any) -> tuple[Any, ...]:
        seeds: dict[Value, Any] = {}
        given = matching(cotangents, call.output, "cotangents", "the output")
        for y, cotangent in zip(call.outputs(), given, strict=True):
            if type(y) is Value:
                seeds[y] = seeds[y] + cotangent if y in seeds else cotangent
        create_graph = call.create_graph or any(map(is_value, given))
        return tuple(call.like_arguments(_pull_back(seeds, call.inputs, create_graph)))

    return call.value(), pull_back


def hvp(f: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """Return the product H @ tangents of the Hessian of f with a direction, without forming the Hessian.

    It is the directional derivative of the gradient. f returns one number. `tangents` and the result have the shape of
    `primals`: a tuple for a tuple of arguments, else that of the one argument. Raises ValueError if the shapes of
    primals and tangents differ.

    >>> hvp(lambda v: v[0] ** 2 * v[1], [3.0, 5.0], [1.0, 0.0])
    [10.0, 6.0]
    """
    arguments = _as_tuple(primals)
    product = jvp(grad(f, range(len(arguments))), arguments, _as_tuple(tangents))[1]
    return product if type(primals) is tuple else product[0]
