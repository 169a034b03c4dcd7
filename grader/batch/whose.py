"""Whose file is it: which of the names in a path was given by the platform, and which by a student.

A student chooses the names of an uploaded file, of what lies in an uploaded zip, and all that follows in a name
after the platform's own part. So a name counts only

  * if at least half of what lies beside it is named by the same platform,
  * if it is the outermost of such names in its path: further in, all is the student's,
  * if most of what lies beside each folder or zip around it holds such names, too: a zip among plain
    notebooks is one student's upload, not the class's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from grader.batch.found import Entry, Folder, Identity
from grader.batch.identity import Recogniser

Identities = dict[Entry, Identity]


@dataclass(slots=True)
class Whose:
    """The identities that are believed, and the folders whose names are not."""

    identities: Identities = field(default_factory=dict)
    unbelieved: list[Folder] = field(default_factory=list)


def whose(entries: Sequence[Entry], recognisers: Sequence[Recogniser]) -> Whose:
    """The identity of each entry that has one. Of recognisers that fit equally well the first counts."""
    candidates = {entry: [found for one in recognisers if (found := one(entry))] for entry in entries}
    beside = _names(entries)
    chosen = dict(_outermost(candidates, beside))
    result = Whose()
    named = _names(chosen)
    for entry, identity in chosen.items():
        lonely = _lonely(entry, identity, named, beside)
        if lonely is None:
            result.identities[entry] = identity
        elif lonely not in result.unbelieved:
            result.unbelieved.append(lonely)
    return result


def by_pattern_only(entries: Sequence[Entry], recognise: Recogniser) -> Whose:
    """What the user's own pattern says, and nothing else."""
    return Whose({entry: found for entry in entries if (found := recognise(entry))})


def with_people(
    found: Mapping[Entry, Identity], people: Mapping[Folder, Mapping[str, tuple[str, ...]]]
) -> Identities:
    """Gradescope's folders replaced by the people they belong to; a folder that nobody is named for is nobody's."""
    result: Identities = {}
    for entry, identity in found.items():
        if identity.platform != "gradescope":
            result[entry] = identity
        elif group := people.get(entry.folder(identity.at), {}).get(identity.student):
            result[entry] = replace(identity, student=group[0], partners=group[1:])
    return result


def _names(entries: Sequence[Entry] | Mapping[Entry, Identity]) -> dict[Folder, set[str]]:
    """What lies in each folder on the way to the entries."""
    names: dict[Folder, set[str]] = defaultdict(set)
    for entry in entries:
        for at, part in enumerate(entry.parts):
            names[entry.folder(at)].add(part)
    return names


def _outermost(
    candidates: Mapping[Entry, Sequence[Identity]], beside: Mapping[Folder, set[str]]
) -> Iterator[tuple[Entry, Identity]]:
    """Each entry's outermost name that fits its surroundings; of two platforms, the one that fits more of them."""
    fitting: dict[tuple[Folder, str], set[str]] = defaultdict(set)
    for entry, found in candidates.items():
        for one in found:
            fitting[entry.folder(one.at), one.platform].add(entry.parts[one.at])
    for entry, found in candidates.items():
        counts = {one: len(fitting[entry.folder(one.at), one.platform]) for one in found}
        good = [one for one in found if one.at < 0 or 2 * counts[one] >= len(beside[entry.folder(one.at)])]
        if good:
            yield entry, min(good, key=lambda one: (one.at, -counts[one]))


def _lonely(
    entry: Entry, identity: Identity, named: Mapping[Folder, set[str]], beside: Mapping[Folder, set[str]]
) -> Folder | None:
    """The outermost folder around the name that has it among things without; None if it may be believed."""
    depth = identity.at - (identity.platform == "nbgrader")  # `submitted` lies beside `source` and `release`
    for at in range(max(depth, 0)):
        around = entry.folder(at)
        if 2 * len(named[around]) <= len(beside[around]):
            return entry.folder(at + 1)
    return None
