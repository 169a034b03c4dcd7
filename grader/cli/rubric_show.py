"""`grader rubric show`: what a rubric asks for."""

from __future__ import annotations

import click

from grader.cli import output


@click.command(short_help="Show functions, points, misconceptions.")
@click.argument("rubric", metavar="R")
def command(rubric: str) -> None:
    """Show the rubric R: its functions with their points, and its misconceptions.

    \b
    Examples:
      grader rubric show dnn-step-by-step
      grader rubric show my-course/week4
    """
    from grader.cli import catalogue
    from grader.rubric.load import load_rubric

    output.show("\n".join(catalogue.overview(load_rubric(rubric))).rstrip() + "\n")
