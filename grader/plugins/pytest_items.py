"""What the pytest plugin does once `--submission` is given: items, the one grading behind them, the fixture."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.errors import GraderError
from grader.model import FunctionReport, Report
from grader.notebook.read import Unreadable, read_notebook
from grader.pipeline import Grader, draw_seed, infer_rubric
from grader.plugins.student import Student
from grader.render import plain, words
from grader.rubric.detail import allowed
from grader.rubric.infer import defined_names
from grader.rubric.load import load_rubric
from grader.rubric.schema import Rubric
from grader.worker.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Submission:
    """A notebook's bytes and its rubric."""

    path: Path
    data: bytes
    rubric: Rubric


_SUBMISSION = pytest.StashKey[Submission]()
_REPORT = pytest.StashKey[Report]()


class FunctionFailed(Exception):
    """A function that did not pass; its report is the failure's text."""

    def __init__(self, report: Report, function: FunctionReport) -> None:
        super().__init__(function.name)
        self.report = report
        self.function = function

    def text(self, detail: str) -> str:
        if self.report.status == "ungradable":
            return plain.overview_text(self.report)
        score = words.score(self.function.score, self.function.max_score)
        return f"{plain.function_text(self.report, self.function, detail)}\nScore: {score}"


class SubmissionFile(pytest.File):
    """A notebook; its items are the rubric's functions."""

    def collect(self) -> Iterator[pytest.Item]:
        for name in functions(submission(self.config)):
            yield FunctionItem.from_parent(self, name=name)


class FunctionItem(pytest.Item):
    """One function of a submission."""

    def runtest(self) -> None:
        report = graded(self.config)
        found = next((one for one in report.functions if one.name == self.name), None)
        if found is None:
            pytest.skip(f"{self.name} has no interface that the rubric grades")
        if report.status == "ungradable" or found.status != "passed":
            raise FunctionFailed(report, found)

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: object = None,
    ) -> str:
        error = excinfo.value
        if isinstance(error, FunctionFailed):
            wanted = self.config.getoption("--feedback-detail")
            return error.text(allowed(wanted, submission(self.config).rubric.detail))
        if isinstance(error, GraderError):
            return f"The grader could not do its work: {error}"
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.name


def add_items(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Put the submission's items in front, unless the arguments named it already."""
    if any(isinstance(item, FunctionItem) for item in items):
        return
    path = submission(session.config).path
    items[:0] = SubmissionFile.from_parent(session, path=path).collect()


def functions(one: Submission) -> list[str]:
    """The rubric's functions, the optional ones where the notebook seems to define them."""
    try:
        defined = defined_names(read_notebook(one.data, one.path.name))
    except Unreadable:
        defined = frozenset()
    return [name for name, spec in one.rubric.functions.items() if not spec.optional or name in defined]


def submission(config: pytest.Config) -> Submission:
    """What `--submission` and `--rubric` name. Raises pytest.UsageError."""
    if _SUBMISSION not in config.stash:
        path = Path(config.getoption("--submission")).absolute()
        try:
            data = path.read_bytes()
            rubric = config.getoption("--rubric") or infer_rubric(data, path.name)[0]
            config.stash[_SUBMISSION] = Submission(path, data, load_rubric(rubric))
        except OSError as error:
            raise pytest.UsageError(f"--submission {path.name}: {error.strerror or error}") from None
        except Unreadable as unreadable:
            raise pytest.UsageError(f"--submission {path.name}: {unreadable.problem.message}") from None
        except GraderError as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[_SUBMISSION]


def graded(config: pytest.Config) -> Report:
    """The report, made once in this process."""
    if _REPORT not in config.stash:
        one = submission(config)
        with Sandbox.start("best") as sandbox:
            grader = Grader(one.rubric, sandbox, _seed(config))
            config.stash[_REPORT] = grader.grade(one.data, one.path.name, one.path.stem, None)
    return config.stash[_REPORT]


def _seed(config: pytest.Config) -> int:
    """One seed for all processes of pytest-xdist, which share a run's id."""
    run = getattr(config, "workerinput", {}).get("testrunuid")
    return draw_seed() if run is None else zlib.crc32(str(run).encode())


def summary(config: pytest.Config) -> list[str]:
    """The submission's score, where this process knows it."""
    report = config.stash.get(_REPORT, None)
    if report is None:
        return []
    score = words.score(report.score, report.max_score)
    lines = [f"{report.submission.file}: {score}, {words.verdict(report)}"]
    return [*lines, words.NOT_ISOLATED] if report.isolation.tier == "none" else lines


def open_student(config: pytest.Config) -> Student:
    """The fixture's value, in a sandbox of its own."""
    one = submission(config)
    try:
        cells = read_notebook(one.data, one.path.name).cells
    except Unreadable as unreadable:
        pytest.fail(f"{one.path.name}: {unreadable.problem.message}", pytrace=False)
    return Student(cells, one.rubric, Sandbox.start("best"))
