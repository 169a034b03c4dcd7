"""What every batch engine shares: the job, the grader it needs, its tasks and what comes back of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from grader.batch.found import SubmissionFile
from grader.model import INTERNAL_ERROR, Isolation, Level, Note, Problem, Report, RubricStamp, SubmissionStamp
from grader.version import grader_version


@dataclass(frozen=True, slots=True)
class JobSpec:
    """All that a process needs to make its own grader: plain values, so that it travels by pickle.

    `rubric` is a name or a path (None: inferred from each notebook); `tier` the weakest isolation that
    will do; `detail` the deepest level of feedback in feedback.md and feedback.html.
    """

    rubric: str | None = None
    seed: int | None = None
    tier: Literal["strong", "seccomp", "none"] = "strong"
    unsafe: bool = False
    detail: Level = "explanation"
    html: bool = False

    @property
    def least_tier(self) -> str:
        """The weakest isolation that will do."""
        return "none" if self.unsafe else self.tier


class GraderLike(Protocol):
    """Grades one submission at a time. `grade` never raises for what a submission does."""

    def grade(self, data: bytes, file: str, submission_id: str, student: str | None) -> Report: ...

    def close(self) -> None: ...


#: Called once in each pool process. It must be importable there: a function at a module's top level.
MakeGrader = Callable[[JobSpec], GraderLike]


@dataclass(frozen=True, slots=True)
class Task:
    """One submission to grade, and the key under which an earlier run finished it, if one did."""

    submission: SubmissionFile
    policy: str
    known_key: str | None = None


@dataclass(frozen=True, slots=True)
class FunctionRow:
    name: str
    status: str
    score: float


@dataclass(frozen=True, slots=True)
class Row:
    """What the gradebook and the counts need of a report; a few hundred bytes."""

    id: str
    student: str | None
    file: str
    status: str
    score: float
    max_score: float
    convention: str
    isolation: str
    functions: tuple[FunctionRow, ...]
    misconceptions: tuple[str, ...]
    problems: tuple[str, ...]
    seconds: float
    name: str | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """A finished task. `key` is "" where a later run must not rely on the result.

    `row` is None if an earlier run's result was kept. `files` holds what is still to be written
    (name → bytes): nothing if the engine's own processes wrote it.
    """

    task: Task
    key: str
    row: Row | None
    files: tuple[tuple[str, bytes], ...] = ()


class Engine(Protocol):
    """Runs tasks somewhere. Used as `start`, `run` to its end, `close`."""

    def start(self) -> Report:
        """Get ready; the report on an empty file shows the rubric, the isolation and all functions."""
        ...

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Each task's result, in any order, as soon as it is there."""
        ...

    def close(self) -> None:
        """Stop at once, whatever is under way."""
        ...


def policy(template: Report, spec: JobSpec) -> str:
    """What, besides a submission, decides its report: rubric, seed, version, level of detail, isolation in force."""
    tier = template.isolation.tier
    return _digest(template.rubric.sha256, template.grader_version, str(spec.seed), spec.detail, tier)


def result_key(task: Task, content: str) -> str:
    """The key of a result: policy, content, and what else of the submission is written in its report."""
    one = task.submission
    return _digest(task.policy, content, one.id, str(one.student), one.file)


def row_of(report: Report, submission: SubmissionFile) -> Row:
    """A report's row of the gradebook."""
    functions = tuple(FunctionRow(one.name, one.status, one.score) for one in report.functions)
    found = dict.fromkeys(diagnosis.misconception for one in report.functions for diagnosis in one.diagnoses)
    return Row(
        id=submission.id,
        student=report.submission.student,
        file=report.submission.file,
        status=report.status,
        score=report.score,
        max_score=report.max_score,
        convention=report.convention,
        isolation=report.isolation.tier,
        functions=functions,
        misconceptions=tuple(found),
        problems=tuple(problem.code for problem in report.problems),
        seconds=report.seconds,
        name=submission.name,
        late=submission.late,
    )


def ungradable(template: Report, submission: SubmissionFile, problem: Problem, content: str) -> Report:
    """The report on a submission that the grader never saw, after the one on an empty file."""
    stamp = SubmissionStamp(submission.id, submission.student, submission.file, content)
    notes: tuple[Note, ...] = ()
    return replace(
        template,
        submission=stamp,
        status="ungradable",
        score=0.0,
        notes=notes,
        problems=(problem,),
        seconds=0.0,
    )


def of_no_rubric(stamp: SubmissionStamp, problem: Problem) -> Report:
    """What can be said of a file that is no notebook, where no rubric was named: no rubric, no functions."""
    return Report(
        grader_version=grader_version(),
        rubric=RubricStamp("undetermined", "", ""),
        submission=stamp,
        status="ungradable",
        score=0.0,
        max_score=0.0,
        convention="undetermined",
        isolation=Isolation("none", ()),
        problems=(problem,),
    )


def internal_error(template: Report, submission: SubmissionFile) -> Report:
    """The report on a submission that broke the grader's own process twice."""
    reference = _digest(submission.id, submission.file)[:8]
    message = (
        "The grader itself broke while grading this submission, twice. This is the grader's fault; "
        f"your instructor can grade it again or report it with the reference {reference}."
    )
    return ungradable(template, submission, Problem(INTERNAL_ERROR, message), hashlib.sha256(b"").hexdigest())


def _digest(*parts: str) -> str:
    text = "\0".join(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
