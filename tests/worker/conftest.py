"""Sandboxes for the tests: one for most of them, and one for each tier that this machine offers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.errors import NotIsolated
from grader.worker.limits import Limits
from grader.worker.sandbox import Sandbox

#: Short, so that tests of time-outs are quick; long enough for a busy machine.
LIMITS = Limits(call_seconds=1.5, load_seconds=1.5, run_seconds=60.0)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start("best", LIMITS) as best:
        yield best


@pytest.fixture(scope="session", params=["none", "seccomp", "strong"])
def tiered(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox of each tier; those that this machine cannot have are skipped."""
    try:
        one = Sandbox.start(request.param, LIMITS)
    except NotIsolated as error:
        pytest.skip(str(error))
    with one:
        yield one
