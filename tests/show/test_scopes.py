"""Scopes: the neuron and the layer of each value."""

from __future__ import annotations

import pytest

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
    scope = scopes_in(p * q + p**2, None)
    of = {v.op: s for v, s in scope.items()}
    assert of["mul"] == () and of["pow_const"] == ("a",) and of["add"] == ()


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
