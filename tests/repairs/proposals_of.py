"""What tests of repairs ask for: a definition, the proposals for it, the lines that they change."""

from __future__ import annotations

import textwrap

from grader.model import Definition, Proposal, RepairRequest
from grader.repairs.propose import propose


def function(text: str, cell: int = 3, line: int = 1) -> Definition:
    text = textwrap.dedent(text).strip("\n")
    name = text.partition("def ")[2].partition("(")[0]
    return Definition((name,), text, cell, line, "function")


def proposed(text: str, families: str, *replacements: str, name: str = "f") -> tuple[Proposal, ...]:
    return propose([function(text)], RepairRequest(name, tuple(families.split()), replacements))


def lines_of(proposals: tuple[Proposal, ...], number: int) -> list[str]:
    """Line `number` of each proposal that is about it."""
    return [p.source.split("\n")[number - 1].strip() for p in proposals if p.line == number]
