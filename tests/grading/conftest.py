"""One sandbox and one grader for all tests of grading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from grading_world import GradeCells, Graded

from grader.pipeline import Grader
from grader.rubric.load import load_rubric
from grader.worker.sandbox import Sandbox
from tools.notebooks import nbformat4, notebook_cells
from tools.samples import function_texts


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start("best") as made:
        yield made


@pytest.fixture(scope="session")
def dnn(sandbox: Sandbox) -> Grader:
    return Grader(load_rubric("dnn-step-by-step"), sandbox, seed=11)


@pytest.fixture
def grade_functions(dnn: Grader) -> GradeCells:
    """Grades the reference's functions with some of them replaced: name → source, None leaves one out."""

    def grade(replaced: Mapping[str, str | None] = {}, **named: str | None) -> Graded:
        texts: dict[str, str | None] = {**function_texts(dnn.rubric), **replaced, **named}
        cells = notebook_cells({name: text for name, text in texts.items() if text is not None}, "2021")
        return Graded(dnn.grade(nbformat4(cells).encode(), "test.ipynb", "test", None))

    return grade
