"""What the course's template leaves for a student's code: blocks between its marks, and loops of nothing but `pass`."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BEGINS, _ENDS = re.compile(r"START CODE HERE|CODE STARTS HERE"), re.compile(r"END CODE HERE|CODE ENDS HERE")
_LOOP = re.compile(r"[ \t]*(?:for|while)\b")
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


def empty_loop(source: str) -> int | None:
    """The line, from 0, of the `pass` that is all of a loop."""
    lines = source.split("\n")
    code = code_lines(lines)
    for head, body, after in zip(code, code[1:], [*code[2:], None], strict=False):
        below = -1 if after is None else depth(lines[after])
        alone = lines[body].split("#")[0].strip() == "pass" and below < depth(lines[body])
        if alone and _LOOP.match(lines[head]):
            return body
    return None


def code_lines(lines: Sequence[str]) -> list[int]:
    """Which lines are neither empty nor comments."""
    return [i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")]


def depth(line: str) -> int:
    """How far a line is indented."""
    return len(line) - len(line.lstrip())
