"""nbgrader: its export CSV, a feedback page for each student, and the gradebook.db filled in where it is given.

A test cell belongs to the function whose name its `grade_id` holds: `linear_backward`, `test_linear_backward`,
`cell-linear-backward-1`. A score that a person set stays. nbgrader has comments on solution cells only.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from grader.errors import UsageError
from grader.export import markup, people
from grader.export.base import Exporter, Options, Reports, Sink, StoredReport
from grader.export.scores import fraction, plain_number, tidy
from grader.model import FunctionReport, Report
from grader.render.escape import csv_cell
from grader.render.plain import Block, function_blocks, overview_blocks, report_blocks

_COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score",
)  # fmt: skip
_SQLITE = b"SQLite format 3\x00"


def export(reports: Reports, sink: Sink, options: Options) -> None:
    """grades.csv, feedback/<student>/<assignment>/<notebook>.html, and gradebook.db where one is given."""
    sink.write("grades.csv", _csv(reports, options))
    people.tell_broken(reports, sink)
    people.tell_zeros(reports, sink)
    for stored in reports:
        if stored.student:
            page = markup.html_page("Feedback", report_blocks(stored.report, options.detail))
            sink.write(_page_name(stored, options), page.encode("utf-8", "replace"))
        else:
            sink.skip(stored.id, "it is not known whose it is, so its feedback page has no place.")
    if options.gradebook is not None:
        sink.write("gradebook.db", _filled(options.gradebook, reports, sink, options))


def _csv(reports: Reports, options: Options) -> Iterator[bytes]:
    yield _row(_COLUMNS)
    for stored in reports:
        if people.internal_error(stored.report):
            continue
        score = plain_number(stored.report.score)
        identity = [
            csv_cell(_assignment(stored, options)),
            "",
            "",
            csv_cell(stored.student or ""),
            "",
            "",
            "",
        ]
        yield _row([*identity, score, "0", score, plain_number(stored.report.max_score)])


#: Names that Windows keeps for devices, whatever their suffix.
_RESERVED = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[1-9¹²³])(?:\.|\Z)", re.IGNORECASE)


def _row(cells: Sequence[str]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue().encode("utf-8", "replace")


def _page_name(stored: StoredReport, options: Options) -> str:
    student, assignment = _part(stored.student or ""), _part(_assignment(stored, options))
    return f"feedback/{student}/{assignment}/{_part(_notebook(stored))}.html"


def _part(text: str) -> str:
    """A name as one part of a path."""
    safe = "".join(char if char.isalnum() or char in "-_.@ +" else "_" for char in text).strip(". ")
    return f"_{safe[:100]}" if not safe or _RESERVED.match(safe) else safe[:100]


def _assignment(stored: StoredReport, options: Options) -> str:
    """The name given, else the folder's in `submitted/<student>/<assignment>/`, else the rubric's."""
    if options.assignment or options.column:
        return options.assignment or options.column or ""
    parts = PurePosixPath(stored.report.submission.file).parts
    return parts[-2] if len(parts) >= 3 and parts[-3] == stored.student else stored.report.rubric.id


def _notebook(stored: StoredReport) -> str:
    return PurePosixPath(stored.report.submission.file).name.removesuffix(".ipynb")


# ---------------------------------------------------------------------------------------- gradebook


@dataclass(slots=True)
class _Counts:
    scores: int = 0
    unmatched: int = 0


def _filled(path: Path, reports: Reports, sink: Sink, options: Options) -> bytes:
    """The gradebook's bytes with our scores and comments. The instructor's own file is not opened."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "gradebook.db"
        copy.write_bytes(_database(path))
        _fill(copy, reports, sink, options)
        return copy.read_bytes()


def _database(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"the gradebook {path} cannot be read: {error.strerror}.") from None
    if not data.startswith(_SQLITE):
        raise UsageError(f"{path} is no nbgrader gradebook. Give the course's gradebook.db.")
    return data


def _fill(path: Path, reports: Reports, sink: Sink, options: Options) -> None:
    try:
        from nbgrader.api import Gradebook, MissingEntry  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise UsageError("a gradebook.db needs nbgrader itself: pip install 'whywrong[nbgrader]'.") from None
    counts = _Counts()
    with warnings.catch_warnings(), Gradebook(f"sqlite:///{path}") as gradebook:
        # nbgrader makes new submissions in an order that SQLAlchemy remarks upon; nothing is lost by it.
        warnings.filterwarnings("ignore", "Object of type .* not in session")
        for stored in reports:
            if not stored.student or people.internal_error(stored.report):
                continue
            try:
                _fill_one(gradebook, stored, options, counts)
            except MissingEntry as error:
                sink.skip(stored.id, f"the gradebook does not know it: {error}.")
        gradebook.db.commit()
    sink.note(
        f"gradebook.db: {counts.scores} cells scored; {counts.unmatched} name no function and stay as they were."
    )


def _fill_one(gradebook: Any, stored: StoredReport, options: Options, counts: _Counts) -> None:
    assignment = _assignment(stored, options)
    gradebook.find_student(stored.student)
    gradebook.update_or_create_submission(assignment, stored.student)
    notebook = gradebook.find_submission_notebook(_notebook(stored), assignment, stored.student)
    scores = cell_scores(stored, {grade.name: float(grade.max_score or 0) for grade in notebook.grades})
    for grade in notebook.grades:
        if grade.name in scores:
            grade.auto_score = scores[grade.name]
            grade.needs_manual_grade = False
            counts.scores += 1
        else:
            counts.unmatched += 1
    for comment in notebook.comments:
        function = function_of(comment.name, stored.report.functions)
        if function is not None:
            comment.auto_comment = markup.html(_comment(stored.report, function, options.detail))


def _comment(report: Report, function: FunctionReport, detail: str) -> list[Block]:
    return (
        overview_blocks(report)
        if report.status == "ungradable"
        else function_blocks(report, function, detail)
    )


def cell_scores(stored: StoredReport, cells: Mapping[str, float]) -> dict[str, float]:
    """Cell → points, for the cells that name a function; for the only cell of a notebook in any case."""
    scores = {
        name: tidy(most * _part_of(function))
        for name, most in cells.items()
        if (function := function_of(name, stored.report.functions)) is not None
    }
    if not scores and len(cells) == 1:
        return {name: tidy(most * fraction(stored.report)) for name, most in cells.items()}
    return scores


def function_of(cell: str, functions: Iterable[FunctionReport]) -> FunctionReport | None:
    """The function that a cell's name holds: the longest, so that `linear_forward` is not taken for `forward`."""
    name = cell.casefold().replace("-", "_")
    fitting = [one for one in functions if one.name.casefold() in name]
    return max(fitting, key=lambda one: len(one.name), default=None)


def _part_of(function: FunctionReport) -> float:
    return function.score / function.max_score if function.max_score > 0 else 0.0


EXPORTER = Exporter("nbgrader", "nbgrader", export, fills_in=True)
