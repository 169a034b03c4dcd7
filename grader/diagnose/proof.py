"""Proof by counterfactual: the one place in the student's source whose inverse edit makes the rest right.

Variants are tried in execution order; the first that suffices is the culprit. What remains wrong because
of *other* misconceptions in the function must stay exactly as it was. Where one misconception sits at
several places (the 1/m missing in dW and again in db), each place must mend a part and break none, and
all of them together must suffice.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from grader.diagnose.finding import Finding
from grader.diagnose.labels import of_two_classes
from grader.diagnose.search import MATCH, Forms
from grader.judge.components import Absent, split
from grader.judge.verdict import Observed, part_difference
from grader.model import Definition, Location, Outcome, Proposal, RepairRequest, Value
from grader.rubric.oracle import Oracle
from grader.rubric.schema import Misconception, Rubric

MAX_PLACES = 3
NOT_IMPLEMENTED = "not-implemented"

#: A component, or one entry of it where it has several: ("W", 2) of W1, W2 …
Part = tuple[str, object]
#: (call, part) pairs that are as they should be once this misconception is gone.
Mended = frozenset[tuple[int, Part]]


@dataclass(frozen=True)
class Goal:
    """One misconception to be proved in one function: what every call should give without it."""

    misconception: str
    request: RepairRequest
    observed: Observed
    wanted: tuple[Outcome, ...]
    trusted: frozenset[tuple[int, int]]
    """(cell, line) of definitions that hold no error."""
    shared: Mapping[tuple[int, int], tuple[str, ...]]
    """(cell, line) of definitions that right functions run a part of → those functions, which stay right."""
    aside: tuple[str, ...]
    """Components that nothing explains, and that may be what they are."""
    telling: int
    """Index of the call that refutes most variants: it is run first."""

    @cached_property
    def _wanted_parts(self) -> dict[int, dict[str, Value]]:
        return {id(wanted): split(self.observed.spec, wanted) for wanted in self.wanted}

    def parts_of(self, outcome: Outcome) -> dict[str, Value]:
        """Its components; of the wanted ones, against which every variant is compared, they are remembered."""
        return self._wanted_parts.get(id(outcome)) or split(self.observed.spec, outcome)

    @cached_property
    def before(self) -> Mended:
        return mended(self, self.observed.outcomes)

    @cached_property
    def everything(self) -> Mended:
        return frozenset((i, part) for i, wanted in enumerate(self.wanted) for part in _parts(self, wanted))


def goal(found: Misconception, finding: Finding, oracle: Oracle, rest: Forms) -> Goal | None:
    """What to prove, or None where there is nothing to try. `rest` are the function's other misconceptions."""
    if finding.observed is None or not found.repairs:
        return None
    observed = of_two_classes(finding.observed)
    predicted = [oracle.predict(call, rest, finding.convention) for call in observed.calls]
    wanted = tuple(outcome for outcome in predicted if outcome is not None)
    if len(wanted) != len(predicted):
        return None
    replacements = tuple(_by_position(text, finding.spec.parameters) for text in found.replacements)
    request = RepairRequest(finding.spec.name, found.repairs, replacements)
    made = Goal(found.id, request, observed, wanted, finding.trusted, finding.shared, finding.aside, 0)
    return replace(made, telling=_telling(made))


def _by_position(text: str, parameters: Sequence[str]) -> str:
    """`{Y}` → `{1}`: a student's parameters may have other names, in the same order."""
    for number, name in enumerate(parameters):
        text = text.replace("{" + name + "}", "{" + str(number) + "}")
    return text


def _telling(made: Goal) -> int:
    """The first call with the most components still to be mended, among those that are cheap to run."""
    missing = dict.fromkeys(range(len(made.wanted)), 0)
    for index, _ in made.everything - made.before:
        missing[index] += 1
    return max(missing, key=lambda i: (missing[i] > 0, made.wanted[i].status == "value", missing[i], -i))


def mended(made: Goal, outcomes: Sequence[Outcome]) -> Mended:
    """The (call, part) pairs that are as wanted."""
    return frozenset(
        (index, part)
        for index, (wanted, got) in enumerate(zip(made.wanted, outcomes, strict=True))
        for part in _agreeing(made, wanted, got)
    )


def agrees_on(made: Goal, index: int, outcome: Outcome) -> bool:
    """Whether one call is wholly as wanted."""
    return all(agrees for _, agrees in _compared(made, made.wanted[index], outcome))


def is_as_before(made: Goal, index: int, outcome: Outcome) -> bool:
    """Whether one call gives what it gave when the function was observed, assertions aside."""
    before = made.observed.outcomes[index]
    if before.raised is not None:
        return before.raised.type in ("AssertionError", outcome.raised.type if outcome.raised else "")
    return all(agrees for _, agrees in _compared(made, before, outcome))


def mends_a_part(made: Goal, index: int, outcome: Outcome) -> bool:
    """Whether one call has more parts as wanted than before, and none lost."""
    before = set(_agreeing(made, made.wanted[index], made.observed.outcomes[index]))
    return before < set(_agreeing(made, made.wanted[index], outcome))


def gives_values(made: Goal, outcome: Outcome) -> bool:
    """Whether a call comes to an end, and gives something of each component."""
    if outcome.status != "value":
        return False
    return not any(isinstance(part, Absent) for part in split(made.observed.spec, outcome).values())


def gives_numbers(made: Goal, index: int, outcome: Outcome) -> bool:
    """Whether a call gives each component in the right form: only its numbers may be wrong."""
    if not gives_values(made, outcome):
        return False
    spec = made.observed.spec
    wanted, got = split(spec, made.wanted[index]), split(spec, outcome)
    differences = (part_difference(spec, wanted[name], got[name], MATCH) for name in wanted)
    return all(one is None or one.kind == "value" for one in differences)


def _asked(made: Goal) -> list[str]:
    return [name for name in made.observed.spec.returns if name not in made.aside]


def _parts(made: Goal, wanted: Outcome) -> Iterator[Part]:
    """Each component as a whole, or its entries and what their keys are."""
    for name in _asked(made):
        value = made.parts_of(wanted)[name]
        yield name, None
        if isinstance(value, dict):
            yield from ((name, key) for key in value)


def _agreeing(made: Goal, wanted: Outcome, got: Outcome) -> Iterator[Part]:
    return (part for part, agrees in _compared(made, wanted, got) if agrees)


def _compared(made: Goal, wanted: Outcome, got: Outcome) -> Iterator[tuple[Part, bool]]:
    """Each of the wanted parts, and whether it is there as wanted. What is not asked for is not compared."""
    if wanted.status != "value" or got.status != "value":
        yield from ((part, wanted.status == got.status) for part in _parts(made, wanted))
        return
    right, found = made.parts_of(wanted), made.parts_of(got)
    for name in _asked(made):
        one, other = right[name], found[name]
        if not isinstance(one, dict):
            yield (name, None), _alike(made, one, other)
            continue
        entries = other if isinstance(other, dict) else {}
        yield (name, None), one.keys() == entries.keys()
        for key in one:
            yield (name, key), key in entries and _alike(made, {key: one[key]}, {key: entries[key]})


def _alike(made: Goal, wanted: Value, got: Value) -> bool:
    tolerance = max(MATCH, 1e-6)
    return part_difference(made.observed.spec, wanted, got, tolerance, odd_is_odd=True) is None


# ------------------------------------------------------------------------------------------ variants


def variant(
    definitions: Sequence[Definition], proposals: Sequence[Proposal]
) -> tuple[Definition, ...] | None:
    """The definitions with the proposals made; None where two of them overlap."""
    changed = list(definitions)
    for number in {proposal.definition for proposal in proposals}:
        here = [proposal.source for proposal in proposals if proposal.definition == number]
        source = here[0] if len(here) == 1 else _merged(definitions[number].source, here)
        if source is None:
            return None
        changed[number] = replace(definitions[number], source=source)
    return tuple(changed)


def _merged(original: str, edited: Sequence[str]) -> str | None:
    """Several edits of one text, each given as the whole edited text."""
    spans = sorted(_span(original, text) for text in edited)
    for (_, end, _), (start, _, _) in itertools.pairwise(spans):
        if start < end:
            return None
    for start, end, new in reversed(spans):
        original = original[:start] + new + original[end:]
    return original


def _span(original: str, edited: str) -> tuple[int, int, str]:
    """(start, end, new text): the part of the original that an edit replaced."""
    limit = min(len(original), len(edited))
    start = next((i for i in range(limit) if original[i] != edited[i]), limit)
    tail = 0
    while tail < limit - start and original[len(original) - 1 - tail] == edited[len(edited) - 1 - tail]:
        tail += 1
    return start, len(original) - tail, edited[start : len(edited) - tail]


def place(proposal: Proposal) -> Location:
    return Location(proposal.cell, proposal.line, proposal.text[:200])


def places(proposals: Sequence[Proposal]) -> list[Location]:
    """All lines that edits touch, as they stand in the notebook."""
    more = (replace(also, source=also.source[:200]) for one in proposals for also in one.also)
    found = dict.fromkeys((*map(place, proposals), *more))
    return sorted(found, key=lambda one: (one.cell, one.line))


def with_proof(finding: Finding, misconception: str, where: Location) -> Finding:
    return replace(finding, proofs={**finding.proofs, misconception: where})


def rest_of(finding: Finding, misconception: str) -> Forms:
    """The forms of a function's explanation that belong to its other misconceptions."""
    forms = finding.explanation.forms if finding.explanation else ()
    return tuple(form for form in forms if form.misconception != misconception)


#: Edits that put a right formula in a wrong one's place mend any error there: they decide nothing.
UNDECIDING = frozenset({"formula", "statement", "add", "drop"})
#: What was computed and then forgotten: tried first, whatever the misconception.
IDLE = "unread"
#: What is tried where none of a misconception's own repairs fits, in this order.
PLAIN = (
    *("order", "name", "index", "key", "letter", "range", "direction"),
    *("call", "sign", "over_m", "transpose", "axis"),
    *("constant", "compare", "drop", "operator", "statement"),
)
#: Edits that only let a function run, with one of the names at hand for a missing one, make errors of their own.
UNREVEALING = UNDECIDING | {"global"}


def first_tried(made: Goal) -> Goal:
    """The goal with what was forgotten before its own repairs."""
    return _with_families(made, (IDLE, *made.request.families))


def forgotten(made: Goal) -> Goal:
    """The goal with nothing but what was forgotten."""
    return _with_families(made, (IDLE,))


def otherwise(made: Goal) -> Goal:
    """The goal with the repairs of all other families, for code that its own do not fit."""
    return _with_families(made, tuple(name for name in PLAIN if name not in made.request.families))


def _with_families(made: Goal, families: tuple[str, ...]) -> Goal:
    return replace(made, request=replace(made.request, families=families))


def decided_by_repair(rubric: Rubric, near: Sequence[str]) -> list[Misconception]:
    """Misconceptions that nearly fit, with the repairs that may name them.

    Where values could tell but for a few calls, only the repairs that undo this very error are tried.
    """
    return [found for name in near if (found := deciding(rubric.misconceptions[name])).repairs and found.sure]


def to_be_filled(rubric: Rubric, function: str, formulas: Sequence[str]) -> Misconception:
    """`not-implemented`, with right formulas: the reference's, and those that the function's misconceptions know."""
    known = (found for found in rubric.misconceptions.values() if found.function == function)
    texts = (*formulas, *(text for found in known for text in found.replacements))
    blank = rubric.misconceptions[NOT_IMPLEMENTED]
    return replace(blank, repairs=("filling",), replacements=tuple(dict.fromkeys(texts)))


def deciding(found: Misconception) -> Misconception:
    """The misconception with those of its repairs that undo this very error, unless a repair is what names it."""
    if found.decides == "repair":
        return found
    repairs = tuple(family for family in found.repairs if family not in UNDECIDING)
    return replace(found, repairs=repairs, replacements=())
