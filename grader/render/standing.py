"""What is to be known of a graded folder before its numbers are used, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from grader.render import escape, words

_NAMED = 3

#: Student → the submissions that are theirs, where these are more than one.
Several = Mapping[str, Sequence[str]]


def interrupted(facts: Mapping[str, Any]) -> str:
    """Of a folder's run.json: how many submissions have no report, since a run was interrupted; else empty."""
    shards = facts.get("shards")
    runs = [one for one in shards if isinstance(one, dict)] if isinstance(shards, list) else []
    broken = [one for one in runs if one.get("interrupted")]
    if not broken and not (facts.get("interrupted") and not runs):
        return ""
    counts = facts.get("counts")
    total = counts.get("submissions") if isinstance(counts, dict) else None
    every: list[Any] = runs or [counts]
    done = sum(_done(one) for one in every)
    parts = ", ".join(f"{one.get('index')}/{one.get('count')}" for one in broken)
    which = f"--shard {parts} {'was' if len(broken) == 1 else 'were'}" if parts else "the run was"
    of = f"{done:,} of {total:,}" if isinstance(total, int) else "not all"
    return f"{of} submissions were graded: {which} interrupted; run it again to finish."


def _done(counts: Any) -> int:
    values = [counts.get(key) for key in ("graded_now", "kept")] if isinstance(counts, dict) else []
    return sum(value for value in values if isinstance(value, int))


def several(pairs: Iterable[tuple[str | None, str]]) -> Several:
    """Of (student, submission), the students with more than one submission."""
    first: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for student, submission in pairs:
        if student:
            earlier = first.setdefault(student, submission)
            if earlier != submission:
                found.setdefault(student, [earlier]).append(submission)
    return found


def told_several(found: Several, *, names: bool = True) -> str:
    """How many have more than one submission, who, and what to do; empty where nobody has."""
    if not found:
        return ""
    have = "student has" if len(found) == 1 else "students have"
    shown = [
        f"{escape.one_line(student, 60)} ({escape.one_line(words.some(ids, _NAMED), 120)})"
        for student, ids in found.items()
    ]
    who = f": {words.some(shown, _NAMED)}" if names else ""
    return (
        f"{len(found):,} {have} more than one submission here{who}. Where a second download or a copy is the reason, "
        "grade each download into a folder of its own (--out), or take away the files that do not count and run again."
    )
