"""Losses: agreement with PyTorch and micrograd, extreme scores, bad arguments."""

from __future__ import annotations

import math
import random

import mpmath
import numpy as np
import pytest

from autograd_scalar import Value, nn


def gradients(loss, values):
    loss.backward()
    return [v.grad for v in values]


@pytest.mark.parametrize(
    ("name", "targets"),
    [
        ("mse_loss", [0.5, -2.0, 1.0]),
        ("binary_cross_entropy_with_logits", [0.0, 1.0, 0.3]),
        ("cross_entropy", [2, 0]),
        ("cross_entropy", [[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]]),
    ],
)
def test_values_and_gradients_equal_those_of_pytorch(name, targets):
    torch = pytest.importorskip("torch")
    ours = {"mse_loss": nn.mse, "cross_entropy": nn.cross_entropy}
    rng = random.Random(0)
    wide = name == "cross_entropy"
    data = [[rng.gauss(0, 2) for _ in range(3)] for _ in targets] if wide else [0.3, -1.2, 4.0]
    leaves = [Value(x) for x in np.ravel(data)]
    scores = [leaves[:3], leaves[3:]] if wide else leaves
    loss = ours.get(name, nn.binary_cross_entropy)(scores, targets)
    tensor = torch.tensor(data, dtype=torch.double, requires_grad=True)
    whole = wide and isinstance(targets[0], int)
    target = torch.tensor(targets, dtype=torch.long if whole else torch.double)
    theirs = getattr(torch.nn.functional, name)(tensor, target)
    theirs.backward()
    assert loss.data == pytest.approx(theirs.item(), rel=1e-13)
    assert gradients(loss, leaves) == pytest.approx(tensor.grad.ravel().tolist(), rel=1e-12)


def test_hinge_equals_the_loss_of_micrograds_demo():
    scores = [Value(0.3), Value(-2.0), Value(1.5)]
    y = [1, -1, -1]
    by_hand = [(1 + -yi * s).relu() for yi, s in zip(y, scores, strict=True)]
    assert nn.hinge(scores, y).data == pytest.approx(sum(by_hand).data / 3, rel=1e-15)
    assert gradients(nn.hinge(scores, np.array(y)), scores) == pytest.approx([-1 / 3, 0, 1 / 3])


@pytest.mark.parametrize("loss", [nn.mse, nn.hinge, nn.binary_cross_entropy])
def test_a_sample_may_be_bare_or_in_lists_of_one(loss):
    alone = loss(Value(0.3), 1).data
    assert loss([Value(0.3)], [1]).data == alone
    assert loss([[Value(0.3)], [Value(0.3)]], [1, 1]).data == alone
    assert loss([[Value(0.3)], [Value(0.3)]], [[1], [1]]).data == alone


def test_cross_entropy_of_several_samples_is_their_mean():
    z = [Value(0.1), Value(-0.7), Value(2.0)]
    assert nn.cross_entropy(z, 2).data == nn.cross_entropy([z, z], [2, [0, 0, 1]]).data


def test_the_gradient_of_cross_entropy_is_p_minus_y_over_n():
    z = [[Value(1.0), Value(2.0)], [Value(0.0), Value(-1.0)]]
    nn.cross_entropy(z, [1, 0]).backward()
    p = 1.0 / (1.0 + math.exp(-1.0))
    assert [v.grad for v in z[0]] == pytest.approx([(1 - p) / 2, (p - 1) / 2])
    assert [v.grad for v in z[1]] == pytest.approx([(p - 1) / 2, (1 - p) / 2])


@pytest.mark.parametrize("z", [-1000.0, -745.2, -40.0, 40.0, 745.2, 1000.0])
@pytest.mark.parametrize("target", [0, 1, 0.5])
def test_binary_cross_entropy_is_exact_for_large_logits(z, target):
    with mpmath.workprec(4000):
        s = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
        exact = float(-target * mpmath.log(s) - (1 - target) * mpmath.log(1 - s))
        derivative = float(s - target)
    logit = Value(z)
    loss = nn.binary_cross_entropy(logit, target)
    assert loss.data == pytest.approx(exact, rel=1e-14, abs=1e-320)
    assert gradients(loss, [logit]) == pytest.approx([derivative], rel=1e-14, abs=1e-16)


@pytest.mark.parametrize(
    ("logits", "target", "loss", "gradient"),
    [
        ([1000.0, -1000.0], 0, 0.0, [0.0, 0.0]),
        ([1000.0, -1000.0], 1, 2000.0, [1.0, -1.0]),
        ([1000.0, 1000.0], 0, math.log(2.0), [-0.5, 0.5]),
        ([-1000.0, -1000.0], [0.5, 0.5], math.log(2.0), [0.0, 0.0]),
        ([1000.0, -1000.0], [0.5, 0.5], 1000.0, [0.5, -0.5]),
    ],
)
def test_cross_entropy_is_exact_for_large_logits(logits, target, loss, gradient):
    z = [Value(x) for x in logits]
    got = nn.cross_entropy(z, target)
    assert got.data == pytest.approx(loss, abs=1e-12)
    assert gradients(got, z) == pytest.approx(gradient, abs=1e-12)


def test_l2_is_the_sum_of_squares_in_one_node():
    values = [Value(1.0), Value(-3.0)]
    penalty = nn.l2(values)
    assert (penalty.op, penalty.data) == ("dot", 10.0)
    assert gradients(penalty, values) == [2.0, -6.0]


V = Value(0.5)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.hinge([V], [0]), ValueError, r"targets -1 and 1, got 0; convert .* 2\*y - 1"),
        (lambda: nn.binary_cross_entropy(V, 1.5), ValueError, "targets from 0 to 1, got 1.5$"),
        (lambda: nn.binary_cross_entropy(V, -1), ValueError, r"got -1; convert -1 and 1"),
        (lambda: nn.binary_cross_entropy(V, math.nan), ValueError, "from 0 to 1, got nan"),
        (lambda: nn.mse([V, V], [1.0]), ValueError, "got 2 predictions and 1 target$"),
        (lambda: nn.mse([V, V], 1.0), ValueError, "2 predictions and the single target 1.0"),
        (lambda: nn.mse(V, [1.0]), ValueError, "the single prediction Value.* and 1 target$"),
        (lambda: nn.mse([V], ["a"]), TypeError, r"the prediction Value.* and the target 'a'"),
        (lambda: nn.mse([], []), ValueError, "at least one sample"),
        (lambda: nn.cross_entropy(V, 0), TypeError, "takes a list of logits, one per class"),
        (lambda: nn.cross_entropy([], 0), TypeError, "takes a list of logits"),
        (
            lambda: nn.cross_entropy([V, V], 2),
            ValueError,
            "expected a class from 0 to 1, one per logit, got 2",
        ),
        (
            lambda: nn.cross_entropy([V, V], -1),
            ValueError,
            "expected a class from 0 to 1, one per logit, got -1",
        ),
        (
            lambda: nn.cross_entropy([V, V], 1.0),
            TypeError,
            "must be a class index or a list .* got 1.0",
        ),
        (
            lambda: nn.cross_entropy([V, V], [1.0]),
            ValueError,
            "expected a probability for each of 2 logits, got 1",
        ),
        (lambda: nn.cross_entropy([V, V], [0.5, 0.6]), ValueError, r"sum to 1, got \[0.5, 0.6\]"),
        (
            lambda: nn.cross_entropy([V, V], [1.5, -0.5]),
            ValueError,
            "must not be negative and must sum to 1",
        ),
        (lambda: nn.cross_entropy([[V, V]], [0, 1]), ValueError, "got 1 prediction and 2 targets"),
        (lambda: nn.cross_entropy([[V, V]], 0), ValueError, "1 prediction and the single target 0"),
        (
            lambda: nn.losses.loss_function("mae"),
            ValueError,
            "unknown loss 'mae'; choose from mse, ",
        ),
        (lambda: nn.losses.loss_function([]), ValueError, r"unknown loss \[\]; choose from mse"),
        (lambda: nn.mse({0: V}, [1.0]), ValueError, "the single prediction {0: Value"),
        (lambda: nn.mse([V], {0: 1.0}), (TypeError, ValueError), "{0: 1.0}"),
        (lambda: nn.hinge({V}, [1]), ValueError, "the single prediction {Value"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
