"""`grader doctor`: what works on this machine."""

from __future__ import annotations

import json

import click

from grader.cli import output
from grader.cli.params import json_option


@click.command(short_help="Say which isolation works on this machine.")
@json_option("the findings")
def command(as_json: bool) -> None:
    """Say which isolation layers work on this machine, and what to do about the others.

    \b
    Examples:
      grader doctor
      grader doctor --json
    """
    from grader.worker.doctor import diagnose_machine

    findings = diagnose_machine()
    if as_json:
        output.show_bytes(json.dumps(findings.to_dict(), indent=2, allow_nan=False).encode() + b"\n")
    else:
        output.show(findings.render().rstrip() + "\n")
