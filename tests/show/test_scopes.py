"""Scopes: the neuron and the layer of each value."""

from __future__ import annotations

import random

import pytest

import autograd_scalar as ag
from autograd_scalar import Value, nn, topological_order
from autograd_scalar.show.graph.scopes import layer_of, names_of, scopes_of, split_name


@pytest.mark.parametrize(
    "name, scope, last",
    [
        ("layers.0.neurons.3.w.1", ("layers.0", "neurons.3"), "w.1"),
        ("layer0.neuron1.w2", ("layer0", "neuron1"), "w2"),
        ("0.w.0.1", ("0",), "w.0.1"),
        ("w", (), "w"),
        ("0.5", (), "0.5"),
        ("a<b>.c", (), "a<b>.c"),
        ("end.", (), "end."),
    ],
)
def test_names_split_into_scope_and_rest(name, scope, last):
    assert split_name(name) == (scope, last)


@pytest.mark.parametrize(
    "name, layer", [("layers.0.neurons.3.w.1", "layers.0"), ("0.w.1", "0"), ("b", "b")]
)
def test_layer_of_a_name(name, layer):
    assert layer_of(name) == layer


def scopes_in(v, names):
    order = topological_order(v)
    return dict(zip(order, scopes_of(order, names_of(names)), strict=True))


def test_a_neurons_operations_are_in_its_scope_and_the_loss_is_not():
    model = nn.MLP(2, [2, 1], activation="leaky_relu", seed=0)
    x = [Value(1.0), Value(2.0)]
    y = model(x)
    loss = (y - 1.0) ** 2
    scope = scopes_in(loss, model)
    assert scope[x[0]] == scope[loss] == scope[loss.parents[0]] == ()
    assert scope[y] == ("layers.1", "neurons.0")
    hidden = [v for v in scope if v.op == "leaky_relu"]
    assert [scope[v] for v in hidden] == [("layers.0", f"neurons.{i}") for i in range(2)]
    # The default slope of leaky_relu belongs to the neuron, the target does not.
    assert all(scope[v.parents[1]] == scope[v] for v in hidden)
    assert scope[loss.parents[0].parents[1]] == ()


def test_products_and_sums_of_a_neurons_parameters_are_in_its_scope():
    w = [Value(0.5, f"cell.w{i}") for i in range(2)]
    x = [Value(1.0, "x1"), Value(2.0, "x2")]
    z = w[0] * x[0] + w[1] * x[1]
    scope = scopes_in(z.tanh() * 3.0, None)
    assert scope[z] == scope[z.parents[0]] == ("cell",)
    assert [s for v, s in scope.items() if v.op == "tanh"] == [("cell",)]
    assert [s for v, s in scope.items() if v.data == 3.0] == [()]


def test_an_operation_on_two_scopes_is_in_neither():
    p, q = Value(1.0, "a.w"), Value(2.0, "b.w")
    scope = scopes_in(p * q + p.maximum(Value(3.0, "x")), None)
    of = {v.op: s for v, s in scope.items()}
    assert of["mul"] == () and of["maximum"] == ("a",) and of["add"] == ()


# ----- the nodes that a module made -----

LOSSES = {
    "bce": lambda y: nn.binary_cross_entropy([y], [0]),
    "mse": lambda y: nn.mse([y], [1.0]),
    "hinge": lambda y: nn.hinge([y], [1]),
    "tanh": lambda y: y.tanh(),
    "tanh of the same": lambda y: y.tanh().tanh(),
    "abs": abs,
    "negative": lambda y: -y,
    "scaled": lambda y: y * 0.5 + 1.0,
    "squared": lambda y: y * y,
}


class Line(nn.Module):
    """A module of the user's own, without an activation."""

    def __init__(self):
        self.slope, self.start = Value(2.0), Value(1.0)

    def __call__(self, x):
        return 0.5 * self.slope * x + self.start


class Bent(Line):
    """One with an activation, and a constant after it."""

    def __call__(self, x):
        return super().__call__(x).sigmoid() * 2.0 - 1.0


class Sums(nn.Module):
    """One that sums products, as in micrograd."""

    def __init__(self):
        self.w, self.b = [Value(0.5), Value(-0.25), Value(0.125)], Value(0.1)

    def __call__(self, x):
        return sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b).relu()


class Shift(nn.Module):
    """One that draws random numbers: no call repeats another."""

    def __init__(self):
        self.by = Value(0.5)
        self.calls = 0

    def __call__(self, x):
        self.calls += 1
        return x + self.by * random.random()


def one_input(module):
    return lambda: module(Value(0.3, "x"))


def three_inputs(module):
    return lambda: module([Value(0.3), Value(0.4), Value(0.5)])


class Holder(nn.Module):
    """A module whose only part is `inner`, so that its parameters have dotted names."""

    def __init__(self, inner):
        self.inner = inner


CALLS = {
    "linear neuron": (nn.Neuron(3, nonlin=False, seed=0), three_inputs),
    "tanh neuron": (nn.Neuron(3, activation="tanh", seed=0), three_inputs),
    "neuron with a function": (nn.Neuron(3, activation=lambda z: z * z.sigmoid(), seed=0), three_inputs),
    "leaky neuron": (nn.Neuron(3, activation="leaky_relu", seed=0), three_inputs),
    "Linear": (nn.Linear(3, 1, seed=0), lambda m: lambda: m([0.3, 0.4, 0.5])[0]),
    "Linear without bias": (nn.Linear(3, 2, bias=False, seed=0), lambda m: lambda: m([0.3, 0.4, 0.5])[1]),
    "line": (Line(), one_input),
    "bent": (Bent(), one_input),
    "sums": (Sums(), three_inputs),
    "sums of numbers": (Sums(), lambda m: lambda: m([0.3, 0.4, 0.5])),
}  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("module, call", CALLS.values(), ids=CALLS)
def test_a_scope_has_the_nodes_that_its_module_made_and_no_others(module, call, loss):
    model = Holder(module)
    y = call(module)()
    made = {v for v in topological_order(y) if v.op}
    penalty = 0.01 * ag.sum([p * p for p in model.parameters()])
    scope = scopes_in(loss(y) + penalty, model)
    assert {v for v, s in scope.items() if v.op and s == ("inner",)} == made
    assert all(scope[p] == ("inner",) for p in model.parameters())


@pytest.mark.parametrize("module, call", CALLS.values(), ids=CALLS)
def test_two_calls_of_one_module_are_in_its_scope_and_what_combines_them_is_not(module, call):
    first, second = call(module)(), call(module)()
    scope = scopes_in((first - second) * (first + second), Holder(module))
    for y in (first, second):
        assert all(scope[v] == ("inner",) for v in topological_order(y) if v.op)
    assert {v.op for v, s in scope.items() if v.op and not s} == {"sub", "add", "mul"}


def test_two_modules_that_share_a_weight_have_their_own_nodes():
    a, b = nn.Neuron(1, activation="tanh", seed=0), nn.Neuron(1, activation="sigmoid", seed=1)
    b.w = a.w
    hidden = a([Value(0.5)])
    y = b([hidden])
    scope = scopes_in(y * 2.0, Holder([a, b]))
    assert scope[hidden] == scope[hidden.parents[0]] == ("inner.0",)
    assert scope[y] == scope[y.parents[0]] == ("inner.1",)


def test_an_activation_between_layers_is_in_neither():
    net = nn.Sequential(nn.Linear(2, 2, seed=0), "tanh", nn.Linear(2, 1, seed=1))
    scope = scopes_in(net([0.1, 0.2])[0], net)
    assert [s for v, s in scope.items() if v.op == "dot"] == [("modules.0",)] * 2 + [("modules.2",)]
    assert {s for v, s in scope.items() if v.op == "tanh"} == {()}


def test_a_module_that_does_not_repeat_itself_has_the_operations_on_its_parameters():
    module = Shift()
    y = module(Value(1.0, "x"))
    scope = scopes_in(y.tanh(), Holder(module))
    assert [v.op for v, s in scope.items() if v.op and s] == ["mul"]


def test_looking_for_calls_leaves_random_numbers_as_they_come():
    module = Shift()
    y = module(Value(1.0, "x"))
    state = random.getstate()
    scopes_in(y, Holder(module))
    assert module.calls > 1 and random.getstate() == state


def test_a_module_is_looked_for_in_any_block():
    model = Holder(nn.Neuron(1, activation="tanh", seed=0))
    y = model.inner([Value(2.0)])
    with ag.no_grad(), ag.detect_anomaly():
        assert scopes_in(y, model)[y] == ("inner",)


def test_modules_in_dictionaries_are_found_and_other_objects_have_none():
    cell = nn.Neuron(1, seed=0)
    assert names_of(Holder({"cell": cell, "w": Value(1.0)})).modules == {("inner", "cell"): cell}
    assert names_of({"a.w": Value(1.0)}).modules == names_of(None).modules == {}


def test_names_come_from_modules_and_mappings():
    x = Value(1.0)
    assert names_of(None) == {}
    assert names_of({"x": x}) == {x: "x"}
    neuron = nn.Neuron(1, seed=0)
    assert names_of(neuron) == {neuron.w[0]: "w.0", neuron.b: "b"}


@pytest.mark.parametrize("names", [3, ["x"], "x"])
def test_objects_without_names_raise_type_error(names):
    with pytest.raises(TypeError, match="a module or a mapping from names to Values, got"):
        names_of(names)


def test_a_mapping_from_values_to_names_raises_type_error():
    with pytest.raises(TypeError, match=r"must map str to Value, got Value\(.*: str"):
        names_of({Value(1.0): "x"})
