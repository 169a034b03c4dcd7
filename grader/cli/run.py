"""`grader run`: the door for an LMS's container."""

from __future__ import annotations

import click

from grader.cli.params import OneOfThese, detail_option, rubric_option


def platforms() -> tuple[str, ...]:
    """The names of all platforms."""
    from grader.platforms import PLATFORMS

    return tuple(PLATFORMS)


@click.command(short_help="Grade inside an LMS's container.")
@click.argument("platform", type=OneOfThese(platforms))
@rubric_option
@detail_option(None)
@click.option("--seconds", type=float, metavar="S", help="Give up after so long, with a result that says so.")
def command(platform: str, rubric: str | None, detail: str | None, seconds: float | None) -> int:
    """Grade the submission where PLATFORM put it, and write the result where PLATFORM wants it.

    Meant for the container of an LMS: the exit code is 0 whenever it graded, and a valid result file is
    there even after a crash or a time-out.

    \b
    Examples:
      grader run gradescope --rubric dnn-step-by-step
      grader run prairielearn
    """
    from grader.platforms import run_platform

    return run_platform(platform, rubric=rubric, detail=detail, seconds=seconds)
