"""`grader export`: the file that an LMS imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli import output
from grader.cli.folder import say_unfinished, stored_reports
from grader.cli.params import Existing, Number, OneOfThese, detail_option
from grader.errors import UsageError
from grader.render import escape

if TYPE_CHECKING:
    from grader.export import ExportSummary, Skipped

#: What has no file to import, but an API.
_PUSHED_ONLY = ("lti",)
_OF_FILES = ("gradebook", "out", "column", "assignment", "points")
_MANY = 10
_NOT_ALL = 3


def _formats() -> tuple[str, ...]:
    """Ours and those of installed packages."""
    from grader.export.registry import format_names

    return (*format_names(), *_PUSHED_ONLY)


@click.command(short_help="Write the file that an LMS imports.")
@click.argument(
    "folder", metavar="DIR", type=Existing("folder", " Give the folder that `grader grade` wrote.")
)
@click.option("--to", "format_name", required=True, type=OneOfThese(_formats), help="Who reads it.")
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
    "--points",
    type=Number(float, 0, above=True),
    metavar="P",
    help="The item's maximum, where the LMS's file does not tell.",
)
@detail_option(None)
@click.option("--push", is_flag=True, help="Send grades and feedback to the LMS itself: canvas or lti.")
@click.option(
    "--dry-run", is_flag=True, help="Say what would be written or sent and left out, and do nothing."
)
def command(folder: Path, format_name: str, push: bool, **options: Any) -> int:
    """Write what an LMS imports from the graded folder DIR.

    With --push, results are sent through the LMS's API; what was sent before is not sent again. Addresses and
    tokens come from the environment, never from the command line: without them, --push says which it needs.

    \b
    Examples:
      grader export graded --to canvas --gradebook gradebook.csv
      grader export graded --to moodle --gradebook worksheet.csv
      grader export graded --to junit -o junit.xml
      grader export graded --to canvas --push --dry-run
    """
    stored_reports(folder)
    say_unfinished(folder)
    if push:
        return _push(folder, format_name, options)
    if format_name in _PUSHED_ONLY:
        raise UsageError(f"{format_name} has no file to import. Give --push to send the results.")
    from grader.export import export_folder

    _tell(export_folder(folder, format_name, **options))
    return 0


def _push(folder: Path, service: str, options: Mapping[str, Any]) -> int:
    """Send the results; 3 if the LMS did not take all of them."""
    useless = [f"--{name}" for name in _OF_FILES if options[name] is not None]
    if useless:
        raise UsageError(
            f"{' and '.join(useless)} and --push do not go together: the LMS's API is asked instead."
        )
    from grader.platforms import push_folder

    done = push_folder(folder, service, detail=options["detail"], dry_run=options["dry_run"])
    verb = "would be sent" if done.dry_run else "sent"
    output.say(f"{len(done.sent)} {verb} to {service}, {len(done.unchanged)} are there already.")
    _list("left out", done.skipped)
    _list("failed", done.failed)
    if done.zeros:
        from grader.export.people import zeros

        output.say(escape.terminal(f"note: {zeros(done.zeros)}"))
    return _NOT_ALL if done.failed else 0


def _tell(done: ExportSummary) -> None:
    """The files on stdout; for the person how many, what is left out, and what to know."""
    for path in done.files:
        output.show(f"{path}\n")
    output.say(f"{done.reports} reports for {done.format}{' (nothing was written)' if done.dry_run else ''}.")
    _list("left out", done.skipped)
    for note in done.notes:
        output.say(escape.terminal(f"note: {note}"))


def _list(label: str, items: Sequence[Skipped]) -> None:
    """Every one of them: a student who is not named here would be missed by nobody."""
    for one in items:
        output.say(escape.terminal(f"{label}: {one.what}: {one.reason}"))
    if len(items) > _MANY:
        output.say(f"{label}: {len(items)} in all")
