"""Caches of a format of their own: fail in isolation, work in place, and are right.

In place excuses how a cache is made and read; it never excuses a value of Z, A, dA, dW or db.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from grader.diagnose.finding import Finding
from grader.judge.compare import as_array
from grader.judge.components import Absent, split
from grader.model import Outcome, Raised
from grader.rubric.plan import Plan
from grader.rubric.schema import FunctionSpec


def has_course_interface(spec: FunctionSpec, probe: Outcome, gives: int) -> bool:
    """Whether an optional function gave what the course's gives, right or wrong: A and a cache, or dZ.

    One that cannot even be called so (the error has no line of the notebook) has parameters of its own. One that
    stops at a slip would give as many values as it lists (`gives`).
    """
    if probe.status != "value":
        refused = probe.raised is not None and probe.raised.type == "TypeError" and probe.raised.line is None
        slip = gives == len(spec.returns) and probe.raised is not None and _is_slip(probe.raised)
        return slip or (len(spec.returns) == 1 and not refused)
    parts = split(spec, probe)
    return all(not isinstance(part, Absent) for part in parts.values()) and (
        len(spec.returns) > 1 or as_array(next(iter(parts.values()))) is not None or probe.value is None
    )


def _is_slip(raised: Raised) -> bool:
    """A name that is not there, here or in a library: no array, and nothing else, could be handed in its place."""
    names = raised.type in ("NameError", "UnboundLocalError")
    return names or (raised.type == "AttributeError" and raised.message.startswith("module "))


def needed(failing: Iterable[str], findings: Mapping[str, Finding], plan: Plan) -> list[str]:
    """The functions to run in place: the failing ones, and those that read a failing one's cache."""
    wanted = list(failing)
    odd = {name for name in wanted if set(findings[name].failed) & set(findings[name].spec.private)}
    for name, calls in plan.suite.in_place.items():
        makers = {step.function for call in calls for step in call.steps[:-1]}
        reads = makers & odd or any(
            odd & set(findings[maker].spec.helpers) for maker in makers if maker in findings
        )
        if name in findings and name not in wanted and reads and findings[name].observed:
            wanted.append(name)
    return wanted


def settled(findings: Mapping[str, Finding], in_place: Mapping[str, Finding]) -> dict[str, Finding]:
    """The findings that the runs in place change: accepted, or judged by those runs from now on."""
    changed: dict[str, Finding] = {}
    for name, placed in in_place.items():
        finding = findings[name]
        if not finding.failed or finding.observed is None or placed.observed is None:
            continue
        reads_own = not finding.observed.valued or _makes_own_format(placed, findings)
        if reads_own and placed.verdict is not None and placed.verdict.passed:
            changed[name] = replace(finding, accepted="private-format")
        elif not finding.observed.valued and placed.observed.valued:
            changed[name] = placed
        elif _stops_elsewhere(finding, placed, findings):
            changed[name] = replace(finding, stops_elsewhere=True)
    for placed in in_place.values():
        for maker in _makers(placed) & set(findings):
            # A function that adds to its helper's cache gives a value in place alone.
            made = changed.get(maker, findings[maker])
            own = _only_private(made) and not _has_the_courses_format(made, in_place, findings)
            if own and _readable(placed):
                changed[maker] = replace(made, accepted="private-format")
    return changed


def _stops_elsewhere(finding: Finding, placed: Finding, findings: Mapping[str, Finding]) -> bool:
    """Whether it always stops, but at another place with its own helpers, which are right, than with those of the
    course: `step.dW` of a result that only the own helper gives by name."""
    if finding.observed is None or finding.observed.valued:
        return False
    helpers = [findings[name] for name in finding.spec.helpers if name in findings]
    stops = _stops(finding), _stops(placed)
    return all(one.is_right for one in helpers) and not stops[0] & stops[1]


def _stops(finding: Finding) -> set[tuple[str, int | None, int | None]]:
    return {(one.raised.type, one.raised.cell, one.raised.line) for one in finding.outcomes if one.raised}


def _makers(placed: Finding) -> set[str]:
    """The functions whose caches the calls in place hand on, with their helpers."""
    return {step.function for call in placed.calls for step in call.steps[:-1]}


def _makes_own_format(placed: Finding, findings: Mapping[str, Finding]) -> bool:
    """Whether something that the function is handed, a cache or a helper's result, is not as the course's."""
    made = {*_makers(placed), *placed.spec.helpers} & set(findings)
    made |= {helper for name in made for helper in findings[name].spec.helpers if helper in findings}
    return any(_of_another_format(findings[name]) for name in made - {placed.spec.name})


def _of_another_format(finding: Finding) -> bool:
    """A private part that differs, or a result of another make throughout: `return s, z` for `return s`."""
    if set(finding.failed) & set(finding.spec.private):
        return True
    if finding.verdict is None or finding.observed is None:
        return False
    everywhere = len(finding.observed.valued) == len(finding.observed.calls)
    kinds = {finding.verdict.differences[name] for name in finding.failed}
    return everywhere and any(kind is not None and kind.kind in ("type", "absent") for kind in kinds)


def _has_the_courses_format(
    made: Finding, in_place: Mapping[str, Finding], findings: Mapping[str, Finding]
) -> bool:
    """Whether all that read a cache read the course's, and it has as many entries: what is in them counts then.

    `A = Z; A[A < 0] = 0` leaves relu(Z) in the cache where everybody takes it for Z.
    """
    maker, verdict = made.spec.name, made.verdict
    readers = [name for name, placed in in_place.items() if maker in _makers(placed)]
    involved = {one for name in readers for one in (name, *findings[name].spec.helpers) if one in findings}
    kinds = {one.kind for one in verdict.differences.values() if one is not None} if verdict else set()
    return kinds <= {"value", "shape"} and all(findings[name].is_right for name in involved - {maker})


def _only_private(finding: Finding) -> bool:
    return bool(finding.failed) and set(finding.failed) <= set(finding.spec.private)


def _readable(placed: Finding) -> bool:
    """Whether the reader gave right values from the student's own cache."""
    return placed.verdict is not None and placed.observed is not None and placed.verdict.passed
