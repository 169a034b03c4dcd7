"""Canvas's gradebook: edited in place, and read by a re-expression of Canvas's importer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from export_samples import ALL, everything, hostile, perfect, report, stored, ungradable
from importers import Refused, canvas_import

from grader.errors import UsageError
from grader.export import MemorySink, Options
from grader.export.canvas import export

HEADER = "Student,ID,SIS User ID,SIS Login ID,Section,Week 3 (11),Week 4 (12),Current Score\r\n"
POINTS = "    Points Possible,,,,,10.0,20.00,(read only)\r\n"
ROWS = (
    '"Lovelace, Ada",101,s1,ada,"A, morning",7,,70\r\n'
    '"Noether, Emmy",102,s2,emmy@x.org,B,8.5,3,80\r\n'
    'O\'Neil Bob,103,s3,bob,B,,EX,\r\n'
    '"Student, Test",104,,t,B,,,\r\n'
)  # fmt: skip
BOOK = (HEADER + POINTS + ROWS).encode()


def fill(data: bytes, tmp_path: Path, *reports: object, **options: object) -> MemorySink:
    path = tmp_path / "book.csv"
    path.write_bytes(data)
    sink = MemorySink()
    stored_reports = [stored(one) for one in reports]  # type: ignore[arg-type]
    export(stored_reports, sink, Options(gradebook=path, **options))  # type: ignore[arg-type]
    return sink


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_only_the_one_column_changes(tmp_path: Path, mark: bytes) -> None:
    sink = fill(mark + BOOK, tmp_path, everything("ada"), perfect("102"), column="Week 4")
    wanted = BOOK.replace(b'"A, morning",7,,', b'"A, morning",7,5,').replace(b"B,8.5,3,", b"B,8.5,20,")
    assert sink.files["gradebook.csv"] == mark + wanted
    assert "2 rows filled in, 2 left as they were." in sink.notes


def test_canvas_reads_what_we_write(tmp_path: Path) -> None:
    sink = fill(BOOK, tmp_path, everything("s1"), perfect("emmy@X.ORG"), column="12")
    imported = canvas_import(sink.files["gradebook.csv"])
    assert imported["101"] == {"Week 3 (11)": 7, "Week 4 (12)": 5}
    assert imported["102"] == {"Week 3 (11)": 8.5, "Week 4 (12)": 20}
    assert imported["103"]["Week 4 (12)"] == "EX"


def test_one_row_that_is_left_is_one(tmp_path: Path) -> None:
    one_less = BOOK.replace(b'"Student, Test",104,,t,B,,,\r\n', b"")
    sink = fill(one_less, tmp_path, everything("ada"), perfect("102"), column="Week 4")
    assert "2 rows filled in, 1 left as it was." in sink.notes


def test_students_are_found_by_name_where_the_platform_gave_no_id(tmp_path: Path) -> None:
    sink = fill(
        BOOK, tmp_path, perfect("noetheremmy"), perfect(None, "sec/Ada Lovelace.ipynb"), column="Week 4"
    )
    imported = canvas_import(sink.files["gradebook.csv"])
    assert [imported[key]["Week 4 (12)"] for key in ("101", "102")] == [20, 20]


def test_an_excused_student_stays_excused(tmp_path: Path) -> None:
    sink = fill(BOOK, tmp_path, perfect("bob"), column="Week 4")
    assert sink.files["gradebook.csv"] == BOOK
    assert "excused" in sink.skipped[0].reason
    assert "0 rows filled in, 4 left as they were." in sink.notes


def test_who_is_in_doubt_is_told_and_gets_nothing(tmp_path: Path) -> None:
    twins = BOOK + b'"Lovelace, Ada",105,s9,ada2,B,,,\r\n'
    known = everything("103", "b.ipynb")  # excused
    reports = (perfect("Ada Lovelace"), perfect("nobody", "n.ipynb"), known)
    sink = fill(twins, tmp_path, *reports, column="Week 4")
    assert sink.files["gradebook.csv"] == twins
    assert len(sink.skipped) == 3
    assert "nobody" in sink.skipped[1].reason


def test_of_two_submissions_of_one_student_the_better_counts(tmp_path: Path) -> None:
    sink = fill(BOOK, tmp_path, perfect("101", "b.ipynb"), everything("ada", "a.ipynb"), column="Week 4")
    assert canvas_import(sink.files["gradebook.csv"])["101"]["Week 4 (12)"] == 20
    assert [one.what for one in sink.skipped] == ["a"]
    assert sink.skipped[0].reason == "b is of the same student and has the higher score."


def test_of_two_equal_submissions_the_first_counts_and_that_is_said(tmp_path: Path) -> None:
    sink = fill(BOOK, tmp_path, perfect("101", "a.ipynb"), perfect("ada", "b.ipynb"), column="Week 4")
    assert [one.what for one in sink.skipped] == ["b"]
    assert sink.skipped[0].reason == "a is of the same student and comes first; both scores are equal."


def test_the_grader_s_own_fault_costs_nobody_points(tmp_path: Path) -> None:
    sink = fill(BOOK, tmp_path, ungradable("ada", code="internal-error"), column="Week 4")
    assert sink.files["gradebook.csv"] == BOOK
    assert "cost no points" in sink.skipped[0].reason


def test_ungradable_submissions_get_zero_and_are_listed(tmp_path: Path) -> None:
    sink = fill(BOOK, tmp_path, ungradable("ada", "x.ipynb"), column="Week 4")
    assert canvas_import(sink.files["gradebook.csv"])["101"]["Week 4 (12)"] == 0
    assert any("got 0 points: x." in note for note in sink.notes)


def test_the_column_has_to_be_clear(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--column.*'Week 3 \(11\)', 'Week 4 \(12\)'"):
        fill(BOOK, tmp_path, perfect("ada"))
    with pytest.raises(UsageError, match="no single assignment 'Week 9'"):
        fill(BOOK, tmp_path, perfect("ada"), column="Week 9")
    only = BOOK.replace(b"Week 3 (11)", b"Attendance")
    assert b'morning",7,20,' in fill(only, tmp_path, perfect("ada")).files["gradebook.csv"]


def test_a_read_only_column_is_refused(tmp_path: Path) -> None:
    book = BOOK.replace(b"20.00", b"20.00 (read only)")
    with pytest.raises(UsageError, match="read only"):
        fill(book, tmp_path, perfect("ada"), column="Week 4")


def test_what_is_no_gradebook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Export Entire Gradebook"):
        fill(b"name,grade\nx,1\n", tmp_path, perfect("ada"))


def test_semicolons_stay(tmp_path: Path) -> None:
    book = b"Student;ID;SIS Login ID;Section;W (1)\nPoints Possible;;;;10,0\nAda;1;ada;A;\n"
    sink = fill(book, tmp_path, report(*everything().functions, student="ada"))
    assert sink.files["gradebook.csv"] == book.replace(b"ada;A;", b"ada;A;2.5")


def test_without_a_gradebook_canvas_s_own_ids_are_enough() -> None:
    sink = MemorySink()
    export([stored(one) for one in (*ALL, perfect("4711", "x.ipynb"))], sink, Options(column="Week 4"))
    imported = canvas_import(sink.files["gradebook.csv"])
    assert imported["4711"] == {"Week 4": 100}
    assert imported["ada"] == {"Week 4": 25}
    assert b"'=cmd" in sink.files["gradebook.csv"]
    assert any("new assignment 'Week 4'" in note for note in sink.notes)


@pytest.mark.parametrize(
    ("points", "grades"), [(None, {"1": 20, "2": 5}), (100.0, {"1": 100, "2": 25}), (8.0, {"1": 8, "2": 2})]
)
def test_a_new_gradebook_s_maximum_and_scores_are_of_one_scale(
    points: float | None, grades: dict[str, float]
) -> None:
    of_20 = [
        replace(one, score=one.score / 5, max_score=20.0)
        for one in (perfect("1", "a.ipynb"), everything("2", "b.ipynb"))
    ]
    sink = MemorySink()
    export([stored(one) for one in of_20], sink, Options(column="Week 4", points=points))
    data = sink.files["gradebook.csv"]
    assert f"Points Possible,,,,,{grades['1']}\r\n".encode() in data
    assert {key: row["Week 4"] for key, row in canvas_import(data).items()} == grades


def test_a_new_gradebook_names_whom_it_leaves_out_and_whom_it_gives_0() -> None:
    reports = (
        ungradable("1", "broke.ipynb", code="internal-error"),
        ungradable("2", "empty.ipynb"),
        perfect(None, "whose.ipynb"),
        perfect("4", "good.ipynb"),
        everything("4", "worse.ipynb"),
    )
    sink = MemorySink()
    export([stored(one) for one in reports], sink, Options(column="Week 4"))
    imported = canvas_import(sink.files["gradebook.csv"])
    assert {key: row["Week 4"] for key, row in imported.items()} == {"2": 0, "4": 100}
    said = {one.what: one.reason for one in sink.skipped}
    assert "cost no points" in said["broke"]
    assert "not known whose" in said["whose"]
    assert "higher score" in said["worse"]
    assert any("got 0 points: empty." in note for note in sink.notes)


def test_the_importer_can_refuse() -> None:
    with pytest.raises(Refused):
        canvas_import(b"Student,ID,SIS User ID,Section,X (1)\n")


def test_hostile_students_change_nothing(tmp_path: Path) -> None:
    excused = everything("103", "b.ipynb")
    assert fill(BOOK, tmp_path, hostile(), excused, column="Week 4").files["gradebook.csv"] == BOOK
