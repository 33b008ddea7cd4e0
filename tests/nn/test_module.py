"""Parameters, their names, and states."""

from __future__ import annotations

import pytest

from autograd_scalar import Value, nn
from autograd_scalar.node import registry


class Odd(nn.Module):
    def __init__(self):
        self.first = Value(1.0)
        self.table = {"a": [Value(2.0), (Value(3.0),)]}
        self.part = nn.Linear(1, 1, init="zeros")
        self.again = self.first
        self.output = self.first * 2.0
        self.name = "odd"
        self._hidden = Value(9.0)
        self.me = self

    def __call__(self, x):
        return self.first * x


def test_parameters_are_the_leaves_among_the_attributes_without_repeats():
    assert [name for name, _ in Odd().named_parameters()] == [
        "first",
        "table.a.0",
        "table.a.1.0",
        "part.w.0.0",
        "part.b.0",
    ]


def test_names_of_a_perceptron():
    names = [name for name, _ in nn.MLP(2, [2, 1]).named_parameters()]
    assert names[:4] == [
        "layers.0.neurons.0.w.0",
        "layers.0.neurons.0.w.1",
        "layers.0.neurons.0.b",
        "layers.0.neurons.1.w.0",
    ]
    assert len(names) == 2 * 3 + 3


def test_zero_grad():
    model = nn.MLP(2, [2, 1], seed=0)
    model([1.0, 2.0]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert not any(p.grad for p in model.parameters())


def test_a_state_can_be_loaded_into_another_module():
    first, second = nn.MLP(2, [3, 1], seed=0), nn.MLP(2, [3, 1], seed=1)
    second.load_state_dict(first.state_dict())
    assert second.state_dict() == first.state_dict()
    assert second([1.0, 2.0]).data == first([1.0, 2.0]).data


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda s: s.pop("b.0"), ValueError, "the state has 2 .* has 3; missing in the state: b.0"),
        (lambda s: s.update(x=1.0), ValueError, "unknown in the state: x"),
        (lambda s: s.update({"b.0": "1"}), TypeError, "b.0 must be a number, got '1'"),
        (lambda s: s.update({"b.0": True}), TypeError, "b.0 must be a number, got True"),
        (lambda s: s.clear(), ValueError, "missing in the state: b.0, w.0.0, w.0.1$"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, error, message):
    model = nn.Linear(2, 1, seed=0)
    before = model.state_dict()
    state = nn.Linear(2, 1, seed=1).state_dict()
    change(state)
    with pytest.raises(error, match=message):
        model.load_state_dict(state)
    assert model.state_dict() == before


def test_a_module_without_a_call_says_so():
    class Empty(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match="Empty does not define __call__"):
        Empty()(1.0)
    assert repr(Empty()) == "Empty(0 parameters)"


def test_the_html_card_comes_from_the_hook(monkeypatch):
    monkeypatch.setattr(registry, "html_card", None)
    assert Odd()._repr_html_() is None
    monkeypatch.setattr(registry, "html_card", lambda m: f"<b>{type(m).__name__}</b>")
    assert Odd()._repr_html_() == "<b>Odd</b>"


def test_two_parameters_of_one_name_are_refused_where_names_matter():
    module = nn.Sequential()
    module.table = {1: Value(1.0), "1": Value(2.0)}
    assert [p.data for p in module.parameters()] == [1.0, 2.0]
    with pytest.raises(ValueError, match=r"two parameters of this Sequential .* name 'table\.1'"):
        module.state_dict()


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ([1.0, 2.0], TypeError, r"a state is a dictionary of numbers by name, got \[1.0, 2.0\]"),
        ({"w.0.0": 5.0, 1: 2.0}, ValueError, "has 2; missing in the state: b.0"),
        ({"w.0.0": 5.0, "b.0": True}, TypeError, "b.0 must be a number, got True"),
        ({"w.0.0": 5.0, "b.0": 10**400}, OverflowError, "b.0 is too large for a float: 1000"),
        ({"w.0.0": 5.0, "b.0": 10**5000}, OverflowError, "b.0 is too large for a float: an int"),
    ],
)
def test_a_state_that_does_not_fit_changes_no_parameter(state, error, message):
    layer = nn.Linear(1, 1, seed=0)
    before = layer.state_dict()
    with pytest.raises(error, match=message):
        layer.load_state_dict(state)
    assert layer.state_dict() == before
