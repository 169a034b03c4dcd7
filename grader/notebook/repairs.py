"""Inverse edits of a student's own source: where could the mistake be, and what would undo it.

Proposals come in execution order: a helper's statements before the statement that calls it, places that only
pass a value on after those that compute one, and what is returned or stored by key last of all. So the first
proposal that makes a wrong function right is at the culprit.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

from grader.model import Definition, Proposal, RepairRequest
from grader.notebook.repair_calls import call, compare, masks
from grader.notebook.repair_change import Change, Family
from grader.notebook.repair_names import name, order, outside
from grader.notebook.repair_numbers import index, key, ranges
from grader.notebook.repair_scale import constant, over_m, over_n
from grader.notebook.repair_shapes import axis, transpose
from grader.notebook.repair_signs import add, drop, sign
from grader.notebook.repair_sites import Site, find_sites
from grader.notebook.repair_text import exchanged, in_string
from grader.notebook.repair_whole import formula, statement

#: Proposals of one request; the unlikely ones go first where there are more.
MAX_PROPOSALS = 400
#: Of one family, and changes looked at before that.
MAX_OF_FAMILY = 160
_MAX_CHANGES = 3000

_FAMILIES: Mapping[str, tuple[Family, ...]] = {
    "sign": (sign,),
    "over_m": (over_m,),
    "over_n": (over_n,),
    "transpose": (transpose,),
    "axis": (axis,),
    "call": (call,),
    "index": (index,),
    "range": (ranges,),
    "name": (name,),
    "global": (outside,),
    "constant": (constant,),
    "statement": (statement,),
    "order": (order,),
    "key": (key,),
    "compare": (compare, masks),
    "drop": (drop,),
    "add": (add, masks),
}
#: Names that `RepairRequest.families` may hold.
FAMILY_NAMES = (*_FAMILIES, "formula")

_Found = tuple[int, Site, Change]
_Kept = tuple[tuple[int, bool, int, int], int, Proposal]


def propose(definitions: Sequence[Definition], request: RepairRequest) -> tuple[Proposal, ...]:
    """Inverse edits of the request's families in what `request.function` runs through; () where none fits.

    Raises nothing, whatever the source looks like.
    """
    try:
        sites = find_sites(definitions, request.function)
    except Exception:  # noqa: BLE001 — hostile source must not cost the proofs of other functions
        return ()
    kept: list[_Kept] = []
    seen: set[tuple[int, str]] = set()
    for family in dict.fromkeys(request.families):
        kept.extend(_of_family(definitions, sites, family, request.replacements, seen))
    kept.sort(key=lambda item: item[1])
    chosen = sorted(kept[:MAX_PROPOSALS], key=lambda item: item[0])
    return tuple(proposal for _, _, proposal in chosen)


def _of_family(
    definitions: Sequence[Definition],
    sites: Sequence[Site],
    family: str,
    replacements: Sequence[str],
    seen: set[tuple[int, str]],
) -> list[_Kept]:
    found: list[_Found] = []
    for at, site in enumerate(sites):
        found.extend((at, site, made) for made in _changes(site, family, replacements))
        if len(found) > _MAX_CHANGES:
            break
    found.extend(_together(found))
    found.sort(key=lambda item: item[2].rank + item[1].depth)
    kept = []
    for number, (at, site, made) in enumerate(found):
        proposal = _proposal(definitions, site, made, family)
        if proposal is None or (proposal.definition, proposal.source) in seen:
            continue
        seen.add((proposal.definition, proposal.source))
        kept.append(((made.level, made.joined, at, number), made.rank + site.depth, proposal))
        if len(kept) >= MAX_OF_FAMILY:
            break
    return kept


def _changes(site: Site, family: str, replacements: Sequence[str]) -> Iterator[Change]:
    makers = _FAMILIES.get(family, ())
    if family == "formula":
        makers = (partial(formula, replacements=replacements),)
    for make in makers:
        made = make(site)
        while True:
            try:
                one = next(made)
            except StopIteration:
                break
            except Exception:  # noqa: BLE001
                break  # source of a kind that this family does not understand
            yield one


def _together(found: Sequence[_Found]) -> Iterator[_Found]:
    """Changes with the same tag, made at once: in one statement, for one kind of target, in one function."""
    groups: dict[tuple[object, ...], list[_Found]] = {}
    for item in found:
        _, site, made = item
        for group in _groups(site, made.tag):
            groups.setdefault((site.definition, made.tag, group), []).append(item)
    for items in groups.values():
        if len(items) > 1:
            yield _joined(items)
    yield from _mixed(found)


def _groups(site: Site, tag: str) -> tuple[object, ...]:
    if not tag:
        return ()
    near = (id(site.node), _stem(site))
    return near if tag.startswith("order") else (*near, "all")


def _joined(items: Sequence[_Found]) -> _Found:
    at, site, first = items[0]
    edits = dict(chain.from_iterable(made.edits for _, _, made in items))
    joined = len({id(site.node) for _, site, _ in items}) > 1
    return at, site, Change(tuple(edits.items()), first.level, first.rank, at=first.at, joined=joined)


def _mixed(found: Sequence[_Found]) -> Iterator[_Found]:
    """The same list asked in two places, one index up and the other down."""
    moved = [item for item in found if item[2].tag in ("index +1", "index -1")]
    asked: dict[tuple[int, str], list[_Found]] = {}
    for item in moved:
        base = item[1].parent(item[2].edits[0][0])
        if isinstance(base, ast.Subscript) and isinstance(base.value, ast.Name):
            asked.setdefault((item[1].definition, base.value.id), []).append(item)
    for items in asked.values():
        if len(items) == 4:
            yield from (
                _joined([one, other])
                for one in items[:2]
                for other in items[2:]
                if one[2].tag != other[2].tag
            )


def _stem(site: Site) -> str:
    """`W` for `W1 = …` and `W2 = …`."""
    targets = getattr(site.node, "targets", None) or [getattr(site.node, "target", site.node)]
    target = targets[0]
    while isinstance(target, ast.Subscript):
        target = target.value
    return "stem " + ast.unparse(target).rstrip("0123456789") if isinstance(target, ast.Name) else "all"


def _line(site: Site, made: Change) -> int:
    """The first line that an edit touches; for an f-string, where positions are not known, the statement's."""
    nodes = [made.at] if made.at is not None else [node for node, _ in made.edits]
    lines = [
        site.line if in_string(site.source, node) else getattr(node, "lineno", site.line) for node in nodes
    ]
    return min(lines)


def _proposal(definitions: Sequence[Definition], site: Site, made: Change, family: str) -> Proposal | None:
    source = exchanged(site.source, made.edits)
    if source is None:
        return None
    definition = definitions[site.definition]
    number = _line(site, made)
    text = site.source.line(number).strip()
    return Proposal(site.definition, source, definition.cell, definition.line + number - 1, text, family)
