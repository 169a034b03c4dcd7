"""The local pool: isolation of submissions from each other, retries, and ends that are ends."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import fake_graders
import pytest

from grader.batch import pool as pool_module
from grader.batch.engine import Done, JobSpec, Task, result_key
from grader.batch.found import Source, SubmissionFile
from grader.batch.pool import LocalPool
from grader.batch.store import Folder, Shard
from grader.errors import CannotWrite, NotIsolated, RubricError, WorkerError


def task(folder: Path, name: str, text: str) -> Task:
    path = folder / f"{name}.ipynb"
    path.write_text(text)
    return Task(SubmissionFile(name, None, path.name, Source(str(path)), len(text)), "policy")


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    folder = Folder(tmp_path / "out", Shard())
    folder.open()
    yield tmp_path / "out"
    folder.close()


def run(pool: LocalPool, tasks: list[Task]) -> list[Done]:
    try:
        pool.start()
        return list(pool.run(tasks))
    finally:
        pool.close()


def report(out: Path, name: str) -> dict:
    return json.loads((out / name / "report.json").read_text())


def pool(out: Path, jobs: int = 2, make=fake_graders.make, **options) -> LocalPool:
    return LocalPool(JobSpec(seed=1), make, out, jobs, **options)


def test_grades_and_writes(tmp_path: Path, out: Path) -> None:
    done = run(pool(out), [task(tmp_path, f"s{number}", f"score {number}") for number in range(10)])
    assert sorted(one.row.score for one in done) == list(range(10))
    assert report(out, "s3")["score"] == 3
    assert (out / "s3" / "feedback.md").read_text().startswith("# Feedback")
    assert not list((out / ".grader" / "tmp").iterdir())


def test_a_slow_submission_holds_up_nobody(tmp_path: Path, out: Path) -> None:
    tasks = [
        task(tmp_path, "slow", "sleep 1.5"),
        *(task(tmp_path, f"s{number}", "ok") for number in range(30)),
    ]
    done = run(pool(out), tasks)
    assert [one.task.submission.id for one in done][-1] == "slow"


@pytest.mark.parametrize("poison", ["die", "bug", "worker-error"])
def test_a_submission_that_breaks_its_process_twice_gets_a_report(
    tmp_path: Path, out: Path, poison: str
) -> None:
    done = run(pool(out), [task(tmp_path, "bad", poison), *(task(tmp_path, f"s{n}", "ok") for n in range(8))])
    assert len(done) == 9
    bad = report(out, "bad")
    assert (bad["status"], bad["score"], bad["problems"][0]["code"]) == ("ungradable", 0, "internal-error")
    assert [function["status"] for function in bad["functions"]] == ["missing"]
    assert next(one for one in done if one.task.submission.id == "bad").key == ""
    assert all(one.row.score == 100 for one in done if one.task.submission.id != "bad")


def test_one_crash_costs_one_retry(tmp_path: Path, out: Path) -> None:
    done = run(
        pool(out, jobs=1),
        [task(tmp_path, "once", f"die-once {tmp_path / 'flag'}"), task(tmp_path, "s", "ok")],
    )
    assert [one.row.status for one in done] == ["graded", "graded"]


def test_a_hanging_process_is_ended(tmp_path: Path, out: Path) -> None:
    done = run(pool(out, patience=0.3), [task(tmp_path, "hang", "sleep 60"), task(tmp_path, "s", "ok")])
    assert report(out, "hang")["problems"][0]["code"] == "internal-error"
    assert len(done) == 2


def test_a_grader_that_always_breaks_is_an_error_not_a_class_of_zeros(tmp_path: Path, out: Path) -> None:
    with pytest.raises(WorkerError, match="times in a row"):
        run(pool(out), [task(tmp_path, f"s{number}", "die") for number in range(20)])


def test_a_machine_without_isolation_stops_the_run(tmp_path: Path, out: Path) -> None:
    with pytest.raises(NotIsolated, match="--unsafe"):
        run(pool(out), [task(tmp_path, "s", "not-isolated")])


def test_a_grader_that_cannot_be_made(out: Path) -> None:
    with pytest.raises(RubricError, match="line 3"):
        run(pool(out, make=fake_graders.make_refusing), [])
    with pytest.raises(WorkerError, match="no memory for a worker"):
        run(pool(out, make=fake_graders.make_dying), [])


def test_unreadable_and_too_large_submissions_have_reports(tmp_path: Path, out: Path) -> None:
    gone = task(tmp_path, "gone", "ok")
    big = task(tmp_path, "big", "ok")
    Path(gone.submission.source.path).unlink()
    os.truncate(big.submission.source.path, 21 * 1024 * 1024)
    done = {one.task.submission.id: one for one in run(pool(out), [gone, big])}
    assert report(out, "gone")["problems"][0]["code"] == "unreadable"
    assert report(out, "big")["problems"][0]["code"] == "too-large"
    assert done["gone"].key == ""
    assert done["big"].key != ""


def test_a_full_disk_ends_the_run_in_words(tmp_path: Path, out: Path) -> None:
    (out / "s").write_text("a file where the folder should be")
    with pytest.raises(CannotWrite, match="cannot write"):
        run(pool(out), [task(tmp_path, "s", "ok")])


def test_close_ends_busy_children_within_a_second(tmp_path: Path, out: Path) -> None:
    busy = pool(out)
    busy.start()
    results = busy.run(
        [task(tmp_path, "a", "ok"), task(tmp_path, "b", "sleep 60"), task(tmp_path, "c", "sleep 60")]
    )
    next(results)
    children = [child.process for child in busy._children]
    assert len(children) == 2
    began = time.monotonic()
    busy.close()
    assert time.monotonic() - began < 1.0
    assert all(child.returncode is not None for child in children)


def test_some_that_break_the_grader_stop_nobody_else(tmp_path: Path, out: Path) -> None:
    bad = [task(tmp_path, f"b{number}", "die") for number in range(4)]
    done = run(pool(out, jobs=1), [*bad, task(tmp_path, "z", "ok")])
    assert {one.task.submission.id: one.row.status for one in done}["z"] == "graded"
    assert len(done) == 5


def test_only_those_that_break_it_one_after_the_other_end_the_run(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "_MOST_LOST_IN_A_ROW", 3)
    names = ("b1", "b2", "z1", "b3", "b4", "z2")
    tasks = [task(tmp_path, name, "ok" if name[0] == "z" else "die") for name in names]
    assert len(run(pool(out, jobs=1), tasks)) == len(names)
    with pytest.raises(WorkerError, match="3 times in a row"):
        run(pool(out, jobs=1), [task(tmp_path, f"b{number}", "die") for number in range(3)])


def test_a_result_is_of_all_that_its_report_says(tmp_path: Path) -> None:
    one = task(tmp_path, "a", "ok")
    others = [
        replace(one, policy="another"),
        *(
            replace(one, submission=replace(one.submission, **change))
            for change in ({"id": "b"}, {"student": "ada"}, {"file": "b.ipynb"})
        ),
    ]
    keys = {result_key(other, "content") for other in (one, *others)} | {result_key(one, "changed")}
    assert len(keys) == 6
    assert result_key(replace(one, known_key="x"), "content") == result_key(one, "content")
