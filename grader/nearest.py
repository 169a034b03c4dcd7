"""The name that was probably meant, for errors about names that there are not."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from grader.errors import UsageError

#: How alike two names have to be, from 0 to 1: `ls` still finds `list`, and no word finds one that it only shares letters with.
_ALIKE = 0.6


def nearest(name: str, known: Iterable[str]) -> str:
    """`; the nearest is 'check'`, whatever the case, or nothing where none is near."""
    folded = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(name.casefold(), folded, 1, cutoff=_ALIKE)
    return f"; the nearest is {folded[close[0]]!r}" if close else ""


def check_functions(asked: Iterable[str], known: Collection[str], owner: str) -> None:
    """Raises UsageError for the first function asked for that `owner`, a rubric or a pack, does not have."""
    for name in asked:
        if name not in known:
            raise UsageError(
                f"{owner} has no function {name!r}{nearest(name, known)}. It has {', '.join(known)}."
            )
