"""`grader package`: what is uploaded to an LMS."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli import output
from grader.cli.params import PLATFORM


@click.command(short_help="Write what is uploaded to an LMS.")
@click.argument("platform", type=PLATFORM, metavar="PLATFORM")
@click.option("--rubric", "-r", required=True, metavar="R", help="A rubric's name or path.")
@click.option("--out", "-o", type=click.Path(path_type=Path), metavar="PATH", help="Where it is written.")
def command(platform: str, rubric: str, out: Path | None) -> None:
    """Write what is uploaded to PLATFORM: Gradescope's autograder.zip, the folder of an image for others.

    PLATFORM is one of gradescope, prairielearn, coursera, vpl, edx, inginious and classroom50. What another LMS
    imports is written by `grader export`.

    \b
    Examples:
      grader package gradescope --rubric dnn-step-by-step
      grader package prairielearn --rubric dnn-step-by-step -o image/
    """
    from grader.platforms import package_platform

    output.show(f"{package_platform(platform, rubric, out)}\n")
