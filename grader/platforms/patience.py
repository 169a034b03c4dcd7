"""A limit to how long an answer may take, for libraries that know none."""

from __future__ import annotations

from functools import partial
from typing import Any

_SECONDS = 30.0


def limit(session: Any) -> Any:
    """A requests.Session that gives up after half a minute of silence."""
    session.request = partial(session.request, timeout=_SECONDS)
    return session
