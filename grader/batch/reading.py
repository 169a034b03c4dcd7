"""Reading a submission's bytes from disk or out of a zip, without ever following or extracting anything.

Everything here distrusts what it opens: links, pipes and devices are refused on the open descriptor,
sizes are capped before and while reading, and a zip's own account of its sizes is not believed.
"""

from __future__ import annotations

import io
import lzma
import os
import stat
import struct
import time
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import BinaryIO, Self

from grader.batch.found import Source, Unreadable
from grader.files import open_file
from grader.notebook.read import MAX_BYTES

#: A zip inside a zip is unpacked into memory to be looked at; this is all it may take.
MAX_INNER_ZIP = 100 * 1024 * 1024
#: A zip's table of contents becomes Python objects, some ten times its size.
MAX_DIRECTORY = 32 * 1024 * 1024
_TRIES = 3
#: Seconds without a change after which a file counts as written to its end.
_AT_REST = 0.1
_ZIP_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)


class Reader:
    """Reads sources and keeps the last few zips open, since a class often comes as one zip.

    A context manager; not for use from several threads.
    """

    def __init__(self, keep_open: int = 4) -> None:
        self._keep_open = keep_open
        self._open: OrderedDict[tuple[object, ...], zipfile.ZipFile] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all zips."""
        while self._open:
            _close(self._open.popitem()[1])

    def read(self, source: Source, limit: int = MAX_BYTES) -> bytes:
        """The source's bytes. Unreadable says why they cannot be had."""
        if not source.members:
            return read_file(source.path, limit)
        return read_member(self.archive(source.path, source.members[:-1]), source.members[-1], limit)

    def archive(self, path: str, members: tuple[str, ...] = ()) -> zipfile.ZipFile:
        """The open zip at `path`, or the zip that `members` lead to within it. Unreadable where there is none."""
        key = (path, *_file_stamp(path), *members)
        if key not in self._open:
            self._open[key] = self._load(path, members)
        self._open.move_to_end(key)
        while len(self._open) > self._keep_open:
            _close(self._open.popitem(last=False)[1])
        return self._open[key]

    def _load(self, path: str, members: tuple[str, ...]) -> zipfile.ZipFile:
        if not members:
            return open_zip(os.fdopen(open_regular(path), "rb"))
        outer = self.archive(path, members[:-1])
        return open_zip(io.BytesIO(read_member(outer, members[-1], MAX_INNER_ZIP)))


def open_regular(path: str) -> int:
    """A descriptor of a regular file, opened without following a link or waiting for a pipe's other end."""
    try:
        descriptor = open_file(path, os.O_RDONLY)
    except OSError as error:
        raise Unreadable(
            "unreadable",
            f"the file cannot be opened: {error.strerror}. Make it readable, then grade it again.",
        ) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unreadable("unreadable", "this is not a regular file.")
    return descriptor


def read_file(path: str, limit: int = MAX_BYTES) -> bytes:
    """A regular file's bytes, as they were at one moment: a file that changes meanwhile is read again."""
    with os.fdopen(open_regular(path), "rb", buffering=0) as file:
        for _ in range(_TRIES):
            before = os.fstat(file.fileno())
            _require_size(before.st_size, limit)
            file.seek(0)
            data = _read_all(file, limit)
            if 0 <= time.time() - before.st_mtime < _AT_REST:
                time.sleep(_AT_REST)  # perhaps it is being written this moment, and has only begun
            after = os.fstat(file.fileno())
            if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) and len(
                data
            ) == after.st_size:
                return data
    raise Unreadable(
        "unreadable", "the file was being changed while it was read. Grade it again when it rests."
    )


def read_member(archive: zipfile.ZipFile, name: str, limit: int = MAX_BYTES) -> bytes:
    """A zip member's bytes, its true size capped whatever the zip declares."""
    try:
        info = archive.getinfo(name)
        _require_size(info.file_size, limit)
        with archive.open(info) as member:
            data = member.read(limit + 1)
    except KeyError:
        raise Unreadable("unreadable", "the file is no longer in its zip.") from None
    except _ZIP_FAULTS as error:
        raise Unreadable(
            "unreadable", f"the file cannot be unpacked from its zip: {_words(error)}."
        ) from None
    _require_size(len(data), limit)
    return data


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """A zip whose table of contents has a sane size. Closes the file where it is not one."""
    with _closing_on_fault(file):
        try:
            size = _directory_size(file)
        except (OSError, ValueError, struct.error):
            raise Unreadable("bad-zip", "this is not a zip, or it was cut off on the way.") from None
        if size > MAX_DIRECTORY:
            raise Unreadable("bad-zip", "this zip lists more files than a class could hand in.")
        try:
            return zipfile.ZipFile(file)
        except _ZIP_FAULTS as error:
            raise Unreadable("bad-zip", f"this zip cannot be read: {_words(error)}.") from None


def _close(archive: zipfile.ZipFile) -> None:
    """Close a zip and its file, which it leaves open since it did not open it."""
    file = archive.fp
    archive.close()
    if file is not None:
        file.close()


@contextmanager
def _closing_on_fault(file: BinaryIO) -> Iterator[None]:
    try:
        yield
    except BaseException:
        file.close()
        raise


def _directory_size(file: BinaryIO) -> int:
    """The bytes of a zip's central directory, from its end record (the 64-bit one where there is one)."""
    end = file.seek(0, os.SEEK_END)
    start = max(0, end - 65_557 - 20)
    file.seek(start)
    tail = file.read()
    at = tail.rindex(b"PK\x05\x06")
    if at >= 20 and tail[at - 20 : at - 16] == b"PK\x06\x07":
        file.seek(struct.unpack("<Q", tail[at - 12 : at - 4])[0])
        return int(struct.unpack("<Q", file.read(56)[40:48])[0])
    return int(struct.unpack("<L", tail[at + 12 : at + 16])[0])


def _read_all(file: io.RawIOBase | BinaryIO, limit: int) -> bytes:
    """Up to limit bytes, however few a read returns at a time."""
    parts: list[bytes] = []
    room = limit + 1
    while room > 0 and (part := file.read(room)):
        parts.append(part)
        room -= len(part)
    _require_size(limit + 1 - room, limit)
    return b"".join(parts)


def _require_size(size: int, limit: int) -> None:
    if size > limit:
        most = f"{limit / 1024 / 1024:.0f} MB"
        raise Unreadable(
            "too-large",
            f"the file is larger than {most}, so it was not read. Clear its outputs and hand it in again.",
        )


def _file_stamp(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path, follow_symlinks=False)
    except OSError as error:
        raise Unreadable("unreadable", f"the zip cannot be opened: {error.strerror}.") from None
    return status.st_size, status.st_mtime_ns


def _words(error: BaseException) -> str:
    return str(error).rstrip(".") or type(error).__name__
