"""`grader report`: the class on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from grader.cli import output
from grader.cli.folder import read_reports, require_graded
from grader.cli.params import Existing


@click.command()
@click.argument(
    "folder", metavar="DIR", type=Existing("folder", " Give the folder that `grader grade` wrote.")
)
@click.option(
    "--out", "-o", type=click.Path(path_type=Path), metavar="FILE", help="Left out: DIR/class.html."
)
@click.option("--anonymous", is_flag=True, help="Without names and files, to show in a lecture.")
@click.option(
    "--compare", type=Existing("folder"), metavar="DIR", help="An earlier graded folder to compare with."
)
def command(folder: Path, out: Path | None, anonymous: bool, compare: Path | None) -> None:
    """Write the class page of the graded folder DIR: one HTML file that needs nothing else.

    \b
    Examples:
      grader report graded
      grader report graded -o class.html --anonymous
      grader report graded --compare graded-last-year
    """
    require_graded(folder)
    from grader.render.html import class_page

    settings: dict[str, Any] = {"anonymous": anonymous}
    if compare is not None:
        require_graded(compare)
        settings["compare"] = list(read_reports(compare))
    page = class_page.render(list(read_reports(folder)), **settings)
    target = out or folder / "class.html"
    _write(target, page)
    output.show(f"{target}\n")


def _write(target: Path, page: str) -> None:
    from grader.batch.store import write_whole, writing

    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, page.encode(), target.parent)
