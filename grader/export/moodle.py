"""Moodle's offline grading: the instructor's own worksheet filled in, and a zip with a page for each student.

Moodle passes over a row, silently, whose grade was changed later than its `Last modified (grade)`, so
dates, order and quoting of the worksheet stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.errors import UsageError
from grader.export import markup, people
from grader.export.base import Exporter, Options, Reports, Sink, StoredReport
from grader.export.scores import positive_number, scaled_score
from grader.export.sheet import Sheet
from grader.export.zipped import zip_chunks
from grader.render.plain import report_blocks

_WORKSHEET, _ZIP = "worksheet.csv", "feedback.zip"
# Moodle translates its headers; the English ones first, then those of a few large languages.
_IDENTIFIER = (
    "Identifier",
    "ID",
    "Identifiant",
    "Identificador",
    "Identificatore",
    "Identificatie",
    "Kennung",
)
_GRADE = ("Grade", "Bewertung", "Note", "Calificación", "Valutazione", "Cijfer", "Nota", "Avaliação")
_MAXIMUM = (
    "Maximum Grade",
    "Maximum grade",
    "Beste Note",
    "Bestwertung",
    "Note maximale",
    "Calificación máxima",
)
_COMMENTS = (
    "Feedback comments",
    "Feedback als Kommentar",
    "Commentaires de feedback",
    "Comentarios de retroalimentación",
)
_LOCKED = ("Grade can be changed", "Bewertung kann geändert werden", "La note peut être changée")
_IDS = (
    "Email address",
    "E-Mail-Adresse",
    "Adresse de courriel",
    "Dirección de correo",
    "ID number",
    "Username",
)
_NAMES = ("Full name", "Vollständiger Name", "Nom complet", "Nombre completo")
#: `Participant 123`, in any language and with or without a space.
_NUMBERED = re.compile(r"^\D*(\d+)$")
_STUDENT = re.compile(r"^(?:[^\W\d]+ )?(\d+)$")


@dataclass(frozen=True, slots=True)
class _Columns:
    identifier: int
    grade: int
    maximum: int | None
    comments: int | None
    locked: int | None


def export(reports: Reports, sink: Sink, options: Options) -> None:
    """worksheet.csv where a worksheet is given, and feedback.zip."""
    if options.gradebook is None:
        sink.note("Without the grading worksheet there are no grades for Moodle, only feedback.zip. Give it with --gradebook.")  # fmt: skip
        numbered = {
            stored.id: number
            for stored in reports
            if (number := _participant(stored.known.own("moodle") or stored.student or "", _STUDENT))
        }
    else:
        sheet = Sheet.read(options.gradebook)
        numbered = fill(sheet, reports, sink, options)
        sink.write(_WORKSHEET, sheet.to_bytes())
    sink.write(_ZIP, zip_chunks(_pages(reports, numbered, options)))


def fill(sheet: Sheet, reports: Reports, sink: Sink, options: Options) -> dict[str, str]:
    """Set grades and comments; the participant's number of each submission that has a row.

    UsageError if it is no grading worksheet.
    """
    columns = _columns(sheet, options)
    rows = [row for row in sheet.rows() if sheet.cell(row, columns.identifier).strip()]
    header = sheet.header()
    ids = [columns.identifier, *people.find_columns(header, *_IDS)]
    also = [(number, row) for row in rows if (number := _participant(sheet.cell(row, columns.identifier)))]
    found = people.index(sheet, ids, people.find_columns(header, *_NAMES), rows, also, "moodle")
    matched = people.matched(reports, found, sink)
    people.require_some(matched, reports, found, options.gradebook)
    filled = dict(_changeable(sheet, columns, matched, sink))
    comma = _decimal_comma(sheet, columns, rows)
    for row, stored in filled.items():
        _set(sheet, row, columns, stored, options, comma=comma)
    people.tell_zeros(filled.values(), sink)
    people.tell_rest(rows, filled, sink)
    numbers = ((one.id, _participant(sheet.cell(row, columns.identifier))) for row, one in matched.items())
    return {name: number for name, number in numbers if number}


def _changeable(
    sheet: Sheet, columns: _Columns, matched: Mapping[int, StoredReport], sink: Sink
) -> Iterator[tuple[int, StoredReport]]:
    for row, stored in matched.items():
        if sheet.cell(row, columns.locked).strip().casefold() in ("no", "nein", "non"):
            sink.skip(stored.id, "Moodle says that this grade cannot be changed; its row stays as it is.")
        else:
            yield row, stored


def _set(
    sheet: Sheet, row: int, columns: _Columns, stored: StoredReport, options: Options, *, comma: bool
) -> None:
    maximum = options.points or positive_number(sheet.cell(row, columns.maximum))
    grade = f"{scaled_score(stored.report, maximum):.2f}"
    sheet.set(row, columns.grade, grade.replace(".", ",") if comma else grade)
    if columns.comments is not None:
        sheet.set(row, columns.comments, markup.html(report_blocks(stored.report, options.detail)))


def _columns(sheet: Sheet, options: Options) -> _Columns:
    header = sheet.header()
    identifier = people.find_column(header, *_IDENTIFIER)
    grade = people.find_column(header, *([options.column] if options.column else _GRADE))
    if identifier is None and sheet.rows() and _NUMBERED.match(sheet.cell(1, 0)):
        identifier = 0  # a language that is not listed: `Participant 123` shows what the column is
    if identifier is None or grade is None:
        raise UsageError(
            f"{options.gradebook} is no grading worksheet of Moodle: it needs the columns Identifier and Grade "
            f"(its columns: {', '.join(header)}). In Moodle: the assignment, Submissions, Download grading "
            "worksheet. In another language name the grade's column with --column."
        )
    comments = people.find_column(header, *_COMMENTS)
    return _Columns(
        identifier,
        grade,
        people.find_column(header, *_MAXIMUM),
        comments,
        people.find_column(header, *_LOCKED),
    )


def _decimal_comma(sheet: Sheet, columns: _Columns, rows: Sequence[int]) -> bool:
    """Whether the file writes numbers with a comma: seen in its maxima and grades."""
    cells = (sheet.cell(row, at) for row in rows for at in (columns.maximum, columns.grade))
    return any(re.fullmatch(r"\s*\d+,\d+\s*", cell) for cell in cells)


def _participant(text: str, pattern: re.Pattern[str] = _NUMBERED) -> str:
    match = pattern.match(text.strip())
    return match[1] if match else ""


def _pages(reports: Reports, numbered: dict[str, str], options: Options) -> Iterator[tuple[str, bytes, bool]]:
    """Moodle finds the student by the number in the folder's name, so no person's name is needed there."""
    for stored in reports:
        if stored.id in numbered:
            page = markup.html_page("Feedback", report_blocks(stored.report, options.detail))
            folder = f"Participant_{numbered[stored.id]}_assignsubmission_file_"
            yield f"{folder}/feedback.html", page.encode("utf-8", "replace"), False


EXPORTER = Exporter("moodle", "Moodle", export, fills_in=True)
