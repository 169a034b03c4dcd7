"""Inverse edits of signs, and of operands dropped or missing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from grader.repairs.change import (
    COMPUTED,
    PASSED,
    RESTORED,
    TAKEN,
    Change,
    Place,
    call_text,
    callee,
    change,
    is_alias,
    is_handed_on,
    is_number_like,
    keyword_texts,
    parts_of_records,
    places,
)
from grader.repairs.sites import Site

_OPPOSITE: dict[type[ast.operator], str] = {ast.Add: "-", ast.Sub: "+"}
_OPPOSITE_CALL = {"add": "subtract", "subtract": "add"}


def sign(site: Site) -> Iterator[Change]:
    """A minus dropped or put in; + and - exchanged; a - b turned round."""
    yield from _augmented(site)
    for node in site.nodes():
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            if not isinstance(node.operand, ast.Constant) or isinstance(
                site.parent(node), ast.BinOp | ast.Call
            ):
                tag = "minus in front" if _stands_in_front(site, node) else ""
                yield change(node, site.atom(node.operand), TAKEN, rank=0, tag=tag)
        elif isinstance(node, ast.BinOp) and not site.count(node):
            yield from _binary(site, node)
        elif isinstance(node, ast.Call) and callee(node) in _OPPOSITE_CALL and len(node.args) == 2:
            yield from _named(site, node)
        elif isinstance(node, ast.Call) and callee(node) == "exp" and len(node.args) == 1:
            yield change(node.args[0], f"-{site.atom(node.args[0])}", rank=0, tag="exponent")
        elif isinstance(node, ast.Call) and callee(node) == "negative" and len(node.args) == 1:
            yield change(node, site.text(node.args[0]), TAKEN, rank=0)
    for place in places(site):
        yield from _negated(site, place)


def _stands_in_front(site: Site, node: ast.expr) -> bool:
    """`-a` of `x = -a * b / m`: a minus of the whole value."""
    around = site.parent(node)
    while isinstance(around, ast.BinOp) and isinstance(around.op, ast.Mult | ast.Div) and around.left is node:
        node, around = around, site.parent(around)
    return around is site.node


def _augmented(site: Site) -> Iterator[Change]:
    node = site.node
    if isinstance(node, ast.AugAssign) and type(node.op) in _OPPOSITE:
        target = site.text(node.target)
        yield change(node, f"{target} {_OPPOSITE[type(node.op)]}= {site.text(node.value)}", rank=0)
        if isinstance(node.op, ast.Sub):
            level = COMPUTED if site.in_loop else RESTORED
            yield change(node, f"{target} = {site.atom(node.value)} - {target}", level, rank=1)


def _binary(site: Site, node: ast.BinOp) -> Iterator[Change]:
    left, right = site.atom(node.left), site.atom(node.right)
    if type(node.op) in _OPPOSITE:
        level = PASSED if isinstance(node.op, ast.Add) and _adds_up(site, node) else RESTORED
        text = f"{_loose(site, node)} {_OPPOSITE[type(node.op)]} {right}"
        yield change(node, text, level, rank=0, tag=f"here {_OPPOSITE[type(node.op)]}")
        if site.parent(node) is site.node:
            yield change(node, text, level, rank=0, tag=f"whole {_OPPOSITE[type(node.op)]}")
        if isinstance(node.op, ast.Sub):
            whole = not _is_term(site, node) and not _is_one(node.left)
            yield change(node, f"{right} - {left}", RESTORED if whole else COMPUTED, rank=0 if whole else 1)
        elif not isinstance(node.left, ast.Name):
            yield change(node, f"-{left} + {right}", COMPUTED, rank=2)
    elif isinstance(node.op, ast.Mult) and left in ("-1", "-1.0", "(-1)"):
        yield change(node, right, rank=0)
    elif isinstance(node.op, ast.Mult | ast.Div) and _takes_minus(site, node):
        yield change(node, f"-{left} {_symbol(node.op)} {right}", COMPUTED, rank=2)


def _is_term(site: Site, node: ast.BinOp) -> bool:
    """Part of a sum, or an argument: turned round, it changes more or less than a sign."""
    around = site.parent(node)
    return isinstance(around, ast.Call) or isinstance(around, ast.BinOp) and type(around.op) in _OPPOSITE


def _is_one(node: ast.expr) -> bool:
    """`1 - Y` is hardly ever written the wrong way round."""
    return isinstance(node, ast.Constant)


def _adds_up(site: Site, node: ast.BinOp) -> bool:
    """`S = S + …` in a loop, with S = 0 before it."""
    names = [part.id for part in (node.left, node.right) if isinstance(part, ast.Name)]
    started = {b.name for b in site.scope.bindings if isinstance(b.value, ast.Constant)}
    return any(name in site.scope.sums and name in started for name in names)


def _loose(site: Site, node: ast.BinOp) -> str:
    """The left side of + and - needs no brackets if it is a sum or a product itself."""
    inner = site.text(node.left)
    return inner if isinstance(node.left, ast.BinOp) and "\n" not in inner else site.atom(node.left)


def _symbol(op: ast.operator) -> str:
    return "*" if isinstance(op, ast.Mult) else "/"


def _takes_minus(site: Site, node: ast.BinOp) -> bool:
    """A product inside a larger expression, without a minus of its own."""
    signed = any(isinstance(part, ast.UnaryOp) for part in (node.left, node.right))
    return isinstance(site.parent(node), ast.BinOp) and not signed


def _named(site: Site, node: ast.Call) -> Iterator[Change]:
    one, other = (site.text(argument) for argument in node.args)
    func = site.text(node.func)
    stem = func[: -len(callee(node))]
    opposite = f"{stem}{_OPPOSITE_CALL[callee(node)]}"
    named = "".join(f", {key}={value}" for key, value in keyword_texts(site, node).items())
    tag = f"whole {opposite}" if site.parent(node) is site.node else ""
    yield change(node, f"{opposite}({one}, {other}{named})", rank=0, tag=tag)
    if callee(node) == "subtract":
        level = COMPUTED if _is_one(node.args[0]) else RESTORED
        yield change(node, call_text(site, node, [other, one]), level, rank=0)


def _negated(site: Site, place: Place) -> Iterator[Change]:
    node = place.node
    if isinstance(node, ast.UnaryOp) or not is_number_like(site, node):
        return
    likely = _is_mean_of_name(site, place) or _is_a_loss(site) or _is_a_log(site, node)
    yield change(node, f"-({site.text(node)})", RESTORED if likely else place.level)


def _is_a_log(site: Site, node: ast.expr) -> bool:
    """`lambda p: np.log(p)`: who makes one of a logarithm alone has left something out of it."""
    alone = isinstance(node, ast.Call) and callee(node) == "log" and isinstance(node.args[0], ast.Name)
    return alone and isinstance(site.parent(node), ast.Lambda)


_NEGATIVE = re.compile(r"(?:nll|neg)\w*\Z", re.IGNORECASE)
_LOSS = re.compile(r"loss|entropy|nll|bce", re.IGNORECASE)


def _is_a_loss(site: Site) -> bool:
    """What a helper returns whose name says that it gives a loss: whoever adds that up adds no minus."""
    around = site.parent(site.node)
    while around is not None and not isinstance(around, ast.FunctionDef | ast.ClassDef):
        around = site.parent(around)
    named = isinstance(around, ast.FunctionDef) and _LOSS.search(around.name) is not None
    if isinstance(site.node, ast.Assign):  # `nll = t * np.log(q)`
        return any(_NEGATIVE.match(site.text(target)) for target in site.node.targets)
    return named and isinstance(site.node, ast.Return) and site.depth > 0


def _is_mean_of_name(site: Site, place: Place) -> bool:
    """`cost = total / m`: where the formula of the course has its minus."""
    node = place.node
    if not isinstance(place.target, ast.Name) or not isinstance(node, ast.BinOp):
        return False
    named = isinstance(node.left, ast.Name) and isinstance(node.op, ast.Div) and site.count(node.right)
    return named and not is_alias_of_data(site, node.left)


def is_alias_of_data(site: Site, node: ast.expr) -> bool:
    """A parameter, or a name for a part of one."""
    values = site.scope.values.get(node.id, ()) if isinstance(node, ast.Name) else ()
    return not any(value is not None and not is_alias(value) for value in values)


def drop(site: Site) -> Iterator[Change]:
    """One operand of an operation taken out; a call around its first argument taken off; `** 2` taken off."""
    for node in site.nodes():
        if isinstance(node, ast.BinOp) and not site.count(node):
            yield change(node, site.atom(node.left), rank=0)
            if not isinstance(node.op, ast.Pow | ast.FloorDiv | ast.Mod):
                yield change(node, _right(site, node), rank=0)
        elif isinstance(node, ast.Call):
            yield from _unwrapped(site, node)
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice | ast.Tuple):
            yield change(node, site.atom(node.value), rank=2)
        elif isinstance(node, ast.Subscript) and site.parent(node) is site.node and _is_whole(node.slice):
            yield change(node, site.atom(node.value), rank=2)  # `return Y_prediction[0]`
    match site.node:
        case ast.Assign(targets=[ast.Tuple(elts=[first, *_])], value=ast.Call(args=[inner])):
            yield change(site.node, f"{site.text(first)} = {site.text(inner)}", rank=1)


def _is_whole(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def _right(site: Site, node: ast.BinOp) -> str:
    text = site.atom(node.right)
    return f"-{text}" if isinstance(node.op, ast.Sub) else text


_KEPT_CALLS = frozenset({"len", "range", "str", "int", "zeros", "randn", "append", "enumerate", "shape"})


def _unwrapped(site: Site, node: ast.Call) -> Iterator[Change]:
    """`f(x)` → `x`; `filter(f, x)` → `x`; `x.f()` → `x`."""
    name = callee(node)
    if name in _KEPT_CALLS or isinstance(site.parent(node), ast.Expr):
        return
    shape = node.args[0] if node.args else None
    if name in ("ones", "zeros") and isinstance(shape, ast.Attribute):
        yield change(node, site.atom(shape.value), rank=0, tag=f"{site.text(node)} off")
    elif name in ("filter", "map") and len(node.args) == 2:
        yield change(node, site.text(node.args[1]), rank=0)
    elif isinstance(site.node, ast.If):
        return
    elif node.args and not isinstance(node.args[0], ast.Starred | ast.GeneratorExp):
        level = TAKEN if is_handed_on(site, node) else RESTORED
        yield change(node, site.text(node.args[0]), level, rank=1, tag=f"here {site.text(node)}")
        parent = site.parent(node)
        if isinstance(parent, ast.Subscript) and parent.value is node:
            yield change(parent, site.text(node.args[0]), rank=0)
        if len(node.args) == 2 and name in ("add", "multiply", "subtract", "divide"):
            yield change(node, site.text(node.args[1]), rank=1)
    elif isinstance(node.func, ast.Attribute):
        yield change(node, site.atom(node.func.value), rank=1)


_MAX_ADDED = 6


def add(site: Site) -> Iterator[Change]:
    """A factor or a term put in: another name of the function, or `x * (1 - x)`."""
    for place in places(site):
        if place.makes and is_number_like(site, place.node) or _mask(site, place):
            yield from _extended(site, place)
    yield from _extended_operands(site)
    yield from _complemented(site)
    for node in site.nodes():
        match node:
            case ast.Subscript(value=ast.BinOp() as both, slice=ast.Constant(value=0 | 1)):
                yield change(node, f"{site.atom(both)}.sum(0)", rank=0)  # `(t * np.log(q))[0]`


def _extended(site: Site, place: Place) -> Iterator[Change]:
    node, level = place.node, COMPUTED if _named_anew(place) else place.put_in
    text = site.atom(node)
    if isinstance(node, ast.Name):
        yield change(node, f"{text} * (1 - {text})", level)
    if mask := _mask(site, place):
        yield from (change(node, f"{name}{mask}", rank=0) for name in _partners(site, node))
    for name in _partners(site, node):
        yield change(node, f"{text} + {name}", level, rank=0)
        yield change(node, f"{text} * {name}", level, rank=0, tag=f"times {name}")
        yield change(node, f"{text} * (1 - {name})", level, rank=2)
        yield change(node, f"{text} * {name} * (1 - {name})", level, rank=2)


def _mask(site: Site, place: Place) -> str:
    """`[on]` of `dZ[on] = 1`, and `[i][j]` of `dZ[i][j] = 1`; empty for anything else."""
    root = place.target
    while isinstance(root, ast.Subscript):
        root = root.value
    if not isinstance(place.node, ast.Constant) or not isinstance(root, ast.Name):
        return ""
    mask = site.text(place.target).removeprefix(root.id) if place.target else ""
    return mask if re.fullmatch(r"(?:\[[\w, ]+\])+", mask) else ""


def _named_anew(place: Place) -> bool:
    """`step = grads["dW" + k]`: a name for something else than what the key says."""
    entry = _uncopied(place.node)
    if not isinstance(place.target, ast.Name) or not isinstance(entry, ast.Subscript):
        return False
    keys = [
        n.value for n in ast.walk(entry.slice) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    ]
    name = place.target.id
    return bool(keys) and not name.startswith(("d", "g")) and not any(key in name for key in keys)


def _uncopied(node: ast.expr) -> ast.expr:
    """`grads["dW1"]` of `np.array(grads["dW1"])` and of `grads["dW1"].copy()`."""
    match node:
        case ast.Call(func=ast.Attribute(attr="array" | "asarray" | "copy"), args=[inner]):
            return inner
        case ast.Call(func=ast.Attribute(value=inner, attr="copy"), args=[]):
            return inner
    return node


def _extended_operands(site: Site) -> Iterator[Change]:
    """`w - g` → `w - rate * g`: the last operand of a sum, inside a larger expression too."""
    for node in site.nodes():
        last = _last_operand(node)
        if last is not None and not site.count(node):
            for name in _partners(site, node):
                yield change(last, f"{name} * {site.atom(last)}", COMPUTED, rank=0, tag=f"twin {name} *")
    if isinstance(site.node, ast.AugAssign):
        for name in _partners(site, site.node.value):
            text = f"{name} * {site.atom(site.node.value)}"
            yield change(site.node.value, text, COMPUTED, rank=0, tag=f"twin {name} *")


def _last_operand(node: ast.expr) -> ast.expr | None:
    """`g` of `w - g` and of `np.subtract(w, g, out=w)`."""
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub(), right=last):
            return last
        case ast.Call(func=ast.Attribute(attr="add" | "subtract"), args=[_, last]):
            return last
    return None


def _complemented(site: Site) -> Iterator[Change]:
    """`dA * s` → `dA * (s * (1 - s))`."""
    for node in site.nodes():
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            for operand in (node.right, node.left):
                text = site.atom(operand)
                yield change(operand, f"{text} * (1 - {text})", COMPUTED, rank=0)


def _partners(site: Site, node: ast.expr) -> list[str]:
    """Data that is at hand and not used in the expression: the student's own names, `self.x` too."""
    used = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    names = [n for n in site.visible(node) if n not in used and site.scope.role(n) == "data"]
    parts = (*site.scope.attributes, *parts_of_records(site))
    attributes = [name for name in dict.fromkeys(parts) if name not in site.text(node)]
    return [*attributes, *names][:_MAX_ADDED]
