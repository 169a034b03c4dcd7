"""Which platforms there are: an explicit table, imported when used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from grader.errors import UsageError
from grader.nearest import nearest
from grader.platforms.base import Platform

#: Platform → its module. Each has one `PLATFORM`.
PLATFORMS: Mapping[str, str] = {
    name: f"grader.platforms.{name}"
    for name in ("gradescope", "prairielearn", "coursera", "vpl", "edx", "inginious", "classroom50")
}


def platform_named(name: str) -> Platform:
    """One platform. UsageError if there is none of that name."""
    if name not in PLATFORMS:
        raise UsageError(
            f"there is no platform {name!r}{nearest(name, PLATFORMS)}. Platforms: {', '.join(PLATFORMS)}."
        )
    found: Platform = import_module(PLATFORMS[name]).PLATFORM
    return found
