"""Dictionaries that a function keeps its steps in: `step["sum"] = W @ A`, and which of their entries it reads."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """One local dictionary. `stored` are its keys, as far as they are texts in the code; `read` those that are read."""

    stored: tuple[str, ...]
    read: frozenset[str]
    whole: bool
    """Whether it is also read as a whole, or by a key that the code does not tell."""

    @property
    def idle(self) -> tuple[str, ...]:
        """Keys under which something is stored, and nothing is read."""
        return () if self.whole else tuple(key for key in self.stored if key not in self.read)


def tables_of(nodes: Sequence[ast.AST]) -> Mapping[str, Table]:
    """The dictionaries that a function makes itself."""
    stored: dict[str, dict[str, None]] = {}
    read: dict[str, set[str]] = {}
    inside: set[ast.expr] = set()
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(keys=keys)):
                stored.setdefault(name, {}).update((key, None) for key in map(_text, keys) if key)
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.DictComp() | ast.Call(func=ast.Name(id="dict"))
            ):
                stored.setdefault(name, {})
            case ast.Subscript(value=ast.Name(id=name) as table, slice=key, ctx=ast.Store()) if text := _text(
                key
            ):
                stored.setdefault(name, {})[text] = None
                inside.add(table)
            case ast.Subscript(value=ast.Name(id=name) as table, slice=key) if text := _text(key):
                read.setdefault(name, set()).add(text)
                inside.add(table)
    whole = {
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node not in inside
    }
    return {
        name: Table(tuple(keys), frozenset(read.get(name, ())), name in whole)
        for name, keys in stored.items()
    }


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
