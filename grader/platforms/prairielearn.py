"""PrairieLearn's external grader: /grade/student → /grade/results/results.json."""

from __future__ import annotations

from pathlib import Path

from grader.export.prairielearn import results
from grader.export.scores import strict_json
from grader.model import Report
from grader.platforms.base import Handed, Output, Surroundings
from grader.platforms.uploads import from_folder


class PrairieLearn:
    name = "prairielearn"
    home: str | None = "grade"
    #: Its time-out is the question's own setting, at most ten minutes; what we package says 60 s.
    seconds: float | None = 55.0

    def receive(self, around: Surroundings) -> Handed:
        found = from_folder(around.root / "grade" / "student")
        return Handed(found.uploads, notes=found.notes, absent=found.absent)

    def results(self, report: Report, handed: Handed, around: Surroundings) -> Output:
        data = results(report, detail=around.detail, before="\n".join(handed.notes))
        return Output({_path(around.root): strict_json(data)})

    def failure(self, reason: str, around: Surroundings) -> Output:
        # Not gradable: the attempt is not counted against the student.
        data = {"gradable": False, "format_errors": [reason], "message": reason}
        return Output({_path(around.root): strict_json(data)})


def _path(root: Path) -> Path:
    return root / "grade" / "results" / "results.json"


PLATFORM = PrairieLearn()
