"""`grader rubric pack`: the student pack."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli import output
from grader.cli.params import seed_option
from grader.files import write_whole


@click.command(short_help="Write a student pack.")
@click.argument("rubric", metavar="R")
@click.option("--out", "-o", type=click.Path(path_type=Path), metavar="FILE", help="Left out: R.pack, here.")
@seed_option
def command(rubric: str, out: Path | None, seed: int | None) -> None:
    """Write what students check with: the public tests of R with their answers, and none of its reference code.

    \b
    Examples:
      grader rubric pack dnn-step-by-step
      grader check week4.ipynb --pack dnn-step-by-step.pack
    """
    from grader.judge.ready import ready_plan
    from grader.rubric.load import load_rubric
    from grader.rubric.pack import pack

    loaded = load_rubric(rubric)
    ready_plan(loaded, seed or 0)
    target = out or Path(f"{loaded.id}.pack")
    write_whole(target, pack(loaded, seed=seed), "Choose another place with -o.")
    output.show(f"{target}\n")
