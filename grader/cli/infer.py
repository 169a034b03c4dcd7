"""Which rubric a class is graded with, where none was named: what some of its notebooks say."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
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
    """A rubric's name, why it was chosen, the notebook that said so, and rubrics (with signs) that it may be for as well."""

    rubric: str
    why: str
    file: str
    doubts: Mapping[str, Sequence[str]]


def infer_for_one(notebook: Path, asked: Collection[str]) -> str:
    """The rubric that a notebook's functions fit, and those that are asked for, which is said. UsageError, or Unreadable for no notebook."""
    from grader.notebook.read import read_notebook
    from grader.rubric.infer import infer, look_alikes

    try:
        data = notebook.read_bytes()
    except OSError as error:
        raise CannotGrade(f"{notebook} cannot be read: {error.strerror or error}.") from None
    read = read_notebook(data, notebook.name)
    name, why = infer(read, notebook.name, asked)
    output.say(f"Rubric: {name} ({why}; --rubric names another)")
    for other, signs in look_alikes(name, read).items():
        output.say(
            f"  But the code has {_quoted(signs)}, as notebooks of {other} have, whose functions have the same "
            f"names. If this is that assignment: grader check {shlex.quote(str(notebook))} --rubric {other}"
        )
    return name


def infer_for_class(paths: Sequence[Path], out: Path, identity: str | None) -> Inferred:
    """The rubric of those asked that have one. UsageError where none has, they differ, or most may be for another."""
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
    from grader.pipeline import infer_rubric, other_rubrics

    data = reader.read(one.source)
    try:
        name, why = infer_rubric(data, one.file)
    except NoNotebook as unreadable:
        raise UsageError(f"{one.file}: {unreadable.problem.message} Name the rubric with --rubric.") from None
    return Inferred(name, why, one.file, other_rubrics(data, one.file, name))


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
    _refuse_doubtful(found)
    return found[0]


def _refuse_doubtful(found: Sequence[Inferred]) -> None:
    """Where most notebooks have signs of another rubric, its author's students wrote them: no guess would do."""
    for other in dict.fromkeys(name for one in found for name in one.doubts):
        doubtful = [one for one in found if other in one.doubts]
        if 2 * len(doubtful) > len(found):
            rubric, signs = (
                found[0].rubric,
                dict.fromkeys(sign for one in doubtful for sign in one.doubts[other]),
            )
            raise UsageError(
                f"these notebooks may be of {other}: of {len(found)} looked at, {len(doubtful)} have "
                f"{_quoted(list(signs))} in their code, as its notebooks have. {rubric} has functions of the same "
                f"names. Say which it is: --rubric {other}, or --rubric {rubric}."
            )


def _quoted(signs: Sequence[str]) -> str:
    return " and ".join(f'"{sign}"' for sign in signs)
