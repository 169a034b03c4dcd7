"""PrairieLearn's results.json of an external grader: a score from 0 to 1, one test a function, plain text.

Above 1 MiB PrairieLearn drops the whole result, so every text is capped.
"""

from __future__ import annotations

from typing import Any

from grader.export.base import Exporter, Options, Reports, Sink
from grader.export.scores import Points, fraction, scaled, strict_json
from grader.model import Report
from grader.render import words
from grader.render.escape import one_line
from grader.render.plain import function_text, overview_text

#: Results up to 250 KiB take PrairieLearn's quick way.
_TOTAL_CHARACTERS = 120_000


def export(reports: Reports, sink: Sink, options: Options) -> None:
    """<id>/results.json for each submission."""
    for stored in reports:
        sink.write(f"{stored.id}/results.json", strict_json(results(stored.report, detail=options.detail)))


def results(report: Report, *, detail: str = "explanation", before: str = "") -> dict[str, Any]:
    """One submission's results. What could not be graded is not gradable: it costs the student no attempt."""
    overview = "\n".join(filter(None, (before, overview_text(report))))
    if report.status == "ungradable":
        return {"gradable": False, "format_errors": [_cap(overview, 4_000)], "message": words.verdict(report)}
    share = _TOTAL_CHARACTERS // max(1, len(report.functions))
    return {
        "gradable": True,
        "score": round(fraction(report), 6),
        "message": words.verdict(report),
        "output": _cap(overview, 20_000),
        "tests": [_test(report, one, detail, share) for one in scaled(report)],
    }


def _test(report: Report, points: Points, detail: str, share: int) -> dict[str, Any]:
    function = points.function
    return {
        "name": one_line(function.name, 100),
        "description": words.STATUS[function.status],
        # Both are always there: one test without them and PrairieLearn hides the points of all.
        "points": points.score,
        "max_points": points.max_score,
        "output": _cap(function_text(report, function, detail), share),
    }


def _cap(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 16] + "\n… (cut short)"


EXPORTER = Exporter("prairielearn", "PrairieLearn", export)
