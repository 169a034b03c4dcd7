"""Bytes of a submitted file → its code cells.

Only cell sources are read: outputs, metadata, attachments and kernelspec are ignored, so a file that is odd
there is still graded. `json` is used and not nbformat, which is slow and lets sources of wrong type through.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

from grader.model import Cell, Notebook, Problem
from grader.notebook.scripts import script_cells

#: No notebook of an assignment comes near this; what is larger is never read, be it a file or in a zip.
MAX_BYTES = 20 * 1024 * 1024
MAX_CELLS = 20_000
#: Of code in all; and lists and objects of the JSON, each of which takes a hundred bytes and more.
MAX_LINES = 300_000
MAX_CONTAINERS = 1_500_000
#: So many cells that are left out are told one by one.
MAX_PROBLEMS = 20
#: Encodings that Python knows and no source is written in: not of texts, or slow beyond all measure to decode.
_NO_SOURCES = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"})

#: First bytes (lower case, blanks stripped) of files that are handed in by mistake, and what they are.
_FOREIGN = (
    (b"pk\x03\x04", "zip-archive", "a zip archive (or an office document)", "Unpack it"),
    (b"%pdf", "pdf", "a PDF document", "Save the notebook itself"),
    (b"{\\rtf", "rtf", "a rich-text document", "Save the notebook itself"),
    (b"\x89png", "image", "an image (PNG)", "Save the notebook itself"),
    (b"\xff\xd8\xff", "image", "an image (JPEG)", "Save the notebook itself"),
    (b"gif8", "image", "an image (GIF)", "Save the notebook itself"),
    (b"\x1f\x8b", "gzip-archive", "a gzip archive", "Unpack it"),
    (
        b"version https://git-lfs",
        "lfs-pointer",
        "a Git LFS pointer, not the file itself",
        "Run `git lfs pull`",
    ),
)
_HAND_IN = "Open the notebook, download it as a notebook (.ipynb) and hand that in."


class Unreadable(Exception):
    """The file cannot be graded at all; `problem` says why, in words for a person."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_notebook(data: bytes, filename: str) -> Notebook:
    """The code cells of a notebook (nbformat 3 or 4) or of a `.py` script or export.

    Raises Unreadable for a file that is empty, too large, not text, not JSON or not a notebook.
    """
    _check_bytes(data)
    if PurePath(filename).suffix.lower() == ".py":
        return Notebook(_script_cells(_decode_script(data)))
    document = _parse_json(_decode(data))
    cells, problems = [], []
    for index, raw in enumerate(_raw_cells(document)):
        found = _code_cell(index, raw)
        if isinstance(found, Problem):
            problems.append(found)
        elif found is not None:
            cells.append(found)
    if not cells and not problems:
        raise _unreadable("no-code-cells", "The notebook has no code cell, so there is nothing to grade.")
    _check_lines(sum(cell.source.count("\n") + 1 for cell in cells))
    return Notebook(tuple(cells), _few(problems))


def _script_cells(text: str) -> tuple[Cell, ...]:
    _check_lines(text.count("\n") + text.count("\r") + 1)
    cells = script_cells(text)
    _check_cells(len(cells))
    return cells


def _check_lines(count: int) -> None:
    if count > MAX_LINES:
        raise _unreadable(
            "too-large", f"The file has {count:,} lines of code; at most {MAX_LINES:,} are read."
        )


def _check_cells(count: int) -> None:
    if count > MAX_CELLS:
        raise _unreadable("too-many-cells", f"The notebook has {count} cells; at most {MAX_CELLS} are read.")


def _few(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The first problems, and how many more there are."""
    rest = problems[MAX_PROBLEMS:]
    if not rest:
        return tuple(problems)
    text = f"{len(rest)} more cells, from cell {rest[0].cell} on, are no code cells that can be read and were left out."
    return (*problems[:MAX_PROBLEMS], Problem("bad-cell", text, cell=rest[0].cell))


def _unreadable(code: str, message: str, line: int | None = None) -> Unreadable:
    return Unreadable(Problem(code, message, line=line))


def _check_bytes(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        most = f"{MAX_BYTES // 2**20} MB"
        raise _unreadable(
            "too-large",
            f"The file has more than {most}, and no more is read. Clear all outputs and save it again.",
        )
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise _unreadable("empty-file", "The file is empty. Save the notebook and hand it in again.")
    head = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for start, code, what, remedy in _FOREIGN:
        if head.startswith(start):
            raise _unreadable(code, f"The file is {what}. {remedy} and hand in the notebook file.")
    if head.startswith((b"<!doctype html", b"<html")):
        raise _unreadable("html-page", _html_message(data[:200_000].lower()))


def _html_message(page: bytes) -> str:
    login = b"login" in page and b"jupyter" in page
    what = "the login page of a Jupyter server" if login else "a web page (HTML)"
    return f"The file is {what}, saved under a notebook's name. {_HAND_IN}"


def _decode(data: bytes) -> str:
    """Text of a JSON file: UTF-8, or UTF-16/32 as its first bytes say."""
    try:
        return data.decode(json.detect_encoding(data))
    except UnicodeDecodeError as error:
        raise _not_text(error, data) from None


def _not_text(error: UnicodeDecodeError, data: bytes) -> Unreadable:
    if b"\x00" in data:
        return _unreadable("binary", f"The file holds binary data, no text. {_HAND_IN}")
    line = data.count(b"\n", 0, error.start) + 1
    return _unreadable(
        "not-utf8",
        f"The file is not {error.encoding.upper()} text: byte {error.start} (line {line}) belongs to no "
        "character. Save it from Jupyter, or in an editor as UTF-8.",
        line,
    )


def _decode_script(data: bytes) -> str:
    """Text of a script: by its byte order mark or its coding comment, UTF-8 otherwise."""
    import io
    import tokenize

    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decode(data)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError:
        encoding = "utf-8"
    try:
        if codecs.lookup(encoding).name.replace("-", "_") in _NO_SOURCES:
            raise LookupError
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _not_text(error, data) from None
    except (LookupError, UnicodeError):
        message = (
            f"The file says that its encoding is `{encoding}`, which is none for text. Save it as UTF-8."
        )
        raise _unreadable("not-utf8", message, 1) from None


def _parse_json(text: str) -> Any:
    if text.count("{") + text.count("[") > MAX_CONTAINERS:
        message = f"The file's JSON has more than {MAX_CONTAINERS:,} lists and objects. Clear all outputs and save it again."
        raise _unreadable("too-large", message)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _not_json(error, text) from None
    except RecursionError:
        message = (
            "The file's JSON is nested too deeply to be a notebook. Save the notebook again from Jupyter."
        )
        raise _unreadable("nested-too-deeply", message) from None
    except ValueError:
        message = "The file's JSON holds a number with too many digits. Clear all outputs and save it again."
        raise _unreadable("not-json", message) from None


def _not_json(error: json.JSONDecodeError, text: str) -> Unreadable:
    where = f"line {error.lineno}, column {error.colno}"
    start = text.rfind("\n", 0, error.pos) + 1
    line = text[start : start + 80].partition("\n")[0].strip()
    if not text.lstrip().startswith(("{", "[")):
        hint = "It does not begin as a notebook does. Check that the right file was handed in."
    elif line.startswith(("<<<<<<<", "=======", ">>>>>>>")):
        hint = "There are marks of an unfinished git merge. Finish the merge and save the notebook again."
    elif error.pos >= len(text.rstrip()) or (error.msg != "Extra data" and not text.rstrip().endswith("}")):
        hint = "The file ends too early, as after a broken download. Save or download it again."
    else:
        hint = "It was probably edited outside Jupyter. Undo that, or copy the cells into a new notebook."
    return _unreadable(
        "not-json", f"The file is not a notebook: its JSON breaks at {where} ({error.msg}). {hint}"
    )


def _raw_cells(document: Any) -> list[Any]:
    """The cells of all kinds, in order, not yet looked at."""
    if not isinstance(document, dict):
        kind = "a list" if isinstance(document, list) else "a single value"
        raise _unreadable(
            "not-a-notebook", f"The file is JSON but no notebook: it holds {kind} at its top. {_HAND_IN}"
        )
    cells = document.get("cells")
    if cells is None and isinstance(document.get("worksheets"), list):
        cells = list(_worksheet_cells(document["worksheets"]))
    if not isinstance(cells, list):
        what = "has no `cells`" if cells is None else "has `cells` that are not a list"
        raise _unreadable("not-a-notebook", f"The file is JSON but no notebook: it {what}. {_HAND_IN}")
    if not cells:
        raise _unreadable("no-cells", "The notebook has no cells. Check that the right file was handed in.")
    _check_cells(len(cells))
    return cells


def _worksheet_cells(worksheets: list[Any]) -> Iterator[Any]:
    """nbformat 3 keeps its cells in worksheets."""
    for sheet in worksheets:
        if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list):
            yield from sheet["cells"]


def _code_cell(index: int, raw: Any) -> Cell | Problem | None:
    """The cell if it holds code, None if it does not, a Problem if it is malformed."""
    if not isinstance(raw, dict) or not isinstance(raw.get("cell_type"), str):
        return Problem("bad-cell", f"Cell {index} is not a notebook cell and was left out.", cell=index)
    if raw["cell_type"] != "code":
        return None
    source = raw.get("source", raw.get("input"))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = _joined(source)
    if not isinstance(source, str):
        kind = "missing" if source is None else f"of the wrong type ({type(source).__name__})"
        message = f"The source of cell {index} is {kind}, so the cell was left out."
        return Problem("bad-cell-source", message, cell=index)
    return Cell(index, _clean(source))


def _joined(lines: list[str]) -> str:
    """Lines end with their newline, as nbformat says; some tools leave all of them out."""
    bare = len(lines) > 1 and not any(line.endswith(("\n", "\r")) for line in lines)
    return ("\n" if bare else "").join(lines)


def _clean(source: str) -> str:
    """Newlines as Python wants them; half of a surrogate pair, which no text file can hold, replaced."""
    if "\r" in source:
        source = source.replace("\r\n", "\n").replace("\r", "\n")
    if source.isascii():
        return source
    return source.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
