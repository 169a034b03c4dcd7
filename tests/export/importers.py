"""What Canvas and Moodle do with an uploaded file, re-expressed from their documented rules."""

from __future__ import annotations

import csv
import io
import re
import zipfile

_COMPUTED = re.compile(r"(Current|Final|Override|Unposted) (Score|Points|Grade)$")
_TITLED = re.compile(r"^(?P<title>.*) \((?P<id>\d+)\)$")


class Refused(Exception):
    """The importer's own no."""


def canvas_import(data: bytes) -> dict[str, dict[str, object]]:
    """Student key → {assignment column: score}, as Canvas's gradebook importer reads it."""
    text = data.decode("utf-8-sig")
    lines = text.splitlines()[:3]
    semicolons = {line.count(";") for line in lines}
    delimiter = ";" if len(semicolons) == 1 and semicolons != {0} else ","
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    header = rows[0]
    first = _assignments_start(header)
    columns = {
        at: name for at, name in enumerate(header) if at >= first and not _COMPUTED.search(name.strip())
    }
    out: dict[str, dict[str, object]] = {}
    for row in rows[1:]:
        if "Points Possible" in row[0] or not "".join(row).strip():
            columns = {at: name for at, name in columns.items() if "(read only)" not in row[at]}
            continue
        if not row[0].strip() and not row[1].strip():
            continue
        out[row[1] or row[3] or row[0]] = {name: _score(row[at]) for at, name in columns.items()}
    return out


def _assignments_start(header: list[str]) -> int:
    """Where the identity columns end. Refused: Canvas's `Invalid header row`."""
    rest = header[:]
    for wanted in ("Student", "ID"):
        if not rest or rest.pop(0) != wanted:
            raise Refused("Invalid header row")
    if rest[:1] == ["SIS User ID"]:
        if rest[1:2] != ["SIS Login ID"]:
            raise Refused("Invalid header row")
        del rest[:2]
        for optional in ("Integration ID", "Root Account"):
            if rest[:1] == [optional]:
                del rest[0]
    elif rest[:1] == ["SIS Login ID"]:
        del rest[0]
    if rest[:1] != ["Section"] or len(header) < 4:
        raise Refused("Invalid header row")
    return len(header) - len(rest) + 1


def _score(cell: str) -> object:
    cell = cell.strip()
    if cell in ("", "-"):
        return None
    if cell.lower() == "ex":
        return "EX"
    if re.fullmatch(r"\d+,\d+", cell) and not re.fullmatch(r"\d{1,3}(,\d{3})+", cell):
        cell = cell.replace(",", ".")
    return round(float(cell.replace(",", "")), 2)


def moodle_import(before: bytes, after: bytes, locale_comma: bool = False) -> dict[str, dict[str, str]]:
    """Identifier → what Moodle would change, row by row, with its silent skips; `before` is its own export."""
    old = {row["Identifier"]: row for row in _rows(before)}
    changes: dict[str, dict[str, str]] = {}
    for row in _rows(after):
        if not re.fullmatch(r"Participant \d+", row["Identifier"]) or row["Identifier"] not in old:
            raise Refused(f"no such participant: {row['Identifier']}")
        was = old[row["Identifier"]]
        if row["Last modified (grade)"] != was["Last modified (grade)"]:
            raise Refused("the dates were changed")
        change = {}
        grade = row["Grade"].replace(",", ".") if locale_comma else row["Grade"]
        maximum = float(was["Maximum Grade"].replace(",", "."))
        if grade and row["Grade"] != was["Grade"] and 0 <= float(grade) <= maximum:
            change["Grade"] = row["Grade"]
        if row["Feedback comments"] != was["Feedback comments"]:
            change["Feedback comments"] = row["Feedback comments"]
        if change and was["Grade can be changed"] == "Yes":
            changes[row["Identifier"].split()[1]] = change
    return changes


def _rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def moodle_feedback(data: bytes, known: set[str]) -> dict[str, list[str]]:
    """Participant → files, as Moodle's feedback zip importer reads the names; others are ignored by it."""
    found: dict[str, list[str]] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            folder, _, file = name.partition("/")
            parts = folder.split("_", 4)
            if file.startswith(".") or not file:
                continue
            if (
                len(parts) >= 4
                and parts[1].isdecimal()
                and parts[1] in known
                and parts[2].startswith("assign")
            ):
                found.setdefault(parts[1], []).append(file)
    return found
