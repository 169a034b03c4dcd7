"""Which rubrics come with the grader, by their folders alone: nothing is read but names."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path


def rubric_root() -> Path:
    """The folder of the shipped rubrics: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_rubrics"
    return inside if inside.is_dir() else package.parent / "rubrics"


def shipped_rubrics() -> dict[str, Path]:
    """Name → folder of every shipped rubric."""
    return {path.parent.name: path.parent for path in sorted(rubric_root().glob("*/rubric.yaml"))}


@lru_cache(maxsize=1024)
def first_with(misconception: str) -> str | None:
    """The first shipped rubric that has a misconception: the one whose words its id alone leads to."""
    name = f"{misconception}.yaml"
    return next(
        (
            rubric
            for rubric, folder in shipped_rubrics().items()
            if (folder / "misconceptions" / name).is_file()
        ),
        None,
    )
