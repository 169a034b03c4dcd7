"""A definition's text with its syntax tree: the text of a node, and the text with nodes exchanged."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise

#: One exchange: a node of the tree and the text that takes its place.
Edit = tuple[ast.AST, str]

_ATOM = re.compile(r"\w+(?:\.\w+)*\Z")
_WORDY = re.compile(rb"[\w.\x80-\xff]")
_OPEN_PLACES = (ast.stmt, ast.Call, ast.keyword, ast.Tuple, ast.List, ast.Dict)


@dataclass(frozen=True, eq=False)
class Source:
    """`text` parsed. Columns of the syntax tree count UTF-8 bytes, so offsets here are offsets in `data`."""

    text: str
    tree: ast.Module

    @cached_property
    def data(self) -> bytes:
        return self.text.encode()

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each line begins in `data`."""
        lengths = (len(line) + 1 for line in self.data.split(b"\n"))
        return tuple(accumulate(lengths, initial=0))

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All of the tree's, as `ast.walk` gives them."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    def offset(self, line: int, column: int) -> int:
        return self.starts[line - 1] + column

    def span(self, node: ast.AST) -> tuple[int, int]:
        """The first and the last byte of a node, decorators not included."""
        first = self.offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        return first, self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def line(self, number: int) -> str:
        """Line `number`, from 1."""
        lines = self.text.split("\n")
        return lines[number - 1] if 0 < number <= len(lines) else ""


@lru_cache(maxsize=128)
def parse_source(text: str) -> Source | None:
    """The parsed text, or None where it does not parse; remembered, for a request asks for each many times."""
    tree = parsed(text)
    return None if tree is None else Source(text, tree)


def parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def text_of(source: Source, node: ast.AST) -> str:
    """The student's own text of a node; in brackets where it runs over several lines."""
    if in_string(source, node) is not None:
        return ast.unparse(node)
    first, last = source.span(node)
    text = source.data[first:last].decode()
    return f"({text})" if "\n" in text and isinstance(node, ast.expr) and not _bracketed(node) else text


def atom_of(source: Source, node: ast.AST) -> str:
    """The text of a node, ready to stand beside an operator."""
    text = text_of(source, node)
    return text if _is_atom(node) or text.startswith("(") and _bracketed(node) else _enclosed(text, node)


def _enclosed(text: str, node: ast.AST) -> str:
    whole = text.startswith("(") and text.endswith(")") and "\n" in text
    return text if whole else f"({text})"


def _bracketed(node: ast.AST) -> bool:
    return isinstance(
        node, ast.Tuple | ast.List | ast.Dict | ast.Set | ast.Call | ast.Subscript | ast.GeneratorExp
    )


def _is_atom(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return not isinstance(node.value, int | float) or _ATOM.match(str(node.value)) is not None
    return isinstance(
        node,
        ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.List | ast.Dict | ast.Set | ast.ListComp,
    )


def in_string(source: Source, node: ast.AST) -> ast.JoinedStr | None:
    """The outermost f-string around a node: positions inside one are not to be trusted before Python 3.12."""
    found, at = None, source.parents.get(node)
    while isinstance(at, ast.expr | ast.keyword | ast.comprehension):
        if isinstance(at, ast.JoinedStr):
            found = at
        at = source.parents.get(at)
    return found


def exchanged(source: Source, edits: Sequence[Edit]) -> str | None:
    """The text with every edit made; None where the edits overlap or the result does not parse."""
    try:
        spans = sorted(_spliced(source, edits))
    except (ValueError, AttributeError, RecursionError):  # an f-string that cannot be written anew
        return None
    if any(left[1] > right[0] for left, right in pairwise(spans)):
        return None
    data = source.data
    for first, last, text in reversed(spans):
        data = data[:first] + _apart(data[:first], text.encode(), data[last:]) + data[last:]
    result = data.decode()
    safe = all(_is_safe(source, node, text) for node, text in edits)
    return result if result != source.text and (safe or parsed(result) is not None) else None


def _apart(before: bytes, text: bytes, after: bytes) -> bytes:
    """A blank where two words would grow together: `return(x)` → `return x`."""
    left = b" " if _WORDY.match(before[-1:]) and _WORDY.match(text[:1]) else b""
    right = b" " if _WORDY.match(text[-1:]) and _WORDY.match(after[:1]) else b""
    return left + text + right


def _is_safe(source: Source, node: ast.AST, text: str) -> bool:
    """An expression for an expression, a line for a simple statement: parses if the new one does."""
    if isinstance(node, ast.stmt):
        return not hasattr(node, "body") and "\n" not in text and parsed(text) is not None
    if not isinstance(node, ast.expr) or in_string(source, node) is not None:
        return False
    new = parsed_expression(text)
    return new is not None and not isinstance(
        new, ast.GeneratorExp | ast.NamedExpr | ast.Yield | ast.YieldFrom
    )


def _spliced(source: Source, edits: Sequence[Edit]) -> list[tuple[int, int, str]]:
    strings: dict[ast.JoinedStr, list[Edit]] = {}
    spans = []
    for node, text in edits:
        string = in_string(source, node)
        if string is not None:
            strings.setdefault(string, []).append((node, text))
        else:
            spans.append((*source.span(node), _fitting(source, node, text)))
    spans.extend((*source.span(string), _string_with(string, inner)) for string, inner in strings.items())
    return spans


def _fitting(source: Source, node: ast.AST, text: str) -> str:
    """The new text, in brackets where its surroundings could tear it apart."""
    parent = source.parents.get(node)
    if isinstance(node, ast.GeneratorExp):
        return f"({text})"  # its brackets may be those of the call
    if not isinstance(node, ast.expr) or isinstance(parent, _OPEN_PLACES) and _is_open(parent, node):
        return text
    new = parsed_expression(text)
    if new is None or _is_atom(new) or _covered(text, new):
        return text
    return f"({text})"


def _covered(text: str, new: ast.expr) -> bool:
    return isinstance(new, ast.Tuple) and text.startswith("(") and new.end_col_offset == len(text.encode())


def _is_open(parent: ast.AST, node: ast.expr) -> bool:
    """The node stands alone: the value of a statement, an argument, an element, not a callee."""
    return not (isinstance(parent, ast.Call) and parent.func is node)


@lru_cache(maxsize=128)
def parsed_expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _string_with(string: ast.JoinedStr, edits: Sequence[Edit]) -> str:
    """The f-string written anew with its inner expressions exchanged; the tree itself stays as it was."""
    news = {id(node): parsed_expression(text) for node, text in edits}
    copy = _copied(string, {key: new for key, new in news.items() if new is not None})
    return ast.unparse(copy)


def _copied(node: ast.AST, news: dict[int, ast.expr]) -> ast.AST:
    if id(node) in news:
        return news[id(node)]
    fields = {name: _copied_field(value, news) for name, value in ast.iter_fields(node)}
    return type(node)(**fields)


def _copied_field(value: object, news: dict[int, ast.expr]) -> object:
    if isinstance(value, ast.AST):
        return _copied(value, news)
    if isinstance(value, list):
        return [_copied_field(item, news) for item in value]
    return value
