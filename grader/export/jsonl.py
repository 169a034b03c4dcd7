"""One report a line, for programs: the schema is report.json's, without what only the instructor may see."""

from __future__ import annotations

from collections.abc import Iterator

from grader.export.base import Exporter, Options, Reports, Sink
from grader.render.json_report import public, to_json


def export(reports: Reports, sink: Sink, _options: Options) -> None:
    """reports.jsonl."""
    sink.write("reports.jsonl", _lines(reports))


def _lines(reports: Reports) -> Iterator[bytes]:
    for stored in reports:
        yield to_json(public(stored.report), indent=None)


EXPORTER = Exporter("jsonl", "JSON Lines", export, single="reports.jsonl")
