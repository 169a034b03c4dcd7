"""A worker that was started by itself, where there is no fork or none that is safe: macOS, Windows."""

from __future__ import annotations

import faulthandler
import os
import sys
from collections.abc import Mapping
from typing import Any

from grader.worker import preload, standard
from grader.worker.child import work
from grader.worker.limits import Limits
from grader.worker.port import Port
from grader.worker.protocol import Kind

_SECONDS_TO_LOAD = 60


class PlainWall:
    """No isolation but limits on resources, where the system has them."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    def enter(self) -> None:
        """Set the limits, and an end even if the grader is gone and cannot kill us."""
        seconds = self.limits.run_seconds + self.limits.extract_seconds + _SECONDS_TO_LOAD
        faulthandler.dump_traceback_later(seconds, exit=True)
        if sys.platform != "win32":
            from grader.worker.rlimits import limit_resources

            limit_resources(self.limits)


def main(settings: Mapping[str, Any]) -> None:
    """Serve over standard input and output, which student code does not get to see."""
    requests, replies = standard.take(2)
    try:
        preload.load()
        preload.load_ours()
    except Exception as error:
        Port(requests, replies).send(Kind.HELLO, f"{type(error).__name__}: {error}"[:1000].encode())
        raise
    _forget_environment()
    work(requests, replies, PlainWall(Limits(**settings["limits"])), preload.available())


def _forget_environment() -> None:
    for name in set(os.environ) - {"SYSTEMROOT"}:  # Windows cannot make sockets or random numbers without
        del os.environ[name]
