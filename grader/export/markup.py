"""Blocks of plain text as the markup that a platform renders. Escaping is `grader.render.escape`'s."""

from __future__ import annotations

from collections.abc import Iterable

from grader.render import escape
from grader.render.plain import Block


def html(blocks: Iterable[Block]) -> str:
    """A fragment of paragraphs. It is well-formed XML too: no void tags, no named entities of HTML's own."""
    return "".join(map(_html, blocks))


def xml_root(blocks: Iterable[Block]) -> str:
    """The same as exactly one element, as Open edX wants it."""
    return f"<div>{html(blocks)}</div>"


def html_page(title: str, blocks: Iterable[Block]) -> str:
    """A whole page that loads nothing."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        f"<title>{escape.html(escape.one_line(title, 200))}</title>"
        "<style>body{font-family:sans-serif;max-width:45em;margin:1em auto;padding:0 1em}"
        "pre{background:#f4f4f4;padding:.5em;overflow-x:auto}</style></head>\n"
        f"<body>{html(blocks)}</body></html>\n"
    )


def rst(blocks: Iterable[Block]) -> str:
    """reStructuredText, for INGInious."""
    return "\n\n".join(map(_rst, blocks)) + "\n"


def _html(block: Block) -> str:
    if block.kind == "code":
        return f"<pre>{escape.html(block.text)}</pre>"
    text = escape.html_prose(block.text)
    if block.kind == "head":
        return f"<p><strong>{text}</strong></p>"
    return f"<p><em>{escape.html(block.label)}:</em> {text}</p>" if block.label else f"<p>{text}</p>"


def _rst(block: Block) -> str:
    if block.kind == "code":
        lines = escape.clean(block.text).splitlines()
        return "::\n\n" + "\n".join(f"    {line}" for line in lines)
    # Backticks go: a span of code next to a letter is no markup in reStructuredText, and escaped ones tire.
    text = escape.rst(block.text.replace("`", ""))
    if block.kind == "head":
        return f"**{text}**"
    return f"*{escape.rst(block.label)}:* {text}" if block.label else text
