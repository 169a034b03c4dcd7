"""`grader report`: the class on one page."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import clusters, output
from grader.cli.folder import damage, read_reports, run_facts, say_unfinished, stored_reports
from grader.cli.params import Existing
from grader.errors import UsageError
from grader.files import write_whole
from grader.render import standing

if TYPE_CHECKING:
    from grader.export.folder import ReportFolder
    from grader.render.html.class_page import Cluster
    from grader.rubric.schema import Rubric

_GRADED = Existing("folder", " Give the folder that `grader grade` wrote.")
_LISTED = 10
_CLUSTERS = 12


@click.command(short_help="Write the class page, one HTML file.")
@click.argument("folder", metavar="DIR", type=_GRADED)
@click.option(
    "--out", "-o", type=click.Path(path_type=Path), metavar="FILE", help="Left out: DIR/class.html."
)
@click.option("--anonymous", is_flag=True, help="Without names and files, to show in a lecture.")
@click.option("--compare", type=_GRADED, metavar="DIR", help="An earlier graded folder to compare with.")
def command(folder: Path, out: Path | None, anonymous: bool, compare: Path | None) -> None:
    """Write the class page of the graded folder DIR: one HTML file that needs nothing else.

    \b
    Examples:
      grader report graded
      grader report graded -o class.html --anonymous
      grader report graded --compare graded-last-year
    """
    reports = stored_reports(folder)
    earlier = read_reports(compare) if compare is not None else None
    target = out or folder / "class.html"
    unfinished = standing.interrupted(run_facts(folder))
    from grader.render.html import class_page

    rubric = _rubric(folder)
    page = class_page.render(
        (stored.report for stored in reports),
        anonymous=anonymous,
        compare=earlier,
        clusters=_clusters(folder, rubric),
        explanations=None if rubric is None else rubric.misconceptions,
        feedback_links=_links(folder, reports, target.parent),
        key=str(run_facts(folder).get("seed")).encode(),
        warnings=(unfinished,) if unfinished else (),
    )
    write_whole(target, page, "Choose another place with -o.")
    output.show(f"{target}\n")
    say_unfinished(folder)
    _warn(reports)


def _rubric(folder: Path) -> Rubric | None:
    """The rubric of the run, if it can still be had."""
    from grader.rubric.load import load_rubric

    name = clusters.rubric_of(run_facts(folder))
    try:
        return None if name is None else load_rubric(name)
    except UsageError:
        return None


def _clusters(folder: Path, rubric: Rubric | None) -> list[Cluster]:
    """Equal wrong answers without a name, each with the file that would name it."""
    from grader.diagnose.clusters import REPRESENTATIVES
    from grader.render.html.class_page import Cluster

    return [
        Cluster(
            one.function,
            one.description,
            one.count,
            one.submissions[:REPRESENTATIVES],
            clusters.file_of(folder, one, rubric.id)[0] if rubric else "",
        )
        for one in clusters.of_folder(folder)[:_CLUSTERS]
    ]


def _links(folder: Path, reports: ReportFolder, start: Path) -> Mapping[str, str]:
    """Where each submission's feedback is, seen from the page: the HTML one if there is one."""
    try:
        return dict(_feedback(folder, reports, start))
    except ValueError:  # no path leads from one drive of Windows to another
        return {}


def _feedback(folder: Path, reports: ReportFolder, start: Path) -> Iterator[tuple[str, str]]:
    for stored in reports:
        for name in ("feedback.html", "feedback.md"):
            if (path := folder / stored.id / name).exists():
                yield stored.report.submission.id, Path(os.path.relpath(path, start)).as_posix()
                break


def _warn(reports: ReportFolder) -> None:
    lines = damage(reports)
    for line in lines[:_LISTED]:
        output.say(f"not on the page: {line}")
    if len(lines) > _LISTED:
        output.say(f"not on the page: {len(lines) - _LISTED} more")
