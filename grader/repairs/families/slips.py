"""Slips that stop a function at once: `str` forgotten, `/` for `//`, a word spelt in another way, brackets."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from difflib import get_close_matches

from grader.repairs.change import Change, call_text, callee, change
from grader.repairs.families.numbers import PARAMETER
from grader.repairs.scope import is_text
from grader.repairs.sites import Site
from grader.repairs.slice import names_in

_WORDS = ("relu", "sigmoid")
_LONGEST = 12
_PARAMETER_NAME = re.compile(r"([Wb])([1-9])")


def with_str(site: Site) -> Iterator[Change]:
    """`"W" + l` → `"W" + str(l)`."""
    for node in site.nodes():
        match node:
            case ast.BinOp(
                left=ast.Constant(value=str()), op=ast.Add(), right=ast.Name() | ast.BinOp() as number
            ):
                yield change(number, f"str({site.text(number)})", rank=0, tag="str")


def floored(site: Site) -> Iterator[Change]:
    """`len(parameters) / 2` → `len(parameters) // 2`."""
    for node in site.nodes():
        match node:
            case ast.BinOp(left=left, op=ast.Div(), right=ast.Constant(value=2)) if site.count(left):
                yield change(node, f"{site.atom(left)} // 2", rank=0)


def spelt(site: Site) -> Iterator[Change]:
    """`activation == "Relu"` → `activation == "relu"`."""
    for node in site.nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) <= _LONGEST:
            for word in get_close_matches(node.value.casefold().strip(), _WORDS, n=1, cutoff=0.7):
                if word != node.value:
                    yield change(node, repr(word), rank=0, tag=word)


def first_result(site: Site) -> Iterator[Change]:
    """`A = sigmoid(Z)` → `A = sigmoid(Z)[0]`, of a function that gives a pair."""
    for node in site.nodes():
        if isinstance(node, ast.Call) and callee(node) in _WORDS:
            yield change(node, f"{site.text(node)}[0]", rank=0, tag="first")


def halved(site: Site) -> Iterator[Change]:
    """`len(parameters)` → `len(parameters) // 2`, where nothing halves it yet."""
    for node in site.nodes():
        if isinstance(node, ast.Call) and callee(node) == "len" and len(node.args) == 1:
            around = site.parent(node)
            if not (isinstance(around, ast.BinOp) and isinstance(around.op, ast.FloorDiv | ast.Div)):
                yield change(node, f"{site.text(node)} // 2", rank=0)


def other_table(site: Site) -> Iterator[Change]:
    """`grads["W" + str(l)]` → `parameters["W" + str(l)]`: another of the function's own dictionaries is asked."""
    for node in site.nodes():
        match node:
            case ast.Subscript(value=ast.Name(id=base) as asked, ctx=ast.Load()) if (
                base in site.scope.parameters
            ):
                if PARAMETER.match(site.text(node.slice)):
                    others = (name for name in site.scope.data_parameters if name != base)
                    yield from (change(asked, name, rank=0, tag=f"{base} or {name}") for name in others)


def tupled(site: Site) -> Iterator[Change]:
    """`np.zeros(n, 1)` → `np.zeros((n, 1))`, and `randn((n, m))` → `randn(n, m)`."""
    for node in site.nodes():
        match node:
            case ast.Call(args=[one, other]) if callee(node) in ("zeros", "ones", "empty"):
                yield change(
                    node, call_text(site, node, [f"({site.text(one)}, {site.text(other)})"]), tag="tuple"
                )
            case ast.Call(args=[ast.Tuple(elts=sizes)]) if callee(node) in ("randn", "rand"):
                yield change(node, call_text(site, node, [site.text(size) for size in sizes]), tag="tuple")


def sized(site: Site) -> Iterator[Change]:
    """`np.random.randn(1, n_h)` and `np.zeros((1, 1))` → with a parameter that is read nowhere for the rows;
    `randn(n, m * 0.01)` → `randn(n, m) * 0.01`."""
    yield from _factor_outside(site)
    idle = [name for name in site.scope.data_parameters if name not in site.scope.read]
    for node in site.nodes() if idle else ():
        match node:
            case ast.Call(args=[ast.Tuple(elts=[ast.Constant(value=int()) as rows, *_])]):
                pass
            case ast.Call(args=[ast.Constant(value=int()) as rows, _]):
                pass
            case _:
                continue
        yield from (change(rows, name, rank=0, tag=f"rows {name}") for name in idle)
    yield from _all_sizes(site)


def threshold(site: Site) -> Iterator[Change]:
    """`A > 0.05` → `A > 0.5`: the end of a comparison of numbers, and nothing else of it."""
    for node in site.nodes():
        match node:
            case ast.Compare(ops=[ast.Gt() | ast.GtE() | ast.Lt() | ast.LtE()], comparators=[right]):
                yield from (change(end, "0.5", rank=0) for end in (right, node.left) if not is_text(end))


def _factor_outside(site: Site) -> Iterator[Change]:
    """`randn(n, m * 0.01)` → `randn(n, m) * 0.01`, or without the factor, where it is applied as well."""
    for node in site.nodes():
        match node:
            case ast.Call(args=[rows, ast.BinOp(left=left, op=ast.Mult(), right=right)]) if callee(node) in (
                "randn",
                "rand",
            ):
                for size, factor in ((left, right), (right, left)):
                    if isinstance(factor, ast.Constant | ast.Name) and not isinstance(size, ast.Constant):
                        drawn = call_text(site, node, [site.text(rows), site.text(size)])
                        yield change(node, f"{drawn} * {site.text(factor)}", rank=0, tag="factor outside")
                        yield change(node, drawn, rank=1, tag="factor outside")


def _all_sizes(site: Site) -> Iterator[Change]:
    """The shapes of the notebook's test case, `W1 = np.random.randn(2, 3) * 0.01` and `b1 = np.zeros((2, 1))`, …
    → those that the function is asked for. Proposed at the first of them."""
    typed = [
        one for node in site.source.nodes if isinstance(node, ast.Assign) for one in _typed_sizes(site, node)
    ]
    if len({statement for statement, _ in typed}) > 1 and typed[0][0] is site.node:
        yield Change(tuple(edit for _, edit in typed), rank=1, joined=1)


def _typed_sizes(site: Site, node: ast.Assign) -> Iterator[tuple[ast.Assign, tuple[ast.AST, str]]]:
    """The numbers in the shape of `W1` or `b1`, each with the parameter that it should be."""
    target = _PARAMETER_NAME.fullmatch(site.text(node.targets[0]))
    sizes = site.scope.data_parameters
    if target is None or int(target[2]) >= len(sizes):
        return
    rows, columns = sizes[int(target[2])], sizes[int(target[2]) - 1]
    wanted = (rows, columns) if target[1] == "W" else (rows,)
    for inner in ast.walk(node.value):
        match inner:
            case ast.Call(args=[ast.Tuple(elts=numbers)]) | ast.Call(args=[_, _] as numbers):
                for number, name in zip(numbers, wanted, strict=False):
                    if isinstance(number, ast.Constant) and isinstance(number.value, int):
                        yield node, (number, name)


def more_results(site: Site) -> Iterator[Change]:
    """`return Z` → `return Z, cache`, where the cache was made and is used nowhere else, or is a record."""
    given = site.node.value if isinstance(site.node, ast.Return) and site.depth == 0 else None
    if isinstance(given, ast.Name | ast.Tuple):
        records = ast.List | ast.Tuple | ast.Dict
        bound = (made.name for made in site.scope.bindings if isinstance(made.value, records))
        parts = given.elts if isinstance(given, ast.Tuple) else [given]
        texts = [site.text(part) for part in parts]
        for name in dict.fromkeys((*site.scope.idle, *bound)):
            for at in range(len(texts), -1, -1) if name not in names_in(given) else ():
                yield change(site.node, f"return {', '.join((*texts[:at], name, *texts[at:]))}", rank=0)


def too_many_results(site: Site) -> Iterator[Change]:
    """`return s, z` → `return s`, or `return z`."""
    match site.node:
        case ast.Return(value=ast.Tuple(elts=parts) as given) if site.depth == 0:
            yield from (change(given, site.text(part), rank=0) for part in parts)


def comma(site: Site) -> Iterator[Change]:
    """`dW = dZ @ A.T / m,` → `dW = dZ @ A.T / m`."""
    match site.node:
        case (
            ast.Assign(value=ast.Tuple(elts=[only]) as pair)
            | ast.Return(value=ast.Tuple(elts=[only]) as pair)
        ):
            yield change(pair, site.text(only), rank=0, tag="comma")


def assigned(site: Site) -> Iterator[Change]:
    """`y[0, i] == 1`, which stands alone → `y[0, i] = 1`."""
    match site.node:
        case ast.Expr(value=ast.Compare(left=left, ops=[ast.Eq()], comparators=[value])):
            yield change(site.node, f"{site.text(left)} = {site.text(value)}", rank=0, tag="assign")
