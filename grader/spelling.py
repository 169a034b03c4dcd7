"""How a class list and a file's name may spell one student's name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def squeeze(name: str) -> str:
    """A name as Canvas writes it in file names: lower case, nothing but letters and digits."""
    return "".join(char for char in name.casefold() if char.isalnum())


def spellings(name: str) -> set[str]:
    """`Ada Lovelace` and `Lovelace, Ada`: both orders, squeezed."""
    parts = name.replace(",", " ").split()
    if not parts:
        return set()
    orders = (parts, [parts[-1], *parts[:-1]], [*parts[1:], parts[0]])
    return {squeeze("".join(order)) for order in orders} - {""}


def unshared(pairs: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Key → whose it is, for the keys that are not empty and of nobody else, too."""
    found: dict[str, T | None] = {}
    for key, one in pairs:
        if key:
            found[key] = one if found.get(key, one) == one else None
    return {key: one for key, one in found.items() if one is not None}
