"""Walking folders, zips and zips in zips: what lies there, and what is passed over and why.

Nothing is followed, extracted or dropped silently.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from grader.batch import gradescope
from grader.batch.found import Entry, Skipped, Source, Unreadable
from grader.batch.reading import Reader
from grader.errors import UsageError
from grader.files import ENDINGS

MAX_DEPTH = 3  # zips in zips
MAX_ENTRIES = 500_000  # of a zip that was named by hand: a class
MAX_UPLOADED = 20_000  # of one that was found in a folder or a zip: perhaps one student's
#: Bytes of inner zips that are unpacked to look into an outer one: zips do not shrink when they are zipped.
NESTED_BYTES = 64 * 1024 * 1024
NESTED_TIMES = 4
STATE_FOLDER = ".grader"
_SAYS_UTF8 = 0x800
_HELPERS = (
    "*utils*.py",
    "testcase*.py",
    "*test*.py",
    "conftest.py",
    "setup.py",
    "__init__.py",
    "autograder*.py",
)


@dataclass(slots=True)
class Finds:
    """What a walk has gathered so far."""

    entries: list[Entry] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    metadata: list[Entry] = field(default_factory=list)
    room: int = 0
    """Bytes of inner zips that may still be unpacked for the outer zip at hand."""

    def skip(self, path: str, reason: str) -> None:
        self.skipped.append(Skipped(path, reason))


def walk_all(paths: Sequence[str | Path], reader: Reader, out: Path | None) -> Finds:
    """All that lies under the paths. `out` is never searched. UsageError if a path is not there."""
    finds = Finds()
    forbidden = os.path.realpath(out) if out is not None else None
    for path in paths:
        text = os.fspath(path)
        if not os.path.lexists(text):
            raise UsageError(f"{text} is not there. Give files, folders or zips that exist.")
        _walk_given(os.path.abspath(text), finds, reader, forbidden)
    _drop_doubles(finds)
    _drop_helpers(finds)
    return finds


def _walk_given(path: str, finds: Finds, reader: Reader, forbidden: str | None) -> None:
    """A path that was named by hand: a folder behind a link is meant, a file behind a link may be a trap."""
    if os.path.isdir(path):
        _walk_folder(os.path.realpath(path), finds, reader, forbidden)
        return
    root, name = os.path.dirname(path), os.path.basename(path)
    if name.lower().endswith(".zip") and not os.path.islink(path):
        _walk_zip(Source(path), (), root, finds, reader, given=True)
    else:
        _take_file(path, (name,), root, finds, os.lstat(path))


def _walk_folder(root: str, finds: Finds, reader: Reader, forbidden: str | None) -> None:
    waiting: list[tuple[str, tuple[str, ...]]] = [(root, ())]
    while waiting:
        folder, parts = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                children = sorted(listing, key=lambda child: child.name)
        except OSError as error:
            finds.skip("/".join((*parts, "")) or "./", f"the folder cannot be read: {error.strerror}")
            continue
        for child in children:
            here = (*parts, child.name)
            if child.is_dir(follow_symlinks=False):
                reason = _folder_reason(child, forbidden)
                finds.skip("/".join(here) + "/", reason) if reason else waiting.append((child.path, here))
            elif is_zip(child.name) and child.is_file(follow_symlinks=False) and not _hidden(here):
                _walk_zip(Source(child.path), here, root, finds, reader)
            else:
                _take_child(child, here, root, finds)


def _take_child(child: os.DirEntry[str], parts: tuple[str, ...], root: str, finds: Finds) -> None:
    try:
        status = child.stat(follow_symlinks=False)
    except OSError as error:
        finds.skip("/".join(parts), f"the file cannot be looked at: {error.strerror}")
        return
    _take_file(child.path, parts, root, finds, status)


def _take_file(path: str, parts: tuple[str, ...], root: str, finds: Finds, status: os.stat_result) -> None:
    entry = Entry(Source(path), parts, status.st_size, status.st_mtime, root)
    reason = _hidden(parts[-1:]) or _kind_reason(status.st_mode)
    _take(entry, reason, finds)


def _take(entry: Entry, reason: str | None, finds: Finds) -> None:
    """An entry becomes a submission, a known companion file, or a skipped file with its reason."""
    if reason:
        finds.skip(entry.display, reason)
    elif entry.parts[-1].lower().endswith(ENDINGS):
        finds.entries.append(entry)
    else:
        if entry.parts[-1] == gradescope.FILE:
            finds.metadata.append(entry)
        finds.skip(entry.display, "not a notebook (.ipynb, .ipynb.json, .ipynb.txt or .py)")


def _walk_zip(
    source: Source,
    parts: tuple[str, ...],
    root: str,
    finds: Finds,
    reader: Reader,
    depth: int = 1,
    given: bool = False,
) -> None:
    display = "/".join(parts) or os.path.basename(source.path)
    try:
        archive = reader.archive(source.path, source.members)
        if depth == 1:
            finds.room = NESTED_BYTES + NESTED_TIMES * os.path.getsize(source.path)
    except Unreadable as error:
        finds.skip(display, error.message.rstrip("."))
        return
    except OSError as error:
        finds.skip(display, f"the zip cannot be looked at: {error.strerror}")
        return
    members, most = archive.infolist(), MAX_ENTRIES if given else MAX_UPLOADED
    if len(members) > most:
        finds.skip(
            display, f"a zip with more than {most:,} entries; if it is a whole class, give it by its name"
        )
        return
    for info in members:
        if not info.is_dir():
            _take_member(source, info, archive, (parts, root), finds, reader, depth)


def _take_member(
    source: Source,
    info: zipfile.ZipInfo,
    archive: zipfile.ZipFile,
    place: tuple[tuple[str, ...], str],
    finds: Finds,
    reader: Reader,
    depth: int,
) -> None:
    parts, root = place
    inner = tuple(part for part in _real_name(info).replace("\\", "/").split("/") if part not in ("", "."))
    here = (*parts, *inner)
    reason = _member_reason(info, inner, archive) or _hidden(inner)
    member = Source(source.path, (*source.members, info.filename))
    if reason is None and is_zip(inner[-1]):
        _walk_inner_zip(member, info, (here, root), finds, reader, depth)
        return
    _take(Entry(member, here, info.file_size, _zip_time(info), root), reason, finds)


def _walk_inner_zip(
    member: Source,
    info: zipfile.ZipInfo,
    place: tuple[tuple[str, ...], str],
    finds: Finds,
    reader: Reader,
    depth: int,
) -> None:
    here, root = place
    finds.room -= info.file_size
    if depth >= MAX_DEPTH:
        finds.skip("/".join(here), f"zips are nested more than {MAX_DEPTH} deep")
    elif finds.room < 0:
        finds.skip("/".join(here), "the zips inside this zip unpack to far more than it holds")
    else:
        _walk_zip(member, here, root, finds, reader, depth + 1)


# ------------------------------------------------------------------------------------------- reasons


def _folder_reason(child: os.DirEntry[str], forbidden: str | None) -> str | None:
    if reason := _hidden((child.name,)):
        return reason
    if forbidden is not None and os.path.realpath(child.path) == forbidden:
        return "the folder this run writes to"
    if os.path.isdir(os.path.join(child.path, STATE_FOLDER)):
        return "a folder that an earlier run wrote"
    return None


def _hidden(parts: Sequence[str]) -> str | None:
    for part in parts:
        if part == ".ipynb_checkpoints":
            return "a checkpoint that Jupyter keeps"
        if part == "__MACOSX":
            return "what macOS adds to zips"
        if part.startswith("."):
            return "a hidden file or folder"
    return None


def _kind_reason(mode: int) -> str | None:
    if stat.S_ISLNK(mode):
        return "a symbolic link; only regular files are read"
    return None if stat.S_ISREG(mode) else "a pipe, device or socket; only regular files are read"


def _member_reason(info: zipfile.ZipInfo, inner: tuple[str, ...], archive: zipfile.ZipFile) -> str | None:
    name = info.filename.replace("\\", "/")
    if not inner or ".." in inner or name.startswith("/") or name[1:2] == ":":
        return "its name in the zip leads out of the zip"
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) and info.create_system == 3:
        return _kind_reason(kind)
    if info.flag_bits & 1:
        return "encrypted in its zip"
    if archive.NameToInfo.get(info.filename) is not info:
        return "its zip holds this name again further down; that one counts"
    return None


def _drop_doubles(finds: Finds) -> None:
    """A file that two of the given paths lead to is graded once, under the first one's name."""
    seen: dict[Source, Entry] = {}
    for entry in finds.entries:
        first = seen.setdefault(entry.source, entry)
        if first is not entry and first.display != entry.display:
            finds.skip(entry.display, f"already found as {first.display}")
    finds.entries[:] = seen.values()


def _drop_helpers(finds: Finds) -> None:
    """Course helper modules that a student handed in beside the notebook are not submissions."""
    beside: dict[tuple[str, tuple[str, ...]], int] = {}
    for entry in finds.entries:
        if not entry.parts[-1].lower().endswith(".py"):
            key = (entry.root, entry.parts[:-1])
            beside[key] = beside.get(key, 0) + 1
    folders = {(entry.root, entry.parts[:-1]) for entry in finds.entries}
    kept = []
    for entry in finds.entries:
        notebooks = beside.get((entry.root, entry.parts[:-1]), 0)
        if _is_helper(entry, notebooks, of_one_student=notebooks == 1 and len(folders) > 1):
            finds.skip(entry.display, "a Python module that belongs to a notebook")
        else:
            kept.append(entry)
    finds.entries[:] = kept


def _is_helper(entry: Entry, notebooks: int, *, of_one_student: bool) -> bool:
    """Whether a module is no submission. Where one folder holds the whole class, its scripts are submissions."""
    name = entry.parts[-1].lower()
    if not name.endswith(".py"):
        return False
    in_students_folder = len(entry.parts) > 1 and of_one_student
    return in_students_folder or (notebooks > 0 and any(fnmatchcase(name, pattern) for pattern in _HELPERS))


def _real_name(info: zipfile.ZipInfo) -> str:
    """A member's name. Many programs write UTF-8 and do not say so; it is then read as the code page of DOS."""
    if info.flag_bits & _SAYS_UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def _zip_time(info: zipfile.ZipInfo) -> float:
    """A zip's own time of a member, which has no zone, as if it were UTC."""
    try:
        return datetime(*info.date_time, tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0
