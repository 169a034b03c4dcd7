"""Misconceptions that no edit of the reference describes: they show in the source or in how a call ends."""

from __future__ import annotations

from dataclasses import replace

from grader.diagnose.finding import Finding
from grader.model import GlobalRead, Location
from grader.rubric.schema import Rubric

RETURNS_NONE = "returns-none"
USES_GLOBAL = "uses-global"


def named_by_status(finding: Finding, rubric: Rubric) -> Finding:
    """The finding with `returns-none` or `uses-global` where how the calls end says so."""
    observed = finding.observed
    if observed is None or not finding.failed or finding.named:
        return finding
    values = [outcome.value for outcome in observed.outcomes if outcome.status == "value"]
    if values and all(value is None for value in values) and RETURNS_NONE in rubric.misconceptions:
        return replace(finding, named={RETURNS_NONE: finding.failed}, verified=True)
    read = _stopped_at(finding)
    if read is not None and USES_GLOBAL in rubric.misconceptions:
        where = Location(read.cell, read.line, "")
        return replace(finding, named={USES_GLOBAL: finding.failed}, places={USES_GLOBAL: where}, verified=True)
    return finding


def _stopped_at(finding: Finding) -> GlobalRead | None:
    """The doubtful read at which every call that gave no value stopped with a NameError."""
    outcomes = finding.observed.outcomes if finding.observed else ()
    names = {
        outcome.raised.name if outcome.raised and outcome.raised.type == "NameError" else None
        for outcome in outcomes
        if outcome.status != "value"
    }
    if len(names) != 1:
        return None
    name = names.pop()
    return next((read for read in finding.facts.reads if name and read.name == name), None)
