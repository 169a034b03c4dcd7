"""The ledger: one line for each finished submission, appended as it comes; it survives a kill at any moment.

A run that was killed can leave one half line at the end: it is passed over when read, and the next
line starts on its own. The last line of an id counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from grader.batch.engine import Done, Row
from grader.batch.store import writing
from grader.files import open_file


@dataclass(frozen=True, slots=True)
class Line:
    """A finished submission: the key of its result, where its file lay, its row."""

    key: str
    source: str
    row: Row


@dataclass(frozen=True, slots=True)
class Place:
    """Where an id's line is, and what resuming needs of it."""

    key: str
    source: str
    file: Path
    offset: int


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Line)


class Ledger:
    """An open ledger, to append to. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with writing(path):
            self._descriptor = open_file(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._torn = _ends_torn(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def append(self, done: Done) -> None:
        """Write down a finished task that has a row. It is in the kernel's hands when this returns."""
        if done.row is None:
            return
        line = _encoder.encode(Line(done.key, str(done.task.submission.source), done.row)) + b"\n"
        with writing(self._path):
            self._write((b"\n" if self._torn else b"") + line)

    def _write(self, data: bytes) -> None:
        self._torn = True
        while data:
            data = data[os.write(self._descriptor, data) :]
        self._torn = False


def places(state: Path) -> dict[str, Place]:
    """The newest line of each id over all ledgers of a folder. A line that is no line is passed over."""
    found: dict[str, Place] = {}
    for path in sorted(state.glob("ledger*.jsonl"), key=lambda one: (one.stat().st_mtime_ns, one.name)):
        for offset, line in _lines(path):
            found[line.row.id] = Place(line.key, line.source, path, offset)
    return found


def rows(chosen: dict[str, Place]) -> Iterator[Row]:
    """The rows at these places, by id; one at a time, so that a million need no memory."""
    files = {path: path.open("rb") for path in {place.file for place in chosen.values()}}
    try:
        for _, place in sorted(chosen.items()):
            files[place.file].seek(place.offset)
            yield _decoder.decode(files[place.file].readline()).row
    finally:
        for file in files.values():
            file.close()


def _lines(path: Path) -> Iterator[tuple[int, Line]]:
    with path.open("rb") as file:
        offset = 0
        for data in file:
            try:
                yield offset, _decoder.decode(data)
            except msgspec.DecodeError:
                pass  # torn by a kill, or an empty line
            offset += len(data)


def _ends_torn(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
