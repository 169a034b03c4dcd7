"""Inverse edits of whole formulas."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeGuard

from grader.notebook.blanks import is_none
from grader.repairs.change import (
    COMPUTED,
    DELIVERED,
    REDUCED,
    Change,
    Place,
    callee,
    change,
    copied,
    is_alias,
    is_method,
    is_own_call,
    parts_of_records,
    places,
)
from grader.repairs.families.branches import written_in_another_branch
from grader.repairs.families.elements import elements, flat_elements, position_of, stored_into
from grader.repairs.scope import BATCH_NAME
from grader.repairs.sites import Site
from grader.repairs.slice import names_in

_MOST_BRANCHES = 3
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_FOR_ONE = re.compile(r"(\w+) = (.*)")
_NAME = re.compile(r"\b(?:d?[wb])\b")


def formula(site: Site, replacements: Sequence[str]) -> Iterator[Change]:
    """A computed value replaced by a right formula; `{0}`, `{1}` … are the student's parameters."""
    for place in places(site):
        if _counts(site, place) or isinstance(place.node, ast.Constant) and not _left_at_zero(site, place):
            continue
        started = isinstance(place.node, ast.Constant) and not _is_sum(site, place)
        level = COMPUTED if place.level == REDUCED or started else place.level
        summed = _summed(site, place.node)
        fillers = _fillers(site, place)
        for target, text in map(_apart, replacements):
            if target and not _is_all_of(site, place, target):
                continue
            for made in _filled(site, fillers, text):
                before = _begins(site, summed, made) if summed is not None else None
                begins = _begins(site, place.node, made) or before
                late = DELIVERED if _passes_over(site, place.node, made) else level
                tag = f"{place.node.id} is {made}" if isinstance(place.node, ast.Name) else ""
                tag = f"twin {_NAME.sub('_', text)}" if target else tag
                yield Change(((place.node, made),), late, 0 if level == COMPUTED else 1, tag, at=begins)
                if summed is not None and "sum(" not in text:
                    yield Change(((summed, made),), level, 1, at=before)
                if "log(" in text and "sum(" not in text:
                    yield Change(((place.node, f"{site.world.numpy}.sum({made})"),), late, 2, at=begins)


def _apart(replacement: str) -> tuple[str, str]:
    """`w = {w} - {learning_rate} * {dw}` is for what is called `w` alone, at once with its twin for `b`."""
    match = _FOR_ONE.match(replacement)
    return (match[1], match[2]) if match else ("", replacement)


def _is_all_of(site: Site, place: Place, target: str) -> bool:
    """Whether this is the whole value that is given to the name `target`."""
    named = isinstance(place.target, ast.Name) and place.target.id == target
    around = site.parent(place.node)
    whole = around is site.node or isinstance(around, ast.Tuple) and site.parent(around) is site.node
    return named and whole and isinstance(site.node, ast.Assign)


def _counts(site: Site, place: Place) -> bool:
    """`m = A_prev.shape[1]`, `k = k + 1`: no formula gives a number of examples or a position."""
    return isinstance(place.target, ast.Name) and site.scope.counting(place.target.id)


def _begins(site: Site, node: ast.expr, text: str) -> ast.AST | None:
    """Where what a lone name holds begins to be computed: a formula in its place puts all of that right, `dA = dAL`
    and `np.sum(part)` being but the end of it. None for what is computed here, and where the formula goes on with
    something of what was computed."""
    whole = node.value if isinstance(node, ast.Subscript) and not names_in(node.slice) else node
    if not (name := copied(whole)):
        return None
    lines, todo, seen = [], [name], set[str]()
    while todo:
        name = todo.pop()
        if (
            name in seen
            or name in site.scope.parameters
            or site.scope.counting(name)
            or BATCH_NAME.match(name)
        ):
            continue
        seen.add(name)
        if first := _first_filled(site, name):
            lines.append(first)
            continue
        for made in site.scope.bindings:
            if made.name == name and made.line < site.line and not made.unpacked and made.value is not None:
                todo.extend(names_in(made.value))
                if not is_alias(made.value):
                    lines.append(made.line)
    goes_on = seen & {made.name for made in site.scope.bindings} & set(re.findall(r"\w+", text))
    return ast.Pass(lineno=min(lines), col_offset=0) if lines and not goes_on else None


def _first_filled(site: Site, name: str) -> int:
    """Where an array that is made for it gets its first entry, here or by `fill(name, …)`; 0 where it is no such."""
    if name in site.scope.filled:
        subscripts = (node for node in site.source.nodes if isinstance(node, ast.Subscript))
        stored = (one for one in subscripts if isinstance(one.ctx, ast.Store) and copied(one.value) == name)
        return min((one.lineno for one in stored), default=0)
    bound = [binding.value for binding in site.scope.bindings if binding.name == name]
    made = [
        value for value in bound if not (isinstance(value, ast.BinOp) and copied(value.left) == name)
    ]  # `a *= 2`
    if not made or not all(isinstance(one, ast.Call) and all(map(site.count, one.args)) for one in made):
        return 0
    bare = (
        node for node in site.source.nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    )
    return min((node.lineno for node in bare if name in names_in(node)), default=0)


def filling(site: Site, replacements: Sequence[str]) -> Iterator[Change]:
    """A blank of the template, `dW = None` or `Gradients(dW=None)`, filled with a right formula, or with what another
    branch gives to the same names."""
    yield from _as_in_another_branch(site)
    yield from written_in_another_branch(site)
    around = (ast.keyword, ast.Lambda)
    named = (Place(node, COMPUTED) for node in site.nodes() if isinstance(site.parent(node), around))
    several = [Place(site.node.value, COMPUTED)] if _gives_several(site.node) else []
    for place in (*places(site), *named, *several):
        if is_none(place.node):
            fillers = _fillers(site, place)
            for _, text in map(_apart, replacements):
                yield from (change(place.node, made, COMPUTED, 0) for made in _filled(site, fillers, text))


def _gives_several(node: ast.stmt) -> TypeGuard[ast.Assign]:
    """`A, cache = None, None` and `A, cache = None`."""
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple)


def _as_in_another_branch(site: Site) -> Iterator[Change]:
    """`dA, dW, db = None, None, None` → `dA, dW, db = linear_backward(dZ, cache)`, as the function has it elsewhere."""
    if not isinstance(site.node, ast.Assign) or not is_none(site.node.value):
        return
    names = [ast.dump(target) for target in site.node.targets]
    assigned = (
        node for node in site.source.nodes if isinstance(node, ast.Assign) and not is_none(node.value)
    )
    given = (node.value for node in assigned if [ast.dump(target) for target in node.targets] == names)
    yield from (
        change(site.node.value, site.text(value), COMPUTED, 0) for value in islice(given, _MOST_BRANCHES)
    )


def _passes_over(site: Site, node: ast.expr, text: str) -> bool:
    """Whether a formula makes no use of what the student has computed for this very place."""
    made = {
        binding.name for binding in site.scope.bindings if binding.value is not None and not binding.unpacked
    }
    read = {name for name in names_in(node) & made if not site.scope.counting(name)}
    read |= {
        callee(call) for call in ast.walk(node) if isinstance(call, ast.Call) and is_own_call(site, call)
    }
    return any(re.search(rf"\b{re.escape(name)}\b", text) is None for name in read)


def _summed(site: Site, node: ast.expr) -> ast.expr | None:
    """`x` of `np.sum(x, axis=1)`, of `x.sum()` and of `-x.sum()`."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    if not isinstance(node, ast.Call) or callee(node) not in ("sum", "mean", "average", "nansum"):
        return None
    if isinstance(node.func, ast.Attribute) and is_method(site, node):
        return node.func.value
    first = node.args[0] if node.args else None
    return None if isinstance(first, ast.Starred | ast.GeneratorExp) else first


def _left_at_zero(site: Site, place: Place) -> bool:
    """`term = 0`, but not the start of a sum."""
    value = place.node.value if isinstance(place.node, ast.Constant) else None
    if isinstance(value, float):
        return True
    named = place.target is None or isinstance(place.target, ast.Name)
    return named and not _is_sum(site, place) and type(value) is int and value == 0


def _is_sum(site: Site, place: Place) -> bool:
    return isinstance(place.target, ast.Name) and place.target.id in site.scope.sums


@dataclass(frozen=True, slots=True)
class _Filler:
    """How the names of a formula are called at one place, whichever formula it is."""

    parameters: tuple[str, ...]
    visible: tuple[str, ...]
    held: tuple[Mapping[str, str], ...]
    """Names that hold one example of each array, in a loop over elements."""
    position: str


def _fillers(site: Site, place: Place) -> list[_Filler]:
    visible, position = site.visible(place.node), position_of(site, place)
    return [
        _Filler(
            parameters,
            visible,
            tuple(found(site, place, parameters) for found in (elements, flat_elements)),
            position,
        )
        for parameters in _parameters(site, place)
    ]


def _filled(site: Site, fillers: Sequence[_Filler], text: str) -> Iterator[str]:
    """The formula in the student's names, and element by element in a loop over elements; nothing where a
    name has no value there."""
    text = re.sub(r"\bnp\.", f"{site.world.numpy}.", text)
    marks = _PLACEHOLDER.findall(text)
    for filler in fillers:
        names: Mapping[str, str | None] = {mark: _name(site, filler, mark) for mark in marks}
        if None in names.values():
            names = _of_two(site, filler, names)
        if None in names.values():
            continue
        yield _with_names(text, names)
        for held in filter(None, filler.held):
            yield _with_names(text, {mark: held.get(str(name), name) for mark, name in names.items()})
        if filler.position and ".shape" not in text and ".sum(" not in text:
            at = {mark: f"{name}[{filler.position}]" for mark, name in names.items()}
            yield _with_names(text, at)
            # `a = sigmoid(z)` of this very example beside `Y[0, i]`
            handed = {mark for mark, name in names.items() if name in site.scope.parameters}
            if handed and handed != set(names):
                yield _with_names(text, {mark: at[mark] if mark in handed else names[mark] for mark in names})


def _of_two(site: Site, filler: _Filler, names: Mapping[str, str | None]) -> Mapping[str, str | None]:
    """In a helper of two, `loss(p, t)`, a formula of two has its parameters, once in either order."""
    if site.depth == 0 or not len(names) == len(filler.parameters) == 2:
        return names
    return dict(zip(names, filler.parameters, strict=True))


def _with_names(text: str, names: Mapping[str, str | None]) -> str:
    return _PLACEHOLDER.sub(lambda match: str(names[match[1]]), text)


def _name(site: Site, filler: _Filler, mark: str) -> str | None:
    """`{1}`, and `{Y}` where a helper has another name for it, are the parameter at that position; `{Z}` is what a
    helper takes that takes no more."""
    parameters = filler.parameters
    if not mark.isdigit():
        if len(parameters) == 1 and site.depth > 0 and mark not in site.world.parameters:
            return parameters[0]
        if mark in filler.visible or mark not in site.world.parameters:
            return next((name for name in filler.visible if name.lower() == mark.lower()), None)
        mark = str(site.world.parameters.index(mark))
    if int(mark) < len(parameters):
        return parameters[int(mark)]
    known = site.world.parameters[int(mark) : int(mark) + 1]  # a helper of fewer has the same name
    return next((name for name in filler.visible if name in known), None)


def _unpacked(site: Site) -> tuple[str, ...]:
    """`prob` and `target` of `prob, target = self.saved`, in a method that is handed neither."""
    return tuple(b.name for b in site.scope.bindings if b.unpacked and b.line < site.line)[:2]


def _takes_apart(site: Site, own: Sequence[str]) -> bool:
    """Whether a helper of few parameters gets its data out of one of them: `y, t = ctx.saved_tensors`."""
    apart = (
        n for n in site.source.nodes if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Tuple)
    )
    return len(own) < 2 or len(own) == 2 and any(names_in(node.value) & {*own} for node in apart)


def _operands(site: Site) -> frozenset[str]:
    """Names that something is computed of, not only asked for a part or handed on."""
    return frozenset(
        node.id
        for node in site.source.nodes
        if isinstance(node, ast.Name) and isinstance(site.parent(node), ast.BinOp | ast.UnaryOp)
    )


def _parameters(site: Site, place: Place) -> tuple[tuple[str, ...], ...]:
    """The graded function's parameters if they can be read here too, else the helper's own ones: a helper
    of two, such as `loss(y, a)`, may have them in the other order."""
    mine = site.world.parameters
    around = next((node for node in site.around(place.node) if isinstance(node, ast.Lambda)), None)
    own = tuple(arg.arg for arg in around.args.args) if around else site.scope.data_parameters
    if len(own) > 2 and around is None:  # what it fills it does not compute with
        own = tuple(name for name in own if name not in stored_into(site))
    if len(own) > 2 and around is None:
        own = tuple(name for name in own if name in _operands(site))
    if _takes_apart(site, own) and len(unpacked := _unpacked(site)) == 2:
        own = unpacked
    outer = site.scope.outer.data_parameters if site.scope.outer else ()
    if len(own) < 2 == len(outer):
        own = outer  # of `loss(a, y)`, around its own derivative
    helpers = (own, own[::-1]) if len(own) == 2 else (own,)
    if not all(site.scope.knows(name) for name in mine):
        return helpers
    mine_or_parts = (mine, *_with_parts(site, mine))
    return (*mine_or_parts, *helpers) if len(own) == 2 and own != mine else mine_or_parts


def _with_parts(site: Site, mine: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The same with `cache[1]` for `cache`, where the student reads that."""
    for part in parts_of_records(site):
        whole = re.split(r"[.\[]", part, maxsplit=1)[0]
        if whole in mine:
            yield tuple(part if name == whole else name for name in mine)
