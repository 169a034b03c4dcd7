"""Every way in which a command can end, as an exit code and words. No traceback unless GRADER_DEBUG is set."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from typing import Any

import click

from grader.cli.output import say
from grader.errors import GraderError

USAGE, BROKEN, INTERRUPTED = 2, 3, 130


def exit_code(call: Callable[[], Any]) -> int:
    """Run a command to its end; its exit code as CONTRACT.md lists them. A command's own is what it returns."""
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
        say(f"error: {error}")
        return error.exit_code
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        say(error.format_message())
        return USAGE
    if isinstance(error, click.ClickException):
        say(f"error: {_sentence(error.format_message())}{_try_help(error)}")
        return USAGE
    say(_own_fault(error))
    return BROKEN


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
