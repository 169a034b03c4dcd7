"""Brightspace's (D2L's) grade file: the instructor's own export with one `… Points Grade` column filled in."""

from __future__ import annotations

import re

from grader.errors import UsageError
from grader.export.base import Exporter, Options, Reports, Sink
from grader.export.gradebook import choose_column, fill_column, number_after, require_ids
from grader.export.people import find_column
from grader.export.sheet import Sheet

_COLUMN = re.compile(r"^(?P<title>.*?)\s+Points Grade\b")
_END = "End-of-Line Indicator"


def export(reports: Reports, sink: Sink, options: Options) -> None:
    """grades.csv; every row keeps the `#` at its end, without which Brightspace drops it."""
    assert options.gradebook is not None
    sheet = Sheet.read(options.gradebook)
    ids = require_ids(sheet, options.gradebook, "Brightspace", "OrgDefinedId", "Username")
    header = sheet.header()
    end = find_column(header, _END)
    if end is None:
        raise UsageError(f"{options.gradebook} has no column {_END!r}. Export it from Brightspace again.")
    titles = {at: match["title"] for at, name in enumerate(header) if (match := _COLUMN.match(name.strip()))}
    column = choose_column(header, titles, options)
    points = options.points or number_after(header[column], "MaxPoints:")
    fill_column(sheet, ids, column, points, reports, sink, platform="brightspace", path=options.gradebook)
    sink.write("grades.csv", sheet.to_bytes())


EXPORTER = Exporter(
    "brightspace", "Brightspace", export, fills_in=True, needs_gradebook=True, single="grades.csv"
)
