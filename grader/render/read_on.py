"""The command with which a learner reads on about a misconception."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

from grader.model import Diagnosis, Report
from grader.rubric.shipped import first_with, shipped_rubrics


def explain_hint(diagnosis: Diagnosis, report: Report) -> str:
    """Where to read on; with the rubric, where the id alone leads to the words of another one. Empty for the rubric of
    an instructor's own, unless the reader called it by its path: another machine does not have it."""
    rubric = report.rubric.id
    if rubric not in shipped_rubrics() and not _is_path(rubric):
        return ""
    named = "" if rubric == first_with(diagnosis.misconception) else f" --rubric {shlex.quote(rubric)}"
    return f"grader explain {diagnosis.misconception}{named}"


def as_named(report: Report, rubric: str | None) -> Report:
    """The report with its rubric called as the reader called it, by a path perhaps, so that commands in it work."""
    if not rubric:
        return report
    path = Path(rubric)
    if path.name in ("", ".."):  # a folder without its name, such as `.`
        rubric = str(path / ".." / path.resolve().name)
    named = rubric if rubric in shipped_rubrics() or _is_path(rubric) else f"./{rubric}"
    return replace(report, rubric=replace(report.rubric, id=named))


def _is_path(rubric: str) -> bool:
    return "/" in rubric or "\\" in rubric
