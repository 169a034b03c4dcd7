"""`grader check`: exit codes, words, and JSON that is alone on stdout."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_doubles import Run

pytestmark = pytest.mark.usefixtures("pipeline")
Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("text", "code"), [("right", 0), ("score 50", 1), ("ungradable", 1), ("not-isolated", 3), ("bug", 3)]
)
def test_exit_code(text: str, code: int, run: Run, notebook: Write) -> None:
    assert run("check", notebook(text)).exit_code == code


def test_says_what_is_wrong_and_where(run: Run, notebook: Write) -> None:
    result = run("check", notebook("score 50"))
    assert "cell 3, line 2" in result.stdout
    assert "It is a mean." in result.stdout
    assert "Divide by m." not in result.stdout


def test_detail_goes_deeper(run: Run, notebook: Write) -> None:
    assert "Divide by m." in run("check", notebook("score 50"), "--detail", "fix").stdout


@pytest.mark.parametrize("text", ["right", "score 50", "ungradable"])
def test_json_is_alone_on_stdout(text: str, run: Run, notebook: Write) -> None:
    report = json.loads(run("check", notebook(text), "--json").stdout)
    assert report["schema"] == "grader/report/v1"
    assert "instructor" not in report["functions"][0]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_not_isolated_is_said_once(options: list[str], run: Run, notebook: Write) -> None:
    result = run("check", notebook("right"), *options)
    assert (result.stdout + result.stderr).lower().count("not isolated") == 1


def test_unknown_function(run: Run, notebook: Write) -> None:
    result = run("check", notebook("right"), "linear_bakward")
    assert (result.exit_code, result.stderr) == (2, "error: no function 'linear_bakward'\n")


def test_unknown_path_names_the_nearest(run: Run, notebook: Write) -> None:
    result = run("check", notebook("right").with_name("weak4.ipynb"))
    assert result.exit_code == 2
    assert "'week4.ipynb'" in result.stderr


def test_a_folder_is_for_grade(run: Run, tmp_path: Path) -> None:
    result = run("check", tmp_path)
    assert result.exit_code == 2
    assert "grader grade" in result.stderr


def test_no_colour_outside_a_terminal(run: Run, notebook: Write) -> None:
    assert "\x1b" not in run("check", notebook("score 50")).stdout
