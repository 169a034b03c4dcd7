"""`<submission-id>`: a file's path below the given folder without `.ipynb`, made safe and unique.

Safe on Linux, macOS and Windows, in a URL and in a terminal: letters and digits of every script and a
short list of signs, no leading dot or minus, no `..`, no reserved name, no two ids that differ only in case.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping

from grader.batch.found import Entry
from grader.files import ENDINGS

MAX_PART, MAX_ID = 120, 200  # bytes of UTF-8; file systems stop at 255 a part, Windows at 260 a path
_SIGNS = frozenset(" -_.+=@,()~")
_WINDOWS = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789¹²³")]
)
#: The names that a graded folder uses itself.
_OURS = frozenset(
    ["report.json", "feedback.md", "feedback.html", "grades.csv", "run.json", "class.html", "exports"]
)


def stem(name: str) -> str:
    """The file's name without what makes it a notebook."""
    for suffix in ENDINGS:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name


def safe_id(parts: tuple[str, ...], minus: str = "_-") -> str:
    """An id for a path, not yet unique. The last part loses its suffix; zips on the way lose theirs.

    `minus` is what a part begins with in place of the minus that would make it an option.
    """
    folders = [part[:-4] if part.lower().endswith(".zip") else part for part in parts[:-1]]
    text = "/".join(_safe_part(part, minus) for part in (*folders, stem(parts[-1])))
    if len(text.encode()) <= MAX_ID:
        return text
    return _cut(_safe_part(stem(parts[-1]), minus), MAX_PART - 9) + "-" + short_hash("/".join(parts))


def assign_ids(entries: Iterable[Entry], taken: Mapping[str, str] | None = None) -> dict[Entry, str]:
    """An id for each entry, no two alike whatever the case.

    `taken` maps the casefolded ids of earlier runs to the source that has them: it keeps its own.
    """
    owners = dict(taken or {})
    ids: dict[Entry, str] = {}
    for entry in sorted(entries, key=_priority):
        plain = safe_id(entry.parts)
        former = safe_id(entry.parts, minus="-")  # as earlier versions gave it
        if owners.get(former.casefold()) == str(entry.source):
            plain = former
        ids[entry] = _first_free(plain, str(entry.source), entry.display, owners)
        owners[ids[entry].casefold()] = str(entry.source)
    return ids


def short_hash(text: str) -> str:
    """Eight hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _first_free(plain: str, source: str, display: str, owners: dict[str, str]) -> str:
    candidate, salt = plain, 0
    while owners.get(candidate.casefold(), source) != source:
        digest = short_hash(source if salt else display) if salt < 2 else short_hash(f"{source}{salt}")
        candidate, salt = f"{plain}-{digest}", salt + 1
    return candidate


def _priority(entry: Entry) -> tuple[bool, bool, str]:
    """A notebook has the first claim on a name, then a path that needs no mending, then the alphabet."""
    name = entry.parts[-1]
    return (
        not name.lower().endswith(".ipynb"),
        safe_id(entry.parts) != entry.display.removesuffix(".ipynb"),
        entry.display,
    )


def _safe_part(part: str, minus: str) -> str:
    text = "".join(char if _allowed(char) else "_" for char in unicodedata.normalize("NFC", part))
    text = text.lstrip(". ").rstrip(". ") or "_"
    text = minus + text[1:] if text.startswith("-") else text
    if len(text.encode()) > MAX_PART:
        text = _cut(text, MAX_PART - 9) + "-" + short_hash(part)
    reserved = text.casefold() in _OURS or text.casefold().split(".")[0] in _WINDOWS
    return f"{text}-{short_hash(part)}" if text.casefold() in _OURS else f"_{text}" if reserved else text


def _allowed(char: str) -> bool:
    return char in _SIGNS or char.isalnum() or unicodedata.category(char) in ("Mn", "Mc")


def _cut(text: str, size: int) -> str:
    """At most `size` bytes of the text's UTF-8, whole characters only."""
    return text.encode()[:size].decode(errors="ignore").rstrip(". ")
