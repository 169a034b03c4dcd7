"""The composition: bytes of a notebook → Report. What is examined in which order, session.py knows.

read ─▶ extract ─▶ examine (session.py) ─▶ words ─▶ Report
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
import traceback
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Self

from grader.batch.engine import JobSpec, of_no_rubric
from grader.diagnose.finding import Finding
from grader.diagnose.matching import Matcher
from grader.errors import CannotGrade, GraderError, RubricError
from grader.feedback.functions import function_report
from grader.feedback.words import doubts, mixed, note
from grader.judge.ready import ready_plan
from grader.judge.score import points
from grader.model import (
    INTERNAL_ERROR,
    Convention,
    Extraction,
    FunctionReport,
    Note,
    Notebook,
    Outcome,
    Problem,
    Report,
    RubricStamp,
    Runner,
    SubmissionStamp,
)
from grader.nearest import check_functions
from grader.notebook.read import MAX_BYTES, Unreadable, read_notebook
from grader.notebook.scripts import is_program
from grader.notebook.wording import BROKEN
from grader.rubric.infer import infer, look_alikes, of_another
from grader.rubric.load import load_rubric
from grader.rubric.plan import Plan
from grader.rubric.schema import Rubric
from grader.rubric.versions import is_later, later_version
from grader.session import Examined, Session
from grader.version import grader_version
from grader.worker.sandbox import Sandbox


@lru_cache(maxsize=1)
def draw_seed() -> int:
    """A seed for hidden inputs that nobody can know before."""
    return secrets.randbelow(2**48)


class Grader:
    """Grades submissions of one rubric, one after the other. Use as a context manager."""

    session: type[Session] = Session
    _later: tuple[Plan, Matcher] | None = None

    def __init__(
        self, rubric: Rubric, runner: Runner, seed: int, close: Callable[[], None] | None = None
    ) -> None:
        self.rubric = rubric
        self.runner = runner
        self.plan: Plan = ready_plan(rubric, seed)
        self.matcher = Matcher(rubric, self.plan.oracle)
        self._close = close

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def most_detail(self) -> str:
        """The deepest level of feedback that the rubric lets students see."""
        return self.rubric.detail

    def close(self) -> None:
        if self._close is not None:
            self._close()

    def grade(
        self,
        data: bytes,
        file: str,
        submission_id: str,
        student: str | None,
        only: Collection[str] = (),
    ) -> Report:
        """Grade one submission. Never raises for what the submission is or does.

        `only` restricts the report to some functions. Raises CannotGrade where the sandbox fails.
        """
        began = time.perf_counter()
        stamp = _stamp(data, file, submission_id, student)
        try:
            notebook = read_notebook(data, file)
        except Unreadable as unreadable:
            report = self._ungradable(stamp, unreadable.problem)
        else:
            report = self._graded(notebook, stamp, data, only)
        return replace(report, seconds=round(time.perf_counter() - began, 4))

    def _graded(
        self, notebook: Notebook, stamp: SubmissionStamp, data: bytes, only: Collection[str]
    ) -> Report:
        """The report; a fault of ours costs this submission, and no other one."""
        try:
            return self._grade(notebook, stamp, data, only)
        except Unreadable as unreadable:
            return self._ungradable(stamp, unreadable.problem)
        except RubricError as error:
            return self._ungradable(stamp, _rubrics_fault(error))
        except GraderError:
            raise
        except Exception as error:
            if os.environ.get("GRADER_DEBUG"):
                raise
            return self._ungradable(stamp, _own_fault(error))

    def _grade(
        self, notebook: Notebook, stamp: SubmissionStamp, data: bytes, only: Collection[str]
    ) -> Report:
        names = list(self.rubric.functions)
        extraction = self.runner.extract(notebook.cells, names, self.rubric.stand_ins)
        _check_program(stamp.file, notebook, extraction)
        session = self.session(*self._of_version(notebook, extraction), self.runner, extraction, data, only)
        examined = session.examine()
        functions = self._functions(examined)
        problems = (*notebook.problems, *extraction.problems, *_clues(examined), *self._mistaken(notebook))
        problems = tuple(dict.fromkeys(problems))
        report = self._report(
            stamp, functions, _convention(examined), _notes(examined, self.rubric), problems
        )
        lines_above = {cell.index: cell.above for cell in notebook.cells if cell.above is not None}
        return replace(report, lines_above=lines_above)

    def _of_version(self, notebook: Notebook, extraction: Extraction) -> tuple[Plan, Matcher]:
        """What is right in the version of the assignment that this notebook is of."""
        if not is_later(self.rubric, notebook.cells, extraction.functions):
            return self.plan, self.matcher
        if self._later is None:
            rubric = later_version(self.rubric)
            self._later = replace(self.plan, rubric=rubric), Matcher(rubric, self.plan.oracle)
        return self._later

    def _functions(self, examined: Examined) -> tuple[FunctionReport, ...]:
        graded = [finding.spec for finding in examined.findings.values()]
        maxima = points(graded, self.rubric.total, examined.counted)
        mixed, seconds = examined.exponents.name == "mixed", self.runner.call_seconds
        return tuple(
            function_report(
                finding, self.rubric, maxima[name], self._right(finding), mixed=mixed, seconds=seconds
            )
            for name, finding in examined.findings.items()
        )

    def _mistaken(self, notebook: Notebook) -> tuple[Problem, ...]:
        problem = of_another(self.rubric, notebook)
        return () if problem is None else (problem,)

    def _right(self, finding: Finding) -> Callable[..., Outcome | None]:
        return lambda call: self.plan.right(call, finding.convention)

    def _report(
        self,
        stamp: SubmissionStamp,
        functions: tuple[FunctionReport, ...],
        convention: Convention,
        notes: tuple[Note, ...],
        problems: tuple[Problem, ...],
    ) -> Report:
        maximum = sum(function.max_score for function in functions)
        score = sum(function.score for function in functions)
        whole = round(self.rubric.total if abs(maximum - self.rubric.total) < 0.01 else maximum, 2)
        return Report(
            grader_version=grader_version(),
            rubric=RubricStamp(self.rubric.id, self.rubric.version, self.rubric.sha256),
            submission=stamp,
            status="graded",
            score=whole if abs(score - maximum) < 1e-6 else round(score, 2),
            max_score=whole,
            convention=convention,
            isolation=self.runner.isolation,
            functions=functions,
            notes=notes,
            problems=problems,
        )

    def _ungradable(self, stamp: SubmissionStamp, problem: Problem) -> Report:
        specs = [spec for spec in self.rubric.functions.values() if not spec.optional]
        maxima = points(specs, self.rubric.total, specs)
        functions = tuple(
            FunctionReport(spec.name, "missing", 0.0, round(maxima[spec.name], 4)) for spec in specs
        )
        report = self._report(stamp, functions, "undetermined", (), (problem,))
        return replace(report, status="ungradable", score=0.0)


def _stamp(data: bytes, file: str, submission_id: str, student: str | None) -> SubmissionStamp:
    return SubmissionStamp(submission_id, student, file, hashlib.sha256(data).hexdigest())


def _check_program(file: str, notebook: Notebook, extraction: Extraction) -> None:
    """Raises Unreadable for a text under the name of a script: nothing in it is Python, and something does not parse."""
    broken = any(problem.code in BROKEN for problem in extraction.problems)
    if (
        file.lower().endswith(".py")
        and broken
        and not extraction.definitions
        and not is_program(notebook.cells)
    ):
        message = "The file is a text, no Python: it has no function and no import, and does not parse. Hand in the notebook, or the script itself."
        raise Unreadable(Problem("no-python", message))


def _own_fault(error: Exception) -> Problem:
    message = f"The grader itself broke while grading this notebook ({_where(error)}). That is its fault, not the notebook's; please report it."
    return Problem(INTERNAL_ERROR, message)


def _rubrics_fault(error: RubricError) -> Problem:
    """Of inputs that the rubric's own code makes for one notebook alone."""
    where = _where(error.__cause__ or error)
    message = f"The rubric broke while inputs were made for this notebook ({where}). That is the rubric's fault, not the notebook's; its author can mend it."
    return Problem(INTERNAL_ERROR, message)


def _where(error: BaseException) -> str:
    """The kind of an error of ours and where it was; its text could hold anything."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


def _clues(examined: Examined) -> Iterator[Problem]:
    """What reading tells of the graded functions that are missing or were left open."""
    for finding in examined.findings.values():
        if finding.facts.problem is not None:
            yield finding.facts.problem


def _convention(examined: Examined) -> Convention:
    return "other" if examined.other_convention else examined.exponents.name


def _notes(examined: Examined, rubric: Rubric) -> tuple[Note, ...]:
    name, times = _convention(examined), examined.exponents.times
    if name == "mixed" and times:
        return mixed(times) if _is_about_m(examined, rubric) else ()
    return (note(f"{name.lower()}-convention"),) if name in ("J", "other") else ()


def _is_about_m(examined: Examined, rubric: Rubric) -> bool:
    """Whether what is named where the conventions differ, if anything is, is a 1/m: a division by n mixes nothing."""
    places = {edit.function for edit in rubric.conventions.get("J", {}).values()} & set(examined.findings)
    named = [rubric.misconceptions[one] for place in places for one in examined.findings[place].named]
    return not named or any(found.one_over_m for found in named)


# ------------------------------------------------------------------------------------------- doors


def make_grader(spec: JobSpec, sandbox: Sandbox | None = None) -> Grader | InferringGrader:
    """A grader in this sandbox, which it then owns, or in the strongest that there is, if the job's tier allows it.

    Raises NotIsolated, WorkerError, UsageError.
    """
    sandbox = sandbox or Sandbox.start(at_least=spec.least_tier)
    seed = draw_seed() if spec.seed is None else spec.seed
    try:
        if spec.rubric is None:
            return InferringGrader(sandbox, seed)
        return Grader(load_rubric(spec.rubric), sandbox, seed, sandbox.close)
    except BaseException:
        sandbox.close()
        raise


class InferringGrader:
    """Grades each submission by the rubric that its functions fit. Raises UsageError for one that fits none."""

    def __init__(self, sandbox: Sandbox, seed: int) -> None:
        self.sandbox = sandbox
        self.seed = seed
        self._graders: dict[str, Grader] = {}

    def grade(self, data: bytes, file: str, submission_id: str, student: str | None) -> Report:
        try:
            name = infer_rubric(data, file)[0]
        except Unreadable as unreadable:
            return of_no_rubric(_stamp(data, file, submission_id, student), unreadable.problem)
        report = self.of(name).grade(data, file, submission_id, student)
        return with_doubts(report, read_notebook(data, file))

    def of(self, rubric: str) -> Grader:
        """The grader of a rubric, made once."""
        if rubric not in self._graders:
            self._graders[rubric] = Grader(load_rubric(rubric), self.sandbox, self.seed)
        return self._graders[rubric]

    def close(self) -> None:
        self.sandbox.close()


def with_doubts(report: Report, notebook: Notebook) -> Report:
    """The report with what is to be said of a rubric that nobody named."""
    return replace(report, notes=(*report.notes, *doubts(report.rubric.id, notebook)))


def infer_rubric(data: bytes, file: str, asked: Collection[str] = ()) -> tuple[str, str]:
    """The name of the rubric that a notebook's functions fit, and why; `asked` are those that are to be checked.

    Raises UsageError listing candidates, Unreadable for no notebook.
    """
    return infer(read_notebook(data, file), file, asked)


def other_rubrics(data: bytes, file: str, inferred: str) -> dict[str, tuple[str, ...]]:
    """The rubrics that a notebook may be for just as well, with the signs of them in it."""
    return look_alikes(inferred, read_notebook(data, file))


def check(
    path: Path,
    *,
    functions: Collection[str] = (),
    rubric: str | None = None,
    seed: int | None = None,
) -> Report:
    """Check one notebook as a student does, in the best isolation that this machine has.

    Raises UsageError for an unknown rubric or function, CannotGrade for a file that cannot be read.
    """
    data = submitted(path)
    try:
        name = rubric or infer_rubric(data, path.name, functions)[0]
    except Unreadable as unreadable:
        return of_no_rubric(_stamp(data, path.name, path.stem, None), unreadable.problem)
    loaded = load_rubric(name)
    check_functions(functions, loaded.functions, f"the rubric {loaded.id}")
    with Sandbox.start("best") as sandbox:
        grader = Grader(loaded, sandbox, draw_seed() if seed is None else seed)
        report = grader.grade(data, path.name, path.stem, None, functions)
    return report if rubric else with_doubts(report, read_notebook(data, path.name))


def submitted(path: Path) -> bytes:
    """A file's bytes, as many as are read. CannotGrade says why they cannot be had."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)  # it may be larger than the memory
    except OSError as error:
        raise CannotGrade(f"{path}: cannot be read ({error.strerror or error})") from None
