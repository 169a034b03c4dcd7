"""`grader export`: the file that an LMS imports."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli import output
from grader.cli.folder import require_graded
from grader.cli.params import Existing, OneOf

FORMATS = (
    "canvas", "moodle", "gradescope", "prairielearn", "coursera", "nbgrader", "edx", "junit", "sarif", "csv", "jsonl",
)  # fmt: skip


@click.command()
@click.argument(
    "folder", metavar="DIR", type=Existing("folder", " Give the folder that `grader grade` wrote.")
)
@click.option("--to", "format_name", required=True, type=OneOf(FORMATS), help="Who reads it.")
@click.option(
    "--gradebook",
    type=Existing("file"),
    metavar="FILE",
    help="Your own export from the LMS, filled in for import.",
)
@click.option(
    "--out", "-o", type=click.Path(path_type=Path), metavar="PATH", help="Left out: DIR/exports/FORMAT/."
)
def command(folder: Path, format_name: str, gradebook: Path | None, out: Path | None) -> None:
    """Write what an LMS imports from the graded folder DIR.

    \b
    Examples:
      grader export graded --to canvas --gradebook gradebook.csv
      grader export graded --to moodle --gradebook worksheet.csv
      grader export graded --to junit -o junit.xml
    """
    require_graded(folder)
    from grader.export import export_folder

    written = export_folder(folder, format_name, gradebook, out)
    for path in [written] if isinstance(written, Path) else written:
        output.show(f"{path}\n")
