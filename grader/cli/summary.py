"""How a run of `grader grade` ended, for a person and for a program."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from grader.batch.found import Missing
from grader.batch.summary import RunSummary
from grader.cli.folder import read_reports
from grader.model import Report
from grader.render import escape, standing, terminal, words

#: A larger folder is summed up from its counts; reading every report would take longer than it is worth.
_READ_AT_MOST = 3_000
_LISTED = 8


def of_class(run: RunSummary, *, width: int, color: bool) -> str:
    """Counts, scores, misconceptions, what could not be graded or was passed over, and where it all is."""
    lines = [*_this_run(run), *_passed_over(run), *_whose(run), *_own_faults(run), *_to_do(run)]
    if run.rows > _READ_AT_MOST:
        return "\n".join([*_counts(run), *lines])
    reports = list(read_reports(Path(run.out)))
    table = terminal.render_class_summary(reports, run.out, width=width, color=color).rstrip()
    return "\n".join([table, *lines, *_other_rubric(reports)])


def _other_rubric(reports: Sequence[Report]) -> Iterator[str]:
    """Where nobody has written a function of the rubric, it is probably not the class's."""
    graded = [report for report in reports if report.status == "graded"]
    if graded and all(one.status == "missing" for report in graded for one in report.functions):
        yield f"No submission defines any function of the rubric {graded[0].rubric.id}. If another one is meant,"
        yield "  `grader rubric list` has them all; without --rubric it is inferred from the notebooks."


def as_json(run: RunSummary) -> bytes:
    """The counts of a run; everything else is in DIR/run.json and DIR/grades.csv."""
    data = {
        "out": run.out,
        "seed": run.seed,
        "seconds": round(run.seconds, 3),
        "graded_now": run.graded,
        "kept": run.kept,
        "submissions": run.rows,
        "passed": run.passed,
        "failed": run.failed,
        "ungradable": run.ungradable,
        "internal_errors": list(run.internal_errors),
        "misconceptions": dict(run.misconceptions),
    }
    return json.dumps(data, indent=2, allow_nan=False).encode() + b"\n"


def rehearsal_json(run: RunSummary) -> bytes:
    """What a run would grade, and what it would pass over, for a program."""
    data = {
        "would_grade": [
            {"submission": one.id, "student": one.student, "file": escape.clean(one.file)}
            for one in run.planned
        ],
        "skipped": [{"path": escape.clean(one.path), "reason": one.reason} for one in run.found.skipped],
        "unknown_students": list(map(escape.clean, run.found.unknown_students)),
        "missing_students": list(run.found.missing_students),
    }
    return json.dumps(data, indent=2, ensure_ascii=False).encode() + b"\n"


def rehearsal(run: RunSummary) -> str:
    """What a run would grade, one line each: name, student, file; then what it would pass over, and what does not fit
    the class list."""
    rows = (f"{one.id}\t{one.student or '-'}\t{escape.one_line(one.file, 200)}" for one in run.planned)
    skipped = (f"# not graded: {one.path}: {one.reason}" for one in run.found.skipped)
    people = (f"# {label}: {name}" for label, names in _not_fitting(run) for name in names)
    return "\n".join(escape.terminal(line) for line in (*rows, *skipped, *people)) + "\n"


def _this_run(run: RunSummary) -> Iterator[str]:
    kept = f", {run.kept:,} kept from before" if run.kept else ""
    yield f"This run: {run.graded:,} graded{kept}, in {run.seconds:.1f} s, with the seed {run.seed}."


def _counts(run: RunSummary) -> Iterator[str]:
    yield f"{words.count(run.rows, 'submission')}: {run.passed:,} passed, {run.failed:,} failed, " + (
        f"{run.ungradable:,} could not be graded."
    )
    yield from (f"  {count:7,}  {name}" for name, count in run.misconceptions[:_LISTED])
    yield f"Reports: {run.out}"


def _passed_over(run: RunSummary) -> Iterator[str]:
    skipped = run.found.skipped
    if skipped:
        yield f"Passed over: {words.count(len(skipped), 'file')}, each with its reason in run.json."
    for one in islice(skipped, _LISTED):
        yield escape.terminal(f"  {escape.one_line(one.path, 60)}: {escape.one_line(one.reason, 120)}")
    if len(skipped) > _LISTED:
        yield f"  and {len(skipped) - _LISTED:,} more"
    for folder in run.found.unbelieved:
        name = escape.terminal(escape.one_line(folder, 60))
        yield f"Names in {name} look like a platform's, but it lies among submissions without such names: no student"
        yield "  was taken from them. If it is the class's download, give it by itself."


def _whose(run: RunSummary) -> Iterator[str]:
    for label, names in _not_fitting(run):
        if names:
            yield escape.terminal(f"{label}: {words.some(names, _LISTED)}")
    if late := [escape.one_line(one.listed or one.name or one.student or one.id, 60) for one in run.late]:
        yield escape.terminal(f"Late: {words.count(len(late), 'submission')} ({words.some(late, _LISTED)})")


def _not_fitting(run: RunSummary) -> Iterator[tuple[str, list[str]]]:
    """What is on one side only, of the files and the class list."""
    missing = run.found.missing
    yield (
        "Not on the roster, or as two of it",
        [escape.one_line(one, 80) for one in run.found.unknown_students],
    )
    yield "Without a submission", [_person(one) for one in missing if not one.files]
    other = [
        f"{_person(one)}: {escape.one_line(words.some(one.files, 2), 120)}" for one in missing if one.files
    ]
    yield "With other files, but no notebook", other


def _person(one: Missing) -> str:
    name = escape.one_line(one.name, 60)
    return f"{name} ({one.student})" if name and name != one.student else one.student


def _to_do(run: RunSummary) -> Iterator[str]:
    """What stands in the folder and is not what it seems."""
    if told := standing.told_several(run.several):
        yield escape.terminal(f"Warning: {told}")
    if run.graded and (Path(run.out) / "class.html").exists():
        yield f"class.html in {run.out} is older than these results: `grader report {run.out}` renews it."


def _own_faults(run: RunSummary) -> Iterator[str]:
    if run.internal_errors:
        names = ", ".join(run.internal_errors[:_LISTED])
        yield f"The grader itself broke on {words.count(len(run.internal_errors), 'submission')}: {names}."
