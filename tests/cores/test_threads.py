"""Threads may build, differentiate and free graphs concurrently, and share leaves.

In the native engine one operation, one backward() and one zero_grad() are atomic. In plain Python backward() is not, so
threads that differentiate graphs over shared leaves need `gradient`, which writes to no node, or a lock. On a
free-threaded build, importing the native engine enables the interpreter's lock again.
"""

from __future__ import annotations

import sys
import threading

import autograd_scalar as ag
from autograd_scalar import Value, functions


def run(work, count: int = 4) -> None:
    """Run work(i) in several threads that switch often, and raise any exception of theirs."""
    failures = []

    def guarded(i):
        try:
            work(i)
        except BaseException as failure:
            failures.append(failure)

    often = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(often)
    assert failures == []


def graph(x: Value, w: Value) -> Value:
    h = x
    for _ in range(30):
        h = (w * h + x).tanh()
    return functions.sum([h, w, x])


def test_threads_may_share_leaves():
    x, w = Value(0.3), Value(-0.7)
    expected = ag.gradient(graph(x, w), [x, w])

    def work(i):
        for _ in range(40):
            assert ag.gradient(graph(x, w), [x, w]) == expected

    run(work)


def test_backward_under_a_lock_loses_nothing():
    x, w = Value(0.5), Value(2.0)
    lock = threading.Lock()

    def work(i):
        for _ in range(50):
            y = x * w
            with lock:
                y.backward()

    run(work)
    assert (x.grad, w.grad) == (400.0, 100.0)


def test_threads_may_free_a_shared_graph():
    shared = [graph(Value(0.1), Value(0.2)) for _ in range(400)]

    def work(i):
        while shared:
            try:
                y = shared.pop()
            except IndexError:
                return
            y.backward()
            y.__init__(1.0)

    run(work)


def test_modes_apply_to_their_thread():
    def work(i):
        for _ in range(50):
            if i % 2:
                with ag.no_grad():
                    assert (Value(1.0) + 1.0).parents == ()
            else:
                assert len((Value(1.0) + 1.0).parents) == 2

    run(work)
