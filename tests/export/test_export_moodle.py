"""Moodle's worksheet and feedback zip, read by a re-expression of Moodle's importers."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from export_samples import everything, hostile, perfect, stored
from importers import moodle_feedback, moodle_import

from grader.errors import UsageError
from grader.export import MemorySink, Options
from grader.export.moodle import export

HEADER = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\r\n"
)
ROWS = (
    'Participant 201,Ada Lovelace,ada@x.org,Submitted for grading,,50.00,Yes,"Monday, 2 March 2026, 9:00 AM",-,\r\n'
    'Participant 202,"Noether, Emmy",emmy@x.org,Submitted for grading,30.00,50.00,Yes,-,"Tuesday, 3 March",old\r\n'
    "Participant 203,Bob,bob@x.org,No submission,,50.00,No,-,-,\r\n"
)
SHEET = (HEADER + ROWS).encode()


def fill(data: bytes | None, tmp_path: Path, *reports: object, **options: object) -> MemorySink:
    path = None
    if data is not None:
        path = tmp_path / "sheet.csv"
        path.write_bytes(data)
    sink = MemorySink()
    stored_reports = [stored(one) for one in reports]  # type: ignore[arg-type]
    export(stored_reports, sink, Options(gradebook=path, **options))  # type: ignore[arg-type]
    return sink


def test_moodle_takes_grades_and_comments(tmp_path: Path) -> None:
    sink = fill(SHEET, tmp_path, everything("201"), perfect("emmy@x.org"))
    changes = moodle_import(SHEET, sink.files["worksheet.csv"])
    assert {key: change["Grade"] for key, change in changes.items()} == {"201": "12.50", "202": "50.00"}
    assert "<strong>Score: 25 / 100</strong>" in changes["201"]["Feedback comments"]


def test_nothing_else_changes(tmp_path: Path) -> None:
    data = SHEET.replace(b",Feedback comments", b"").replace(b",old\r", b"\r").replace(b",-,\r", b",-\r")
    filled = fill(data, tmp_path, everything("201")).files["worksheet.csv"]
    assert filled == data.replace(b"grading,,50.00", b"grading,12.50,50.00")


def test_a_locked_grade_stays(tmp_path: Path) -> None:
    sink = fill(SHEET, tmp_path, perfect("203"))
    assert sink.files["worksheet.csv"] == SHEET
    assert "cannot be changed" in sink.skipped[0].reason
    assert "0 rows filled in, 3 left as they were." in sink.notes


def test_other_languages_and_decimal_commas(tmp_path: Path) -> None:
    sheet = (
        "ID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Bestwertung;Feedback als Kommentar\n"
        "Teilnehmer/in201;Ada;ada@x.org;x;;50,00;\n"
    ).encode()
    sink = fill(sheet, tmp_path, everything("201"), detail="nudge")
    assert b"x;12,50;50,00;" in sink.files["worksheet.csv"]
    unknown = b"Tunniste;Nimi;Arvosana\nOsallistuja 201;Ada;\n"
    sink = fill(unknown, tmp_path, everything("201"), column="Arvosana", points=20.0)
    assert sink.files["worksheet.csv"] == unknown.replace(b"Ada;", b"Ada;5.00")


def test_what_is_no_worksheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Download grading worksheet"):
        fill(b"name,points\nx,1\n", tmp_path, perfect("201"))


def test_the_zip_is_matched_by_number(tmp_path: Path) -> None:
    sink = fill(SHEET, tmp_path, everything("ada@x.org"), perfect("202"), perfect("999", "z.ipynb"))
    found = moodle_feedback(sink.files["feedback.zip"], {"201", "202", "203"})
    assert found == {"201": ["feedback.html"], "202": ["feedback.html"]}


def test_the_zip_alone_needs_participant_ids_only(tmp_path: Path) -> None:
    sink = fill(None, tmp_path, everything("201"), perfect("alice7"), hostile())
    assert moodle_feedback(sink.files["feedback.zip"], {"201", "7"}) == {"201": ["feedback.html"]}
    assert "worksheet.csv" not in sink.files
    assert "--gradebook" in sink.notes[0]


def test_pages_hold_the_level_asked_for_and_no_markup_of_a_student(tmp_path: Path) -> None:
    sheet = SHEET.replace(b"bob@x.org", b"=cmd|' /C calc'!A0").replace(b"50.00,No", b"50.00,Yes")
    sink = fill(sheet, tmp_path, everything("201"), hostile(), detail="nudge")
    with zipfile.ZipFile(io.BytesIO(sink.files["feedback.zip"])) as archive:
        pages = [archive.read(name).decode() for name in archive.namelist()]
    assert len(pages) == 2
    assert "NUDGE-WORDS" in pages[0]
    for page in (*pages, sink.files["worksheet.csv"].decode()):
        assert "EXPLANATION-WORDS" not in page
        assert "<script>" not in page
