"""Stable names that say nothing: the same class gets the same ones, and nobody without its files can undo them."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
from collections.abc import Sequence

from grader.model import Problem
from grader.render.html.rows import Class, Row


def pseudonyms(ids: Sequence[str], key: bytes) -> dict[str, str]:
    """Submission id → `Student 7kq2`: as few letters as keep all different, four at least."""
    codes = {name: _code(name, key) for name in ids}
    length = next(n for n in range(4, 33) if n == 32 or _all_differ(codes, n))
    return {name: f"Student {code[:length]}" for name, code in codes.items()}


def _code(name: str, key: bytes) -> str:
    digest = hmac.new(key, name.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:32]


def _all_differ(codes: dict[str, str], length: int) -> bool:
    return len({code[:length] for code in codes.values()}) == len(codes)


def anonymous(class_: Class, key: bytes = b"") -> tuple[Class, dict[str, str]]:
    """The class without names, files and free text, sorted by pseudonym; and the pseudonym of each id.

    They stay the same as long as the files and `key` do. The files' digests are always part of it: a key such as a
    seed can be guessed, and whoever has a list of names could then try them all.
    """
    secret = key + b"\0" + class_.key.encode("utf-8", "surrogatepass")
    names = pseudonyms([row.id for row in class_.rows], secret)
    rows = sorted((_hidden(row, names[row.id]) for row in class_.rows), key=lambda row: row.student)
    return dataclasses.replace(class_, rows=rows), names


def _hidden(row: Row, name: str) -> Row:
    problems = tuple(Problem(problem.code, "") for problem in row.problems)
    return dataclasses.replace(row, student=name, file="", problems=problems)
