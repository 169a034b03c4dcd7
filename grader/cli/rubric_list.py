"""`grader rubric list`: the shipped rubrics."""

from __future__ import annotations

import click

from grader.cli import output
from grader.errors import RubricError


@click.command(short_help="List the shipped rubrics.")
def command() -> None:
    """List the rubrics that --rubric knows by name.

    \b
    Example:
      grader rubric list
    """
    from grader.rubric.shipped import shipped_rubrics

    found = shipped_rubrics()
    width = max(map(len, found), default=0)
    output.show("".join(f"{name:{width}}  {_line(name)}\n" for name in found))
    output.say("A path to a folder with a rubric.yaml works wherever a name does.")


def _line(name: str) -> str:
    from grader.render import words
    from grader.rubric.load import load_rubric

    try:
        rubric = load_rubric(name)
    except RubricError as error:
        return f"cannot be loaded: {error}"
    functions = words.count(len(rubric.functions), "function")
    return f"{rubric.title} ({functions}, {words.count(len(rubric.misconceptions), 'misconception')})"
