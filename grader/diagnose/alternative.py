"""A baseline that is right too, such as a loss without its ½: the one that the notebook's own functions keep to.

An alternative's edits lie in several functions that have to agree. Its functions are asked in the order in
which the rubric edits them; the first that is right under one baseline decides for all, so that what belongs to
the other one is an error. Where none is right, the first that one baseline explains with fewer misconceptions decides.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from grader.rubric.schema import Rubric

#: (function, baseline) → the misconceptions that it shows under it, none if it is right; None if it is wrong otherwise.
Shown = Callable[[str, str], frozenset[str] | None]


def kept_to(rubric: Rubric, shown: Shown) -> str:
    """The alternative that the notebook keeps to; empty for none."""
    return next((name for name in rubric.alternatives if _fits_better(rubric, name, shown)), "")


def functions(rubric: Rubric, alternative: str) -> tuple[str, ...]:
    """The functions that an alternative edits, in its order."""
    return tuple(dict.fromkeys(edit.function for edit in rubric.edits_of(alternative).values()))


def _fits_better(rubric: Rubric, alternative: str, shown: Shown) -> bool:
    asked = functions(rubric, alternative)
    right = (_where_right(function, alternative, shown) for function in asked)
    named = (_where_named(function, alternative, shown) for function in asked)
    return next((answer for answer in itertools.chain(right, named) if answer is not None), False)


def _where_right(function: str, alternative: str, shown: Shown) -> bool | None:
    """Whether it is right under the alternative, and not under the plain baseline; None where it is wrong under both."""
    if shown(function, "L") == frozenset():
        return False
    return True if shown(function, f"L+{alternative}") == frozenset() else None


def _where_named(function: str, alternative: str, shown: Shown) -> bool | None:
    """Whether fewer misconceptions explain it under the alternative; None where none do under either."""
    plain, other = shown(function, "L"), shown(function, f"L+{alternative}")
    if plain is None and other is None:
        return None
    return other is not None and (plain is None or len(other) < len(plain))
