"""An entry of a dictionary that was computed and is read nowhere, put where another one is read, or added to it;
and one that was never stored."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from itertools import product

from grader.repairs.change import FORGOTTEN, Change, change
from grader.repairs.scope import is_text
from grader.repairs.sites import Site
from grader.repairs.slice import names_in

_MOST = 3


def forgotten_entries(site: Site) -> Iterator[Change]:
    """`Z = step["sum"]` → `Z = step["plus bias"]`; `dW = total["W"]` → `dW = mean["W"]`, where nobody reads that."""
    tables = site.scope.tables
    for node in site.nodes() if tables else ():
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str() as key)) if (
                name in tables
            ):
                text = site.text(node)
                for other in tables[name].idle[:_MOST]:
                    entry = f"{name}[{other!r}]"
                    yield change(node, entry, FORGOTTEN, rank=0)
                    yield change(node, f"({text} + {entry})", FORGOTTEN, rank=1)
                    yield change(node, f"({text} - {entry})", FORGOTTEN, rank=1)
                for table in [one for one in tables if one != name and one in site.visible(node)][:_MOST]:
                    if not tables[table].whole and key not in tables[table].read:
                        yield change(node, f"{table}[{key!r}]", FORGOTTEN, rank=0)


def stored_too(site: Site, idle: list[str]) -> Iterator[Change]:
    """`parameters[w_key] = w` → the same, and `parameters[b_key] = b`, where b is used nowhere; `new[w_key] =
    old[w_key] - w` the same."""
    texts = [
        name
        for name in site.visible(site.node)
        if any(value is not None and is_text(value) for value in site.scope.values.get(name, ()))
    ]
    match site.node:
        case ast.Assign(
            targets=[ast.Subscript(value=ast.Name(id=kept), slice=ast.Name(id=used))], value=stored
        ):
            for key, value in product(texts, idle):
                if key not in (used, value):
                    made = dict.fromkeys((value, *_with_other_names(stored, {used: key}, value)))
                    for one in made:
                        text = f"{site.text(site.node)}; {kept}[{key}] = {one}"
                        yield change(site.node, text, FORGOTTEN, rank=0)


def _with_other_names(node: ast.expr, names: dict[str, str], idle: str) -> Iterator[str]:
    """The expression with these names exchanged, and one of its others for the idle one."""
    for name in sorted(names_in(node) - set(names)) if set(names) <= names_in(node) else ():
        yield _renamed(ast.unparse(node), {**names, name: idle})


def _renamed(text: str, names: Mapping[str, str]) -> str:
    words = re.compile(r"\b(?:" + "|".join(map(re.escape, names)) + r")\b")
    return words.sub(lambda match: names[match[0]], text)
