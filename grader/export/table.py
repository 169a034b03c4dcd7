"""A plain CSV file that any LMS's import dialogue can map: one row a submission, feedback as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from grader.export import people
from grader.export.base import Exporter, Options, Reports, Sink, StoredReport
from grader.export.scores import fraction, plain_number, scaled, scaled_score
from grader.render.escape import csv_cell
from grader.render.plain import report_text, summary_line

_COLUMNS = ("student", "submission", "file", "status", "score", "max_score", "percent")


def export(reports: Reports, sink: Sink, options: Options) -> None:
    """grades.csv, with the UTF-8 mark that spreadsheets need."""
    sink.write("grades.csv", _lines(reports, options))
    people.tell_broken(reports, sink)
    people.tell_zeros(reports, sink)


def _lines(reports: Reports, options: Options) -> Iterator[bytes]:
    names = list(dict.fromkeys(one.name for stored in reports for one in stored.report.functions))
    header = [*_COLUMNS, *map(csv_cell, names), "misconceptions", "summary", "feedback"]
    yield b"\xef\xbb\xbf" + _row(header)
    for stored in reports:
        yield _row(_cells(stored, names, options))


def _cells(stored: StoredReport, names: Sequence[str], options: Options) -> list[str]:
    report = stored.report
    total = report.max_score if options.points is None else options.points
    functions = {one.function.name: plain_number(one.score) for one in scaled(report, total)}
    grades = [
        plain_number(scaled_score(report, total)),
        plain_number(total),
        plain_number(100 * fraction(report), 2),
        *(functions.get(name, "") for name in names),
    ]
    if people.internal_error(stored.report):
        grades = [""] * len(grades)  # no grade, which is not 0
    found = dict.fromkeys(item.misconception for one in report.functions for item in one.diagnoses)
    return [
        *map(csv_cell, (stored.student or "", stored.id, report.submission.file, report.status)),
        *grades,
        csv_cell("; ".join(found)),
        csv_cell(summary_line(report)),
        csv_cell(report_text(report, options.detail)),
    ]


def _row(cells: Sequence[str]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue().encode("utf-8", "replace")


EXPORTER = Exporter("csv", "CSV", export, single="grades.csv")
