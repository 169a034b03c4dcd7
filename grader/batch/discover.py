"""Finding submissions: files, folders, zips and zips in zips. Nothing is followed, extracted or dropped silently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from grader.batch import gradescope
from grader.batch import identity as naming_rules
from grader.batch.found import (
    Entry,
    Found,
    Identity,
    Missing,
    Skipped,
    Source,
    SubmissionFile,
    Unreadable,
    as_text,
)
from grader.batch.naming import assign_ids, short_hash
from grader.batch.reading import Reader
from grader.batch.roster import Person, Roster, files_of, join
from grader.batch.walk import Finds, walk_all
from grader.batch.whose import Whose, by_pattern_only, whose, with_people
from grader.errors import UsageError
from grader.notebook.read import MAX_BYTES


def discover(
    paths: Sequence[str | Path],
    *,
    identity: str | None = None,
    roster: Roster | None = None,
    taken: Mapping[str, str] | None = None,
    out: Path | None = None,
) -> Found:
    """All submissions under the paths, with ids and students, and all that is not one, with reasons.

    `identity` is a regular expression (naming_rules.by_pattern) or "none"; `taken` keeps ids that
    earlier runs gave to other files; `out` is never searched. UsageError if a path is not there or
    nothing is to be graded.
    """
    with Reader() as reader:
        finds = walk_all(paths, reader, out)
        known = _whose(finds, identity, reader)
    identities = known.identities
    unknown: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    if roster is not None:
        joined = join(finds.entries, identities, roster)
        identities, unknown = dict(joined.identities), joined.unknown
        missing = _missing(joined.missing, finds.skipped, roster, identity)
    kept, reasons = naming_rules.newest_of_each(finds.entries, identities)
    skipped = [
        *finds.skipped,
        *(Skipped(entry.display, reason, str(entry.source)) for entry, reason in reasons.items()),
    ]
    if not kept:
        raise UsageError(_nothing(paths, skipped))
    ids = assign_ids(kept, taken)
    submissions = [one for entry in kept for one in _submissions(entry, ids[entry], identities.get(entry))]
    return Found(
        tuple(sorted(submissions, key=lambda one: one.id)),
        tuple(sorted(skipped, key=lambda one: one.path)),
        unknown,
        missing,
        tuple(sorted(as_text("/".join(parts)) for _, parts in known.unbelieved)),
    )


def shard(found: Found, index: int, count: int) -> Found:
    """The part of the submissions that shard `index` of `count` (from 1) grades; it depends on the id alone."""
    mine = [one for one in found.submissions if int(short_hash(one.id), 16) % count == index - 1]
    return replace(found, submissions=tuple(mine))


def _submissions(entry: Entry, name: str, identity: Identity | None) -> Iterator[SubmissionFile]:
    """One for the student, and one for each member of a group, who all want a report."""
    file = (entry.display, entry.source, entry.size)
    if identity is None:
        yield SubmissionFile(name, None, *file)
        return
    late, platform = identity.late, identity.platform
    own = identity.own or identity.student
    yield SubmissionFile(name, identity.student, *file, identity.name, late, platform, own, identity.listed)
    for mate in identity.partners:
        own_id = f"{name}~{short_hash(mate)}"
        yield SubmissionFile(own_id, mate, *file, late=late, platform=platform, own=mate)


def _missing(
    people: Sequence[Person], skipped: Sequence[Skipped], roster: Roster, pattern: str | None
) -> tuple[Missing, ...]:
    """The students without a submission, and what they handed in instead."""
    files = files_of([_named_so(one) for one in skipped], _by_names(pattern), roster) if people else {}
    return tuple(Missing(one.key, one.name, tuple(files.get(one.key, ()))) for one in people)


def _named_so(one: Skipped) -> Entry:
    """A file that is not graded, for what its name says."""
    return Entry(Source(one.path), tuple(one.path.split("/")), 0, 0.0)


def _by_names(pattern: str | None) -> Sequence[naming_rules.Recogniser]:
    if pattern is None:
        return naming_rules.RECOGNISERS
    return () if pattern.casefold() == "none" else (naming_rules.by_pattern(pattern),)


def _nothing(paths: Sequence[str | Path], skipped: Sequence[Skipped]) -> str:
    where = ", ".join(map(str, paths)) or "no path"
    seen = "; ".join(f"{one.path}: {one.reason}" for one in skipped[:5])
    more = f" and {len(skipped) - 5} more" if len(skipped) > 5 else ""
    passed_over = f" Passed over: {seen}{more}." if skipped else ""
    return f"there is no notebook to grade in {where}.{passed_over} Give files or folders with .ipynb files."


# ---------------------------------------------------------------------------------------- identities


def _whose(finds: Finds, pattern: str | None, reader: Reader) -> Whose:
    if pattern is not None and pattern.casefold() == "none":
        return Whose()
    if pattern is not None:
        return by_pattern_only(finds.entries, naming_rules.by_pattern(pattern))
    exports = {entry.folder(len(entry.parts) - 1): entry for entry in finds.metadata}
    known = whose(finds.entries, [naming_rules.gradescope(exports), *naming_rules.RECOGNISERS])
    used = {entry.folder(one.at) for entry, one in known.identities.items() if one.platform == "gradescope"}
    people = {folder: _people(exports[folder], reader) for folder in used}
    return replace(known, identities=naming_rules.whole_usernames(with_people(known.identities, people)))


def _people(metadata: Entry, reader: Reader) -> dict[str, tuple[str, ...]]:
    try:
        return gradescope.people(reader.read(metadata.source, 5 * MAX_BYTES))
    except Unreadable:
        return {}
