"""`grader rubric name-cluster`: a file for a misconception that the class has shown."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from grader.cli import output
from grader.cli.folder import stored_reports
from grader.cli.params import Existing
from grader.errors import CannotGrade


@click.command(short_help="Make a misconception's file from a cluster.")
@click.argument(
    "folder", metavar="DIR", type=Existing("folder", " Give the folder that `grader grade` wrote.")
)
@click.argument("cluster", required=False, metavar="[CLUSTER]")
@click.argument("identifier", required=False, metavar="[ID]")
@click.option("--rubric", "-r", metavar="R", help="Where the file goes. Left out: the rubric of DIR.")
def command(folder: Path, cluster: str | None, identifier: str | None, rubric: str | None) -> None:
    """Make the file of a new misconception, called ID, from CLUSTER: equal wrong answers that nothing explains.

    Without CLUSTER, list the clusters of the graded folder DIR.

    \b
    Examples:
      grader rubric name-cluster graded
      grader rubric name-cluster graded linear_backward-1 dw-halved
    """
    stored_reports(folder)
    output.show(_clusters().name_cluster(folder, cluster, identifier, rubric))


def _clusters() -> Any:
    try:
        return import_module("grader.diagnose.clusters")
    except ModuleNotFoundError:
        raise CannotGrade("this version of the grader cannot make clusters yet.") from None
