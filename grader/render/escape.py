"""The single place where text that a student can control is made safe for a sink.

Every function first cleans: terminal sequences (CSI, OSC, DCS …), control characters, bidirectional
overrides and half surrogate pairs go; letters of every script, tabs and line ends stay.

    clean      text for a library that does its own quoting (json, ElementTree)
    terminal   text for a terminal          csv_cell   no spreadsheet formula
    one_line   one line, shortened          html, xml  markup-free, also inside quoted attributes
    markdown, rst                           no markup of that language
    sarif      a message of SARIF without links
    html_prose, markdown_prose              our own words: code in backticks becomes code, the rest is escaped
"""

from __future__ import annotations

import html as html_module
import re
from collections.abc import Callable

_SEQUENCES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves
    "|(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\\\|\x9c)?"  # OSC, DCS, SOS, PM, APC
    "|\x1b[ -/]*[0-~]"  # two-character escapes
)
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
#: Control characters but tab and newline, bidirectional embeddings, overrides and isolates, a byte
#: order mark, the two non-characters that XML forbids, and the language tags nobody can see.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\U000e0000-\U000e007f]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"\s+")
_FORMULA = re.compile("[\\s\u200b]*[=+\\-@\uff1d\uff0b\uff0d\uff20]")
#: In half of Europe a semicolon ends a cell, whatever quotes stand around it.
_CELL_INSIDE = re.compile("([;\t|])(?=[\\s\u200b\"']*[=+\\-@\uff1d\uff0b\uff0d\uff20])")
_CODE = re.compile("`([^`\n]+)`")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+.!|~$^:=-])")
_SARIF = re.compile(r"[\\\[\]]")
_RST = re.compile(r"([\\`*_|:<>\[\].#=~^\"'+-])")


def clean(text: str) -> str:
    """The text without anything that acts on a terminal, hides, or cannot be written as UTF-8 or XML."""
    text = _LINE_ENDS.sub("\n", _SEQUENCES.sub("", text))
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", _UNSEEN.sub("", text))


def terminal(text: str) -> str:
    """Text that cannot colour, move the cursor, set a title or reorder what is read."""
    return clean(text)


def one_line(text: str, limit: int | None = None) -> str:
    """The text on one line, cut to `limit` characters with an ellipsis where it is longer."""
    line = _SPACES.sub(" ", clean(text)).strip()
    return line if limit is None or len(line) <= limit else line[: max(limit - 1, 0)].rstrip() + "…"


def csv_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula. Quoting of commas and quotes is the csv module's."""
    text = clean(text)
    mark = "'" if _FORMULA.match(text) else ""
    return mark + _CELL_INSIDE.sub(r"\1'", text)


def html(text: str) -> str:
    """Text between tags or within a quoted attribute."""
    return html_module.escape(clean(text), quote=True)


def xml(text: str) -> str:
    """As `html`, with the apostrophe in the numeric form that every XML parser knows."""
    return html(text)


def markdown(text: str) -> str:
    """Text that CommonMark renders as itself: no emphasis, link, heading, table cell or raw HTML."""
    quoted = html_module.escape(clean(text), quote=False)
    return _MARKDOWN.sub(r"\\\1", quoted)


def rst(text: str) -> str:
    """Text that reStructuredText renders as itself: no role, reference, substitution or heading."""
    return _RST.sub(r"\\\1", clean(text))


def sarif(text: str) -> str:
    """Text in which a reader of SARIF finds no link `[text](destination)`; as it is where it looks like none."""
    cleaned = clean(text)
    return _SARIF.sub(r"\\\g<0>", cleaned) if "](" in cleaned else cleaned


def html_prose(text: str) -> str:
    """Our words as HTML: `x` becomes <code>x</code>, everything else is escaped."""
    return _prose(text, html, lambda code: f"<code>{html(code)}</code>")


def markdown_prose(text: str) -> str:
    """Our words as Markdown: `x` stays code, everything else is escaped."""
    return _prose(text, markdown, lambda code: f"`{code}`")


def _prose(text: str, escape: Callable[[str], str], code: Callable[[str], str]) -> str:
    parts = _CODE.split(clean(text))
    return "".join(code(part) if index % 2 else escape(part) for index, part in enumerate(parts))
