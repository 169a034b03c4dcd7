"""`grader explain`: the long explanation of one misconception, or the list of all."""

from __future__ import annotations

import textwrap

import click

from grader.cli import output
from grader.cli.params import rubric_option


@click.command(short_help="Explain a misconception, or list all.")
@click.argument("identifier", required=False, metavar="[ID]")
@rubric_option
def command(identifier: str | None, rubric: str | None) -> None:
    """Explain the misconception ID: where to look, why it matters, what to change. Without ID, list all.

    \b
    Examples:
      grader explain
      grader explain missing-1-over-m
      grader explain --rubric dnn-step-by-step
    """
    from grader.cli import catalogue

    among = catalogue.rubrics(rubric)
    if identifier is None:
        output.show("\n".join(catalogue.listing(among)).rstrip() + "\n")
        return
    owners = catalogue.find(identifier, among)
    output.show("\n\n".join(_wrapped(part) for part in catalogue.page(identifier, owners)) + "\n")


def _wrapped(paragraph: str) -> str:
    """Long lines filled to the terminal's width, the text below a label indented; lines of code stay."""
    head, newline, body = paragraph.partition("\n")
    lines = [_filled(line) for line in body.splitlines()]
    return head + newline + "\n".join(lines)


def _filled(line: str) -> str:
    return textwrap.fill(
        line,
        output.width(),
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
