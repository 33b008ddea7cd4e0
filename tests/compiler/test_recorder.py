"""Recordings beside others: nested ones, threads, profilers and debuggers."""

from __future__ import annotations

import cProfile
import gc
import sys
import threading
import weakref

import pytest

import autograd_scalar as ag
from autograd_scalar import JitError
from autograd_scalar.compiler.capture.probes.probes import Watch, active
from autograd_scalar.compiler.capture.recorder.recorder import Recorder
from autograd_scalar.value import core

OUTER, INNER, LATER = 2.0, 3.0, 4.0


def reads_outer(x):
    return x * OUTER


def reads_inner(x):
    return x * INNER


def reads_later(x):
    return x * LATER


def read_by(recorder):
    return {reading.name for reading in recorder.readings if reading.scope == "global"}


def test_recordings_nest():
    inner = Recorder("inner")

    def record():
        with inner.observing(reads_inner, {}):
            gc.collect()  # neither is on before the other is, afterwards
            reads_inner(1.0)

    outer = Recorder("outer", frozen=[record])
    with outer.observing(reads_outer, {"later": reads_later}):
        reads_outer(1.0)
        record()
        reads_later(1.0)
    assert read_by(outer) == {"OUTER", "LATER"}
    assert read_by(inner) == {"INNER"}
    assert active() is None


def test_other_threads_are_not_observed():
    def run():
        thread = threading.Thread(target=reads_inner, args=(1.0,))
        thread.start()
        thread.join()

    recorder = Recorder("f", frozen=[run])
    with recorder.observing(reads_outer, {"other": reads_inner}):
        run()
        reads_outer(1.0)
    assert read_by(recorder) == {"OUTER"}


def test_threads_record_at_once():
    results, start = {}, threading.Barrier(4)

    def record(i):
        f = ag.jit(lambda x: reads_outer(x) * float(i))
        start.wait()
        results[i] = [f(float(j)) for j in range(3)]

    threads = [threading.Thread(target=record, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {i: [2.0 * j * i for j in range(3)] for i in range(4)}


@pytest.mark.parametrize("fails", [False, True])
def test_a_profile_function_is_there_again_afterwards(fails):
    seen = []

    def profile(frame, event, arg):
        seen.append(event)

    def f(x):
        return x * (vars() and 1.0) if fails else x * 2.0

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        if fails:
            with pytest.raises(JitError):
                ag.jit(f)(2.0)
        else:
            assert ag.jit(f)(2.0) == 4.0
        assert sys.getprofile() is profile
        count = len(seen)
        reads_outer(1.0)
        assert len(seen) > count
    finally:
        sys.setprofile(before)


def test_a_profiler_goes_on_afterwards():
    profiler = cProfile.Profile()
    before = sys.getprofile()
    sys.setprofile(None)
    try:
        profiler.enable()
        result = ag.jit(reads_outer)(2.0)
        reads_later(1.0)
        profiler.disable()
    finally:
        sys.setprofile(before)
    assert result == 4.0
    assert "reads_later" in {
        entry.code.co_name for entry in profiler.getstats() if hasattr(entry.code, "co_name")
    }


def test_a_debugger_goes_on_during_a_recording():
    lines = []

    def trace(frame, event, arg):
        if frame.f_code.co_filename == __file__:
            lines.append((frame.f_code.co_name, event))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        result = ag.jit(reads_outer)(2.0)
        during = sys.gettrace()
    finally:
        sys.settrace(before)
    assert result == 4.0
    assert during is trace
    assert ("reads_outer", "line") in lines


def test_a_recording_keeps_no_object_alive():
    class Held:
        rate = 2.0

    def record(held):
        recorder = Recorder("f")
        with recorder.observing(lambda: held.rate, {"held": held}):
            pass
        return weakref.ref(held)

    gc.disable()  # objects are freed at once where nothing leads back to them
    try:
        held = record(Held())
        assert held() is None
    finally:
        gc.enable()


def test_the_engine_has_its_own_watch():
    assert (Watch.__module__ == "autograd_scalar.native.core") == (core() == "native")
