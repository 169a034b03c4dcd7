"""`grader rubric name-cluster`: a file for a misconception that the class has shown."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli import output
from grader.cli.params import Existing
from grader.files import write_whole


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
    from grader.cli import clusters

    found = clusters.of_folder(folder)
    if cluster is None:
        output.show(clusters.listing(found))
        return
    text, complete = clusters.file_of(folder, clusters.named(found, cluster), rubric)
    if identifier is None:
        output.show(text)
        return
    path = clusters.target(folder, identifier, rubric, draft=not complete)
    write_whole(path, text.encode(), "Leave the id out to print it instead.")
    output.show(f"{path}\n")
    lint = f"grader rubric lint {rubric or path.parent.parent.name}"
    if complete:
        output.say(f"Write its title and its words, then run: {lint}")
    else:
        output.say(
            "No small edit of the reference gives these numbers, so this is a draft, which the rubric does not read. "
            f"Write the edit, its title and its words, name it {identifier}.yaml, then run: {lint}"
        )
