"""`grader run`: the door for an LMS's container."""

from __future__ import annotations

import click

from grader.cli.params import OneOf, rubric_option

PLATFORMS = ("gradescope", "prairielearn", "coursera", "vpl", "edx")


@click.command(short_help="Grade inside an LMS's container.")
@click.argument("platform", type=OneOf(PLATFORMS))
@rubric_option
def command(platform: str, rubric: str | None) -> int:
    """Grade the submission where PLATFORM put it, and write the result where PLATFORM wants it.

    Meant for the container of an LMS: 0 is the exit code whenever it graded, and a valid result file
    is there even after a crash.

    \b
    Examples:
      grader run gradescope --rubric dnn-step-by-step
      grader run prairielearn
    """
    from grader.platforms import run_platform

    result = run_platform(platform, rubric=rubric)
    return result if isinstance(result, int) else 0
