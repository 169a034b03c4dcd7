"""A graded folder → an LMS's files: the one entry point for the command line and programs."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.errors import CannotWrite, UsageError
from grader.export.base import Exporter, Known, Options, Skipped, StoredReport
from grader.export.registry import OURS, exporter
from grader.files import write_whole
from grader.model import LEVELS
from grader.render.json_report import from_json, public
from grader.rubric.detail import DEEPEST, allowed, most_detail, told

_NOT_SUBMISSIONS = {".grader", "exports"}
_DEFAULT_DETAIL = "explanation"


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What was written (with `dry_run`: would be), and what was left out. Iterating gives the files."""

    format: str
    files: tuple[Path, ...]
    reports: int
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    dry_run: bool = False

    def __iter__(self) -> Iterator[Path]:
        return iter(self.files)


def export_folder(
    folder: Path,
    format: str,
    gradebook: Path | None = None,
    out: Path | None = None,
    *,
    column: str | None = None,
    points: float | None = None,
    detail: str | None = None,
    assignment: str | None = None,
    dry_run: bool = False,
) -> ExportSummary:
    """Write the files that an LMS imports from the graded `folder`, into DIR/exports/FORMAT/ unless told otherwise.

    `detail` is the level that the run was graded with unless given, and never deeper than the rubric lets
    students see. Reports that are missing or damaged are named in the summary and stop nothing. Raises UsageError (unknown format, a gradebook that is
    needed or does not fit) and CannotWrite.
    """
    chosen = exporter(format)
    if chosen.needs_gradebook and gradebook is None:
        raise UsageError(f"{chosen.title} needs your own export from it: give it with --gradebook FILE.")
    _check_points(points)
    most = most_detail_of(folder)
    if gradebook is not None and format in OURS and not chosen.fills_in:
        raise UsageError(f"{chosen.title} is no gradebook that is filled in: leave --gradebook out.")
    reports = ReportFolder(folder, gone_ids(folder), most, known_ids(folder))
    options = Options(gradebook, column, points, graded_detail(folder, detail), assignment)
    sink = _sink(chosen, out or folder / "exports" / format, explicit=out is not None, dry_run=dry_run)
    sink.kept = frozenset(path.resolve() for path in (gradebook, *_own_files(folder)) if path is not None)
    if detail is not None and options.detail != detail:
        sink.note(told(_rubric_id(folder), most))
    chosen.export(reports, sink, options)
    skipped = (*reports.damaged(), *reports.missing(), *sink.skipped)
    return ExportSummary(
        format, tuple(sink.written), reports.count, skipped, tuple(dict.fromkeys(sink.notes)), dry_run
    )


class ReportFolder:
    """The reports of a graded folder, by id, read one at a time each time they are gone through.

    Feedback deeper than the level `most` is not in them.
    """

    def __init__(
        self,
        folder: Path,
        gone: frozenset[str] = frozenset(),
        most: str = DEEPEST,
        known: Mapping[str, Known] | None = None,
    ) -> None:
        self._folder = folder
        self._gone = gone
        self._most = most
        self._known = known or {}
        self._damaged: dict[str, str] = {}
        self._seen: set[str] | None = None

    def __iter__(self) -> Iterator[StoredReport]:
        seen = set()
        for path in _report_files(self._folder):
            name = path.parent.relative_to(self._folder).as_posix()
            seen.add(name)
            if name not in self._gone and (stored := self._read(name, path)) is not None:
                yield stored
        self._seen = seen

    @property
    def count(self) -> int:
        """How many reports could be read."""
        return len(self._complete() - self._gone - self._damaged.keys())

    def damaged(self) -> list[Skipped]:
        """Reports that could not be read."""
        self._complete()
        return [Skipped(name, reason) for name, reason in sorted(self._damaged.items())]

    def missing(self) -> list[Skipped]:
        """Submissions that grades.csv lists and that have no report."""
        reason = "its report.json is missing. Grade again: `grader grade` makes what is not there."
        listed = _listed_ids(self._folder / "grades.csv")
        return [Skipped(name, reason) for name in listed if name not in self._complete() | self._gone]

    def _complete(self) -> set[str]:
        if self._seen is None:
            for _ in self:
                pass
        return self._seen or set()

    def _read(self, name: str, path: Path) -> StoredReport | None:
        try:
            report = public(from_json(path.read_bytes()), self._most)
            return StoredReport(name, report, self._known.get(name, Known()))
        except (UsageError, OSError) as error:
            self._damaged[name] = f"its report.json cannot be read: {error}"
            return None


def _report_files(folder: Path) -> Iterator[Path]:
    """The report.json files below a folder, in order; links are not followed."""
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            children = sorted(here.iterdir(), reverse=True)
        except OSError:
            continue
        for child in children:
            if child.is_symlink() or (here == folder and child.name in _NOT_SUBMISSIONS):
                continue
            if child.is_dir():
                waiting.append(child)
        report = here / "report.json"
        if here != folder and report.is_file() and not report.is_symlink():
            yield report


def _listed_ids(path: Path) -> list[str]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return []
    with suppress(csv.Error, KeyError):
        # A quote in front keeps a spreadsheet from taking the cell for a formula; it is not the id's.
        return [row["submission"].removeprefix("'") for row in csv.DictReader(io.StringIO(text, newline=""))]
    return []


def run_facts(folder: Path) -> dict[str, Any]:
    """The folder's run.json; {} where there is none. UsageError where it is damaged: what counts stands in it."""
    path = folder / "run.json"
    try:
        facts = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        facts = None
    if not isinstance(facts, dict):
        raise UsageError(f"{path} is damaged. Run `grader grade` as before: it makes the file anew.")
    return facts


def gone_ids(folder: Path) -> frozenset[str]:
    """Ids whose file is gone: their reports lie there still, but count no longer."""
    gone = run_facts(folder).get("gone")
    return frozenset(map(str, gone)) if isinstance(gone, list) else frozenset()


def known_ids(folder: Path) -> dict[str, Known]:
    """What run.json says of whose each submission is."""
    found = run_facts(folder).get("identities")
    pairs = found.items() if isinstance(found, dict) else ()
    return {name: _known(one) for name, one in pairs if isinstance(one, dict)}


def _known(one: Mapping[str, Any]) -> Known:
    names = one.get("names")
    return Known(
        str(one.get("platform", "")),
        str(one.get("student", "")),
        tuple(map(str, names)) if isinstance(names, list) else (),
    )


def graded_detail(folder: Path, wanted: str | None = None) -> str:
    """The level of feedback: the one wanted, else the one that the folder was graded with; as far as it is allowed.

    UsageError for a level that there is not.
    """
    if wanted is None:
        graded_with = run_facts(folder).get("detail")
        wanted = graded_with if graded_with in LEVELS else _DEFAULT_DETAIL
    if wanted not in LEVELS:
        raise UsageError(f"there is no level of detail {wanted!r}: nudge, explanation or fix.")
    return allowed(wanted, most_detail_of(folder))


def most_detail_of(folder: Path) -> str:
    """The deepest level that the rubric of the folder lets students see, as the run wrote it down."""
    written = run_facts(folder).get("most_detail")
    return written if written in LEVELS else most_detail(_rubric_id(folder))


def _own_files(folder: Path) -> list[Path]:
    return [folder / name for name in ("grades.csv", "run.json")]


def _rubric_id(folder: Path) -> str:
    rubric = run_facts(folder).get("rubric")
    return str(rubric.get("id", "")) if isinstance(rubric, dict) else ""


def _check_points(points: float | None) -> None:
    if points is not None and not 0 < points < math.inf:
        raise UsageError(f"--points {points:g} is no maximum. Give a number above 0, such as 20.")


# ----------------------------------------------------------------------------------------- writing


@dataclass(slots=True)
class FolderSink:
    """Writes below a folder, each file whole or not at all; with `rename` the one file under its own name."""

    folder: Path
    rename: dict[str, str] = field(default_factory=dict)
    dry_run: bool = False
    kept: frozenset[Path] = frozenset()
    """Files that no export may replace: the instructor's gradebook, and what the run itself wrote."""
    written: list[Path] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def write(self, name: str, data: bytes | Iterable[bytes]) -> None:
        path = self.folder / self.rename.get(name, name)
        if ".." in Path(name).parts or Path(name).is_absolute():
            raise CannotWrite(f"cannot write {name}: it lies outside of the export's folder.")
        if path.resolve() in self.kept:
            raise UsageError(
                f"{path} is not written over: it is what the export is made from. Choose another -o."
            )
        if not self.dry_run:
            write_whole(path, data, "Choose another -o.")
        self.written.append(path)

    def skip(self, what: str, reason: str) -> None:
        self.skipped.append(Skipped(what, reason))

    def note(self, text: str) -> None:
        self.notes.append(text)


def _sink(chosen: Exporter, out: Path, *, explicit: bool, dry_run: bool) -> FolderSink:
    """A folder; or, where the format is one file and `-o` names one, that file."""
    if explicit and chosen.single and not out.is_dir() and out.suffix:
        return FolderSink(out.parent, {chosen.single: out.name}, dry_run)
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file; {chosen.title} is written into a folder. Choose another -o.")
    return FolderSink(out, {}, dry_run)
