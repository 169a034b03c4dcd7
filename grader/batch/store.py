"""The folder that a run writes: whole files only, one run at a time, one rubric for good.

DIR/.grader/        what a later run needs: seed, state.json, ledgers, locks, tmp/
DIR/<id>/…          reports and feedback
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from grader.batch.locks import lock
from grader.batch.walk import STATE_FOLDER
from grader.errors import CannotWrite, UsageError
from grader.files import open_file, put, write_new
from grader.model import RubricStamp


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `index` of `count`, from 1. The whole is 1 of 1."""

    index: int = 1
    count: int = 1

    @property
    def tag(self) -> str:
        return "" if self.count == 1 else f"-{self.index}-of-{self.count}"


@contextmanager
def writing(path: Path | str) -> Iterator[None]:
    """Turn the system's refusals into words that say what to do."""
    try:
        yield
    except OSError as error:
        raise CannotWrite(f"cannot write {path}: {_advice(error)}") from None


def _write(path: Path, data: bytes, scratch: Path) -> None:
    """Write a file whole or not at all: under another name in `scratch` (same file system), then renamed."""
    with writing(path):
        put(path, data, scratch)


def write_submission(out: Path, submission_id: str, files: Iterable[tuple[str, bytes]]) -> None:
    """Write a submission's files; a page of an earlier run that is not written again is taken away."""
    folder = out / submission_id
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    names = set()
    # report.json goes last: where it is, everything is.
    for name, data in sorted(files, key=lambda file: file[0] == "report.json"):
        _write(folder / name, data, out / STATE_FOLDER / "tmp")
        names.add(name)
    if "feedback.html" not in names:
        with suppress(OSError):
            os.unlink(folder / "feedback.html")


class Folder:
    """An output folder, held by this run. A context manager: leaving it lets the folder go."""

    def __init__(self, out: Path, shard: Shard) -> None:
        self.out = out
        self.shard = shard
        self.state = out / STATE_FOLDER
        self._locks: list[int] = []

    def open(self) -> None:
        """Make the folder and hold it. UsageError if another run has it, CannotWrite if it cannot be written."""
        with writing(self.out):
            (self.state / "tmp").mkdir(parents=True, exist_ok=True)
            self._probe()
        whole = self.shard.count == 1
        self._lock("lock", shared=not whole)
        if whole:
            self._clear_scratch()
        else:
            self._lock(f"lock{self.shard.tag}")

    def close(self) -> None:
        """Let the folder go."""
        while self._locks:
            os.close(self._locks.pop())

    def seed(self, wanted: int | None) -> int:
        """The run's seed: the one wanted, else the one that the folder has, else one drawn now and kept."""
        path = self.state / "seed"
        if wanted is not None:
            self._replace(path, f"{wanted}\n")
            return wanted
        self._create(path, f"{secrets.randbelow(2**31)}\n")
        try:
            return int(path.read_text("utf-8"))
        except (OSError, ValueError):
            raise UsageError(f"{path} holds no seed. Remove it, or give one with --seed.") from None

    def claim(self, rubric: RubricStamp) -> None:
        """Mark the folder as this rubric's. UsageError if it is another one's."""
        path = self.state / "state.json"
        try:
            owner = json.loads(path.read_text("utf-8"))["rubric"]["id"] if path.exists() else rubric.id
        except (OSError, ValueError, KeyError, TypeError):
            raise UsageError(f"{path} is damaged. Choose another --out, or remove {self.out}.") from None
        if owner != rubric.id:
            raise UsageError(
                f"{self.out} holds results of the rubric {owner}, not of {rubric.id}. Choose another --out."
            )
        self._replace(
            path, json.dumps({"schema": "grader/state/v1", "rubric": asdict(rubric)}, indent=2) + "\n"
        )

    @contextmanager
    def merging(self) -> Iterator[None]:
        """Hold what shards write in common, waiting for one another."""
        descriptor = self._open_lock("lock-merge")
        try:
            with suppress(OSError):
                lock(descriptor, wait=True)
            yield
        finally:
            os.close(descriptor)

    def write(self, name: str, data: bytes) -> None:
        """Write one of the folder's own files whole."""
        _write(self.out / name, data, self.state / "tmp")

    def _probe(self) -> None:
        """Find out now, not after an hour, that nothing can be written."""
        probe = self.state / "tmp" / f"probe-{os.getpid()}-{secrets.token_hex(4)}"
        write_new(probe, b"x" * 4096)
        os.unlink(probe)

    def _lock(self, name: str, *, shared: bool = False) -> None:
        descriptor = self._open_lock(name)
        try:
            lock(descriptor, shared=shared)
        except BlockingIOError:
            os.lseek(descriptor, 0, os.SEEK_SET)
            holder = os.read(descriptor, 200).decode(errors="replace").strip() or "another process"
            os.close(descriptor)
            raise UsageError(
                f"another run is writing to {self.out} ({holder}). Wait until it has ended, or choose another --out."
            ) from None
        except OSError:
            pass  # a file system without locks: nothing better is to be had there
        self._locks.append(descriptor)
        if not shared:
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
                os.lseek(descriptor, 0, os.SEEK_SET)
                os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())

    def _open_lock(self, name: str) -> int:
        with writing(self.state / name):
            return open_file(self.state / name, os.O_RDWR | os.O_CREAT)

    def _clear_scratch(self) -> None:
        """What a killed run left half written."""
        for leftover in (self.state / "tmp").iterdir():
            with suppress(OSError):
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()

    def _replace(self, path: Path, text: str) -> None:
        _write(path, text.encode(), self.state / "tmp")

    def _create(self, path: Path, text: str) -> None:
        """Write a file unless it is there; of two processes that try at once one wins, whole."""
        temporary = self.state / "tmp" / f"{os.getpid()}-{secrets.token_hex(4)}"
        with writing(path):
            write_new(temporary, text.encode())
            _link(temporary, path)
            os.unlink(temporary)


def _link(temporary: Path, path: Path) -> None:
    """Give the file its name unless another has it. Where there are no hard links (exFAT, some shares), by a copy."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    except OSError:
        with suppress(FileExistsError), path.open("xb") as file:
            file.write(temporary.read_bytes())


def _advice(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full. What was graded is kept: make room and run the same command again."
    if sys.platform == "win32" and error.errno == errno.EACCES:
        return f"{error.strerror}. Close it in other programs (Excel), or choose another --out."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{error.strerror}. Choose another --out, or make this one writable."
    return f"{error.strerror}. Choose another --out."
