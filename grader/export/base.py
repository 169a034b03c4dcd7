"""What an exporter gets and gives. An LMS is one file beside this one with one `Exporter` in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from grader.model import Report


@dataclass(frozen=True, slots=True)
class Known:
    """What the download and the class list say of whose a submission is, besides its report's student.

    `identity` is the word of `platform`, such as Moodle's participant number; `names` are as either spells them.
    """

    platform: str = ""
    identity: str = ""
    names: tuple[str, ...] = ()

    def own(self, platform: str) -> str:
        """What this platform calls the student; empty where the download was not its own."""
        return self.identity if self.platform == platform else ""


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report that was read back. `id` is its folder's path, safe to use in a file's name.

    What only the instructor may see is not in `report` any more.
    """

    id: str
    report: Report
    known: Known = Known()

    @property
    def student(self) -> str | None:
        return self.report.submission.student


class Reports(Protocol):
    """Stored reports by id. They can be gone through again, and need not fit into memory."""

    def __iter__(self) -> Iterator[StoredReport]: ...


@dataclass(frozen=True, slots=True)
class Options:
    """How to export. Nothing secret: tokens and keys never come this way.

    `gradebook` is the instructor's own export from the LMS; `column` names the item in it that gets the
    grades; `points` the item's maximum where the LMS's file does not tell; `detail` the deepest level of
    feedback; `assignment` the LMS's name of the assignment where the format needs one.
    """

    gradebook: Path | None = None
    column: str | None = None
    points: float | None = None
    detail: str = "explanation"
    assignment: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A submission or a gradebook's row that is not in the export, and why, in words."""

    what: str
    reason: str


class Sink(Protocol):
    """Where an exporter puts files and remarks; the exporter itself touches no disk."""

    def write(self, name: str, data: bytes | Iterable[bytes]) -> None:
        """Write one file, named by its path below the export's folder, whole or not at all."""
        ...

    def skip(self, what: str, reason: str) -> None:
        """Tell that something is left out."""
        ...

    def note(self, text: str) -> None:
        """Tell what the instructor should know."""
        ...


@dataclass(frozen=True, slots=True)
class Exporter:
    """One format. `export` reads reports and writes files into the sink; UsageError if it cannot.

    `single` is the file's name where the format is a single file: then `-o` may name that file.
    `fills_in`: it takes the instructor's own gradebook; `needs_gradebook`: it does nothing without.
    """

    name: str
    title: str
    export: Callable[[Reports, Sink, Options], None]
    needs_gradebook: bool = False
    single: str | None = None
    fills_in: bool = False


@dataclass(slots=True)
class MemorySink:
    """A sink that keeps everything, for tests and for `grader run`."""

    files: dict[str, bytes] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def write(self, name: str, data: bytes | Iterable[bytes]) -> None:
        self.files[name] = data if isinstance(data, bytes) else b"".join(data)

    def skip(self, what: str, reason: str) -> None:
        self.skipped.append(Skipped(what, reason))

    def note(self, text: str) -> None:
        self.notes.append(text)
