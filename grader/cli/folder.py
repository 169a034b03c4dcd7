"""Reading back a folder that `grader grade` wrote."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.model import Report

_NOT_SUBMISSIONS = {".grader", "exports"}


def read_reports(folder: Path) -> Iterator[Report]:
    """Every report of a graded folder, by id; those of files that are gone are left out. UsageError for a bad one."""
    from grader.render.json_report import from_json

    gone = {folder / name / "report.json" for name in run_facts(folder).get("gone", ())}
    for path in report_files(folder):
        if path not in gone:
            try:
                yield from_json(path.read_bytes())
            except UsageError as error:
                raise UsageError(f"{path}: {error}") from None


def report_files(folder: Path) -> Iterator[Path]:
    """The report.json files below a folder, in order; links are not followed."""
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not (Path(root) == folder and name in _NOT_SUBMISSIONS)
        )
        if "report.json" in files:
            yield Path(root) / "report.json"


def run_facts(folder: Path) -> dict[str, Any]:
    """The folder's run.json; {} where there is none that can be read."""
    try:
        facts = json.loads((folder / "run.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def require_graded(folder: Path) -> None:
    """UsageError if `grader grade` has not written this folder."""
    if not (folder / "grades.csv").exists() and next(report_files(folder), None) is None:
        raise UsageError(f"{folder} holds no reports. First run: grader grade PATH... --out {folder}")
