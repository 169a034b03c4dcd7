"""Each misconception's own sample is graded as a student's notebook is, and names exactly that misconception."""

from __future__ import annotations

import pytest

from grader.pipeline import Grader
from grader.rubric.load import load_rubric
from grader.rubric.schema import Misconception
from tools.samples import misconception_sample

RUBRIC = load_rubric("dnn-step-by-step")
WRONG = [found for found in RUBRIC.misconceptions.values() if found.verdict == "wrong" and found.forms]
RIGHT = [found for found in RUBRIC.misconceptions.values() if found.verdict == "right"]


@pytest.mark.parametrize("found", WRONG, ids=lambda found: found.id)
def test_its_own_sample(dnn: Grader, found: Misconception) -> None:
    report = dnn.grade(misconception_sample(RUBRIC, found.forms[:1]).encode(), "sample.ipynb", "sample", None)
    named = {diagnosis.misconception for function in report.functions for diagnosis in function.diagnoses}
    assert named == {found.id}
    wrong = [function for function in report.functions if function.status != "passed"]
    assert wrong
    assert all(function.diagnoses for function in wrong)


@pytest.mark.parametrize("found", RIGHT, ids=lambda found: found.id)
def test_accepted_rewrites_get_full_marks(dnn: Grader, found: Misconception) -> None:
    for form in found.forms:
        report = dnn.grade(misconception_sample(RUBRIC, (form,)).encode(), "sample.ipynb", "sample", None)
        assert report.score == report.max_score
        assert not any(function.diagnoses for function in report.functions)
