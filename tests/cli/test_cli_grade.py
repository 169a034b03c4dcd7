"""`grader grade`: the folder it leaves, what it says, and the rubric it infers."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_doubles import Run

pytestmark = pytest.mark.usefixtures("pipeline")
Write = Callable[..., Path]


@pytest.fixture
def klass(notebook: Write) -> Path:
    notebook("right", "class/ann.ipynb")
    notebook("score 50", "class/bob.ipynb")
    return notebook("", "class/cid.ipynb").parent


def test_leaves_reports_and_a_gradebook(run: Run, klass: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("grade", klass, "--rubric", "dnn-step-by-step", "--out", out, "--seed", 7)
    assert result.exit_code == 0, result.stderr
    rows = list(csv.DictReader((out / "grades.csv").read_text().splitlines()))
    assert [(row["submission"], row["score"]) for row in rows] == [
        ("ann", "100"),
        ("bob", "50"),
        ("cid", "0"),
    ]
    assert json.loads((out / "run.json").read_text())["seed"] == 7
    assert (out / "bob" / "feedback.md").exists()


def test_sums_the_class_up_on_stderr(run: Run, klass: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("grade", klass, "--rubric", "dnn-step-by-step", "--out", out)
    assert result.stdout == ""
    assert "missing-1-over-m" in result.stderr
    assert "2 submissions graded, 1 could not be graded" in result.stderr
    assert f"Reports: {out}" in result.stderr


def test_quiet_says_nothing(run: Run, klass: Path, tmp_path: Path) -> None:
    result = run("grade", klass, "--rubric", "dnn-step-by-step", "--out", tmp_path / "out", "--quiet")
    assert (result.stdout, result.stderr) == ("", "")


def test_json_is_alone_on_stdout(run: Run, klass: Path, tmp_path: Path) -> None:
    result = run("grade", klass, "--rubric", "dnn-step-by-step", "--out", tmp_path / "out", "--json")
    counts = json.loads(result.stdout)
    assert (counts["passed"], counts["failed"], counts["ungradable"]) == (1, 1, 1)


def test_nothing_is_graded_twice(run: Run, klass: Path, tmp_path: Path) -> None:
    args = ("grade", klass, "--rubric", "dnn-step-by-step", "--out", tmp_path / "out", "--json")
    run(*args)
    assert json.loads(run(*args).stdout)["kept"] == 3
    assert json.loads(run(*args, "--no-resume").stdout)["kept"] == 0


def test_says_which_rubric_it_infers_and_why(run: Run, klass: Path, tmp_path: Path) -> None:
    result = run("grade", klass, "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "Rubric: dnn-step-by-step (it defines linear_backward; first seen in ann.ipynb)" in result.stderr


def test_two_assignments_are_an_error(run: Run, klass: Path, notebook: Write, tmp_path: Path) -> None:
    notebook("other", "class/abe.ipynb")
    result = run("grade", klass, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "abe.ipynb: other" in result.stderr
    assert not (tmp_path / "out").exists()


def test_most_notebooks_with_signs_of_another_rubric_are_an_error(
    run: Run, klass: Path, notebook: Write, tmp_path: Path
) -> None:
    right = len(list(klass.glob("*.ipynb")))
    for number in range(right + 1):
        notebook("linear", f"class/linear{number}.ipynb")
    result = run("grade", klass, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "--rubric regression-step-by-step, or --rubric dnn-step-by-step" in result.stderr
    assert f'of {2 * right + 1} looked at, {right + 1} have "linear"' in result.stderr
    assert run("grade", klass, "--out", tmp_path / "out", "--rubric", "dnn-step-by-step").exit_code == 0


def test_no_rubric_fits(run: Run, notebook: Write, tmp_path: Path) -> None:
    result = run("grade", notebook("nothing"), "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "fits no rubric: dnn-step-by-step" in result.stderr


def test_unknown_rubric(run: Run, klass: Path, tmp_path: Path) -> None:
    result = run("grade", klass, "--rubric", "dnn-step-by-stp", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "dnn-step-by-step" in result.stderr


def test_dry_run_touches_nothing(run: Run, klass: Path, tmp_path: Path) -> None:
    result = run("grade", klass, "--out", tmp_path / "out", "--dry-run")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "ann\t-\tann.ipynb"
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written(run: Run, klass: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file is in the way")
    result = run("grade", klass, "--rubric", "dnn-step-by-step", "--out", tmp_path / "out")
    assert result.exit_code == 3
    assert "cannot write" in result.stderr


def test_no_isolation(run: Run, notebook: Write, tmp_path: Path) -> None:
    result = run("grade", notebook("not-isolated"), "--rubric", "dnn-step-by-step", "--out", tmp_path / "out")
    assert result.exit_code == 3
    assert "--unsafe" in result.stderr


def test_bad_numbers(run: Run, klass: Path) -> None:
    assert run("grade", klass, "--rubric", "dnn-step-by-step", "--jobs", 0).exit_code == 2
    assert run("grade", klass, "--rubric", "dnn-step-by-step", "--shard", "3/2").exit_code == 2


@pytest.mark.parametrize("option", [("--seed", -1), ("--jobs", 0), ("--jobs", "all"), ("--shard", "3/2")])
def test_bad_numbers_leave_no_trace(
    option: tuple[str, object], run: Run, klass: Path, tmp_path: Path
) -> None:
    result = run("grade", klass, "--out", tmp_path / "out", *option)
    assert result.exit_code == 2
    assert "Rubric:" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_two_assignments_one_after_the_other_are_an_error_too(
    run: Run, notebook: Write, tmp_path: Path
) -> None:
    for number in range(30):
        notebook("right", f"class/a/{number:02}.ipynb")
        notebook("other", f"class/b/{number:02}.ipynb")
    result = run("grade", tmp_path / "class", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "of several assignments" in result.stderr


def test_a_rubric_s_limit_is_said_written_down_and_kept_in_exports(
    run: Run, rubric: Path, klass: Path, tmp_path: Path
) -> None:
    (rubric / "rubric.yaml").write_text((rubric / "rubric.yaml").read_text() + "detail: nudge\n")
    out = tmp_path / "out"
    result = run("grade", klass, "--rubric", rubric, "--out", out, "--detail", "fix")
    assert "Feedback stops at the level 'nudge': the rubric small shows students no more." in result.stderr
    facts = json.loads((out / "run.json").read_text())
    assert (facts["detail"], facts["most_detail"]) == ("nudge", "nudge")
    for name in ("gradescope", "jsonl", "csv"):
        told = run("export", out, "--to", name, "--detail", "fix")
        assert "Feedback stops at the level 'nudge'" in told.stderr
        texts = [path.read_text() for path in (out / "exports" / name).rglob("*.*") if path.is_file()]
        assert any("Look at `dW`." in text for text in texts)
        assert not any("It is a mean." in text or "Divide by m." in text for text in texts)


@pytest.mark.parametrize("points", ["-3", "0", "nan", "inf", "many"])
def test_points_are_a_number_above_0(points: str, run: Run, klass: Path, tmp_path: Path) -> None:
    run("grade", klass, "--rubric", "dnn-step-by-step", "--out", tmp_path / "out", "--quiet")
    result = run("export", tmp_path / "out", "--to", "csv", "--points", points)
    assert (result.exit_code, "is not a number above 0" in result.stderr) == (2, True)


def test_every_one_that_is_left_out_is_named(run: Run, notebook: Write, tmp_path: Path) -> None:
    for number in range(15):
        notebook("right", f"class/{number:02}.ipynb")
    run("grade", tmp_path / "class", "--rubric", "dnn-step-by-step", "--out", tmp_path / "out", "--quiet")
    told = run("export", tmp_path / "out", "--to", "canvas").stderr
    assert [f"left out: {number:02}: " in told for number in range(15)] == [True] * 15
    assert "left out: 15 in all" in told


CLASS_LIST = "student_id,name\n" + "".join(f"{number},Person {number}\n" for number in range(1001, 1013))


def test_who_is_late_and_who_handed_in_nothing_or_something_else(
    run: Run, notebook: Write, tmp_path: Path
) -> None:
    notebook("right", "class/aa_LATE_1001_5001_hw.ipynb")
    notebook("right", "class/bb_1002_5002_hw.ipynb")
    notebook("", "class/cc_1003_5008_notebook.html")
    for number in range(10):
        notebook("", f"class/data{number}.csv")
    roster = notebook(CLASS_LIST, "roster.csv")
    args = ("grade", tmp_path / "class", "--rubric", "dnn-step-by-step", "--out", tmp_path / "out")
    told = run(*args, "--roster", roster, "--dry-run").stdout
    assert "# Without a submission: Person 1004 (1004)\n" in told
    assert "# With other files, but no notebook: Person 1003 (1003): cc_1003_5008_notebook.html\n" in told
    told = run(*args, "--roster", roster).stderr
    assert "Late: 1 submission (Person 1001)" in told
    assert "Without a submission: Person 1004 (1004), Person 1005 (1005)" in told
    assert "Person 1011 (1011) and 1 more\n" in told
    assert "With other files, but no notebook: Person 1003 (1003): cc_1003_5008_notebook.html" in told
    assert "Passed over: 11 files" in told
    assert "  and 3 more\n" in told
    facts = json.loads((tmp_path / "out" / "run.json").read_text())
    assert facts["identities"]["aa_LATE_1001_5001_hw"]["late"] is True
    assert facts["other_files"] == {"1003": ["cc_1003_5008_notebook.html"]}


def test_two_downloads_in_one_folder_are_warned_of(run: Run, notebook: Write, tmp_path: Path) -> None:
    notebook("right", "first/aa_1001_5001_hw.ipynb")
    notebook("right", "second/aa_1001_6001_hw.ipynb")
    options = ("--rubric", "dnn-step-by-step", "--out", tmp_path / "out")
    assert "Warning" not in run("grade", tmp_path / "first", *options).stderr
    told = run("grade", tmp_path / "second", *options).stderr
    assert (
        "Warning: 1 student has more than one submission here: 1001 (aa_1001_5001_hw, aa_1001_6001_hw)"
        in told
    )


def test_an_older_class_page_is_told(run: Run, klass: Path, notebook: Write, tmp_path: Path) -> None:
    args = ("grade", klass, "--rubric", "dnn-step-by-step", "--out", tmp_path / "out")
    assert "class.html" not in run(*args).stderr
    run("report", tmp_path / "out")
    assert "class.html" not in run(*args).stderr
    notebook("right", "class/dan.ipynb")
    assert f"`grader report {tmp_path / 'out'}` renews it" in run(*args).stderr
