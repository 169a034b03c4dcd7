"""Texts by which a notebook is told from one of an assignment with the same functions: `"linear"` in quotes, say.

Read by eye, as the names of functions are: cells that do not parse count, and nothing of a student's is parsed here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from grader.model import Notebook

#: Comments, strings (a broken one ends with its line), names, comparisons, and any other character.
_TOKEN = re.compile(
    r"#[^\n]*"
    r'|"""(?s:.*?)(?:"""|\Z)'
    r"|'''(?s:.*?)(?:'''|\Z)"
    r'|"(?:\\(?s:.)|[^"\\\n])*+"?'
    r"|'(?:\\(?s:.)|[^'\\\n])*+'?"
    r"|\w+|[=!]=|\S"
)
_COMPARES = frozenset({"==", "!=", "in", "is", "not", "case", "|"})
_NO_CALLS = frozenset({"in", "not", "and", "or", "return", "else", "if", "elif", "is", "lambda"})


def signs_in(notebook: Notebook, signs: Collection[str]) -> tuple[str, ...]:
    """Those of the signs that the code hands on as a whole text in quotes: as an argument, a default or a value.

    What is only compared (`activation == "linear"`) or a key (`cache["linear"]`) is in other notebooks as well.
    """
    if not signs:
        return ()
    held = {text for cell in notebook.cells for text in _handed_on(cell.source)}
    return tuple(sign for sign in signs if sign in held)


def _handed_on(source: str) -> Iterator[str]:
    tokens = [token for token in _TOKEN.findall(source) if not token.startswith("#")]
    opened: list[
        str
    ] = []  # what each bracket around is: a call, a key, an entry, other values, or compared ones
    for before, token, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        if token in "([{":
            opened.append(_kind(before, token, opened))
        elif token in ")]}":
            del opened[-1:]
        elif token[0] in "\"'" and not _only_compared(before, after, opened):
            yield token.strip(token[0])


def _kind(before: str, bracket: str, opened: list[str]) -> str:
    if before in _COMPARES:
        return "compared"
    follows_on = before not in _NO_CALLS and re.fullmatch(r"\w+|[)\]]", before) is not None
    if follows_on and bracket != "{":
        return "call" if bracket == "(" else "key"
    return "entries" if bracket == "{" else "fields" if "call" in opened[-1:] else "values"


def _only_compared(before: str, after: str, opened: list[str]) -> bool:
    around = opened[-1] if opened else ""
    if before in _COMPARES or after in _COMPARES or around in ("compared", "key", "fields"):
        return True
    return around == "entries" and after == ":"
