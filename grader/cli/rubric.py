"""`grader rubric`: the group of the author's commands."""

from __future__ import annotations

import click

from grader.cli.lazy import LazyGroup

_DOORS = {
    "list": "grader.cli.rubric_list",
    "show": "grader.cli.rubric_show",
    "new": "grader.cli.rubric_new",
    "lint": "grader.cli.rubric_lint",
    "name-cluster": "grader.cli.rubric_name_cluster",
    "pack": "grader.cli.rubric_pack",
}


@click.group(cls=LazyGroup, doors=_DOORS, short_help="For authors: list, show, start, check, pack rubrics.")
def command() -> None:
    """List, show, start, check and pack rubrics; name a new misconception.

    \b
    Examples:
      grader rubric list
      grader rubric show dnn-step-by-step
      grader rubric new my-course/week4
      grader rubric lint my-course/week4
    """
