"""`grader export`: the file that an LMS imports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli import output
from grader.cli.folder import stored_reports
from grader.cli.params import Existing, OneOf, detail_option

if TYPE_CHECKING:
    from grader.export.folder import ExportSummary

#: The names of `grader.export.registry`, which is not imported for the help.
FORMATS = (
    "canvas", "moodle", "gradescope", "prairielearn", "coursera", "nbgrader", "edx", "junit", "sarif",
    "csv", "jsonl", "vpl", "inginious", "codegrade",
)  # fmt: skip
_LISTED = 10


class _Format(OneOf):
    """One of ours, or one that an installed package brings."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in FORMATS:
            from grader.export.registry import format_names

            self.choices = format_names()
        return super().convert(value, param, ctx)


@click.command(short_help="Write the file that an LMS imports.")
@click.argument(
    "folder", metavar="DIR", type=Existing("folder", " Give the folder that `grader grade` wrote.")
)
@click.option("--to", "format_name", required=True, type=_Format(FORMATS), help="Who reads it.")
@click.option(
    "--gradebook",
    type=Existing("file"),
    metavar="FILE",
    help="Your own export from the LMS, filled in for import.",
)
@click.option(
    "--out", "-o", type=click.Path(path_type=Path), metavar="PATH", help="Left out: DIR/exports/FORMAT/."
)
@click.option("--column", metavar="NAME", help="The item in the gradebook that gets the grades.")
@click.option("--assignment", metavar="NAME", help="The LMS's name of the assignment, where it needs one.")
@click.option(
    "--points", type=float, metavar="P", help="The item's maximum, where the LMS's file does not tell."
)
@detail_option(None)
@click.option("--dry-run", is_flag=True, help="Say what would be written and left out, and write nothing.")
def command(folder: Path, format_name: str, gradebook: Path | None, out: Path | None, **options: Any) -> None:
    """Write what an LMS imports from the graded folder DIR.

    \b
    Examples:
      grader export graded --to canvas --gradebook gradebook.csv
      grader export graded --to moodle --gradebook worksheet.csv
      grader export graded --to junit -o junit.xml
    """
    stored_reports(folder)
    from grader.export import export_folder

    _tell(export_folder(folder, format_name, gradebook, out, **options))


def _tell(done: ExportSummary) -> None:
    """The files on stdout; for the person how many, what is left out, and what to know."""
    for path in done.files:
        output.show(f"{path}\n")
    output.say(f"{done.reports} reports for {done.format}{' (nothing was written)' if done.dry_run else ''}.")
    for one in done.skipped[:_LISTED]:
        output.say(f"left out: {one.what}: {one.reason}")
    if len(done.skipped) > _LISTED:
        output.say(f"left out: {len(done.skipped) - _LISTED} more")
    for note in done.notes:
        output.say(f"note: {note}")
