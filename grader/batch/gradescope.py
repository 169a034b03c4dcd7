"""The people of a Gradescope export: its submission_metadata.yml, read without building what it describes.

A student can put such a file into an upload. So nothing is constructed (a tag runs no constructor), aliases,
which make gigabytes of a line, are refused, and only the addresses of submitters are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

FILE = "submission_metadata.yml"
FOLDER = re.compile(r"submission_(\d{1,18})\Z")
#: Members of one group. A longer list is no group's.
MAX_MEMBERS = 30
_MAX_DEPTH = 40
#: What names a person, the best first.
_NAMES = (":email", "email", ":sid", "sid")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Path = tuple[str | int, ...]


def people(data: bytes) -> dict[str, tuple[str, ...]]:
    """Folder name → its group's addresses (or ids); {} for what is no such file."""
    named: dict[tuple[str, int], dict[str, str]] = {}
    try:
        for path, text in _scalars(data):
            match path:
                case (str(folder), ":submitters" | "submitters", int(member), str(key)) if key in _NAMES:
                    named.setdefault((folder, member), {})[key] = text
    except (yaml.YAMLError, ValueError, _Refused):
        return {}
    groups: dict[str, list[str]] = {}
    for (folder, _), names in named.items():
        groups.setdefault(folder, []).append(next(names[key] for key in _NAMES if key in names))
    return {folder: tuple(group) for folder, group in groups.items() if len(group) <= MAX_MEMBERS}


class _Refused(Exception):
    """The file has aliases, or is nested deeper than any export is."""


def _scalars(data: bytes) -> Iterator[tuple[Path, str]]:
    """Each text of the first document with the keys and numbers that lead to it."""
    path: list[str | int | None] = []  # None: in a mapping, before the next key
    for event in yaml.parse(data, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent) or len(path) > _MAX_DEPTH:
            raise _Refused
        if isinstance(event, yaml.DocumentEndEvent):
            return
        if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            path.pop()
            _next(path)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if path and path[-1] is None:
                raise _Refused  # a key that is no text
            path.append(None if isinstance(event, yaml.MappingStartEvent) else 0)
        elif isinstance(event, yaml.ScalarEvent):
            if path and path[-1] is None:
                path[-1] = event.value
            else:
                yield tuple(part for part in path if part is not None), event.value
                _next(path)


def _next(path: list[str | int | None]) -> None:
    """After a value: the next key of a mapping, the next number of a list."""
    if path:
        last = path[-1]
        path[-1] = last + 1 if isinstance(last, int) else None
