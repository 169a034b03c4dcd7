"""`grader rubric lint`: whether a rubric keeps what it promises."""

from __future__ import annotations

import json

import click

from grader.cli import output
from grader.cli.params import json_option

_PROBLEMS = 2


@click.command(short_help="Check that a rubric keeps what it promises.")
@click.argument("rubric", metavar="R")
@json_option("the problems and the certificate")
def command(rubric: str, as_json: bool) -> int:
    """Check the rubric R: its files and words, that each misconception is found again and differs from all others.

    The exit code is 0 if nothing is wrong, 2 if something is; a warning changes nothing.

    \b
    Examples:
      grader rubric lint dnn-step-by-step
      grader rubric lint my-course/week4 --json
    """
    from grader.diagnose.separability import lint
    from grader.feedback.lint import all_problems, unproved
    from grader.rubric.load import load_rubric

    loaded = load_rubric(rubric)
    found = lint(loaded)
    problems = [*all_problems(loaded), *found.problems]
    warnings = [*unproved(loaded), *found.warnings]
    if as_json:
        data = {"problems": problems, "warnings": warnings, "certificate": found.certificate}
        output.show_bytes(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n")
    else:
        output.show("".join(f"{problem}\n" for problem in problems) or f"{found.certificate.rstrip()}\n")
        for warning in warnings:
            output.say(f"warning: {warning}")
        if not problems:
            told = "All is well"
            if warnings:
                told = f"No errors, and {len(warnings)} warning{'s' if len(warnings) > 1 else ''}"
            output.say(f"{told}: every misconception is found again, and pairs that look alike are declared.")
    return _PROBLEMS if problems else 0
