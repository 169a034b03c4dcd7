"""Checking with a student pack: as the pipeline does, but with the student's own helpers and stored answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from grader.diagnose.matching import Matcher
from grader.errors import UsageError
from grader.feedback.inline import listed
from grader.model import FunctionReport, Note, Report, Runner
from grader.nearest import check_functions
from grader.packed_session import PackSession
from grader.pipeline import Grader, submitted
from grader.rubric.pack_plan import load_pack
from grader.rubric.plan import Plan
from grader.worker.sandbox import Sandbox

OWN_HELPERS = (
    "Checked with a student pack, in which each function runs with your own helper functions: an error in one of "
    "them can show in the functions that call it, too. Grading replaces them by right ones, so its score can be higher."
)
NOT_SEPARATED = (
    "It calls {helpers}, which did not pass. What differs here may come from there and cannot be told apart: mend "
    "that first, then check again."
)


class PackGrader(Grader):
    """A Grader whose calls, answers and words come from a student pack."""

    session = PackSession

    def __init__(self, plan: Plan, runner: Runner, close: Callable[[], None] | None = None) -> None:
        """Does not call Grader's own, which plans with a reference."""
        self.rubric = plan.rubric
        self.runner = runner
        self.plan = plan
        self.matcher = Matcher(plan.rubric, plan.oracle)
        self._close = close

    def grade(
        self, data: bytes, file: str, submission_id: str, student: str | None, only: Collection[str] = ()
    ) -> Report:
        """As Grader's, with notes on what own helpers cannot separate."""
        report = super().grade(data, file, submission_id, student, only)
        return with_notes(report, {name: spec.helpers for name, spec in self.rubric.functions.items()})


# ------------------------------------------------------------------------------------------- notes


def with_notes(report: Report, helpers: dict[str, tuple[str, ...]]) -> Report:
    """The report with notes on what own helpers cannot separate; as it is where nothing failed."""
    wrong = {one.name for one in report.functions if one.status != "passed"}
    if report.status != "graded" or not wrong:
        return report
    functions = tuple(
        _with_note(one, [name for name in helpers[one.name] if name in wrong]) for one in report.functions
    )
    return replace(report, functions=functions, notes=(*report.notes, Note("student-pack", OWN_HELPERS)))


def _with_note(function: FunctionReport, wrong_helpers: Sequence[str]) -> FunctionReport:
    """Says so where a function failed and no diagnosis covers it, beside helpers that failed."""
    named = {part for diagnosis in function.diagnoses for part in diagnosis.components}
    open_parts = {part.name for part in function.components if part.status == "failed"} - named
    ran = function.status in ("failed", "error", "timeout")
    if not ran or not wrong_helpers or (function.diagnoses and not open_parts):
        return function
    note = Note("not-separated", NOT_SEPARATED.format(helpers=listed(list(wrong_helpers))))
    return replace(function, notes=(*function.notes, note))


# -------------------------------------------------------------------------------------------- door


def check_with_pack(
    path: Path, pack: Path, *, functions: Collection[str] = (), rubric: str | None = None
) -> Report:
    """Check one notebook with a student pack, in the best isolation that this machine has.

    Raises UsageError for a file that is no pack, a pack of another rubric than `rubric`, an unknown
    function; CannotGrade for a notebook that cannot be read.
    """
    plan = open_pack(pack, functions, rubric)
    data = submitted(path)
    with Sandbox.start("best") as sandbox:
        return PackGrader(plan, sandbox).grade(data, path.name, path.stem, None, functions)


def open_pack(pack: Path, functions: Collection[str] = (), rubric: str | None = None) -> Plan:
    """The plan in a pack. Raises UsageError, also where it has not these functions or is of another rubric."""
    plan = load_pack(pack)
    if rubric is not None and Path(rubric).name != plan.rubric.id:
        raise UsageError(f"{pack.name} is a pack of the rubric {plan.rubric.id}, not of {rubric}.")
    check_functions(functions, plan.rubric.functions, pack.name)
    return plan
