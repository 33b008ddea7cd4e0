"""Operations from Python functions; and the check of every new row's partial derivatives."""

from __future__ import annotations

import bisect
import copy
import math
import pickle
import warnings

import pytest

import autograd_scalar as ag
from autograd_scalar import JitError, Value, functions
from autograd_scalar.ops.table import TABLE
from autograd_scalar.train import fit

special = pytest.importorskip("scipy.special")
np = pytest.importorskip("numpy")


def solved(a):
    """Return the real root of y**3 + y = a, by Newton's method."""
    y = a
    for _ in range(100):
        y -= (y**3 + y - a) / (3.0 * y * y + 1.0)
    return y


XS, YS = [0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 4.0, 9.0]


def cell(x):
    return min(max(bisect.bisect(XS, x) - 1, 0), 2)


@pytest.fixture(scope="module")
def ops():
    """Return opaque operations by name."""

    def psi(x):
        return special.polygamma(0, x).item()  # not special.psi, which takes Values

    j1 = ag.define_op("bessel_j1", special.j1, lambda x: special.jvp(1, x))
    return {
        "j1": j1,
        "j0": ag.define_op("bessel_j0", special.j0, lambda x: -j1(x), r"J_0\left({x}\right)"),
        "sine": ag.define_op("opaque_sine", math.sin, ag.cos),
        "root": ag.define_op("cubic_root", solved, lambda a, y: 1.0 / (3.0 * y * y + 1.0)),
        "beta": ag.define_op(
            "our_beta",
            special.beta,
            [
                lambda a, b, z: z * (psi(a) - psi(a + b)),
                lambda a, b, z: z * (psi(b) - psi(a + b)),
            ],
            domain=(0.5, 3.0),
        ),
        "affine": ag.define_op(
            "opaque_affine",
            lambda a, b, c: a * b + c,
            (lambda a, b, c: b, lambda a, b, c: a, lambda a, b, c: 1),
        ),
        "table": ag.define_op(
            "read_from_table",
            lambda x: YS[cell(x)] + (YS[cell(x) + 1] - YS[cell(x)]) * (x - XS[cell(x)]),
            lambda x: YS[cell(x) + 1] - YS[cell(x)],
            domain=(0.0, 3.0),
        ),
    }


def test_floats_values_methods_and_gradients(ops):
    j0, x = ops["j0"], Value(1.5)
    y = j0(x) * 2.0
    assert j0(1.5) == y.data / 2.0 == x.bessel_j0().data == ag.bessel_j0(1.5) == special.j0(1.5)
    y.backward()
    assert x.grad == ag.gradient(y, x) == 2.0 * ag.grad(j0)(1.5) == -2.0 * special.j1(1.5)
    assert ag.grad(j0)(Value(1.5)).data == -special.j1(1.5)
    assert ag.jvp(j0, 1.5, 2.0) == (special.j0(1.5), -2.0 * special.j1(1.5))
    x.data = 0.5
    y.recompute()
    assert y.data == 2.0 * special.j0(0.5) and ag.gradient(y, x) == -2.0 * special.j1(0.5)
    assert type(y.parents[0].data) is float


def test_several_operands(ops):
    beta, affine = ops["beta"], ops["affine"]
    assert ag.grad(beta, (0, 1))(1.0, 2.0) == pytest.approx((-0.75, -0.25))
    assert beta(1.0, Value(2.0)).data == beta(Value(1.0), 2).data == beta(1.0, 2.0) == 0.5
    assert affine(Value(2.0), 3.0, 4.0).partials == (3.0, 2.0, 1.0)
    assert TABLE["opaque_affine"].operands == ("x1", "x2", "x3")
    with pytest.raises(TypeError, match="operands"):
        Value(1.0).our_beta()


def test_partials_that_compute_with_values_give_higher_derivatives(ops):
    sine, root, affine = ops["sine"], ops["root"], ops["affine"]
    assert ag.grad(ag.grad(ag.grad(sine)))(0.7) == pytest.approx(-math.cos(0.7))
    for f, at in ((sine, (0.7,)), (root, (1.3,)), (root, (-4.0,)), (affine, (1.0, 2.0, 3.0))):
        assert ag.check_grad(f, *at)
    assert ag.check_grad(ag.grad(root), 1.3)
    assert ag.hessian(lambda v: affine(*v))([1.0, 2.0, 3.0])[0] == [0.0, 1.0, 0.0]
    # J0' is -J1, which is opaque itself and has a derivative for floats alone.
    assert ag.grad(ag.grad(ops["j0"]))(1.5) == -special.jvp(1, 1.5)


@pytest.mark.parametrize("name", ["j1", "beta", "table"])
def test_other_partials_cannot_be_differentiated_again(ops, name):
    n = len(TABLE[ops[name](*[Value(1.0)] * (2 if name == "beta" else 1)).op].operands)
    at = [1.2] * n
    assert ag.check_grad(ops[name], *at, order=1)
    for differentiate in (
        lambda: ag.hessian(lambda v: ops[name](*v))(at),
        lambda: ag.grad(ops[name])(*map(Value, at)),
        lambda: ag.gradient(ops[name](x := Value(1.2), *at[1:]), x, create_graph=True),
    ):
        with pytest.raises(TypeError, match=r"cannot be differentiated again.*compute with Values"):
            differentiate()


def test_a_partial_that_reads_data_has_lost_its_gradient():
    lost = ag.define_op("reads_data", math.sin, lambda x: math.cos(getattr(x, "data", x)))
    frozen = ag.define_op(
        "frozen_slope", math.sin, lambda x: 1.0 if type(x) is Value else math.cos(x)
    )
    for op in (lost, frozen):
        assert ag.grad(op)(0.7) == math.cos(0.7)
        with pytest.raises(TypeError, match="cannot be differentiated again"):
            ag.hessian(op)(0.7)


def test_drawn_explained_copied_and_pickled(ops):
    x = Value(1.5, label="x")
    y = ops["j0"](x)
    assert "bessel_j0" in ag.draw(y).source
    assert "bessel_j0(1.5)" in str(ag.explain(y)) and "J_0" in ag.explain(y).latex()
    assert repr(copy.deepcopy(y)) == repr(pickle.loads(pickle.dumps(y))) == repr(y)
    with pytest.raises(ValueError, match="bessel_j0 is a Python function; use draw or explain"):
        ag.explore(y)


# ----- compiled functions -----


def test_a_compiled_function_runs_eagerly_with_one_warning(ops):
    j0, j1 = ops["j0"], ops["j1"]
    f = ag.jit(lambda x, w: w * j0(x) * 2.0)
    with pytest.warns(
        RuntimeWarning, match=r"calls bessel_j0, an operation that is a Python"
    ) as seen:
        for x in (1.5, 0.5, 1.5):
            assert f(x, 3.0) == 3.0 * special.j0(x) * 2.0
            w = Value(3.0)
            assert ag.gradient(f(x, w), w) == special.j0(x) * 2.0
    assert len(seen) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert ag.jit(ag.grad(lambda x: x * j1(x)))(1.5) == ag.grad(lambda x: x * j1(x))(1.5)
        assert ag.jit(lambda x: j0(x))(np.array([1.0, 2.0])).tolist() == [j0(1.0), j0(2.0)]
        mean = ag.jit(lambda x, w: w * j0(x), rows=0, reduce="sum")
        w = Value(2.0)
        assert ag.gradient(mean(np.array([1.0, 2.0]), w), w) == j0(1.0) + j0(2.0)
        with pytest.raises(JitError, match="calls bessel_j0, an operation that is a Python"):
            mean.kernel(np.array([1.0, 2.0]), w)
        swallows = ag.jit(lambda x: swallowed(j0, x))
        assert swallows(1.5) == swallows(1.5) == special.j0(1.5)


def swallowed(f, x):
    try:
        return f(x) * 1.0
    except Exception:
        return x


# ----- definitions -----


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((math.sin, "cos(x)"), "its value is a function, so its partials have to be too"),
        (("sin(x)", math.cos), "its value is a text, so its partials have to be one too"),
        ((math.sin, [math.cos, 3]), "both as texts or both as functions, got 3"),
        ((math.sin, math.cos, "{w}"), "unknown operand 'w' in its LaTeX"),
        ((math.sin, []), "row 'refused'"),
        ((math.sin, math.sin), r"with respect to x is .* at x = .*, but finite differences"),
        ((lambda x, y: x * y, [lambda x, y: y, lambda x, y: y]), "with respect to y"),
        ((lambda x: math.log(x - 100.0), lambda x: 1.0 / (x - 100.0)), r"domain=\(low, high\)"),
        (("log(x - 100.0)", "1.0 / (x - 100.0)"), r"domain=\(low, high\)"),
        (("x * x * x", "2 * x * x"), "with respect to x is"),
    ],
)
def test_what_cannot_be_an_operation_is_refused_and_leaves_nothing(arguments, message):
    with pytest.raises(ValueError, match=message):
        ag.define_op("refused", *arguments)
    assert not any("refused" in name for name in TABLE)
    assert not hasattr(Value, "refused") and not hasattr(functions, "refused")


def test_a_refused_redefinition_leaves_the_earlier_operation():
    op = ag.define_op("kept_sine", math.sin, math.cos)
    with pytest.raises(ValueError, match="kept_sine"):
        ag.define_op("kept_sine", "x * x", "x")
    assert op(0.5) == ag.kept_sine(0.5) == Value(0.5).kept_sine().data == math.sin(0.5)
    ag.define_op("kept_sine", "x * x", "2.0 * x")
    assert ag.kept_sine(0.5) == Value(0.5).kept_sine().data == 0.25
    assert ag.hessian(ag.kept_sine)(0.5) == 2.0


def test_values_and_partials_must_be_numbers():
    for f, slope in ((lambda x: "one", math.cos), (math.sin, lambda x: [1.0])):
        with pytest.raises(TypeError, match="should return a number for floats, got"):
            ag.define_op("no_number", f, slope)
    assert (
        ag.define_op("a_scalar_array", lambda x: np.array(2.0 * x), lambda x: np.float32(2.0))(1.5)
        == 3.0
    )


def test_a_domain_says_where_a_row_is_checked():
    shifted = ag.define_op(
        "shifted_log", "log(x - 100.0)", "1.0 / (x - 100.0)", domain=(101.0, 200.0)
    )
    assert ag.grad(shifted)(102.0) == 0.5
    ratio = ag.define_op(
        "opaque_ratio",
        lambda x, y: math.log(x) / y,
        [lambda x, y: 1.0 / (x * y), lambda x, y, z: -z / y],
        domain=((0.5, 9.0), (1.0, 2.0)),
    )
    assert ag.grad(ratio, 1)(math.e, 2.0) == -0.25


def test_a_rough_solver_and_a_kink_are_accepted():
    def rough(a):
        y = solved(a)
        return y + 1e-6 * math.sin(1e9 * a)  # as if it stopped early

    ag.define_op("rough_root", rough, lambda a, y: 1.0 / (3.0 * y * y + 1.0))
    ag.define_op("opaque_abs", abs, lambda x: math.copysign(1.0, x))


def test_training_with_an_opaque_activation_is_eager(ops):
    model = ag.nn.MLP(2, [3, 1], activation="opaque_sine", seed=0)
    with pytest.warns(RuntimeWarning, match="calls opaque_sine"):
        history = fit(model, ag.data.moons(8, seed=0), epochs=2, progress=False)
    assert history.columns["loss"][-1] < history.columns["loss"][0]
