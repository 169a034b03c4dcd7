"""What tests ask of a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from grader.model import FunctionReport, Report


@dataclass(frozen=True, slots=True)
class Graded:
    """A report, with what tests ask of it."""

    report: Report

    def __getitem__(self, name: str) -> FunctionReport:
        return next(function for function in self.report.functions if function.name == name)

    @property
    def full_marks(self) -> bool:
        passed = all(function.status == "passed" for function in self.report.functions)
        return passed and self.report.score == self.report.max_score

    @property
    def ids(self) -> dict[str, set[str]]:
        """Function → the ids named in it, for functions with any."""
        return {
            function.name: {diagnosis.misconception for diagnosis in function.diagnoses}
            for function in self.report.functions
            if function.diagnoses
        }


GradeCells = Callable[..., Graded]
