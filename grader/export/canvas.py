"""Canvas's gradebook CSV: the instructor's own export with one column filled in.

Canvas compares at two decimals, takes `EX` for excused, and makes a new assignment of any column that
it does not know, so the column has to be there. There is no column for comments: those are pushed.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from grader.errors import UsageError
from grader.export import people
from grader.export.base import Exporter, Options, Reports, Sink, StoredReport
from grader.export.scores import plain_number, positive_number, scaled_score
from grader.export.sheet import Sheet
from grader.render.escape import csv_cell

_FILE = "gradebook.csv"
_IDS = ("ID", "SIS User ID", "SIS Login ID", "Integration ID")
_NAMES = ("Student", "Student Name")
_ASSIGNMENT = re.compile(r"^(?P<title>.*\S)\s*\((?P<id>\d+)\)\s*$")
_COMMENTS = (
    "Canvas's CSV has no place for feedback: `grader export DIR --to canvas --push` sends it as comments."
)


def export(reports: Reports, sink: Sink, options: Options) -> None:
    """gradebook.csv: the given one filled in, or a small new one where Canvas's own ids are known."""
    if options.gradebook is None:
        sink.write(_FILE, _new(reports, sink, options))
    else:
        sheet = Sheet.read(options.gradebook)
        fill(sheet, reports, sink, options)
        sink.write(_FILE, sheet.to_bytes())
    sink.note(_COMMENTS)


def fill(sheet: Sheet, reports: Reports, sink: Sink, options: Options) -> None:
    """Set the grades of one column. UsageError if it is no Canvas gradebook or the column is in doubt."""
    header = sheet.header()
    ids = people.find_columns(header, *_IDS)
    if not ids:
        raise UsageError(
            f"{options.gradebook} is no Canvas gradebook: it has none of the columns {', '.join(_IDS)}. "
            "In Canvas: Grades, Export, Export Entire Gradebook."
        )
    column = _column(header, options)
    points, rows = _points_and_rows(sheet, column)
    names = people.find_columns(header, *_NAMES)
    index = people.index(sheet, ids, names, rows, platform="canvas")
    filled = people.matched(reports, index, sink)
    people.require_some(filled, reports, index, options.gradebook)
    filled = dict(_not_excused(sheet, column, filled, sink))
    for row, stored in filled.items():
        sheet.set(row, column, plain_number(scaled_score(stored.report, options.points or points), 2))
    people.tell_zeros(filled.values(), sink)
    people.tell_rest(rows, filled, sink)


def _not_excused(
    sheet: Sheet, column: int, matched: Mapping[int, StoredReport], sink: Sink
) -> Iterator[tuple[int, StoredReport]]:
    for row, stored in matched.items():
        if sheet.cell(row, column).strip().casefold() == "ex":
            sink.skip(stored.id, "Canvas has the student excused (EX); the cell stays as it is.")
        else:
            yield row, stored


def _column(header: Sequence[str], options: Options) -> int:
    """The assignment's column: the one named, else the only assignment."""
    known = {at: match for at, name in enumerate(header) if (match := _ASSIGNMENT.match(name))}
    wanted = (options.column or options.assignment or "").strip()
    if not wanted:
        if len(known) == 1:
            return next(iter(known))
        raise UsageError(f"which column gets the grades? Name it with --column. {_choices(header, known)}")
    for at, match in known.items():
        if wanted in (header[at].strip(), match["id"]):
            return at
    titled = [at for at, match in known.items() if match["title"].casefold() == wanted.casefold()]
    if len(titled) == 1:
        return titled[0]
    raise UsageError(f"the gradebook has no single assignment {wanted!r}. {_choices(header, known)}")


def _choices(header: Sequence[str], known: dict[int, re.Match[str]]) -> str:
    if not known:
        return "It has no assignment at all: make it in Canvas first, then export the gradebook again."
    return "Its assignments: " + ", ".join(repr(header[at]) for at in known) + "."


def _points_and_rows(sheet: Sheet, column: int) -> tuple[float | None, list[int]]:
    """The assignment's points and the students' rows. UsageError for a column that Canvas calls read-only."""
    points, rows = None, []
    for row in sheet.rows():
        first = sheet.cell(row, 0)
        if "points possible" in first.casefold():
            points = _points(sheet.cell(row, column))
        elif any(sheet.cell(row, at).strip() for at in range(1, len(sheet.lines[row].raw))) and first.strip():
            rows.append(row)
    return points, rows


def _points(cell: str) -> float | None:
    if "read only" in cell.casefold():
        raise UsageError("Canvas marks this column as read only: grades in it would be ignored.")
    return positive_number(cell)


def _new(reports: Reports, sink: Sink, options: Options) -> bytes:
    """A gradebook from nothing: the user's number where the file's name had it, else the login."""
    chosen = people.of_known(reports, sink, "Give your gradebook with --gradebook.")
    first = chosen[0].report if chosen else None
    title = options.column or options.assignment or (first.rubric.id if first else "Assignment")
    points = options.points or (first.max_score if first else 0.0) or 100.0
    people.tell_zeros(chosen, sink)
    sink.note(
        f"Made without your own gradebook: Canvas will ask whether to make a new assignment {title!r}. "
        "With --gradebook the grades go into an assignment that is there."
    )
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", csv_cell(title)]
    possible = ["    Points Possible", "", "", "", "", plain_number(points, 2)]
    rows = [_new_row(stored, points) for stored in chosen]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows([header, possible, *rows])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8", "replace")


def _new_row(stored: StoredReport, points: float) -> list[str]:
    """By Canvas's own number where the download told it, even if the class list has another word for the student."""
    student, own = csv_cell(stored.student or ""), csv_cell(stored.known.own("canvas"))
    number = next((one for one in (student, own) if one.isdecimal()), "")
    grade = plain_number(scaled_score(stored.report, points), 2)
    return [student, number, "", "" if number else student, "", grade]


EXPORTER = Exporter("canvas", "Canvas", export, fills_in=True, single=_FILE)
