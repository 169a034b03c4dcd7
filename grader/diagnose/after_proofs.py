"""What becomes of a function's names once their proofs are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grader.diagnose import proof, special
from grader.diagnose.finding import Finding
from grader.model import Location, Proposal
from grader.rubric.schema import Rubric


def without_what_follows(finding: Finding) -> Finding:
    """Without the names that nothing proves beside one that is proved, where the function changes its arguments:
    what `db = dZ; db /= m` does to dZ makes dA_prev look like another mistake."""
    if not finding.proofs or not any(outcome.changed_args for outcome in finding.outcomes):
        return finding
    return replace(
        finding, named={name: parts for name, parts in finding.named.items() if name in finding.proofs}
    )


def only_if_certain(finding: Finding) -> Finding:
    """Without three names at once, unless each of them is proved: so many together fit what is none of them."""
    if len(finding.named) < 3 or set(finding.named) <= set(finding.proofs):
        return finding
    return replace(finding, named={}, proofs={}, explanation=None)


def only_by_repair(finding: Finding, rubric: Rubric) -> Finding:
    """Without any name, where one of them is told by its repair alone, and that mends nothing: whoever returns after
    one layer has not put the return at a wrong depth, and what was looked for beside it fits no better."""
    known = (rubric.misconceptions.get(name) for name in finding.named if name not in finding.proofs)
    if finding.explanation is None or finding.explanation.rivals:
        return finding
    if not any(found is not None and found.decides == "repair" for found in known):
        return finding
    return replace(finding, named={}, proofs={}, explanation=None)


def as_left_open(finding: Finding) -> Finding:
    """A helper that ends with a `pass` where it has to return something is not written to its end."""
    where = finding.proofs.get(special.RETURNS_NONE)
    if where is None or where.source.split("#")[0].strip() != "pass":
        return finding
    if where.cell == finding.facts.cell and where.line >= (finding.facts.line or 0):
        return finding  # the function's own
    names = {one: proof.NOT_IMPLEMENTED if one == special.RETURNS_NONE else one for one in finding.named}
    return replace(
        finding,
        named={names[one]: parts for one, parts in finding.named.items()},
        proofs={names[one]: place for one, place in finding.proofs.items()},
    )


def with_all_places(finding: Finding, repairs: Sequence[Sequence[Proposal]]) -> Finding:
    """The finding with what it takes besides the first place of each proof."""
    places = [proof.places(edits) for edits in repairs]
    rest = {made[0]: tuple(one for one in made[1:] if not is_there(one, made[0])) for made in places}
    also = {name: found for name, where in finding.proofs.items() if (found := rest.get(where))}
    return replace(finding, also=also)


def is_there(one: Location, blank: Location) -> bool:
    same = (one.cell, one.line) == (blank.cell, blank.line)
    return same or one.cell == blank.cell and one.line < blank.line and special.is_set_to_none(one.source)
