"""Reading back a folder that `grader grade` wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.cli import output
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.export.folder import ReportFolder
    from grader.model import Report


def stored_reports(folder: Path) -> ReportFolder:
    """The reports of a graded folder, without those whose file is gone. UsageError if it holds none."""
    from grader.export.folder import ReportFolder, gone_ids

    reports = ReportFolder(folder, gone_ids(folder))
    if not (folder / "grades.csv").exists() and next(iter(reports), None) is None:
        raise UsageError(f"{folder} holds no reports. First run: grader grade PATH... --out {folder}")
    return reports


def read_reports(folder: Path) -> Iterator[Report]:
    """Every report of a graded folder that can be read, by id."""
    for stored in stored_reports(folder):
        yield stored.report


def run_facts(folder: Path) -> dict[str, Any]:
    """The folder's run.json; {} where there is none. UsageError where it is damaged."""
    from grader.export import folder as export_folder

    return export_folder.run_facts(folder)


def say_unfinished(folder: Path) -> None:
    """Tell, on stderr, of a run that was interrupted."""
    from grader.render import standing

    if told := standing.interrupted(run_facts(folder)):
        output.say(f"note: {told}")


def damage(reports: ReportFolder) -> list[str]:
    """A line for each report that is missing or cannot be read."""
    return [f"{one.what}: {one.reason}" for one in (*reports.damaged(), *reports.missing())]
