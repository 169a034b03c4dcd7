"""What Blackboard's and Brightspace's gradebooks have in common: choose one column and fill it in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from grader.errors import UsageError
from grader.export import people
from grader.export.base import Options, Reports, Sink
from grader.export.scores import plain_number, scaled_score
from grader.export.sheet import Sheet

_FIRST, _LAST = ("First Name", "FirstName"), ("Last Name", "LastName")


def fill_column(
    sheet: Sheet,
    ids: Sequence[int],
    column: int,
    points: float | None,
    reports: Reports,
    sink: Sink,
    *,
    platform: str,
    path: Path | None,
) -> None:
    """Set the grades of one column; rows are found by identifier, else by first and last name."""
    rows = [row for row in sheet.rows() if any(sheet.cell(row, at).strip() for at in ids)]
    names = people.index(_full_names(sheet), [], [0], rows)
    index = people.index(sheet, ids, [], rows, platform=platform)
    shown = tuple(map(" / ".join, zip(index.shown, names.shown, strict=True)))
    index = replace(index, names=names.names, shown=shown)
    filled = people.matched(reports, index, sink)
    people.require_some(filled, reports, index, path)
    for row, stored in filled.items():
        sheet.set(row, column, plain_number(scaled_score(stored.report, points), 2))
    if points is None:
        sink.note("The file does not say how many points the item has: the rubric's total is taken. Say it with --points.")  # fmt: skip
    people.tell_zeros(filled.values(), sink)
    people.tell_rest(rows, filled, sink)


def choose_column(header: Sequence[str], titles: dict[int, str], options: Options) -> int:
    """The grade column of this title or whole header, else the only one. UsageError lists what there is."""
    wanted = (options.column or options.assignment or "").strip().casefold()
    if not wanted and len(titles) == 1:
        return next(iter(titles))
    fitting = [
        at for at, title in titles.items() if wanted in (title.casefold(), header[at].strip().casefold())
    ]
    if wanted and len(fitting) == 1:
        return fitting[0]
    choices = ", ".join(repr(title) for title in titles.values()) or "none"
    raise UsageError(f"which column gets the grades? Name one of these with --column: {choices}.")


def require_ids(sheet: Sheet, path: Path | None, title: str, *wanted: str) -> list[int]:
    """The columns that identify students. UsageError if there is none: then it is another kind of file."""
    found = people.find_columns(sheet.header(), *wanted)
    if not found:
        raise UsageError(
            f"{path} is no gradebook of {title}: it has none of the columns {', '.join(wanted)}."
        )
    return found


def number_after(text: str, marker: str) -> float | None:
    """The number behind a marker such as `Total Pts:`."""
    match = re.search(re.escape(marker) + r"\s*(\d+(?:[.,]\d+)?)", text, re.IGNORECASE)
    value = float(match[1].replace(",", ".")) if match else 0.0
    return value if value > 0 else None


def _full_names(sheet: Sheet) -> Sheet:
    """A sheet of one column: each row's first and last name."""
    header = sheet.header()
    parts = [people.find_column(header, *_FIRST), people.find_column(header, *_LAST)]
    lines = [
        type(line)([" ".join(filter(None, (sheet.cell(row, at) for at in parts)))], "\n")
        for row, line in enumerate(sheet.lines)
    ]
    return Sheet(lines, ",", "utf-8")
