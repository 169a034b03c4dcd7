"""Classroom 50: the checked-out repository, which is the current folder → ./result.json."""

from __future__ import annotations

from datetime import UTC, datetime

from grader.export.classroom50 import result
from grader.export.scores import strict_json
from grader.model import Isolation, Report, RubricStamp, SubmissionStamp
from grader.platforms.base import Handed, Output, Surroundings
from grader.platforms.uploads import from_folder


class Classroom50:
    name = "classroom50"
    seconds: float | None = None

    def receive(self, around: Surroundings) -> Handed:
        student = around.env.get("USERNAME") or around.env.get("OWNER") or None
        uploads, notes = from_folder(around.work)
        return Handed(uploads, around.env.get("SUBMISSION_TAG") or "submission", student, notes)

    def results(self, report: Report, handed: Handed, around: Surroundings) -> Output:
        data = result(report, around.env, datetime.now(UTC), detail=around.detail)
        if handed.notes and data["tests"]:
            first = data["tests"][0]
            data["tests"][0] = {**first, "output": "\n".join([*handed.notes, first["output"]])}
        return Output({around.work / "result.json": strict_json(data)})

    def failure(self, reason: str, around: Surroundings) -> Output:
        data = result(_nothing(), around.env, datetime.now(UTC))
        data["tests"] = [
            {"test-name": "grader", "passed": False, "score": 0, "max-score": 0, "output": reason}
        ]
        return Output({around.work / "result.json": strict_json(data)})


def _nothing() -> Report:
    """A report on no function at all."""
    stamp, whose = RubricStamp("", "", ""), SubmissionStamp("submission", None, "", "")
    return Report("", stamp, whose, "ungradable", 0.0, 100.0, "undetermined", Isolation("none"))


PLATFORM = Classroom50()
