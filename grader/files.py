"""Writing files whole or not at all: what a reader finds is never half a file, nor behind a link laid in wait."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from grader.errors import CannotWrite

#: How a notebook's file name ends, as browsers and mail programs save it; and how all submissions' do.
NOTEBOOK_ENDINGS = (".ipynb.json", ".ipynb.txt", ".ipynb")
ENDINGS = (*NOTEBOOK_ENDINGS, ".py")


def write_whole(path: Path, data: bytes | Iterable[bytes], advice: str = "") -> None:
    """Write a file; its folder is made if it is not there. CannotWrite says why not, and the `advice`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        put(path, data, path.parent)
    except OSError as error:
        in_the_way = f"{error.filename} is no folder"
        why = in_the_way if isinstance(error, FileExistsError) else error.strerror or error
        raise CannotWrite(f"cannot write {path}: {why}. {advice}".rstrip()) from None


def put(path: Path, data: bytes | Iterable[bytes], scratch: Path) -> None:
    """Write a file under another name in `scratch` (of the same file system), and rename it. Raises OSError."""
    temporary = scratch / f".{secrets.token_hex(8)}.part"
    try:
        write_new(temporary, data)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def write_new(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write a file that is not there yet; a link of its name counts as one that is. Raises OSError."""
    with open(open_file(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb", buffering=0) as file:
        for chunk in [data] if isinstance(data, bytes) else data:
            view = memoryview(chunk)
            while view:
                view = view[file.write(view) or 0 :]


def open_file(path: Path | str, flags: int, mode: int = 0o644, *, follow: bool = False) -> int:
    """A descriptor of a file's bytes as they are. A link is not followed, no pipe is waited for. Raises OSError."""
    if not (follow or hasattr(os, "O_NOFOLLOW")) and os.path.islink(path):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fspath(path))
    for more in ("O_CLOEXEC", "O_NONBLOCK", "O_BINARY", *(() if follow else ("O_NOFOLLOW",))):
        flags |= getattr(os, more, 0)  # no system has all of them
    return os.open(path, flags, mode)
