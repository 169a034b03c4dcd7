"""Counting a run as it goes, in constant memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from grader.batch.engine import Done, Row
from grader.batch.found import Found, SubmissionFile
from grader.model import INTERNAL_ERROR
from grader.render.standing import Several

Outcome = Literal["passed", "failed", "ungradable"]


def outcome(row: Row) -> Outcome:
    """A submission passed if every function did; a wrong one failed; one that could not be read is ungradable."""
    if row.status != "graded":
        return "ungradable"
    wrong = any(function.status != "passed" for function in row.functions)
    return "failed" if wrong or row.score < row.max_score else "passed"


@dataclass(slots=True)
class Tally:
    """What has come in so far. `changed`: why what an earlier run finished is graded anew."""

    total: int
    kept: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    misconceptions: Counter[str] = field(default_factory=Counter)
    internal_errors: list[str] = field(default_factory=list)
    changed: str = ""

    def add(self, done: Done) -> None:
        """Count one finished task."""
        if done.row is None:
            self.kept += 1
            return
        self.outcomes[outcome(done.row)] += 1
        self.misconceptions.update(done.row.misconceptions)
        if INTERNAL_ERROR in done.row.problems:
            self.internal_errors.append(done.row.id)

    @property
    def done(self) -> int:
        return self.kept + self.outcomes.total()


@dataclass(frozen=True, slots=True)
class RunSummary:
    """How a run ended. `graded` are this run's; `kept` an earlier run's, still valid.

    `passed`, `failed` and `ungradable` count the whole folder, `rows` its gradebook's rows.
    """

    out: str
    found: Found
    graded: int
    kept: int
    rows: int
    passed: int
    failed: int
    ungradable: int
    misconceptions: tuple[tuple[str, int], ...]
    internal_errors: tuple[str, ...]
    seconds: float
    seed: int | None
    dry_run: bool = False
    gone: tuple[str, ...] = ()
    several: Several = field(default_factory=dict)
    """Students with more than one row in the folder's gradebook."""

    @property
    def late(self) -> list[SubmissionFile]:
        """What the platform's names call late, of what was found now."""
        return [one for one in self.found.submissions if one.late]

    @property
    def planned(self) -> tuple[SubmissionFile, ...]:
        """What is, or with a dry run would be, graded, under which names."""
        return self.found.submissions
