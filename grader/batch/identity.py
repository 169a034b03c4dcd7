"""How Canvas, Moodle, Blackboard, Brightspace, Gradescope and nbgrader name what they let one download.

Each recogniser is one pure function of a path's parts; a user's own pattern is one more. Students choose names,
too: which name counts is decided in `whose`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from os.path import commonprefix

from grader.batch.found import Entry, Folder, Identity
from grader.batch.gradescope import FOLDER as GRADESCOPE_FOLDER
from grader.batch.naming import stem
from grader.errors import UsageError

#: An entry → its identity, or None where the naming is not that platform's.
Recogniser = Callable[[Entry], Identity | None]

_CANVAS = re.compile(
    r"^(?:LATE_anon_|(?:(?P<name>[^\W_]+)_)?(?:(?P<late>LATE)_)?(?P<anon>anon_)?)"
    r"(?P<id>(?<=anon_)[A-Za-z0-9]+|[1-9]\d*)_(?P<attachment>[1-9]\d*)_(?P<file>.+)$"
)
_MOODLE = re.compile(r"^(?P<name>[^_]*)_(?P<id>\d+)_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?$")
#: The first attempt in a name is Blackboard's, a later one the student's.
_BLACKBOARD = re.compile(
    r"^(?P<head>.+?_(?P<id>[^_]+))_attempt_(?P<time>\d{4}(?:-\d{2}){5})(?:_(?P<file>.+)|\.txt)$"
)
#: One folder a student is named as one file is, without the file's own name.
_BRIGHTSPACE = re.compile(
    r"^(?P<id>\d+-\d+) - (?P<name>.+?) ?- (?=[^-]*\d{4})(?P<date>[^-]*?)(?P<file> - .+)?$"
)
_BRIGHTSPACE_DATES = (
    "%b %d, %Y %I%M %p",
    "%b %d, %Y %I:%M %p",
    "%d %B, %Y %I%M %p",
    "%B %d, %Y %I%M %p",
    "%Y%m%d %H%M",
)
#: A longer name is none that a platform made.
_MAX_NAME = 1000
_NO_FOLDER: Folder = ("", ())
_STUDENT_GROUPS = ("student_id", "student", "id", "email")


def canvas(entry: Entry) -> Identity | None:
    """`name[_LATE]_userid_attachmentid_file`; the higher attachment id is the later upload."""
    at, match = _first(_CANVAS, entry.parts)
    if match is None or (match["name"] or "") != (match["name"] or "").lower():
        return None
    anonymous = match[0].startswith(("anon_", "LATE_anon_"))
    return Identity(
        student=("anon_" if anonymous else "") + match["id"],
        platform="canvas",
        order=(float(match["attachment"]), ""),
        rule="its Canvas attachment id is higher",
        name=match["name"],
        late=bool(match["late"]) or match[0].startswith("LATE_"),
        at=at,
    )


def moodle(entry: Entry) -> Identity | None:
    """`fullname_participantid_assignsubmission_file/…`, or flat; the file that was changed last counts."""
    at, match = _first(_MOODLE, entry.parts)
    if match is None:
        return None
    rule = "Moodle has a later time of change for it"
    return Identity(match["id"], "moodle", (entry.modified, ""), rule, match["name"] or None, at=at)


def blackboard(entry: Entry) -> Identity | None:
    """`assignment_username_attempt_time_file`; the later attempt counts."""
    at, match = _first(_BLACKBOARD, entry.parts)
    if match is None:
        return None
    rule = "its Blackboard attempt is later"
    return Identity(match["id"], "blackboard", (0.0, match["time"]), rule, at=at)


def blackboard_head(entry: Entry, identity: Identity) -> tuple[str, ...]:
    """The assignment's and the student's name, taken apart at each `_`, which either may hold."""
    match = _BLACKBOARD.match(entry.parts[identity.at])
    return tuple(match["head"].split("_")) if match else (identity.student,)


def whole_usernames(found: Mapping[Entry, Identity]) -> dict[Entry, Identity]:
    """Blackboard's user names, with the `_` that some of them hold: what a folder's names have in common at their
    beginning is the assignment's. Two of them never become one student.

    A name that is alone in its folder is held against those of other folders; one that is alone altogether ends with
    a user name that is known, or else with its last part.
    """
    heads = {
        entry: blackboard_head(entry, one) for entry, one in found.items() if one.platform == "blackboard"
    }
    inside = _first_of_username({(entry.folder(found[entry].at), head) for entry, head in heads.items()})
    anywhere = _first_of_username({(_NO_FOLDER, head) for head in heads.values()})
    at = {
        entry: inside.get((entry.folder(found[entry].at), head[0])) or anywhere.get((_NO_FOLDER, head[0]))
        for entry, head in heads.items()
    }
    known = {heads[entry][first:] for entry, first in at.items() if first}
    return {
        entry: replace(one, student="_".join(heads[entry][at[entry] or _longest(heads[entry], known) :]))
        if entry in heads
        else one
        for entry, one in found.items()
    }


def _first_of_username(heads: Collection[tuple[Folder, tuple[str, ...]]]) -> dict[tuple[Folder, str], int]:
    """Where the user names begin in the heads of one folder that begin alike, if there are several."""
    groups: dict[tuple[Folder, str], list[tuple[str, ...]]] = defaultdict(list)
    for folder, head in heads:
        groups[folder, head[0]].append(head)
    return {
        key: min(len(commonprefix(group)), *(len(head) - 1 for head in group))
        for key, group in groups.items()
        if len(group) > 1
    }


def _longest(head: tuple[str, ...], known: Collection[tuple[str, ...]]) -> int:
    """Where the longest known user name begins that the head ends with."""
    return next((at for at in range(1, len(head)) if head[at:] in known), len(head) - 1)


def brightspace(entry: Entry) -> Identity | None:
    """`12345-67890 - Name - date - file`, or `12345-67890 - Name - date/file`; the later date counts. The first number
    is the user's."""
    at, match = _first(_BRIGHTSPACE, entry.parts)
    if match is None or (match["file"] is None and at == len(entry.parts) - 1):
        return None
    order = (_brightspace_time(match["date"]), "")
    student = match["id"].split("-")[0]
    rule = "its Brightspace date is later"
    return Identity(student, "brightspace", order, rule, match["name"].strip(), at=at)


def nbgrader(entry: Entry) -> Identity | None:
    """`submitted/<student>/<assignment>/<notebook>`; one student's several notebooks do not compete.

    The given folder may lie anywhere in such a tree. Below it, the outermost `submitted` counts.
    """
    above = [part for part in entry.root.split("/") if part]
    parts = (*above, *entry.parts)
    outer = len(above) - 1 - above[::-1].index("submitted") if "submitted" in above else len(above)
    if "submitted" not in parts[outer:-3]:
        return None
    at = parts.index("submitted", outer)
    scope = "/".join(parts[at + 2 :])
    return Identity(parts[at + 1], "nbgrader", (entry.modified, ""), scope=scope, at=at - len(above))


def gradescope(exports: Collection[Folder]) -> Recogniser:
    """`submission_<n>/…` in one of the folders that have a submission_metadata.yml. Who that is, only the file says."""

    def recognise(entry: Entry) -> Identity | None:
        for at, part in enumerate(entry.parts[:-1]):
            number = GRADESCOPE_FOLDER.match(part)
            if number and entry.folder(at) in exports:
                rule = "its Gradescope submission number is higher"
                return Identity(part, "gradescope", (float(number[1]), ""), rule, at=at)
        return None

    return recognise


def by_pattern(pattern: str) -> Recogniser:
    """A user's regular expression with named groups, searched for in the path below the folder.

    `student_id` (or `student`, `id`, `email`) is needed; `timestamp`, `file_id`, `name`, `first_name`
    and `last_name` are used where they are there, as nbgrader's `named_regexp` has them.
    """
    try:
        regex = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"--identity {pattern!r} is not a regular expression: {error}.") from None
    group = next((name for name in _STUDENT_GROUPS if name in regex.groupindex), None)
    if group is None:
        raise UsageError(f"--identity {pattern!r} names no student: give it a group (?P<student_id>…).")
    return lambda entry: _from_match(regex.search(entry.display), group, entry)


def newest_of_each(
    entries: Sequence[Entry], identities: Mapping[Entry, Identity]
) -> tuple[list[Entry], dict[Entry, str]]:
    """Which files count, and why the others do not: of one student's files the newest, notebooks before scripts."""
    groups: dict[tuple[str, ...], list[Entry]] = {}
    for entry in entries:
        groups.setdefault(_competition(entry, identities.get(entry)), []).append(entry)
    kept: list[Entry] = []
    reasons: dict[Entry, str] = {}
    for group in groups.values():
        *others, best = sorted(group, key=lambda entry: _age(entry, identities.get(entry)))
        kept.append(best)
        reasons.update({other: _why_not(other, best, identities) for other in others})
    return kept, reasons


def _competition(entry: Entry, identity: Identity | None) -> tuple[str, ...]:
    if identity is None:
        return ("", str(entry.source))
    return identity.platform, identity.student.casefold(), identity.scope


def _age(entry: Entry, identity: Identity | None) -> tuple[bool, tuple[float, str], float, str]:
    order = identity.order if identity else (0.0, "")
    return not entry.parts[-1].lower().endswith(".py"), order, entry.modified, entry.display


def _why_not(other: Entry, best: Entry, identities: Mapping[Entry, Identity]) -> str:
    identity = identities[best]
    student = f"student {identity.student} handed in several files; {best.display} counts"
    if other.parts[-1].lower().endswith(".py") and not best.parts[-1].lower().endswith(".py"):
        return f"{student}, because a notebook goes before a script"
    if identities[other].order == identity.order:
        return f"{student}: both are of the same time, and of those the last by name does"
    return f"{student}, because {identity.rule}"


def _from_match(match: re.Match[str] | None, group: str, entry: Entry) -> Identity | None:
    groups = match.groupdict() if match else {}
    if not groups.get(group):
        return None
    names = [groups.get(key) for key in ("name", "first_name", "last_name")]
    stamp = groups.get("timestamp")
    order = (0.0, stamp) if stamp else (entry.modified, "")
    rule = "its time stamp is later" if stamp else "it was changed later"
    scope = stem(groups.get("file_id") or "")
    return Identity(groups[group], "pattern", order, rule, " ".join(filter(None, names)) or None, scope=scope)


def _first(pattern: re.Pattern[str], parts: Sequence[str]) -> tuple[int, re.Match[str] | None]:
    """The outermost part that fits, and where: a student's own folders inside an upload may be named anything."""
    for at, part in enumerate(parts):
        if len(part) <= _MAX_NAME and (match := pattern.match(part)):
            return at, match
    return -1, None


def _brightspace_time(text: str) -> float:
    """Minutes-exact time as seconds, in no particular zone; 0 for a date in a form not seen before."""
    for form in _BRIGHTSPACE_DATES:
        try:
            return (datetime.strptime(text.strip(), form) - datetime(1970, 1, 1)).total_seconds()
        except ValueError:
            continue
    return 0.0


#: Those that need nothing but the names. Canvas's comes last: it also fits what others name.
RECOGNISERS: tuple[Recogniser, ...] = (moodle, blackboard, brightspace, nbgrader, canvas)
