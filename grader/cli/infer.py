"""Which rubric a class is graded with, where none was named: what some of its notebooks say."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.batch.discover import discover
from grader.batch.found import SubmissionFile, Unreadable
from grader.batch.reading import Reader
from grader.cli import output
from grader.errors import CannotGrade, UsageError

#: Notebooks that are asked, from all over the class: folders of two assignments lie one after the other.
_ASKED = 12


@dataclass(frozen=True, slots=True)
class Inferred:
    """A rubric's name, why it was chosen, and the notebook that said so first."""

    rubric: str
    why: str
    file: str


def infer_for_one(notebook: Path, asked: Collection[str]) -> str:
    """The rubric that a notebook's functions fit, and those that are asked for, which is said. UsageError, or Unreadable for no notebook."""
    from grader.notebook.read import read_notebook
    from grader.rubric.infer import infer

    try:
        data = notebook.read_bytes()
    except OSError as error:
        raise CannotGrade(f"{notebook} cannot be read: {error.strerror or error}.") from None
    name, why = infer(read_notebook(data, notebook.name), notebook.name, asked)
    output.say(f"Rubric: {name} ({why}; --rubric names another)")
    say_doubts(name)
    return name


def say_doubts(rubric: str) -> None:
    """Say so where the work may be for another rubric just as well, and what to type then."""
    from grader.rubric.infer import look_alikes

    for other in look_alikes(rubric):
        output.say(f"  {other} has the same functions. If this is that assignment, add --rubric {other}")


def infer_for_class(paths: Sequence[Path], out: Path, identity: str | None) -> Inferred:
    """The rubric of those asked that have one. UsageError where none has, or they differ."""
    found: list[Inferred] = []
    refusal: UsageError | None = None
    with Reader() as reader:
        for one in spread(discover(paths, identity=identity, out=out).submissions, _ASKED):
            try:
                found.append(_infer(one, reader))
            except UsageError as error:
                refusal = refusal or error
            except Unreadable:
                continue
    return _agreed(found, refusal)


def spread(submissions: Sequence[SubmissionFile], most: int) -> list[SubmissionFile]:
    """At most so many of them, evenly from the first to the last."""
    if len(submissions) <= most:
        return list(submissions)
    return [submissions[at * (len(submissions) - 1) // (most - 1)] for at in range(most)]


def _infer(one: SubmissionFile, reader: Reader) -> Inferred:
    from grader.notebook.read import Unreadable as NoNotebook
    from grader.pipeline import infer_rubric

    try:
        name, why = infer_rubric(reader.read(one.source), one.file)
    except NoNotebook as unreadable:
        raise UsageError(f"{one.file}: {unreadable.problem.message} Name the rubric with --rubric.") from None
    return Inferred(name, why, one.file)


def _agreed(found: Sequence[Inferred], refusal: UsageError | None) -> Inferred:
    if not found:
        raise refusal or UsageError(
            "no notebook here can be read, so no rubric fits. Name one with --rubric."
        )
    first = {one.rubric: one for one in reversed(found)}
    if len(first) > 1:
        seen = "; ".join(f"{one.file}: {one.rubric}" for one in first.values())
        raise UsageError(
            f"these notebooks are of several assignments ({seen}). Grade one assignment at a time: "
            "name its rubric with --rubric, or give only its files."
        )
    return found[0]
