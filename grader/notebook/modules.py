"""What import statements give: course modules that the rubric serves, and libraries imported by star."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Mapping, Sequence
from functools import lru_cache

from grader.model import StandIn
from grader.stand_ins import offers

#: Libraries whose names are looked up where they are imported by star. All are installed with the grader.
_LIBRARIES = frozenset(
    str.split("""
    numpy numpy.random numpy.linalg math cmath random copy functools itertools collections typing operator
    time abc dataclasses enum statistics
    """)
)


@lru_cache(maxsize=64)
def library_names(module: str) -> frozenset[str]:
    """The names that `from module import *` gives; none for a library that is not looked into."""
    if module not in _LIBRARIES:
        return frozenset()
    loaded = importlib.import_module(module)
    return frozenset(getattr(loaded, "__all__", [name for name in vars(loaded) if name[0] != "_"]))


def served(node: ast.stmt, stand_ins: Sequence[StandIn]) -> Mapping[str, str]:
    """Name → course module, for the names that an import statement gets from the rubric's stand-ins."""
    if not isinstance(node, ast.ImportFrom) or not node.module:
        return {}
    offered = offers(node.module, stand_ins)
    if offered is None:
        return {}
    names: dict[str, str] = {}
    for alias in node.names:
        if alias.name == "*":
            names.update(dict.fromkeys(offered, node.module))
        elif alias.name in offered:
            names[alias.asname or alias.name] = node.module
    return names


def is_star(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
