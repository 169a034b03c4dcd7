"""Classroom 50: the checked-out repository, which is the current folder → ./result.json."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from grader.export.classroom50 import result
from grader.export.scores import strict_json
from grader.model import Isolation, Report, RubricStamp, SubmissionStamp
from grader.platforms.base import Handed, Output, Surroundings
from grader.platforms.uploads import from_folder
from grader.render.plain import overview_text

#: What we and the runner write into the checkout.
_OURS = ("result.json", "release-body.md")


class Classroom50:
    name = "classroom50"
    home: str | None = None
    seconds: float | None = None

    def receive(self, around: Surroundings) -> Handed:
        student = around.env.get("USERNAME") or around.env.get("OWNER") or None
        found = from_folder(around.work, _OURS)
        submission = around.env.get("SUBMISSION_TAG") or "submission"
        return Handed(found.uploads, submission, student, found.notes, found.absent)

    def results(self, report: Report, handed: Handed, around: Surroundings) -> Output:
        data = result(report, around.env, datetime.now(UTC), detail=around.detail)
        data["tests"] = data["tests"] or [_row(overview_text(report))]
        if handed.notes:
            first = data["tests"][0]
            data["tests"][0] = {**first, "output": "\n".join([*handed.notes, first["output"]])}
        return Output({around.work / "result.json": strict_json(data)})

    def failure(self, reason: str, around: Surroundings) -> Output:
        data = result(_nothing(), around.env, datetime.now(UTC))
        data["tests"] = [_row(reason)]
        return Output({around.work / "result.json": strict_json(data)})


def _row(text: str) -> dict[str, Any]:
    """What is said where there is no function to say it of."""
    return {"test-name": "grader", "passed": False, "score": 0, "max-score": 0, "output": text}


def _nothing() -> Report:
    """A report on no function at all."""
    stamp, whose = RubricStamp("", "", ""), SubmissionStamp("submission", None, "", "")
    return Report("", stamp, whose, "ungradable", 0.0, 100.0, "undetermined", Isolation("none"))


PLATFORM = Classroom50()
