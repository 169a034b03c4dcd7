"""Inverse edits of what is called, and of comparisons."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from grader.notebook.alike import alike
from grader.repairs.change import (
    COMPUTED,
    RESTORED,
    TAKEN,
    Change,
    callee,
    change,
    is_alias,
    is_handed_on,
    is_method,
    parts_of_records,
    places,
)
from grader.repairs.families.counters import LENGTHS, counters, output_rounds
from grader.repairs.families.numbers import shifted
from grader.repairs.scope import is_text
from grader.repairs.sites import Site

_PAIRS = (
    ("relu", "sigmoid"),
    ("relu_backward", "sigmoid_backward"),
    ("log2", "log"),
    ("log10", "log"),
    ("log1p", "log"),
    ("sum", "mean"),
    ("maximum", "minimum"),
    ("tanh", "sigmoid"),
    ("zeros", "ones"),
    ("rand", "randn"),
)
_STRINGS = {"relu": "sigmoid", "sigmoid": "relu"}


def call(site: Site) -> Iterator[Change]:
    """A called name exchanged for its partner; the words "relu" and "sigmoid"; a call taken off or put on."""
    for node in site.nodes():
        yield from word(site, node)
        if isinstance(node, ast.Name | ast.Subscript) and _held_word(site, node):
            yield from other_word(site, node)
        elif isinstance(node, ast.Name | ast.Attribute):
            yield from _renamed(site, node)
        elif isinstance(node, ast.Subscript):
            yield from _looked_up(site, node)
        elif isinstance(node, ast.IfExp) and not site.count(node):
            text = f"({site.atom(node.orelse)} if {site.text(node.test)} else {site.atom(node.body)})"
            yield change(node, text, rank=0)
            yield from _the_other_one(site, node)
        if isinstance(node, ast.Call):
            yield from _all_the_same(site, node)
            yield from _natural_log(site, node)
            yield from _peeled(site, node)
    yield from _wrapped(site)


def _the_other_one(site: Site, node: ast.IfExp) -> Iterator[Change]:
    """`relu if test else np.copy` → `relu if test else sigmoid`, and the other way round."""
    for mine, other in ((node.body, node.orelse), (node.orelse, node.body)):
        name = mine.id if isinstance(mine, ast.Name) else ""
        partner = name.replace("relu", "\0").replace("sigmoid", "relu").replace("\0", "sigmoid")
        if partner != name and partner in {*site.world.known, *site.world.spare}:
            yield change(other, partner, rank=0)


def word(site: Site, node: ast.expr) -> Iterator[Change]:
    """The words "relu" and "sigmoid" exchanged, everywhere or in the last round of a loop only; `Act.RELU`, too."""
    if isinstance(node, ast.Attribute) and not _numpys(site, node):
        yield from _other_member(site, node)
    value = node.value if isinstance(node, ast.Constant) else None
    other = _STRINGS.get(value.lower()) if isinstance(value, str) else None
    if not other or not isinstance(node, ast.Constant):
        return
    asked = isinstance(site.parent(node), ast.Compare | ast.Dict)
    yield change(node, repr(other), COMPUTED if asked else RESTORED, rank=0, tag="word")
    for test in dict.fromkeys((*_last_rounds(site, node), *output_rounds(site, node))):
        yield change(node, f'("sigmoid" if {test} else "relu")', rank=1)
    for method in (*_choosers(site), *site.scope.attributes[:_MAX_OPERANDS]):
        yield change(node, method, rank=1)
    yield from _in_list(site, node)
    yield from _repeated(site, node)


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


def _spelt_as(model: str, text: str) -> str:
    return text.upper() if model.isupper() else text.capitalize() if model[:1].isupper() else text


def _held_word(site: Site, node: ast.Name | ast.Subscript) -> str:
    """ "sigmoid" for `OUTPUT` and for `ACT["out"]`, where the notebook has set them so."""
    root = node.value if isinstance(node, ast.Subscript) else node
    if not isinstance(root, ast.Name) or site.scope.knows(root.id):
        return ""
    return site.world.words.get(ast.unparse(node), "").lower()


_MAX_CHOSEN = 3


def other_word(site: Site, node: ast.Name | ast.Subscript) -> Iterator[Change]:
    """`OUTPUT`, which the notebook set to "sigmoid", → `"relu"`, always or in the last round only, and → `activation`."""
    other = _STRINGS.get(_held_word(site, node))
    if other:
        yield change(node, repr(other), rank=0, tag="word")
        chosen = [name for name in site.visible(node) if re.search("act|kind|mode|func", name.lower())]
        yield from (change(node, name, rank=0) for name in chosen[:_MAX_CHOSEN])
        for test in dict.fromkeys(_last_rounds(site, node)):
            yield change(node, f'("sigmoid" if {test} else "relu")', rank=1)


def _repeated(site: Site, node: ast.Constant) -> Iterator[Change]:
    """`repeat("relu", L)`, `dict.fromkeys(range(L), "relu")`: the output layer's at one end."""
    made = site.parent(node)
    match made:
        case ast.Call(func=ast.Attribute(attr="fromkeys"), args=[ast.Call(args=[*_, last]) as layers, _]):
            hidden = f'dict.fromkeys({site.text(layers)}, "relu")'
            yield change(made, f'{{**{hidden}, {site.text(last)} - 1: "sigmoid"}}', rank=0)
            yield change(made, f'{{**{hidden}, {site.text(last)}: "sigmoid"}}', rank=0)
        case ast.Call() if callee(made) == "repeat":
            yield from _repeated_word(site, node, made)


def _all_the_same(site: Site, node: ast.Call) -> Iterator[Change]:
    """`dict.fromkeys(kinds, sigmoid_backward)`, a table with one function for all → one of them exchanged."""
    if callee(node) != "fromkeys" or len(node.args) != 2 or is_text(node.args[1]):
        return
    names = sorted({*site.world.known, *site.world.spare})
    for word in ("relu", "sigmoid"):
        for name in (name for name in names if word in name.lower()):
            yield change(node, f'{{**{site.text(node)}, "{word}": {name}}}', rank=0)
    pairs = [(one, one.replace("relu", "sigmoid")) for one in names if "relu" in one]
    for relu, sigmoid in pairs:
        if sigmoid in names:
            yield change(node, f'{{"sigmoid": {sigmoid}, "relu": {relu}}}', rank=0)


def _repeated_word(site: Site, node: ast.Constant, made: ast.Call) -> Iterator[Change]:
    sizes = [site.text(made.args[1])] if made.args[1:] else [*counters(site, node), *_lengths(site, node)]
    for size in sizes:
        yield from _output_at_one_end(made, size)


def _output_at_one_end(made: ast.expr, size: str) -> Iterator[Change]:
    hidden = f'["relu"] * ({size} - 1)'
    yield change(made, f'({hidden} + ["sigmoid"])', rank=0)
    yield change(made, f'(["sigmoid"] + {hidden})', rank=0)


def _lengths(site: Site, node: ast.AST) -> list[str]:
    return [text for name, text in LENGTHS.items() if name in site.visible(node)]


def _in_list(site: Site, node: ast.Constant) -> Iterator[Change]:
    """`["relu"] * L` and `L * ["relu"]`, the activations of all layers: the output layer's at one end."""
    made = site.parent(node)
    times = site.parent(made) if isinstance(made, ast.List) and len(made.elts) == 1 else None
    if isinstance(times, ast.BinOp) and isinstance(times.op, ast.Mult):
        size = times.right if times.left is made else times.left
        yield from _output_at_one_end(times, site.atom(size))


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


def _choosers(site: Site) -> list[str]:
    """`self.activation(l)`: a method of the same object that this function calls elsewhere."""
    names = {callee(node): node for node in site.source.nodes if isinstance(node, ast.Call)}
    return [site.text(node) for name, node in names.items() if "activation" == name and is_method(site, node)]


def _renamed(site: Site, node: ast.Name | ast.Attribute) -> Iterator[Change]:
    name = callee(node)
    if isinstance(node, ast.Name) and site.scope.knows(name):
        return
    for one, other in _PAIRS:
        for old, new in ((one, other), (other, one)):
            if name == old and _can_be(site, node, new):
                text = f"{site.text(node.value)}.{new}" if isinstance(node, ast.Attribute) else new
                yield change(node, text, rank=0, tag=f"{one} {other}")
    if isinstance(node, ast.Name) and name in site.world.known:
        level = COMPUTED if isinstance(site.parent(node), ast.Dict) else RESTORED
        for new in sorted(site.world.known):
            if alike(name, new):
                yield change(node, new, level, rank=0, tag="named alike")


def _can_be(site: Site, node: ast.Name | ast.Attribute, new: str) -> bool:
    """numpy has no relu, and a bare name has to be one of the notebook's or of the course's."""
    if isinstance(node, ast.Attribute):
        return not new.startswith(("relu", "sigmoid")) or not _numpys(site, node)
    return True


def _numpys(site: Site, node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == site.world.numpy


def _looked_up(site: Site, node: ast.Subscript) -> Iterator[Change]:
    """`ACTIVATIONS["relu" if … else …]` → `ACTIVATIONS[activation]`."""
    if isinstance(node.slice, ast.IfExp | ast.Constant) and isinstance(node.value, ast.Name):
        texts = [name for name in (*site.scope.attributes, *site.scope.parameters) if "activ" in name]
        match node.slice:
            case ast.IfExp(test=ast.Compare(left=asked, comparators=[ast.Constant(value=str())])):
                texts.append(site.text(asked))
        for text in dict.fromkeys(texts):
            yield change(node.slice, text, rank=0)


def _natural_log(site: Site, node: ast.Call) -> Iterator[Change]:
    """`np.log(x) / np.log(2)` → `np.log(x)`."""
    parent = site.parent(node)
    if callee(node) == "log" and isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Div):
        named = node.args and isinstance(node.args[0], ast.Constant)
        if named and parent.right is node:
            yield change(parent, site.atom(parent.left), rank=0, tag="natural log")


def _peeled(site: Site, node: ast.Call) -> Iterator[Change]:
    """`f(x)` → `x`, the activation taken off."""
    if len(node.args) != 1 or node.keywords or callee(node) in ("len", "range", "str", "append"):
        return
    if not isinstance(node.args[0], ast.Starred | ast.GeneratorExp | ast.Constant):
        twice = isinstance(node.args[0], ast.Call) and callee(node.args[0]) == callee(node)
        level = TAKEN if is_handed_on(site, node) else RESTORED
        yield change(node, site.text(_unlisted(node.args[0])), level, rank=0 if twice else 2)
        parent = site.parent(node)
        if isinstance(parent, ast.Subscript) and parent.value is node:
            yield change(parent, site.text(node.args[0]), rank=0)


def _unlisted(node: ast.expr) -> ast.expr:
    """`x` of `[[x]]`."""
    while isinstance(node, ast.List) and len(node.elts) == 1:
        node = node.elts[0]
    return node


def _wrapped(site: Site) -> Iterator[Change]:
    """`A = Z` → `A = sigmoid(Z)`: what two-valued activations return is told from a lone value by trying."""
    known = [name for name in ("relu", "sigmoid") if name in site.world.known or not site.scope.knows(name)]
    for place in places(site):
        if isinstance(place.node, ast.Name) or place.target is not None and _is_entry(place.node):
            for name in known:
                yield change(place.node, f"{name}({site.text(place.node)})", place.level, 1)
                yield change(place.node, f"{name}({site.text(place.node)})[0]", place.level, 1)
            for name in _unused_results(site):
                yield change(place.node, f"{name}({site.text(place.node)})", place.level, 1)
            for text in _by_word(site, site.text(place.node)) if place.target is not None else ():
                yield change(place.node, text, place.level, 1)
    yield from _wrapped_pair(site, known)
    yield from _chosen_from_table(site)


def _is_entry(node: ast.expr) -> bool:
    """`layer["Z"]`, `self.Z`."""
    return isinstance(node, ast.Subscript | ast.Attribute) and is_alias(node)


def _by_word(site: Site, text: str) -> Iterator[str]:
    """The activation that a parameter names."""
    for word in [name for name in site.scope.data_parameters if "activ" in name][:1]:
        for part in ("", "[0]"):
            yield f'(sigmoid({text}){part} if {word} == "sigmoid" else relu({text}){part})'


def _unused_results(site: Site) -> list[str]:
    """`g = forward_of(kind)`, and g is used nowhere."""
    return [
        name
        for name, values in site.scope.values.items()
        if name not in site.scope.read and any(isinstance(value, ast.Call) for value in values)
    ][:2]


def _wrapped_pair(site: Site, known: list[str]) -> Iterator[Change]:
    """`A, cache = Z, Z` → `A, cache = relu(Z)`; `(Z, Z)` in a branch too."""
    for node in site.nodes():
        if isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.elts[1], ast.Name):
            for name in known:
                yield change(node, f"{name}({site.text(node.elts[1])})", rank=0)
            if isinstance(site.node, ast.Assign) and "activation" in site.visible(node):
                text = site.text(node.elts[1])
                yield change(node, f'sigmoid({text}) if activation == "sigmoid" else relu({text})', rank=0)


def _chosen_from_table(site: Site) -> Iterator[Change]:
    """`A = Z` → `A = ACTIVATIONS[kind](Z)`, with a table of the notebook's."""
    if not site.world.tables:
        return
    words = [name for name in site.scope.attributes if "activ" in name or "kind" in name]
    words += [name for name in site.visible(site.node) if site.scope.role(name) == "text" or "activ" in name]
    for place in places(site):
        if isinstance(place.node, ast.Name):
            text = site.text(place.node)
            for table in site.world.tables:
                for word in words[:3]:
                    yield change(place.node, f"{table}[{word}]({text})", place.level, 1)
                    yield change(place.node, f"{table}[{word}].forward({text})", place.level, 1)
                    yield change(place.node, f"{table}[{word}]({text})[0]", place.level, 2)


_OPERATORS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Gt: (">=", "<", "<="),
    ast.GtE: (">", "<", "<="),
    ast.Lt: ("<=", ">", ">="),
    ast.LtE: ("<", ">", ">="),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
}
_MAX_OPERANDS = 8


def compare(site: Site) -> Iterator[Change]:
    """Another comparison operator; another name or 0 compared; a bound one further."""
    for node in site.nodes():
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            left, right = site.atom(node.left), site.atom(node.comparators[0])
            level = COMPUTED if is_text(node.comparators[0]) else RESTORED
            for op in _OPERATORS.get(type(node.ops[0]), ()):
                yield change(node, f"{left} {op} {right}", level, rank=0)
            yield from _other_operands(site, node)


def _other_operands(site: Site, node: ast.Compare) -> Iterator[Change]:
    right = node.comparators[0]
    if (
        site.count(node.left)
        and site.count(right)
        or isinstance(right, ast.Constant)
        and right.value in (0, 1)
    ):
        for step in ("+ 1", "- 1"):
            yield change(right, f"{site.atom(right)} {step}", rank=1)
    names = [name for name in site.visible(node) if not site.scope.counting(name)]
    for name in (*site.scope.attributes, *names)[:_MAX_OPERANDS]:
        for operand in (node.left, right):
            if isinstance(operand, ast.Name) and operand.id != name:
                yield change(operand, name, rank=1)
    if not (isinstance(right, ast.Constant) and right.value == 0):
        yield change(right, "0", rank=1)


def masks(site: Site) -> Iterator[Change]:
    """`dZ = dA` → `dZ = dA * (Z > 0)`: the gate put in."""
    for place in places(site):
        if place.makes and isinstance(place.node, ast.Name | ast.Call | ast.BinOp):
            parts = (*site.scope.attributes, *parts_of_records(site), *site.visible(place.node))
            for name in parts[:_MAX_OPERANDS]:
                if not site.scope.counting(name) and name != site.text(place.node):
                    yield change(place.node, f"{site.atom(place.node)} * ({name} > 0)", place.level, 1)
