"""Every way in which a command can end, as an exit code and words. No traceback unless GRADER_DEBUG is set."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from grader.cli.output import say
from grader.errors import GraderError
from grader.render import escape

USAGE, BROKEN, INTERRUPTED = 2, 3, 130
_POLITE = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def exit_code(call: Callable[[], Any]) -> int:
    """Run a command to its end; its exit code as docs/report.md lists them. A command's own is what it returns."""
    try:
        result = call()
    except Exception as error:  # noqa: BLE001 - the last place where anything can be said about it
        return _tell(error)
    except KeyboardInterrupt:
        return _interrupted()
    except SystemExit:
        return 0  # how click leaves when the reader of a pipe has gone
    return result if isinstance(result, int) else 0


def _tell(error: Exception) -> int:
    if isinstance(error, click.Abort):
        return _interrupted()
    if os.environ.get("GRADER_DEBUG"):
        say("".join(traceback.format_exception(error)).rstrip())
    if isinstance(error, GraderError):
        say(f"error: {escape.terminal(str(error))}")
        return error.exit_code
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        say(error.format_message())
        return USAGE
    if isinstance(error, click.ClickException):
        say(f"error: {escape.terminal(_sentence(error.format_message()))}{_try_help(error)}")
        return USAGE
    say(escape.terminal(_own_fault(error)))
    return BROKEN


@contextmanager
def stopped_as_interrupted() -> Iterator[None]:
    """A polite end from outside (a job system's SIGTERM, a closed terminal) is what Ctrl-C is: done stays done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # What is ignored stays so: nohup means it.
    heard = [number for number in _POLITE if signal.getsignal(number) is signal.SIG_DFL]
    for number in heard:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)


def _interrupted() -> int:
    say("interrupted")
    return INTERRUPTED


def _sentence(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _try_help(error: click.ClickException) -> str:
    ctx = getattr(error, "ctx", None)
    return f"\n`{ctx.command_path} --help` shows how it is used." if ctx is not None else ""


def _own_fault(error: Exception) -> str:
    debug = "" if os.environ.get("GRADER_DEBUG") else " Set GRADER_DEBUG=1 and run it again to see where."
    return f"error: the grader itself broke: {type(error).__name__}: {error}. This is its fault, not yours.{debug}"
