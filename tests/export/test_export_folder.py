"""From a graded folder to files: streaming, damaged reports, dry runs, names of files, third parties."""

from __future__ import annotations

import json
import zipfile
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from export_samples import ALL, SECRET, everything, hostile, perfect

from grader.errors import CannotWrite, UsageError
from grader.export import Exporter, ReportFolder, export_folder, exporters, format_names, registry
from grader.render.json_report import to_json

CONTRACT = (
    "canvas", "moodle", "gradescope", "prairielearn", "coursera", "nbgrader", "edx", "junit", "sarif", "csv", "jsonl",
)  # fmt: skip


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    folder = tmp_path / "graded"
    for name, report in zip(("ada", "sec1/hostile", "sec1/bob", "eve"), ALL, strict=True):
        (folder / name).mkdir(parents=True)
        (folder / name / "report.json").write_bytes(to_json(report))
    (folder / "run.json").write_text(json.dumps({"detail": "nudge", "gone": ["eve"]}))
    return folder


def test_the_contract_s_formats_are_there_and_load() -> None:
    assert set(CONTRACT) <= set(format_names())
    assert all(one.name == name and one.title for name, one in exporters().items())


def test_what_is_the_instructor_s_is_gone_before_an_exporter_sees_it(graded: Path) -> None:
    assert not any(one.instructor for stored in ReportFolder(graded) for one in stored.report.functions)


def test_reports_come_by_id_and_without_what_is_gone(graded: Path) -> None:
    assert [one.id for one in ReportFolder(graded, frozenset({"eve"}))] == ["ada", "sec1/bob", "sec1/hostile"]


@pytest.mark.parametrize("name", [name for name in CONTRACT])
def test_no_format_leaks_what_is_the_instructor_s(graded: Path, name: str) -> None:
    summary = export_folder(graded, name, detail="nudge")
    assert summary.files
    assert {path.relative_to(graded / "exports" / name) for path in summary.files}
    for path in summary.files:
        data = path.read_bytes()
        assert SECRET.encode() not in data
        assert b"NaN" not in data
        assert str(graded.parent).encode() not in data


@pytest.mark.parametrize("name", [name for name in CONTRACT if name not in ("jsonl", "canvas")])
def test_the_level_of_detail_is_the_run_s(graded: Path, name: str) -> None:
    (graded / "run.json").write_text(json.dumps({"detail": "nudge"}))
    text = _exported(graded, name)
    assert "NUDGE-WORDS" in text
    assert "FIX-WORDS" not in text
    assert "EXPLANATION-WORDS" not in text


def _exported(folder: Path, name: str, **options: object) -> str:
    """All that an export writes, as one text."""
    if name == "moodle":  # whose students are numbers, in its own worksheet
        options["gradebook"] = folder / "worksheet.csv"
        (folder / "worksheet.csv").write_text(
            "Identifier,Full name,Grade,Maximum Grade,Feedback comments\nParticipant 1,ada,,100.00,\n"
        )
    return "".join(_text(path) for path in export_folder(folder, name, **options))  # type: ignore[arg-type]


def _text(path: Path) -> str:
    """A file's text; of a zip the texts in it."""
    if path.suffix != ".zip":
        return path.read_bytes().decode("utf-8", "replace")
    with zipfile.ZipFile(path) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist())


@pytest.mark.parametrize("name", [name for name in CONTRACT if name != "canvas"])
def test_no_format_goes_deeper_than_the_rubric_lets_it(graded: Path, name: str) -> None:
    (graded / "run.json").write_text(json.dumps({"detail": "fix", "most_detail": "nudge"}))
    for detail in (None, "fix"):
        text = _exported(graded, name, detail=detail)
        assert ("FIX-WORDS" in text, "EXPLANATION-WORDS" in text) == (False, False)


def test_damaged_and_missing_reports_are_named_and_stop_nothing(graded: Path) -> None:
    (graded / "sec1" / "hostile" / "report.json").write_text("{")
    (graded / "grades.csv").write_text("\ufeffsubmission,score\nada,1\n'=lost,2\neve,3\n")
    summary = export_folder(graded, "csv")
    assert summary.reports == 2
    assert {(one.what, one.reason.split(":")[0].split(".")[0]) for one in summary.skipped} == {
        ("sec1/hostile", "its report"),
        ("=lost", "its report"),
    }


def test_a_report_behind_a_link_is_not_followed(graded: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "report.json").write_bytes(to_json(perfect()))
    (graded / "link").symlink_to(other)
    (graded / "linked").mkdir()
    (graded / "linked" / "report.json").symlink_to(other / "report.json")
    assert "link" not in {one.id for one in ReportFolder(graded)}
    assert "linked" not in {one.id for one in ReportFolder(graded)}


def test_a_dry_run_writes_nothing_and_says_what_it_would(graded: Path) -> None:
    summary = export_folder(graded, "gradescope", dry_run=True)
    assert summary.dry_run
    assert [path.name for path in summary] == ["results.json"] * 3
    assert not (graded / "exports").exists()


def test_a_single_file_can_be_named(graded: Path, tmp_path: Path) -> None:
    out = tmp_path / "sub" / "ci.xml"
    assert list(export_folder(graded, "junit", out=out)) == [out]
    assert out.read_bytes().startswith(b"<?xml")
    assert [path.name for path in out.parent.iterdir()] == ["ci.xml"]


def test_a_folder_can_be_named(graded: Path, tmp_path: Path) -> None:
    assert list(export_folder(graded, "junit", out=tmp_path / "x")) == [tmp_path / "x" / "junit.xml"]


def test_an_export_in_the_graded_folder_is_no_submission(graded: Path) -> None:
    before = export_folder(graded, "csv").reports
    export_folder(graded, "prairielearn")
    assert export_folder(graded, "csv").reports == before


def test_errors_say_what_to_do(graded: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the nearest is 'moodle'"):
        export_folder(graded, "moodel")
    with pytest.raises(UsageError, match="no level of detail"):
        export_folder(graded, "csv", detail="everything")
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        export_folder(graded, "gradescope", out=blocked)
    with pytest.raises(CannotWrite, match=r"cannot write .*Choose another -o"):
        export_folder(graded, "csv", out=blocked / "sub")


@pytest.mark.parametrize("name", ["csv", "gradescope", "junit"])
def test_a_gradebook_that_nobody_reads_is_told(graded: Path, name: str) -> None:
    with pytest.raises(UsageError, match="leave --gradebook out"):
        export_folder(graded, name, gradebook=graded / "run.json")


@pytest.mark.parametrize("text", ["{", "[]", "\x00\x01", '"text"'])
def test_a_damaged_run_json_is_told(graded: Path, text: str) -> None:
    (graded / "run.json").write_text(text)
    with pytest.raises(UsageError, match=r"run\.json is damaged\. Run `grader grade`"):
        export_folder(graded, "csv")


def test_a_strange_run_json_does_no_harm(graded: Path) -> None:
    (graded / "run.json").write_text('{"gone": 5, "rubric": 7, "detail": [], "most_detail": {}}')
    assert export_folder(graded, "csv").reports == 4


@pytest.mark.parametrize("name", ["book.csv", "graded/grades.csv", "graded/../book.csv"])
def test_what_an_export_is_made_from_is_not_written_over(graded: Path, tmp_path: Path, name: str) -> None:
    text = "Student,ID,SIS Login ID,Section,Week 4 (7)\nada,1,ada,S,\n"
    (tmp_path / "book.csv").write_text(text)
    with pytest.raises(UsageError, match="is not written over"):
        export_folder(graded, "canvas", gradebook=tmp_path / "book.csv", out=tmp_path / name)
    assert (tmp_path / "book.csv").read_text() == text
    assert not (graded / "grades.csv").exists()


def test_an_exporter_cannot_write_outside(graded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = Exporter("bad", "Bad", lambda reports, sink, options: sink.write("../x", b"x"))
    monkeypatch.setattr("grader.export.folder.exporter", lambda name: bad)
    with pytest.raises(CannotWrite, match="outside"):
        export_folder(graded, "bad")


def test_a_half_written_file_is_taken_away(graded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_chunks() -> object:
        yield b"half"
        raise RuntimeError("stop")

    bad = Exporter("bad", "Bad", lambda reports, sink, options: sink.write("x.txt", broken_chunks()))
    monkeypatch.setattr("grader.export.folder.exporter", lambda name: bad)
    with pytest.raises(RuntimeError):
        export_folder(graded, "bad")
    assert list((graded / "exports" / "bad").iterdir()) == []


# ------------------------------------------------------------------------------------- third parties

THEIRS = Exporter("theirs", "Their LMS", lambda reports, sink, options: None)
NO_EXPORTER = object()


def _install(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    point = EntryPoint(name, value, registry.GROUP)
    monkeypatch.setattr(
        registry, "entry_points", lambda group: [point] if group == "grader.exporters" else []
    )


def test_a_third_party_s_format_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, "theirs", "test_export_folder:THEIRS")
    assert registry.exporter("theirs").title == "Their LMS"
    assert "theirs" in registry.format_names()


def test_a_third_party_cannot_take_our_name(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, "canvas", "test_export_folder:THEIRS")
    assert registry.exporter("canvas").title == "Canvas"


@pytest.mark.parametrize("value", ["no_such_module:X", "test_export_folder:NO_EXPORTER"])
def test_a_broken_third_party_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    _install(monkeypatch, "theirs", value)
    with pytest.raises(UsageError, match="'theirs'"):
        registry.exporter("theirs")


def test_a_large_class_is_streamed(tmp_path: Path) -> None:
    """One pass at a time, whatever the number: the reports are read again, not kept."""
    for number in range(50):
        (tmp_path / f"s{number:03}").mkdir()
        (tmp_path / f"s{number:03}" / "report.json").write_bytes(to_json(everything(f"s{number}")))
    folder = ReportFolder(tmp_path)
    assert len(list(folder)) == len(list(folder)) == folder.count == 50


def test_hostile_reports_survive_every_format(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "report.json").write_bytes(to_json(hostile()))
    for name in CONTRACT:
        export_folder(tmp_path, name, detail="fix")
