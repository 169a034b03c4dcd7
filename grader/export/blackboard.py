"""Blackboard's grade centre file: the instructor's own download with one column filled in.

Blackboard knows a column by the number behind the bar, `Week 4 [Total Pts: 20 Score] |123`, and makes a
new one of any column without it.
"""

from __future__ import annotations

import re

from grader.export.base import Exporter, Options, Reports, Sink
from grader.export.gradebook import choose_column, fill_column, number_after, require_ids
from grader.export.sheet import Sheet

_COLUMN = re.compile(r"^(?P<title>.*?)\s*(?:\[[^\]]*\]\s*)?\|\s*(?P<id>\d+)\s*$")


def export(reports: Reports, sink: Sink, options: Options) -> None:
    """gradebook.csv, in the encoding and with the delimiter of the one given."""
    assert options.gradebook is not None
    sheet = Sheet.read(options.gradebook)
    ids = require_ids(sheet, options.gradebook, "Blackboard", "Username", "User Name", "Student ID")
    header = sheet.header()
    titles = {at: match["title"] for at, name in enumerate(header) if (match := _COLUMN.match(name.strip()))}
    column = choose_column(header, titles, options)
    points = options.points or number_after(header[column], "Total Pts:")
    fill_column(sheet, ids, column, points, reports, sink, platform="blackboard", path=options.gradebook)
    sink.write("gradebook.csv", sheet.to_bytes())


EXPORTER = Exporter(
    "blackboard", "Blackboard", export, fills_in=True, needs_gradebook=True, single="gradebook.csv"
)
