"""What is read back of a graded folder."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_doubles import Run

from grader.cli.folder import read_reports
from grader.errors import UsageError

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


def test_a_damaged_report_is_named(graded: Path) -> None:
    (graded / "ann" / "report.json").write_text("{")
    with pytest.raises(UsageError, match=r"ann/report\.json"):
        list(read_reports(graded))


@pytest.mark.parametrize("command", [["report"], ["export", "--to", "csv"]])
def test_a_folder_without_reports(command: list[str], run: Run, tmp_path: Path) -> None:
    result = run(*command, tmp_path)
    assert result.exit_code == 2
    assert "holds no reports" in result.stderr
