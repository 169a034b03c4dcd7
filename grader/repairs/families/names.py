"""Inverse edits of names."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from grader.notebook.alike import alike
from grader.repairs.batch_size import batch_sizes
from grader.repairs.change import (
    FORGOTTEN,
    Change,
    call_text,
    callee,
    change,
    copied,
    is_number_like,
    is_own_call,
    parts_of_records,
    places,
)
from grader.repairs.families.buffers import kept, used_in_place
from grader.repairs.families.comments import uncommented
from grader.repairs.families.counters import lengths
from grader.repairs.families.elements import element_of
from grader.repairs.families.entries import forgotten_entries, stored_too
from grader.repairs.families.numbers import neighbour
from grader.repairs.scope import parameter_names
from grader.repairs.sites import Site
from grader.repairs.slice import names_in

_MAX_NAMES = 8
_MAX_ENTRIES = 12
_MAX_IDLE = 3


def name(site: Site) -> Iterator[Change]:
    """A name that is read replaced by another one of the same function; notebook variables first."""
    for node in site.nodes():
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield from _other_name(site, node)
        elif isinstance(node, ast.Attribute) and _is_foreign(site, node):
            yield from _other_attribute(site, node)
        elif isinstance(node, ast.Subscript | ast.Call) and _is_handed_on(site, node):
            yield from _other_argument(site, node)
        elif isinstance(node, ast.Subscript | ast.Call) and node is getattr(site.node, "value", None):
            forgotten = [one for one in site.visible(node) if one not in site.scope.read]
            yield from (change(node, new, rank=0) for new in forgotten[:_MAX_IDLE])
            yield from (change(node, new, rank=1) for new in _entries(site))
    yield from _exchanged_names(site)


def unread(site: Site) -> Iterator[Change]:
    """A name that was computed and is used nowhere, put where another one is read, or added to it; a function
    that is used nowhere, in place of one that it is like, or put around what it takes."""
    for node in site.nodes():
        if isinstance(node, ast.Name) and node.id in site.world.known and not site.scope.knows(node.id):
            for name in (name for name in site.world.spare if _can_be(site, node, name)):
                yield change(node, name, FORGOTTEN, rank=0)
                for word in [word for word in site.scope.data_parameters if "activ" in word][:1]:
                    yield change(node, f'({node.id} if {word} == "sigmoid" else {name})', FORGOTTEN, rank=0)
                    yield change(node, f'({name} if {word} == "sigmoid" else {node.id})', FORGOTTEN, rank=0)
    yield from _put_around(site)
    yield from forgotten_entries(site)
    yield from kept(site)
    yield from used_in_place(site)
    yield from _called_after_all(site)
    yield from uncommented(site)
    yield from _instead_of_constant(site)
    yield from _as_the_parameters(site)
    idle = [name for name in (*site.scope.idle, *_unread_parameters(site)) if name in site.visible(site.node)]
    if not idle:
        return
    yield from stored_too(site, idle)
    for node in site.nodes():
        if isinstance(node, ast.Name) and site.scope.knows(node.id) and site.scope.role(node.id) == "data":
            yield from (change(node, name, FORGOTTEN, rank=0) for name in idle[:_MAX_IDLE])
            if isinstance(
                site.parent(node), ast.BinOp | ast.UnaryOp
            ):  # `part1 / m`, where `part2` is used nowhere
                for name, operator in product(idle[:_MAX_IDLE], "+-"):
                    yield change(node, f"{node.id} {operator} {name}", rank=0)
    for place in places(site):
        if is_number_like(site, place.node):
            text = site.atom(place.node)
            for name in (element_of(site, place, name) for name in idle[:_MAX_IDLE]):
                yield change(place.node, f"{text} + {name}", rank=0)
                yield change(place.node, f"{text} - {name}", rank=0)
                yield change(place.node, f"{text} * {name}", place.put_in, rank=0)
                yield change(place.node, f"{text} / {name}", place.put_in, rank=0)
            for name in _unread_parameters(site):
                yield change(place.node, f"{text} / {name}", FORGOTTEN, rank=0)
                yield change(place.node, f"{text} * ({name} > 0)", FORGOTTEN, rank=0)


def _called_after_all(site: Site) -> Iterator[Change]:
    """`activate = TABLE[kind]`, which is used nowhere, and `return Z` → `return activate(Z)`."""
    chosen = [
        made.name
        for made in site.scope.bindings
        if made.name not in site.scope.read and _may_be_a_function(site, made.value)
    ]
    for place in places(site) if chosen else ():
        if (held := copied(place.node)) and site.scope.role(held) == "data":
            for name in chosen[:_MAX_IDLE]:
                yield change(place.node, f"{name}({site.text(place.node)})", FORGOTTEN, rank=0)


def _may_be_a_function(site: Site, value: ast.expr | None) -> bool:
    """`TABLE[kind]` and what is in it, `relu if … else sigmoid`, `relu`; not `cache[1]` and `X.shape[1]`."""
    asked = isinstance(value, ast.Subscript)
    while isinstance(value, ast.Subscript):
        value = value.value
    if asked:
        return isinstance(value, ast.Name) and value.id not in site.scope.parameters
    return isinstance(value, ast.IfExp | ast.Name)


def _instead_of_constant(site: Site) -> Iterator[Change]:
    """`layer.step(grads, 1)` → `layer.step(grads, rate)`, where rate is read nowhere; `make("relu")` and `α = 1`
    the same."""
    given = [name for name in site.scope.data_parameters if name not in site.scope.read]
    for node in site.nodes() if given else ():
        if (
            isinstance(node, ast.Constant)
            and type(node.value) in (int, float, str)
            and (_is_handed_on(site, node) or _is_given_a_name(site, node))
        ):
            yield from (change(node, name, FORGOTTEN, rank=0) for name in given[:_MAX_IDLE])


def _is_given_a_name(site: Site, node: ast.Constant) -> bool:
    return isinstance(site.node, ast.Assign) and site.node.value is node


def _unread_parameters(site: Site) -> list[str]:
    """What a helper is handed and does not use."""
    given = site.scope.data_parameters if site.depth > 0 else ()
    return [name for name in given if name not in site.scope.read][:_MAX_IDLE]


#: What tests and prints does not compute.
_NO_WORK = ("assert", "check", "plot", "print", "run", "show", "test", "validate")


def _can_be(site: Site, node: ast.Name, other: str) -> bool:
    """Whether another function can be called here: named alike, or with parameters of the same names; of one
    parameter, whatever its name."""
    parent = site.parent(node)
    theirs = site.world.takes.get(other)
    if theirs is not None and _hands_more(parent, node, len(theirs)):
        return False
    if alike(other, node.id):
        return True
    aliased = isinstance(parent, ast.Assign | ast.keyword | ast.Dict)  # `dict(sigmoid=hinge, relu=hinge)`
    called = isinstance(parent, ast.Call) and parent.func is node and not parent.keywords
    if not (aliased or called) or other.lower().lstrip("_").startswith(_NO_WORK):
        return False
    mine = site.world.takes.get(node.id)
    if mine is None or theirs is None:
        return False
    return mine == theirs or (len(mine) < 2 and len(theirs) < 2)


def _hands_more(parent: ast.AST | None, called: ast.Name, most: int) -> bool:
    """Whether a call hands its function more than so many arguments, by position alone."""
    if not isinstance(parent, ast.Call) or parent.func is not called or parent.keywords:
        return False
    return len(parent.args) > most


def _put_around(site: Site) -> Iterator[Change]:
    """`A = Z` → `A = activate(Z=Z, activation=activation)`, with a function that nothing uses."""
    idle = site.scope.idle[:_MAX_IDLE]
    for place in places(site) if site.world.spare else ():
        if not isinstance(place.node, ast.Name):
            continue
        here = site.visible(place.node)
        for name in site.world.spare:
            parameters = site.world.takes.get(name, ())
            if place.node.id not in parameters:
                continue
            for other in ("", *idle):
                given = {one: other or one for one in parameters} | {place.node.id: place.node.id}
                if all(one in here for one in given.values()):
                    text = ", ".join(f"{one}={value}" for one, value in given.items())
                    yield change(place.node, f"{name}({text})", FORGOTTEN, rank=0)


def outside(site: Site) -> Iterator[Change]:
    """What is read of the notebook, and not of the function, replaced by a name of the function's own. A constant
    for a word (`SIGMOID = "sigmoid"`) is no variable that something was left in."""
    for node in site.nodes():
        if site.text(node) in site.world.words or _is_called(site, node):
            continue
        if isinstance(node, ast.Attribute) and _is_foreign(site, node):
            # A class's attribute that something is compared with is a word: `kind is Act.SIGMOID`.
            if not isinstance(site.parent(node), ast.Compare):
                yield from _other_attribute(site, node)
        elif isinstance(node, ast.Subscript) and _is_foreign_entry(site, node):
            yield from _instead(site, node, (*site.visible(node)[:_MAX_NAMES], *_sizes(site, node)))
        elif isinstance(node, ast.BinOp | ast.Call) and _is_foreign_count(site, node):
            yield from _instead(site, node, lengths(site, node))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and not _is_mine(site, node):
            yield from _other_name(site, node)
            yield from _namesake(site, node)
            if not _is_plain(site, node.id):
                yield from _instead(site, node, _sizes(site, node))


def _instead(site: Site, node: ast.expr, texts: Iterable[str]) -> Iterator[Change]:
    yield from (change(node, text, rank=0, tag=f"{site.text(node)} is {text}") for text in texts)


def _sizes(site: Site, node: ast.expr) -> tuple[str, ...]:
    """Numbers of examples and of layers, by what is at hand."""
    return (*batch_sizes(site.scope, node, site.visible(node)), *lengths(site, node))


def _namesake(site: Site, node: ast.Name) -> Iterator[Change]:
    """`t_W` → `W`; with `t_b` beside it, both at once."""
    ends = [name for name in site.visible(node) if node.id.lower().endswith(name.lower()) and name != node.id]
    if ends and not _is_plain(site, node.id):
        yield change(node, max(ends, key=len), rank=0, tag="namesake")


def _other_name(site: Site, node: ast.Name) -> Iterator[Change]:
    if _is_called(site, node) or _is_plain(site, node.id) or node.id == site.scope.receiver:
        return
    strange, handed = not _is_mine(site, node), _is_handed_on(site, node)
    renamed = node is getattr(site.node, "value", None)
    mine = site.scope.role(node.id)
    others = [n for n in site.visible(node) if n != node.id]
    if strange:  # `A_test` for `A_prev` before all others, numbers last
        others.sort(key=lambda n: (n[:1] != node.id[:1], site.scope.role(n) == "count"))
    alike = [n for n in others if strange or site.scope.role(n) == mine]
    old = "appended" if callee(site.parent(node) or node) == "append" else node.id
    for number, new in enumerate(alike[:_MAX_NAMES]):
        rank = 0 if strange else number // 6 if handed or renamed else 1 + number // 4
        yield change(node, new, rank=rank, tag=f"{old} is {new}")
    if isinstance(site.parent(node), ast.Compare) and mine == "data":
        yield from (
            change(node, new, rank=0) for new in parts_of_records(site) if not new.startswith(node.id)
        )
    if handed or strange:
        for new in (*site.scope.attributes, *_entries(site), *_first_results(site, node)):
            yield change(node, new, rank=0)
    elif mine == "data" and renamed:
        yield from (change(node, new, rank=1) for new in _first_results(site, node))
        yield from (change(node, new, rank=0) for new in _entries(site))


def _first_results(site: Site, node: ast.AST) -> list[str]:
    """`gradients[0]`, where a helper's results are kept under one name, or a state is asked by position."""
    asked = {
        inner.value.id
        for inner in site.source.nodes
        if isinstance(inner, ast.Subscript)
        and isinstance(inner.value, ast.Name)
        and isinstance(inner.slice, ast.Constant)
        and inner.slice.value in (0, 1)
    }
    handed = {arg.arg for one in site.around(node) if isinstance(one, ast.Lambda) for arg in one.args.args}
    results = (
        name
        for name in site.visible(node)
        if name in asked | handed or any(_is_result(site, value) for value in site.scope.values.get(name, ()))
    )
    return [f"{name}[0]" for name in results][:2]


def _is_result(site: Site, value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and is_own_call(site, value)


def _is_handed_on(site: Site, node: ast.expr) -> bool:
    """An argument of a function of the student's own or of the course."""
    parent = site.parent(node)
    if isinstance(parent, ast.keyword):
        parent = site.parent(parent)
    return isinstance(parent, ast.Call) and is_own_call(site, parent)


def _is_mine(site: Site, node: ast.Name) -> bool:
    """Whether a name is the function's own, or of a lambda or a comprehension around it."""
    return site.scope.knows(node.id) or node.id in site.introduced(node)


def _is_plain(site: Site, word: str) -> bool:
    """A function, a module, a built-in: not data."""
    return not site.scope.knows(word) and (word in site.world.known or hasattr(builtins, word))


def _entries(site: Site) -> list[str]:
    """Where this function stores, and one layer on and back: `grads["dA" + str(l + 1)]`."""
    here = {*site.visible(site.node), "str"}
    texts = [text for text in site.scope.entries if names_in(ast.parse(text)) <= here]
    moved = (neighbour(text, step) for step in (1, -1) for text in texts)
    return list(dict.fromkeys((*texts, *moved)))[:_MAX_ENTRIES]


def _is_called(site: Site, node: ast.expr) -> bool:
    """`f` of `f(x)`, and both `T` and `T[kind]` of `T[kind](x)`."""
    parent = site.parent(node)
    asked = isinstance(parent, ast.Subscript) and parent.value is node and _is_called(site, parent)
    return asked or getattr(parent, "func", None) is node


def _is_foreign(site: Site, node: ast.Attribute) -> bool:
    """`Config.rate`: an attribute of something that is neither local nor a module."""
    root = node.value
    if _is_called(site, node):
        return False
    return isinstance(root, ast.Name) and not _is_mine(site, root) and root.id != site.world.numpy


def _is_foreign_entry(site: Site, node: ast.Subscript) -> bool:
    """`settings["m"]`, `parameters["b1"][0]`, `X_test.shape[1]`: an entry, or a size, of a variable of the notebook."""
    root: ast.expr = node
    while isinstance(root, ast.Subscript) or isinstance(root, ast.Attribute) and root.attr == "shape":
        root = root.value
    return isinstance(root, ast.Name) and not _is_mine(site, root) and not _is_plain(site, root.id)


def _is_foreign_count(site: Site, node: ast.expr) -> bool:
    """`len(layer_dims)`, `len(layer_dims) - 1`, of a variable of the notebook."""
    read = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name) and inner.id != "len"]
    outer = all(not _is_mine(site, inner) and not _is_plain(site, inner.id) for inner in read)
    return bool(read) and outer and site.count(node)


def _other_attribute(site: Site, node: ast.Attribute) -> Iterator[Change]:
    for new in (*site.scope.attributes, *site.visible(node)[:_MAX_NAMES]):
        yield change(node, new, rank=0)


def _other_argument(site: Site, node: ast.expr) -> Iterator[Change]:
    """`grads[…]`, or a whole call, handed to a function: a name or another entry instead."""
    mine = [n for n in site.visible(node) if site.scope.role(n) in ("data", "text")]
    parts = [f"{n}[0]" for n in site.introduced(node)]  # a scan hands on several things in one
    for new in (*mine[:6], *parts, *_entries(site)):
        yield change(node, new, rank=1, tag=f"{site.text(node)} is {new}")


def _exchanged_names(site: Site) -> Iterator[Change]:
    """Two names exchanged throughout the statement: `A * log(Y)` for `Y * log(A)`."""
    read = [n for n in site.nodes() if isinstance(n, ast.Name) and site.scope.knows(n.id)]
    read = [] if any(_is_as_named(site, node) for node in read) else read
    words = list(dict.fromkeys(node.id for node in read))[:5]
    for at, one in enumerate(words):
        for other in words[at + 1 :]:
            if site.scope.role(one) != site.scope.role(other):
                continue
            pairs = {one: other, other: one}
            edits = tuple((node, pairs[node.id]) for node in read if node.id in pairs)
            yield Change(edits, rank=1, tag=f"{one} and {other}" if one < other else f"{other} and {one}")


def _is_as_named(site: Site, node: ast.Name) -> bool:
    """`loss(AL=AL, Y=Y)`: nobody exchanges such."""
    parent = site.parent(node)
    return isinstance(parent, ast.keyword) and parent.arg == node.id


def _as_the_parameters(site: Site) -> Iterator[Change]:
    """`loss(Y, AL)` → `loss(AL, Y)`, where the function is `loss(a, y)`."""
    for node in site.nodes():
        match node:  # `map(loss, Y.flat, AL.flat)`
            case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id=name) as mapped, one, other]):
                texts, named = [site.text(one), site.text(other)], site.world.takes.get(name, ())
                if _fit(named, texts[::-1]) > _fit(named, texts):
                    yield change(node, call_text(site, node, [mapped.id, *texts[::-1]]), FORGOTTEN, rank=0)
        if isinstance(node, ast.Call) and len(node.args) == 2 and (parameters := _taken(site, node)):
            texts = [site.text(argument) for argument in node.args]
            if _fit(parameters, texts[::-1]) > _fit(parameters, texts):
                yield change(node, call_text(site, node, texts[::-1]), FORGOTTEN, rank=0)


def _taken(site: Site, node: ast.Call) -> Sequence[str]:
    """The parameters of a called function of the notebook, or of one that is defined inside this one."""
    inner = (
        one for one in site.source.nodes if isinstance(one, ast.FunctionDef) and one.name == callee(node)
    )
    return site.world.takes.get(callee(node)) or next((parameter_names(one) for one in inner), ())


def _fit(parameters: Sequence[str], texts: Sequence[str]) -> int:
    """How many arguments begin as the parameter does that they are for: `loss(a, y)` of AL and Y."""
    return sum(text[:1].lower() == name[:1].lower() for text, name in zip(texts, parameters, strict=False))
