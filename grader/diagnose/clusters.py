"""Equal wrong answers that nothing explains, over a class: what could become a new misconception.

Each unexplained function leaves a fingerprint of its answers on the run's calls. A cluster is named by
the smallest generic edit of the reference (drop a factor, flip a sign, another index …) that leaves the
same fingerprint.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from grader.diagnose.fingerprint import FINGERPRINT, fingerprint
from grader.diagnose.scale_edit import LAWS, scale_edits
from grader.errors import RubricError
from grader.judge.verdict import Observed, observe
from grader.model import Definition, FunctionReport, Outcome, RepairRequest, Report
from grader.repairs.propose import FAMILY_NAMES, propose
from grader.rubric.edits import read_source
from grader.rubric.plan import Plan
from grader.rubric.schema import Edit, Form

REPRESENTATIVES = 5


@dataclass(frozen=True, slots=True)
class Found:
    """A cluster: its name (function and number), submissions, and what was said of the wrong components."""

    name: str
    function: str
    fingerprint: str
    submissions: tuple[str, ...]
    description: str
    laws: str = ""
    """By which factors its components are wrong, where they all are: `scale_edit` reads them."""

    @property
    def count(self) -> int:
        return len(self.submissions)


# --------------------------------------------------------------------------------------- clusters


def find_clusters(reports: Iterable[Report], smallest: int = 2) -> list[Found]:
    """Clusters of at least `smallest` submissions, the largest first."""
    groups: dict[tuple[str, str], list[tuple[str, FunctionReport]]] = defaultdict(list)
    for report in reports:
        for function in report.functions:
            mark = function.instructor.get(FINGERPRINT)
            if mark:
                groups[function.name, mark].append((report.submission.id, function))
    large = sorted(
        (item for item in groups.items() if len(item[1]) >= smallest), key=lambda item: -len(item[1])
    )
    numbers: dict[str, int] = defaultdict(int)
    return [_found(key, members, numbers) for key, members in large]


def _found(
    key: tuple[str, str], members: Sequence[tuple[str, FunctionReport]], numbers: dict[str, int]
) -> Found:
    function, mark = key
    numbers[function] += 1
    details = [f"{part.name}: {part.detail}" for part in members[0][1].components if part.status == "failed"]
    return Found(
        f"{function}-{numbers[function]}",
        function,
        mark,
        tuple(name for name, _ in members),
        " ".join(details),
        members[0][1].instructor.get(LAWS, ""),
    )


# ------------------------------------------------------------------------------------ the smallest edit


def smallest_edits(plan: Plan, found: Found) -> tuple[Edit, ...]:
    """The first generic edit of the reference that leaves the cluster's fingerprint, else the factors by which its
    components are wrong, else nothing.

    `plan` must have the seed of the run that made the reports.
    """
    generic = ((edit,) for edit in _generic_edits(plan, found.function))
    for edits in itertools.chain(generic, _factors(plan, found)):
        for convention in ("L", *plan.rubric.conventions):
            observed = _imagined(plan, found.function, edits, convention)
            if observed is not None and fingerprint(observed) == found.fingerprint:
                return edits
    return ()


def _factors(plan: Plan, found: Found) -> Iterator[tuple[Edit, ...]]:
    call = plan.suite.isolated[found.function][0]
    text = _text_of(plan, found.function)
    return scale_edits(text, plan.rubric.functions[found.function], call, found.laws)


def _imagined(plan: Plan, function: str, edits: tuple[Edit, ...], convention: str) -> Observed | None:
    form = Form("candidate", "candidate", edits)
    calls = plan.suite.isolated[function]
    try:
        outcomes = [plan.oracle.predict(call, (form,), convention) for call in calls]
    except RubricError:  # an edit of part of a block may not stand alone
        return None
    made: list[Outcome] = [outcome for outcome in outcomes if outcome is not None]
    return observe(plan.rubric.functions[function], calls, made) if len(made) == len(calls) else None


def _text_of(plan: Plan, function: str) -> str:
    start, end = plan.oracle.source.spans[function]
    return plan.oracle.source.text[start:end].rstrip("\n")


def _generic_edits(plan: Plan, function: str) -> Iterator[Edit]:
    """What a generic operator changes in one place of the reference's function, as an exact edit."""
    text = _text_of(plan, function)
    definition = Definition((function,), text, 0, 1, "function")
    for proposal in propose((definition,), RepairRequest(function, FAMILY_NAMES)):
        edit = _as_edit(function, text, proposal.source)
        if edit is not None:
            yield edit


def _as_edit(function: str, text: str, changed: str) -> Edit | None:
    """The changed lines as an exact edit; None where they are not unique or not consecutive."""
    old, new = text.split("\n"), changed.split("\n")
    head = next((i for i in range(min(len(old), len(new))) if old[i] != new[i]), 0)
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    before = "\n".join(old[head : len(old) - tail]).strip()
    after = _dedented(new[head : len(new) - tail])
    spans = read_source(text + "\n").spans
    return Edit(function, before, after) if before and text.count(before) == 1 and function in spans else None


def _dedented(lines: Sequence[str]) -> str:
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[indent:] for line in lines).strip()


def misconception_file(found: Found, edits: Sequence[Edit]) -> str:
    """A ready-made file for the new misconception, with the words left for the author to write."""
    change = "\n".join(
        f"      - {{from: {_quoted(edit.old)}, to: {_quoted(edit.new)}}}" for edit in edits
    ) or (
        "      # No generic edit of the reference gives these numbers: write the edit yourself.\n"
        '      - {from: "…", to: "…"}'
    )
    return (
        f"# From a cluster of {found.count} submissions: {found.description}\n"
        f'title: "…"\nfunction: {found.function}\ncredit: 0.5\nforms:\n  seen:\n    edits:\n{change}\n'
        "repairs: [constant, drop, sign, index, name, transpose, axis]\nfeedback:\n"
        "  nudge: >-\n    …\n  explanation: >-\n    …\n  fix: >-\n    …\n"
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
