"""`grader explain`: the long explanation of one misconception or concept, or the list of all."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from grader.cli import output
from grader.cli.params import rubric_option

if TYPE_CHECKING:
    from grader.feedback.concepts import Concept, Part


@click.command(short_help="Explain a misconception or concept, or list all.")
@click.argument("identifier", required=False, metavar="[ID]")
@rubric_option("A rubric's name or path, for what it says itself. Left out: all shipped rubrics.")
def command(identifier: str | None, rubric: str | None) -> None:
    """Explain ID. A misconception: where to look, why it matters, what to change. A concept: a page on it.

    Without ID, list all.

    \b
    Examples:
      grader explain
      grader explain missing-1-over-m
      grader explain l-and-j
      grader explain --rubric dnn-step-by-step
    """
    from grader.cli import catalogue
    from grader.feedback.concepts import concepts

    among = catalogue.rubrics(rubric)
    if identifier is None:
        lines = [*catalogue.listing_of(among), *catalogue.concept_listing()]
        output.show("\n".join(lines).rstrip() + "\n")
        return
    owners = catalogue.find(identifier, among)
    if owners:
        text = "\n\n".join(_wrapped(part) for part in catalogue.page(identifier, owners))
    else:
        text = "\n".join(_concept(concepts()[identifier]))
    output.show(text + "\n")


def _wrapped(paragraph: str) -> str:
    """Long lines filled to the terminal's width, the text below a label indented; lines of code stay."""
    head, newline, body = paragraph.partition("\n")
    lines = [_filled(line, "  ") for line in body.splitlines()]
    return head + newline + "\n".join(lines)


def _concept(concept: Concept) -> Iterator[str]:
    """A concept's page, line by line."""
    from grader.feedback.concepts import parts

    yield concept.title
    yield "=" * len(concept.title)
    before = ""
    for part in parts(concept):
        if not before == part.kind == "item":
            yield ""
        yield _part(part)
        before = part.kind


def _part(part: Part) -> str:
    match part.kind:
        case "heading":
            return f"{part.text}\n{'-' * len(part.text)}"
        case "block":
            return textwrap.indent(part.text, "    ")
        case "item":
            return _filled(part.text, "", " " * (part.text.index(" ") + 1))
    return _filled(part.text, "")


def _filled(line: str, first: str, later: str | None = None) -> str:
    return textwrap.fill(
        line,
        output.width(),
        initial_indent=first,
        subsequent_indent=first if later is None else later,
        break_long_words=False,
        break_on_hyphens=False,
    )
