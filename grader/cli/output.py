"""The two streams. Results go to stdout, everything else a person reads to stderr; a reader may leave early."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from contextlib import suppress
from typing import IO, Any

from grader.errors import CannotWrite

_WIDEST = 100


def say(text: str) -> None:
    """A line for the person at the terminal. Where stderr takes nothing, the work goes on without it."""
    with suppress(CannotWrite):
        _write(sys.stderr, text + "\n")


def show(text: str) -> None:
    """What was asked for, as text."""
    _write(sys.stdout, text)


def show_bytes(data: bytes) -> None:
    """What was asked for, as it is: JSON for a program."""
    try:
        _there(sys.stdout).flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError as error:
        _lost(sys.stdout, error)


def wants_color(stream: IO[Any]) -> bool:
    """Whether colour is welcome: a terminal that has it, and no NO_COLOR."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream is not None and stream.isatty()


def width() -> int:
    """The terminal's columns, at most what is good to read."""
    return min(shutil.get_terminal_size((80, 24)).columns, _WIDEST)


def be_lenient() -> None:
    """Write what an old terminal cannot show as an escape, rather than break over it."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _write(stream: IO[str], text: str) -> None:
    try:
        _there(stream).write(text)
        stream.flush()
    except OSError as error:
        _lost(stream, error)


def _there(stream: IO[str] | None) -> IO[str]:
    """The stream, which Python leaves out where the shell has closed it (`>&-`)."""
    if stream is None:
        raise CannotWrite(
            "the output is closed: there is nowhere to print to. Send it to a file or to /dev/null."
        )
    return stream


def _lost(stream: IO[Any], error: OSError) -> None:
    """A reader that left has seen enough; a full disk behind `>` is told. CannotWrite says why."""
    _drop(stream)
    has_left = isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)
    if not has_left:
        raise CannotWrite(f"the output cannot be written: {error.strerror}.") from None


def _drop(stream: IO[Any]) -> None:
    """Send the rest to nowhere; the command goes on to its own exit code."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
