"""Sending results to an LMS, one student at a time: what was sent is written down, so that nothing is sent twice.

The ledger has a line before and a line after each sending. A run that was killed in between asks the LMS
whether the last one arrived, where the LMS can tell.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from grader.errors import CannotWrite
from grader.export.base import Skipped
from grader.files import open_file
from grader.render.escape import one_line

_TRIES = 6
_LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Item:
    """One student's result. `parts` are (name, points, comment) of what the LMS can show by itself; `zero` says
    that it gets 0 because it could not be read.
    """

    submission: str
    user: str
    score: float
    maximum: float
    comment: str
    parts: tuple[tuple[str, float, str], ...] = ()
    zero: bool = False

    def digest(self) -> str:
        """What was sent, so that an unchanged result is not sent again."""
        text = json.dumps([self.user, self.score, self.maximum, self.comment, self.parts])
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class TryAgain(Exception):
    """The LMS is busy or could not be reached. `pause` is how long it asks to wait; `arrived` may be unknown."""

    def __init__(self, message: str, pause: float | None = None, *, unsure: bool = False) -> None:
        super().__init__(message)
        self.pause = pause
        self.unsure = unsure


class Refused(Exception):
    """The LMS took the request and says no, for this student."""


class Target(Protocol):
    """Where results go. `name` tells one assignment from every other in the ledger."""

    name: str

    def items(self) -> Iterable[Item | Skipped]:
        """What is to be sent, and what cannot be. It asks the LMS, but changes nothing."""
        ...

    def send(self, item: Item) -> None:
        """Raises TryAgain or Refused; any other GraderError ends the run."""
        ...

    def has(self, item: Item) -> bool:
        """Whether the LMS has this very result already; False where it cannot tell."""
        ...


@dataclass(frozen=True, slots=True)
class PushSummary:
    """How it went. With `dry_run`, `sent` is what would have been sent."""

    sent: tuple[str, ...]
    unchanged: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    failed: tuple[Skipped, ...]
    dry_run: bool = False
    zeros: tuple[str, ...] = ()
    """Those that get 0 because they could not be read."""


@dataclass(slots=True)
class _Progress:
    sent: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    failed: list[Skipped] = field(default_factory=list)
    zeros: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast: at most `per_second` requests, `tries` for each; `sleep` is passed in for tests."""

    per_second: float = 5.0
    tries: int = _TRIES
    sleep: Callable[[float], None] = time.sleep


def push(target: Target, ledger: Ledger, *, dry_run: bool = False, pace: Pace | None = None) -> PushSummary:
    """Send every result that the ledger does not have. One student's failure stops nothing."""
    pace = pace or Pace()
    progress = _Progress()
    for item in target.items():
        if isinstance(item, Skipped):
            progress.skipped.append(item)
            continue
        if item.zero:
            progress.zeros.append(item.submission)
        if ledger.has_sent(target.name, item):
            progress.unchanged.append(item.submission)
        elif dry_run:
            progress.sent.append(item.submission)
        else:
            _push_one(target, item, ledger, pace, progress)
    return PushSummary(
        tuple(progress.sent),
        tuple(progress.unchanged),
        tuple(progress.skipped),
        tuple(progress.failed),
        dry_run,
        tuple(progress.zeros),
    )


def _push_one(target: Target, item: Item, ledger: Ledger, pace: Pace, progress: _Progress) -> None:
    if ledger.may_have_sent(target.name, item) and target.has(item):
        ledger.write(target.name, item, "sent")
        progress.unchanged.append(item.submission)
        return
    ledger.write(target.name, item, "sending")
    try:
        _try(target, item, pace)
    except (Refused, TryAgain) as error:
        ledger.write(target.name, item, "failed")
        progress.failed.append(Skipped(item.submission, one_line(str(error), 300)))
        return
    ledger.write(target.name, item, "sent")
    progress.sent.append(item.submission)
    pace.sleep(1 / pace.per_second)


def _try(target: Target, item: Item, pace: Pace) -> None:
    for attempt in range(pace.tries):
        try:
            target.send(item)
            return
        except TryAgain as error:
            if attempt + 1 == pace.tries:
                raise
            pace.sleep(min(_LONGEST_PAUSE, error.pause if error.pause is not None else 2.0**attempt))
            if error.unsure and target.has(item):
                return


class Ledger:
    """What was sent where, as JSON lines: target, user, digest, state. No score and no word is in it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._states: dict[tuple[str, str], tuple[str, str]] = {}
        for line in _lines(path):
            self._states[line["target"], line["user"]] = (line["digest"], line["state"])

    def has_sent(self, target: str, item: Item) -> bool:
        """Whether exactly this was the last thing sent to the user."""
        return self._states.get((target, item.user)) == (item.digest(), "sent")

    def may_have_sent(self, target: str, item: Item) -> bool:
        """Whether an earlier run ended, or gave up, while it was sending exactly this."""
        digest, state = self._states.get((target, item.user), ("", ""))
        return digest == item.digest() and state in ("sending", "failed")

    def write(self, target: str, item: Item, state: str) -> None:
        """Append a line and have it on disk. CannotWrite if that cannot be."""
        line = {
            "target": target,
            "user": item.user,
            "digest": item.digest(),
            "state": state,
            "time": int(time.time()),
        }
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            with open(open_file(self._path, flags, 0o600), "ab") as file:
                file.write(b"\n" + json.dumps(line).encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise CannotWrite(f"cannot write {self._path}: {error.strerror}.") from None
        self._states[target, item.user] = (item.digest(), state)


def _lines(path: Path) -> Iterator[dict[str, str]]:
    """The ledger's whole lines; what a kill tore is passed over."""
    try:
        data = path.read_bytes()
    except OSError:
        return
    for line in data.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and {"target", "user", "digest", "state"} <= entry.keys():
            yield entry
