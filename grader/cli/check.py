"""`grader check`: one notebook, for the student who wrote it."""

from __future__ import annotations

import sys
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import output
from grader.cli.params import LEVELS, Existing, detail_option, json_option, rubric_option, seed_option

if TYPE_CHECKING:
    from grader.model import Problem, Report


@click.command(short_help="Check one notebook: what is wrong, where, and why.")
@click.argument("notebook", type=Existing("notebook", " `grader grade` takes folders."))
@click.argument("functions", nargs=-1, metavar="[FUNCTION]...")
@rubric_option()
@json_option("the report")
@detail_option(None, "Left out: explanation, and everything in the JSON.")
@seed_option
@click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE", help="Also write the feedback as an HTML page."
)
@click.option(
    "--pack", type=Existing("file"), metavar="FILE", help="Check with a student pack, not a rubric."
)
def command(
    notebook: Path,
    functions: tuple[str, ...],
    rubric: str | None,
    as_json: bool,
    detail: str | None,
    seed: int | None,
    html: Path | None,
    pack: Path | None,
) -> int:
    """Check NOTEBOOK and say what is wrong, where, and why.

    With FUNCTIONs only these are checked. The exit code is 0 if every function passed, 1 if not.

    \b
    Examples:
      grader check week4.ipynb
      grader check week4.ipynb linear_backward --detail fix
      grader check week4.ipynb --rubric dnn-step-by-step --json > report.json
      grader check week4.ipynb --html feedback.html
    """
    _check_target(html, notebook, pack)
    report, most = _report(notebook, functions, rubric, pack, seed)
    shown = detail or (most if as_json else "explanation")
    if LEVELS.index(shown) > LEVELS.index(most):
        output.say(_why_not_deeper(report, most, pack))
        shown = most
    if as_json:
        _show_json(report if rubric or pack else _with_doubts(report, notebook), shown)
    else:
        _show_text(report, shown, rubric)
    if html is not None:
        _write_page(html, report, detail or min(most, "explanation", key=LEVELS.index), rubric)
    from grader.model import INTERNAL_ERROR

    if any(problem.code == INTERNAL_ERROR for problem in report.problems):
        return 3
    return 0 if passed(report) else 1


def _report(
    notebook: Path, functions: tuple[str, ...], rubric: str | None, pack: Path | None, seed: int | None
) -> tuple[Report, str]:
    """The report, and the deepest level of feedback that may be shown of it."""
    from grader.cli.infer import infer_for_one
    from grader.notebook.read import MAX_BYTES, Unreadable
    from grader.pipeline import check
    from grader.rubric.detail import DEEPEST, most_detail

    size = notebook.stat().st_size
    if size > MAX_BYTES and rubric is None and pack is None:
        return _ungradable(notebook, _too_large(size, MAX_BYTES)), DEEPEST
    if pack is not None:
        report = _with_pack(notebook, functions, rubric, pack, seed)
        return report, _deepest_words(report)
    try:
        chosen = rubric or infer_for_one(notebook, functions)
    except Unreadable as unreadable:
        return _ungradable(notebook, unreadable.problem), DEEPEST
    return check(notebook, functions=functions, rubric=chosen, seed=seed), most_detail(chosen)


def _with_pack(
    notebook: Path, functions: tuple[str, ...], rubric: str | None, pack: Path, seed: int | None
) -> Report:
    from grader.errors import UsageError
    from grader.packed import check_with_pack

    if seed is not None:
        raise UsageError("--seed and --pack do not go together: the inputs are in the pack.")
    return check_with_pack(notebook, pack, functions=functions, rubric=rubric)


def _with_doubts(report: Report, notebook: Path) -> Report:
    """For a program, what `infer_for_one` has said to a person."""
    from grader.feedback.words import doubts
    from grader.notebook.read import read_notebook

    if report.status == "ungradable":
        return report
    read = read_notebook(notebook.read_bytes(), notebook.name)
    return replace(report, notes=(*report.notes, *doubts(report.rubric.id, read)))


def _deepest_words(report: Report) -> str:
    """The deepest level that a pack has words of; where nothing was found there is nothing to miss."""
    feedback = [one.feedback for function in report.functions for one in function.diagnoses]
    there = [level for level in LEVELS if any(getattr(one, level) for one in feedback)]
    return there[-1] if there else LEVELS[-1]


def _why_not_deeper(report: Report, most: str, pack: Path | None) -> str:
    from grader.rubric.detail import told

    if pack is not None:
        return f"Feedback stops at the level {most!r}: a student pack holds no deeper words."
    return told(report.rubric.id, most)


def _too_large(size: int, most: int) -> Problem:
    """Said before the file is read: it may be larger than the memory."""
    from grader.model import Problem

    megabytes = f"{size / 2**20:.1f} MB; at most {most // 2**20} MB are read"
    return Problem("too-large", f"The file has {megabytes}. Clear all outputs and save it again.")


def _ungradable(notebook: Path, problem: Problem) -> Report:
    from grader.batch.engine import of_no_rubric
    from grader.model import SubmissionStamp

    with notebook.open("rb") as file:
        content = file_digest(file, "sha256").hexdigest()
    return of_no_rubric(SubmissionStamp(notebook.stem, None, notebook.name, content), problem)


def passed(report: Report) -> bool:
    """Whether the notebook could be graded and every function is right."""
    return report.status == "graded" and all(one.status == "passed" for one in report.functions)


def _show_json(report: Report, detail: str) -> None:
    from grader.render import json_report, words

    if report.isolation.tier == "none" and report.status == "graded":
        output.say(words.NOT_ISOLATED)
    output.show_bytes(json_report.to_json(json_report.public(report, detail)))


def _check_target(html: Path | None, notebook: Path, pack: Path | None) -> None:
    """A page takes the place of no file that is read."""
    from grader.errors import UsageError

    for read in (notebook, pack):
        if html and read and html.exists() and html.samefile(read):
            raise UsageError(f"--html {html} would overwrite {read}. Give the page a name of its own.")


def _write_page(html: Path, report: Report, detail: str, rubric: str | None) -> None:
    """The page that `grader grade --html` makes for a student."""
    from grader.files import write_whole
    from grader.render import read_on
    from grader.render.html import student

    page = student.render(read_on.as_named(report, rubric), detail=detail)
    write_whole(html, page, "Choose another place with --html.")
    output.say(f"Page: {html}")


def _show_text(report: Report, detail: str, rubric: str | None) -> None:
    from grader.render import read_on, terminal

    color = output.wants_color(sys.stdout)
    named = read_on.as_named(report, rubric)
    output.show(terminal.render(named, detail=detail, width=output.width(), color=color))
