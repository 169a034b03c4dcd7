"""Inverse edits of a student's own source: where could the mistake be, and what would undo it.

Proposals come in execution order: a helper's statements before the statement that calls it, places that only
pass a value on after those that compute one, and what is returned or stored by key after these; last of all come
helpers that only give an operation of the library another name. So the first proposal that makes a wrong function
right is at the culprit.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from grader.model import Definition, Location, Proposal, RepairRequest
from grader.repairs.change import REDUCED, RESTORED, Change, Family, callee
from grader.repairs.families.blanks import blank
from grader.repairs.families.calls import call, compare, masks
from grader.repairs.families.conditions import condition
from grader.repairs.families.depth import depth
from grader.repairs.families.divisors import over_n
from grader.repairs.families.formula import filling, formula
from grader.repairs.families.layout import layout, taken_from_the_list, typed_positions
from grader.repairs.families.names import name, outside, unread
from grader.repairs.families.numbers import (
    direction,
    from_zero,
    index,
    key,
    letter,
    position,
    ranges,
)
from grader.repairs.families.operators import operator
from grader.repairs.families.orders import order, unpacking
from grader.repairs.families.returns import returned
from grader.repairs.families.scale import constant, over_m
from grader.repairs.families.shapes import axis, transpose, transpose_elsewhere, transpose_in_logs
from grader.repairs.families.signs import add, drop, sign
from grader.repairs.families.slips import (
    assigned,
    comma,
    first_result,
    floored,
    halved,
    more_results,
    other_table,
    sized,
    spelt,
    threshold,
    too_many_results,
    tupled,
    with_str,
)
from grader.repairs.families.whole import statement
from grader.repairs.join import Found, stored, together
from grader.repairs.sites import Site, find_sites
from grader.repairs.slice import names_in
from grader.repairs.text import exchanged, in_string, parse_source, parsed_expression

#: Proposals of one request; the unlikely ones go first where there are more.
MAX_PROPOSALS = 400
#: Of one family, and changes looked at before that.
MAX_OF_FAMILY = 160
_MAX_CHANGES = 3000
#: Other lines that are told of one proposal.
_MAX_ALSO = 8

_FAMILIES: Mapping[str, tuple[Family, ...]] = {
    "assign": (assigned,),
    "sign": (sign,),
    "over_m": (over_m,),
    "over_n": (over_n,),
    "transpose": (transpose,),
    "transpose_in_logs": (transpose_in_logs,),
    "transpose_elsewhere": (transpose_elsewhere,),
    "axis": (axis,),
    "call": (call,),
    "index": (index,),
    "range": (ranges,),
    "depth": (depth,),
    "direction": (direction,),
    "from_zero": (from_zero,),
    "first": (first_result,),
    "floor": (floored,),
    "halved": (halved,),
    "results": (more_results, too_many_results),
    "size": (sized,),
    "spelling": (spelt,),
    "str": (with_str,),
    "table": (other_table,),
    "threshold": (threshold,),
    "tuple": (tupled,),
    "name": (name,),
    "global": (outside,),
    "comma": (comma,),
    "constant": (constant,),
    "statement": (statement,),
    "order": (order,),
    "position": (position, typed_positions, taken_from_the_list),
    "key": (key,),
    "layout": (layout,),
    "letter": (letter,),
    "compare": (compare, masks),
    "drop": (drop,),
    "add": (add, masks),
    "operator": (operator,),
    "unpacking": (unpacking,),
    "unread": (unread,),
    "blank": (blank,),
    "return": (returned,),
}
#: Those that are made of a misconception's `replacements`.
_OF_FORMULAS = {"formula": formula, "filling": filling, "condition": condition}
#: Names that `RepairRequest.families` may hold.
FAMILY_NAMES = (*_FAMILIES, *_OF_FORMULAS)

#: What is done once to a whole: the minus of a cost, the 1/m of a mean.
_OF_THE_WHOLE = frozenset({"sign", "over_m"})
_MEAN = re.compile("mean|average|avg", re.IGNORECASE)
_LIKELIHOOD = re.compile("(?<!negative_)likelihood", re.IGNORECASE)
_OF_ONE = re.compile(r"def \w+\(\w+[^,()]*\)")
_DIVIDES = re.compile(r"/|\b(?:mean|average|divide|true_divide)\(")

_Kept = tuple[tuple[int, int, bool, int, int, int], int, Proposal]


def propose(definitions: Sequence[Definition], request: RepairRequest) -> tuple[Proposal, ...]:
    """Inverse edits of the request's families in what `request.function` runs through; () where none fits.

    Raises nothing, whatever the source looks like.
    """
    try:
        return _proposed(definitions, request)
    except Exception:  # noqa: BLE001 — hostile source must not cost the proofs of other functions
        return ()


def forget() -> None:
    """Let go of what is remembered of a student's source: the next one's turn has come."""
    parse_source.cache_clear()
    parsed_expression.cache_clear()
    names_in.cache_clear()


def _proposed(definitions: Sequence[Definition], request: RepairRequest) -> tuple[Proposal, ...]:
    sites = [
        site for site in find_sites(definitions, request.function) if site.definition not in request.without
    ]
    kept: list[_Kept] = []
    seen: set[tuple[int, str]] = set()
    for family in dict.fromkeys(request.families):
        found = _found(sites, family, request.replacements)
        kept.extend(_kept(definitions, found, family, seen))
    kept.sort(key=lambda item: item[1])
    chosen = sorted(kept[:MAX_PROPOSALS], key=lambda item: item[0])
    return tuple(proposal for _, _, proposal in chosen)


def _found(sites: Sequence[Site], family: str, replacements: Sequence[str]) -> list[Found]:
    """The family's changes at all places, the likeliest and nearest first."""
    makers = _FAMILIES.get(family, ())
    if family in _OF_FORMULAS:
        makers = (partial(_OF_FORMULAS[family], replacements=replacements),)
    found: list[Found] = []
    for at, site in enumerate(sites):
        if _advances(site):
            continue
        found.extend((at, site, stored(site, made)) for make in makers for made in _safely(make(site)))
        if len(found) > _MAX_CHANGES:
            break
    found.extend(together(found))
    return sorted(found, key=lambda item: _unlikely(item[1], item[2]))


def _unlikely(site: Site, made: Change) -> int:
    return made.rank + site.depth // 2


def _advances(site: Site) -> bool:
    """`i += 1` in a loop `while i < n`: anything else there never ends, and costs a search its time."""
    target = site.node.targets[0] if isinstance(site.node, ast.Assign) else getattr(site.node, "target", None)
    name = target.id if isinstance(target, ast.Name) else None
    return any(isinstance(loop, ast.While) and name in names_in(loop.test) for loop in _blocks_around(site))


def _blocks_around(site: Site) -> Iterator[ast.AST]:
    around = site.parent(site.node)
    while around is not None:
        yield around
        around = site.parent(around)


def _safely(changes: Iterator[Change]) -> Iterator[Change]:
    """The changes up to one that fails on source of a kind that its family does not understand."""
    try:
        yield from changes
    except Exception:  # noqa: BLE001
        return


def _kept(
    definitions: Sequence[Definition], found: Sequence[Found], family: str, seen: set[tuple[int, str]]
) -> list[_Kept]:
    """The changes made, each new text once."""
    kept: list[_Kept] = []
    for number, (at, site, made) in enumerate(found):
        proposal = _proposal(definitions, site, made, family)
        if proposal is None or (proposal.definition, proposal.source) in seen:
            continue
        seen.add((proposal.definition, proposal.source))
        # What a wrapper adds up along is its own; all else it only passes on.
        made_by = definitions[site.definition]
        own = site.world.function in made_by.binds
        wrapper = not own and site.definition in site.world.wrappers and family != "axis"
        unlike = wrapper if own else wrapper + _unlike_its_name(made_by, proposal)
        unlike += made.level > RESTORED and family in _OF_THE_WHOLE and _of_a_part(site, made)
        # Of what adds up examples, the function's own sum comes before those of its helpers.
        inner = made.level == REDUCED and site.depth > 0
        order = (unlike, made.level, inner, made.joined, at, number)
        kept.append((order, _unlikely(site, made), proposal))
        if len(kept) >= MAX_OF_FAMILY:
            break
    return kept


def _of_a_part(site: Site, made: Change) -> bool:
    """Whether it is put into a lambda that the function calls for each of several parts, by
    `heads, tails = starmap(part, …)` or twice. Who makes one of a logarithm alone has left something out of it."""
    match site.node:
        case ast.Assign(value=ast.Lambda(body=ast.Call(args=[ast.Name()]) as only)) if callee(only) == "log":
            return False
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as part) if site.depth == 0:
            inside = {id(node) for node in ast.walk(part)}
            if not all(id(node) in inside for node, _ in made.edits):
                return False
            read = [n for n in site.source.nodes if isinstance(n, ast.Name) and n.id == name]
            mapped = any(callee(site.parent(n) or n) in ("map", "starmap") for n in read)
            return mapped or len(read) > 2  # it is set, too
    return False


def _unlike_its_name(helper: Definition, made: Proposal) -> int:
    """1 where a helper that is called a mean would be none any more, -1 where it becomes one."""
    between = helper.source.count("+") != made.source.count("+")  # of its terms
    if made.family == "sign" and not between and _LIKELIHOOD.search(" ".join(helper.binds)):
        return 1  # the cost is its negative
    if not _MEAN.search(" ".join(helper.binds)):
        return 0
    if made.family in ("sign", "call") and _OF_ONE.search(helper.source) and "log" not in helper.source:
        return 1  # a mean has no minus, and makes no number of what it is handed
    return bool(_DIVIDES.search(helper.source)) - bool(_DIVIDES.search(made.source))


def _lines(site: Site, made: Change) -> list[int]:
    """The lines that its edits touch, in order; inside an f-string, where positions are unknown, the string's."""
    nodes = [made.at] if made.at is not None else [node for node, _ in made.edits]
    known = (in_string(site.source, node) or node for node in nodes)
    return sorted({getattr(node, "lineno", site.line) for node in known})


def _proposal(definitions: Sequence[Definition], site: Site, made: Change, family: str) -> Proposal | None:
    source = exchanged(site.source, made.edits)
    if source is None:
        return None
    definition = definitions[site.definition]
    first, *also = (
        Location(definition.cell, definition.line + number - 1, site.source.line(number).strip())
        for number in _lines(site, made)
    )
    return Proposal(
        site.definition, source, first.cell, first.line, first.source, family, tuple(also[:_MAX_ALSO])
    )
