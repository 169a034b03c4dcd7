"""Grading one task, wherever it runs: read, grade, render."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from grader.batch.engine import Done, GraderLike, JobSpec, MakeGrader, Task, result_key, row_of, ungradable
from grader.batch.found import Unreadable
from grader.batch.reading import Reader
from grader.batch.store import write_submission
from grader.model import INTERNAL_ERROR, LEVELS, Problem, Report
from grader.render import json_report, markdown

Files = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Workplace:
    """A process's own grader, its report on an empty file, and its reader of submissions."""

    spec: JobSpec
    grader: GraderLike
    template: Report
    reader: Reader

    def close(self) -> None:
        """End the grader's workers and close what is open."""
        self.reader.close()
        self.grader.close()


def set_up(spec: JobSpec, make_grader: MakeGrader) -> Workplace:
    """Make a grader and try it on an empty file. GraderError if it cannot work."""
    grader = make_grader(spec)
    try:
        template = grader.grade(b"", "", "", None)
    except BaseException:
        grader.close()
        raise
    return Workplace(_as_deep_as_allowed(spec, grader), grader, template, Reader())


def _as_deep_as_allowed(spec: JobSpec, grader: GraderLike) -> JobSpec:
    """The job with feedback no deeper than the rubric lets students see."""
    most = getattr(grader, "most_detail", spec.detail)
    return replace(spec, detail=most) if LEVELS.index(most) < LEVELS.index(spec.detail) else spec


def grade_here(workplace: Workplace, task: Task, out: Path) -> Done:
    """Grade a task and write its files below `out`; nothing is done if an earlier run has done it."""
    read = read_task(workplace.reader, task)
    if read.key and read.key == task.known_key and files_exist(out, task.submission.id, workplace.spec):
        return Done(task, read.key, None)
    done = grade_read(workplace, task, read)
    write_submission(out, task.submission.id, done.files)
    return Done(task, done.key, done.row)


@dataclass(frozen=True, slots=True)
class Read:
    """A task's bytes or the reason that there are none, and the key of its result."""

    data: bytes
    key: str
    problem: Problem | None = None


def read_task(reader: Reader, task: Task) -> Read:
    """Read a task's bytes. A passing reason for not having them has no key, so that it is tried again."""
    try:
        data = reader.read(task.submission.source)
    except Unreadable as error:
        lasting = error.code == "too-large"
        key = result_key(task, f"{error.code} {task.submission.size}") if lasting else ""
        return Read(b"", key, Problem(error.code, error.message))
    return Read(data, result_key(task, hashlib.sha256(data).hexdigest()))


def grade_read(workplace: Workplace, task: Task, read: Read) -> Done:
    """Grade what was read; the files come back rendered, not written."""
    one = task.submission
    if read.problem is not None:
        report = ungradable(workplace.template, one, read.problem, hashlib.sha256(b"").hexdigest())
    else:
        report = workplace.grader.grade(read.data, one.file, one.id, one.student)
    # What the grader itself broke on is tried again by the next run.
    key = "" if any(problem.code == INTERNAL_ERROR for problem in report.problems) else read.key
    return Done(task, key, row_of(report, one), render_files(report, workplace.spec))


def render_files(report: Report, spec: JobSpec) -> Files:
    """report.json, feedback.md and, if asked for, feedback.html."""
    files = [
        ("report.json", json_report.to_json(report)),
        ("feedback.md", markdown.render(report, detail=spec.detail).encode("utf-8", "replace")),
    ]
    if spec.html:
        # Imported here: a run without --html need not load jinja2.
        from grader.render.html import student

        files.append(("feedback.html", student.render(report, detail=spec.detail)))
    return tuple(files)


def file_names(spec: JobSpec) -> tuple[str, ...]:
    """The names that `render_files` gives."""
    return ("report.json", "feedback.md", *(("feedback.html",) if spec.html else ()))


def files_exist(out: Path, submission_id: str, spec: JobSpec) -> bool:
    """Whether everything that this run would write for a submission lies there."""
    folder = os.path.join(out, submission_id)
    return all(os.path.isfile(os.path.join(folder, name)) for name in file_names(spec))
