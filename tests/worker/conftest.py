"""Sandboxes for the tests: one for most of them, and one for each tier that this machine offers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.errors import NotIsolated
from grader.worker.limits import Limits
from grader.worker.linux import landlock_abi
from grader.worker.sandbox import Sandbox

#: Short, so that tests of time-outs are quick; long enough for a busy machine.
LIMITS = Limits(call_seconds=1.5, load_seconds=1.5, run_seconds=60.0)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start("best", LIMITS) as best:
        yield best


@pytest.fixture(scope="session", params=["none", "seccomp", "strong"])
def tiered(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox of each tier; those that this kernel cannot have are skipped."""
    try:
        one = Sandbox.start(request.param, LIMITS)
    except NotIsolated as error:
        assert not _kernel_has(request.param), error
        pytest.skip(str(error))
    with one:
        yield one


def _kernel_has(tier: str) -> bool:
    """Whether the kernel itself says that it has the layers: then a tier that cannot be had is our fault."""
    if sys.platform != "linux" or not Path("/proc/sys/kernel/seccomp/actions_avail").exists():
        return tier == "none"
    try:
        return tier != "strong" or landlock_abi() > 0
    except OSError:
        return False
