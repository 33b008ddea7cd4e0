"""Settings that all tests share: stages as markers, random order, Hypothesis profiles, no silent skips."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator

import hypothesis
import pytest
from stages import STAGES, is_slow, stage_of

os.environ["AUTOGRAD_SCALAR_VERIFY"] = "1"  # every pass of the compiler, before it is imported
os.environ["MPLBACKEND"] = "Agg"  # before matplotlib is imported, and for subprocesses too

# A shell makes its background jobs ignore Ctrl-C, and so all processes that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_configure(config: pytest.Config) -> None:
    """Register a marker for each stage, and `slow`."""
    for stage in STAGES:
        config.addinivalue_line("markers", f"{stage}: tests of this stage of the package")
    config.addinivalue_line("markers", "slow: takes a second or so; `make check` leaves it out")
    config.addinivalue_line(
        "markers",
        "not_audited(reason): cannot pass under AUTOGRAD_SCALAR_JIT_CHECK=1, and is left out there",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test with the stage of its file, and with `slow` where the whole file is."""
    for item in items:
        if stage := stage_of(item.path):
            item.add_marker(stage)
        if is_slow(item.path):
            item.add_marker("slow")
    if os.environ.get("AUTOGRAD_SCALAR_JIT_CHECK") == "1":
        left_out = [item for item in items if item.get_closest_marker("not_audited")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True)
def figures_closed() -> Iterator[None]:
    """Close the figures of pyplot, which keeps them and warns above twenty."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture(autouse=True)
def _no_registration_outlives_its_test() -> Iterator[None]:
    """Forget the containers that a test registers: every recording observes the functions of all of them."""
    from autograd_scalar.pytree import containers  # after coverage has started

    rules, functions = {**containers._RULES}, [*containers.registered_functions]
    yield
    for kind in containers._RULES.keys() - rules.keys():
        del containers._RULES[kind]
    containers.registered_functions[:] = functions


@pytest.fixture
def wrong_rows_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let define_op accept partial derivatives that are wrong."""
    monkeypatch.setattr("autograd_scalar.value.check_partials", lambda row: None)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that skipped a test although AUTOGRAD_SCALAR_SKIP_NOTHING=1: an oracle is missing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")  # none in xdist workers
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("AUTOGRAD_SCALAR_SKIP_NOTHING") == "1":
        reporter.write_line(
            f"\n{len(skipped)} skipped, but AUTOGRAD_SCALAR_SKIP_NOTHING=1", red=True
        )
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
