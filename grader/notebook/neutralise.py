"""IPython's additions to Python made harmless: every line stays where it is.

`%x`, `!cmd`, `x?` and `get_ipython()` lines become `pass` (so that a block never becomes empty), `x = !cmd`
becomes `x = None`. A line is only rewritten where a statement starts: never inside a string, a bracket or
after a backslash, where `%` is the modulo operator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Cell magics whose body is run as Python in the notebook's own namespace.
PYTHON_BODY = frozenset(
    {"time", "timeit", "capture", "prun", "memit", "mprun", "debug", "snakeviz", "scalene"}
)

_SUSPECT = re.compile(r"^[ \t\f]*[%!?]|=[ \t]*[!%]|\?[ \t]*;?[ \t]*$|\bget_ipython\b", re.MULTILINE)
_NO_CODE = (
    r"(?P<triple>\"\"\"|''')"
    r"|(?P<string>\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?)"
    r"|(?P<comment>\#[^\n]*)"
)
_HIDDEN = re.compile(_NO_CODE, re.DOTALL)
_TOKEN = re.compile(
    rf"{_NO_CODE}|(?P<open>[(\[{{])|(?P<close>[)\]}}])|(?P<joined>\\\n)|(?P<newline>\n)", re.DOTALL
)
_CLOSING = {quote: re.compile(rf"(?:[^\\]|\\.)*?{quote}", re.DOTALL) for quote in ('"""', "'''")}
_MAGIC = re.compile(
    r"[ \t\f]*(?:[%!?]|[\w.,\[\] \t*]+=[ \t]*[!%]|[\w.*\[\]()\"', ]+\?{1,2}[ \t]*;?[ \t]*(?=\n|\Z))"
)
_MAGIC_END = re.compile(r"(?:[^\n\\]|\\\n|\\)*(?:\n|\Z)")
_ASSIGNED = re.compile(r"([ \t\f]*)([\w.,\[\] \t*]+?)[ \t]*=[ \t]*(?:[!%]|get_ipython[ \t]*\()")
_IPYTHON_CALL = re.compile(r"[ \t\f]*(?:[\w.,\[\] \t*]+=[ \t]*)?get_ipython[ \t]*\(")
_CELL_MAGIC = re.compile(r"\s*^[ \t]*%%(\w*)[^\n]*", re.MULTILINE)
_BLACK = re.compile(r"[^\n]")
_INDENT = re.compile(r"[ \t\f]*")


def neutralise(source: str) -> str:
    """The cell's source as plain Python, line for line. Bodies of other languages (`%%bash`) are blanked."""
    source = _dedented(source.replace("\r\n", "\n").replace("\r", "\n") if "\r" in source else source)
    if not _SUSPECT.search(source):
        return source
    magic = _CELL_MAGIC.match(source)
    if magic and magic[1] not in PYTHON_BODY:
        return "\n" * source.count("\n")
    return "".join(_rewritten(source[start:end]) for start, end in logical_lines(source))


def logical_lines(source: str) -> Iterator[tuple[int, int]]:
    """Offsets of each logical line (statement, comment or blank line), its newline included."""
    start = 0
    while start < len(source):
        magic = _MAGIC.match(source, start)
        end = _magic_end(source, start) if magic else _statement_end(source, start)
        yield start, end
        start = end


def code_only(source: str) -> str:
    """The source with the insides of strings and comments blanked; same length, same lines."""
    pieces, start = [], 0
    while match := _HIDDEN.search(source, start):
        end = _token_end(source, match)
        pieces.append(source[start : match.start()])
        pieces.append(_BLACK.sub(" ", source[match.start() : end]))
        start = end
    return "".join(pieces) + source[start:]


def _dedented(source: str) -> str:
    """IPython accepts a cell that is indented as a whole: by as much as its first line is."""
    first = re.match(r"(?:[ \t]*\n)*([ \t]+)(?=[^\s#])", source)
    return re.sub(rf"^{first[1]}", "", source, flags=re.MULTILINE) if first else source


def _magic_end(source: str, start: int) -> int:
    match = _MAGIC_END.match(source, start)
    return match.end() if match and match.end() > start else len(source)


def _statement_end(source: str, start: int) -> int:
    depth, at = 0, start
    while match := _TOKEN.search(source, at):
        at = _token_end(source, match)
        if match.lastgroup == "open":
            depth += 1
        elif match.lastgroup == "close":
            depth = max(depth - 1, 0)
        elif match.lastgroup == "newline" and depth == 0:
            return at
    return len(source)


def _token_end(source: str, match: re.Match[str]) -> int:
    if match.lastgroup != "triple":
        return match.end()
    closing = _CLOSING[match[0]].match(source, match.end())
    return closing.end() if closing else len(source)


def _rewritten(line: str) -> str:
    """One logical line, made harmless if it is IPython's."""
    if not (_MAGIC.match(line) or _IPYTHON_CALL.match(line)):
        return line
    assigned = _ASSIGNED.match(line)
    if assigned:
        text = f"{assigned[1]}{assigned[2]} = None"
    else:
        indent = _INDENT.match(line)
        text = f"{indent[0] if indent else ''}pass"
    return text + "\n" * line.count("\n")
