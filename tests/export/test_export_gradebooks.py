"""Blackboard and Brightspace: against the rules of their documents; no reader of theirs can be had."""

from __future__ import annotations

from pathlib import Path

import pytest
from export_samples import everything, perfect, stored

from grader.errors import UsageError
from grader.export import MemorySink, Options, exporter

BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Week 3 [Total Pts: 10 Score] |121"\t'
    '"Week 4 [Total Pts: 20 Score] |122"\r\n'
    '"Lovelace"\t"Ada"\t"ada"\t"0042"\t"7.00"\t""\r\n'
    '"Noether"\t"Emmy"\t"emmy"\t"0043"\t""\t"3.00"\r\n'
)
BRIGHTSPACE = (
    "OrgDefinedId,Username,Last Name,First Name,Week 4 Points Grade <Numeric MaxPoints:20 Weight:1>,"
    "Week 4 Text Grade,End-of-Line Indicator\r\n"
    "#0042,#ada,Lovelace,Ada,,,#\r\n"
    "#0043,#emmy,Noether,Emmy,3,,#\r\n"
)


def fill(name: str, data: bytes, tmp_path: Path, *reports: object, **options: object) -> MemorySink:
    path = tmp_path / "book.csv"
    path.write_bytes(data)
    sink = MemorySink()
    stored_reports = [stored(one) for one in reports]  # type: ignore[arg-type]
    exporter(name).export(stored_reports, sink, Options(gradebook=path, **options))  # type: ignore[arg-type]
    return sink


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_blackboard_s_file_stays_as_it_is_but_for_the_column(tmp_path: Path, encoding: str) -> None:
    data = BLACKBOARD.encode(encoding)
    sink = fill(
        "blackboard", data, tmp_path, everything("ada"), perfect(None, "Emmy Noether.ipynb"), column="Week 4"
    )
    wanted = BLACKBOARD.replace('"7.00"\t""', '"7.00"\t"5"').replace('"3.00"', '"20"')
    assert sink.files["gradebook.csv"] == wanted.encode(encoding)


def test_brightspace_keeps_its_hashes(tmp_path: Path) -> None:
    sink = fill("brightspace", BRIGHTSPACE.encode(), tmp_path, everything("0042"), perfect("emmy"))
    wanted = BRIGHTSPACE.replace("Ada,,,#", "Ada,5,,#").replace("Emmy,3", "Emmy,20")
    assert sink.files["grades.csv"] == wanted.encode()


@pytest.mark.parametrize(("name", "text"), [("blackboard", BLACKBOARD), ("brightspace", BRIGHTSPACE)])
def test_what_is_in_doubt_is_an_error(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(UsageError, match="'Week 4'"):
        fill(name, text.encode(), tmp_path, perfect("ada"), column="Week 9")
    with pytest.raises(UsageError, match="is no gradebook of"):
        fill(name, b"a,b\n1,2\n", tmp_path, perfect("ada"))


def test_brightspace_without_its_end_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="End-of-Line"):
        fill(
            "brightspace",
            BRIGHTSPACE.replace(",End-of-Line Indicator", "").encode(),
            tmp_path,
            perfect("ada"),
        )


def test_brightspace_without_a_maximum_says_what_it_takes(tmp_path: Path) -> None:
    data = BRIGHTSPACE.replace(" <Numeric MaxPoints:20 Weight:1>", "").encode()
    sink = fill("brightspace", data, tmp_path, everything("ada"))
    assert b"Ada,25," in sink.files["grades.csv"]
    assert "the rubric's total is taken" in sink.notes[0]
    assert "--points" in sink.notes[0]


@pytest.mark.parametrize("name", ["blackboard", "brightspace"])
def test_they_ask_for_a_gradebook(tmp_path: Path, name: str) -> None:
    from grader.export import export_folder

    with pytest.raises(UsageError, match="--gradebook FILE"):
        export_folder(tmp_path, name)
