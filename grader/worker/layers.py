"""The isolation layers of this machine: tried by attempting the forbidden, and chosen for a tier.

Nothing here goes by hints such as a kernel's version: a child takes on a layer and then tries what the
layer must stop. Runs in a process that has one thread, since it forks (the zygote does).
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from grader.errors import NotIsolated
from grader.model import Isolation
from grader.worker import linux

#: In the order in which reports list them.
LAYERS = ("process", "rlimits", "landlock", "seccomp", "namespaces")
TIERS = ("best", "strong", "seccomp", "none")
_STRENGTH = {"none": 0, "seccomp": 1, "strong": 2}
_ADVICE = "Run `grader doctor` to see which layers work here, and what to do about the others."


@dataclass(frozen=True, slots=True)
class Probe:
    """Whether a layer holds on this machine; if not, what happened when it was tried."""

    layer: str
    problem: str = ""

    @property
    def works(self) -> bool:
        return not self.problem


def probe_layers() -> dict[str, Probe]:
    """Try all kernel layers at once, each in a child of its own."""
    if sys.platform != "linux":
        return {name: Probe(name, f"not available on {sys.platform}") for name in _TRIALS}
    started = {name: _start(trial) for name, trial in _TRIALS.items()}
    return {name: Probe(name, _finish(*child)) for name, child in started.items()}


def choose(tier: str, probes: Mapping[str, Probe], at_least: str = "none") -> Isolation:
    """The layers for a tier.

    `strong` is seccomp with a second wall that closes the file system independently: Landlock,
    namespaces with an empty root, or both. `seccomp` is seccomp and limits; `none` a process of its own
    and limits. `best` takes the strongest that works, if it is not weaker than `at_least`.

    Raises:
        NotIsolated: the named tier cannot be had.
    """
    chosen = _chosen(tier, {name for name, probe in probes.items() if probe.works})
    if chosen is not None and _STRENGTH[chosen.tier] >= _STRENGTH[at_least]:
        return chosen
    wanted = at_least if tier == "best" else tier
    failed = "; ".join(f"{probe.layer}: {probe.problem}" for probe in probes.values() if not probe.works)
    raise NotIsolated(f"The isolation tier {wanted!r} is not available on this machine ({failed}). {_ADVICE}")


def _chosen(tier: str, working: Collection[str]) -> Isolation | None:
    if tier in ("strong", "best") and "seccomp" in working and len(working) > 1:
        always = ("process", "rlimits")
        return Isolation("strong", tuple(name for name in LAYERS if name in always or name in working))
    if tier in ("seccomp", "best") and "seccomp" in working:
        return Isolation("seccomp", ("process", "rlimits", "seccomp"))
    if tier in ("none", "best"):
        return Isolation("none", ("process", "rlimits"))
    return None


# ------------------------------------------------------------------------------------------ trials


def _try_seccomp() -> None:
    from grader.worker.syscalls import worker_filter

    linux.gain_nothing()
    linux.load_filter(worker_filter().program)
    _must_fail("opening a folder", lambda: os.open("/", os.O_RDONLY))
    _must_fail("making a socket", socket.socket)
    _must_fail("forking", _fork_once)


def _try_landlock() -> None:
    from grader.worker.lockdown import no_paths

    linux.gain_nothing()
    linux.enter_landlock(no_paths())
    _must_fail("listing the root folder", lambda: os.listdir("/"))
    _must_fail("opening this program", lambda: os.open(sys.executable, os.O_RDONLY))


def _try_namespaces() -> None:
    linux.enter_namespaces()
    if os.listdir("/"):
        raise PermissionError("the root is not empty")
    _must_fail("opening this program", lambda: os.open(sys.executable, os.O_RDONLY))
    if _fork_once() != 1:
        raise PermissionError("there is no process namespace")


_TRIALS: Mapping[str, Callable[[], None]] = {
    "landlock": _try_landlock,
    "seccomp": _try_seccomp,
    "namespaces": _try_namespaces,
}


def _must_fail(what: str, act: Callable[[], object]) -> None:
    try:
        act()
    except OSError:
        return
    raise PermissionError(f"{what} was not stopped")


def _fork_once() -> int:
    """The process number that a child has, as it sees it."""
    child = os.fork()
    if child == 0:
        os._exit(min(os.getpid(), 99))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _start(trial: Callable[[], None]) -> tuple[int, int]:
    """Start a trial in a child: its process number, and the pipe on which it tells how it went."""
    told, telling = os.pipe()
    child = os.fork()
    if child:
        os.close(telling)
        return child, told
    text = "ok"
    try:
        trial()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the answer
        text = str(error)[:300] or type(error).__name__
    os.write(telling, text.encode())
    os._exit(0)


def _finish(child: int, told: int) -> str:
    """What went wrong in a trial; empty if nothing did."""
    text = os.read(told, 4096).decode()
    os.close(told)
    os.waitpid(child, 0)
    return "" if text == "ok" else text or "the process that tried it was killed"
