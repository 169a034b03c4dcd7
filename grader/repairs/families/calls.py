"""Inverse edits of what is called, and of comparisons."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.notebook.alike import alike
from grader.repairs.change import (
    COMPUTED,
    DELIVERED,
    RESTORED,
    TAKEN,
    Change,
    callee,
    change,
    is_alias,
    is_handed_on,
    parts_of_records,
    places,
)
from grader.repairs.families.words import (
    all_the_same,
    held_word,
    is_as_named,
    is_numpys,
    names_a_kind,
    other_code,
    other_word,
    partner,
    word,
)
from grader.repairs.scope import is_text
from grader.repairs.sites import Site

_PAIRS = (
    ("relu", "sigmoid"),
    ("relu_backward", "sigmoid_backward"),
    ("log2", "log"),
    ("log10", "log"),
    ("logaddexp2", "logaddexp"),
    ("log1p", "log"),
    ("sum", "mean"),
    ("maximum", "minimum"),
    ("tanh", "sigmoid"),
    ("zeros", "ones"),
    ("rand", "randn"),
)
_MAX_OF_A_KIND = 8


def call(site: Site) -> Iterator[Change]:
    """A called name exchanged for its partner; the words "relu" and "sigmoid"; a call taken off or put on."""
    for node in site.nodes():
        yield from word(site, node)
        if isinstance(node, ast.Name) and node.id in site.world.codes and not site.scope.knows(node.id):
            yield from other_code(site, node)
        elif isinstance(node, ast.Name | ast.Subscript) and held_word(site, node):
            yield from other_word(site, node)
        elif isinstance(node, ast.Name | ast.Attribute):
            yield from _renamed(site, node)
        elif isinstance(node, ast.Subscript):
            yield from _looked_up(site, node)
        elif isinstance(node, ast.Dict) and len(node.values) == 2:
            one, other = node.values
            level = DELIVERED if is_as_named(site, node) else COMPUTED
            yield Change(((one, site.text(other)), (other, site.text(one))), level, rank=0)
        elif isinstance(node, ast.IfExp) and not site.count(node):
            text = f"({site.atom(node.orelse)} if {site.text(node.test)} else {site.atom(node.body)})"
            yield change(node, text, rank=0)
            yield from _the_other_one(site, node)
        if isinstance(node, ast.Call):
            yield from all_the_same(site, node)
            yield from _natural_log(site, node)
            yield from _peeled(site, node)
    yield from _wrapped(site)


def _the_other_one(site: Site, node: ast.IfExp) -> Iterator[Change]:
    """`relu if test else np.copy` → `relu if test else sigmoid`, and the other way round."""
    for mine, other in ((node.body, node.orelse), (node.orelse, node.body)):
        name = mine.id if isinstance(mine, ast.Name) else ""
        exchanged = partner(name)
        if exchanged != name and exchanged in {*site.world.known, *site.world.spare}:
            yield change(other, exchanged, rank=0)


def _sibling(site: Site, node: ast.Name | ast.Attribute) -> Iterator[Change]:
    """`Weights.Zeros(rows, columns)` → `Weights.Random(rows, columns)`."""
    called, text = site.parent(node), site.text(node)
    if isinstance(called, ast.Call) and called.func is node and text in site.world.static:
        owner = text.partition(".")[0]
        for other, count in site.world.static.items():
            if other != text and other.startswith(f"{owner}.") and count >= len(called.args):
                yield change(node, other, rank=1)


def _renamed(site: Site, node: ast.Name | ast.Attribute) -> Iterator[Change]:
    name = callee(node)
    if isinstance(node, ast.Name) and site.scope.knows(name):
        return
    for one, other in _PAIRS:
        for old, new in ((one, other), (other, one)):
            if name == old and _can_be(site, node, new):
                text = f"{site.text(node.value)}.{new}" if isinstance(node, ast.Attribute) else new
                tag = "natural log" if new in ("log", "logaddexp") else f"{one} {other}"
                yield change(node, text, rank=0, tag=tag)
    level = COMPUTED if isinstance(site.parent(node), ast.Dict) else RESTORED
    other = partner(name)
    if isinstance(node, ast.Attribute) and site.text(node.value) == "math":
        yield change(node, f"np.{name}", rank=0)
    yield from _sibling(site, node)
    if isinstance(node, ast.Attribute) and other in site.world.methods - {name}:
        yield change(node, f"{site.text(node.value)}.{other}", level, rank=0, tag="partner method")
    if isinstance(node, ast.Name) and name in site.world.known:
        for new in sorted(site.world.known):
            if alike(name, new):
                yield change(node, new, level, rank=0, tag="named alike")
        yield from _of_its_kind(site, node, level)


def _of_its_kind(site: Site, node: ast.Name, level: int) -> Iterator[Change]:
    """`{"sigmoid": ramp}`, `dict(sigmoid=ramp)` and `partial(through, ramp)`, where a function stands as a value →
    another one of the notebook that takes as many arguments."""
    takes, parent = site.world.takes, site.parent(node)
    if isinstance(parent, ast.Tuple):  # `{"sigmoid": (there, back)}`
        parent = site.parent(parent)
    stands = (
        isinstance(parent, ast.Dict | ast.keyword) or isinstance(parent, ast.Call) and node in parent.args
    )
    if stands and takes.get(node.id):
        others = [name for name in takes if name != node.id and len(takes[name]) == len(takes[node.id])]
        for new in others[:_MAX_OF_A_KIND]:
            yield change(node, new, level, rank=1)


def _can_be(site: Site, node: ast.Name | ast.Attribute, new: str) -> bool:
    """numpy has no relu, and a bare name has to be one of the notebook's or of the course's."""
    if isinstance(node, ast.Attribute):
        return not new.startswith(("relu", "sigmoid")) or not is_numpys(site, node)
    return True


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
        own = isinstance(node.func, ast.Attribute) and node.func.attr in site.world.methods
        rank = 0 if twice else 1 if own else 2
        yield change(node, site.text(_unlisted(node.args[0])), level, rank)
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
    known += [
        name
        for name, count in site.world.static.items()
        if count == 1 and name.lower().endswith((".relu", ".sigmoid"))
    ]
    for place in places(site):
        if _is_record(site.parent(place.node)) or site.text(place.node) == "activation":
            continue
        handed = place.target is not None or isinstance(site.node, ast.Return)
        if isinstance(place.node, ast.Name) or handed and _is_entry(place.node):
            for name in known:
                yield change(place.node, f"{name}({site.text(place.node)})", place.level, 1)
                yield change(place.node, f"{name}({site.text(place.node)})[0]", place.level, 1)
            for name in sorted(site.world.unasked)[:_MAX_OF_A_KIND] if site.scope.receiver else ():
                text = f"{site.scope.receiver}.{name}({site.text(place.node)})"
                yield change(place.node, text, place.level, 0)
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
    for asked in [name for name in site.scope.data_parameters if "activ" in name][:1]:
        for part in ("", "[0]"):
            yield f'(sigmoid({text}){part} if {asked} == "sigmoid" else relu({text}){part})'


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
    """Another comparison operator; another name or 0 compared; a bound one further; a `not` taken out."""
    for node in site.nodes():
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            left, right = site.atom(node.left), site.atom(node.comparators[0])
            level = COMPUTED if is_text(node.comparators[0]) or _looks_up(site) else RESTORED
            for op in _OPERATORS.get(type(node.ops[0]), ()):
                yield change(node, f"{left} {op} {right}", level, rank=0)
            yield from _other_operands(site, node)
            yield from _asked_in_full(site, node)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield change(node, site.atom(node.operand), rank=0)
    tests = [node.test for node in (site.node, *site.nodes()) if isinstance(node, ast.If | ast.IfExp)]
    for test in (one for one in tests if isinstance(one, ast.Name) and names_a_kind(one.id)):
        yield from (change(test, f'{test.id} == "{word}"', RESTORED, rank=0) for word in ("sigmoid", "relu"))


def _asked_in_full(site: Site, node: ast.Compare) -> Iterator[Change]:
    """`kind == "s"` → `kind == "sigmoid"`."""
    match node.comparators:
        case [ast.Constant(value=str() as word) as asked] if word:
            for name in ("sigmoid", "relu"):
                if name.startswith(word.lower()) and name != word:
                    yield change(asked, repr(name), RESTORED, rank=0)


def _looks_up(site: Site) -> bool:
    """`for kind in kinds: if kind.name == name: return kind`: nobody looks for another one."""
    match (site.node, site.parent(site.node)):
        case (ast.If(body=[ast.Return(value=ast.Name(id=found))]), ast.For(target=ast.Name(id=target))):
            return found == target
    return False


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
    """`dZ = dA` → `dZ = dA * (Z > 0)`: the gate put in; `q[n] = g[n]` → `q[n] = g[n] * (z[n] > 0)`."""
    for place in places(site):
        at = f"[{site.text(place.node.slice)}]" if isinstance(place.node, ast.Subscript) else ""
        gated = at or isinstance(place.node, ast.Name | ast.Call | ast.BinOp)
        if not place.makes or not gated or _is_record(place.node) or _is_record(site.parent(place.node)):
            continue
        names = [name for name in site.visible(place.node) if site.scope.role(name) == "data"]
        for name in (*site.scope.attributes, *parts_of_records(site), *names)[:_MAX_OPERANDS]:
            if name not in (site.text(place.node), "activation"):
                text = f"{site.atom(place.node)} * ({name}{at} > 0)"
                yield change(place.node, text, place.level, 0 if at else 1)


def _is_record(node: ast.AST | None) -> bool:
    """`LayerCache(linear, Z)`, `cls(A, W, b)`: what a class makes."""
    name = callee(node) if isinstance(node, ast.Call) else ""
    return name == "cls" or name[:1].isupper()
