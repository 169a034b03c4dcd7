"""`grader rubric new`: a rubric to start from."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from grader.cli import output


@click.command(short_help="Write a small rubric to start from.")
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Write a small rubric that works into the new folder FOLDER: two functions, two misconceptions.

    \b
    Examples:
      grader rubric new my-course/week5
      grader rubric lint my-course/week5
    """
    from grader.rubric.starter import FILES, write_starter

    write_starter(folder)
    output.show("".join(f"{folder / name}\n" for name in FILES))
    named = shlex.quote(
        str(folder) if len(folder.parts) > 1 else f".{'' if folder == Path('.') else f'/{folder}'}"
    )
    reference = shlex.quote(str(folder / "reference.py"))
    output.say(
        "It works as it is:\n"
        f"  grader rubric lint {named}\n"
        f"  grader check {reference} --rubric {named}\n"
        "Next: put your own functions into reference.py and the calls that test them into reference_inputs.py, name\n"
        "them in rubric.yaml, and write a file in misconceptions/ for each error that you know. Run lint after each step."
    )
