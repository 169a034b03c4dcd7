"""A gradebook is edited in place: what is not set stays byte for byte."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.export.scores import positive_number
from grader.export.sheet import Sheet

_CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)


@given(st.lists(st.lists(_CELLS, min_size=1, max_size=4), min_size=1, max_size=5), st.sampled_from(",;\t"))
def test_reading_and_writing_is_the_identity_and_agrees_with_the_csv_module(
    rows: list[list[str]], delimiter: str
) -> None:
    rows = [["a", "b", "c", "d"], *rows]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    data = buffer.getvalue().encode()
    sheet = Sheet.parse(data)
    assert sheet.to_bytes() == data
    assert sheet.delimiter == delimiter
    assert [[sheet.cell(row, at) for at in range(len(cells))] for row, cells in enumerate(rows)] == rows


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("last", [True, False])
def test_marks_and_line_ends_stay(mark: bytes, end: bytes, last: bool) -> None:
    data = mark + end.join([b'"x",y', b'"1, 2", 3 ', b"\xc3\xb6,"]) + (end if last else b"")
    sheet = Sheet.parse(data)
    assert sheet.to_bytes() == data
    sheet.set(1, 1, "9.5")
    assert sheet.to_bytes() == data.replace(b" 3 ", b"9.5")


def test_a_set_cell_keeps_its_quotes_and_gets_them_where_needed() -> None:
    sheet = Sheet.parse(b'a,b,c\n"1",2,3\n')
    sheet.set(1, 0, "7")
    sheet.set(1, 1, 'say "x", y')
    assert sheet.to_bytes() == b'a,b,c\n"7","say ""x"", y",3\n'


def test_a_short_row_grows() -> None:
    sheet = Sheet.parse(b"a;b;c\n1\n")
    sheet.set(1, 2, "9")
    assert sheet.to_bytes() == b"a;b;c\n1;;9\n"


def test_a_file_that_quotes_everything_goes_on_doing_so() -> None:
    sheet = Sheet.parse(b'"a","b"\n"1",\n')
    sheet.set(1, 1, "9")
    assert sheet.to_bytes() == b'"a","b"\n"1","9"\n'


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8-sig"])
def test_encodings_stay(encoding: str) -> None:
    data = "Name\tNote\nJosé\t1\n".encode(encoding)
    sheet = Sheet.parse(data)
    assert sheet.cell(1, 0) == "José"
    assert sheet.to_bytes() == data


def test_a_spreadsheet_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "grades.xlsx"
    path.write_bytes(b"PK\x03\x04rest")
    with pytest.raises(UsageError, match="as CSV"):
        Sheet.read(path)
    with pytest.raises(UsageError, match="is empty"):
        Sheet.parse(b"\n")


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("100", 100.0),
        ("10.5", 10.5),
        ("10,5", 10.5),
        ("1,000", 1000.0),
        ("1,000.5", 1000.5),
        ("1.000,5", 1000.5),
    ],
)
def test_a_maximum_is_read_as_the_gradebook_writes_it(cell: str, number: float) -> None:
    assert positive_number(f" {cell} ") == number


@pytest.mark.parametrize("cell", ["", "0", "-5", "inf", "nan", "Read Only"])
def test_what_is_no_maximum(cell: str) -> None:
    assert positive_number(cell) is None
