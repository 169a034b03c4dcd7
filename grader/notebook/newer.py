"""Code that is right for a newer Python than the one that grades: what to write in its place."""

from __future__ import annotations

import re
import sys

#: The Python that grades, as it is called.
GRADING = f"Python {sys.version_info[0]}.{sys.version_info[1]}"

#: A line may be of any length, and a pattern with a backward reference takes its time.
_MOST = 200
_TYPE_PARAMETERS = re.compile(r"\s*(?:(?:async\s+)?def|class)\s+\w+\s*\[(?:[^\[\]]|\[[^\[\]]*\])*\]\s*[(:]")
_TYPE_ALIAS = re.compile(r"\s*type\s+\w+\s*(?:\[[^\]]*\]\s*)?=")
_SAME_QUOTES = re.compile(r"""\b[rR]?[fF][rR]?(["'])(?:(?!\1).)*\{[^{}]*\1[^{}]*\1[^{}]*\}""")


def newer_python(error: SyntaxError, line: str) -> str | None:
    """What of a line is read from Python 3.12 on, and what to write instead; None if that is not why."""
    if sys.version_info >= (3, 12):
        return None
    line = line[:_MOST]
    if _TYPE_PARAMETERS.match(line):
        return "type parameters in square brackets are read from Python 3.12 on; leave them out, or use `typing.TypeVar`"
    if _TYPE_ALIAS.match(line):
        return "the `type` statement is read from Python 3.12 on; leave the word `type` out"
    if error.msg.startswith("f-string expression part cannot include a backslash"):
        return "a backslash inside the braces of an f-string is read from Python 3.12 on; give that part a name above"
    if error.msg.startswith("f-string") and _SAME_QUOTES.search(line):
        return "the same quotes inside an f-string are read from Python 3.12 on; use the other kind inside (`'` in `\"`)"
    return None
