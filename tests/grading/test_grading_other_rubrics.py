"""The catalogues of the other rubrics: each misconception's own sample names exactly that misconception."""

from __future__ import annotations

import pytest

from grader.model import Report
from grader.pipeline import Grader
from grader.rubric.load import load_rubric
from grader.rubric.schema import Misconception, Rubric
from grader.worker.sandbox import Sandbox
from tools.samples import misconception_sample

RUBRICS = {name: load_rubric(name) for name in ("logistic-regression", "regression-step-by-step")}
CASES = [
    pytest.param(rubric, found, id=f"{name}:{found.id}")
    for name, rubric in RUBRICS.items()
    for found in rubric.misconceptions.values()
    if found.forms
]


@pytest.fixture(scope="module")
def graders(sandbox: Sandbox) -> dict[str, Grader]:
    return {name: Grader(rubric, sandbox, seed=11) for name, rubric in RUBRICS.items()}


def grade(grader: Grader, notebook: str) -> Report:
    return grader.grade(notebook.encode(), "sample.ipynb", "sample", None)


@pytest.mark.parametrize(("rubric", "found"), CASES)
def test_its_own_sample(graders: dict[str, Grader], rubric: Rubric, found: Misconception) -> None:
    report = grade(graders[rubric.id], misconception_sample(rubric, found.forms[:1]))
    named = {diagnosis.misconception for function in report.functions for diagnosis in function.diagnoses}
    wrong = [function for function in report.functions if function.status != "passed"]
    if found.verdict == "right":
        assert not named
        assert report.score == report.max_score
        return
    assert named == {found.id}
    assert wrong
    assert all(function.diagnoses for function in wrong)


@pytest.mark.parametrize("name", RUBRICS)
def test_the_reference_gets_full_marks(graders: dict[str, Grader], name: str) -> None:
    report = grade(graders[name], misconception_sample(RUBRICS[name], ()))
    assert report.score == report.max_score == 100
    assert not any(function.diagnoses or function.notes for function in report.functions)
