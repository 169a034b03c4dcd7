"""How deep feedback may go: as deep as is wanted, and no deeper than the rubric lets students see."""

from __future__ import annotations

from typing import cast

from grader.errors import UsageError
from grader.model import LEVELS, Level
from grader.rubric.load import load_rubric

DEEPEST: Level = "fix"


def allowed(wanted: str, most: str) -> Level:
    """The level that is wanted, or the deepest one that is allowed."""
    return cast(Level, min(wanted, most, key=LEVELS.index))


def most_detail(rubric: str) -> str:
    """The deepest level of a rubric's name or path. One that is not on this machine sets no limit."""
    try:
        return load_rubric(rubric).detail
    except UsageError:
        return DEEPEST


def rubrics_detail(wanted: str, rubric: str) -> Level:
    """The level that is wanted, or the deepest that this rubric lets students see."""
    return allowed(wanted, most_detail(rubric))


def told(rubric: str, level: str) -> str:
    """The line for a person who asked for more than the rubric shows."""
    return f"Feedback stops at the level {level!r}: the rubric {rubric} shows students no more."
