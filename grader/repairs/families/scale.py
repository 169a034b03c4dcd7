"""Inverse edits of factors: 1/m too often, too seldom or with another size, and other constants."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from grader.repairs.batch_size import batch_sizes
from grader.repairs.change import (
    COMPUTED,
    DELIVERED,
    PASSED,
    REDUCED,
    RENAMED,
    RESTORED,
    Change,
    Place,
    call_text,
    callee,
    change,
    is_alias,
    is_method,
    is_number_like,
    is_own_call,
    is_start,
    key_letter,
    places,
)
from grader.repairs.families.divisors import other_dimension, turned_shape
from grader.repairs.families.words import other_code, other_word, word
from grader.repairs.scope import BATCH_NAME
from grader.repairs.sites import Site

_EXCHANGED = {"mean": "sum", "sum": "mean", "average": "sum", "nanmean": "nansum", "nansum": "nanmean"}


_REDUCED = ("sum", "mean")


def over_m(site: Site) -> Iterator[Change]:
    """A division taken out, sum and mean exchanged, a division by the number of examples put in."""
    yield from _divided_in_place(site)
    if any(BATCH_NAME.match(site.text(target)) for target in getattr(site.node, "targets", ())):
        yield from _counted_by_columns(site)
    yield from turned_shape(site)
    for node in site.nodes():
        if isinstance(node, ast.BinOp) and not site.count(node):
            yield from _undivided(site, node)
        elif isinstance(node, ast.BinOp):
            yield from _counted_once(site, node)
            if is_factor(site, node.left) and is_factor(site, node.right):  # `-(1/m) * (1/m)`
                yield from _undivided(site, node)
        elif isinstance(node, ast.Constant) and node.value in _REDUCED:  # `bce(AL, Y, reduction="sum")`
            if isinstance(site.parent(node), ast.Call | ast.keyword):
                yield change(node, repr(_EXCHANGED[node.value]), rank=0)
        elif isinstance(node, ast.Call):
            yield from _undivided_call(site, node)
            yield from _fewer_operands(site, node)
    for place in places(site):
        yield from _divided(site, place)
    yield from _weights(site)


def _fewer_operands(site: Site, node: ast.Call) -> Iterator[Change]:
    """`einsum("in,jn,n->ij", dZ, A, weights)` → `einsum("in,jn->ij", dZ, A)`."""
    match node:
        case ast.Call(args=[ast.Constant(value=str() as how), *operands]) if callee(node) == "einsum":
            letters, arrow, output = how.replace(" ", "").partition("->")
            terms = letters.split(",")
            for at in [
                at for at, term in enumerate(terms) if len(term) < 2 and len(terms) == len(operands) > 1
            ]:
                rest = [repr(",".join(terms[:at] + terms[at + 1 :]) + arrow + output)]
                rest += [site.text(operand) for operand in operands[:at] + operands[at + 1 :]]
                yield change(node, call_text(site, node, rest), rank=0)


def _counted_once(site: Site, node: ast.BinOp) -> Iterator[Change]:
    """`m * m` and `m ** 2`, handed to a division → `m`."""
    twice = isinstance(node.op, ast.Mult) and site.text(node.left) == site.text(node.right)
    if twice or isinstance(node.op, ast.Pow):
        yield change(node, site.atom(node.left), rank=0)


def _counted_by_columns(site: Site) -> Iterator[Change]:
    """`m = len(Y)` → `m = Y.shape[1]`."""
    for node in site.nodes():
        for made in other_dimension(site, node):
            if made.edits[0][1].endswith(("1", "shape[1]")):
                yield made


def _divided_in_place(site: Site) -> Iterator[Change]:
    node = site.node
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div | ast.Mult):
        yield change(node, "pass", rank=0)
        if isinstance(node.value, ast.UnaryOp):  # `dAL /= -m`
            yield change(node.value, "-1", rank=0)


def _undivided(site: Site, node: ast.BinOp) -> Iterator[Change]:
    left, right = node.left, node.right
    if isinstance(node.op, ast.Pow) and is_factor(site, left):
        yield change(node, site.atom(left), rank=0)
    if isinstance(node.op, ast.Div):
        yield change(node, site.atom(left), rank=0, tag="here undivided")
        if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mult | ast.Pow):
            yield change(right, site.atom(right.left), rank=0)
            if isinstance(right.op, ast.Mult):
                yield change(right, site.atom(right.right), rank=0)
    elif isinstance(node.op, ast.Mult):
        if is_factor(site, left):
            yield change(node, _signed(left, site.atom(right)), rank=0)
        if is_factor(site, right):
            yield change(node, _signed(right, site.atom(left)), rank=0)


def is_factor(site: Site, node: ast.expr) -> bool:
    """`1/m`, `(1./m)`, `-1/m`, or a name that was given such a value."""
    match node:
        case ast.UnaryOp(operand=inner):
            return is_factor(site, inner)
        case ast.BinOp(op=ast.Div(), left=left):
            return isinstance(_bare(left), ast.Constant)
        case ast.BinOp(op=ast.Pow(), left=left, right=power):
            return isinstance(power, ast.UnaryOp) or is_factor(site, left)
        case ast.Name(id=name):
            return any(
                value is not None and is_factor(site, value) for value in site.scope.values.get(name, ())
            )
        case ast.Call(func=ast.Attribute(attr="divide" | "reciprocal"), args=[left, *_]):
            return isinstance(_bare(left), ast.Constant) or callee(node) == "reciprocal"
        case ast.Call(func=ast.Attribute(attr="power"), args=[_, ast.UnaryOp()]):
            return True
        case ast.Call(func=ast.Attribute(attr="square"), args=[inner]):
            return is_factor(site, inner)
    return False


def _bare(node: ast.expr) -> ast.expr:
    return node.operand if isinstance(node, ast.UnaryOp) else node


def _signed(factor: ast.expr, rest: str) -> str:
    """A minus of the factor stays when the factor goes."""
    minus = (
        isinstance(factor, ast.UnaryOp)
        or isinstance(factor, ast.BinOp)
        and isinstance(factor.left, ast.UnaryOp)
    )
    return f"-{rest}" if minus else rest


def _undivided_call(site: Site, node: ast.Call) -> Iterator[Change]:
    name, args = callee(node), node.args
    divides = len(args) == 1 and (_divides(site, name) or name == "square" and is_factor(site, args[0]))
    twice = name in ("square", "power") and bool(args) and site.count(args[0])  # `np.power(m, 2)`
    if divides or twice:
        yield change(node, site.text(args[0]), rank=0)
    elif _is_averager(site, node):
        yield change(node, site.text(args[0]), rank=1)
    elif name in _EXCHANGED:
        yield from _summed(site, node, _EXCHANGED[name])
    elif name in ("divide", "true_divide") and len(args) == 2:
        yield change(node, site.text(args[0]), rank=0)
    elif name in ("multiply", "dot") and len(args) == 2 and not is_method(site, node):
        for factor, rest in (args, args[::-1]):
            if is_factor(site, factor):
                yield change(node, _signed(factor, site.atom(rest)), rank=0)


def _is_averager(site: Site, node: ast.Call) -> bool:
    """`mean(x)` or `mean(x, m)`: neither numpy's nor a method."""
    few = 1 <= len(node.args) <= 2 and not isinstance(node.args[0], ast.Starred | ast.Constant)
    return few and isinstance(node.func, ast.Name) and is_own_call(site, node)


def _divides(site: Site, name: str) -> bool:
    """A small function of the student's own, such as `mean = lambda M: M / m`."""
    return any(_is_divider(value) for value in site.scope.values.get(name, ()))


def _is_divider(value: ast.expr | None) -> bool:
    body = value.body if isinstance(value, ast.Lambda) else None
    return isinstance(body, ast.BinOp) and isinstance(body.op, ast.Div | ast.Mult)


def _summed(site: Site, node: ast.Call, other: str) -> Iterator[Change]:
    if is_method(site, node) and isinstance(node.func, ast.Attribute):
        func = f"{site.atom(node.func.value)}.{other}"
    else:
        func = f"{site.world.numpy}.{other}"
    inside = [site.text(argument) for argument in node.args]
    inside += [f"{k.arg}={site.text(k.value)}" for k in node.keywords if k.arg]
    level = RESTORED
    if other.endswith("mean"):
        level = COMPUTED if _has_idle_size(site) else REDUCED
    yield change(node, f"{func}({', '.join(inside)})", level, rank=0)


def _has_idle_size(site: Site) -> bool:
    """`m = Y.shape[1]`, and m is used nowhere: it was meant to be divided by, and no mean to be taken."""
    names = {binding.name for binding in site.scope.bindings if BATCH_NAME.match(binding.name)}
    return bool(names - site.scope.read)


def _divided(site: Site, place: Place) -> Iterator[Change]:
    node = place.node
    if not is_number_like(site, node):
        return
    text = site.atom(node)
    for rank, size in enumerate(batch_sizes(site.scope, node, site.visible(node))):
        # A helper that knows of no number of examples is hardly where a function that does has forgotten it.
        strange = site.depth > 0 and not size.isidentifier() and site.world.counts_examples
        yield change(node, f"{text} / {size}", DELIVERED if strange else place.put_in, rank)
    for name in _dividers(site):
        if not is_alias(node):
            yield change(node, f"{name}({site.text(node)})", place.level, 1)


_WEIGHTS = re.compile(r"w|.*(?:weight|mean|avg|average)", re.IGNORECASE)


def _weights(site: Site) -> Iterator[Change]:
    """`w = np.ones((m, 1))`, weights that add up examples → their average; late, for plain `ones`."""
    match site.node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Attribute(attr="ones")) as made):
            level = RENAMED if _WEIGHTS.match(name) else PASSED
            for size in batch_sizes(site.scope, made, site.visible(made)):
                yield change(made, f"{site.text(made)} / {size}", level, rank=0)


def _dividers(site: Site) -> list[str]:
    return [b.name for b in site.scope.bindings if b.line < site.line and _is_divider(b.value)]


_TRIED = ("0.01", "1", "2", "0", "0.5")


def constant(site: Site) -> Iterator[Change]:
    """A number replaced, inverted or negated; a constant factor taken out or put in."""
    yield from _overwritten(site)
    for node in site.nodes():
        if isinstance(node, ast.Constant) and type(node.value) in (int, float) and not _position(site, node):
            yield from _other_number(site, node)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div | ast.FloorDiv):
            yield from _without_constant(site, node)
        elif isinstance(node, ast.Constant | ast.Attribute):
            yield from word(site, node)
        elif isinstance(node, ast.Name) and node.id in site.world.codes and not site.scope.knows(node.id):
            yield from other_code(site, node)
        elif isinstance(node, ast.Name | ast.Subscript):
            yield from other_word(site, node)
        elif isinstance(node, ast.Call) and callee(node) in _DRAWS:
            yield change(node, f"{site.text(node)} * 0.01", rank=0, tag=f"scaled{key_letter(site, node)}")
            yield from _zeros(site, node)
        elif (
            isinstance(node, ast.Call) and callee(node) in ("zeros", "ones") and not is_start(site, site.node)
        ):
            yield from _drawn(site, node)
        elif isinstance(node, ast.Call):
            yield from _made_by_helper(site, node)
    for place in places(site):
        if is_number_like(site, place.node):
            yield change(place.node, f"{site.atom(place.node)} * 0.01", place.put_in, 2, "factor 0.01")
            yield change(place.node, f"{site.atom(place.node)} * 2", place.level, 2)
            tag = f"nothing{key_letter(site, place.node)}"
            yield change(place.node, f"{site.atom(place.node)} * 0", place.level, 3, tag)
            match site.parent(place.node):
                case ast.DictComp(key=ast.Name(id=key)):
                    text = f'{site.atom(place.node)} * ({key}[0] != "b")'
                    yield change(place.node, text, place.level, 3)
            yield change(place.node, f"{site.atom(place.node)} / 2", place.level, 2)


def _overwritten(site: Site) -> Iterator[Change]:
    """`W.fill(0)`, `W[...] = 0`, `W *= 100`: an array overwritten or scaled in place."""
    match site.node:
        case (
            ast.Expr(value=ast.Call(func=ast.Attribute(attr="fill")))
            | ast.Assign(targets=[ast.Subscript()], value=ast.Constant(value=int() | float()))
            | ast.AugAssign(op=ast.Mult() | ast.Div(), value=ast.Constant())
        ):
            yield change(site.node, "pass", rank=0)


def _position(site: Site, node: ast.expr) -> bool:
    """An index, a key's number or a size, not a factor."""
    for around in site.around(node):
        if isinstance(around, ast.JoinedStr | ast.Subscript):
            return True
        if isinstance(around, ast.BinOp) and isinstance(around.op, ast.FloorDiv):
            return True
        if isinstance(around, ast.Call):
            return callee(around) in ("range", "str", "zeros", "ones", "randn", "reshape")
    return False


def _other_number(site: Site, node: ast.Constant) -> Iterator[Change]:
    value: Any = node.value  # the callers hand over numbers only
    if value == 0 and isinstance(site.parent(node), ast.Assign | ast.AnnAssign | ast.ListComp):
        yield change(node, f"{site.world.numpy}.random.randn() * 0.01", rank=1, tag="drawn")
        yield change(node, f"{site.world.numpy}.random.randn()", rank=2, tag="drawn whole")
    for text in _TRIED:
        if value != float(text):
            yield change(node, text, rank=1, tag=f"{value} is {text}")
    if value not in (0, 1):
        yield change(node, f"(1 / {value})", rank=2)
        yield change(node, f"-{value}", rank=2)


def _without_constant(site: Site, node: ast.BinOp) -> Iterator[Change]:
    if isinstance(node.op, ast.FloorDiv):
        if is_constant(node):  # `1 // 100`
            yield change(node, f"{site.atom(node.left)} / {site.atom(node.right)}", rank=0)
        return
    if is_constant(node.right):
        yield change(node, site.atom(node.left), rank=0, tag="without constant")
    if isinstance(node.op, ast.Mult) and is_constant(node.left):
        yield change(node, site.atom(node.right), rank=0, tag="without constant")


def is_constant(node: ast.expr) -> bool:
    """A number, or a formula of numbers such as `(1 / 2)`."""
    return not any(isinstance(inner, ast.Name) for inner in ast.walk(node))


_DRAWS = frozenset({"randn", "standard_normal", "normal", "rand", "random", "uniform"})


def _zeros(site: Site, node: ast.Call) -> Iterator[Change]:
    """`np.random.randn(n, 1)` → `np.zeros((n, 1))`."""
    size = next((site.text(k.value) for k in node.keywords if k.arg in ("size", "shape")), "")
    if not size and node.args and not any(isinstance(argument, ast.Starred) for argument in node.args):
        one_shape = len(node.args) == 1 and isinstance(node.args[0], ast.Tuple)
        size = f"({', '.join(site.text(argument) for argument in node.args)},)"
        size = site.text(node.args[0]) if one_shape else size
    text = f"{site.world.numpy}.zeros({size})" if size else "0.0"
    yield change(node, text, rank=0, tag=f"zeros{key_letter(site, node)}")


def _made_by_helper(site: Site, node: ast.Call) -> Iterator[Change]:
    """`gaussian((n, 1))` and `gaussian(n, 1)` → `np.zeros((n, 1))`; `map(gaussian, shapes)` → `map(np.zeros, shapes)`,
    and the other way round."""
    zeros, tag = f"{site.world.numpy}.zeros", f"zeros{key_letter(site, node)}"
    match node:
        case ast.Call(func=ast.Name(id="map"), args=[ast.Attribute(attr="zeros" | "ones") as made, _]):
            yield change(made, f"lambda s: {site.world.numpy}.random.randn(*s) * 0.01", rank=0)
        case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id=name) as made, _]) if (
            name in site.world.known
        ):
            yield change(made, zeros, rank=1)
        case ast.Call(func=ast.Name(id=name), args=[ast.Tuple() as shape]) if name in site.world.known:
            yield change(node, f"{zeros}({site.text(shape)})", rank=1, tag=tag)
        case ast.Call(func=ast.Name(id=name), args=[one, other]) if name in site.world.known:
            if site.count(one) and site.count(other):
                yield change(node, f"{zeros}(({site.text(one)}, {site.text(other)}))", rank=1, tag=tag)


def _drawn(site: Site, node: ast.Call) -> Iterator[Change]:
    """`np.zeros((n, k))` → `np.random.randn(n, k) * 0.01`."""
    shape = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "shape"), None)
    if shape is None:
        return
    inside = [", ".join(site.text(part) for part in shape.elts)] if isinstance(shape, ast.Tuple) else []
    for sizes in inside or (f"*{site.text(shape)}", site.text(shape)):
        drawn = f"{site.world.numpy}.random.randn({sizes})"
        yield change(node, f"{drawn} * 0.01", rank=0, tag=f"drawn{key_letter(site, node)}")
        yield change(node, drawn, rank=1, tag=f"drawn whole{key_letter(site, node)}")
