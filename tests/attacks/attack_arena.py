"""Where attacks are graded: one sandbox of a tier, what comes out of it, and what is left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path

from attack_case import AS_ROOT, ON_SOME_KERNELS, Case, notebook
from seccompy import syscall_nr

from grader.model import (
    Call,
    Cell,
    Definition,
    Extraction,
    FunctionReport,
    Helper,
    Isolation,
    Outcome,
    Program,
    Proposal,
    RepairRequest,
    Report,
    Runner,
    Search,
    StandIn,
    T,
)
from grader.pipeline import Grader
from grader.render.json_report import to_json
from grader.rubric.load import load_rubric
from grader.worker.limits import MIB, Limits
from grader.worker.sandbox import Sandbox

RUBRIC = "dnn-step-by-step"
SEED = 20260117
LIMITS = Limits(call_seconds=3.0, load_seconds=3.0, run_seconds=30.0, memory_bytes=512 * MIB)
QUICK = replace(LIMITS, call_seconds=0.15, load_seconds=0.15, run_seconds=2.0)
#: (number, name, tier, status of the function, whether the canary was breached) of what was proved in this session.
RESULTS: list[tuple[int, str, str, str, bool]] = []
_PR_SET_CHILD_SUBREAPER = 36
_CLEAN_SECONDS = 3.0
ABOUT_IMPORTS = (14, 19)

_BACKWARD = (
    "def linear_backward(dZ, cache):\n    A_prev, W, b = cache\n    m = A_prev.shape[1]\n"
    "    return np.dot(W.T, dZ), np.dot(dZ, A_prev.T) / m, np.sum(dZ, axis=1, keepdims=True) / m"
)
_COST = (
    "def compute_cost(AL, Y):\n    m = Y.shape[1]\n"
    "    return np.squeeze(-np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m)"
)
_OTHERS = (
    "import numpy as np, json, os, random",
    "def linear_forward(A, W, b):\n    Z = np.dot(W, A) + b\n    return Z, (A, W, b)",
    _COST,
)
NEIGHBOUR = notebook(*_OTHERS, _BACKWARD)
#: With an error, so that words, repairs and runs on public inputs are compared, too. It takes longer.
WRONG_NEIGHBOUR = notebook(*_OTHERS, _BACKWARD.replace(", A_prev.T) / m", ", A_prev.T)"))
NEIGHBOURS_FUNCTIONS = ("linear_forward", "compute_cost", "linear_backward")
_WRONG_EVERY = 10


@dataclass
class Recorder:
    """A Runner that remembers all calls and outcomes: what a worker can carry out at the very most."""

    runner: Runner
    calls: list[Call] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def isolation(self) -> Isolation:
        return self.runner.isolation

    @property
    def call_seconds(self) -> float:
        return self.runner.call_seconds

    def extract(
        self, cells: Sequence[Cell], wanted: Sequence[str], stand_ins: Sequence[StandIn]
    ) -> Extraction:
        return self.runner.extract(cells, wanted, stand_ins)

    def propose(self, definitions: Sequence[Definition], request: RepairRequest) -> tuple[Proposal, ...]:
        return self.runner.propose(definitions, request)

    def run(self, program: Program, calls: Sequence[Call], helper: Helper) -> list[Outcome]:
        outcomes = self.runner.run(program, calls, helper)
        self.calls += calls
        self.outcomes += outcomes
        return outcomes

    def explore(self, search: Search[T], helper: Helper) -> T:
        return self.runner.explore(self._watched(search), helper)

    def _watched(self, search: Search[T]) -> Search[T]:
        try:
            program, calls = next(search)
            while True:
                outcomes = yield program, calls
                self.calls += calls
                self.outcomes += outcomes
                program, calls = search.send(outcomes)
        except StopIteration as end:
            found: T = end.value
            return found

    def loot(self) -> str:
        """All that came out, as text."""
        return "\n".join(f"{outcome.stdout} {outcome.raised} {outcome.value!r}" for outcome in self.outcomes)


@dataclass(frozen=True)
class Left:
    """What a process can leave behind, as seen from ours."""

    processes: int
    files: int
    threads: int
    zygote_files: int

    def exceeds(self, other: Left) -> bool:
        """Fewer are no fault: what other tests had open may be closed at any time."""
        return any(mine > its for mine, its in zip(astuple(self), astuple(other), strict=True))

    def or_more(self, other: Left) -> Left:
        """The larger of each: an attack that killed the waiting workers leaves fewer than there will be again."""
        return Left(*(max(pair) for pair in zip(astuple(self), astuple(other), strict=True)))


class Arena:
    """One tier's sandbox and grader, and the report that the neighbour must always get."""

    def __init__(self, tier: str) -> None:
        """Raises NotIsolated."""
        self.tier = tier
        self.sandbox = Sandbox.start(tier, LIMITS)
        self.recorder = Recorder(self.sandbox)
        self.grader = Grader(load_rubric(RUBRIC), self.recorder, SEED, self.sandbox.close)
        self.alone = {data: self.neighbour(data) for data in (NEIGHBOUR, WRONG_NEIGHBOUR)}
        self.rest = self.at_rest()
        self.proved = 0

    def close(self) -> None:
        self.grader.close()

    # ---------------------------------------------------------------------------------- grading

    def grade(self, data: bytes, *only: str, limits: Limits = LIMITS) -> Report:
        """The report on a notebook; `recorder` holds what its code gave."""
        self.recorder.calls.clear()
        self.recorder.outcomes.clear()
        self.sandbox.limits = limits
        try:
            return self.grader.grade(data, "student.ipynb", "student", None, only)
        finally:
            self.sandbox.limits = LIMITS

    def function(self, data: bytes, name: str = "linear_forward", limits: Limits = LIMITS) -> FunctionReport:
        return self.grade(data, name, limits=limits).functions[0]

    def neighbour(self, data: bytes = NEIGHBOUR) -> bytes:
        """What the next student in this sandbox gets, byte for byte, but for the time it took."""
        return to_json(replace(self.grade(data, *NEIGHBOURS_FUNCTIONS), seconds=0.0))

    # --------------------------------------------------------------------------------- proving

    def prove(self, case: Case, folder: Path) -> None:
        """Grade the attack; look at the function, the canary, what is left, and the neighbour."""
        before, zygote = self.at_rest().or_more(self.rest), self.zygote()
        with case.canary(folder) as canary, self.reaping():
            found = self.function(case.notebook(canary.facts), limits=QUICK if case.quick else LIMITS)
            breached = canary.breached(self.recorder.loot())
        said = f"{found.status}, {found.components}, {self.recorder.loot()[:500]}"
        assert found.status in case.statuses(self.tier), said
        assert (found.score == found.max_score) == (found.status == "passed"), said
        assert case.number in ABOUT_IMPORTS or "ModuleNotFoundError" not in said, (
            "the attack was not even tried"
        )
        self.judge(case, breached, said)
        RESULTS.append((case.number, case.name, self.tier, found.status, breached))
        self.proved += 1
        if self.proved % _WRONG_EVERY == 0:
            assert self.neighbour(WRONG_NEIGHBOUR) == self.alone[WRONG_NEIGHBOUR]
        assert self.neighbour() == self.alone[NEIGHBOUR]
        if not case.breaches(self.tier):
            assert self.zygote() == zygote
            left = self.settled(before)
            assert not left.exceeds(before), f"{left}, it was {before}"
        assert self.zygote_threads() == 1

    def judge(self, case: Case, breached: bool, said: str) -> None:
        """Whether the canary is as it must be in this tier."""
        if not case.breaches(self.tier):
            assert not breached, said
        elif case.none == ON_SOME_KERNELS or (case.none == AS_ROOT and os.geteuid() != 0):
            return
        else:
            assert breached, f"the canary cannot sing: {said}"

    @contextmanager
    def reaping(self) -> Iterator[None]:
        """Ends what an attack has started, and lets a stopped zygote go on."""
        known = children(os.getpid())
        try:
            yield
        finally:
            with suppress(OSError):
                os.kill(self.zygote(), signal.SIGCONT)
            end_orphans(known | {self.zygote()})
            for worker in children(self.zygote()) if self.tier == "none" else ():
                end(descendants(worker))

    # ---------------------------------------------------------------------------- what is left

    def zygote(self) -> int:
        return int(self.sandbox._source.process.pid)  # type: ignore[attr-defined]  # it is a WarmSource here

    def zygote_threads(self) -> int:
        return len(os.listdir(f"/proc/{self.zygote()}/task"))

    def left(self) -> Left:
        """Counted after a neighbour: one worker that has run nothing is kept for the next to come."""
        return Left(
            processes=len(descendants(os.getpid())),
            files=len(os.listdir("/proc/self/fd")),
            threads=len(os.listdir("/proc/self/task")),
            zygote_files=_files_of(self.zygote()),
        )

    def at_rest(self) -> Left:
        """What there is when nothing is ending any more."""
        found, end = self.left(), time.monotonic() + _CLEAN_SECONDS
        while time.monotonic() < end:
            time.sleep(0.02)
            found, last = self.left(), found
            if found == last:
                break
        return found

    def settled(self, wanted: Left) -> Left:
        """What is left when all has ended that is ending: a killed process takes a moment."""
        end = time.monotonic() + _CLEAN_SECONDS
        while (found := self.left()).exceeds(wanted) and time.monotonic() < end:
            time.sleep(0.01)
        return found


def _files_of(process: int) -> int:
    try:
        return len(os.listdir(f"/proc/{process}/fd"))
    except PermissionError:  # it refuses inspection, and we are not root
        return 0


def become_subreaper(on: bool) -> None:
    """Whatever loses its parent below us becomes our child, so that nothing gets away unseen."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(on), 0, 0, 0)


def _family() -> dict[int, set[int]]:
    """All living processes by their parent, for the whole machine."""
    found: dict[int, set[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError):
                state, parent = Path(f"/proc/{name}/stat").read_text().rpartition(") ")[2].split()[:2]
                if state != "Z":
                    found.setdefault(int(parent), set()).add(int(name))
    return found


def children(process: int) -> set[int]:
    return _family().get(process, set())


def descendants(process: int) -> set[int]:
    """All living processes below one."""
    family, found, waiting = _family(), set[int](), [process]
    while waiting:
        below = family.get(waiting.pop(), set())
        found |= below
        waiting += below
    return found


def end_orphans(known: set[int]) -> None:
    """End the processes that have become our children, and all below them."""
    for orphan in children(os.getpid()) - known:
        end({orphan, *descendants(orphan)})
        with suppress(OSError):
            os.waitpid(orphan, 0)


def end(processes: Iterable[int]) -> None:
    for process in processes:
        with suppress(OSError):
            os.kill(process, signal.SIGKILL)


def number(name: str) -> int:
    """A system call's number on this machine."""
    return int(syscall_nr(name))
