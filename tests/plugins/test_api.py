"""`import grader`: quick and quiet, and what its functions give."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import grader
from grader.errors import CannotGrade, UsageError

SAMPLES = Path(__file__).parents[2] / "sample_submissions"
HEAVY = ("numpy", "click", "rich", "nbformat", "nbconvert", "jinja2", "msgspec", "yaml", "pytest", "IPython")


def python(code: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=cwd, timeout=60)


def test_importing_loads_nothing() -> None:
    done = python(f"import sys, grader; print([name for name in {HEAVY} if name in sys.modules])")
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_every_public_name_is_there_and_listed_in_order() -> None:
    assert grader.__all__ == sorted(grader.__all__)
    assert {name for name in grader.__all__ if getattr(grader, name) is None} == set()
    assert set(grader.__all__) <= set(dir(grader))


def test_the_public_names_are_pinned() -> None:
    assert grader.__all__ == [
        "Report", "check", "explain", "grade", "grade_many", "load_ipython_extension", "load_rubric",
    ]  # fmt: skip


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'grades'"):
        grader.grades  # noqa: B018


def test_a_script_checks_its_own_functions(reference: str, tmp_path: Path) -> None:
    script = reference.replace("Z = product + b", "Z = product - b")
    line = script.splitlines().index("    Z = product - b") + 1
    (tmp_path / "mine.py").write_text(f"{script}\nimport grader\nprint(grader.check('linear_forward'))\n")
    done = subprocess.run(
        [sys.executable, "mine.py"], capture_output=True, text=True, check=True, cwd=tmp_path, timeout=60
    )
    assert done.stderr == ""
    assert "the bias is subtracted" in done.stdout
    assert f"line {line}" in done.stdout


def test_check_of_a_file(samples: Path) -> None:
    result = grader.check(
        str(samples / "blaise-1-over-m-missing.ipynb"), "linear_backward", rubric="dnn-step-by-step"
    )
    assert [one.name for one in result.report.functions] == ["linear_backward"]
    assert not result.passed
    assert "cell 21, line" in repr(result)


def test_check_of_a_file_that_is_not_there() -> None:
    with pytest.raises(CannotGrade, match=r"nothing\.ipynb"):
        grader.check("nothing.ipynb", rubric="dnn-step-by-step")


def test_grade(samples: Path) -> None:
    report = grader.grade(samples / "right-2021.ipynb", rubric="dnn-step-by-step", student="ada")
    assert isinstance(report, grader.Report)
    assert (report.score, report.submission.student) == (100.0, "ada")
    assert report.isolation.tier != "none"


def test_grade_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CannotGrade, match="cannot be read"):
        grader.grade(tmp_path / "nothing.ipynb")


def test_grade_many(samples: Path, tmp_path: Path) -> None:
    paths = [samples / "right-2021.ipynb", samples / "carl-dal-wrong-sign.ipynb"]
    grader.grade_many(paths, tmp_path / "graded", rubric="dnn-step-by-step", jobs=1)
    assert (tmp_path / "graded" / "right-2021" / "report.json").is_file()
    assert "dal-wrong-sign" in (tmp_path / "graded" / "grades.csv").read_text()


def test_explain() -> None:
    text = grader.explain("missing-1-over-m")
    assert text.startswith("missing-1-over-m: ")
    assert repr(text) == text


def test_explain_of_an_unknown_id() -> None:
    with pytest.raises(UsageError, match="missing-1-over-m"):
        grader.explain("missing-1-over-n")


def test_load_rubric() -> None:
    assert "linear_backward" in grader.load_rubric("dnn-step-by-step").functions


def test_grade_many_asks_the_notebooks_which_rubric_it_is(tmp_path: Path) -> None:
    grader.grade_many(SAMPLES / "logistic-regression", tmp_path / "graded", jobs=1, seed=7)
    assert '"logistic-regression"' in (tmp_path / "graded" / "run.json").read_text()


def test_what_is_no_notebook_has_a_report(tmp_path: Path) -> None:
    """It is the submission's fault, and no one else's."""
    (tmp_path / "empty.ipynb").write_text("")
    for report in (grader.grade(tmp_path / "empty.ipynb"), grader.check(tmp_path / "empty.ipynb").report):
        assert report.status == "ungradable"
        assert [problem.code for problem in report.problems] == ["empty-file"]


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"detail": "deep"}])
def test_settings_that_cannot_be_met(samples: Path, tmp_path: Path, wrong: dict[str, Any]) -> None:
    right = samples / "right-2021.ipynb"
    with pytest.raises(UsageError, match=r"below 0|no detail 'deep'"):
        grader.check(right, rubric="dnn-step-by-step", **wrong)
    with pytest.raises(UsageError, match=r"below 0|no detail 'deep'"):
        grader.grade_many(right, tmp_path / "graded", rubric="dnn-step-by-step", **wrong)
    assert not (tmp_path / "graded").exists()


def test_a_pack_has_its_own_tests(samples: Path) -> None:
    with pytest.raises(UsageError, match="pack or seed"):
        grader.check(samples / "right-2021.ipynb", pack="week4.pack", seed=7)
