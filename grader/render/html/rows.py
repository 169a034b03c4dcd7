"""A class's reports, read once and kept as one small row each: what the class page is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from grader.model import Convention, Diagnosis, Evidence, Problem, Report, Status
from grader.render import escape

STATUSES: tuple[Status, ...] = ("passed", "failed", "error", "timeout", "not-implemented", "missing")
CONVENTIONS: tuple[Convention, ...] = ("L", "J", "other", "mixed", "undetermined")


class Words(Protocol):
    """What explains a misconception: `grader.model.Feedback`, or anything with the same three texts."""

    @property
    def nudge(self) -> str: ...

    @property
    def explanation(self) -> str: ...

    @property
    def fix(self) -> str: ...


class Explained(Protocol):
    """A misconception as its rubric has it: with a title besides, and `{components}` to be filled in."""

    @property
    def title(self) -> str: ...

    @property
    def feedback(self) -> Words: ...


@dataclass(frozen=True, slots=True)
class Row:
    """One submission. `statuses` are by function; texts that a student controls are clean and short."""

    id: str
    student: str
    file: str
    graded: bool
    score: float
    max_score: float
    convention: Convention
    statuses: dict[str, Status]
    misconceptions: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class Found:
    """A misconception across the class. `submissions` counts each submission once, `evidence` each diagnosis."""

    id: str
    submissions: int = 0
    functions: Counter[str] = field(default_factory=Counter)
    components: Counter[str] = field(default_factory=Counter)
    evidence: Counter[Evidence] = field(default_factory=Counter)
    texts: Counter[tuple[str, Words]] = field(default_factory=Counter)
    """(title, feedback) as it was told, with how often."""

    def add(self, function: str, diagnosis: Diagnosis) -> None:
        self.functions[function] += 1
        self.components.update(diagnosis.components)
        self.evidence[diagnosis.evidence] += 1
        self.texts[diagnosis.title, diagnosis.feedback] += 1


@dataclass(slots=True)
class Class:
    """All rows in the order given, the functions in the rubric's order, and every misconception found."""

    rows: list[Row] = field(default_factory=list)
    functions: dict[str, None] = field(default_factory=dict)
    found: dict[str, Found] = field(default_factory=dict)
    rubrics: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: int = 0
    """Functions with a wrong result."""
    explained: int = 0
    """Those of them that have a diagnosis which is sure."""
    key: str = ""
    """The digests of all files: pseudonyms are made with it."""

    @property
    def graded(self) -> list[Row]:
        return [row for row in self.rows if row.graded]

    @property
    def ungradable(self) -> list[Row]:
        return [row for row in self.rows if not row.graded]

    @property
    def max_score(self) -> float:
        return max((row.max_score for row in self.rows), default=100.0)


def collect(reports: Iterable[Report]) -> Class:
    """Read the reports once; none of them is kept."""
    result, digests = Class(), []
    for report in reports:
        result.rows.append(_row(report))
        result.rubrics[report.rubric.id, report.rubric.version] += 1
        digests.append(report.submission.sha256 + report.submission.id)
        if report.status == "graded":
            _count(result, report)
    result.key = "\n".join(sorted(digests))
    return result


def _row(report: Report) -> Row:
    stamp = report.submission
    return Row(
        id=stamp.id,
        student=escape.one_line(stamp.student or "", 120),
        file=escape.one_line(stamp.file, 200),
        graded=report.status == "graded",
        score=report.score,
        max_score=report.max_score,
        convention=report.convention,
        statuses={function.name: function.status for function in report.functions},
        misconceptions=tuple(
            dict.fromkeys(item.misconception for function in report.functions for item in function.diagnoses)
        ),
        problems=report.problems,
    )


def _count(result: Class, report: Report) -> None:
    for function in report.functions:
        result.functions.setdefault(function.name)
        wrong = function.status == "failed"
        sure = any(diagnosis.evidence != "suspected" for diagnosis in function.diagnoses)
        result.wrong += wrong
        result.explained += wrong and sure
        for diagnosis in function.diagnoses:
            _found(result, diagnosis.misconception).add(function.name, diagnosis)
    for misconception in result.rows[-1].misconceptions:
        _found(result, misconception).submissions += 1


def _found(result: Class, misconception: str) -> Found:
    return result.found.setdefault(misconception, Found(misconception))
