"""Inverse edits of positions: indices, ranges, keys of layers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from grader.repairs.change import PASSED, Change, call_text, callee, change, is_own_call
from grader.repairs.families.counters import counters
from grader.repairs.families.divisors import counts_units
from grader.repairs.sites import Site

_PREFIXES = {"dW": ("db", "dA"), "db": ("dW", "dA"), "dA": ("dW", "db"), "W": ("b",), "b": ("W",)}
PARAMETER = re.compile(r"""f?["'](?=[Wb](?:["'{%]|\d))""")


def shifted(text: str, step: int) -> str:
    """`l` → `l + 1`, `l + 1` → `l`, `L - 1` → `L - 2`, `3` → `4`."""
    match = re.fullmatch(r"(?s)(.*?)\s*([+-])\s*(\d+)", text)
    if re.fullmatch(r"-?\d+", text):
        return str(int(text) + step)
    if match and match[1] and "\n" not in text:
        number = int(match[2] + match[3]) + step
        return match[1] if number == 0 else f"{match[1]} {'+' if number > 0 else '-'} {abs(number)}"
    inner = text if re.fullmatch(r"\w+", text) else f"({text})"
    return f"{inner} {'+' if step > 0 else '-'} {abs(step)}"


@lru_cache(maxsize=1024)
def neighbour(entry: str, step: int) -> str:
    """`grads["dA" + str(l)]` → `grads["dA" + str(l + 1)]`; the same where its key holds no number."""
    tree = ast.parse(entry, mode="eval").body
    parts = [at for node in ast.walk(tree) if isinstance(node, ast.expr) for at in indices(node)]
    at = next((part for part in parts if not _holds_text(part)), None)
    if at is None:
        return entry
    new = ast.parse(shifted(ast.unparse(at), step), mode="eval").body
    return ast.unparse(_Replaced(at, new).visit(tree))


class _Replaced(ast.NodeTransformer):
    """A tree with one node in place of another."""

    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self.old = old
        self.new = new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def index(site: Site) -> Iterator[Change]:
    """An index one up or down, another loop's or the last layer's; `.shape[0]` and `.shape[1]` exchanged."""
    yield from position(site)
    for node in site.nodes():
        if not isinstance(node, ast.JoinedStr | ast.Subscript):
            for at in indices(node):
                yield from _moved(site, at)


def position(site: Site) -> Iterator[Change]:
    """The same for positions in lists and arrays alone, not for the numbers in keys."""
    for node in site.nodes():
        if isinstance(node, ast.Subscript):
            for at in indices(node):
                yield from _moved(site, at)
    for target in _stored(site.node):
        yield from _moved(site, target.slice)
    match site.node:
        case ast.Assign(targets=[ast.Name()], value=ast.BinOp(op=ast.Add() | ast.Sub()) as at) if site.count(
            at
        ):
            yield from (change(at, shifted(site.text(at), step), rank=0) for step in (1, -1))
    yield from _turned_round(site)
    yield from _whole_list(site)


def _whole_list(site: Site) -> Iterator[Change]:
    """`backward(dAL, caches, …)` → `backward(dAL, caches[L - 1], …)`, a list that is handed on whole."""
    for node in site.nodes():
        if isinstance(node, ast.Name) and node.id in site.scope.parameters:
            called = isinstance(site.parent(node), ast.Call) and callee(site.parent(node) or node) != "len"
            asked = isinstance(site.node, ast.Assign) and site.node.value is node
            if called or asked:
                positions = [text for name in counters(site, node) for text in (name, f"{name} - 1")]
                yield from (change(node, f"{node.id}[{at}]", rank=1) for at in ("-1", *positions))


def _turned_round(site: Site) -> Iterator[Change]:
    """`zip(caches, …)` → `zip(reversed(caches), …)`, and back."""
    for node in site.nodes():
        parent = site.parent(node)
        looped = node is getattr(site.node, "iter", None) or isinstance(parent, ast.comprehension)
        if not looped and callee(parent or site.node) not in ("enumerate", "zip", "list"):
            continue
        if isinstance(node, ast.Name) and site.scope.role(node.id) != "count":
            yield change(node, f"{node.id}[::-1]", rank=0)
        elif isinstance(node, ast.Call) and callee(node) == "reversed" and node.args:
            yield change(node, site.text(node.args[0]), rank=0)
        elif isinstance(node, ast.Subscript) and _turns(site, node):
            yield change(node, site.text(node.value), rank=0)


def indices(node: ast.expr) -> Iterator[ast.expr]:
    """Whole-number expressions that choose something."""
    match node:
        case ast.Subscript(slice=ast.Constant(value=int()) | ast.BinOp() | ast.Name() | ast.UnaryOp() as at):
            yield at
        case ast.Subscript(slice=ast.Call(func=ast.Name(id="min" | "max")) as at):
            yield at
        case ast.Call(func=ast.Name(id="str"), args=[at]):
            yield at
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Add(), right=ast.Call(args=[at]) as made):
            if callee(made) != "str":  # the student's own: `"dW" + num2str(l)`
                yield at
        case ast.FormattedValue(value=at):
            yield at
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod(), right=at):
            yield from at.elts if isinstance(at, ast.Tuple) else (at,)


def _stored(node: ast.stmt) -> Iterator[ast.Subscript]:
    for inner in ast.walk(node) if isinstance(node, ast.Assign) else ():
        if not isinstance(inner, ast.Subscript) or not isinstance(inner.ctx, ast.Store):
            continue
        if isinstance(inner.slice, ast.Name | ast.BinOp):
            yield inner


def _moved(site: Site, node: ast.expr) -> Iterator[Change]:
    if _is_text(site, node):
        return
    if isinstance(node, ast.Constant) and isinstance(site.parent(node), ast.Subscript):
        parent = site.parent(node)
        if isinstance(parent, ast.Subscript) and callee(parent.value) == "shape":
            if not counts_units(site):
                yield change(node, "0" if node.value else "1", rank=0)
            return
    text = site.text(node)
    for step in (1, -1, 2, -2):
        yield change(node, shifted(text, step), rank=0 if abs(step) == 1 else 2, tag=f"index {step:+}")
    for other in _positions(site, node):
        yield change(node, other, rank=1, tag=f"index {other}")


def _is_text(site: Site, node: ast.expr) -> bool:
    """A key made of text is no number."""
    held = site.scope.values.get(node.id, ()) if isinstance(node, ast.Name) else ()
    if _holds_text(node) or any(value is not None and _holds_text(value) for value in held):
        return True
    return isinstance(node, ast.Name) and not site.scope.counting(node.id) and not _counter(site, node)


def _holds_text(node: ast.expr) -> bool:
    return any(isinstance(inner, ast.Constant) and isinstance(inner.value, str) for inner in ast.walk(node))


def _counter(site: Site, node: ast.Name) -> bool:
    """A name that a loop counts, whatever the loop looks like."""
    looped = any(node.id in names for _, _, names in site.scope.loops)
    return looped or node.id in ("l", "L", "i", "j", "layer", "number")


def _positions(site: Site, node: ast.expr) -> list[str]:
    """Counting names at hand, and one before and after each."""
    names = counters(site, node)
    texts = [text for name in names for text in (name, f"{name} - 1", f"{name} + 1")]
    texts += [f"{name} + 2" for name in names[:2]]
    return [text for text in texts if text != site.text(node)][:14]


def ranges(site: Site) -> Iterator[Change]:
    """The ends of a range one up or down; a slice taken off or put on; what a comprehension leaves out."""
    for node in site.nodes():
        if isinstance(node, ast.Call) and callee(node) in ("range", "arange"):
            yield from _other_range(site, node)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            yield from _other_repetition(site, node)
        elif isinstance(node, ast.Call) and callee(node) in ("filter", "sorted", "list") and node.args:
            yield change(node, site.text(node.args[-1]), rank=0)
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and not _turns(site, node):
            yield change(node, site.atom(node.value), rank=0)
            yield from _other_slice(site, node, node.slice)
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            yield from _other_bound(site, node)
        elif isinstance(node, ast.Call) and _own_number(site, node):
            for argument in node.args:
                if site.count(argument) or isinstance(argument, ast.BinOp):
                    yield change(argument, shifted(site.text(argument), 1), rank=2)
        for made in getattr(node, "generators", ()):
            yield from (change(test, "True", rank=0) for test in made.ifs)
    yield from _passed_over(site)
    yield from _loop_over(site)
    yield from _returned_slice(site)


def _passed_over(site: Site) -> Iterator[Change]:
    """`_, *hidden, head = layers` → `*hidden, head = layers`, where the first is read nowhere."""
    match site.node:
        case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(id=first), *rest]) as target]):
            if first not in site.scope.read and any(isinstance(one, ast.Starred) for one in rest):
                yield change(target, ", ".join(map(site.text, rest)), rank=0)


def direction(site: Site) -> Iterator[Change]:
    """What a loop runs over turned round, or round again."""
    for node in site.nodes():
        if isinstance(node, ast.Call) and callee(node) == "reversed" and node.args:
            yield change(node, site.text(node.args[0]), rank=0)
        elif isinstance(node, ast.Call) and callee(node) in ("range", "arange"):
            if not isinstance(site.parent(node), ast.Call):
                yield change(node, f"reversed({site.text(node)})", rank=0)
        elif isinstance(node, ast.Subscript) and _turns(site, node):
            yield change(node, site.atom(node.value), rank=0)
    if isinstance(site.node, ast.For) and isinstance(site.node.iter, ast.Name):
        yield change(site.node.iter, f"{site.text(site.node.iter)}[::-1]", rank=0)


def _turns(site: Site, node: ast.Subscript) -> bool:
    return site.text(node.slice) == "::-1"


def _other_slice(site: Site, node: ast.Subscript, part: ast.Slice) -> Iterator[Change]:
    """`[1:-1]` → `[1:]` and `[:-1]`, and each end one further."""
    whole = site.atom(node.value)
    lower, upper = (site.text(end) if end else "" for end in (part.lower, part.upper))
    step = f":{site.text(part.step)}" if part.step else ""
    ends = [(lower, ""), ("", upper)]
    for one in (1, -1):
        ends += [(lower, shifted(upper, one))] if upper else []
        ends += [(shifted(lower, one), upper)] if lower else []
    for low, high in ends:
        if (low, high) != (lower, upper):
            yield change(node, f"{whole}[{low}:{high}{step}]", rank=0)


def from_zero(site: Site) -> Iterator[Change]:
    """What counts from 0 made to count from 1: a range, `enumerate`, a counter's start, or the keys made of it."""
    for node in site.nodes():
        if isinstance(node, ast.Call) and callee(node) in ("range", "arange"):
            args = [site.text(argument) for argument in node.args]
            if len(args) == 1:
                yield change(node, call_text(site, node, ["1", args[0]]), rank=0)
                yield change(node, call_text(site, node, ["1", shifted(args[0], 1)]), rank=0)
            elif args[:1] == ["0"]:
                yield change(node.args[0], "1", rank=0)
        elif isinstance(node, ast.Call) and callee(node) == "enumerate" and len(node.args) == 1:
            yield change(node, call_text(site, node, [site.text(node.args[0]), "1"], {}), rank=0)
        elif not isinstance(node, ast.JoinedStr):
            for at in indices(node):
                if not _is_text(site, at):
                    yield change(at, shifted(site.text(at), 1), rank=1, tag="index +1")
    match site.node:
        case ast.Assign(targets=[ast.Name()], value=ast.Constant(value=0) as start):
            yield change(start, "1", rank=0)


def _own_number(site: Site, node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id in site.world.known


def _other_range(site: Site, node: ast.Call) -> Iterator[Change]:
    args = [site.text(argument) for argument in node.args]
    for at, text in enumerate(args[:2]):
        for step in (1, -1, 2, -2):
            rank = 0 if abs(step) == 1 else 2
            yield change(
                node, call_text(site, node, [*args[:at], shifted(text, step), *args[at + 1 :]]), rank=rank
            )
    for step in (1, -1) if len(args) == 3 else ():
        moved = [shifted(args[0], step), shifted(args[1], step), args[2]]
        yield change(node, call_text(site, node, moved), rank=1)
    if len(args) == 1:
        yield change(node, call_text(site, node, ["1", args[0]]), rank=0)
        yield change(node, call_text(site, node, ["1", shifted(args[0], 1)]), rank=0)
    if len(args) == 2 and args[0] == "1":
        yield change(node, call_text(site, node, [args[1]]), rank=0)
        yield change(node, call_text(site, node, ["0", shifted(args[1], -1)]), rank=0)
    if len(args) == 3:
        yield change(node, call_text(site, node, args[:2]), rank=2)


def _other_repetition(site: Site, node: ast.BinOp) -> Iterator[Change]:
    """`["relu"] * L` → `["relu"] * (L - 1)`."""
    for listed, times in ((node.left, node.right), (node.right, node.left)):
        if isinstance(listed, ast.List) and not isinstance(times, ast.List):
            for step in (-1, 1):
                yield change(times, shifted(site.text(times), step), rank=0)


def _other_bound(site: Site, node: ast.Compare) -> Iterator[Change]:
    """`while l > 1` → `while l > 0`."""
    if isinstance(site.node, ast.While) and isinstance(node.ops[0], ast.Gt | ast.GtE | ast.Lt | ast.LtE):
        right = node.comparators[0]
        for step in (1, -1):
            yield change(right, shifted(site.text(right), step), rank=0)


def _loop_over(site: Site) -> Iterator[Change]:
    """`for x in xs` → a slice of it; `("W",)` → `("W", "b")`."""
    node = site.node
    if isinstance(node, ast.For) and isinstance(node.iter, ast.Name):
        for part in ("[1:]", "[:-1]"):
            yield change(node.iter, f"{site.text(node.iter)}{part}", rank=1)
    for inner in site.nodes():
        if isinstance(inner, ast.Tuple | ast.List) and _letters(inner):
            yield change(inner, '("W", "b")', rank=0)
            yield change(inner, '("dW", "db")', rank=2)


def _letters(node: ast.Tuple | ast.List) -> bool:
    values = [part.value for part in node.elts if isinstance(part, ast.Constant)]
    return len(values) == len(node.elts) > 0 and all(value in _PREFIXES for value in values)


def _returned_slice(site: Site) -> Iterator[Change]:
    """`Network(n // 2 - 1)` → `Network(n // 2)`: a number that is handed on."""
    if isinstance(site.node, ast.Assign) and site.count(site.node.value):
        for step in (1, -1):
            yield change(site.node.value, shifted(site.text(site.node.value), step), PASSED, rank=1)


def key(site: Site) -> Iterator[Change]:
    """The number of a key one up or down, or another counter."""
    for node in _key_nodes(site):
        if isinstance(node, ast.Call) and (
            any(_is_letters(argument) for argument in node.args) or _stores_a_layer(site, node)
        ):
            numbers = (argument for argument in node.args if isinstance(argument, ast.Name | ast.BinOp))
            for number in numbers:
                yield from _moved(site, number)
        if not _is_handed_in(site, node):
            for at in indices(node):
                yield from _moved(site, at)


def letter(site: Site) -> Iterator[Change]:
    """The letters of a key exchanged: `grads["dW1"]` → `grads["dA1"]`, or with the d of a derivative."""
    for node in _key_nodes(site):
        yield from _other_letters(site, node)
        yield from _as_derivative(site, node)


def _stores_a_layer(site: Site, node: ast.Call) -> bool:
    """`put_layer(grads, l - 1, dA, dW, db)`, a helper that is called for what it changes."""
    return isinstance(site.parent(node), ast.Expr) and is_own_call(site, node)


def _is_letters(node: ast.expr) -> bool:
    """`"dW"` of `store(grads, "dW", l, dW)`."""
    return isinstance(node, ast.Constant) and node.value in _PREFIXES


def _is_handed_in(site: Site, node: ast.expr) -> bool:
    """`caches[l]`, a part of what the function is given: no key that it writes."""
    base = node.value if isinstance(node, ast.Subscript) else None
    return isinstance(base, ast.Name) and base.id in site.scope.parameters


def _key_nodes(site: Site) -> Iterator[ast.expr]:
    """All nodes of the statement, those inside stored keys too."""
    for part in site.parts:
        yield from (inner for inner in ast.walk(part) if isinstance(inner, ast.expr))


def _other_letters(site: Site, node: ast.expr) -> Iterator[Change]:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return
    if quoted := re.fullmatch(r"(d?[AWb])([Ll])", node.value):  # `grads["dWL"]`
        yield change(node, f'"{quoted[1]}" + str({quoted[2]})', rank=0, tag="quoted")
    match = re.fullmatch(r"(d?[AWbZ])(\d*|%d|%i|%s|\{\})", node.value)
    if not match or isinstance(site.parent(node), ast.JoinedStr):
        return
    for other in _PREFIXES.get(match[1], ()):
        yield change(node, repr(other + match[2]), rank=1)
    if match[2].isdigit():
        for name in counters(site, node):  # `parameters["W3"]`, whatever the number of layers
            yield change(node, f'"{match[1]}" + str({name})', rank=1, tag=f"numbered {name}")
        for step in (1, -1):
            yield change(node, repr(f"{match[1]}{int(match[2]) + step}"), rank=0, tag=f"index {step:+}")


def _as_derivative(site: Site, node: ast.expr) -> Iterator[Change]:
    """`grads["W" + str(l)]` → `grads["dW" + str(l)]`, in all keys of one dictionary that are read."""
    match node:
        case ast.Subscript(value=ast.Name(id=base), slice=key, ctx=ast.Load()):
            text = site.text(key)
            if quoted := PARAMETER.match(text):
                yield change(key, f"{quoted[0]}d{text[quoted.end() :]}", rank=1, tag=f"d of {base}")
            elif isinstance(key, ast.Name) and not site.scope.counting(key.id) and _is_handed_in(site, node):
                yield change(key, f'"d" + {text}', rank=1, tag=f"d of {base}")
