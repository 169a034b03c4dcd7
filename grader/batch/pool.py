"""The local engine: processes of our own, each with its own grader, so that none can hold up or take down another.

    parent ── Task ──▶ child (own grader, own workers) ── Done ──▶ parent        one task at a time a child

A child that dies costs one retry of the task it had; the second death is that task's report. Children are
plain subprocesses that talk over their standard input and output, with a thread each that listens, for no
system lacks these: no `__main__` is imported again, and nothing is inherited.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from grader.batch.engine import Done, JobSpec, MakeGrader, Task, internal_error, row_of
from grader.batch.pool_child import Broken, Failed, Ready, Start, Wire
from grader.batch.store import write_submission
from grader.batch.work import render_files
from grader.errors import WorkerError
from grader.model import Report
from grader.worker.interpreter import APART

#: The sandbox bounds every submission far below this; a child silent for so long hangs.
PATIENCE = 900.0
#: So many children may die in a row, each before it was ready, or over a submission of its own.
_MOST_DEATHS_IN_A_ROW = 5
_MOST_LOST_IN_A_ROW = 10
_END_SECONDS = 5.0
_ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)
_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from grader.batch.pool_child import main; main()"


@dataclass(slots=True, eq=False)
class _Child:
    """A pool process and what it is doing."""

    process: subprocess.Popen[bytes]
    wire: Wire
    errors: IO[bytes]
    task: Task | None = None
    since: float = field(default_factory=time.monotonic)
    ready: bool = False
    listener: threading.Thread = field(init=False)

    def last_words(self) -> str:
        """The end of what it wrote to stderr, for the instructor."""
        with suppress(OSError, ValueError):
            size = self.errors.seek(0, os.SEEK_END)
            self.errors.seek(max(0, size - 2000))
            return self.errors.read().decode(errors="replace").strip()
        return ""


_Heard = queue.SimpleQueue[tuple[_Child, Any]]


class LocalPool:
    """Implements grader.batch.engine.Engine on this machine's cores. `out` must have been opened by a store.Folder."""

    def __init__(
        self, spec: JobSpec, make_grader: MakeGrader, out: Path, jobs: int, *, patience: float = PATIENCE
    ) -> None:
        self._start_message = Start(spec, make_grader, os.fspath(out))
        self._spec = spec
        self._out = out
        self._jobs = max(1, jobs)
        self._patience = patience
        self._children: list[_Child] = []
        self._heard: _Heard = queue.SimpleQueue()
        self._retries: deque[Task] = deque()
        self._tried: set[str] = set()
        self._deaths = 0
        self._lost_in_a_row: set[str] = set()
        self._template: Report | None = None

    def start(self) -> Report:
        """Start the children; the first that is ready gives the report on an empty file. GraderError if none can be."""
        self._children = [_spawn(self._start_message, self._heard) for _ in range(self._jobs)]
        while self._template is None:
            for child, message in self._messages():
                self._greet(child, message)
        return self._template

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Results as they come. GraderError if the grader itself cannot go on."""
        waiting = iter(tasks)
        more = self._hand_out(waiting)
        while more or self._retries or any(child.task for child in self._children):
            for child, message in self._messages():
                yield from self._take(child, message)
            more = self._hand_out(waiting)

    def close(self) -> None:
        """End all children: idle ones by closing their wire, busy ones by signals, all within half a second or so."""
        for child in self._children:
            _hang_up(child)
            if child.task is not None or not child.ready:
                _end(child, politely=True)
        limit = time.monotonic() + 0.5
        for child in self._children:
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, limit - time.monotonic()))
        for child in self._children:
            _bury(child)
        self._children = []

    def _hand_out(self, waiting: Iterator[Task]) -> bool:
        """Give every idle child a task; False once there are no new ones."""
        for child in self._children:
            if child.ready and child.task is None:
                task = self._retries.popleft() if self._retries else next(waiting, None)
                if task is None:
                    return False
                child.task, child.since = task, time.monotonic()
                with suppress(EOFError):  # it has just died: its end of file comes next
                    child.wire.send(task)
        return True

    def _messages(self) -> Iterator[tuple[_Child, Any]]:
        """What the children have to say now; None from one that has died. Waits up to a second."""
        with suppress(queue.Empty):
            child, message = self._heard.get(timeout=1.0)
            if child in self._children:  # not one that was ended while it had something to say
                yield child, message
        for child in list(self._children):
            if child.task is not None and time.monotonic() - child.since > self._patience:
                yield child, Broken(f"no answer within {self._patience:.0f} seconds")

    def _take(self, child: _Child, message: Any) -> Iterator[Done]:
        if isinstance(message, Done):
            self._deaths, child.task = 0, None
            self._lost_in_a_row.clear()
            self._tried.discard(message.task.submission.id)
            yield message
        elif isinstance(message, Ready):
            self._greet(child, message)
        else:
            yield from self._lost(child, message)

    def _greet(self, child: _Child, message: Any) -> None:
        if isinstance(message, Ready):
            child.ready = True
            self._template = self._template or message.template
        else:
            for _ in self._lost(child, message):
                raise AssertionError("a child without a task has lost one")

    def _lost(self, child: _Child, message: Failed | Broken | None) -> Iterator[Done]:
        """Replace a child that cannot go on; its task is tried once more, then reported."""
        if isinstance(message, Failed):
            raise message.error
        self._deaths += child.task is None
        if child.task is not None:
            self._lost_in_a_row.add(child.task.submission.id)
        words = (message.words if message else "") or child.last_words() or "it ended without a word"
        deaths = max(self._deaths, len(self._lost_in_a_row))
        if self._deaths >= _MOST_DEATHS_IN_A_ROW or len(self._lost_in_a_row) >= _MOST_LOST_IN_A_ROW:
            last = words.splitlines()[-1] if words else ""
            raise WorkerError(
                f"the grader's own process broke {deaths} times in a row, last with: {last[-300:]}. "
                "What was graded is kept. `grader doctor` looks for the cause."
            )
        self._children.remove(child)
        _bury(child)
        self._children.append(_spawn(self._start_message, self._heard))
        if child.task is not None:
            yield from self._retry_or_report(child.task)

    def _retry_or_report(self, task: Task) -> Iterator[Done]:
        if task.submission.id not in self._tried:
            self._tried.add(task.submission.id)
            self._retries.append(task)
            return
        assert self._template is not None, "tasks are handed out after start"
        report = internal_error(self._template, task.submission)
        write_submission(self._out, task.submission.id, render_files(report, self._spec))
        yield Done(task, "", row_of(report, task.submission))


def _spawn(message: Start, heard: _Heard) -> _Child:
    path = json.dumps([os.path.abspath(entry) for entry in sys.path])
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", _BOOT, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=os.environ | _ONE_THREAD,
        **APART,
    )
    wire = Wire(cast("IO[bytes]", process.stdout), cast("IO[bytes]", process.stdin))
    child = _Child(process, wire, errors)
    child.listener = threading.Thread(target=_listen, args=(child, heard), daemon=True)
    child.listener.start()
    with suppress(EOFError):
        wire.send(message)
    return child


def _listen(child: _Child, heard: _Heard) -> None:
    """Pass on what a child says, and None when it has died, or babbles."""
    with suppress(Exception), child.wire.hears:
        while True:
            heard.put((child, child.wire.receive()))
    heard.put((child, None))


def _hang_up(child: _Child) -> None:
    with suppress(OSError):  # of what it did not read any more
        child.wire.says.close()


def _end(child: _Child, *, politely: bool = False) -> None:
    """End the child and, where the system knows groups, what it started that is still in its group."""
    with suppress(OSError):
        if sys.platform == "win32":
            child.process.kill()
        else:
            os.killpg(child.process.pid, signal.SIGTERM if politely else signal.SIGKILL)


def _bury(child: _Child) -> None:
    _hang_up(child)
    if child.process.poll() is None:
        _end(child)
    child.process.wait()
    child.listener.join(_END_SECONDS)
    child.errors.close()


def cores() -> int:
    """The cores that this process may use, as far as the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
