"""What is read back of a graded folder."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_doubles import Run

from grader.cli.export import FORMATS
from grader.cli.folder import read_reports
from grader.export.registry import OURS

Write = Callable[..., Path]


@pytest.fixture
def graded(run: Run, notebook: Write, tmp_path: Path, pipeline: None) -> Path:
    notebook("right", "class/ann.ipynb")
    notebook("score 50", "class/sec/bob.ipynb")
    out = tmp_path / "graded"
    run("grade", tmp_path / "class", "--rubric", "dnn-step-by-step", "--out", out, "--quiet")
    return out


def test_reads_every_report_once(graded: Path) -> None:
    (graded / "exports").mkdir()
    (graded / "exports" / "report.json").write_text("not ours")
    assert [one.submission.id for one in read_reports(graded)] == ["ann", "sec/bob"]


def test_leaves_out_what_is_gone(graded: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "class" / "ann.ipynb").unlink()
    run("grade", tmp_path / "class", "--rubric", "dnn-step-by-step", "--out", graded, "--quiet")
    assert [one.submission.id for one in read_reports(graded)] == ["sec/bob"]


def test_a_damaged_report_is_named_and_stops_nothing(graded: Path, run: Run) -> None:
    (graded / "ann" / "report.json").write_text("{")
    result = run("report", graded)
    assert result.exit_code == 0
    assert "not on the page: ann: its report.json cannot be read" in result.stderr
    assert "sec/bob" in (graded / "class.html").read_text()


def test_class_page_beside_the_reports(graded: Path, run: Run) -> None:
    result = run("report", graded)
    assert result.stdout == f"{graded / 'class.html'}\n"
    page = (graded / "class.html").read_text()
    assert "ann/feedback.md" in page
    assert "bob" in page


def test_class_page_without_names(graded: Path, run: Run, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "page.html"
    result = run("report", graded, "-o", target, "--anonymous", "--compare", graded)
    assert result.exit_code == 0, result.stderr
    page = target.read_text()
    assert "missing-1-over-m" in page
    assert "bob" not in page


def test_exports(graded: Path, run: Run) -> None:
    result = run("export", graded, "--to", "jsonl")
    assert result.exit_code == 0, result.stderr
    written = [Path(line) for line in result.stdout.splitlines()]
    assert written
    assert all(path.parent == graded / "exports" / "jsonl" for path in written)
    assert "2 reports for jsonl" in result.stderr


def test_export_dry_run_writes_nothing(graded: Path, run: Run) -> None:
    assert run("export", graded, "--to", "csv", "--dry-run").exit_code == 0
    assert not (graded / "exports").exists()


def test_the_helps_formats_are_those_there_are() -> None:
    assert tuple(OURS) == FORMATS


@pytest.mark.parametrize("command", [["report"], ["export", "--to", "csv"]])
def test_a_folder_without_reports(command: list[str], run: Run, tmp_path: Path) -> None:
    result = run(*command, tmp_path)
    assert result.exit_code == 2
    assert "holds no reports" in result.stderr


def test_a_page_that_cannot_be_written(graded: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = run("report", graded, "-o", tmp_path / "file" / "class.html")
    assert result.exit_code == 3
    assert "cannot write" in result.stderr
