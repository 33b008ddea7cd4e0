"""Neuron, Layer and MLP: agreement with micrograd, activations, bad arguments."""

from __future__ import annotations

import copy
import pickle
import random

import numpy as np
import pytest

import autograd_scalar as ag
from autograd_scalar import Value, nn

micrograd_nn = pytest.importorskip("micrograd.nn")
micrograd = pytest.importorskip("micrograd.engine")


def demo_losses(model, value, X, y, steps):
    """The loop of micrograd's demo notebook."""
    losses = []
    for k in range(steps):
        inputs = [list(map(value, row)) for row in X]
        scores = list(map(model, inputs))
        margins = [(1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)]
        data_loss = sum(margins) * (1.0 / len(margins))
        total = data_loss + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * p.grad
        losses.append(total.data)
    return losses


@pytest.mark.slow
def test_the_demo_has_the_losses_of_micrograd():
    X, y = ag.data.moons(20, noise=0.1, seed=3).signed()
    losses = []
    for module, value in ((nn, Value), (micrograd_nn, micrograd.Value)):
        random.seed(1337)
        losses.append(demo_losses(module.MLP(2, [8, 8, 1]), value, X, y, 8))
    assert (
        losses[0][0] == losses[1][0]
    )  # later ones differ: micrograd adds gradients in the order of its sets
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)


def test_weights_are_drawn_in_the_order_of_micrograd():
    drawn = []
    for module in (nn, micrograd_nn):
        random.seed(7)
        drawn.append([p.data for p in module.MLP(3, [4, 2]).parameters()])
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("make", [lambda m: m.Neuron(3, nonlin=False), lambda m: m.MLP(2, [3, 1])])
def test_repr_is_that_of_micrograd(make):
    assert repr(make(nn)) == repr(make(micrograd_nn))


def test_a_seeded_net_does_not_depend_on_the_global_generator():
    nets = []
    for other in (1, 2):
        random.seed(other)
        before = random.getstate()
        nets.append(nn.MLP(2, [4, 1], seed=5).state_dict())
        assert random.getstate() == before
    assert nets[0] == nets[1]
    assert nets[0] != nn.MLP(2, [4, 1], seed=6).state_dict()


def test_neurons_of_a_seeded_layer_differ():
    weights = [tuple(w.data for w in neuron.w) for neuron in nn.Layer(2, 5, seed=0).neurons]
    assert len(set(weights)) == 5


def test_a_neuron_adds_a_dot_and_an_activation():
    out = nn.Neuron(3, activation="tanh", seed=0)([1.0, 2.0, 3.0])
    assert (out.op, out.parents[0].op) == ("tanh", "dot")
    assert len(ag.topological_order(out)) == 3 + 3 + 1 + 2


def test_the_sum_starts_with_the_bias_from_left_to_right():
    n = nn.Neuron(3, nonlin=False)
    for p, data in zip(n.parameters(), [1.0, 1.0, 1.0, 0.1], strict=True):
        p.data = data
    x = [0.2, 1e16, -1e16]
    assert n(x).data == ((0.1 + 0.2) + 1e16) - 1e16
    assert n(x).data != 0.1 + (0.2 + (1e16 - 1e16))


@pytest.mark.parametrize(
    "x", [[1, 2.0], (1.0, 2.0), np.array([1.0, 2.0]), [Value(1.0), np.float64(2.0)]]
)
def test_inputs_may_be_lists_tuples_arrays_and_values(x):
    model = nn.MLP(2, [3, 1], seed=0)
    assert model(x).data == model([1.0, 2.0]).data


def test_the_neurons_of_a_layer_share_its_constants():
    outputs = nn.Layer(1, 4, seed=0)([0.5])
    inputs = {id(v) for out in outputs for v in ag.topological_order(out) if v.data == 0.5}
    assert len(inputs) == 1


def test_layers_of_one_neuron_can_be_chained():
    assert isinstance(nn.MLP(2, [1, 1], seed=0)([1.0, 2.0]), Value)


def test_a_layer_returns_a_list_or_a_bare_value():
    assert len(nn.Layer(2, 3)([1.0, 2.0])) == 3
    assert isinstance(nn.Layer(2, 1)([1.0, 2.0]), Value)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "leaky_relu", "elu", "gelu", "softplus"])
def test_an_activation_by_name_is_the_operation(name):
    n = nn.Neuron(2, activation=name, seed=0)
    linear = nn.Neuron(2, nonlin=False, seed=0)
    assert n([0.3, -0.8]).data == getattr(linear([0.3, -0.8]), name)().data
    assert repr(n) == f"{name.capitalize()}Neuron(2)"


def test_activations_may_be_functions_and_differ_between_layers():
    def double(v):
        return v * 2.0

    model = nn.MLP(2, [3, 2, 1], activation=[double, "linear", "sigmoid"], seed=0)
    assert repr(model.layers[0]).startswith("Layer of [doubleNeuron(2)")
    assert repr(model.layers[1]).startswith("Layer of [LinearNeuron(3)")
    assert model([1.0, 1.0]).op == "sigmoid"
    assert not model.layers[1].neurons[0].nonlin


@pytest.mark.parametrize("activation", [nn.Tanh, nn.Tanh(), "tanh", ag.tanh])
def test_an_activation_may_be_a_name_a_function_or_a_module(activation):
    n = nn.Neuron(2, activation=activation, seed=0)
    assert n([1.0, 2.0]).op == "tanh"
    assert repr(n).lower() == "tanhneuron(2)"


def test_an_activation_with_a_constant():
    n = nn.Neuron(1, activation=nn.LeakyReLU(0.5), seed=0)
    n.w[0].data = 2.0
    assert n([-1.0]).data == -1.0
    assert repr(n) == "Leaky_reluNeuron(1)"


def test_an_operation_of_the_users_is_an_activation():
    ag.define_op("squared_relu_of_test", "x * x if x > 0.0 else 0.0", "2.0 * x * step(x)")
    n = nn.Neuron(1, activation="squared_relu_of_test", seed=0)
    n.w[0].data = 3.0
    assert n([1.0]).data == 9.0


@pytest.mark.parametrize(
    ("width", "message"),
    [(3, "layer 0: Layer takes 2 inputs, got 3"), (1, "layer 0: Layer takes 2 inputs, got 1")],
)
def test_a_wrong_width_names_both_and_the_layer(width, message):
    with pytest.raises(ValueError, match=message):
        nn.MLP(2, [3, 1])([1.0] * width)
    with pytest.raises(nn.WidthError, match=f"Neuron takes 2 inputs, got {width}"):
        nn.Neuron(2)([1.0] * width)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Neuron(0), ValueError, "nin must be a positive integer, got 0"),
        (lambda: nn.Layer(2, 1.5), ValueError, "nout must be a positive integer, got 1.5"),
        (
            lambda: nn.MLP(2, 3),
            ValueError,
            r"takes a list of layer sizes, such as \[16, 1\], got 3",
        ),
        (lambda: nn.MLP(2, []), ValueError, "takes a list of layer sizes"),
        (
            lambda: nn.MLP(2, [3, 1], activation=["relu"]),
            ValueError,
            "expected an activation for each of 2 layers, got 1",
        ),
        (lambda: nn.Neuron(2, activation="rleu"), ValueError, "unknown activation 'rleu'; .*relu"),
        (
            lambda: nn.Neuron(2, activation="softmax"),
            ValueError,
            "takes a whole layer: use nn.Softmax",
        ),
        (lambda: nn.Neuron(2, activation="dot"), ValueError, "unknown activation 'dot'"),
        (
            lambda: nn.Neuron(2, init="glorot"),
            ValueError,
            "choose from uniform, normal, xavier, he",
        ),
        (
            lambda: nn.MLP(2, [3, 1], activation=None),
            TypeError,
            "^activation must be a .*, got None",
        ),
        (lambda: nn.MLP(2, [3, 1])(None), TypeError, "takes a list of 2 numbers, got None"),
        (lambda: nn.Neuron(1)(["a"]), TypeError, "'a'"),
        (lambda: nn.MLP(2, {3, 1}), ValueError, "takes a list of layer sizes, .* got {1, 3}"),
        (lambda: nn.MLP(2, {3: 1}), ValueError, "takes a list of layer sizes, .* got {3: 1}"),
        (lambda: nn.Neuron(2)({1.0, 2.0}), TypeError, "takes a list of 2 numbers, got {1.0, 2.0}"),
        (lambda: nn.Neuron(1)({0: 1.0}), TypeError, "takes a list of 1 numbers, got {0: 1.0}"),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_compute_the_same_and_are_independent(copied):
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    other = copied(model)
    assert other([1.0, 2.0]).data == model([1.0, 2.0]).data
    other([1.0, 2.0]).backward()
    assert any(p.grad for p in other.parameters())
    assert not any(p.grad for p in model.parameters())
