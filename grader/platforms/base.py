"""What a platform's container hands in, and what it wants back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from grader.model import Report

#: Grades one submission: (bytes, file's name, submission's id, student) → report. Never raises for the bytes.
Grade = Callable[[bytes, str, str, str | None], Report]


@dataclass(frozen=True, slots=True)
class Upload:
    """One file that may be the submission."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """The notebooks in a folder and sentences for the student; `absent` says why there is none."""

    uploads: tuple[Upload, ...]
    notes: tuple[str, ...] = ()
    absent: str = ""


@dataclass(frozen=True, slots=True)
class Handed:
    """A submission as the platform handed it in.

    `notes` are sentences for the student (late, several files …); `absent` says why there is no upload;
    `extra` is passed through to where only the instructor looks; `points` is what the submission is worth,
    if the platform says so.
    """

    uploads: tuple[Upload, ...]
    submission: str = "submission"
    student: str | None = None
    notes: tuple[str, ...] = ()
    absent: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    points: float | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """What a platform gets: whole files by absolute path, and bytes for standard output."""

    files: Mapping[Path, bytes] = field(default_factory=dict)
    stdout: bytes = b""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The world of one run, passed in so that a test can make its own.

    `root` stands for `/`; `work` is the current folder.
    """

    root: Path
    work: Path
    env: Mapping[str, str]
    stdin: BinaryIO
    detail: str = "explanation"


class Platform(Protocol):
    """One platform. `seconds` is when it stops waiting, as its documents say, less a margin; None: unknown.

    `home` is the folder below `/` that its containers have; None where the working directory is all there is.
    """

    name: str
    home: str | None
    seconds: float | None

    def receive(self, around: Surroundings) -> Handed:
        """Find the submission. It never raises for what a student handed in."""
        ...

    def results(self, report: Report, handed: Handed, around: Surroundings) -> Output:
        """The result of a submission that was graded."""
        ...

    def failure(self, reason: str, around: Surroundings) -> Output:
        """A valid result that says that nothing was graded, and why."""
        ...
