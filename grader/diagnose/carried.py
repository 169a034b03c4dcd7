"""Whose fault it is: what follows from an error that is named elsewhere costs nothing a second time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from grader.diagnose.finding import Finding
from grader.rubric.schema import Rubric


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
    """Misconception id → the callee in which it is named, where both run the same code. A proof of the callee's has
    told that already; without one, the definitions tell that both need."""
    found = dict(finding.shared_with)
    for form in finding.explanation.forms if finding.explanation else ():
        for function in rubric.functions_of(form):
            callee = findings.get(function)
            if function in finding.spec.helpers and callee and form.misconception in callee.named:
                told = callee.explanation is not None and form.misconception in callee.proofs
                if not told and _share_code(finding, callee):
                    found.setdefault(form.misconception, function)
    return found


def _share_code(one: Finding, other: Finding) -> bool:
    """Whether both need a function or class in which an error can be."""
    needed = set(one.facts.needs) & set(other.facts.needs)
    made = [item for index, item in enumerate(one.notebook) if index in needed]
    return any(item.kind != "import" and (item.cell, item.line) not in one.trusted for item in made)


def _without(finding: Finding, elsewhere: Mapping[str, str]) -> Finding:
    own = {name: parts for name, parts in finding.named.items() if name not in elsewhere}
    kept = {part for parts in own.values() for part in parts}
    follows = tuple(part for part in finding.failed if part not in kept)
    return replace(
        finding, named=own, follows_on=follows, follows_functions=tuple(sorted(set(elsewhere.values())))
    )


def shared_code(findings: Mapping[str, Finding], rubric: Rubric) -> dict[str, Finding]:
    """Findings without what a helper's own repair mends here, too: the same error, by whatever name. One line may
    hold two errors, so it does not do that both are proved there; and who makes a helper's error once more, in code
    that the helper does not run, has made it twice.

    The numbers of both have to tell what is wrong. What only a repair tells, a blank above all, may be anything that
    is not there: the repair wrote it, and the function that lacks it is no more written than its callee.
    """
    return {
        name: _without(finding, elsewhere)
        for name, finding in findings.items()
        if finding.failed
        and finding.explanation is not None
        and (elsewhere := _named_elsewhere(finding, findings, rubric))
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
