"""Mapped calls: arrays that broadcast as those of a ufunc, or rows."""

from __future__ import annotations

import math

import pytest
from compiler.programs import bits
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_scalar as ag
from autograd_scalar import JitError, Value, nn
from autograd_scalar.compiler.runtime import row_kernel, specialization, threads

np = pytest.importorskip("numpy")

#: Around the width of vectors, and more rows than one thread gets.
COUNTS = (0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 1000)


def polynomial(x, y):
    return x * x * 0.5 - y / (x * x + 1.0)


# ----- like a ufunc -----


@pytest.mark.parametrize("n", COUNTS)
def test_one_result_for_each_element(n, backend):
    f = ag.jit(polynomial, backend=backend)
    x, y = np.linspace(-3, 3, n), np.linspace(1, 2, n)
    assert bits(f(x, y).tolist()) == bits(polynomial(x, y).tolist())
    assert f(x, 2.0).tolist() == polynomial(x, 2.0).tolist()
    assert f(x, y).dtype == np.float64
    assert f(x, y).shape == (n,)


@pytest.mark.parametrize(
    ("a", "b"),
    [((3,), ()), ((2, 3), (3,)), ((2, 1), (1, 3)), ((4, 1, 2), (3, 1)), ((0, 3), (3,)), ((), ()), ((1,), (5,))],
)  # fmt: skip
def test_arrays_broadcast(a, b, backend):
    f = ag.jit(polynomial, backend=backend)
    x, y = np.random.default_rng(0).normal(size=a), np.random.default_rng(1).normal(size=b)
    found, wanted = np.asarray(f(x, y)), np.asarray(polynomial(x, y))
    assert found.shape == wanted.shape
    assert np.array_equal(found, wanted)


def views():
    base = np.arange(48.0).reshape(6, 8) - 20.0
    read_only = base[0].copy()
    read_only.flags.writeable = False
    yield from {
        "every second": base[0, ::2], "reversed": base[0, ::-1], "a column": base[:, 3],
        "transposed": base.T, "all reversed": base[::-1, ::-2], "zero strides": np.broadcast_to(2.5, (7,)),
        "zero strides of one axis": np.broadcast_to(base[0], (3, 8)), "read-only": read_only,
        "float32": base[0].astype("f4"), "float16": base[0].astype("f2"), "int": base[0].astype("i4"),
        "unsigned": np.arange(5, dtype="u1"), "bool": base[0] > 0, "big-endian": base[0].astype(">f8"),
        "big-endian int": base[0].astype(">i2"), "Fortran": np.asfortranarray(base),
        "a field": np.zeros(5, dtype=[("a", "i1"), ("b", "f8")])["b"],
        "unaligned": np.frombuffer(b"\0" + base[0].tobytes(), dtype="f8", offset=1),
        "a record array": np.rec.array(base[0]), "scalar in an array": np.array([3.0]),
    }.items()  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("name", "array"), [*views()])
def test_arrays_of_all_kinds_are_accepted(name, array, backend):
    f = ag.jit(lambda x, y: x * 0.1 + y, backend=backend)
    before = np.array(array)
    wanted = np.asarray(array, dtype=np.float64) * 0.1 + np.asarray(array, dtype=np.float64)
    assert np.array_equal(f(array, array), wanted)
    assert np.array_equal(array, before)
    total = ag.jit(lambda x: ag.sum(_flat(x)) * 0.5, rows=0, reduce="sum", backend=backend)
    assert total(array) == pytest.approx(
        np.asarray(before, dtype=np.float64).sum() * 0.5, rel=1e-12
    )


def _flat(nest):
    return [x for part in nest for x in _flat(part)] if isinstance(nest, list) else [nest]


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf, -0.0, 5e-324])
def test_nan_and_infinities_equal_those_of_eager_code(odd, backend):
    f = ag.jit(lambda x: (x * 2.0, -x, abs(x), 1.0 / x, x if x > 0.0 else x - 1.0), backend=backend)
    x = np.array([1.0, odd, -2.0, odd, odd])
    with np.errstate(all="ignore"):
        wanted = (x * 2.0, -x, abs(x), 1.0 / x, np.where(x > 0.0, x, x - 1.0))
    assert [bits(out.tolist()) for out in f(x)] == [bits(out.tolist()) for out in wanted]


def test_arguments_and_results_may_be_nests_of_arrays(backend):
    f = ag.jit(lambda p, y: {"a": p["x"][0] * y, "b": (p["x"][1], 7.0)}, backend=backend)
    x = np.array([1.0, 2.0])
    found = f({"x": [x, 3.0]}, np.array([[1.0], [2.0]]))
    assert found["a"].tolist() == [[1.0, 2.0], [2.0, 4.0]]
    assert found["b"][0].tolist() == [[3.0, 3.0]] * 2
    assert found["b"][1].tolist() == [[7.0, 7.0]] * 2


def test_grad_of_arrays_is_by_element(backend):
    x = np.linspace(-1.0, 1.0, 11)
    first, second = (
        ag.jit(g, backend=backend)(x)
        for g in (ag.grad(lambda x: ag.tanh(x * 2.0)), ag.grad(ag.grad(lambda x: ag.tanh(x * 2.0))))
    )
    tanh = np.tanh(2.0 * x)
    assert np.allclose(first, 2.0 * (1.0 - tanh**2), rtol=1e-13)
    assert np.allclose(second, -8.0 * tanh * (1.0 - tanh**2), rtol=1e-12, atol=1e-14)
    value, (by_x, by_y) = ag.jit(ag.value_and_grad(polynomial, (0, 1)), backend=backend)(x, 2.0)
    assert np.array_equal(value, polynomial(x, 2.0))
    assert np.allclose(by_x, x + 4.0 * x / (x * x + 1.0) ** 2)
    assert np.allclose(by_y, -1.0 / (x * x + 1.0))


def test_values_may_stand_beside_arrays(backend):
    w = Value(3.0)
    f = ag.jit(lambda x: w * x, backend=backend)
    with pytest.raises(
        JitError, match=r"an array cannot carry their gradients: call it inside no_grad\(\)"
    ):
        f(np.array([1.0]))
    with ag.no_grad():
        assert f(np.array([1.0, 2.0])).tolist() == [3.0, 6.0]
        w.data = 5.0
        assert f(np.array([1.0, 2.0])).tolist() == [5.0, 10.0]
        assert ag.jit(lambda x, v: x * v)(np.array([1.0, 2.0]), w).tolist() == [5.0, 10.0]


def test_an_array_changed_in_place_is_read_again(backend):
    f = ag.jit(lambda x, y: x * y, backend=backend)
    x, y = np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0])
    assert f(x, y).tolist() == [1.0, 2.0, 3.0]
    x[0], y[2] = 10.0, -1.0
    first = f(x, y)
    assert first.tolist() == [10.0, 2.0, -3.0]
    x[:] = 0.0
    assert f(x, y).tolist() == [0.0, 0.0, -0.0]
    assert first.tolist() == [10.0, 2.0, -3.0]  # each call returns an array of its own
    x.resize((3, 1), refcheck=False)  # the same array, of another shape
    assert f(x, y).shape == (3, 3)


# ----- mapped over rows -----


def test_rows_without_reduction_give_an_array(backend):
    f = ag.jit(lambda x, k: x[0] * x[1] * k, rows=0, backend=backend)
    X = np.arange(10.0).reshape(5, 2)
    assert f(X, 2.0).tolist() == (X[:, 0] * X[:, 1] * 2.0).tolist()
    assert f(X.tolist(), 2.0).tolist() == f(X, 2.0).tolist()
    assert f(X[:0], 2.0).tolist() == []
    two = ag.jit(lambda x, y: (x[0][1] - y, {"y": y}), rows=(0, -1), backend=backend)
    cube, y = np.arange(24.0).reshape(3, 2, 4), np.array([1.0, 2.0, 3.0])
    difference, rest = two(cube, y)
    assert difference.tolist() == (cube[:, 0, 1] - y).tolist()
    assert rest["y"].tolist() == y.tolist()


def eagerly(f, reduce, X, y, *shared):
    """Return the result of a reduced function in eager code."""
    results = [f(x, t, *shared) for x, t in zip(X.tolist(), y.tolist(), strict=True)]
    return ag.mean(results) if reduce == "mean" else ag.sum(results)


@pytest.mark.slow
@pytest.mark.parametrize("reduce", ["mean", "sum"])
@pytest.mark.parametrize("n", COUNTS[1:])
def test_reduced_values_and_gradients_equal_those_of_eager_code(n, reduce, backend):
    model = nn.MLP(2, [3, 1], seed=0)

    def loss(x, y, scale):
        return (model(x) - y) ** 2.0 * scale + 0.01 * nn.l2(model.parameters())

    source = np.random.default_rng(n)
    X, y, scale = source.normal(size=(n, 2)), source.normal(size=n), Value(0.5)
    wrt = [*model.parameters(), scale]
    wanted = eagerly(loss, reduce, X, y, scale)
    step = ag.jit(loss, rows=(0, 1), reduce=reduce, backend=backend)
    for _ in range(2):
        found = step(X, y, scale)
        assert found.data == pytest.approx(wanted.data, rel=1e-12)
        assert ag.gradient(found, wrt) == pytest.approx(
            ag.gradient(wanted, wrt), rel=1e-9, abs=1e-13
        )
    with ag.no_grad():
        assert step(X, y, scale).parents == ()
        assert step(X, y, scale).data == found.data
    found.backward()
    assert scale.grad == ag.gradient(found, scale)


@pytest.mark.not_audited("eager code takes minutes for its rows")
def test_the_sum_over_many_rows_is_the_same_every_time(backend):
    """There are enough rows for several threads; the order of the sum stays the same."""
    w = Value(0.3)
    step = ag.jit(
        lambda x, y: (ag.tanh(w * x) - y) ** 2.0, rows=(0, 1), reduce="mean", backend=backend
    )
    n = 300_000 if backend == "llvm" else 3_000
    x = np.random.default_rng(0).normal(size=n)
    y = np.sin(x)
    loss = step(x, y)
    tanh = np.tanh(0.3 * x)
    assert loss.data == pytest.approx(np.mean((tanh - y) ** 2), rel=1e-10)
    derivative = np.mean(2.0 * (tanh - y) * (1.0 - tanh**2) * x)
    assert ag.gradient(loss, w) == pytest.approx(derivative, rel=1e-10)
    assert {step(x, y).data for _ in range(5)} == {loss.data}
    each = ag.jit(lambda x: x * 2.0 if x > 0.5 else x, backend=backend)(x)
    assert np.array_equal(each, np.where(x > 0.5, x * 2.0, x))


@pytest.mark.slow
def test_a_sum_does_not_depend_on_the_number_of_threads(monkeypatch):
    """It is added in pieces, which depend on the program alone."""
    pytest.importorskip("llvmlite")
    monkeypatch.setattr(row_kernel, "INSTRUCTIONS_PER_PIECE", 10_000)
    w, xs = Value(0.3), np.random.default_rng(0).normal(size=20_000)
    step = ag.jit(lambda x: ag.tanh(w * x) / 3.0, rows=0, reduce="sum", backend="llvm")
    found = []
    for number in (1, 2, 5):
        monkeypatch.setattr(threads, "processors", lambda number=number: number)
        monkeypatch.setattr(threads, "_pool", None)
        loss = step(xs)
        found.append(bits([loss.data, ag.gradient(loss, w)]))
        assert (threads._pool is None) == (number == 1)
        if threads._pool is not None:
            threads._pool.shutdown()
    assert found[0] == found[1] == found[2]


@pytest.mark.slow
@pytest.mark.parametrize("layers", [1, 40])
def test_the_result_of_a_row_does_not_depend_on_other_rows(backend, layers):
    """Nor on their number: short programs are straight-line code, long ones are loops."""

    def f(x):
        for k in range(layers):
            x = ag.tanh(x) * ag.exp(-x * x) + ag.sin(x) / (k + 3.0)
        return x

    source = np.random.default_rng(0)
    compiled, xs = ag.jit(f, backend=backend), source.normal(size=100) * 3.0
    whole = compiled(xs)
    for count in (1, 2, 7, 30, 99):
        chosen = source.permutation(100)[:count]
        assert bits(compiled(xs[chosen]).tolist()) == bits(whole[chosen].tolist())


def test_an_array_without_rows(backend):
    w = Value(0.0)
    f = ag.jit(lambda x: x * w + 1.0 / w, rows=0, reduce="sum", backend=backend)
    total = f(np.zeros(0))
    assert (total.data, ag.gradient(total, w)) == (0.0, 0.0)
    mean = ag.jit(lambda x: x * w, rows=0, reduce="mean", backend=backend)
    with pytest.raises(JitError, match="has no rows to take the mean of"):
        mean(np.zeros(0))
    assert mean(np.ones(2)).data == 0.0
    picky = ag.jit(lambda x, i: x * ag.take([w], i), rows=(0, 1), reduce="sum", backend=backend)
    with pytest.raises(JitError, match="was given no rows, and cannot be recorded with ones"):
        picky(np.zeros(0), np.zeros(0))
    assert picky(np.ones(2), np.zeros(2)).data == 0.0


def test_several_outputs_are_reduced(backend):
    w = Value(2.0)
    f = ag.jit(lambda x: {"a": w * x, "b": [x, 3.0]}, rows=0, reduce="sum", backend=backend)
    found = f(np.array([1.0, 2.0, 4.0]))
    assert (found["a"].data, *found["b"]) == (14.0, 7.0, 9.0)
    assert ag.gradient(found["a"], w) == 7.0
    floats = ag.jit(lambda x: x * 2.0, rows=0, reduce="mean", backend=backend)
    assert floats(np.array([1.0, 2.0])) == 3.0
    assert type(floats(np.array([1.0, 2.0]))) is float


def test_the_node_of_a_reduction_refuses_to_recompute(backend):
    w = Value(2.0)
    loss = ag.jit(lambda x: w * x, rows=0, reduce="sum", backend=backend)(np.array([1.0, 2.0]))
    for again in (loss.recompute, lambda: ag.gradient(loss, w, create_graph=True)):
        with pytest.raises(JitError, match=r"was mapped over rows, .*jit\(grad\(f\)\)"):
            again()
    assert ag.gradient(loss, w) == 3.0


# ----- rows on several paths -----


def kinked(x, w):
    if x > 1.0:
        return w * x, 1.0
    if x < -1.0:
        return x * 0.0 - w, -1.0
    return x * x, x


@settings(max_examples=30)
@given(
    xs=st.lists(st.sampled_from([2.0, -2.0, 0.5, -0.5, 3.0, math.nan, math.inf]), max_size=12),
    native=st.booleans(),
)
def test_each_row_takes_its_own_path(xs, native):
    f = ag.jit(kinked, backend="auto" if native else "python")
    values, kinds = f(np.array(xs), 1.5)
    wanted = [kinked(x, 1.5) for x in xs]
    assert bits(values.tolist()) == bits(value for value, _ in wanted)
    assert bits(kinds.tolist()) == bits(kind for _, kind in wanted)


def test_sums_add_up_over_paths(backend):
    a, b = Value(2.0), Value(3.0)

    def f(x):
        return a * x if x > 0.0 else (b * x if x < 0.0 else 0.5)

    for xs in ([1.0, 2.0], [1.0, -2.0, 0.0, 3.0, -1.0], [0.0], [0.0, -1.0], [-1.0, 1.0]):
        total = ag.jit(f, rows=0, reduce="sum", backend=backend)(np.array(xs))
        wanted = ag.sum([f(x) for x in xs])
        if type(wanted) is float:
            assert total == wanted
            continue
        assert total.data == pytest.approx(wanted.data, rel=1e-14)
        assert ag.gradient(total, [a, b]) == pytest.approx(ag.gradient(wanted, [a, b]), rel=1e-14)


@pytest.mark.not_audited("eager code takes minutes for its rows")
def test_infinities_that_cancel_give_nan_without_a_warning(backend):
    """Between threads, and between the sums of several paths."""
    w = Value(1.0)
    f = ag.jit(lambda x: w * x if x > 0.0 else x * w * 1.0, rows=0, reduce="sum", backend=backend)
    n = 200_000 if backend == "llvm" else 100
    for first, last in ((math.inf, -math.inf), (math.inf, math.inf), (1e308, 1e308)):
        x = np.ones(n)
        for xs in (x, -x):
            xs[0], xs[-1] = first, last
            total = f(xs)
            with np.errstate(all="ignore"):
                assert bits([total.data, *ag.gradient(total, [w])]) == bits([float(xs.sum())] * 2)


def test_a_later_path_may_read_parameters(backend):
    w = Value(2.0)
    f = ag.jit(lambda x: x if x > 0.0 else w * x, rows=0, reduce="sum", backend=backend)
    assert f(np.array([1.0])) == 1.0
    total = f(np.array([1.0, -3.0]))
    assert (total.data, ag.gradient(total, w)) == (-5.0, -3.0)
    each = ag.jit(lambda x: x if x > 0.0 else w * x, backend=backend)
    assert each(np.array([1.0])).tolist() == [1.0]
    with pytest.raises(JitError, match="cannot carry their gradients"):
        each(np.array([1.0, -1.0]))


def test_rows_must_return_the_same_structure(backend):
    f = ag.jit(lambda x: (x, x) if x > 0.0 else [x], backend=backend)
    assert (f(1.0), f(-1.0)) == ((1.0, 1.0), [-1.0])
    with pytest.raises(JitError, match="all rows must return the same structure"):
        f(np.array([1.0, -1.0]))
    assert f(np.array([1.0]))[0].tolist() == [1.0]


def test_a_flip_among_rows_can_be_an_error(backend):
    f = ag.jit(lambda x: x if x > 0.0 else -x, flip="error", backend=backend)
    assert f(np.array([1.0, 2.0])).tolist() == [1.0, 2.0]
    with pytest.raises(JitError, match="takes another path than the recorded one"):
        f(np.array([1.0, -2.0]))


@pytest.mark.filterwarnings("ignore:.*recorded paths")
def test_rows_with_too_many_paths_run_eagerly(backend, monkeypatch):
    monkeypatch.setattr(specialization, "MAX_TRACES", 3)

    def f(x):
        n = 0
        while x > n:
            n += 1
        return x * n

    x = np.arange(10) + 0.5
    assert ag.jit(f, backend=backend)(x).tolist() == [f(number) for number in x.tolist()]
    w = Value(2.0)
    total = ag.jit(lambda x: w * f(x), rows=0, reduce="sum", backend=backend)(x)
    total.backward()
    assert total.data == 2.0 * w.grad == 2.0 * sum(f(number) for number in x.tolist())


# ----- inside other functions and contexts -----


def test_detect_anomaly_runs_row_by_row(backend):
    w = Value(-1.0, label="w")
    f = ag.jit(lambda x: ag.log(w * x), rows=0, reduce="mean", backend=backend)
    X = np.array([-1.0, -math.e])
    assert f(X).data == pytest.approx(0.5)
    with ag.detect_anomaly():
        assert f(X).data == pytest.approx(0.5)
        with pytest.raises(ag.AnomalyError, match=r"log\(.*\) gave nan"):
            f(-X)


def test_numbers_have_their_methods_where_rows_run_eagerly(backend):
    w = Value(1.5)
    mean = ag.jit(lambda x: x.tanh() * w, rows=0, reduce="mean", backend=backend)
    each = ag.jit(lambda x: 1.0 / x.tanh(), backend=backend)
    X = np.array([1.0, 2.0])
    with ag.detect_anomaly():
        assert mean(X).data == pytest.approx(1.5 * np.tanh(X).mean())
        assert each(X) == pytest.approx(1.0 / np.tanh(X))
        with pytest.raises(ag.AnomalyError, match=r"truediv\(.*\) gave inf"):
            each(np.array([1.0, 0.0]))
    total = ag.jit(lambda s: mean(X) * s, backend=backend)(2.0)
    assert ag.gradient(total, w) == pytest.approx(2.0 * np.tanh(X).mean())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*recorded paths")
def test_rows_whose_data_is_read_run_eagerly(backend):
    f = ag.jit(lambda x: x / (x.data - 1.0), backend=backend)
    x = np.arange(100.0)
    with np.errstate(all="ignore"):
        assert f(x).tolist() == (x / (x - 1.0)).tolist()


def test_a_mapped_function_may_be_called_by_a_compiled_one(backend):
    w, s = Value(2.0), Value(3.0)
    inner = ag.jit(lambda x: w * x, rows=0, reduce="mean", backend=backend)
    X = np.array([1.0, 2.0, 6.0])
    y = ag.jit(lambda s: s * inner(X), backend=backend)(s)
    assert (y.data, ag.gradient(y, [w, s])) == (18.0, [9.0, 6.0])
    each = ag.jit(lambda x: x * 2.0, backend=backend)
    with pytest.raises(
        JitError, match="returns arrays, which another compiled function cannot compute with"
    ):
        ag.jit(lambda s: s * each(X), backend=backend)(1.0)


def test_grad_of_a_mapped_function(backend):
    X = np.array([1.0, 2.0, 3.0])
    f = ag.jit(lambda x, w: ag.exp(w * x), rows=0, reduce="sum", backend=backend)
    derivative = ag.grad(f, 1)(X, 0.5)
    assert derivative == pytest.approx(sum(x * math.exp(0.5 * x) for x in X))
    curve = ag.jit(
        ag.grad(ag.grad(lambda x, w: ag.exp(w * x), 1), 1), rows=0, reduce="sum", backend=backend
    )
    assert curve(X, 0.5) == pytest.approx(sum(x * x * math.exp(0.5 * x) for x in X))


def test_a_bound_kernel_follows_its_arrays(backend):
    w = Value(2.0)
    f = ag.jit(lambda x: w * x if x > 0.0 else w * w, rows=0, reduce="mean", backend=backend)
    X = np.array([1.0, 3.0, 5.0])
    bound = f.kernel(X)
    assert (bound(), bound.gradient.tolist(), bound.inputs) == (6.0, [3.0], [w])
    bound.shared[0] = 1.0
    X[0] = 4.0
    assert (bound(), bound.gradient.tolist()) == (4.0, [4.0])
    X[1] = -1.0  # another path
    assert bound() == pytest.approx(10.0 / 3.0)
    assert bound.gradient.tolist() == pytest.approx([(4.0 + 2.0 + 5.0) / 3.0])
    assert w.data == 2.0


def test_a_bound_kernel_may_have_a_number_for_all_rows(backend):
    f = ag.jit(lambda x, k: k * x if x > 0.0 else k * k, rows=0, reduce="sum", backend=backend)
    bound = f.kernel(np.array([1.0, -1.0]), 3.0)
    assert (bound(), bound.gradient.tolist()) == (12.0, [7.0])
    assert (bound(), bound.gradient.tolist()) == (12.0, [7.0])


def test_the_gradient_of_a_kernel_goes_through_derivatives_within_it(backend):
    def f(x, y):
        return ag.grad(lambda t: t * t)(y) + x

    loss = ag.jit(f, rows=0, reduce="sum", backend=backend)
    x = np.array([1.0, 1.0, 1.0])
    for bound in (loss.kernel(x, 1.0), loss.kernel(x, y=1.0), loss.kernel(x, Value(1.0))):
        assert (bound(), bound.gradient.tolist()) == (9.0, [6.0])
