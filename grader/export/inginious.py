"""INGInious: the feedback file that its container API would write; texts are reStructuredText."""

from __future__ import annotations

from typing import Any

from grader.export import markup
from grader.export.base import Exporter, Options, Reports, Sink
from grader.export.scores import fraction, strict_json
from grader.model import Report
from grader.render.plain import Block, report_blocks


def export(reports: Reports, sink: Sink, options: Options) -> None:
    """<id>/__feedback.json for each submission."""
    for stored in reports:
        sink.write(
            f"{stored.id}/__feedback.json", strict_json(feedback(stored.report, detail=options.detail))
        )


def feedback(report: Report, *, detail: str = "explanation", before: str = "") -> dict[str, Any]:
    """Result, grade from 0 to 100, text; a tag for each misconception, so that a course can count them."""
    blocks = [*([Block("text", before)] if before else []), *report_blocks(report, detail)]
    found = {item.misconception for one in report.functions for item in one.diagnoses}
    grade = round(100 * fraction(report), 4)
    return {
        "result": "success" if grade >= 100 else "failed",
        "grade": grade,
        "text": markup.rst(blocks),
        "tests": {name: True for name in sorted(found)},
        "custom": {"functions": {one.name: one.status for one in report.functions}},
    }


EXPORTER = Exporter("inginious", "INGInious", export)
