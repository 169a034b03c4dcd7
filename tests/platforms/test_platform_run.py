"""`grader run`: where each platform puts things, and a valid result whatever happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from platform_world import NOTEBOOK, WHERE, World, broken, fake_grade, unisolated

from grader.errors import CannotWrite, RubricError, UsageError
from grader.model import Report
from grader.platforms import PLATFORMS, run_platform
from grader.platforms.base import Handed, Upload
from grader.platforms.run import Pipeline, grade_best
from grader.platforms.uploads import from_file


def score(platform: str, data: dict[str, object]) -> float:
    if platform == "gradescope":
        return float(str(data["score"])) / 100
    if platform == "classroom50":
        return int(str(data["score"])) / 10_000
    return float(str(data.get("fractionalScore", data.get("score", 0))))


@pytest.mark.parametrize("platform", WHERE)
def test_it_grades_what_is_there(world: World, platform: str) -> None:
    submission, result = WHERE[platform]
    world.put(submission, NOTEBOOK)
    assert world.run(platform) == 0
    assert score(platform, world.json(result)) == pytest.approx(0.25)


@pytest.mark.parametrize("platform", WHERE)
def test_no_file_at_all_is_a_result(world: World, platform: str) -> None:
    assert world.run(platform) == 0
    text = (world.root / WHERE[platform][1]).read_text()
    assert score(platform, json.loads(text)) == 0
    assert text.count("No file was handed in at all.") == 1
    assert "empty" not in text


@pytest.mark.parametrize("platform", WHERE)
def test_without_a_notebook_the_student_reads_once_which_files_were_found(
    world: World, platform: str
) -> None:
    world.put(str(Path(WHERE[platform][0]).parent / "notes.txt"), b"")
    world.put(str(Path(WHERE[platform][0]).parent / ".git/config.py"), b"")
    for grade in (fake_grade, Pipeline(None)):
        assert world.run(platform, grade) == 0
        text = (world.root / WHERE[platform][1]).read_text()
        assert text.count("No notebook (.ipynb) was found. The files handed in: notes.txt. Hand in") == 1
        assert "empty" not in text


def test_what_the_grader_and_the_platform_wrote_was_not_handed_in(world: World) -> None:
    world.put("work/notes.txt", b"")
    world.put("work/vpl_execution", b"")
    for _ in range(2):
        assert world.run("classroom50") == 0
    tests = world.json("work/result.json")["tests"]
    assert "The files handed in: notes.txt, vpl_execution." in tests[0]["output"]  # type: ignore[index]
    assert "notes.txt" not in json.dumps(tests[1:])  # type: ignore[index]
    (world.root / "work/result.json").unlink()
    assert world.run("vpl") == 0
    assert b"The files handed in: notes.txt." in world.stdout


def test_a_notebook_that_is_not_read_is_no_empty_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.platforms.uploads.MAX_BYTES", 2**20)
    world.put(WHERE["gradescope"][0], b" " * (2**20 + 1))
    assert world.run("gradescope") == 0
    output = str(world.json(WHERE["gradescope"][1])["output"])
    assert "No notebook could be read. week4.ipynb is larger than 1 MiB" in output.replace("Week4", "week4")
    assert "empty" not in output


@pytest.mark.parametrize("platform", WHERE)
def test_a_grader_that_breaks_leaves_a_valid_result_and_tells_no_secret(world: World, platform: str) -> None:
    world.put(WHERE[platform][0], NOTEBOOK)
    assert world.run(platform, broken) == 3
    text = (world.root / WHERE[platform][1]).read_text()
    assert score(platform, json.loads(text)) == 0
    assert "RuntimeError" in text
    assert "secret" not in text


def test_our_own_words_reach_the_instructor(world: World) -> None:
    def no_rubric(data: bytes, file: str, submission: str, student: str | None) -> Report:
        raise RubricError("rubric.yaml, line 3: unknown key")

    world.put(WHERE["gradescope"][0], NOTEBOOK)
    assert world.run("gradescope", no_rubric) == 2
    assert "line 3" in str(world.json(WHERE["gradescope"][1])["output"])


@pytest.mark.parametrize("platform", WHERE)
def test_the_first_result_is_there_before_grading(world: World, platform: str) -> None:
    def look(data: bytes, file: str, submission: str, student: str | None) -> Report:
        assert "has not finished" in (world.root / WHERE[platform][1]).read_text()
        return fake_grade(data, file, submission, student)

    world.put(WHERE[platform][0], NOTEBOOK)
    assert world.run(platform, look) == 0
    assert "has not finished" not in (world.root / WHERE[platform][1]).read_text()


def test_our_own_clock_comes_before_the_platform_s(world: World) -> None:
    def slow(data: bytes, file: str, submission: str, student: str | None) -> Report:
        time.sleep(30)
        raise AssertionError

    world.put(WHERE["gradescope"][0], NOTEBOOK)
    began = time.monotonic()
    assert world.run("gradescope", slow, seconds=0.2) == 3
    assert time.monotonic() - began < 5
    assert "ran out of time" in str(world.json(WHERE["gradescope"][1])["output"])
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


_SLOW = """
import sys, time
from pathlib import Path
sys.path[:0] = {paths!r}
from platform_world import fake_grade
from grader.platforms import run_platform

def slow(*args):
    print("started", flush=True)
    try:
        time.sleep(30)
    except Exception:
        pass

sys.exit(run_platform("gradescope", grade=slow, root=Path({root!r})))
"""


@pytest.mark.parametrize(("sent", "code", "words"), [
    (signal.SIGTERM, 3, "was stopped"),
    (signal.SIGKILL, -signal.SIGKILL, "has not finished"),
])  # fmt: skip
def test_a_stopped_run_leaves_a_valid_result(world: World, sent: int, code: int, words: str) -> None:
    world.put(WHERE["gradescope"][0], NOTEBOOK)
    here = Path(__file__).parent
    program = _SLOW.format(paths=[str(here), str(here.parent / "export")], root=str(world.root))
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"started\n"
    child.send_signal(sent)
    child.stdout.close()
    assert child.wait(10) == code
    data = world.json(WHERE["gradescope"][1])
    assert data["score"] == 0
    assert words in str(data["output"])


def test_of_several_notebooks_the_best_counts_and_it_is_said(world: World) -> None:
    world.put("autograder/submission/a.ipynb", NOTEBOOK)
    world.put("autograder/submission/sub/b.ipynb", b"good")
    world.put("autograder/submission/.ipynb_checkpoints/c.ipynb", b"good")
    world.put("autograder/submission/readme.py", b"good")
    assert world.run("gradescope") == 0
    data = world.json(WHERE["gradescope"][1])
    assert data["score"] == 100
    assert "(a.ipynb, sub/b.ipynb): sub/b.ipynb has the most points" in str(data["output"])


def test_scripts_count_where_there_is_no_notebook_but_not_helpers(world: World) -> None:
    world.put("autograder/submission/dnn_utils_v2.py", b"good")
    world.put("autograder/submission/mine.py", b"x = 1")
    assert world.run("gradescope") == 0
    assert world.json(WHERE["gradescope"][1])["score"] == 25


def test_a_link_to_the_answers_is_not_followed(world: World) -> None:
    answers = world.put("autograder/source/solution.ipynb", b"good")
    folder = world.root / "autograder" / "submission"
    folder.mkdir()
    (folder / "mine.ipynb").symlink_to(answers)
    (folder / "all").symlink_to(answers.parent)
    os.mkfifo(folder / "pipe.ipynb")
    assert world.run("gradescope") == 0
    assert world.json(WHERE["gradescope"][1])["score"] == 0
    assert "No file was handed in at all" in str(world.json(WHERE["gradescope"][1])["output"])
    for name in ("mine.ipynb", "pipe.ipynb"):  # nor where the name comes from the platform
        found, reason = from_file(folder / name)
        assert found is None
        assert name in reason


def test_a_large_file_is_not_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.platforms.uploads.MAX_BYTES", 2**20)
    world.put(WHERE["gradescope"][0], b"x" * (2**20 + 1))
    assert world.run("gradescope") == 0
    assert "larger than 1 MiB" in str(world.json(WHERE["gradescope"][1])["output"])


@pytest.mark.parametrize("platform", WHERE)
def test_missing_isolation_is_said(world: World, platform: str) -> None:
    world.put(WHERE[platform][0], NOTEBOOK)
    world.run(platform, unisolated)
    where = "shared/htmlFeedback.html" if platform == "coursera" else WHERE[platform][1]
    assert "Not isolated" in (world.root / where).read_text()


@pytest.mark.parametrize(
    ("asked", "allowed", "seen"),
    [("", "fix", "EXPLANATION"), ("fix", "fix", "FIX"), ("fix", "nudge", "NUDGE"), ("nudge", "fix", "NUDGE")],
)
def test_feedback_goes_as_deep_as_asked_and_allowed(
    world: World, monkeypatch: pytest.MonkeyPatch, asked: str, allowed: str, seen: str
) -> None:
    monkeypatch.setattr("grader.rubric.detail.load_rubric", lambda name: SimpleNamespace(detail=allowed))
    world.env |= {"GRADER_DETAIL": asked} if asked else {}
    world.put(WHERE["gradescope"][0], NOTEBOOK)
    assert world.run("gradescope") == 0
    text = (world.root / WHERE["gradescope"][1]).read_text()
    found = [word for word in ("NUDGE", "EXPLANATION", "FIX") if f"{word}-WORDS" in text]
    assert found[-1] == seen


def test_an_unknown_level_is_said(world: World) -> None:
    world.env["GRADER_DETAIL"] = "everything"
    world.put(WHERE["gradescope"][0], NOTEBOOK)
    assert world.run("gradescope") == 2
    assert "GRADER_DETAIL is 'everything'" in str(world.json(WHERE["gradescope"][1])["output"])


# ------------------------------------------------------------------------------------------ errors


def test_an_unknown_platform_is_a_usage_error(world: World) -> None:
    with pytest.raises(UsageError, match="nearest is 'gradescope'"):
        run_platform("gradescop", grade=fake_grade, root=world.root)


def test_every_platform_of_the_table_loads() -> None:
    from grader.platforms.table import platform_named

    assert all(platform_named(name).name == name for name in PLATFORMS)


def test_a_place_that_cannot_be_written_is_said(world: World) -> None:
    world.put("autograder/results", b"a file in the way")
    with pytest.raises(CannotWrite, match="cannot write"):
        world.run("gradescope")


def test_of_two_notebooks_one_that_can_be_read_counts_also_with_no_points() -> None:
    def nothing_right(data: bytes, file: str, submission: str, student: str | None) -> Report:
        return replace(fake_grade(data, file, submission, student), score=0.0)

    handed = Handed((Upload("empty.ipynb", b""), Upload("wrong.ipynb", b"wrong")))
    report, remarks = grade_best(handed, nothing_right)
    assert (report.status, report.submission.file) == ("graded", "wrong.ipynb")
    assert "wrong.ipynb has the most points and counts" in remarks.notes[0]
