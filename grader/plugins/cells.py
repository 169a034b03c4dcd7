"""Which functions a cell of a notebook is about: for the tools that give points to cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from grader.model import FunctionReport

_DEFINED = re.compile(r"^[ \t]*def[ \t]+(\w+)", re.MULTILINE)


def functions_of(name: str, source: str, functions: Sequence[FunctionReport]) -> tuple[FunctionReport, ...]:
    """The function that the cell's name holds; else those that it defines; else those that it mentions."""
    wanted = re.sub(r"\W", "_", name.casefold())
    named = [one for one in functions if one.name.casefold() in wanted]
    if named:
        return (max(named, key=lambda one: len(one.name)),)
    defined = set(_DEFINED.findall(source))
    return _among(functions, defined) or _among(functions, set(re.findall(r"\w+", source)))


def _among(functions: Iterable[FunctionReport], names: set[str]) -> tuple[FunctionReport, ...]:
    return tuple(one for one in functions if one.name in names)


def part(functions: Sequence[FunctionReport]) -> float:
    """The part of the functions' points that was earned, 0 to 1."""
    most = sum(one.max_score for one in functions)
    return min(1.0, max(0.0, sum(one.score for one in functions) / most)) if most > 0 else 0.0
