"""`grader check`: one notebook, for the student who wrote it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import output
from grader.cli.params import Existing, detail_option, json_option, rubric_option, seed_option

if TYPE_CHECKING:
    from grader.model import Report


@click.command()
@click.argument("notebook", type=Existing("file", " `grader grade` takes folders."))
@click.argument("functions", nargs=-1, metavar="[FUNCTION]...")
@rubric_option
@json_option("the report")
@detail_option()
@seed_option
@click.option(
    "--pack", type=Existing("file"), metavar="FILE", help="Check with a student pack, not a rubric."
)
def command(
    notebook: Path,
    functions: tuple[str, ...],
    rubric: str | None,
    as_json: bool,
    detail: str,
    seed: int | None,
    pack: Path | None,
) -> int:
    """Check NOTEBOOK and say what is wrong, where, and why.

    With FUNCTIONs only these are checked. The exit code is 0 if every function passed, 1 if not.

    \b
    Examples:
      grader check week4.ipynb
      grader check week4.ipynb linear_backward --detail fix
      grader check week4.ipynb --rubric dnn-step-by-step --json > report.json
    """
    from grader.pipeline import check

    report = check(notebook, functions=functions, rubric=rubric, pack=pack, seed=seed, unsafe=True)
    if as_json:
        _show_json(report)
    else:
        _show_text(report, detail)
    return 0 if passed(report) else 1


def passed(report: Report) -> bool:
    """Whether the notebook could be graded and every function is right."""
    return report.status == "graded" and all(one.status == "passed" for one in report.functions)


def _show_json(report: Report) -> None:
    from grader.render import json_report, words

    if report.isolation.tier == "none":
        output.say(words.NOT_ISOLATED)
    output.show_bytes(json_report.to_json(json_report.public(report)))


def _show_text(report: Report, detail: str) -> None:
    from grader.render import terminal

    color = output.wants_color(sys.stdout)
    output.show(terminal.render(report, detail=detail, width=output.width(), color=color))
