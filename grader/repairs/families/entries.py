"""An entry of a dictionary that was computed and is read nowhere, put where another one is read, or added to it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.repairs.change import FORGOTTEN, Change, change
from grader.repairs.sites import Site

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
