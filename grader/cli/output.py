"""The two streams. Results go to stdout, everything else a person reads to stderr; a reader may leave early."""

from __future__ import annotations

import os
import shutil
import sys
from typing import IO, Any

_WIDEST = 100


def say(text: str) -> None:
    """A line for the person at the terminal."""
    _write(sys.stderr, text + "\n")


def show(text: str) -> None:
    """What was asked for, as text."""
    _write(sys.stdout, text)


def show_bytes(data: bytes) -> None:
    """What was asked for, as it is: JSON for a program."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _drop(sys.stdout)


def wants_color(stream: IO[Any]) -> bool:
    """Whether colour is welcome: a terminal that has it, and no NO_COLOR."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


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
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _drop(stream)


def _drop(stream: IO[Any]) -> None:
    """Send the rest to nowhere; the command goes on to its own exit code."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
