"""The numbers of the class page: pure functions from rows to what the template shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import NamedTuple, cast

from grader.model import Status
from grader.render import words
from grader.render.html.rows import CONVENTIONS, STATUSES, Class, Explained, Found, Row, Words
from grader.spelling import unshared

BINS = 20


def percent(part: float, whole: float) -> float:
    """0 … 100; 0 of nothing is 0."""
    return 100 * part / whole if whole else 0.0


def shown(share: float) -> str:
    """`37 %`; what is there but tiny is `< 1 %`, and what is not everything is not `100 %`."""
    if 0 < share < 0.5:
        return "< 1 %"
    return f"{min(round(share), 99 if share < 100 else 100)} %"


# -------------------------------------------------------------------------------------- the scores


@dataclass(frozen=True, slots=True)
class Scores:
    """Statistics of the graded submissions."""

    mean: float
    median: float
    full: int
    counts: tuple[int, ...]
    """By bins of equal width from 0 to the maximum; the last one includes it."""


def scores(rows: Sequence[Row], maximum: float) -> Scores | None:
    """None where nothing was graded."""
    if not rows:
        return None
    values = [row.score for row in rows]
    bins = Counter(min(max(int(BINS * value / maximum), 0), BINS - 1) if maximum else 0 for value in values)
    full = sum(value >= row.max_score for value, row in zip(values, rows, strict=True))
    return Scores(fmean(values), median(values), full, tuple(bins[index] for index in range(BINS)))


# ------------------------------------------------------------------------------ function x outcome


class HeatCell(NamedTuple):
    """How many submissions had this outcome; `level` 0 … 10 is the shade."""

    status: Status
    number: int
    share: float
    level: int


class HeatRow(NamedTuple):
    function: str
    cells: list[HeatCell]


def heat(class_: Class) -> list[HeatRow]:
    """One row a function, the outcomes in a fixed order, of the graded submissions that have the function."""
    counts: dict[str, Counter[Status]] = {name: Counter() for name in class_.functions}
    for row in class_.graded:
        for name, status in row.statuses.items():
            counts[name][status] += 1
    return [HeatRow(name, _cells(counter)) for name, counter in counts.items()]


def _cells(counter: Counter[Status]) -> list[HeatCell]:
    shares = {status: percent(counter[status], counter.total()) for status in STATUSES}
    return [HeatCell(status, counter[status], share, -int(-share // 10)) for status, share in shares.items()]


# --------------------------------------------------------------------------------- misconceptions


@dataclass(frozen=True, slots=True)
class Ranked:
    """A misconception with its words. `title` is empty where no words may be shown."""

    id: str
    count: int
    share: float
    title: str
    levels: tuple[tuple[str, str], ...]
    functions: tuple[str, ...]
    evidence: str


def ranked(
    class_: Class, explanations: Mapping[str, Words | Explained], *, anonymous: bool = False
) -> list[Ranked]:
    """The commonest first. `explanations` come before the words that the reports themselves have."""
    found = sorted(class_.found.values(), key=lambda item: (-item.submissions, item.id))
    total = len(class_.graded)
    return [_ranked(item, total, explanations.get(item.id), anonymous) for item in found]


def _ranked(found: Found, total: int, given: Words | Explained | None, anonymous: bool) -> Ranked:
    title, source = _words(found, given, anonymous)
    levels = [(label, _filled(getattr(source, level), found)) for level, label in words.LEVEL_LABELS.items()]
    return Ranked(
        id=found.id,
        count=found.submissions,
        share=percent(found.submissions, total),
        title=_filled(title, found),
        levels=tuple((label, text) for label, text in levels if text),
        functions=tuple(name for name, _ in found.functions.most_common()),
        evidence=", ".join(
            f"{found.evidence[kind]:,} {kind}" for kind in words.EVIDENCE if found.evidence[kind]
        ),
    )


def _words(found: Found, given: Words | Explained | None, anonymous: bool) -> tuple[str, Words]:
    """The title and the words to show. Words made for a single student may quote that student's own names."""
    (title, told), often = found.texts.most_common(1)[0]
    if anonymous and often < 2:
        title, told = "", _NO_WORDS
    if given is None:
        return title, told
    return getattr(given, "title", "") or title, cast(Words, getattr(given, "feedback", given))


def _filled(text: str, found: Found) -> str:
    """A rubric's words say `{components}` for what differs from student to student."""
    return text.replace("{components}", words.listed([name for name, _ in found.components.most_common()]))


class _NoWords:
    nudge = explanation = fix = ""


_NO_WORDS: Words = _NoWords()


# -------------------------------------------------------------------------------------- conventions


class Share(NamedTuple):
    key: str
    number: int
    share: float


def conventions(rows: Sequence[Row]) -> list[Share]:
    """How many graded notebooks use which convention; those that nobody uses are left out. None at all where no
    notebook tells: the rubric has no conventions, say."""
    counts = Counter(row.convention for row in rows)
    if counts.keys() <= {"undetermined"}:
        return []
    return [Share(key, counts[key], percent(counts[key], len(rows))) for key in CONVENTIONS if counts[key]]


# ------------------------------------------------------------------------------------- what changed


class Change(NamedTuple):
    """A share, in percent, before and after."""

    name: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different from an earlier run."""

    mean_before: float | None
    mean_after: float | None
    better: int
    worse: int
    same: int
    new: int
    gone: int
    functions: list[Change]
    misconceptions: list[Change]


def same(earlier: Class, now: Class) -> dict[str, Row]:
    """Submission id → the row of the earlier run to compare it with: the same student's, where both runs know the
    student and have one submission of theirs; else that of the same id, if it is no other student's."""
    ids = {row.id: row for row in earlier.rows}
    then, today = _by_student(earlier), _by_student(now)
    found = {row.id: then[key] for key, row in today.items() if key in then}
    taken = {row.id for row in found.values()}
    for row in now.rows:
        other = ids.get(row.id)
        if row.id not in found and other and other.id not in taken and not _two_students(row, other):
            found[row.id] = other
    return found


def _by_student(class_: Class) -> dict[str, Row]:
    return unshared((row.student.casefold(), row) for row in class_.rows)


def _two_students(one: Row, other: Row) -> bool:
    return bool(one.student and other.student) and one.student.casefold() != other.student.casefold()


def changes(earlier: Class, now: Class, before: Mapping[str, Row]) -> Changes:
    """`before` says what is `same`. Means and shares are of each run's own graded submissions."""
    differences = [row.score - before[row.id].score for row in now.rows if row.id in before]
    return Changes(
        mean_before=_mean(earlier),
        mean_after=_mean(now),
        better=sum(item > _ALIKE for item in differences),
        worse=sum(item < -_ALIKE for item in differences),
        same=sum(abs(item) <= _ALIKE for item in differences),
        new=len(now.rows) - len(differences),
        gone=len(earlier.rows) - len(before),
        functions=_changed(_passed(earlier), _passed(now)),
        misconceptions=_changed(_with_misconception(earlier), _with_misconception(now)),
    )


_ALIKE = 0.005


def _mean(class_: Class) -> float | None:
    return fmean(row.score for row in class_.graded) if class_.graded else None


def _passed(class_: Class) -> dict[str, float]:
    return {
        row.function: next(cell.share for cell in row.cells if cell.status == "passed")
        for row in heat(class_)
    }


def _with_misconception(class_: Class) -> dict[str, float]:
    total = len(class_.graded)
    return {name: percent(found.submissions, total) for name, found in class_.found.items()}


def _changed(before: dict[str, float], after: dict[str, float]) -> list[Change]:
    """Those whose share moved by half a percent or more, the largest move first."""
    pairs = [Change(name, before.get(name, 0.0), after.get(name, 0.0)) for name in before | after]
    moved = [pair for pair in pairs if abs(pair.after - pair.before) >= 0.5]
    return sorted(moved, key=lambda pair: (-abs(pair.after - pair.before), pair.name))
