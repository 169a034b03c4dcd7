"""grades.csv and run.json: what a run leaves beside the reports."""

from __future__ import annotations

import csv
import io
import json
import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from grader.batch.engine import JobSpec, Row
from grader.batch.found import Found, as_text
from grader.batch.identities import Known
from grader.batch.store import Shard
from grader.batch.summary import Tally, outcome
from grader.errors import UsageError
from grader.model import Report
from grader.render.escape import clean, csv_cell
from grader.render.standing import Several, several
from grader.rubric.load import find_rubric
from grader.rubric.shipped import shipped_rubrics

COLUMNS = ("submission", "student", "file", "status", "score", "max_score", "convention", "isolation")
_PACKAGES = ("numpy", "nbformat", "msgspec")


def grades_csv(rows: Callable[[], Iterable[Row]], functions: Sequence[str]) -> bytes:
    """The gradebook: one row a submission, a column of points for each function, misconceptions last.

    No cell is a formula to a spreadsheet. UTF-8 without a mark, so that programs read the first column's name
    as it is; Excel asks for the encoding when the file is imported as data.
    """
    names = [*functions, *_optional(rows(), functions)]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*COLUMNS, *map(csv_cell, names), "misconceptions"])
    writer.writerows(_cells(row, names) for row in rows())
    return buffer.getvalue().encode("utf-8")


@dataclass(frozen=True, slots=True)
class Counted:
    """Outcomes and misconceptions over a whole folder, and who has more than one row in it."""

    outcomes: Counter[str] = field(default_factory=Counter)
    misconceptions: Counter[str] = field(default_factory=Counter)
    several: Several = field(default_factory=dict)


def count_rows(rows: Iterable[Row]) -> Counted:
    """Go through the rows once."""
    outcomes: Counter[str] = Counter()
    misconceptions: Counter[str] = Counter()

    def pairs() -> Iterator[tuple[str | None, str]]:
        for row in rows:
            outcomes[outcome(row)] += 1
            misconceptions.update(row.misconceptions)
            yield row.student, row.id

    found = several(pairs())
    return Counted(outcomes, misconceptions, found)


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What run.json says of one run."""

    spec: JobSpec
    most_detail: str
    template: Report
    found: Found
    tally: Tally
    outcomes: Mapping[str, int]
    engine: str
    jobs: int
    shard: Shard
    started: str
    seconds: float
    interrupted: bool
    gone: Sequence[str]
    identities: Mapping[str, Known]


def run_json(facts: RunFacts, shards: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """run.json: every file found is accounted for, as a submission or with the reason why it is none."""
    found, tally = facts.found, facts.tally
    data = {
        "schema": "grader/run/v1",
        "grader_version": facts.template.grader_version,
        "rubric": {**asdict(facts.template.rubric), "path": _own_folder(facts.spec.rubric)},
        "seed": facts.spec.seed,
        "detail": facts.spec.detail,
        "most_detail": facts.most_detail,
        "isolation": {"tier": facts.template.isolation.tier, "layers": list(facts.template.isolation.layers)},
        "versions": versions(),
        "engine": facts.engine,
        "jobs": facts.jobs,
        "shard": None if facts.shard.count == 1 else {"index": facts.shard.index, "count": facts.shard.count},
        "started": facts.started,
        "seconds": round(facts.seconds, 3),
        "interrupted": facts.interrupted,
        "counts": {
            "found": len(found.submissions) + len(found.skipped),
            "submissions": len(found.submissions),
            "skipped": len(found.skipped),
            "graded_now": tally.outcomes.total(),
            "kept": tally.kept,
            "internal_errors": len(tally.internal_errors),
            **{key: facts.outcomes.get(key, 0) for key in ("passed", "failed", "ungradable")},
        },
        "internal_errors": tally.internal_errors,
        "skipped": [{"path": _plain(one.path), "reason": _plain(one.reason)} for one in found.skipped],
        "unknown_students": list(map(_plain, found.unknown_students)),
        "missing_students": list(found.missing_students),
        "other_files": {one.student: list(map(_plain, one.files)) for one in found.missing if one.files},
        "names_not_believed": list(map(_plain, found.unbelieved)),
        "gone": list(facts.gone),
        "identities": facts.identities,
        **({"shards": list(shards)} if shards else {}),
    }
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _own_folder(rubric: str | None) -> str | None:
    """Where a rubric lies that was named by its path."""
    if rubric is None or rubric in shipped_rubrics():
        return None
    try:
        return str(find_rubric(rubric).resolve())
    except UsageError:  # moved away since
        return None


def _plain(name: str) -> str:
    """A file's name without what acts on a terminal."""
    return clean(as_text(name))


def versions() -> dict[str, str]:
    """What the results may depend on."""
    return {"python": platform.python_version(), "platform": platform.platform(), **dict(_package_versions())}


def _package_versions() -> Iterator[tuple[str, str]]:
    for package in _PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue


def _optional(rows: Iterable[Row], functions: Sequence[str]) -> list[str]:
    """Functions that only some notebooks have, in alphabetical order."""
    return sorted({function.name for row in rows for function in row.functions} - set(functions))


def _cells(row: Row, names: Sequence[str]) -> list[str]:
    points = {function.name: _number(function.score) for function in row.functions}
    texts = (row.id, row.student or "", row.file, row.status)
    numbers = (_number(row.score), _number(row.max_score))
    misconceptions = csv_cell("; ".join(row.misconceptions))
    rest = (row.convention, row.isolation, *(points.get(name, "") for name in names), misconceptions)
    return [*map(csv_cell, texts), *numbers, *rest]


def _number(value: float) -> str:
    """Points to four decimals, without needless zeros and never as 1e-05."""
    return f"{value:.4f}".rstrip("0").rstrip(".")
