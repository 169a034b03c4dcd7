"""A baseline that is right too, such as a loss without its ½: the one that the notebook's own functions keep to.

An alternative's edits lie in several functions that have to agree. Its functions are asked in the order in
which the rubric edits them; the first that fits one baseline better than the other decides for all, so that
what belongs to the other one is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
    return next(_answers(rubric, alternative, shown), False)


def _answers(rubric: Rubric, alternative: str, shown: Shown) -> Iterator[bool]:
    """Each function's answer: whether it fits the alternative better than the plain baseline."""
    for function in functions(rubric, alternative):
        plain = shown(function, "L")
        if plain is not None and not plain:
            yield False
            continue
        other = shown(function, f"L+{alternative}")
        if plain is not None or other is not None:
            yield other is not None and (plain is None or len(other) < len(plain))
