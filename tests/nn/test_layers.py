"""Linear, Sequential, Embedding, activation modules, initialisers, architectures."""

from __future__ import annotations

import copy
import json
import math
import pickle
import random
import statistics

import numpy as np
import pytest

import autograd_scalar as ag
from autograd_scalar import Value, nn


def test_linear_is_a_matrix_product():
    layer = nn.Linear(3, 2, seed=0)
    w = np.array([[p.data for p in row] for row in layer.w])
    layer.b[0].data = 0.5
    out = [v.data for v in layer([1.0, -2.0, 3.0])]
    assert out == pytest.approx(w @ [1.0, -2.0, 3.0] + [0.5, 0.0])


def test_linear_returns_a_list_of_one_and_takes_a_single_number():
    out = nn.Linear(1, 1, bias=False, seed=0)(2.0)
    assert isinstance(out, list)
    assert len(nn.Linear(1, 1, bias=False).parameters()) == 1
    assert repr(nn.Linear(1, 2, bias=False)) == "Linear(1, 2, bias=False)"


def test_sequential_runs_modules_functions_and_names():
    net = nn.Sequential(nn.Linear(2, 3, seed=0), "tanh", nn.Linear(3, 2, seed=1), nn.Softmax(), max)
    assert net.nin == 2
    assert 0.5 <= net([1.0, 2.0]).data < 1.0
    assert repr(net) == "Sequential(Linear(2, 3), Activation('tanh'), Linear(3, 2), Softmax(), max)"
    assert len(net.parameters()) == 9 + 8
    assert nn.Sequential().nin is None


def test_a_width_error_names_the_layer_inside():
    net = nn.Sequential(nn.Linear(2, 3), nn.Sequential(abs_all, nn.Linear(4, 1)))
    with pytest.raises(nn.WidthError, match="layer 1: layer 1: Linear takes 4 inputs, got 3"):
        net([1.0, 2.0])


def abs_all(xs):
    return [abs(x) for x in xs]


def test_sequential_refuses_items_that_cannot_be_called():
    with pytest.raises(TypeError, match="functions and names of activations, got 3 as item 1"):
        nn.Sequential(nn.Linear(1, 1), 3)
    with pytest.raises(ValueError, match="unknown activation 'tahn'"):
        nn.Sequential("tahn")


def test_embedding_returns_its_rows_with_their_gradients():
    table = nn.Embedding(4, 2, seed=0)
    assert table(np.int64(1)) is table.rows[1]
    ag.sum(table([1, 1])[0] + table(3)).backward()
    assert [[v.grad for v in row] for row in table.rows] == [[0, 0], [1, 1], [0, 0], [1, 1]]


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (4, IndexError, r"Embedding\(4, 2\) takes an index from 0 to 3, got 4"),
        (-1, IndexError, "from 0 to 3, got -1"),
        (1.5, TypeError, "takes an index, got 1.5"),
        ("a", TypeError, "takes an index, got 'a'"),
    ],
)
def test_embedding_refuses_other_indices(index, error, message):
    with pytest.raises(error, match=message):
        nn.Embedding(4, 2)(index)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (nn.ReLU, "relu"),
        (nn.Tanh, "tanh"),
        (nn.Sigmoid, "sigmoid"),
        (nn.Softplus, "softplus"),
        (nn.GELU, "gelu"),
        (nn.SiLU, "silu"),
        (nn.LeakyReLU, "leaky_relu"),
        (nn.ELU, "elu"),
    ],
)
def test_activation_modules_are_operations_of_the_table(module, name):
    assert module()(Value(-0.7)).op == name
    assert [v.op for v in module()([Value(1.0), 2.0])] == [name, name]
    assert repr(module()) == f"Activation({name!r})"


def test_activation_modules_take_constants_and_linear_is_the_identity():
    assert nn.LeakyReLU(0.5)(Value(-2.0)).data == -1.0
    assert nn.ELU(2.0)(Value(-1.0)).data == 2.0 * math.expm1(-1.0)
    x = [Value(1.0)]
    assert nn.Activation("linear")(x) is x


@pytest.mark.parametrize(
    ("init", "mean", "deviation", "bound"),
    [
        ("uniform", 0.0, 1 / math.sqrt(3), 1.0),
        ("xavier", 0.0, math.sqrt(2 / 70), math.sqrt(6 / 70)),
        ("he", 0.0, math.sqrt(2 / 50), math.inf),
        ("normal", 0.0, 1.0, math.inf),
        ("zeros", 0.0, 0.0, 0.0),
        (lambda rng, nin, nout: nin * 100 + nout, 5020.0, 0.0, math.inf),
    ],
)
@pytest.mark.parametrize("layer", [nn.Layer, nn.Linear])
def test_initialisers_have_their_distribution(layer, init, mean, deviation, bound):
    made = layer(50, 20, init=init, seed=0)
    weights = [v.data for name, v in made.named_parameters() if "w" in name]
    assert len(weights) == 1000
    assert statistics.fmean(weights) == pytest.approx(mean, abs=0.1)
    assert statistics.pstdev(weights) == pytest.approx(deviation, rel=0.1)
    assert max(map(abs, weights)) <= bound
    assert not any(v.data for name, v in made.named_parameters() if "b" in name)


def test_an_activation_module_refuses_text():
    with pytest.raises(TypeError, match=r"expected a number .* got 'a'"):
        nn.ReLU()("a")


def test_a_seed_must_be_an_integer():
    assert nn.Linear(2, 2, seed=np.int64(3)).state_dict() == nn.Linear(2, 2, seed=3).state_dict()
    with pytest.raises(TypeError, match="expected an integer as seed, got 'a'"):
        nn.Linear(2, 2, seed="a")


def test_a_generator_may_be_the_seed():
    rng = random.Random(3)
    pair = [nn.Linear(2, 2, seed=rng).state_dict() for _ in range(2)]
    assert pair[0] == nn.Linear(2, 2, seed=3).state_dict() != pair[1]


MODULES = [
    nn.Neuron(2, activation="tanh"),
    nn.Layer(2, 3, nonlin=False),
    nn.MLP(2, [3, 2], activation=["sigmoid", "relu"]),
    nn.Linear(2, 3, bias=False),
    nn.Sequential(nn.Linear(2, 2), nn.LeakyReLU(0.2), nn.MLP(2, [2]), nn.Softmax()),
]


@pytest.mark.parametrize("module", [*MODULES, nn.Embedding(3, 2)], ids=lambda m: type(m).__name__)
def test_an_architecture_survives_json(module):
    saved = json.loads(json.dumps(nn.architecture(module)))
    before = random.getstate()
    built = nn.build(saved)
    assert random.getstate() == before
    built.load_state_dict(module.state_dict())
    assert repr(built) == repr(module)
    x = 1 if isinstance(module, nn.Embedding) else [0.3, -0.4]
    assert outputs(built(x)) == outputs(module(x))


@pytest.mark.parametrize("module", MODULES, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_compute_the_same(copied, module):
    assert outputs(copied(module)([0.3, -0.4])) == outputs(module([0.3, -0.4]))


def outputs(out):
    return [v.data for v in (out if isinstance(out, list) else [out])]


def test_architectures_that_json_cannot_hold_are_none():
    class Own(nn.MLP):
        pass

    assert nn.architecture(Own(2, [1])) is None
    assert nn.architecture(nn.MLP(2, [1, 1], activation=abs)) is None
    assert nn.architecture(nn.Sequential(nn.Linear(1, 1), abs_all)) is None
    assert nn.architecture(abs_all) is None
    assert nn.Module().config() is None


def test_a_module_of_the_users_can_be_buildable():
    @nn.buildable
    class Scale(nn.Module):
        def __init__(self, start):
            self.factor = Value(start)

        def config(self):
            return {"start": 0.0}

    built = nn.build(nn.architecture(Scale(3.0)))
    assert (type(built), built.factor.data) == (Scale, 0.0)
    with pytest.raises(
        ValueError, match=r"cannot build a 'Scales'; the registered classes are Activation, .*Scale"
    ):
        nn.build({"class": "Scales"})
