"""`grader run` and `grader package`: thin doors to grader.platforms."""

import json
import zipfile
from pathlib import Path

import pytest
from cli_doubles import Run

from grader.platforms import table


@pytest.mark.parametrize("command", ["run", "package"])
def test_the_help_lists_the_platforms(command: str, run: Run) -> None:
    help_text = run(command, "--help").stdout
    assert [name for name in table.PLATFORMS if name not in help_text] == []


@pytest.mark.parametrize(
    ("name", "words"),
    [("canvas", "grader export DIR --to canvas"), ("gradescop", "the nearest is 'gradescope'")],
)
def test_another_platform_is_told_what_there_is(name: str, words: str, run: Run) -> None:
    result = run("package", name, "--rubric", "dnn-step-by-step")
    assert result.exit_code == 2
    assert "invalid value for 'PLATFORM'" in result.stderr
    assert words in result.stderr


@pytest.mark.parametrize("seconds", ["-4", "0", "nan", "inf", "soon"])
def test_a_time_limit_is_a_number_above_0(seconds: str, run: Run) -> None:
    result = run("run", "gradescope", "--seconds", seconds)
    assert (result.exit_code, "is not a number above 0" in result.stderr) == (2, True)


@pytest.mark.usefixtures("pipeline")
@pytest.mark.parametrize(("text", "score"), [("right", 100.0), ("score 50", 50.0)])
def test_grades_where_the_platform_put_it(
    text: str, score: float, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADER_ROOT", str(tmp_path))
    (tmp_path / "autograder" / "submission").mkdir(parents=True)
    (tmp_path / "autograder" / "submission" / "week4.ipynb").write_text(text)
    result = run("run", "gradescope", "--rubric", "dnn-step-by-step")
    assert result.exit_code == 0, result.stderr
    results = json.loads((tmp_path / "autograder" / "results" / "results.json").read_text())
    assert sum(test["score"] for test in results["tests"]) == score


@pytest.mark.usefixtures("pipeline")
def test_a_grader_that_cannot_leaves_a_result(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADER_ROOT", str(tmp_path))
    (tmp_path / "autograder" / "submission").mkdir(parents=True)
    (tmp_path / "autograder" / "submission" / "week4.ipynb").write_text("bug")
    assert run("run", "gradescope", "--rubric", "dnn-step-by-step").exit_code == 3
    assert json.loads((tmp_path / "autograder" / "results" / "results.json").read_text())


def test_packages(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "autograder.zip"
    result = run("package", "gradescope", "--rubric", "dnn-step-by-step", "-o", target)
    assert (result.exit_code, result.stdout) == (0, f"{target}\n")
    assert {"setup.sh", "run_autograder"} <= set(zipfile.ZipFile(target).namelist())


def test_an_unknown_rubric_is_not_packaged(run: Run, tmp_path: Path) -> None:
    assert run("package", "gradescope", "--rubric", "nope", "-o", tmp_path / "x.zip").exit_code == 2


@pytest.mark.parametrize("platform", ["prairielearn", "coursera", "inginious"])
def test_outside_its_container_a_platform_writes_nothing(
    platform: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root it could make `/grade` and say nothing, as if all were well."""
    monkeypatch.delenv("GRADER_ROOT", raising=False)
    result = run("run", platform, "--rubric", "dnn-step-by-step")
    assert result.exit_code == 2
    assert f"this is not a container of {platform}" in result.stderr
    assert "GRADER_ROOT" in result.stderr
    assert not any(Path("/", name).exists() for name in ("grade", "shared", ".__output"))
