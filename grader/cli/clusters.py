"""Clusters of a graded folder, for the class page and for naming one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.cli.folder import run_facts, stored_reports
from grader.errors import UsageError
from grader.nearest import nearest

if TYPE_CHECKING:
    from grader.diagnose.clusters import Found
    from grader.model import Report
    from grader.rubric.plan import Plan

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


def of_folder(folder: Path) -> list[Found]:
    """The clusters of the folder's reports, the largest first."""
    from grader.diagnose.clusters import find_clusters

    return find_clusters(_whole_reports(folder))


def _whole_reports(folder: Path) -> Iterator[Report]:
    """The reports with what is for the instructor only: a cluster's fingerprint is."""
    from grader.render.json_report import from_json

    for stored in stored_reports(folder):
        yield from_json((folder / stored.id / "report.json").read_bytes())


def listing(found: Sequence[Found]) -> str:
    """One cluster a line, with its size, one submission and what is known of it."""
    if not found:
        return "No two submissions have the same wrong answer without a name.\n"
    width = max(len(one.name) for one in found)
    return "".join(
        f"{one.name:{width}}  {one.count:>5} submissions, such as {one.submissions[0]}. {one.description}\n"
        for one in found
    )


def named(found: Sequence[Found], name: str) -> Found:
    """The cluster of that name. UsageError with the nearest one."""
    names = [one.name for one in found]
    if name not in names:
        raise UsageError(
            f"there is no cluster {name!r}{nearest(name, names)}. Without a name, all are listed."
        )
    return found[names.index(name)]


def file_of(folder: Path, found: Found, rubric: str | None) -> tuple[str, bool]:
    """The misconception file of a cluster, with the smallest edits of the reference that give its numbers, and
    whether there are any."""
    from grader.diagnose.clusters import misconception_file, smallest_edits

    edits = smallest_edits(plan_of(folder, rubric), found)
    return misconception_file(found, edits), bool(edits)


def plan_of(folder: Path, rubric: str | None) -> Plan:
    """The plan with which the folder was graded. UsageError where run.json does not say."""
    from grader.rubric.load import load_rubric
    from grader.rubric.plan import make_plan

    facts = run_facts(folder)
    name = rubric or rubric_of(facts)
    seed = facts.get("seed")
    if name is None or not isinstance(seed, int):
        raise UsageError(f"{folder / 'run.json'} names no rubric and seed; grade the folder again.")
    return make_plan(load_rubric(name), seed)


def rubric_of(facts: Mapping[str, Any]) -> str | None:
    """The rubric in run.json: its folder, where it is none that is shipped, or its id."""
    found = facts.get("rubric")
    name = (found.get("path") or found.get("id")) if isinstance(found, dict) else found
    return name if isinstance(name, str) else None


def target(folder: Path, identifier: str, rubric: str | None, *, draft: bool) -> Path:
    """Where the new file goes; a draft, which no rubric reads, where its edit is still to be written. UsageError for
    an id that is taken or has another form than the others."""
    from grader.rubric.load import find_rubric

    if not _ID.match(identifier):
        raise UsageError(
            f"{identifier!r} is no id: small letters, digits and single hyphens, such as dw-halved."
        )
    name = rubric or rubric_of(run_facts(folder))
    if name is None:
        raise UsageError("which rubric? Give --rubric.")
    path = find_rubric(name) / "misconceptions" / f"{identifier}.yaml{'.draft' if draft else ''}"
    if path.exists() or path.with_name(f"{identifier}.yaml").exists():
        raise UsageError(f"{path} exists already; choose another id.")
    return path
