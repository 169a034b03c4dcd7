"""Findings → the report's functions: status, components, diagnoses in words, notes, score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from grader.diagnose.describe import describe, law_text
from grader.diagnose.finding import Finding
from grader.diagnose.fingerprint import FINGERPRINT, fingerprint, gave_numbers
from grader.diagnose.scale_edit import LAWS, laws_of
from grader.diagnose.scale_law import fit_scale_law
from grader.diagnose.signature import wrong_parameters
from grader.diagnose.symptoms import changed_parameters, symptoms
from grader.feedback import words
from grader.feedback.inline import code, listed
from grader.judge.components import split
from grader.judge.score import share
from grader.judge.verdict import Predict, part_difference
from grader.model import (
    Component,
    Diagnosis,
    ErrorReport,
    Evidence,
    FunctionFacts,
    FunctionReport,
    GlobalRead,
    Note,
    Outcome,
    Problem,
    Raised,
    Status,
)
from grader.rubric.schema import Misconception, Rubric

STDOUT_CHARS = 2_000
_MOST_LINES = 4
HIDDEN_CHARS = 1_000
#: Where values came, and were compared. What is missing, not implemented or broken has no points, named or not.
_COMPARED = ("passed", "failed")


def function_report(
    finding: Finding, rubric: Rubric, maximum: float, right: Predict, *, mixed: bool, seconds: float
) -> FunctionReport:
    """One function of the report. `maximum` are its points; `mixed`: the notebook keeps to no convention; `seconds`
    are what one call may take."""
    status = status_of(finding)
    diagnoses = _diagnoses(finding, rubric, right) if finding.failed else ()
    if status not in _COMPARED or _leaves_nothing(finding, rubric, right):
        diagnoses = tuple(replace(diagnosis, credit=0.0) for diagnosis in diagnoses)
    failed = failed_components(finding)
    earned = share(finding.spec, failed, diagnoses) if status in _COMPARED else 0.0
    return FunctionReport(
        name=finding.spec.name,
        status=status,
        score=round(earned * maximum, 4),
        max_score=round(maximum, 4),
        components=_components(finding, failed, right),
        diagnoses=diagnoses,
        notes=_notes(finding, mixed),
        error=_time_out(finding.facts, seconds) if status == "timeout" else _error(finding, status),
        stdout=_public_stdout(finding),
        instructor=_instructor(finding, right),
    )


def _leaves_nothing(finding: Finding, rubric: Rubric, right: Predict) -> bool:
    """Whether several parts that are not there are all of the function: no component is right on any call."""
    known = [rubric.misconceptions.get(name) for name in finding.named]
    if len(known) < 2 or not all(found is not None and found.absent for found in known):
        return False
    observed, spec = finding.observed, finding.spec
    return observed is not None and not any(
        part_difference(spec, wanted, parts[name], rubric.tolerance) is None
        for call, parts in zip(observed.calls, observed.parts, strict=True)
        if (outcome := right(call)) is not None
        for name, wanted in split(spec, outcome).items()
    )


def status_of(finding: Finding) -> Status:
    """The status of a function, from what its text and its calls gave."""
    facts = finding.facts.status
    if facts == "missing":
        return "missing"
    if facts == "not-implemented":
        return "not-implemented"
    if facts == "syntax-error" or finding.observed is None:
        return "error"
    if not failed_components(finding):
        return "passed"
    statuses = [outcome.status for outcome in finding.observed.outcomes]
    if "timeout" in statuses:
        return "timeout"
    return "failed" if "value" in statuses else "error"


def failed_components(finding: Finding) -> tuple[str, ...]:
    """Failing components, without those that only follow from an error named elsewhere."""
    return tuple(name for name in finding.failed if name not in finding.follows_on)


def _components(finding: Finding, failed: tuple[str, ...], right: Predict) -> tuple[Component, ...]:
    if finding.verdict is None:
        return ()
    unnamed = set(failed).difference(*finding.named.values())
    silent = not unnamed or wrong_parameters(finding)
    facts = [] if silent else [*symptoms(finding, right), *_unread(finding)]
    more = {name: facts if name in unnamed else [] for name in failed}
    return tuple(
        Component(name, "failed", " ".join((_described(finding, name, right), *more[name])))
        if name in failed
        else Component(name, "passed")
        for name in finding.spec.returns
    )


def _described(finding: Finding, component: str, right: Predict) -> str:
    """What is wrong with a component, and what shows it alone."""
    causes = {name for name, parts in finding.named.items() if component in parts}
    if causes and causes <= finding.own_derivative:
        return "Right for the cost that this notebook computes, which is not the assignment's."
    return " ".join((describe(finding, component, right), *_relations(finding, component)))


def _relations(finding: Finding, component: str) -> list[str]:
    """Facts to check alone, where the description has none."""
    told = finding.relations.get(component)
    return [told] if told else []


def _unread(finding: Finding) -> list[str]:
    if not finding.unread:
        return []
    return [f"The code never reads {listed(finding.unread)}."]


# --------------------------------------------------------------------------------------- diagnoses


def _diagnoses(finding: Finding, rubric: Rubric, right: Predict) -> tuple[Diagnosis, ...]:
    return tuple(
        words.diagnosis(
            rubric.misconceptions[name],
            components,
            _evidence(finding, rubric.misconceptions[name]),
            finding.proofs.get(name) or finding.places.get(name),
            _fields(finding, components, right),
            1.0 if name in finding.own_derivative else None,
            alone=_alone(name, finding),
        )
        for name, components in finding.named.items()
        if name in rubric.misconceptions
    )


def _alone(name: str, finding: Finding) -> bool:
    """Whether no other misconception is on the same components, and there are values that can be right beside it."""
    if finding.observed is None or len(finding.observed.valued) < len(finding.observed.calls):
        return False
    mine = set(finding.named[name])
    return not any(mine & set(theirs) for other, theirs in finding.named.items() if other != name)


def _evidence(finding: Finding, found: Misconception) -> Evidence:
    if not found.sure or (finding.explanation is not None and finding.explanation.rivals):
        return "suspected"
    return "proved" if found.id in finding.proofs else "matched"


def _fields(finding: Finding, components: tuple[str, ...], right: Predict) -> dict[str, str]:
    law = None
    if finding.observed is not None and components and not finding.spec.random:
        law = fit_scale_law(finding.observed, components[0], right)
    return {
        "components": listed(components),
        "function": code(finding.spec.name),
        "ratio": law_text(law).removesuffix(" times") if law else "another factor",
    }


# --------------------------------------------------------------------------------- notes and errors


def _notes(finding: Finding, mixed: bool) -> tuple[Note, ...]:
    notes = []
    if finding.stale_assertion and not failed_components(finding):
        notes.append(words.note("stale-assertion"))
    if finding.accepted in ("private-format", "other-convention"):
        notes.append(words.note(finding.accepted))
    judged_under_J = finding.convention.startswith("J") and finding.verdict is not None
    if judged_under_J and not mixed and not failed_components(finding):
        notes.append(words.note("j-convention"))
    if not failed_components(finding) and (changed := changed_parameters(finding)):
        notes.append(words.note("changes-arguments", names=listed(changed)))
    for places in finding.also.values():
        lines = listed([place.source for place in places[:_MOST_LINES]])
        notes.append(words.note("more-lines", lines=lines))
    if finding.own_derivative:
        notes.append(words.note("own-derivative"))
    if finding.follows_functions:
        notes.append(words.note("follows-on", functions=listed(finding.follows_functions)))
    return tuple(notes)


def _error(finding: Finding, status: Status) -> ErrorReport | None:
    """The student's own error, on public inputs; or what reading alone tells: the SyntaxError of the cell, where
    the function may be meant, where it was left open."""
    problem = finding.facts.problem
    if status in ("missing", "not-implemented"):
        return _clue(problem) if problem is not None and problem.cell is not None else None
    if status == "error" and finding.facts.status == "syntax-error":
        message = problem.message if problem else "the cell that defines this function does not parse"
        place = (problem.cell, problem.line) if problem else (None, None)
        return ErrorReport("SyntaxError", message, *place)
    if status == "error" and (told := wrong_parameters(finding)):
        return ErrorReport("TypeError", told, finding.facts.cell, finding.facts.line)
    raised = next((outcome.raised for outcome in finding.public if outcome.raised is not None), None)
    if raised is not None and status != "passed":
        read = _made_elsewhere(finding, raised)
        if read is not None:
            text = (
                f"`{read.name}` comes from another cell, which needs something that is not there in grading"
            )
            return ErrorReport("NameError", text, read.cell, read.line)
        return ErrorReport(raised.type, raised.message, raised.cell, raised.line)
    return None


def _time_out(facts: FunctionFacts, seconds: float) -> ErrorReport:
    """Where the function begins, as reading tells: where in it a hidden call was stopped is not said."""
    message = (
        f"The function{' that begins here' if facts.line else ''} did not come to an end; a call may take "
        f"{seconds:g} seconds at most. Often a loop never reaches its end."
    )
    return ErrorReport("TimeoutError", message, facts.cell, facts.line)


def _clue(problem: Problem) -> ErrorReport:
    return ErrorReport(problem.code, problem.message, problem.cell, problem.line)


def _made_elsewhere(finding: Finding, raised: Raised) -> GlobalRead | None:
    """The notebook variable that the function reads, where it is that one's own cell that stops."""
    stopped = {
        name
        for made in finding.variables
        if (made.cell, made.line) == (raised.cell, raised.line)
        for name in made.binds
    }
    reads = [read for read in finding.facts.reads if read.kind == "variable"]
    return next((read for read in reads if read.name in stopped), reads[0] if stopped and reads else None)


def _public_stdout(finding: Finding) -> str:
    """What the first public call printed that printed anything."""
    return next((outcome.stdout for outcome in finding.public if outcome.stdout), "")[:STDOUT_CHARS]


def _instructor(finding: Finding, right: Predict) -> Mapping[str, str]:
    """For the instructor's eyes only: what student code said on hidden calls, and what clusters are made of."""
    if finding.observed is None or not finding.failed:
        return {}
    text = "\n".join(line for outcome in finding.observed.outcomes if (line := _hidden(outcome)))
    kept = {"hidden": text[:HIDDEN_CHARS]} if text else {}
    if (finding.named and not finding.aside) or not gave_numbers(finding.observed):
        return kept
    laws = laws_of(finding, right)
    return {**kept, FINGERPRINT: fingerprint(finding.observed), **({LAWS: laws} if laws else {})}


def _hidden(outcome: Outcome) -> str:
    raised = outcome.raised
    said = (
        f"{raised.type}: {raised.message}" if raised else outcome.status if outcome.status != "value" else ""
    )
    return f"{outcome.call}: {said} {outcome.stdout[:200]}".strip() if said or outcome.stdout else ""
