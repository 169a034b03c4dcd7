"""Results that are lost, and arrays that are filled and never used."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import product

from grader.repairs.change import FORGOTTEN, Change, change
from grader.repairs.sites import Site
from grader.repairs.slice import filled_by

_MOST = 3


def kept(site: Site) -> Iterator[Change]:
    """`np.add(Z, b)` and `Z + b`, whose results are lost → `Z = np.add(Z, b)`; `buf = buf * factor`, where nobody
    asks for it any more and the caller has the array → `buf *= factor`."""
    match site.node:
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=ast.Name(id=module)), args=[ast.Name(id=first), *_])
        ):
            if module == site.world.numpy and site.scope.knows(first) and not filled_by(site.node):
                yield change(site.node, f"{first} = {site.text(site.node)}", FORGOTTEN, rank=0)
        case ast.Expr(value=ast.BinOp(left=ast.Name(id=first))) if site.scope.knows(first):
            yield change(site.node, f"{first} = {site.text(site.node)}", FORGOTTEN, rank=0)
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.BinOp(left=ast.Name(id=same))):
            if name == same and name in site.scope.parameters and not _is_read_below(site, name):
                yield change(site.node, f"{name}[...] = {site.text(site.node.value)}", FORGOTTEN, rank=0)


def _is_read_below(site: Site, name: str) -> bool:
    nodes = (node for node in site.source.nodes if isinstance(node, ast.Name) and node.id == name)
    return any(node.lineno > site.line and isinstance(node.ctx, ast.Load) for node in nodes)


def used_in_place(site: Site) -> Iterator[Change]:
    """`np.log(rest, out=tmp)`, and tmp is only ever filled → the same, and `loss += tmp`."""
    match filled_by(site.node):
        case ast.Name(id=name):
            bare = [node for node in site.source.nodes if isinstance(node, ast.Expr) and filled_by(node)]
            filling = [node for node in bare if site.text(filled_by(node) or node) == name]
            here = {id(inner) for node in filling for inner in ast.walk(node)}
            read = (n for n in site.source.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
            if any(n.id == name and id(n) not in here for n in read) or site.node is not filling[-1]:
                return
            others = dict.fromkeys(site.text(filled_by(node) or node) for node in bare)
            for other, operator in product([one for one in others if one != name][:_MOST], "-+"):
                text = f"{site.text(site.node)}; {other} {operator}= {name}"
                yield change(site.node, text, FORGOTTEN, rank=0)
