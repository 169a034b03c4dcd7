"""Coursera: /shared/submission/<suggested name> → /shared/feedback.json and htmlFeedback.html.

A part of an assignment can be some of the functions: /grader/parts.json maps a part's id to their names.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from grader.errors import UsageError
from grader.export.coursera import files
from grader.export.scores import strict_json, tidy
from grader.model import Report
from grader.platforms.base import Handed, Output, Surroundings
from grader.platforms.uploads import from_folder
from grader.rubric.load import load_rubric


class Coursera:
    name = "coursera"
    home: str | None = "shared"
    seconds: float | None = 1_140.0  # it stops at 1,200 unless told otherwise

    def receive(self, around: Surroundings) -> Handed:
        student = around.env.get("userId") or None
        found = from_folder(around.root / "shared" / "submission")
        return Handed(found.uploads, student=student, notes=found.notes, absent=found.absent)

    def results(self, report: Report, handed: Handed, around: Surroundings) -> Output:
        wanted = _wanted(around)
        _check_names(wanted, report)
        report = part_of(report, wanted)
        written = files(report, detail=around.detail, before=" ".join(handed.notes))
        return Output({around.root / "shared" / name: data for name, data in written.items()})

    def failure(self, reason: str, around: Surroundings) -> Output:
        data = {"fractionalScore": 0, "feedback": reason}
        return Output({around.root / "shared" / "feedback.json": strict_json(data)})


def part_of(report: Report, names: frozenset[str]) -> Report:
    """The report on these functions alone, their sum scaled to the maximum; on all of them if none is named."""
    functions = tuple(one for one in report.functions if one.name in names)
    most = sum(one.max_score for one in functions)
    if not names or report.status != "graded" or most <= 0:
        return report
    score = tidy(report.max_score * sum(one.score for one in functions) / most)
    return replace(report, functions=functions, score=score)


def _wanted(around: Surroundings) -> frozenset[str]:
    """The functions of the part that is graded: all if /grader/parts.json does not list it. UsageError if it is damaged."""
    part = around.env.get("partId", "")
    try:
        names = json.loads((_parts(around.root)).read_bytes())[part]
    except (OSError, KeyError, TypeError):
        return frozenset()
    except ValueError:
        raise UsageError("parts.json in the image is not readable as JSON.") from None
    return frozenset(map(str, names if isinstance(names, list) else [names]))


def _check_names(names: frozenset[str], report: Report) -> None:
    """UsageError for a name that the rubric has not: the part would be graded on other functions than meant."""
    try:
        known = load_rubric(report.rubric.id).functions.keys()
    except UsageError:  # a rubric of another machine: its names are not known here
        return
    if unknown := sorted(names - known):
        raise UsageError(f"parts.json names {unknown[0]!r}, which the rubric {report.rubric.id} has not.")


def _parts(root: Path) -> Path:
    return root / "grader" / "parts.json"


PLATFORM = Coursera()
