"""What a worker gives up before it touches student code. Any failure here is an error, never a lower tier."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

from grader.worker import linux
from grader.worker.limits import Limits
from grader.worker.rlimits import limit_resources


class Lockdown:
    """The layers of a worker, made ready once by the zygote so that each worker only has to enter them."""

    def __init__(self, layers: Sequence[str], limits: Limits) -> None:
        self.layers = frozenset(layers)
        self.limits = limits
        self.filter: bytes | None = None
        self.ruleset: int | None = None
        if "seccomp" in layers:
            from grader.worker.syscalls import worker_filter

            self.filter = worker_filter().program
        if "landlock" in layers:
            self.ruleset = no_paths()

    def kept_files(self) -> tuple[int, ...]:
        """Open files that a worker needs until it is locked down."""
        return () if self.ruleset is None else (self.ruleset,)

    def enter(self) -> None:
        """Give everything up. Raises OSError if a layer refuses."""
        os.setsid()
        limit_resources(self.limits)
        if self.filter is None:
            return
        linux.drop_capabilities()
        linux.refuse_inspection()
        linux.gain_nothing()
        if self.ruleset is not None:
            linux.enter_landlock(self.ruleset)
            os.close(self.ruleset)
        linux.load_filter(self.filter)


def die_with_zygote(zygote: int) -> None:
    """Be killed when the zygote ends, `zygote` being its process number as a child of it sees it."""
    linux.die_with_parent(signal.SIGKILL)
    if os.getppid() != zygote:
        os._exit(1)  # it ended before we had asked


def no_paths() -> int:
    """A Landlock ruleset that allows no path, no port, and no signal or abstract socket outside."""
    from landlockpy import fs_for_abi, net_for_abi, scope_for_abi

    abi = linux.landlock_abi()
    return linux.make_ruleset(int(fs_for_abi(abi)), int(net_for_abi(abi)), int(scope_for_abi(abi)))
