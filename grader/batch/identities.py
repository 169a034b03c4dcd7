"""Whose each submission is in all words that are known of it: run.json keeps them, so that an export finds the row
of whichever gradebook it is given."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.batch.found import SubmissionFile
from grader.render.escape import clean

#: What run.json says of one submission: `platform`, `student` (the platform's word), `names`, `late`.
Known = Mapping[str, Any]


def identities(
    out: Path, submissions: Sequence[SubmissionFile], live: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Submission id → what is known, of those found now and of those whose report an earlier run made."""
    ids = {one.id for one in submissions}
    kept = {name: known for name, known in _earlier(out).items() if name in live and name not in ids}
    found = {one.id: known for one in submissions if (known := _known(one))}
    return dict(sorted((kept | found).items()))


def _known(one: SubmissionFile) -> dict[str, Any]:
    names = [clean(name) for name in dict.fromkeys((one.listed, one.name)) if name]
    known = {"platform": one.platform, "student": clean(one.own), "names": names, "late": one.late}
    return {key: value for key, value in known.items() if value}


def _earlier(out: Path) -> dict[str, dict[str, Any]]:
    """What the last run wrote; nothing where there was none, or it is damaged: it is made anew."""
    try:
        found = json.loads((out / "run.json").read_bytes())["identities"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}
