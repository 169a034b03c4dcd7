"""The kernel's limits on one process, on every system that has them."""

from __future__ import annotations

import contextlib
import math
import resource

from grader.worker.limits import Limits

_OPEN_FILES = 32
#: The wall clock ends a run; a worker serves several runs of one student, and the parser many.
_RUNS = 10


def limit_resources(limits: Limits) -> None:
    """Set the limits for this process; hard ones, so that it cannot raise them again."""
    caps = {
        "RLIMIT_AS": limits.memory_bytes,
        "RLIMIT_CPU": math.ceil(_RUNS * limits.run_seconds + limits.extract_seconds),
        "RLIMIT_FSIZE": 0,
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": _OPEN_FILES,
        "RLIMIT_NPROC": 0,
    }
    for name, cap in caps.items():
        with contextlib.suppress(ValueError, AttributeError):  # some systems lack some of them
            _limit(getattr(resource, name), cap)


def _limit(number: int, cap: int) -> None:
    hard = resource.getrlimit(number)[1]
    value = cap if hard == resource.RLIM_INFINITY else min(cap, hard)
    resource.setrlimit(number, (value, value))
