"""Ten million nodes: AUTOGRAD_SCALAR_HUGE=1 pytest tests/cores/test_huge.py"""

from autograd_scalar import Value, gradient, topological_order


def test_a_chain_of_ten_million():
    x = Value(1.0)
    y = x
    for _ in range(10_000_000):
        y = y * 1.0
    y.backward()
    assert (y.data, x.grad, gradient(y, x)) == (1.0, 1.0, 1.0)
    assert len(topological_order(y)) == 20_000_001
    y.__init__(2.0)  # frees all the others
    assert topological_order(y) == [y]
