"""pytest plugin: `pytest --submission week4.ipynb --rubric dnn-step-by-step`.

Each function of the rubric becomes a test item with the feedback as its failure text; the fixture `student`
runs the student's functions in the sandbox, for an instructor's own tests. Without `--submission` this
imports nothing and does nothing: every pytest run of the environment loads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from grader.plugins.student import Student


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("grader", "grading a notebook submission")
    group.addoption(
        "--submission", metavar="NOTEBOOK", help="Grade this notebook: one test for each function."
    )
    group.addoption("--rubric", metavar="R", help="Its rubric: a name or a path. Left out: inferred.")
    group.addoption(
        "--feedback-detail",
        choices=("nudge", "explanation", "fix"),
        default="explanation",
        help="The deepest level of feedback in failures (default: explanation).",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The submission, where it is named among the arguments: `week4.ipynb::linear_backward`."""
    submission = parent.config.getoption("--submission")
    if not submission or file_path != Path(submission).absolute():
        return None
    from grader.plugins.pytest_items import SubmissionFile

    return SubmissionFile.from_parent(parent, path=file_path)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """The submission's functions, in front of other tests; `-k` and `-m` choose among them afterwards."""
    if session.config.getoption("--submission"):
        from grader.plugins.pytest_items import add_items

        add_items(session, items)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if config.getoption("--submission"):
        from grader.plugins.pytest_items import summary

        for line in summary(config):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def student(request: pytest.FixtureRequest) -> Iterator[Student]:
    """The submission's functions, each call in the sandbox: `student.linear_backward(dZ, cache)`."""
    if not request.config.getoption("--submission"):
        pytest.skip("the fixture `student` needs --submission NOTEBOOK")
    from grader.plugins.pytest_items import open_student

    with open_student(request.config) as opened:
        yield opened
