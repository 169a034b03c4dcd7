"""A whole run: resume, kill, interrupt, shards, locks, rubrics, seeds, and what is left on disk."""

import csv
import errno
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import fake_graders
import pytest

from grader import files
from grader.batch.engine import JobSpec
from grader.batch.progress import Lines
from grader.batch.run import grade_many, parse_shard
from grader.batch.store import Folder, Shard
from grader.batch.summary import RunSummary
from grader.errors import CannotWrite, UsageError

HERE = Path(__file__).parent


@pytest.fixture
def klass(tmp_path: Path) -> Path:
    folder = tmp_path / "class"
    folder.mkdir()
    for number in range(12):
        (folder / f"s{number:02}.ipynb").write_text(f"score {number}" if number % 3 else "ok")
    (folder / "empty.ipynb").write_text("")
    (folder / "data.csv").write_text("x")
    return folder


def grade(klass: Path, out: Path, **options: Any) -> RunSummary:
    spec = options.pop("spec", JobSpec(rubric="fake"))
    return grade_many(spec, [klass], out, jobs=2, make_grader=fake_graders.make, **options)


def table(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((out / "grades.csv").read_bytes().decode("utf-8-sig"))))


def run_facts(out: Path) -> dict[str, Any]:
    return json.loads((out / "run.json").read_text())


def reports(out: Path) -> dict[str, Any]:
    """Every report without its times."""
    found = {str(path.relative_to(out)): json.loads(path.read_text()) for path in out.rglob("report.json")}
    return {name: {**report, "seconds": 0} for name, report in found.items()}


def test_an_older_upload_is_no_row_any_more(tmp_path: Path) -> None:
    """It is there still, and was graded by an earlier run, but the newer one counts."""
    out, folder = tmp_path / "out", tmp_path / "canvas"
    folder.mkdir()
    for name in ("adalovelace_7_100_hw.ipynb", "emmynoether_8_101_hw.ipynb"):
        (folder / name).write_text("ok")
    grade(folder, out)
    (folder / "adalovelace_7_200_hw-1.ipynb").write_text("ok")
    again = grade(folder, out)
    assert [row["student"] for row in table(out)] == ["7", "8"]
    assert again.gone == ("adalovelace_7_100_hw",)


def test_one_run(klass: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    summary = grade(klass, out)
    assert (summary.graded, summary.passed, summary.failed, summary.ungradable) == (13, 4, 8, 1)
    assert summary.misconceptions == (("missing-1-over-m", 8),)
    rows = table(out)
    assert [row["submission"] for row in rows] == ["empty", *(f"s{number:02}" for number in range(12))]
    assert rows[2] == {
        "submission": "s01", "student": "", "file": "s01.ipynb", "status": "graded", "score": "1",
        "max_score": "100", "convention": "L", "isolation": "none", "linear_backward": "1",
        "misconceptions": "missing-1-over-m",
    }  # fmt: skip
    facts = run_facts(out)
    assert facts["counts"]["found"] == 14 == len(list(klass.iterdir()))
    assert [one["path"] for one in facts["skipped"]] == ["data.csv"]
    assert facts["seed"] == summary.seed


def test_running_again_does_only_what_changed(klass: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = grade(klass, out)
    before = (out / "s02" / "report.json").stat().st_mtime_ns
    (klass / "s01.ipynb").write_text("score 77")
    (klass / "new.ipynb").write_text("ok")
    (klass / "s00.ipynb").unlink()
    again = grade(klass, out)
    assert (again.graded, again.kept, again.seed) == (2, 11, first.seed)
    assert again.gone == ("s00",)
    assert (out / "s02" / "report.json").stat().st_mtime_ns == before
    scores = {row["submission"]: row["score"] for row in table(out)}
    assert (scores["s01"], scores["new"], "s00" in scores) == ("77", "100", False)


def test_force_seed_detail_and_a_missing_report_grade_again(klass: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    grade(klass, out, spec=JobSpec(rubric="fake", seed=5))
    assert grade(klass, out).kept == 13
    assert grade(klass, out, force=True).graded == 13
    assert grade(klass, out, resume=False).graded == 13
    assert grade(klass, out, spec=JobSpec(rubric="fake", seed=6)).graded == 13
    assert grade(klass, out, spec=JobSpec(rubric="fake", detail="fix")).graded == 13
    (out / "s03" / "feedback.md").unlink()
    assert grade(klass, out, spec=JobSpec(rubric="fake", detail="fix")).graded == 1


def test_same_seed_same_bytes(klass: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        grade(klass, tmp_path / name, spec=JobSpec(rubric="fake", seed=5))
    assert reports(tmp_path / "one") == reports(tmp_path / "two")
    assert (tmp_path / "one" / "grades.csv").read_bytes() == (tmp_path / "two" / "grades.csv").read_bytes()


def test_internal_errors_are_tried_again(klass: Path, tmp_path: Path) -> None:
    (klass / "bad.ipynb").write_text("die")
    out = tmp_path / "out"
    assert grade(klass, out).internal_errors == ("bad",)
    assert run_facts(out)["internal_errors"] == ["bad"]
    (klass / "bad.ipynb").write_text("die")
    again = grade(klass, out)
    assert (again.graded, again.kept) == (1, 13)


def test_shards_in_one_folder_make_one_gradebook(klass: Path, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    spec = JobSpec(rubric="fake", seed=5)
    grade(klass, whole, spec=spec)
    graded = [grade(klass, parts, spec=spec, shard=f"{index}/3").graded for index in (1, 2, 3)]
    assert sum(graded) == 13
    assert all(graded)
    assert (parts / "grades.csv").read_bytes() == (whole / "grades.csv").read_bytes()
    assert reports(parts) == reports(whole)
    assert [one["graded_now"] for one in run_facts(parts)["shards"]] == graded
    assert grade(klass, parts, spec=spec).kept == 13


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/2"])
def test_bad_shards(text: str) -> None:
    with pytest.raises(UsageError, match="i/n"):
        parse_shard(text)


def test_a_folder_belongs_to_one_rubric(klass: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    grade(klass, out)
    with pytest.raises(UsageError, match="holds results of the rubric fake, not of other"):
        grade(klass, out, spec=JobSpec(rubric="other"))
    assert len(table(out)) == 13


def test_two_runs_on_one_folder(klass: Path, tmp_path: Path) -> None:
    holder = Folder(tmp_path / "out", Shard())
    holder.open()
    with pytest.raises(UsageError, match=f"another run is writing .*process {os.getpid()}"):
        grade(klass, tmp_path / "out")
    with pytest.raises(UsageError, match="another run"):
        grade(klass, tmp_path / "out", shard="1/2")
    holder.close()
    assert grade(klass, tmp_path / "out").graded == 13


def test_two_shards_may_run_at_once_but_not_the_same(tmp_path: Path) -> None:
    first, second, same = (Folder(tmp_path, Shard(index, 2)) for index in (1, 2, 1))
    first.open()
    second.open()
    with pytest.raises(UsageError, match="another run"):
        same.open()
    assert first.seed(None) == second.seed(None)


def test_out_that_cannot_be_written(klass: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match="Choose another --out"):
        grade(klass, tmp_path / "file" / "out")

    def refuse(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "write_new", refuse)
    with pytest.raises(CannotWrite, match="the disk is full"):
        grade(klass, tmp_path / "out")


def test_a_mistyped_path_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not there"):
        grade(tmp_path / "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_dry_run_touches_nothing(klass: Path, tmp_path: Path) -> None:
    summary = grade(klass, tmp_path / "out", dry_run=True)
    assert [one.id for one in summary.planned][:2] == ["empty", "s00"]
    assert summary.dry_run
    assert not (tmp_path / "out").exists()


def test_two_folders_into_one_out_keep_both_and_never_share_an_id(klass: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "s01.ipynb").write_text("score 50")
    grade(klass, tmp_path / "out")
    assert grade(other, tmp_path / "out").graded == 1
    rows = {row["submission"]: row["score"] for row in table(tmp_path / "out")}
    assert len(rows) == 14
    assert rows["s01"] == "1"
    assert grade(klass, tmp_path / "out").kept == 13


def test_cells_are_no_formulas_and_names_survive(klass: Path, tmp_path: Path) -> None:
    (klass / "=cmd()|A1.ipynb").write_text("ok")
    (klass / "Zoë, Ångström.ipynb").write_text("ok")
    grade(klass, tmp_path / "out")
    data = (tmp_path / "out" / "grades.csv").read_bytes()
    assert not data.startswith("\ufeff".encode()), "programs read the first column's name as it is"
    rows = {row["file"]: row for row in table(tmp_path / "out")}
    assert "'=cmd()|A1.ipynb" in rows
    assert "Zoë, Ångström.ipynb" in rows


def test_a_torn_ledger_line_costs_one_submission(klass: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    grade(klass, out)
    ledger = out / ".grader" / "ledger.jsonl"
    os.truncate(ledger, ledger.stat().st_size - 20)
    (out / ".grader" / "tmp" / "leftover").write_text("half")
    again = grade(klass, out)
    assert (again.graded, again.kept) == (1, 12)
    assert not list((out / ".grader" / "tmp").iterdir())
    assert grade(klass, out).kept == 13


def launch(klass: Path, out: Path) -> subprocess.Popen[bytes]:
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in the background
        f"import sys; sys.path.insert(0, {str(HERE)!r})\n"
        "import fake_graders\n"
        "from grader.batch.engine import JobSpec\n"
        "from grader.batch.run import grade_many\n"
        f"grade_many(JobSpec('fake'), [{str(klass)!r}], {str(out)!r}, jobs=2, make_grader=fake_graders.make)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, start_new_session=True
    )


def wait_for_reports(out: Path, number: int) -> None:
    """Until so many are written down as done: a child's report is on disk a moment before."""
    limit, ledger = time.monotonic() + 20, out / ".grader" / "ledger.jsonl"
    while not ledger.exists() or ledger.read_bytes().count(b"\n") < number:
        assert time.monotonic() < limit, "the run did not get going"
        time.sleep(0.02)


@pytest.fixture
def slow_class(klass: Path) -> Path:
    for number in range(40):
        (klass / f"t{number:02}.ipynb").write_text("sleep 0.1")
    (klass / "z.ipynb").write_text("sleep 30")
    return klass


def test_kill_9_loses_at_most_what_is_in_flight(slow_class: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = launch(slow_class, out)
    wait_for_reports(out, 20)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    time.sleep(0.5)  # its children notice
    written = len(list(out.glob("*/report.json")))
    assert all(json.loads(path.read_text()) for path in out.glob("*/report.json"))
    (slow_class / "z.ipynb").write_text("ok")
    again = grade(slow_class, out)
    assert again.kept >= written - 4
    assert again.kept + again.graded == 54


def test_interrupt_ends_within_a_second_and_keeps_what_is_done(slow_class: Path, tmp_path: Path) -> None:
    """The fastest of three: a busy machine may delay one of them."""
    seconds = [interrupted(slow_class, tmp_path / f"out{number}") for number in range(3)]
    assert min(seconds) < 1.0
    (slow_class / "z.ipynb").write_text("ok")
    assert grade(slow_class, tmp_path / "out0").kept >= 20


def interrupted(slow_class: Path, out: Path) -> float:
    """Seconds from Ctrl-C to the end of a run that had done twenty submissions."""
    process = launch(slow_class, out)
    wait_for_reports(out, 20)
    began = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    errors = process.communicate(timeout=10)[1]
    seconds = time.monotonic() - began
    assert b"KeyboardInterrupt" in errors
    assert run_facts(out)["interrupted"] is True
    assert len(table(out)) >= 20
    return seconds


def test_a_second_interrupt_loses_no_gradebook(slow_class: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = launch(slow_class, out)
    wait_for_reports(out, 20)
    while process.poll() is None:
        os.kill(process.pid, signal.SIGINT)
        time.sleep(0.002)
    process.communicate(timeout=10)
    assert run_facts(out)["interrupted"] is True
    assert len(table(out)) >= 20


def test_names_that_are_not_believed_are_told(klass: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(klass / "upload.zip", "w") as archive:
        archive.writestr("submission_9/hw.ipynb", "ok")
        archive.writestr("submission_metadata.yml", "submission_9:\n  :submitters:\n  - :email: '42'\n")
    grade(klass, tmp_path / "out")
    told = run_facts(tmp_path / "out")["names_not_believed"]
    assert [Path(name).name for name in told] == ["upload.zip"]


def test_lines_for_logs(klass: Path, tmp_path: Path) -> None:
    stream = io.StringIO()
    grade(klass, tmp_path / "out", progress=Lines(stream, every=0.0))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "13 submissions found"
    assert lines[-1].startswith("13/13 done")
    assert lines[-1].endswith("4 passed, 8 failed, 1 ungradable")


def test_what_makes_an_earlier_run_count_no_longer_is_told(klass: Path, tmp_path: Path) -> None:
    def told(**options: Any) -> list[str]:
        stream = io.StringIO()
        grade(klass, tmp_path / "out", progress=Lines(stream), **options)
        return stream.getvalue().splitlines()

    seed = JobSpec(rubric="fake", seed=7)
    assert told(spec=seed)[0] == "13 submissions found"
    assert told(spec=seed) == ["13 submissions found", "13/13 done: 13 kept from before"]
    other = replace(seed, seed=8, detail="fix")
    assert told(spec=other, force=True)[0] == "13 submissions found"
    first, *_, last = told(spec=seed)
    assert first == (
        "Changed since the last run: the seed (8, now 7), the level of feedback (fix, now explanation). "
        "What was graded so is graded anew."
    )
    assert "kept" not in last
    facts = run_facts(tmp_path / "out")
    facts["rubric"]["sha256"] = facts["grader_version"] = "older"
    (tmp_path / "out" / "run.json").write_text(json.dumps(facts))
    assert "the rubric, the grader's version (older, now " in told(spec=seed)[0]


def test_what_names_say_of_students_is_kept_for_files_that_a_later_run_is_not_given(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for path in (first / "lovelaceada_LATE_12_34_hw.ipynb", second / "Bob_7_assignsubmission_file_/hw.ipynb"):
        path.parent.mkdir(parents=True)
        path.write_text("ok")
    for folder in (first, second):
        grade(folder, tmp_path / "out")
    assert run_facts(tmp_path / "out")["identities"] == {
        "Bob_7_assignsubmission_file_/hw": {"platform": "moodle", "student": "7", "names": ["Bob"]},
        "lovelaceada_LATE_12_34_hw": {
            "platform": "canvas", "student": "12", "names": ["lovelaceada"], "late": True,
        },
    }  # fmt: skip
    (first / "lovelaceada_LATE_12_34_hw.ipynb").unlink()
    grade(second, tmp_path / "out")
    assert list(run_facts(tmp_path / "out")["identities"]) == ["Bob_7_assignsubmission_file_/hw"]


def test_what_stays_as_it_was_is_told_where_the_seed_changed(klass: Path, tmp_path: Path) -> None:
    other, stream = tmp_path / "other", io.StringIO()
    other.mkdir()
    (other / "x.ipynb").write_text("ok")
    grade(klass, tmp_path / "out", spec=JobSpec(rubric="fake", seed=7))
    grade(other, tmp_path / "out", spec=JobSpec(rubric="fake", seed=8), progress=Lines(stream))
    told = stream.getvalue().splitlines()[0]
    assert "the seed (7, now 8)" in told
    assert "13 reports of other files stay in the folder as before" in told


def test_students_with_several_rows_are_counted(tmp_path: Path) -> None:
    for part, other in (("one", "bob_7_35_hw"), ("two", "cid_8_36_hw")):
        (tmp_path / part).mkdir()
        for name in ("ada_12_34_hw", other):
            (tmp_path / part / f"{name}.ipynb").write_text("ok")
        summary = grade(tmp_path / part, tmp_path / "out")
    (student, ids) = next(iter(summary.several.items()))
    assert (len(summary.several), student, len(ids)) == (1, "12", 2)
