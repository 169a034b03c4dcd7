"""`grader check`: exit codes, words, and JSON that is alone on stdout."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_doubles import Run

pytestmark = pytest.mark.usefixtures("pipeline")
Write = Callable[..., Path]


@pytest.fixture
def check(run: Run) -> Run:
    """`grader check`, with a rubric named: the fake pipeline's notebooks are none to infer from."""
    return lambda *args: run("check", *args, "--rubric", "dnn-step-by-step")


@pytest.mark.parametrize(
    ("text", "code"),
    [("right", 0), ("score 50", 1), ("ungradable", 1), ("own-fault", 3), ("not-isolated", 3), ("bug", 3)],
)
def test_exit_code(text: str, code: int, check: Run, notebook: Write) -> None:
    assert check(notebook(text)).exit_code == code


def test_says_what_is_wrong_and_where(check: Run, notebook: Write) -> None:
    result = check(notebook("score 50"))
    assert "cell 3, line 2" in result.stdout
    assert "It is a mean." in result.stdout
    assert "Divide by m." not in result.stdout


def test_detail_goes_deeper(check: Run, notebook: Write) -> None:
    assert "Divide by m." in check(notebook("score 50"), "--detail", "fix").stdout


@pytest.mark.parametrize("text", ["right", "score 50", "ungradable"])
def test_json_is_alone_on_stdout(text: str, check: Run, notebook: Write) -> None:
    report = json.loads(check(notebook(text), "--json").stdout)
    assert report["schema"] == "grader/report/v1"
    assert "instructor" not in report["functions"][0]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_not_isolated_is_said_once(options: list[str], check: Run, notebook: Write) -> None:
    result = check(notebook("right"), *options)
    assert (result.stdout + result.stderr).lower().count("not isolated") == 1


def test_unknown_function(check: Run, notebook: Write) -> None:
    result = check(notebook("right"), "linear_bakward")
    assert (result.exit_code, result.stderr) == (2, "error: no function 'linear_bakward'\n")


def test_unknown_path_names_the_nearest(check: Run, notebook: Write) -> None:
    result = check(notebook("right").with_name("weak4.ipynb"))
    assert result.exit_code == 2
    assert "'week4.ipynb'" in result.stderr


def test_a_folder_is_for_grade(run: Run, tmp_path: Path) -> None:
    result = run("check", tmp_path)
    assert result.exit_code == 2
    assert "grader grade" in result.stderr


def test_no_colour_outside_a_terminal(check: Run, notebook: Write) -> None:
    assert "\x1b" not in check(notebook("score 50")).stdout


def test_says_which_rubric_it_infers_and_why(run: Run, notebook: Write) -> None:
    cell = {
        "cell_type": "code",
        "source": "def linear_backward(dZ, cache): ...\ndef compute_cost(AL, Y): ...",
    }
    more = "\ndef linear_forward(A, W, b): ...\ndef update_parameters(parameters, grads, learning_rate): ..."
    cells = [cell, {"cell_type": "code", "source": more}]
    result = run("check", notebook(json.dumps({"nbformat": 4, "cells": cells})))
    assert "Rubric: dnn-step-by-step (the notebook defines 4 of its" in result.stderr
    assert "regression-step-by-step" not in result.stderr  # there is no sign of it


def test_says_which_other_rubric_it_may_be_for(run: Run, notebook: Write) -> None:
    source = (
        "def linear_backward(dZ, cache): ...\ndef compute_cost(AL, Y): ...\ndef linear_forward(A, W, b): ..."
    )
    more = '\ndef update_parameters(parameters, grads, learning_rate): ...\nOUTPUT = "linear"'
    cells = [{"cell_type": "code", "source": source + more}]
    path = notebook(json.dumps({"nbformat": 4, "cells": cells}))
    result = run("check", path)
    assert 'the code has "linear", as notebooks of regression-step-by-step have' in result.stderr
    assert f"grader check {path} --rubric regression-step-by-step" in result.stderr
    (note,) = json.loads(run("check", path, "--json").stdout)["notes"]
    assert (note["code"], "`--rubric regression-step-by-step`" in note["message"]) == (
        "inferred-rubric",
        True,
    )


@pytest.mark.parametrize("text", ["", "{", "%PDF-1.4", '{"nbformat": 4, "cells": []}'])
def test_no_notebook_is_a_result_even_without_a_rubric(text: str, run: Run, notebook: Write) -> None:
    path = notebook(text)
    assert run("check", path).exit_code == 1
    report = json.loads(run("check", path, "--json").stdout)
    assert (report["status"], report["score"]) == ("ungradable", 0.0)
    assert report["problems"]


def test_no_rubric_fits(run: Run, notebook: Write) -> None:
    cells = [{"cell_type": "code", "source": "def something_else(): ..."}]
    result = run("check", notebook(json.dumps({"nbformat": 4, "cells": cells})))
    assert result.exit_code == 2
    assert "dnn-step-by-step" in result.stderr


@pytest.fixture
def shy(rubric: Path) -> Path:
    """A rubric whose students see no more than where to look."""
    text = (rubric / "rubric.yaml").read_text()
    (rubric / "rubric.yaml").write_text(text + "detail: nudge\n")
    return rubric


@pytest.mark.parametrize("options", [(), ("--detail", "fix")])
def test_feedback_goes_no_deeper_than_the_rubric_lets_it(
    options: tuple[str, ...], run: Run, shy: Path, notebook: Write
) -> None:
    result = run("check", notebook("score 50"), "--rubric", shy, *options)
    assert "Look at `dW`." in result.stdout
    assert "It is a mean." not in result.stdout
    assert "Divide by m." not in result.stdout
    assert "Feedback stops at the level 'nudge'" in result.stderr


def test_nor_does_the_json(run: Run, shy: Path, notebook: Write) -> None:
    result = run("check", notebook("score 50"), "--rubric", shy, "--json", "--detail", "fix")
    (diagnosis,) = json.loads(result.stdout)["functions"][0]["diagnoses"]
    assert diagnosis["feedback"] == {"nudge": "Look at `dW`.", "explanation": "", "fix": ""}


def test_a_level_that_is_asked_for_is_the_deepest_of_the_json_too(check: Run, notebook: Write) -> None:
    for options, deepest in (((), 3), (("--detail", "nudge"), 1), (("--detail", "explanation"), 2)):
        result = check(notebook("score 50"), "--json", *options)
        (diagnosis,) = json.loads(result.stdout)["functions"][0]["diagnoses"]
        assert sum(bool(text) for text in diagnosis["feedback"].values()) == deepest


def test_a_page_is_written_beside(check: Run, notebook: Write, tmp_path: Path) -> None:
    page = tmp_path / "pages" / "feedback.html"
    result = check(notebook("score 50"), "--html", page)
    assert (result.exit_code, f"Page: {page}" in result.stderr) == (1, True)
    assert "It is a mean." in page.read_text()
    assert "Divide by m." not in page.read_text()
    check(notebook("score 50"), "--html", page, "--detail", "fix", "--json")
    assert "Divide by m." in page.read_text()


def test_a_page_overwrites_no_notebook(check: Run, notebook: Write) -> None:
    path = notebook("score 50")
    result = check(path, "--html", path.parent / "." / path.name)
    assert (result.exit_code, "would overwrite" in result.stderr) == (2, True)
    assert path.read_text() == "score 50"


def test_nothing_is_said_where_the_rubric_shows_all(run: Run, rubric: Path, notebook: Write) -> None:
    result = run("check", notebook("score 50"), "--rubric", rubric, "--detail", "fix")
    assert ("Divide by m." in result.stdout, result.stderr) == (True, "")


def test_no_notebook_names_no_rubric(run: Run, notebook: Write) -> None:
    assert "undetermined" not in run("check", notebook("")).stdout


@pytest.mark.parametrize("seed", ["-1", "1.5", "x"])
def test_a_seed_is_a_whole_number_from_0(seed: str, check: Run, notebook: Write) -> None:
    result = check(notebook("right"), "--seed", seed)
    assert (result.exit_code, "is not a whole number from 0 on" in result.stderr) == (2, True)


def test_a_huge_file_is_told_and_not_read_into_memory(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "huge.ipynb"
    path.touch()
    os.truncate(path, 21 * 2**20)
    monkeypatch.setattr(Path, "read_bytes", None)
    result = run("check", path)
    assert (result.exit_code, "The file has 21.0 MB; at most 20 MB are read" in result.stdout) == (1, True)


def test_a_pipe_is_not_waited_for(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ipynb")
    result = run("check", tmp_path / "pipe.ipynb")
    assert (result.exit_code, "is a pipe or a device" in result.stderr) == (2, True)


def test_a_link_that_leads_nowhere_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "gone.ipynb")
    result = run("check", tmp_path / "link.ipynb")
    assert (result.exit_code, "is a link that leads nowhere" in result.stderr) == (2, True)
