"""`grader grade`: a class, into a folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli import output
from grader.cli.params import Existing, Number, OneOf, detail_option, json_option, rubric_option, seed_option

if TYPE_CHECKING:
    from grader.batch.engine import JobSpec
    from grader.batch.summary import RunSummary

_PASSED_ON = [
    "jobs",
    "engine",
    "scheduler",
    "resume",
    "force",
    "shard",
    "html",
    "identity",
    "roster",
    "dry_run",
]
_CHECKED = ("seed", "jobs", "engine", "scheduler", "shard")


@click.command(short_help="Grade a class into a folder of reports.")
@click.argument("paths", nargs=-1, required=True, type=Existing(), metavar="PATH...")
@rubric_option()
@click.option(
    "--out", "-o", type=click.Path(path_type=Path), default=Path("graded"), show_default=True, metavar="DIR",
    help="The folder for reports, grades.csv and run.json.",
)  # fmt: skip
@click.option(
    "--jobs", "-j", type=Number(int, 1), metavar="N", help="Processes at a time. Left out: one a core."
)
@seed_option
@click.option(
    "--engine", type=OneOf(("local", "dask")), default="local", show_default=True, help="Where it runs."
)
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler, such as tcp://head:8786.")
@click.option("--html", is_flag=True, help="Also write feedback.html for each submission.")
@click.option(
    "--resume/--no-resume",
    default=True,
    help="Keep what an earlier run finished (the default), or grade it again.",
)
@click.option("--force", is_flag=True, help="The same as --no-resume.")
@detail_option()
@click.option("--shard", metavar="I/N", help="Grade only part I of N, for a job array.")
@click.option(
    "--roster",
    type=Existing("file"),
    metavar="FILE",
    help="A class list (CSV): Canvas's, Moodle's or Brightspace's export, or student,email.",
)
@click.option(
    "--identity", metavar="RE", help="How file names tell the student (a regular expression), or none."
)
@click.option("--dry-run", is_flag=True, help="List what would be graded and under which names, and stop.")
@click.option("--strong", is_flag=True, help="Refuse to work with less than the strongest isolation.")
@click.option("--unsafe", is_flag=True, help="Run student code even where no isolation works.")
@click.option("--quiet", "-q", is_flag=True, help="No progress and no summary.")
@json_option("a summary of the run")
def command(paths: tuple[Path, ...], **options: Any) -> None:
    """Grade notebooks: files, folders (searched throughout), zips and bulk downloads of an LMS.

    Each submission gets a folder with report.json and feedback.md; grades.csv has one row for each.
    What is finished is never graded twice: run the same command again to go on or to add files.

    \b
    Examples:
      grader grade submissions/ --rubric dnn-step-by-step --out graded
      grader grade canvas-download.zip --out graded --html
      grader grade class/ --out graded --jobs 8 --seed 7
      grader grade class/ --out graded --engine dask --scheduler tcp://head:8786
    """
    from grader.batch.run import check_settings, grade_many
    from grader.cli import summary
    from grader.cli.faults import stopped_as_interrupted

    settings = {name: options[name] for name in _PASSED_ON}
    check_settings(**{name: options[name] for name in _CHECKED})  # before anything is searched
    spec = _spec(paths, options)
    try:
        with stopped_as_interrupted():
            run = grade_many(spec, paths, options["out"], progress=_progress(options), **settings)
    except KeyboardInterrupt:
        output.say(f"What was graded is kept in {options['out']}. Run the same command again to go on.")
        raise
    _tell(run, options, summary)


def _spec(paths: tuple[Path, ...], options: dict[str, Any]) -> JobSpec:
    from grader.batch.engine import JobSpec

    rubric = _rubric(paths, options)
    if rubric is not None and not options["quiet"]:
        _tell_detail(rubric, options["detail"])
    return JobSpec(
        rubric=rubric,
        seed=options["seed"],
        tier="strong" if options["strong"] else "seccomp",
        unsafe=options["unsafe"],
        detail=options["detail"],
        html=options["html"],
    )


def _rubric(paths: tuple[Path, ...], options: dict[str, Any]) -> str | None:
    """The rubric named, or the one that some of the notebooks tell, which is said."""
    if options["rubric"] is not None:
        from grader.rubric.load import find_rubric

        find_rubric(options["rubric"])  # an unknown name is told before anything is searched
        return str(options["rubric"])
    if options["dry_run"]:
        return None
    from grader.cli.infer import infer_for_class

    inferred = infer_for_class(paths, options["out"], options["identity"])
    output.say(f"Rubric: {inferred.rubric} ({inferred.why}; first seen in {inferred.file})")
    return inferred.rubric


def _tell_detail(rubric: str, wanted: str) -> None:
    """Say so where the rubric lets students see less than what is wanted."""
    from grader.rubric.detail import rubrics_detail, told

    if (level := rubrics_detail(wanted, rubric)) != wanted:
        output.say(told(Path(rubric).resolve().name, level))


def _progress(options: dict[str, Any]) -> Any:
    from grader.batch import progress

    quiet = options["quiet"] or options["dry_run"]
    return progress.Silent() if quiet else progress.for_stream(sys.stderr)


def _tell(run: RunSummary, options: dict[str, Any], summary: Any) -> None:
    rehearsed = options["dry_run"]
    if options["as_json"]:
        output.show_bytes(summary.rehearsal_json(run) if rehearsed else summary.as_json(run))
    elif rehearsed:
        output.show(summary.rehearsal(run))
    if not rehearsed and not options["quiet"]:
        output.say(summary.of_class(run, width=output.width(), color=output.wants_color(sys.stderr)))
