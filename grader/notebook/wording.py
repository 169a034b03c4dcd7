"""What is wrong with a piece of code that does not parse, in words for its author."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.model import Problem
from grader.notebook.neutralise import code_only
from grader.notebook.newer import GRADING, newer_python

#: The codes of problems with code that does not parse.
BROKEN = frozenset({"syntax-error", "python2-print", "python2"})
#: Python 2 only. Looked for in code whose strings and comments are blanked.
_PYTHON_2 = (
    (
        re.compile(r"^[ \t]*print(?:[ \t]+[^\s=(.,]|[ \t]*>>|[ \t]+$)", re.MULTILINE),
        "`print` without brackets",
    ),
    (re.compile(r"^[ \t]*except[ \t]+[\w.() ]+,[ \t]*\w+[ \t]*:", re.MULTILINE), "`except Error, name`"),
    (re.compile(r"<>"), "`<>` for `!=`"),
    (re.compile(r"`"), "backticks for `repr`"),
    (re.compile(r"^[ \t]*exec[ \t]+(?![=(.,)])\S?", re.MULTILINE), "`exec` without brackets"),
    (re.compile(r"^[ \t]*raise[ \t]+\w+,", re.MULTILINE), "`raise Error, text`"),
    (re.compile(r"(?<![\w.])0[0-7]+(?![\w.])|\b(?:0x[0-9a-fA-F]+|\d+)[lL]\b"), "an old form of number"),
)
#: `print "…"`: the blanked string leaves nothing behind `print`.
_PRINT_STRING = re.compile(r"^[ \t]*(?:print|exec)[ \t]*(?:[urbURB]{0,2}[\"'])", re.MULTILINE)
_ODD = {
    "\u201c": "a curly quote",
    "\u201d": "a curly quote",
    "\u2018": "a curly quote",
    "\u2019": "a curly quote",
    "\xa0": "a no-break space",
    "\u3000": "a wide (ideographic) space",
    "\u200b": "an invisible zero-width space",
    "\ufeff": "an invisible byte order mark",
    "\uff08": "a full-width bracket",
    "\uff09": "a full-width bracket",
    "\uff0c": "a full-width comma",
    "\uff1a": "a full-width colon",
    "\u2212": "a typographic minus sign",
    "\u2013": "a typographic dash",
    "\x00": "a null character",
}
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_ODD_CHARACTER = re.compile("[" + "".join(_ODD) + "]")

#: A broken piece may begin any number of functions, with names of any length.
_MAX_NAMES, _MAX_NAME = 20, 60

#: Python counts from where the piece begins that it was given.
_OWN_LINE = re.compile(r"\bline (\d{1,9})\b")


def explain(error: Exception, text: str, cell: int, offset: int, names: Sequence[str]) -> Problem:
    """A Problem `syntax-error`, `python2-print` or `python2`; `line` counts in the cell, `offset` lines stand above `text`."""
    code = code_only(text)
    who = lost_with_it(names)
    old = _python_2(code, text)
    if old is not None:
        at, what = old
        line = text.count("\n", 0, at) + 1
        message = f"this is Python 2 ({what}): {_quoted(text, line)}. Python 3 cannot run this cell.{who}"
        return Problem("python2-print" if "`print`" in what else "python2", message, cell, line + offset)
    line, reason = _reason(error, code, text)
    newer = newer_python(error, _line(text, line)) if isinstance(error, SyntaxError) else None
    who_reads, reason = (GRADING, newer) if newer else ("Python", reason)
    reason = _OWN_LINE.sub(lambda found: f"line {int(found[1]) + offset}", reason)
    what = f"line, {_quoted(text, line)}" if _line(text, line) else "line"
    end = "" if reason.endswith((".", "?")) else "."
    return Problem(
        "syntax-error", f"{who_reads} cannot read this {what}: {reason}{end}{who}", cell, line + offset
    )


def lost_with_it(names: Sequence[str]) -> str:
    """The sentence that names the functions of a broken piece, the first of very many; empty without any."""
    told = [
        f"`{name if len(name) <= _MAX_NAME else name[: _MAX_NAME - 3] + '...'}`"
        for name in names[:_MAX_NAMES]
    ]
    more = len(names) - len(told)
    rest = f" and {more:,} more" if more else ""
    return f" Lost with it: {', '.join(told)}{rest}." if told else ""


def _python_2(code: str, text: str) -> tuple[int, str] | None:
    for pattern, what in _PYTHON_2:
        match = pattern.search(code)
        if match:
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            return start, what
    for match in _PRINT_STRING.finditer(text):
        word = match[0].split()[0].rstrip("\"'urbURB") if match[0].split() else ""
        if code[match.start() :].lstrip().startswith(("print", "exec")):
            return match.start() + len(match[0]) - len(match[0].lstrip()), f"`{word}` without brackets"
    return None


def _reason(error: Exception, code: str, text: str) -> tuple[int, str]:
    """(line from 1, what is wrong there)."""
    odd = _ODD_CHARACTER.search(code) or re.search(r"\x00", text)
    if odd:
        what = _ODD[odd[0]]
        return code.count(
            "\n", 0, odd.start()
        ) + 1, f"{what} stands where plain Python is needed; type it anew"
    if isinstance(error, SyntaxError):
        return error.lineno or 1, error.msg
    if isinstance(error, RecursionError | MemoryError):
        return 1, "its expressions are nested too deeply"
    if isinstance(error, UnicodeError):
        return 1, "it holds a character that is no valid text"
    return 1, str(error)


def _line(text: str, number: int) -> str:
    lines = text.split("\n")
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def _quoted(text: str, number: int) -> str:
    line = _UNPRINTABLE.sub(" ", _line(text, number).replace("`", "'")).strip()
    return f"`{line if len(line) <= 60 else line[:57] + '...'}`"
