"""Gradescope's results.json: one test a function, feedback as plain text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from grader.export.base import Exporter, Options, Reports, Sink
from grader.export.scores import Points, scaled, scaled_score, strict_json
from grader.model import Report
from grader.render.escape import one_line
from grader.render.plain import case_text, overview_text


def export(reports: Reports, sink: Sink, options: Options) -> None:
    """<id>/results.json for each submission."""
    for stored in reports:
        data = results(stored.report, detail=options.detail, points=options.points)
        sink.write(f"{stored.id}/results.json", strict_json(data))
    sink.note(
        "Gradescope takes results from its autograder alone: `grader package gradescope` makes that. "
        "These files are what it would have got."
    )


def results(
    report: Report,
    *,
    detail: str = "explanation",
    points: float | None = None,
    extra: Mapping[str, Any] | None = None,
    before: str = "",
) -> dict[str, Any]:
    """One submission's results. `points` is what it is worth (the report's own maximum if None).

    `extra` joins extra_data, which only the instructor sees; `before` is put in front of the output.
    """
    tests = enumerate(scaled(report, points), start=1)
    return {
        "score": scaled_score(report, points),
        "execution_time": math.ceil(report.seconds),  # students see it, and their code can take its time
        "output": "\n".join(filter(None, (before, overview_text(report)))),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [
            _test(number, one, case_text(report, one.function, detail, why=False)) for number, one in tests
        ],
        "extra_data": {**_stamp(report), **(extra or {})},
    }


def _test(number: int, points: Points, text: str) -> dict[str, Any]:
    function = points.function
    found = list(dict.fromkeys(item.misconception for item in function.diagnoses))
    return {
        "name": one_line(function.name, 100),
        "number": str(number),
        "score": points.score,
        "max_score": points.max_score,
        # Given, because a function with full marks may still have failed a part without weight.
        "status": "passed" if function.status == "passed" else "failed",
        "output": text,
        "tags": found,
        "visibility": "visible",
        "extra_data": {"status": function.status, "misconceptions": found},
    }


def _stamp(report: Report) -> dict[str, Any]:
    return {
        "grader_version": report.grader_version,
        "rubric": report.rubric.id,
        "rubric_sha256": report.rubric.sha256,
        "submission_sha256": report.submission.sha256,
        "status": report.status,
        "convention": report.convention,
        "isolation": report.isolation.tier,
    }


EXPORTER = Exporter("gradescope", "Gradescope", export)
