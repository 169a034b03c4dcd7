"""One process of the local pool: makes its grader, then grades task after task until its wire closes."""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any

from grader.batch.engine import JobSpec, MakeGrader
from grader.batch.work import Workplace, grade_here, set_up
from grader.errors import GraderError, WorkerError
from grader.model import Report
from grader.worker import standard

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Start:
    """Parent → child: what to grade with, and where to write."""

    spec: JobSpec
    make_grader: MakeGrader
    out: str


@dataclass(frozen=True, slots=True)
class Ready:
    """Child → parent: the grader works, and this is its report on an empty file."""

    template: Report


@dataclass(frozen=True, slots=True)
class Failed:
    """Child → parent: no grader on this machine can go on (no isolation, a full disk, a bad rubric)."""

    error: GraderError


@dataclass(frozen=True, slots=True)
class Broken:
    """Child → parent: this one process cannot go on."""

    words: str


class Wire:
    """Messages to and from the other side, which is ours too, over two pipes. EOFError when it is gone."""

    def __init__(self, hears: IO[bytes], says: IO[bytes]) -> None:
        self.hears, self.says = hears, says

    def send(self, message: object) -> None:
        try:
            pickle.dump(message, self.says)
            self.says.flush()
        except OSError as error:
            raise EOFError from error

    def receive(self) -> Any:
        try:
            return pickle.load(self.hears)
        except OSError as error:
            raise EOFError from error


def main() -> None:
    """Serve the parent over standard input and output. Returns when it closes them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    _end_with_parent()
    hears, says = standard.take()
    with suppress(EOFError, OSError), open(hears, "rb") as requests, open(says, "wb") as replies:
        wire = Wire(requests, replies)
        _serve(wire, wire.receive())


def _serve(wire: Wire, start: Start) -> None:
    workplace: Workplace | None = None
    try:
        workplace = set_up(start.spec, start.make_grader)
        wire.send(Ready(workplace.template))
        while True:
            wire.send(grade_here(workplace, wire.receive(), Path(start.out)))
    except EOFError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it was, the parent must hear of it
        wire.send(_last_message(error, workplace is not None))
    finally:
        if workplace is not None:
            workplace.close()


def _last_message(error: Exception, was_ready: bool) -> Failed | Broken:
    """A lost worker may be one submission's doing; every other error of ours is the whole run's."""
    if isinstance(error, GraderError) and not (was_ready and isinstance(error, WorkerError)):
        return Failed(error)
    return Broken("".join(traceback.format_exception(error)))


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(1)


def _end_with_parent() -> None:
    """Ask Linux to end this process when its parent dies; elsewhere the closed wire does it after the task."""
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):
        prctl: Any = ctypes.CDLL(None).prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() == 1:
            raise SystemExit(1)
