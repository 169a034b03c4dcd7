"""CodeGrade AutoTest v2: JSON lines of a unit-test step, and the points as a fraction."""

from __future__ import annotations

from typing import Any

from grader.export.base import Exporter, Options, Reports, Sink
from grader.export.scores import Points, fraction, plain_number, scaled, strict_json
from grader.model import Report
from grader.render import words
from grader.render.escape import one_line
from grader.render.plain import case_text


def export(reports: Reports, sink: Sink, options: Options) -> None:
    """<id>/autotest.jsonl for each submission."""
    for stored in reports:
        sink.write(f"{stored.id}/autotest.jsonl", lines(stored.report, detail=options.detail))


def lines(report: Report, *, detail: str = "explanation") -> bytes:
    """The two lines of one submission."""
    cases = [_case(points, case_text(report, points.function, detail)) for points in scaled(report)]
    name = one_line(report.rubric.id, 100)
    suite = {"id": name, "name": name, "weight": 1, "testCases": cases}
    tests = strict_json({"tag": "unit-test", "results": [suite]}, indent=None)
    points = f"{plain_number(fraction(report), 6)}/1"
    return tests + strict_json({"tag": "points", "points": points}, indent=None)


def _case(points: Points, text: str) -> dict[str, Any]:
    function = points.function
    name = one_line(function.name, 100)
    case: dict[str, Any] = {
        "name": name,
        "status": "success" if function.status == "passed" else "failure",
        "description": words.STATUS[function.status],
        "weight": points.max_score,
    }
    return case if function.status == "passed" else case | {"reason": text}


EXPORTER = Exporter("codegrade", "CodeGrade", export)
