"""Gradescope: /autograder/submission and its metadata → /autograder/results/results.json."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from grader.export.gradescope import results
from grader.export.scores import strict_json
from grader.model import Report
from grader.platforms.base import Handed, Output, Surroundings
from grader.platforms.uploads import from_folder
from grader.render.escape import one_line


class Gradescope:
    name = "gradescope"
    home: str | None = "autograder"
    seconds: float | None = 540.0  # it stops at ten minutes unless told otherwise

    def receive(self, around: Surroundings) -> Handed:
        base = around.root / "autograder"
        metadata = _metadata(base / "submission_metadata.json")
        found = from_folder(base / "submission")
        return Handed(
            found.uploads,
            submission=str(metadata.get("id", "submission")),
            student=_student(metadata),
            notes=(*_notes(metadata), *found.notes),
            absent=found.absent,
            extra=_extra(metadata),
            points=_points(around.env),
        )

    def results(self, report: Report, handed: Handed, around: Surroundings) -> Output:
        data = results(
            report, detail=around.detail, points=handed.points, extra=handed.extra, before="\n".join(handed.notes)
        )  # fmt: skip
        return Output({_path(around.root): strict_json(data)})

    def failure(self, reason: str, around: Surroundings) -> Output:
        data = {
            "score": 0,
            "output": reason,
            "output_format": "text",
            "stdout_visibility": "hidden",
            "tests": [],
        }
        return Output({_path(around.root): strict_json(data)})


def _path(root: Path) -> Path:
    return root / "autograder" / "results" / "results.json"


def _metadata(path: Path) -> Mapping[str, Any]:
    """The submission's metadata; {} where there is none that can be read."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _student(metadata: Mapping[str, Any]) -> str | None:
    """The e-mail address of the submitter; of a group the first one's."""
    emails = _emails(metadata)
    return emails[0] if emails else None


def _emails(metadata: Mapping[str, Any]) -> list[str]:
    users = metadata.get("users")
    listed = users if isinstance(users, list) else []
    return [
        one_line(str(user["email"]), 200) for user in listed if isinstance(user, dict) and user.get("email")
    ]


def _notes(metadata: Mapping[str, Any]) -> Iterator[str]:
    late = lateness(metadata)
    if late > timedelta(0):
        yield f"Handed in {_words(late)} after the due date. Nothing is taken off for that here."
    previous = _previous(metadata)
    if previous:
        best = max((score for score in map(_score, previous) if score is not None), default=None)
        number = f"This is submission number {len(previous) + 1}."
        yield number if best is None else f"{number} The best score before was {best:g}."


def lateness(metadata: Mapping[str, Any]) -> timedelta:
    """How long after the due date it was handed in; zero if in time or not known."""
    assignment = metadata.get("assignment")
    due = assignment.get("due_date") if isinstance(assignment, dict) else None
    try:
        late = datetime.fromisoformat(str(metadata.get("created_at"))) - datetime.fromisoformat(str(due))
    except (TypeError, ValueError):
        return timedelta(0)
    return max(late, timedelta(0))


def _words(late: timedelta) -> str:
    minutes = int(late.total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{minutes // 60} hours" if minutes < 2_880 else f"{minutes // 1_440} days"


def _previous(metadata: Mapping[str, Any]) -> list[Any]:
    previous = metadata.get("previous_submissions")
    return previous if isinstance(previous, list) else []


def _score(previous: Any) -> float | None:
    try:
        return float(previous["score"])
    except (KeyError, TypeError, ValueError):
        return None


def _extra(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """For the instructor alone: group, lateness, number of the submission."""
    return {
        "submission": metadata.get("id"),
        "students": _emails(metadata),
        "late_seconds": int(lateness(metadata).total_seconds()),
        "previous_submissions": len(_previous(metadata)),
        "method": one_line(str(metadata.get("submission_method", "")), 50),
    }


def _points(env: Mapping[str, str]) -> float | None:
    """GRADER_POINTS, the autograder's points. Gradescope's own `total_points` counts manual questions too."""
    try:
        value = float(env["GRADER_POINTS"])
    except (KeyError, ValueError):
        return None
    return value if 0 < value < float("inf") else None


PLATFORM = Gradescope()
