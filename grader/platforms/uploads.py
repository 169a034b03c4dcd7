"""The files that a student handed in: regular files alone, of a size that a notebook can have."""

from __future__ import annotations

import os
import stat
from collections.abc import Container, Iterator, Sequence
from pathlib import Path

from grader.files import NOTEBOOK_ENDINGS, open_file
from grader.notebook.read import MAX_BYTES
from grader.platforms.base import Found, Upload

_MOST_UPLOADS = 5
_MOST_FILES = 2_000
_PASSED_OVER = ("__MACOSX", "__pycache__")
_HELPERS = ("dnn_utils", "dnn_app_utils", "testcases", "public_tests", "test_utils")


def from_folder(folder: Path, ours: Container[str] = ()) -> Found:
    """The notebooks below a folder, else its scripts; and remarks for the student.

    `ours` are the files in it that we or the platform put there. Links are not followed: they could lead to
    the answers.
    """
    names = [name for name in _files(folder) if name not in ours]
    chosen = [name for name in names if name.lower().endswith(NOTEBOOK_ENDINGS)]
    chosen = chosen or [name for name in names if name.lower().endswith(".py") and not _is_helper(name)]
    uploads, notes = _read(folder, chosen[:_MOST_UPLOADS])
    if not uploads:
        return Found(
            (), absent=" ".join(("No notebook could be read.", *notes)) if chosen else _absent(names)
        )
    return Found(tuple(uploads), (*notes, *_too_many(chosen)))


def from_file(path: Path) -> tuple[Upload | None, str]:
    """One file, or the reason why it is not read."""
    try:
        descriptor = open_file(path, os.O_RDONLY)
    except OSError as error:
        return None, f"{path.name} cannot be read: {error.strerror}."
    with open(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            return None, f"{path.name} is no ordinary file."
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        return None, f"{path.name} is larger than {MAX_BYTES // 2**20} MiB and was not read."
    return Upload(path.name, data), ""


def _files(folder: Path) -> Iterator[str]:
    """Names below the folder, shallow ones first, each folder's in order."""
    found = 0
    levels = [""]
    while levels and found < _MOST_FILES:
        here = levels.pop(0)
        try:
            children = sorted(os.scandir(folder / here), key=lambda child: child.name)
        except OSError:
            continue
        for child in children:
            name = os.path.join(here, child.name)
            if child.is_dir(follow_symlinks=False):
                if child.name not in _PASSED_OVER and not child.name.startswith("."):
                    levels.append(name)
            elif child.is_file(follow_symlinks=False) and not child.name.startswith("."):
                found += 1
                yield name


def _read(folder: Path, names: Sequence[str]) -> tuple[list[Upload], list[str]]:
    uploads, notes = [], []
    for name in names:
        upload, reason = from_file(folder / name)
        if upload is None:
            notes.append(reason[:1].upper() + reason[1:])
        else:
            uploads.append(Upload(name, upload.data))
    return uploads, notes


def _absent(names: Sequence[str]) -> str:
    if not names:
        return "No file was handed in at all. Hand in the notebook (.ipynb)."
    return (
        f"No notebook (.ipynb) was found. The files handed in: {_listed(names)}. Hand in the notebook itself."
    )


def _too_many(chosen: Sequence[str]) -> list[str]:
    if len(chosen) > _MOST_UPLOADS:
        return [f"{len(chosen)} notebooks were handed in; the first {_MOST_UPLOADS} were looked at."]
    return []


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _is_helper(name: str) -> bool:
    return os.path.basename(name).lower().startswith(_HELPERS)
