"""NumPy's functions on Values and on arrays of them: numbers as NumPy computes them, derivatives from the table."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

import autograd_scalar as ag
from autograd_scalar import Value
from autograd_scalar.arrays import ValueArray

nan, inf = math.nan, math.inf

UFUNCS = [getattr(np, name) for name in dir(np) if isinstance(getattr(np, name), np.ufunc)]
#: Ufuncs without a row: they work on bits, ints or dates, give several results, or pass over nan.
WITHOUT_A_ROW = {
    *("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_count", "invert", "left_shift", "right_shift"),
    *("gcd", "lcm", "isnat", "frexp", "ldexp", "modf", "nextafter", "spacing", "signbit"),
    *("fmax", "fmin", "heaviside", "logaddexp2"),
}  # fmt: skip
PRODUCTS = {"matmul", "vecdot", "matvec", "vecmat"}
POINTS = (0.3, -0.75, 1.5, 0.0, -0.0, 2.0, inf, -inf, nan)


def numbers(result):
    """Return a result with floats in place of Values."""
    if isinstance(result, tuple):
        return tuple(map(numbers, result))
    if isinstance(result, np.ndarray) and result.dtype == object:
        return np.array([numbers(x) for x in result.flat]).reshape(result.shape)
    return result.data if type(result) is Value else result


def agree(found, expected):
    np.testing.assert_allclose(np.array(found, float), np.array(expected, float), rtol=1e-15)


@pytest.mark.parametrize(
    "ufunc", {f.__name__: f for f in UFUNCS}.values(), ids=lambda f: f.__name__
)
def test_every_ufunc_runs_its_row_or_names_a_way_out(ufunc):
    if ufunc.__name__ in WITHOUT_A_ROW | PRODUCTS:
        with pytest.raises(
            TypeError, match=rf"np\.{ufunc.__name__} has no rule .*ag\.where.*define_op"
        ):
            ufunc(*[Value(0.5)] * ufunc.nin)
        return
    for x in POINTS:
        for y in POINTS if ufunc.nin > 1 else POINTS[:1]:
            with np.errstate(all="ignore"):
                floats = (x, y)[: ufunc.nin]
                if ufunc.__name__ in ("floor_divide", "divmod") and not (y and math.isfinite(x)):
                    continue  # Python's // and NumPy's differ where the quotient is not finite
                if ufunc.__name__ == "copysign" and math.isnan(y):
                    continue  # a row never makes a number of nan
                expected = ufunc(*floats)
            for operands in (
                map(Value, floats),
                (*floats[:-1], Value(floats[-1])),
                (ag.array([x]), y),
            ):
                found = ufunc(*[*operands][: ufunc.nin])
                agree(np.ravel(numbers(found)), np.ravel(expected))


@pytest.mark.parametrize(
    "ufunc, row",
    [(np.arctan, "atan"), (np.arctan2, "atan2"), (np.hypot, "hypot"), (np.logaddexp, "logaddexp"), (np.exp2, "exp2"),
     (np.maximum, "maximum"), (np.conjugate, "pos"), (np.fabs, "abs"), (np.remainder, "mod"), (np.rint, "round")],
)  # fmt: skip
def test_a_result_is_the_node_of_a_row(ufunc, row):
    x = Value(0.5)
    y = ufunc(*[2.0, x][-ufunc.nin :])
    assert y.op == row and y.parents[-1] is x
    (y,) = ufunc(*[2.0, ag.array([x])][-ufunc.nin :])
    assert y.op == row and y.parents[-1] is x


def test_nan_and_ties_are_those_of_the_rows():
    assert math.isnan(np.maximum(Value(nan), 1.0).data)
    assert math.isnan(np.clip(Value(nan), 0.0, 1.0).data)
    assert np.maximum(Value(1.0), Value(1.0)).partials == (0.5, 0.5)
    x = ag.array([nan, 1.0, 1.0])
    for found in (
        x.max(),
        x.min(),
        np.max(x),
        np.ptp(x),
        *np.maximum(x, 2.0)[:1],
        *x.clip(0, 2)[:1],
    ):
        assert math.isnan(found.data)
    assert x[1:].max().partials == (0.5, 0.5)
    assert np.nanmax(x).data == 1.0
    assert np.maximum(x[1:], 1.0)[0].partials == (0.5, 0.5)


@pytest.mark.parametrize(
    "name", ["sort", "argsort", "argmax", "argmin", "median", "percentile", "unique", "partition"]
)
def test_nan_has_no_place_in_an_order(name):
    more = {"percentile": [50], "partition": [1]}.get(name, [])
    with pytest.raises((ValueError, TypeError), match=r"nan|cannot compute"):
        getattr(np, name)(ag.array([2.0, nan, 1.0]), *more)
    if name != "percentile":
        getattr(np, name)(ag.array([2.0, 3.0, 1.0]), *more)


def test_comparisons_and_predicates_give_bools():
    x = ag.array([1.0, nan, inf])
    for found, expected in (
        (np.isnan(x), [False, True, False]),
        (np.isfinite(x), [True, False, False]),
        (np.isinf(x), [False, False, True]),
        (x > 1.0, [False, False, True]),
        (x == 1.0, [True, False, False]),
        (Value(2.0) > np.array([1.0, 2.0, 3.0]), [True, False, False]),
        (np.logical_and(x, 0.0), [False, False, False]),
    ):
        assert type(found) is np.ndarray and found.dtype == bool
        assert found.tolist() == expected
    for found in (
        np.isnan(x[0]),
        np.float64(2.0) < x[0],
        np.longdouble(2.0) < x[0],
        np.any(x > 9.0),
    ):
        assert isinstance(found, bool | np.bool_)


REDUCTIONS = (
    lambda x: x.sum(),
    lambda x: x.mean(),
    lambda x: x.std(),
    lambda x: x.var(ddof=1),
    lambda x: x.max(),
    lambda x: np.prod(x),
    lambda x: np.ptp(x),
    lambda x: np.linalg.norm(x),
    lambda x: np.linalg.matrix_power(x @ x.T, 2)[0, 0],
    lambda x: (x @ x.T)[0, 1],
    lambda x: np.dot(x[0], x[1]),
    lambda x: np.einsum("ij,ij", x, x),
    lambda x: np.cumsum(x)[-1] ** 2,
    lambda x: np.average(x[0], weights=[1, 2, 3]),
    lambda x: np.median(x[0]),
    lambda x: np.where(x > 0.0, x**2, -x).sum(),
    lambda x: np.clip(x, -0.75, 1.5).sum(),
    lambda x: np.round(x, 1).sum(),
    lambda x: np.add.reduce(x, axis=None),
    lambda x: np.logaddexp.reduce(x[0]),
    lambda x: np.maximum.reduce(x, axis=(0, 1)),
    lambda x: np.concatenate([x[0], x[1]]).sum(),
    lambda x: np.vectorize(lambda v: v * v)(x).sum(),
    lambda x: np.apply_along_axis(np.sum, 0, x).sum(),
)


@pytest.mark.parametrize("f", REDUCTIONS)
def test_statistics_and_products_differentiate(f):
    data = np.array([[0.53, -1.0, 2.0], [3.0, 1.0, -0.54]])
    x = ag.array(data)
    y = f(x)
    assert type(y) is Value
    assert y.data == pytest.approx(float(f(data)), rel=1e-14)
    y.backward()
    for index in np.ndindex(data.shape):
        step = np.zeros(data.shape)
        step[index] = 1e-6
        slope = (f(data + step) - f(data - step)) / 2e-6
        assert x[index].grad == pytest.approx(float(slope), rel=1e-7, abs=1e-7)


def test_plain_arrays_of_values_compute_by_their_methods():
    x = np.array([Value(0.5), Value(2.0)])
    assert x.std().data == 0.75
    for ufunc in (np.arctan, np.arcsinh, np.exp2, np.conjugate, np.fabs, np.rint, np.trunc, np.exp):
        agree(numbers(ufunc(x)), ufunc([0.5, 2.0]))
    agree(numbers(np.arctan2(x, 3.0)), np.arctan2([0.5, 2.0], 3.0))
    agree(numbers(x % 0.3), [0.5 % 0.3, 2.0 % 0.3])
    with pytest.warns(RuntimeWarning, match="invalid value"):  # from NumPy, whose loop compares
        np.array([Value(nan), Value(1.0)]).max()
    assert type(Value(1.0) + x) is ValueArray and type(np.maximum(x, Value(1.0))) is ValueArray


@pytest.mark.parametrize("name", ["det", "inv", "eigvals", "svd", "cholesky"])
def test_linear_algebra_on_floats_says_so(name):
    with pytest.raises(TypeError, match=rf"numpy\.linalg\.{name} cannot compute with Values"):
        getattr(np.linalg, name)(ag.array([[2.0, 1.0], [1.0, 3.0]]))
    with pytest.raises(TypeError, match=r"\.data"):
        np.linalg.solve(np.eye(2), ag.array([1.0, 2.0]))


def test_a_function_that_loses_a_derivative_is_refused():
    for x in (Value(0.0), ag.array([0.0, 1.0])):
        with pytest.raises(TypeError, match=r"np\.sinc puts a constant in place of 0"):
            np.sinc(x)


def test_arrays_of_numbers_take_no_values():
    x = Value(1.0)
    for write in (
        lambda a: a.__iadd__(x),
        lambda a: np.exp(x, out=a),
        lambda a: np.add.at(a, [0], x),
        lambda a: a.__setitem__(0, x),
        lambda a: np.copyto(a, ag.array([x, x])),
    ):
        a = np.zeros(2)
        with pytest.raises(TypeError):
            write(a)
        assert a.tolist() == [0.0, 0.0]
    y = ag.array([1.0, 2.0])
    np.add.at(y, [0, 0], x)
    y *= 2.0
    np.exp(y, out=y, where=[False, True])
    agree(numbers(y), [6.0, math.exp(4.0)])


def test_array_makes_leaves_of_numbers():
    v = Value(3.0)
    x = ag.array([[v, 2], [np.float32(0.5), True]])
    assert type(x) is ValueArray and x.shape == (2, 2) and x[0, 0] is v
    assert [w.data for w in x.flat] == [3.0, 2.0, 0.5, 1.0] and x[1, 0].parents == ()
    assert type(x[0]) is type(x.T) is type(x + x) is ValueArray
    assert ag.array(2.0).shape == () and ag.array([]).shape == (0,)
    for bad in ([[1.0], [1.0, 2.0]], ["a"], [1j], [None]):
        with pytest.raises(TypeError, match="expected a number"):
            ag.array(bad)
    for clone in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x)):
        assert type(clone) is ValueArray and numbers(clone).tolist() == numbers(x).tolist()


def test_objects_with_a_protocol_of_their_own_come_first():
    class Series:
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            return "series"

    assert np.multiply(Value(1.0), Series()) == np.multiply(Series(), ag.array([1.0])) == "series"


def test_a_users_row_is_the_rule_of_its_ufunc():
    ag.define_op("heaviside", "where(x, step(x), y)", "0.0, 1.0 - abs(sign(x))")
    try:
        assert np.heaviside(Value(0.0), 0.5).data == 0.5
        agree(numbers(np.heaviside(ag.array([-1.0, 0.0, 2.0]), 0.25)), [0.0, 0.25, 1.0])
    finally:
        del ag.ops.table.TABLE["heaviside"]


def test_ufuncs_compile():
    @ag.jit
    def f(x, y):
        return np.maximum(np.arctan2(x, 2.0), np.exp(-y)) * np.float64(3.0)

    for x, y in ((0.5, 0.1), (2.0, 0.5), (0.0, inf)):
        assert f(x, y) == pytest.approx(max(math.atan2(x, 2.0), math.exp(-y)) * 3.0, rel=1e-15)
    g = ag.jit(lambda x: x if np.isfinite(x) else 0.0 * ag.sign(x))
    assert [g(x) for x in (1.0, inf, 2.0)] == [1.0, 0.0, 2.0]
