"""A class list as CSV: who should have handed in, and who is it that did.

Any export will do that has a recognised column: Canvas's gradebook (`ID`, `SIS User ID`, `SIS Login ID`),
Moodle's worksheet (`Identifier`, `Email address`), Brightspace's (`OrgDefinedId`), or a plain
`student,email`.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.batch.found import Entry, Identity
from grader.batch.identity import Recogniser, blackboard_head
from grader.batch.naming import stem
from grader.errors import UsageError
from grader.render.escape import one_line
from grader.spelling import spellings, squeeze, unshared

_ID_COLUMNS = (
    "student_id", "student id", "id", "sis user id", "sis login id", "integration id", "user id", "user_id", "sid",
    "username", "user name", "login", "orgdefinedid", "participant id", "identifier", "email", "email address",
    "e-mail", "student email", "student",
)  # fmt: skip
_NAME_COLUMNS = ("student", "name", "full name", "student name", "display name")
_MAX_ROSTER = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Person:
    """One row: what to call the student, and all that they may be called by (casefolded)."""

    key: str
    ids: frozenset[str]
    names: frozenset[str]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Roster:
    people: tuple[Person, ...]

    def by_id(self) -> Mapping[str, Person]:
        """Every identifier of every person; one that two people share is left out."""
        return unshared((key, person) for person in self.people for key in person.ids)

    def by_name(self) -> Mapping[str, Person]:
        """As `by_id`, for names without spaces and signs."""
        return unshared((key, person) for person in self.people for key in person.names)


@dataclass(frozen=True, slots=True)
class Joined:
    """Identities after the roster has been consulted, and what did not fit in either direction."""

    identities: Mapping[Entry, Identity]
    unknown: tuple[str, ...]
    missing: tuple[Person, ...]


def read_roster(path: Path) -> Roster:
    """The class list at `path`. UsageError if it cannot be read or has no column that identifies students."""
    try:
        data = path.read_bytes()[:_MAX_ROSTER]
    except OSError as error:
        raise UsageError(f"the roster {path} cannot be read: {error.strerror}.") from None
    return parse_roster(_decode(data), str(path))


def parse_roster(text: str, where: str) -> Roster:
    """A class list from CSV text; `where` is for messages."""
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        header = [column.strip() for column in reader.fieldnames or () if column.strip()]
        rows = list(reader)
    except csv.Error as error:
        raise UsageError(f"the roster {where} is not readable as CSV: {error}.") from None
    if not any(column.casefold() in _ID_COLUMNS for column in header):
        raise UsageError(
            f"the roster {where} has no column that identifies students (its columns: {_shown(header)}). "
            "Name one of them `student_id`, `email`, `username` or `ID`."
        )
    people = _merged(person for row in rows if (person := _person(row)) is not None)
    if not people:
        raise UsageError(f"the roster {where} has a header and no students below it. Export it again.")
    return Roster(people)


def _merged(people: Iterable[Person]) -> tuple[Person, ...]:
    """One for each student: who is in two sections stands in some exports twice."""
    found: dict[str, Person] = {}
    for person in people:
        other = found.setdefault(person.key.casefold(), person)
        found[person.key.casefold()] = replace(
            other, ids=other.ids | person.ids, names=other.names | person.names
        )
    return tuple(found.values())


def _shown(header: Sequence[str]) -> str:
    return one_line(", ".join(header), 200) or "none"


def join(entries: Sequence[Entry], identities: Mapping[Entry, Identity], roster: Roster) -> Joined:
    """Each entry's student as the roster has them.

    An identity from the file's name stays as it is if the roster knows it; a name alone, or a file named
    after a student, becomes the roster's first identifier. What the roster does not know is reported.
    """
    ids, names = roster.by_id(), roster.by_name()
    common = _common(entries)
    people = {
        entry: _find(entry, identity, ids, names)
        if (identity := identities.get(entry)) is not None
        else _named(entry, common, ids, names)
        for entry in entries
    }
    people |= _by_less(
        {entry: identities[entry] for entry, person in people.items() if not person and entry in identities},
        ids,
        {person.key for person in people.values() if person},
    )
    joined = {entry: _agreed(identities.get(entry), person) for entry, person in people.items()}
    present = {person.key for person in people.values() if person is not None}
    present |= {
        ids[mate.casefold()].key
        for one in identities.values()
        for mate in one.partners
        if mate.casefold() in ids
    }
    return Joined(
        {entry: found for entry, found in joined.items() if found is not None},
        tuple(sorted({_called(entry, identities.get(entry)) for entry in entries if people[entry] is None})),
        tuple(person for person in roster.people if person.key not in present),
    )


def files_of(
    skipped: Sequence[Entry], recognisers: Sequence[Recogniser], roster: Roster
) -> dict[str, list[str]]:
    """Person's key → the files that are theirs by name, of those that are not graded."""
    ids, names = roster.by_id(), roster.by_name()
    found: dict[str, list[str]] = defaultdict(list)
    common = _common(skipped)
    for entry in skipped:
        claims = [one for recognise in recognisers if (one := recognise(entry))]
        people = {_find(entry, one, ids, names) for one in claims} or {_named(entry, common, ids, names)}
        people.discard(None)
        if len(people) == 1 and (person := people.pop()):
            found[person.key].append(entry.display)
    return found


def _find(
    entry: Entry, identity: Identity, ids: Mapping[str, Person], names: Mapping[str, Person]
) -> Person | None:
    for claim in _usernames(entry, identity):
        if len(claim) >= len(identity.student) and (person := ids.get(claim.casefold())) is not None:
            return person
    return names.get(squeeze(identity.name)) if identity.name else None


def _named(
    entry: Entry, common: Container[str], ids: Mapping[str, Person], names: Mapping[str, Person]
) -> Person | None:
    """Whom a path names, if all of it that names anybody names the same."""
    *folders, file = map(stem, entry.parts)
    found = {names.get(squeeze(claim)) for claim in (*folders, file)}
    found |= {ids.get(claim.casefold()) for claim in (*folders, *([] if file in common else [file]))}
    found -= {None}
    return found.pop() if len(found) == 1 else None


def _common(entries: Sequence[Entry]) -> set[str]:
    """Names that several files have: `4` is then the exercise's number and nobody's id."""
    counted = Counter(stem(entry.parts[-1]) for entry in entries)
    return {name for name, count in counted.items() if count > 1}


def _usernames(entry: Entry, identity: Identity) -> list[str]:
    """Blackboard separates by `_`, which a user name may hold: all that the name could be, longest first."""
    if identity.platform != "blackboard":
        return [identity.student]
    head = blackboard_head(entry, identity)
    return ["_".join(head[at:]) for at in range(1, len(head))]


def _by_less(
    unknown: Mapping[Entry, Identity], ids: Mapping[str, Person], present: Container[str]
) -> dict[Entry, Person]:
    """Whom the end of a user name names: `ada`, where an assignment's number was taken for a part of it (`1_ada`).

    Nobody who is there already or whom two names end with: `john_doe`, whom the roster does not have, is not `doe`.
    """
    found: dict[Entry, Person] = {}
    claimed: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for entry, identity in unknown.items():
        claims = (ids.get(claim.casefold()) for claim in _usernames(entry, identity))
        person = next(filter(None, claims), None)
        if person is not None and person.key not in present:
            found[entry] = person
            claimed[person.key].add(blackboard_head(entry, identity))
    return {entry: person for entry, person in found.items() if len(claimed[person.key]) == 1}


def _agreed(identity: Identity | None, person: Person | None) -> Identity | None:
    """The class list's word for the student; what the platform said stays beside it, for an export to find the row."""
    if person is None:
        return identity
    if identity is None:
        return Identity(person.key, "roster", listed=person.name)
    if identity.student.casefold() in person.ids:
        return replace(identity, listed=person.name)
    return replace(identity, student=person.key, own=identity.student, listed=person.name)


def _called(entry: Entry, identity: Identity | None) -> str:
    return identity.student if identity else entry.display


def _person(row: Mapping[str | None, str | list[str] | None]) -> Person | None:
    cells = {
        str(key).strip().casefold(): value.strip()
        for key, value in row.items()
        if key and isinstance(value, str)
    }
    ids = [_bare(cells[column]) for column in _ID_COLUMNS if cells.get(column)]
    names = [cells[column] for column in _NAME_COLUMNS if cells.get(column)]
    if not ids or any("points possible" in name.casefold() for name in names):
        return None
    names += _of_two_columns(cells)
    spelled: set[str] = set().union(*map(spellings, names))
    return Person(
        ids[0], frozenset(key.casefold() for key in ids), frozenset(spelled), names[-1] if names else ""
    )


def _of_two_columns(cells: Mapping[str, str]) -> list[str]:
    """The name that a row's columns for the first and the last name give."""
    parts = (
        cells.get("first name") or cells.get("first_name"),
        cells.get("last name") or cells.get("last_name"),
    )
    return [" ".join(filter(None, parts))] if any(parts) else []


def _bare(text: str) -> str:
    """`Participant 123` (Moodle) and `#123` (Brightspace) without their ornament."""
    text = text.lstrip("#")
    word, _, number = text.rpartition(" ")
    return number if word.isalpha() and number.isdigit() else text


def _decode(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")
