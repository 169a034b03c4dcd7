"""nbgrader: `nbgrader autograde` with this grader's scores and comments in the gradebook, and an export with them.

In `nbgrader_config.py`:

    from grader.plugins.nbgrader_preprocessor import install
    c = get_config()
    install(c, rubric="dnn-step-by-step")

A cell's points go by the functions that it is about: its `grade_id` names one, or it defines or calls some.
"""

from __future__ import annotations

import atexit
import csv
import json
import re
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry  # type: ignore[import-not-found, import-untyped, unused-ignore]
from nbgrader.converters.base import NbGraderException  # type: ignore[import-not-found, import-untyped, unused-ignore]
from nbgrader.plugins import ExportPlugin  # type: ignore[import-not-found, import-untyped, unused-ignore]
from nbgrader.preprocessors import Execute, NbGraderPreprocessor, SaveAutoGrades  # type: ignore[import-not-found, import-untyped, unused-ignore]
from traitlets import Bool, Integer, Unicode

from grader.batch.engine import JobSpec
from grader.errors import GraderError
from grader.export import markup
from grader.model import FunctionReport, Report
from grader.pipeline import Grader, InferringGrader, make_grader
from grader.plugins.cells import functions_of, part
from grader.plugins.result import known_detail
from grader.render.escape import csv_cell
from grader.render.plain import Block, function_blocks, overview_blocks
from grader.rubric.detail import rubrics_detail

NAME = "grader.plugins.nbgrader_preprocessor.WhyWrong"


def install(config: Any, *, execute: bool = True, **settings: Any) -> None:
    """Put the preprocessor into nbgrader's configuration, after the one that saves nbgrader's own scores.

    Without `execute` nbgrader runs no cell, so student code runs in this grader's sandbox alone; autograded
    cells that are about no function are then left for a person. `settings` are WhyWrong's traits.
    """
    from nbgrader.converters import Autograde  # type: ignore[import-not-found, import-untyped, unused-ignore]

    chosen = []
    for one in Autograde.autograde_preprocessors.default_args[0]:
        if one is not Execute or execute:
            chosen.append(one)
        if one is SaveAutoGrades:
            chosen.append(WhyWrong)
    config.Autograde.autograde_preprocessors = chosen
    config.WhyWrong.executed = execute
    for name, value in settings.items():
        setattr(config.WhyWrong, name, value)


class WhyWrong(NbGraderPreprocessor):  # type: ignore[misc, unused-ignore]  # nbgrader has no types
    """Grades the notebook and writes scores and comments; what a person set stays."""

    rubric = Unicode("", help="The rubric's name or path; left out: inferred.").tag(config=True)
    detail = Unicode("explanation", help="The deepest level of feedback: nudge, explanation or fix.").tag(
        config=True
    )
    seed = Integer(None, allow_none=True, help="The seed of the hidden inputs.").tag(config=True)
    unsafe = Bool(False, help="Run student code even where no isolation works.").tag(config=True)
    executed = Bool(True, help="Whether nbgrader itself has run the cells.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        place = resources["nbgrader"]
        report = self._report(nb, place)
        with Gradebook(place["db_url"]) as gradebook:
            for cell in nb.cells:
                if "nbgrader" in cell.metadata and cell.metadata.nbgrader.get("grade_id"):
                    self._fill(cell, report, gradebook, place)
            gradebook.db.commit()
        return nb, resources

    def _report(self, nb: Any, place: Any) -> Report:
        data = json.dumps(nb).encode("utf-8", "replace")
        identifier = f"{place['student']}/{place['assignment']}/{place['notebook']}"
        try:
            grader = _grader(self.rubric or None, self.seed, self.unsafe)
            return grader.grade(data, f"{place['notebook']}.ipynb", identifier, place["student"])
        except GraderError as error:
            raise NbGraderException(f"whywrong: {error}") from None

    def _fill(self, cell: Any, report: Report, gradebook: Any, place: Any) -> None:
        name = cell.metadata.nbgrader["grade_id"]
        about = functions_of(name, cell.source, report.functions)
        where = (name, place["notebook"], place["assignment"], place["student"])
        if cell.metadata.nbgrader.get("grade") and cell.cell_type == "code":
            _score(gradebook.find_grade(*where), about, self.executed)
        if cell.metadata.nbgrader.get("solution") and about:
            comment = gradebook.find_comment(*where)
            comment.auto_comment = markup.html(self._told(report, about))

    def _told(self, report: Report, about: tuple[FunctionReport, ...]) -> list[Block]:
        if report.status == "ungradable":
            return overview_blocks(report)
        detail = rubrics_detail(known_detail(self.detail), self.rubric or report.rubric.id)
        return [block for one in about for block in function_blocks(report, one, detail)]


def _score(grade: Any, about: tuple[FunctionReport, ...], executed: bool) -> None:
    """The cell's points. A manual score takes precedence in nbgrader, and asks to be looked at again."""
    if about:
        grade.auto_score = round(float(grade.max_score) * part(about), 4) + 0.0
        grade.needs_manual_grade = grade.manual_score is not None
    elif not executed:
        grade.auto_score = None
        grade.needs_manual_grade = True


@lru_cache(maxsize=4)
def _grader(rubric: str | None, seed: int | None, unsafe: bool) -> Grader | InferringGrader:
    """One grader, and one sandbox, for all submissions of a run."""
    grader = make_grader(JobSpec(rubric=rubric, seed=seed, tier="seccomp", unsafe=unsafe))
    atexit.register(grader.close)
    return grader


# ------------------------------------------------------------------------------------------- export


class FeedbackExport(ExportPlugin):  # type: ignore[misc, unused-ignore]  # nbgrader has no types
    """`nbgrader export --exporter=grader.plugins.nbgrader_preprocessor.FeedbackExport`: scores and feedback as CSV.

    One row for each student and assignment, as nbgrader's own export has them, and what the comments say.
    """

    _COLUMNS = ("assignment", "student_id", "last_name", "first_name", "email", "raw_score",
                "late_submission_penalty", "score", "max_score", "feedback")  # fmt: skip

    def export(self, gradebook: Any) -> None:
        target = Path(self.to or "grades-and-feedback.csv")
        self.log.info("Exporting scores and feedback to %s", target)
        with target.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(self._COLUMNS)
            for assignment in gradebook.assignments:
                if not self.assignment or assignment.name in self.assignment:
                    for student in gradebook.students:
                        if not self.student or student.id in self.student:
                            writer.writerow(self._row(gradebook, assignment, student))

    def _row(self, gradebook: Any, assignment: Any, student: Any) -> list[str]:
        identity = (assignment.name, student.id, student.last_name, student.first_name, student.email)
        cells = [csv_cell(str(part or "")) for part in identity]
        try:
            found = gradebook.find_submission(assignment.name, student.id)
        except MissingEntry:
            return [*cells, "0", "0", "0", str(assignment.max_score), ""]
        penalty = found.late_submission_penalty or 0
        numbers = (found.score, penalty, max(0.0, found.score - penalty), assignment.max_score)
        return [*cells, *(f"{number:g}" for number in numbers), csv_cell(_feedback(found))]


def _feedback(submission: Any) -> str:
    """All comments of a submission as text."""
    said = [
        comment.comment
        for notebook in submission.notebooks
        for comment in notebook.comments
        if comment.comment
    ]
    return "\n\n".join(_as_text(one) for one in said)


def _as_text(html: str) -> str:
    lines = unescape(re.sub(r"<[^>]+>", "", re.sub(r"</(p|pre)>", "\n", html)))
    return "\n".join(line.rstrip() for line in lines.splitlines() if line.strip())
