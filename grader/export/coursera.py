"""Coursera's feedback.json with its htmlFeedback.html beside it."""

from __future__ import annotations

from grader.export import markup
from grader.export.base import Exporter, Options, Reports, Sink
from grader.export.scores import fraction, strict_json
from grader.model import Report
from grader.render.plain import Block, report_blocks, summary_line

#: `feedback` has to stay under 64 KB; with an HTML page beside it, it is not even shown.
_FEEDBACK_CHARACTERS = 10_000


def export(reports: Reports, sink: Sink, options: Options) -> None:
    """<id>/feedback.json and <id>/htmlFeedback.html for each submission."""
    for stored in reports:
        for name, data in files(stored.report, detail=options.detail).items():
            sink.write(f"{stored.id}/{name}", data)


def files(report: Report, *, detail: str = "explanation", before: str = "") -> dict[str, bytes]:
    """What /shared gets for one submission."""
    blocks = [*([Block("text", before)] if before else []), *report_blocks(report, detail)]
    feedback = {
        "fractionalScore": round(fraction(report), 6),
        "feedback": summary_line(report)[:_FEEDBACK_CHARACTERS],
        "feedbackType": "HTML",
    }
    page = markup.html_page("Feedback", blocks).encode("utf-8", "replace")
    return {"htmlFeedback.html": page, "feedback.json": strict_json(feedback)}


EXPORTER = Exporter("coursera", "Coursera", export)
