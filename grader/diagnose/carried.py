"""Whose fault it is: what follows from an error that is named elsewhere costs nothing a second time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from grader.diagnose.finding import Finding
from grader.diagnose.trusted import with_trust
from grader.rubric.schema import Rubric


def follow_on(findings: Mapping[str, Finding], rubric: Rubric) -> dict[str, Finding]:
    """Findings in which ids are left out that belong to a callee where they are named already.

    A function that has its helpers' code inlined, or shares a class with them, shows their errors too. All
    are told what they share with right functions.
    """
    changed = with_trust(findings)
    for name, finding in {**findings, **changed}.items():
        if finding.explanation is None or not finding.failed:
            continue
        elsewhere = _named_elsewhere(finding, findings, rubric)
        if elsewhere:
            changed[name] = _without(finding, elsewhere)
    return changed


def contradicted(findings: Mapping[str, Finding], rubric: Rubric) -> dict[str, Finding]:
    """Findings whose explanation has an error in a callee that is wrong itself, and not by this error: without it.

    The callee's own results tell what is wrong with it; a caller's that look like something else do so by chance, as
    s²(1 − s) with the right dAL looks like s with dAL = AL − Y.
    """
    changed = {}
    for name, finding in findings.items():
        riddles = [
            findings[one] for one in finding.spec.helpers if one in findings and findings[one].is_riddle
        ]
        reach = {
            one for riddle in riddles if riddle.failed for one in (riddle.spec.name, *riddle.spec.helpers)
        }
        forms = finding.explanation.forms if finding.explanation and finding.failed else ()
        if any(rubric.functions_of(form) & reach for form in forms):
            changed[name] = replace(finding, explanation=None, named={})
    return changed


def _named_elsewhere(finding: Finding, findings: Mapping[str, Finding], rubric: Rubric) -> dict[str, str]:
    """Misconception id → the callee in which it is named."""
    found = {}
    for form in finding.explanation.forms if finding.explanation else ():
        for function in rubric.functions_of(form):
            callee = findings.get(function)
            if function in finding.spec.helpers and callee and form.misconception in callee.named:
                found[form.misconception] = function
    return found


def _without(finding: Finding, elsewhere: Mapping[str, str]) -> Finding:
    own = {name: parts for name, parts in finding.named.items() if name not in elsewhere}
    kept = {part for parts in own.values() for part in parts}
    follows = tuple(part for part in finding.failed if part not in kept)
    return replace(
        finding, named=own, follows_on=follows, follows_functions=tuple(sorted(set(elsewhere.values())))
    )


def shared_code(findings: Mapping[str, Finding]) -> dict[str, Finding]:
    """Findings without what a helper's own repair mends here, too: the same error, by whatever name. One line may
    hold two errors, so it does not do that both are proved there.

    The numbers of both have to tell what is wrong. What only a repair tells, a blank above all, may be anything that
    is not there: the repair wrote it, and the function that lacks it is no more written than its callee.
    """
    return {
        name: _without(finding, finding.shared_with)
        for name, finding in findings.items()
        if finding.shared_with and finding.explanation is not None
    }


def own_derivative(findings: Mapping[str, Finding], rubric: Rubric) -> dict[str, Finding]:
    """dAL that is the true derivative of the student's own wrong cost: named, and keeps its marks."""
    everywhere = {name for finding in findings.values() for name in finding.named}
    changed = {}
    for function, finding in findings.items():
        due = {
            name
            for name in finding.named
            if name in rubric.misconceptions and everywhere & set(rubric.misconceptions[name].derivative_of)
        }
        if due:
            changed[function] = replace(finding, own_derivative=frozenset(due))
    return changed
