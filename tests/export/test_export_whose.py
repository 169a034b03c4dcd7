"""Whose row it is where the platform did not tell: a path may name a student, and must not guess one."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from export_samples import everything, perfect, stored

from grader.export import MemorySink, Options, exporter
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


def fill(tmp_path: Path, name: str, *reports: Report) -> tuple[dict[str, float], MemorySink]:
    """Last name → grade, for those who got one."""
    path, sink = tmp_path / "book.csv", MemorySink()
    path.write_bytes(BOOKS[name].encode())
    exporter(name).export([stored(one) for one in reports], sink, Options(gradebook=path))
    text = next(data for file, data in sink.files.items() if file.endswith(".csv")).decode()
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
