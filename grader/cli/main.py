"""The command `grader`: the group, its commands, and the way out of all of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from grader.cli import faults, output
from grader.cli.lazy import LazyGroup

_DOORS = {
    name: f"grader.cli.{name}"
    for name in ("check", "grade", "report", "export", "explain", "rubric", "run", "package", "doctor")
}


class _Grader(LazyGroup):
    """The outermost group, where exceptions become exit codes."""

    def main(  # type: ignore[override]  # ours always leaves with an exit code of the contract
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **settings: Any
    ) -> Any:
        if not settings.pop("standalone_mode", True):
            return super().main(args, prog_name, standalone_mode=False, **settings)
        output.be_lenient()
        run = partial(super().main, args, prog_name or "grader", standalone_mode=False, **settings)
        sys.exit(faults.exit_code(run))


def _version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        output.show(f"grader {version('whywrong')}\n")
        ctx.exit()


@click.group(
    name="grader",
    cls=_Grader,
    doors=_DOORS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Grade neural-network notebooks, and say which misconception made an answer wrong.

    \b
    Examples:
      grader check week4.ipynb                    feedback on your own notebook
      grader grade class/ --out graded            a report for every notebook of a class
      grader report graded                        the class on one page
      grader export graded --to canvas            the file that an LMS imports
      grader explain missing-1-over-m             what a misconception is about
    """


def main() -> None:
    """The entry point of `grader` and `python -m grader`."""
    cli(prog_name="grader")
