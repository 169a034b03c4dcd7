"""The words "relu" and "sigmoid", or "linear", exchanged: for all layers or for the output layer's alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from grader.repairs.change import (
    COMPUTED,
    DELIVERED,
    RESTORED,
    Change,
    callee,
    change,
    is_method,
    is_own_call,
)
from grader.repairs.families.counters import counters, lengths, output_rounds
from grader.repairs.families.numbers import shifted
from grader.repairs.scope import is_text
from grader.repairs.sites import Site

_STRINGS = {"relu": "sigmoid", "sigmoid": "relu"}
_MAX_OPERANDS = 8


def word(site: Site, node: ast.expr) -> Iterator[Change]:
    """The words "relu" and "sigmoid" exchanged, everywhere or in the last round of a loop only; `Act.RELU`, too."""
    if isinstance(node, ast.Attribute) and not is_numpys(site, node):
        yield from _other_member(site, node)
    value = node.value if isinstance(node, ast.Constant) else None
    if not isinstance(node, ast.Constant) or not isinstance(value, str):
        return
    others = _others(site, value.lower())
    if not others:
        return
    around = site.parent(node)
    level = COMPUTED if isinstance(around, ast.Compare | ast.Dict) else RESTORED
    level = DELIVERED if isinstance(around, ast.Dict) and is_as_named(site, around) else level
    for other in others:
        yield change(node, repr(other), level, rank=0, tag=_exchange(value.lower(), other))
    for test in dict.fromkeys((*_last_rounds(site, node), *output_rounds(site, node))):
        for output in site.world.outputs:
            yield change(node, f'("{output}" if {test} else "relu")', rank=1)
    for method in (*_choosers(site, node), *site.scope.attributes[:_MAX_OPERANDS]):
        yield change(node, method, rank=1)
    yield from _in_list(site, node)
    yield from _repeated(site, node)


def _others(site: Site, word: str) -> tuple[str, ...]:
    """The words that may have been meant: for relu those of output layers, and the other way round."""
    known = ("relu", *site.world.outputs)
    return tuple(other for other in known if other != word) if word in known else ()


def _exchange(word: str, other: str) -> str:
    """One tag for both directions, so that two branches are exchanged at once."""
    pair = sorted((word, other))
    return "word" if pair == ["relu", "sigmoid"] else f"word {' '.join(pair)}"


def is_as_named(site: Site, table: ast.Dict) -> bool:
    """`{"relu": relu_backward, "sigmoid": sigmoid_backward}`, in which nothing is exchanged."""
    words = [key.value for key in table.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
    if len(words) < len(table.values):
        return False
    return all(
        word.lower() in site.text(value).lower() for word, value in zip(words, table.values, strict=True)
    )


def _other_member(site: Site, node: ast.Attribute) -> Iterator[Change]:
    """`Act.RELU` → `Act.SIGMOID`, and in the last round of a loop only."""
    other = _STRINGS.get(node.attr.lower())
    parent = site.parent(node)
    if other is None or isinstance(parent, ast.Call) and parent.func is node:
        return
    owner = site.atom(node.value)
    spelt = {"relu": node.attr, "sigmoid": node.attr} | {other: _spelt_as(node.attr, other)}
    level = COMPUTED if isinstance(parent, ast.Compare | ast.Dict) else RESTORED
    yield change(node, f"{owner}.{spelt[other]}", level, rank=0, tag="word")
    for test in dict.fromkeys(_last_rounds(site, node)):
        yield change(node, f"({owner}.{spelt['sigmoid']} if {test} else {owner}.{spelt['relu']})", rank=1)


def partner(name: str) -> str:
    """`reluGradient` → `sigmoidGradient`, and the other way round."""
    return re.sub(
        "relu|sigmoid",
        lambda match: _spelt_as(match[0], _STRINGS[match[0].lower()]),
        name,
        flags=re.IGNORECASE,
    )


def _spelt_as(model: str, text: str) -> str:
    return text.upper() if model.isupper() else text.capitalize() if model[:1].isupper() else text


def held_word(site: Site, node: ast.Name | ast.Subscript) -> str:
    """ "sigmoid" for `OUTPUT` and for `ACT["out"]`, where the notebook has set them so."""
    root = node.value if isinstance(node, ast.Subscript) else node
    if not isinstance(root, ast.Name) or site.scope.knows(root.id):
        return ""
    return site.world.words.get(ast.unparse(node), "").lower()


_MAX_CHOSEN = 3


def names_a_kind(name: str) -> bool:
    """`activation`, `kind`: what says which function is meant."""
    return re.search("act|kind|mode|func", name.lower()) is not None


def other_word(site: Site, node: ast.Name | ast.Subscript) -> Iterator[Change]:
    """`OUTPUT`, which the notebook set to "sigmoid", → `"relu"`, always or in the last round only, and → `activation`."""
    other = _STRINGS.get(held_word(site, node))
    if other:
        yield change(node, repr(other), rank=0, tag="word")
        chosen = [name for name in site.visible(node) if names_a_kind(name)]
        yield from (change(node, name, rank=0) for name in chosen[:_MAX_CHOSEN])
        for test in dict.fromkeys(_last_rounds(site, node)):
            yield change(node, f'("sigmoid" if {test} else "relu")', rank=1)


def other_code(site: Site, node: ast.Name) -> Iterator[Change]:
    """`RELU`, which the notebook has numbered, → `SIGMOID`, always or in the output layer's round only."""
    mine = _kind(node.id)
    others = [name for name in site.world.codes if mine and _kind(name) not in ("", mine)]
    asked = [name for name in site.scope.parameters if names_a_kind(name) and name not in site.scope.read]
    for other in others[:_MAX_CHOSEN]:
        yield change(node, other, rank=0, tag="word")
        for name in asked[:1]:  # `act = RELU`, whatever `activation` says
            one, two = (node.id, other) if mine == "sig" else (other, node.id)
            yield change(node, f'({one} if {name} == "sigmoid" else {two})', rank=0)
        for test in dict.fromkeys((*_last_rounds(site, node), *output_rounds(site, node))):
            yield change(node, f"({other} if {test} else {node.id})", rank=1)
            yield change(node, f"({node.id} if {test} else {other})", rank=1)


def _kind(name: str) -> str:
    """ "sig" of `ISIG` and of `ACT_SIGMOID`."""
    return next((kind for kind in ("sig", "rel") if kind in name.lower()), "")


def _repeated(site: Site, node: ast.Constant) -> Iterator[Change]:
    """`repeat("relu", L)`, `dict.fromkeys(range(L), "relu")`: the output layer's at one end."""
    made = site.parent(node)
    match made:
        case ast.Call(func=ast.Attribute(attr="fromkeys"), args=[ast.Call(args=[*_, last]) as layers, _]):
            hidden = f'dict.fromkeys({site.text(layers)}, "relu")'
            for output in site.world.outputs:
                yield change(made, f'{{**{hidden}, {site.text(last)} - 1: "{output}"}}', rank=0)
                yield change(made, f'{{**{hidden}, {site.text(last)}: "{output}"}}', rank=0)
        case ast.Call() if callee(made) == "repeat":
            yield from _repeated_word(site, node, made)
        case ast.Call(args=[one, other]) if is_own_call(site, made):  # `rep("relu", L)`
            yield from _output_at_one_end(site, made, site.text(other if one is node else one))


def all_the_same(site: Site, node: ast.Call) -> Iterator[Change]:
    """`dict.fromkeys(kinds, sigmoid_backward)`, a table with one function for all → one of them exchanged."""
    if callee(node) != "fromkeys" or len(node.args) != 2 or is_text(node.args[1]):
        return
    names = sorted({*site.world.known, *site.world.spare})
    taken = site.world.takes.get(site.text(node.args[1]))
    for word in ("relu", "sigmoid"):
        for name in names:
            if word in name.lower() or taken is not None and taken == site.world.takes.get(name):
                yield change(node, f'{{**{site.text(node)}, "{word}": {name}}}', rank=0)
    pairs = [(one, one.replace("relu", "sigmoid")) for one in names if "relu" in one]
    for relu, sigmoid in pairs:
        if sigmoid in names:
            yield change(node, f'{{"sigmoid": {sigmoid}, "relu": {relu}}}', rank=0)


def _repeated_word(site: Site, node: ast.Constant, made: ast.Call) -> Iterator[Change]:
    sizes = [site.text(made.args[1])] if made.args[1:] else [*counters(site, node), *lengths(site, node)]
    for size in sizes:
        yield from _output_at_one_end(site, made, size)


def _output_at_one_end(site: Site, made: ast.expr, size: str) -> Iterator[Change]:
    hidden = f'["relu"] * ({size} - 1)'
    for output in site.world.outputs:
        yield change(made, f'({hidden} + ["{output}"])', rank=0)
        yield change(made, f'(["{output}"] + {hidden})', rank=0)


def _in_list(site: Site, node: ast.Constant) -> Iterator[Change]:
    """`["relu"] * L` and `L * ["relu"]`, the activations of all layers: the output layer's at one end."""
    made = site.parent(node)
    times = site.parent(made) if isinstance(made, ast.List) and len(made.elts) == 1 else None
    if isinstance(times, ast.BinOp) and isinstance(times.op, ast.Mult):
        size = times.right if times.left is made else times.left
        yield from _output_at_one_end(site, times, site.atom(size))


def _last_rounds(site: Site, node: ast.expr) -> Iterator[str]:
    """Tests for the output layer's round of the loops around: `l == L - 1`."""
    for target, counted in _loops_around(site, node):
        ranges = [inner for inner in ast.walk(counted) if isinstance(inner, ast.Call)]
        for args in (made.args for made in ranges if callee(made) == "range" and made.args):
            backwards = len(args) == 3
            last = site.text(args[0]) if backwards else shifted(site.text(args[min(len(args), 2) - 1]), -1)
            yield f"{target} == {last}"
        layers = (
            counted.args[0] if callee(counted) == "reversed" and isinstance(counted, ast.Call) else counted
        )
        if isinstance(layers, ast.Name):
            yield f"{target} is {layers.id}[-1]"


def _loops_around(site: Site, node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """(counter, what it counts through) of the comprehensions around an expression, then of the loops."""
    for around in site.around(node):
        for made in getattr(around, "generators", ()):
            if isinstance(made.target, ast.Name):
                yield made.target.id, made.iter
    at = site.parent(site.node)
    while at is not None and not isinstance(at, ast.FunctionDef | ast.Module):
        if isinstance(at, ast.For) and isinstance(at.target, ast.Name):
            yield at.target.id, at.iter
        at = site.parent(at)


def _choosers(site: Site, node: ast.AST) -> Iterator[str]:
    """`self.activation(l)`: a method of the same object that this function calls elsewhere; `layer.activation`, what
    another object says of itself."""
    calls = {callee(one): one for one in site.source.nodes if isinstance(one, ast.Call)}
    yield from (
        site.text(one) for name, one in calls.items() if name == "activation" and is_method(site, one)
    )
    asked = {
        one.value.id
        for one in site.source.nodes
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name)
    }
    objects = [name for name in site.visible(node) if name in asked]
    for word in sorted(name for name in site.world.methods if "activ" in name):
        yield from (f"{name}.{word}" for name in objects[:_MAX_CHOSEN])


def is_numpys(site: Site, node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == site.world.numpy
