"""Concept pages: what several misconceptions have in common, told once. Markdown files beside the rubrics.

A page is a title (`# …`), paragraphs, headings (`## …`), lists (`- …`, `1. …`) and indented blocks of formulas or numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from grader.errors import RubricError
from grader.rubric.shipped import rubric_root

FOLDER = "concepts"

Kind = Literal["heading", "text", "item", "block"]

_ITEM = re.compile(r"(?:-|\d+\.) ")


@dataclass(frozen=True, slots=True)
class Concept:
    """One page. `text` is the Markdown below the title."""

    name: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a page. A block's lines are kept as they are, without their indentation; all else is one line."""

    kind: Kind
    text: str


@lru_cache(maxsize=4)
def concepts(folder: Path | None = None) -> Mapping[str, Concept]:
    """Name → page, of the shipped pages or of a folder's; empty where there is none.

    Raises RubricError for a page without a title.
    """
    found = sorted((folder or rubric_root() / FOLDER).glob("*.md"))
    return {path.stem: read(path.stem, path.read_text("utf-8")) for path in found}


def read(name: str, markdown: str) -> Concept:
    """A page from its text. Raises RubricError where the first line is no title."""
    first, _, rest = markdown.partition("\n")
    if not first.startswith("# "):
        raise RubricError(f"concepts/{name}.md: the first line is the title and begins with '# '")
    return Concept(name, first[2:].strip(), rest.strip())


def parts(concept: Concept) -> Iterator[Part]:
    """The page in pieces, in order, for whoever fills lines."""
    for chunk in re.split(r"\n(?:[ \t]*\n)+", concept.text):
        yield from _parts_of(chunk.splitlines())


def _parts_of(lines: list[str]) -> Iterator[Part]:
    if lines[0].startswith("    "):
        yield Part("block", "\n".join(line.removeprefix("    ") for line in lines))
    elif lines[0].startswith("## "):
        yield Part("heading", lines[0][3:].strip())
    elif _ITEM.match(lines[0]):
        yield from (Part("item", item) for item in _items(lines))
    else:
        yield Part("text", " ".join(line.strip() for line in lines))


def _items(lines: list[str]) -> Iterator[str]:
    starts = [index for index, line in enumerate(lines) if _ITEM.match(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield " ".join(line.strip() for line in lines[start:end])
