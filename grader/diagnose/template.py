"""The marks with which the course's template says where a student's code goes."""

from __future__ import annotations

import re

_BEGINS, _ENDS = re.compile(r"START CODE HERE|CODE STARTS HERE"), re.compile(r"END CODE HERE|CODE ENDS HERE")
_MOST_CODE = 20_000


def template_blocks(source: str) -> list[tuple[int, int]]:
    """The blocks for a student's code: in which line of the source each begins, from 0, and its lines of code."""
    blocks: list[tuple[int, int]] = []
    inside = False
    for number, line in enumerate(source[:_MOST_CODE].split("\n")):
        if _BEGINS.search(line):
            blocks += [] if inside else [(number, 0)]  # both kinds of mark may stand above one block
            inside = True
        elif _ENDS.search(line):
            inside = False
        elif inside and line.strip() and not line.lstrip().startswith("#"):
            blocks[-1] = (blocks[-1][0], blocks[-1][1] + 1)
    return blocks


def empty_block(source: str) -> int | None:
    """The line, from 0, where a block begins that holds no code, while others do."""
    blocks = template_blocks(source)
    empty = next((line for line, written in blocks if not written), None)
    return empty if any(written for _, written in blocks) else None
