"""What is read back of a graded folder."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_doubles import Run

from grader.cli.folder import read_reports
from grader.export import Skipped
from grader.export.registry import OURS
from grader.platforms.pushing import PushSummary

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


def test_class_page_on_another_drive_has_no_links(
    graded: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def relpath(path: Path, start: Path) -> str:
        raise ValueError("path is on mount 'C:', start on mount 'D:'")

    monkeypatch.setattr("os.path.relpath", relpath)
    result = run("report", graded, "-o", tmp_path / "page.html")
    assert result.exit_code == 0, result.stderr
    assert "ann/feedback.md" not in (tmp_path / "page.html").read_text()


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


def test_the_help_lists_the_formats(run: Run) -> None:
    assert "|".join(OURS) in "".join(run("export", "--help").stdout.split())


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


def test_push_says_which_settings_it_needs(graded: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LTI_ISSUER", raising=False)
    result = run("export", graded, "--to", "lti", "--push")
    assert result.exit_code == 2
    assert "LTI_ISSUER is not set" in result.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--to", "lti"), "--push"),
        (("--to", "canvas", "--push", "--column", "x"), "--column and --push"),
        (("--to", "junit", "--push"), "canvas, lti"),
    ],
)
def test_what_does_not_go_with_push(args: tuple[str, ...], words: str, graded: Path, run: Run) -> None:
    result = run("export", graded, *args)
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_push_that_is_not_taken_whole(graded: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = (Skipped("bob", "the LMS was busy"),)
    summary = PushSummary(sent=("ann",), unchanged=(), skipped=(), failed=failed)
    monkeypatch.setattr("grader.platforms.push_folder", lambda *_args, **_options: summary)
    result = run("export", graded, "--to", "canvas", "--push")
    assert result.exit_code == 3
    assert "1 sent to canvas" in result.stderr
    assert "failed: bob: the LMS was busy" in result.stderr


ROSTER = "student,email\nAnna Müller,a@uni.edu\nBob Ross,b@uni.edu\n"
WORKSHEET = "Identifier,Full name,Grade,Maximum Grade\nParticipant 201,Anna Müller,,20.00\nParticipant 202,Bob Ross,,20.00\n"


@pytest.fixture
def moodle(run: Run, notebook: Write, tmp_path: Path, pipeline: None) -> Path:
    """A class from Moodle, graded with a class list of e-mail addresses."""
    notebook("right", "class/Anna Müller_201_assignsubmission_file/hw.ipynb")
    notebook("score 50", "class/Bob Ross_202_assignsubmission_file/hw.ipynb")
    roster = notebook(ROSTER, "roster.csv")
    out = tmp_path / "graded"
    options = ("--rubric", "dnn-step-by-step", "--out", out, "--quiet", "--roster", roster)
    assert run("grade", tmp_path / "class", *options).exit_code == 0
    return out


def test_a_class_list_of_addresses_loses_no_row_of_a_worksheet_without(
    moodle: Path, run: Run, notebook: Write
) -> None:
    assert "a@uni.edu" in (moodle / "grades.csv").read_text()
    result = run("export", moodle, "--to", "moodle", "--gradebook", notebook(WORKSHEET, "worksheet.csv"))
    assert result.exit_code == 0, result.stderr
    text = (moodle / "exports" / "moodle" / "worksheet.csv").read_text()
    assert text == WORKSHEET.replace("Müller,,", "Müller,20.00,").replace("Ross,,", "Ross,10.00,")


def test_a_worksheet_of_another_course_is_refused(moodle: Path, run: Run, notebook: Write) -> None:
    other = WORKSHEET.replace("20", "90").replace("Anna", "Zoe").replace("Bob", "Yan")
    result = run("export", moodle, "--to", "moodle", "--gradebook", notebook(other, "worksheet.csv"))
    assert result.exit_code == 2
    assert "a@uni.edu / 201 / Anna Müller" in result.stderr
    assert "Participant 901 / Zoe Müller" in result.stderr
    assert not (moodle / "exports").exists()


def interrupt(graded: Path, **facts: object) -> None:
    path = graded / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


@pytest.mark.parametrize("args", [("report",), ("export", "--to", "jsonl")])
def test_an_interrupted_run_is_told(graded: Path, run: Run, args: tuple[str, ...]) -> None:
    name, *rest = args
    assert "interrupted" not in run(name, graded, *rest).stderr
    interrupt(graded, interrupted=True, counts={"submissions": 228, "graded_now": 40, "kept": 4})
    told = "44 of 228 submissions were graded: the run was interrupted; run it again to finish."
    assert told in run(name, graded, *rest).stderr
    if name == "report":
        assert told in (graded / "class.html").read_text()


def test_so_is_a_shard(graded: Path, run: Run) -> None:
    shard = {"count": 2, "graded_now": 5, "kept": 1}
    shards = [shard | {"index": 1, "interrupted": True}, shard | {"index": 2, "interrupted": False}]
    interrupt(graded, shards=shards, counts={"submissions": 228})
    assert "12 of 228 submissions were graded: --shard 1/2 was interrupted" in run("report", graded).stderr
