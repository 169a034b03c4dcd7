"""An instructor's own gradebook file, edited without touching what is not ours.

Encoding, byte order mark, delimiter, quoting, line ends, order and every cell that is not set stay as
they are, byte for byte: some importers compare, and all people do.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from grader.errors import UsageError

_DELIMITERS = ",;\t|"
_MOST_BYTES = 200 * 1024 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(slots=True)
class Line:
    """One record: its cells as they stand in the file, quotes included, and its line end."""

    raw: list[str]
    end: str


@dataclass(slots=True)
class Sheet:
    """A delimited file. Row 0 is the header; `cell` and `set` count rows and columns from 0."""

    lines: list[Line]
    delimiter: str
    encoding: str
    mark: bytes = b""
    quote_all: bool = field(init=False)

    def __post_init__(self) -> None:
        header = [raw for raw in self.lines[0].raw if raw]
        self.quote_all = bool(header) and all(raw.startswith('"') for raw in header)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file. UsageError if it cannot be read or holds no header."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(f"the gradebook {path} cannot be read: {error.strerror}.") from None
        if len(data) > _MOST_BYTES:
            raise UsageError(f"the gradebook {path} is too large to be one ({len(data):,} bytes).")
        return cls.parse(data, str(path))

    @classmethod
    def parse(cls, data: bytes, where: str = "gradebook") -> Self:
        """Read bytes; `where` is for messages."""
        if data[:4] == b"PK\x03\x04" or data[:4] == b"\xd0\xcf\x11\xe0":
            raise UsageError(f"{where} is a spreadsheet, not a CSV file. Export it again, as CSV.")
        mark, encoding, text = _decode(data)
        delimiter = _delimiter(text)
        lines = list(_records(text, delimiter))
        if not lines or not any(lines[0].raw):
            raise UsageError(f"{where} is empty. Export the gradebook from the LMS again.")
        return cls(lines, delimiter, encoding, mark)

    def header(self) -> list[str]:
        return [_value(raw) for raw in self.lines[0].raw]

    def rows(self) -> range:
        """The numbers of all rows but the header and empty ones at the end."""
        return range(1, len(self.lines))

    def cell(self, row: int, column: int | None) -> str:
        """A cell's value; empty where the row is shorter, or there is no such column."""
        raw = self.lines[row].raw
        return _value(raw[column]) if column is not None and column < len(raw) else ""

    def set(self, row: int, column: int, value: str) -> None:
        """Change one cell. Its quoting stays; quotes come where the value needs them."""
        raw = self.lines[row].raw
        raw.extend([""] * (column + 1 - len(raw)))
        if _value(raw[column]) != value:
            raw[column] = self._quote(value, raw[column].startswith('"') or self.quote_all)

    def to_bytes(self) -> bytes:
        text = "".join(self.delimiter.join(line.raw) + line.end for line in self.lines)
        return self.mark + text.encode(self.encoding, "xmlcharrefreplace")

    def _quote(self, value: str, always: bool) -> str:
        needs = any(char in value for char in (self.delimiter, '"', "\n", "\r")) or value != value.strip()
        return '"' + value.replace('"', '""') + '"' if always or needs else value


def _decode(data: bytes) -> tuple[bytes, str, str]:
    """(byte order mark, encoding, text). Windows' code page where the bytes are no UTF-8."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return mark, encoding, data[len(mark) :].decode(encoding, "replace")
    try:
        return b"", "utf-8", data.decode("utf-8")
    except UnicodeDecodeError:
        # Latin 1 where Windows has no character for a byte: it can carry every byte through unchanged.
        for encoding in ("cp1252", "latin-1"):
            try:
                return b"", encoding, data.decode(encoding)
            except UnicodeDecodeError:
                continue
        raise


def _delimiter(text: str) -> str:
    """The sign that parts the header's cells: the most frequent one outside of quotes."""
    outside = text.lstrip("\r\n").split("\n", 1)[0].split('"')[::2]
    return max(_DELIMITERS, key="".join(outside).count)


def _records(text: str, delimiter: str) -> Iterator[Line]:
    cells: list[str] = []
    at = 0
    while at < len(text):
        stop = _cell_end(text, at, delimiter)
        cells.append(text[at:stop])
        at = stop
        if text.startswith(delimiter, at):
            at += 1
            if at == len(text):
                cells.append("")
            else:
                continue
        end = "\r\n" if text.startswith("\r\n", at) else text[at : at + 1]
        yield Line(cells, end)
        cells, at = [], at + len(end)
    if cells:
        yield Line(cells, "")


def _cell_end(text: str, at: int, delimiter: str) -> int:
    """Where the cell that starts at `at` ends: at a delimiter, a line end or the end of the text."""
    if text.startswith('"', at):
        at = _closing_quote(text, at + 1)
    while at < len(text) and text[at] not in (delimiter, "\n", "\r"):
        at += 1
    return at


def _closing_quote(text: str, at: int) -> int:
    """Just behind the quote that closes; the end of the text if none does."""
    while (found := text.find('"', at)) >= 0:
        if not text.startswith('""', found):
            return found + 1
        at = found + 2
    return len(text)


def _value(raw: str) -> str:
    if raw.startswith('"'):
        inner = raw[1:-1] if len(raw) > 1 and raw.endswith('"') else raw[1:]
        return inner.replace('""', '"')
    return raw
