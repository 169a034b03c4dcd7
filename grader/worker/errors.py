"""An exception of student code → `Raised`: type, capped message, and where in the notebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType

from grader.model import Raised

MESSAGE_CHARS = 300


def describe(error: BaseException, cells: Mapping[str, int]) -> Raised:
    """What is told about `error`. `cells` maps the file names of student code to cell numbers."""
    cell, line = _place(error, cells)
    return Raised(
        type=_text(type(error).__name__, 100),
        message=_message(error),
        cell=cell,
        line=line,
        name=_text(error.name, 100) if isinstance(error, NameError) and error.name else None,
    )


def _place(error: BaseException, cells: Mapping[str, int]) -> tuple[int | None, int | None]:
    """Cell and line of the innermost frame inside student code; for a SyntaxError, of the error."""
    if isinstance(error, SyntaxError) and (error.filename or "") in cells:
        return cells[error.filename or ""], error.lineno
    places = [(cells[file], line) for file, line in _frames(error.__traceback__) if file in cells]
    return places[-1] if places else (None, None)


def _frames(trace: TracebackType | None) -> Iterator[tuple[str, int]]:
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next


def _message(error: BaseException) -> str:
    """The message, for which a student's own exception may run code, and fail."""
    try:
        return _text(str(error), MESSAGE_CHARS)
    except BaseException:  # noqa: BLE001 - it may even be SystemExit
        return "(the message of this exception raises itself)"


def _text(text: object, cap: int) -> str:
    """An exact str: a student's subclass must not decide how it is shortened."""
    return str.__str__(text)[:cap] if isinstance(text, str) else ""
