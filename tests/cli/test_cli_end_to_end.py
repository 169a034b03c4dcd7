"""The real thing: notebooks made from the reference go in, feedback and an LMS's files come out."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from grader.references import dnn

SOURCE = Path(dnn.__file__).read_text()
WRONG = SOURCE.replace("dAL = slope", "dAL = slope / m")


def notebook(folder: Path, name: str, source: str) -> Path:
    """A notebook with one function a cell."""
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": text}
        for text in source.split("\n\n\n")
    ]
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}))
    return path


def grader(*args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "grader", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_right_notebook(tmp_path: Path) -> None:
    result = grader("check", notebook(tmp_path, "right", SOURCE))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "100 / 100" in result.stdout
    assert "Rubric: dnn-step-by-step (" in result.stderr


@pytest.mark.parametrize(("named", "told"), [((), ["inferred-rubric"]), (("-r", "dnn-step-by-step"), [])])
def test_a_report_says_that_its_rubric_may_be_another(
    tmp_path: Path, named: tuple[str], told: list[str]
) -> None:
    signed = SOURCE + '\nOUTPUT = "linear"\n'
    result = grader("check", notebook(tmp_path, "signed", signed), "--json", *named)
    assert [note["code"] for note in json.loads(result.stdout)["notes"]] == told
    unsigned = grader("check", notebook(tmp_path, "right", SOURCE), "--json", *named)
    assert json.loads(unsigned.stdout)["notes"] == []


def test_the_rubric_of_another_assignment_is_told(tmp_path: Path) -> None:
    result = grader("check", notebook(tmp_path, "right", SOURCE), "--rubric", "logistic-regression", "--json")
    (problem,) = json.loads(result.stdout)["problems"]
    assert (problem["code"], "--rubric dnn-step-by-step" in problem["message"]) == ("other-rubric", True)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("My homework\n\nI could not finish it, sorry.\nprint it\n", "ungradable"),
        ("My homework\n\ndef linear_backward(dZ, cache)\n    return dZ\n", "graded"),
        ("import numpy as np\nthis is not all\n", "graded"),
        ("print 'a'\nx = 3\n", "graded"),
        ("print('hello')\n", "graded"),
    ],
)
def test_a_text_that_is_no_python_is_not_graded(text: str, status: str, tmp_path: Path) -> None:
    (tmp_path / "essay.py").write_text(text)
    report = json.loads(
        grader("check", tmp_path / "essay.py", "--rubric", "dnn-step-by-step", "--json").stdout
    )
    assert report["status"] == status
    if status == "ungradable":
        assert [problem["code"] for problem in report["problems"]] == ["no-python"]
        assert "is a text, no Python" in report["problems"][0]["message"]


def test_the_doubled_average_is_named_once_with_its_line(tmp_path: Path) -> None:
    assert WRONG != SOURCE
    result = grader("check", notebook(tmp_path, "wrong", WRONG), "--json")
    assert result.returncode == 1, result.stderr
    report = json.loads(result.stdout)
    found = [diagnosis for function in report["functions"] for diagnosis in function["diagnoses"]]
    assert [one["misconception"] for one in found] == ["dal-includes-1-over-m"]
    assert found[0]["evidence"] == "proved"
    assert found[0]["location"]["source"].strip() == "dAL = slope / m"
    assert report["convention"] == "mixed"


def test_a_function_alone(tmp_path: Path) -> None:
    path = notebook(tmp_path, "wrong", WRONG)
    assert grader("check", path, "linear_backward", "compute_cost").returncode == 0
    assert grader("check", path, "L_model_backward").returncode == 1
    unknown = grader("check", path, "linear_bakward")
    assert unknown.returncode == 2
    assert "linear_backward" in unknown.stderr


def test_a_function_alone_keeps_its_points(tmp_path: Path) -> None:
    path = notebook(tmp_path, "wrong", WRONG)

    def points(*functions: str) -> dict[str, tuple[float, float]]:
        report = json.loads(grader("check", path, *functions, "--json").stdout)
        assert report["max_score"] == pytest.approx(
            sum(one["max_score"] for one in report["functions"]), abs=0.01
        )
        return {one["name"]: (one["score"], one["max_score"]) for one in report["functions"]}

    whole = points()
    assert points("L_model_backward", "sigmoid") == {
        name: whole[name] for name in ("sigmoid", "L_model_backward")
    }


def test_an_optional_function_that_is_asked_for_and_not_there_is_missing(tmp_path: Path) -> None:
    cells = [text for text in SOURCE.split("\n\n\n") if not text.startswith("def relu_backward(")]
    path = notebook(tmp_path, "without", "\n\n\n".join(cells))
    result = grader("check", path, "relu_backward", "compute_cost")
    assert result.returncode == 1
    assert "1 of 2 functions passed" in result.stdout
    assert "`relu_backward` is not defined in this notebook" in result.stdout


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("end-to-end")
    notebook(folder / "class", "ann", SOURCE)
    notebook(folder / "class", "bob", WRONG)
    (folder / "class" / "cid.ipynb").write_text("{")
    result = grader("grade", folder / "class", "--out", folder / "graded", "--seed", 7, "--html", "--unsafe")
    assert result.returncode == 0, result.stderr
    return folder / "graded"


def test_a_class(graded: Path) -> None:
    rows = {
        row["submission"]: row for row in csv.DictReader((graded / "grades.csv").read_text().splitlines())
    }
    assert rows["ann"]["score"] == "100"
    assert rows["bob"]["misconceptions"] == "dal-includes-1-over-m"
    assert rows["cid"]["status"] == "ungradable"
    assert {path.name for path in (graded / "bob").iterdir()} == {
        "report.json",
        "feedback.md",
        "feedback.html",
    }


def test_the_class_on_one_page(graded: Path) -> None:
    assert grader("report", graded).returncode == 0
    assert "dal-includes-1-over-m" in (graded / "class.html").read_text()


@pytest.mark.parametrize("format_name", ["gradescope", "junit", "csv", "jsonl"])
def test_exports(graded: Path, format_name: str) -> None:
    result = grader("export", graded, "--to", format_name)
    assert result.returncode == 0, result.stderr
    assert all(Path(line).stat().st_size for line in result.stdout.splitlines())
    assert result.stdout


def test_a_class_gets_the_strongest_isolation_there_is(tmp_path: Path) -> None:
    best = json.loads(grader("doctor", "--json").stdout)["tier"]
    right = notebook(tmp_path, "right", SOURCE)
    result = grader("grade", right, "--out", tmp_path / "graded", *(["--unsafe"] if best == "none" else []))
    assert result.returncode == 0, result.stderr
    assert json.loads((tmp_path / "graded" / "run.json").read_text())["isolation"]["tier"] == best


def test_check_says_under_which_name_a_missing_function_may_be(tmp_path: Path) -> None:
    path = notebook(tmp_path, "renamed", SOURCE.replace("L_model_backward", "l_model_backward"))
    result = grader("check", path, "L_model_backward", "--rubric", "dnn-step-by-step")
    assert "this line defines `l_model_backward`" in " ".join(result.stdout.replace("\n", " ").split())
    report = json.loads(grader("check", path, "--json").stdout)
    (problem,) = report["problems"]
    assert (problem["code"], problem["line"]) == ("misspelt-name", 1)


def test_a_script_s_places_are_lines_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "week4.py"
    path.write_text("# %% [markdown]\n# Week 4\n# %%\n" + WRONG.replace("\n\n\n", "\n\n# %%\n"))
    (line,) = (
        n for n, text in enumerate(path.read_text().splitlines(), 1) if text.strip() == "dAL = slope / m"
    )
    result = grader("check", path)
    assert f"  line {line}: `dAL = slope / m`" in result.stdout
    assert "Cells are counted" not in result.stdout
    report = json.loads(grader("check", path, "--json").stdout)
    (found,) = (one["location"] for function in report["functions"] for one in function["diagnoses"])
    assert found["line"] < line, "counted in the cell, as everywhere in report.json"
    assert set(found) == {"cell", "line", "source"}
