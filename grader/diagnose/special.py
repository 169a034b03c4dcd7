"""Misconceptions that no edit of the reference describes: they show in the source or in how a call ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.diagnose.finding import Finding
from grader.judge.compare import as_array
from grader.judge.components import split
from grader.model import Definition, GlobalRead, Location, Outcome, Raised, Value
from grader.rubric.schema import Misconception, Rubric

RETURNS_NONE = "returns-none"
USES_GLOBAL = "uses-global"
NOT_IMPLEMENTED = "not-implemented"


def named_by_status(finding: Finding, rubric: Rubric) -> Finding:
    """The finding with `returns-none` or `uses-global` where how the calls end says so."""
    observed = finding.observed
    if observed is None or not finding.failed or finding.named:
        return finding
    values = [outcome.value for outcome in observed.outcomes if outcome.status == "value"]
    if values and all(value is None for value in values) and RETURNS_NONE in rubric.misconceptions:
        return replace(finding, named={RETURNS_NONE: finding.failed}, verified=True)
    read = _stopped_at(finding) or _stopped_before(finding) or _stale(finding)
    if read is not None and USES_GLOBAL in rubric.misconceptions:
        where = Location(read.cell, read.line, "")
        return replace(
            finding, named={USES_GLOBAL: finding.failed}, places={USES_GLOBAL: where}, verified=True
        )
    return finding


def with_lines(finding: Finding, definitions: Sequence[Definition]) -> Finding:
    """The finding with the notebook's definitions, and the source line at each place known by number only."""
    places = {name: _with_line(place, definitions) for name, place in finding.places.items()}
    return replace(finding, places=places, notebook=tuple(definitions))


def _with_line(place: Location, definitions: Sequence[Definition]) -> Location:
    for made in definitions:
        lines = made.source.split("\n")
        if made.cell == place.cell and 0 <= place.line - made.line < len(lines):
            return replace(place, source=lines[place.line - made.line].strip()[:200])
    return place


def first_if_read(finding: Finding, rubric: Rubric, near: Sequence[Misconception]) -> list[Misconception]:
    """The near misses and `uses-global`, which comes first where a notebook variable is read for certain."""
    outside = [rubric.misconceptions[USES_GLOBAL]] if USES_GLOBAL in rubric.misconceptions else []
    return [*outside, *near] if _variables(finding) else [*near, *outside]


def left_open(finding: Finding, index: int, outcome: Outcome) -> bool:
    """Whether a call still fails as it did when nothing was in the blank: by `None`, or with the same error."""
    if outcome.status != "value":
        before = finding.observed.outcomes[index].raised if finding.observed else None
        now = outcome.raised
        return (
            before is not None
            and now is not None
            and (before.type, before.message) == (now.type, now.message)
        )
    parts = split(finding.spec, outcome)
    return any(_is_nothing(parts[name]) for name in finding.failed)


def may_have_blanks(definitions: Sequence[Definition]) -> bool:
    """Whether there is anything in the source that a template leaves for a blank."""
    return any(word in made.source for made in definitions for word in ("None", "pass", "..."))


def without_value(finding: Finding) -> tuple[str, ...]:
    """The failing components that are `None` on some call; all of them where there are no values."""
    parts = finding.observed.parts if finding.observed else ()
    return (
        tuple(name for name in finding.failed if any(_is_nothing(one[name]) for one in parts))
        or finding.failed
    )


def _is_nothing(part: Value) -> bool:
    """`None`, or a dictionary of nothing else."""
    return part is None or isinstance(part, dict) and all(value is None for value in part.values())


def _stopped_at(finding: Finding) -> GlobalRead | None:
    """The doubtful read at which every call that gave no value stopped with a NameError."""
    names = {raised.name if raised and raised.type == "NameError" else None for raised in _stops(finding)}
    name = names.pop() if len(names) == 1 else None
    return next((read for read in _variables(finding) if name and read.name == name), None)


def _stopped_before(finding: Finding) -> GlobalRead | None:
    """The first notebook variable read, where every call failed because its value cannot be made."""
    places = {(raised.cell, raised.line) if raised else None for raised in _stops(finding)}
    values = [d for d in finding.variables if any(place == (d.cell, d.line) for place in places)]
    return next(iter(_variables(finding)), None) if len(places) == 1 and values else None


def _stale(finding: Finding) -> GlobalRead | None:
    """The first notebook variable read, where a wrong output holds the same array whatever the inputs."""
    if not _variables(finding) or finding.observed is None or len(finding.observed.valued) < 3:
        return None
    observed = finding.observed
    first, *others = (observed.parts[index] for index in observed.valued)
    held = {name: _arrays(first[name]) for name in finding.failed}
    for arrays in held.values():
        for array in arrays:
            if all(
                any(_equal(array, other) for name in held for other in _arrays(parts[name]))
                for parts in others
            ):
                return _variables(finding)[0]
    return None


def _arrays(value: Value) -> list[NDArray[Any]]:
    """The arrays of more than one entry in a value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        return [array for item in value for array in _arrays(item)]
    array = as_array(value)
    return [array] if array is not None and array.size > 1 and np.ptp(array) > 0 else []


def _equal(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return one.shape == other.shape and bool(np.array_equal(one, other))


def _stops(finding: Finding) -> list[Raised | None]:
    outcomes = finding.observed.outcomes if finding.observed else ()
    return [outcome.raised for outcome in outcomes if outcome.status != "value"]


def _variables(finding: Finding) -> list[GlobalRead]:
    """Reads of notebook variables. A name that is assigned nowhere may be a slip of the pen."""
    return [read for read in finding.facts.reads if read.kind == "variable"]
