"""`grader run`: the door for an LMS's container."""

from __future__ import annotations

import click

from grader.cli.params import PLATFORM, Number, detail_option, rubric_option


@click.command(short_help="Grade inside an LMS's container.")
@click.argument("platform", type=PLATFORM, metavar="PLATFORM")
@rubric_option()
@detail_option(None)
@click.option(
    "--seconds",
    type=Number(float, 0, above=True),
    metavar="S",
    help="Give up after so long, with a result that says so.",
)
def command(platform: str, rubric: str | None, detail: str | None, seconds: float | None) -> int:
    """Grade the submission where PLATFORM put it, and write the result where PLATFORM wants it.

    Meant for the container of an LMS: the exit code is 0 whenever it graded, and a valid result file is
    there even after a crash or a time-out. PLATFORM is one of gradescope, prairielearn, coursera, vpl, edx,
    inginious and classroom50.

    \b
    Examples:
      grader run gradescope --rubric dnn-step-by-step
      grader run prairielearn
    """
    from grader.platforms import run_platform

    return run_platform(platform, rubric=rubric, detail=detail, seconds=seconds)
