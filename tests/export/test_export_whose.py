"""Whose row it is where the platform did not tell: a path may name a student, and must not guess one."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from export_samples import everything, perfect, stored

from grader.errors import UsageError
from grader.export import MemorySink, Options, StoredReport, exporter
from grader.export.base import Known
from grader.model import Report

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Week 4 (456)\r\n"
    "    Points Possible,,,,,20\r\n"
    '"Lovelace, Ada",101,1,ada,S1,\r\n"Turing, Alan",102,2,alan,S1,\r\n"Curie, Marie",103,4,marie,S1,\r\n'
)
MOODLE = (
    "Identifier,Full name,Email address,Grade,Maximum Grade\r\n"
    "Participant 1,Ada Lovelace,ada@x,,20.00\r\n"
    "Participant 502,Alan Turing,alan@x,,20.00\r\n"
    "Participant 4,Marie Curie,m@x,,20.00\r\n"
)
BRIGHTSPACE = (
    "OrgDefinedId,Username,Last Name,First Name,Week 4 Points Grade <Numeric MaxPoints:20>,End-of-Line Indicator\r\n"
    "#1,#ada,Lovelace,Ada,,#\r\n#2,#alan,Turing,Alan,,#\r\n#4,#marie,Curie,Marie,,#\r\n"
)
BLACKBOARD = (
    "Last Name,First Name,Username,Student ID,Week 4 [Total Pts: 20 Score] |122\r\n"
    "Lovelace,Ada,ada,1,\r\nTuring,Alan,alan,2,\r\nCurie,Marie,marie,4,\r\n"
)
BOOKS = {"canvas": CANVAS, "moodle": MOODLE, "brightspace": BRIGHTSPACE, "blackboard": BLACKBOARD}
every_book = pytest.mark.parametrize("name", BOOKS)
PEOPLE = ("Lovelace", "Turing", "Curie")


def fill(tmp_path: Path, name: str, *reports: Report | StoredReport) -> tuple[dict[str, float], MemorySink]:
    """Last name → grade, for those who got one."""
    path, sink = tmp_path / "book.csv", MemorySink()
    path.write_bytes(BOOKS[name].encode())
    with suppress(UsageError):  # not one row fits: nothing is written
        exporter(name).export(
            [one if isinstance(one, StoredReport) else stored(one) for one in reports],
            sink,
            Options(gradebook=path),
        )
    text = next((data for file, data in sink.files.items() if file.endswith(".csv")), b"").decode()
    grades = {}
    for row in csv.DictReader(io.StringIO(text)):
        grade = next(value for key, value in row.items() if key.startswith("Week 4") or key == "Grade")
        who = next((who for who in PEOPLE if who in " ".join(row.values())), None)
        if who and grade:
            grades[who] = float(grade)
    return grades, sink


@every_book
def test_the_week_s_number_in_everybody_s_file_is_no_student(tmp_path: Path, name: str) -> None:
    reports = (everything(None, "Ada Lovelace/week 4.ipynb"), perfect(None, "Alan Turing/week 4.ipynb"))
    grades, sink = fill(tmp_path, name, *reports)
    assert grades == {"Lovelace": 5, "Turing": 20}
    assert not sink.skipped


@every_book
@pytest.mark.parametrize("file", ["week 4.ipynb", "4.ipynb", "#4.ipynb", "week 4/hw.ipynb"])
def test_a_number_in_a_file_s_own_name_is_no_identifier(tmp_path: Path, name: str, file: str) -> None:
    grades, sink = fill(tmp_path, name, perfect(None, file))
    assert grades == {}
    assert "--roster" in sink.skipped[0].reason


@pytest.mark.parametrize("name", ["brightspace", "blackboard"])
def test_a_login_is_one_but_not_in_somebody_else_s_folder(tmp_path: Path, name: str) -> None:
    assert fill(tmp_path, name, perfect(None, "marie.ipynb"))[0] == {"Curie": 20}
    assert fill(tmp_path, name, perfect(None, "Alan Turing/marie.ipynb"))[0] == {}


@every_book
def test_a_path_that_names_two_students_names_none(tmp_path: Path, name: str) -> None:
    grades, sink = fill(tmp_path, name, perfect(None, "4/Alan Turing.ipynb"))
    assert grades == {}
    assert len(sink.skipped) == 1


@every_book
def test_two_files_that_claim_one_row_get_nothing(tmp_path: Path, name: str) -> None:
    reports = (perfect(None, "Alan Turing/a.ipynb"), everything(None, "Alan Turing/b.ipynb"))
    grades, sink = fill(tmp_path, name, *reports)
    assert grades == {}
    assert [(one.what, "counts for nobody" in one.reason) for one in sink.skipped] == [
        ("Alan Turing/a", True),
        ("Alan Turing/b", True),
    ]
    assert "Alan Turing/b claims" in sink.skipped[0].reason


@every_book
def test_who_is_known_stands_before_what_a_path_claims(tmp_path: Path, name: str) -> None:
    reports = (
        perfect(None, "Alan Turing/a.ipynb"),
        everything("502" if name == "moodle" else "2", "x.ipynb"),
    )
    grades, sink = fill(tmp_path, name, *reports)
    assert grades == {"Turing": 5}
    assert "x is known to be of" in sink.skipped[0].reason


# ------------------------------------------- a class list whose word for the student the gradebook does not have

OWN = {"canvas": ("102", "turingalan"), "moodle": ("502", "Alan Turing"), "brightspace": ("2", "Alan Turing"), "blackboard": ("alan", "")}  # fmt: skip


def listed(report: Report, platform: str = "", identity: str = "", *names: str) -> StoredReport:
    return replace(stored(report), known=Known(platform, identity, names))


@every_book
def test_the_platform_s_own_identity_finds_the_row(tmp_path: Path, name: str) -> None:
    one = listed(perfect("alan@uni.edu"), name, OWN[name][0])
    assert fill(tmp_path, name, one)[0] == {"Turing": 20}


@every_book
def test_so_does_the_name_in_the_download_or_on_the_class_list(tmp_path: Path, name: str) -> None:
    for spelled in ("Turing, Alan", "turingalan"):
        assert fill(tmp_path, name, listed(perfect("a@uni.edu"), "roster", "a@uni.edu", spelled))[0] == {
            "Turing": 20
        }


@every_book
def test_a_number_of_another_platform_is_no_identifier(tmp_path: Path, name: str) -> None:
    other = "canvas" if name == "moodle" else "moodle"
    assert fill(tmp_path, name, listed(perfect("a@uni.edu"), other, OWN[name][0]))[0] == {}


@every_book
def test_a_number_and_a_name_of_two_rows_are_of_none(tmp_path: Path, name: str) -> None:
    one = listed(perfect("a@uni.edu"), name, OWN[name][0], "Marie Curie")
    assert fill(tmp_path, name, one, perfect("Ada Lovelace", "ada.ipynb"))[0] == {"Lovelace": 20}


@every_book
def test_two_students_of_one_name_share_no_row(tmp_path: Path, name: str) -> None:
    reports = (
        listed(perfect("a@uni.edu", "a.ipynb"), "roster", "a@uni.edu", "Alan Turing"),
        listed(perfect("b@uni.edu", "b.ipynb"), "roster", "b@uni.edu", "Alan Turing"),
        perfect("Ada Lovelace", "ada.ipynb"),
    )
    grades, sink = fill(tmp_path, name, *reports)
    assert grades == {"Lovelace": 20}
    assert [one.what for one in sink.skipped] == ["a", "b"]
    assert "b@uni.edu" in sink.skipped[1].reason


@every_book
def test_of_two_files_of_one_such_student_the_better_counts(tmp_path: Path, name: str) -> None:
    reports = (
        listed(everything("a@uni.edu", "a.ipynb"), "roster", "a@uni.edu", "Alan Turing"),
        listed(perfect("A@uni.edu", "b.ipynb"), "roster", "a@uni.edu", "Alan Turing"),
    )
    grades, sink = fill(tmp_path, name, *reports)
    assert grades == {"Turing": 20}
    assert [one.what for one in sink.skipped] == ["a"]


@every_book
def test_where_no_row_fits_nothing_is_written_and_both_sides_are_told(tmp_path: Path, name: str) -> None:
    path, sink = tmp_path / "book.csv", MemorySink()
    path.write_bytes(BOOKS[name].encode())
    reports = [listed(perfect("zoe@uni.edu", "z.ipynb"), "pattern", "", "Zoe Zed")]
    with pytest.raises(UsageError, match=r"zoe@uni.edu / Zoe Zed.*rows are of.*Lovelace.*--roster"):
        exporter(name).export(reports, sink, Options(gradebook=path))
    assert sink.files == {}


def test_a_new_canvas_gradebook_has_canvas_s_own_number() -> None:
    sink = MemorySink()
    exporter("canvas").export([listed(perfect("a@uni.edu"), "canvas", "102")], sink, Options())
    assert b"a@uni.edu,102,,,," in sink.files["gradebook.csv"]


def test_feedback_for_moodle_goes_by_moodle_s_own_number() -> None:
    sink = MemorySink()
    exporter("moodle").export([listed(perfect("a@uni.edu"), "moodle", "502")], sink, Options())
    assert b"Participant_502_" in sink.files["feedback.zip"]
