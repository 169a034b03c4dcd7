"""Open edX's reply of an external grader: correct, score as a fraction, and one well-formed XML element."""

from __future__ import annotations

from typing import Any

from grader.export import markup
from grader.export.base import Exporter, Options, Reports, Sink
from grader.export.scores import fraction, strict_json
from grader.model import Report
from grader.render.plain import Block, report_blocks


def export(reports: Reports, sink: Sink, options: Options) -> None:
    """<id>/reply.json for each submission."""
    for stored in reports:
        sink.write(f"{stored.id}/reply.json", strict_json(reply(stored.report, detail=options.detail)))


def reply(report: Report, *, detail: str = "explanation", before: str = "") -> dict[str, Any]:
    """What goes into xqueue_body. edX multiplies the score by the problem's points and rounds it."""
    blocks = [*([Block("text", before)] if before else []), *report_blocks(report, detail)]
    score = round(fraction(report), 6)
    return {"correct": score >= 1.0, "score": score, "msg": markup.xml_root(blocks)}


EXPORTER = Exporter("edx", "Open edX", export)
