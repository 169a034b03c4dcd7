"""`grader run`: grade inside an LMS's container, whatever happens.

A valid result that says so is written before anything else, and replaced at the end: a crash, a
time-out or a kill leaves a file that the platform can read.
"""

from __future__ import annotations

import _thread
import math
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from grader.batch.engine import GraderLike, JobSpec
from grader.errors import GraderError, UsageError
from grader.files import write_whole
from grader.model import LEVELS, NO_FILE, Problem, Report
from grader.platforms.base import Grade, Handed, Output, Platform, Surroundings
from grader.platforms.table import platform_named
from grader.render.escape import one_line
from grader.render.plain import NOT_ISOLATED
from grader.rubric.detail import rubrics_detail

GRADED, NOT_GRADED = 0, 3

_UNFINISHED = "The grader has not finished. If you still see this, it was stopped; hand in again, or tell your instructor."
_STOPPED = "The grader was stopped before it had finished. This is not your fault; hand in again, or tell your instructor."
_TOO_LONG = "The grader ran out of time. Hand in again; if it happens again, tell your instructor."
_BROKEN = "The grader could not do its work. This is not your fault; tell your instructor: {}"
#: Windows has no alarm: a thread counts there, and interrupts the main one by another signal.
_ALARM = getattr(signal, "SIGALRM", signal.SIGABRT)


class _Stopped(BaseException):
    """Raised in the main thread by SIGTERM or by our own clock; no handler of errors may catch it."""


def run_platform(
    name: str,
    *,
    grade: Grade | None = None,
    rubric: str | None = None,
    root: Path | None = None,
    work: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: BinaryIO | None = None,
    stdout: BinaryIO | None = None,
    detail: str | None = None,
    seconds: float | None = None,
) -> int:
    """Grade the submission where the platform put it. 0 whenever it was graded, 2 for a rubric or setting that is
    wrong, 3 if the grader could not.

    `grade` defaults to the pipeline's own with `rubric` (None: inferred). `seconds` is when to give up,
    GRADER_SECONDS or the platform's own limit unless given; `root` stands for `/` (GRADER_ROOT). Raises UsageError for an unknown platform
    and CannotWrite where not even the first result can be written.
    """
    platform = platform_named(name)
    env = os.environ if env is None else env
    root = _root(platform, env) if root is None else root
    around = Surroundings(
        root, work or Path.cwd(), env, stdin or sys.stdin.buffer, detail or env.get("GRADER_DETAIL", "explanation")
    )  # fmt: skip
    out = stdout or sys.stdout.buffer
    _write_files(platform.failure(_UNFINISHED, around))
    pipeline = Pipeline(rubric)
    try:
        with _stopping(_limit(seconds, env, platform)), closing(pipeline):
            result = _grade(platform, around, grade or pipeline, rubric)
    except _Stopped as stop:
        return _fail(platform, around, out, str(stop))
    except Exception as error:  # noqa: BLE001 - whatever broke, the platform needs an answer
        code = error.exit_code if isinstance(error, GraderError) else NOT_GRADED
        return _fail(platform, around, out, _BROKEN.format(_reason(error)), code)
    _finish(result, out)
    return GRADED


def _root(platform: Platform, env: Mapping[str, str]) -> Path:
    """What stands for `/`. Raises UsageError outside the platform's container, where nothing may be written to `/`."""
    if "GRADER_ROOT" in env:
        return Path(env["GRADER_ROOT"])
    if platform.home is not None and not Path("/", platform.home).is_dir():
        raise UsageError(
            f"there is no /{platform.home}: this is not a container of {platform.name}. To try it out, set GRADER_ROOT to a "
            f"folder that stands for / and holds {platform.home}."
        )
    return Path("/")


def _grade(platform: Platform, around: Surroundings, grade: Grade, rubric: str | None) -> Output:
    if around.detail not in LEVELS:
        raise UsageError(f"GRADER_DETAIL is {around.detail!r}; it is one of {', '.join(LEVELS)}.")
    report, handed = grade_best(platform.receive(around), grade)
    detail = rubrics_detail(around.detail, rubric or report.rubric.id)
    return platform.results(report, handed, replace(around, detail=detail))


def grade_best(handed: Handed, grade: Grade) -> tuple[Report, Handed]:
    """The report on what was handed in, and the remarks that it adds."""
    report, handed = _best(handed, grade)
    if report.isolation.tier == "none" and report.rubric.version:
        handed = _with_notes(handed, NOT_ISOLATED)
    return report, handed


def _best(handed: Handed, grade: Grade) -> tuple[Report, Handed]:
    """Of several notebooks the one with the most points counts, and the student is told which."""
    if not handed.uploads:
        report = grade(b"", "submission", handed.submission, handed.student)
        return replace(report, problems=(Problem(NO_FILE, handed.absent),)), handed
    reports = [grade(one.data, one.name, handed.submission, handed.student) for one in handed.uploads]
    best = max(reports, key=lambda report: (report.status == "graded", report.score))
    if len(reports) > 1:
        names = ", ".join(one_line(one.name, 100) for one in handed.uploads)
        counts = one_line(best.submission.file, 100)
        handed = _with_notes(handed, f"Several notebooks were handed in ({names}): {counts} has the most points and counts.")  # fmt: skip
    return best, handed


def _with_notes(handed: Handed, *notes: str) -> Handed:
    return replace(handed, notes=(*handed.notes, *notes))


def _fail(
    platform: Platform, around: Surroundings, out: BinaryIO, reason: str, code: int = NOT_GRADED
) -> int:
    _finish(platform.failure(reason, around), out)
    with suppress(OSError):
        sys.stderr.write(f"error: {reason}\n")
    return code


def _reason(error: Exception) -> str:
    """What the instructor needs. Of an unexpected error the kind alone: its text could hold anything."""
    return one_line(str(error), 500) if isinstance(error, GraderError) else type(error).__name__ + "."


# ------------------------------------------------------------------------------------------- writing


def _finish(output: Output, stdout: BinaryIO) -> None:
    _write_files(output)
    if output.stdout:
        stdout.write(output.stdout)
        stdout.flush()


def _write_files(output: Output) -> None:
    for path, data in output.files.items():
        write_whole(path, data)


# ------------------------------------------------------------------------------------------ stopping


def _limit(seconds: float | None, env: Mapping[str, str], platform: Platform) -> float | None:
    if seconds is not None:
        return seconds
    try:
        wanted = float(env["GRADER_SECONDS"])
    except (KeyError, ValueError):
        return platform.seconds
    return wanted if 0 < wanted < math.inf else platform.seconds


@contextmanager
def _stopping(seconds: float | None) -> Iterator[None]:
    """Turn SIGTERM and our own clock into an exception, in the main thread, where alone that is possible."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, _raiser(_STOPPED)),
        _ALARM: signal.signal(_ALARM, _raiser(_TOO_LONG)),
    }
    stop_clock = _start_clock(seconds)
    try:
        yield
    finally:
        stop_clock()
        for number, handler in before.items():
            signal.signal(number, handler)


def _start_clock(seconds: float | None) -> Callable[[], object]:
    """Have the alarm come after so many seconds, or never; gives what stops the clock."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds or 0)
        return lambda: signal.setitimer(signal.ITIMER_REAL, 0)
    timer = threading.Timer(seconds or 0, _thread.interrupt_main, [_ALARM])
    timer.daemon = True
    if seconds:
        timer.start()
    return timer.cancel


def _raiser(text: str) -> Callable[[int, FrameType | None], None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _Stopped(text)

    return stop


class Pipeline:
    """The grader itself, made when first used, so that a rubric that cannot be loaded gives a result too.

    In a platform's container the container is the wall where nothing stronger works.
    """

    def __init__(self, rubric: str | None) -> None:
        self._rubric = rubric
        self._made: GraderLike | None = None

    def __call__(self, data: bytes, file: str, submission: str, student: str | None) -> Report:
        if self._made is None:
            from grader.pipeline import make_grader

            self._made = make_grader(JobSpec(rubric=self._rubric, unsafe=True))
        return self._made.grade(data, file, submission, student)

    def close(self) -> None:
        """End the workers: nothing of the student's is left running when the result is written."""
        if self._made is not None:
            self._made.close()
