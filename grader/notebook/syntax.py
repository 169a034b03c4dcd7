"""Cells → top-level statements. A cell that does not parse costs only what is broken in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from grader.model import Cell, Problem
from grader.notebook.blanks import fill_empty_blocks
from grader.notebook.neutralise import code_only, neutralise
from grader.notebook.wording import explain, lost_with_it

#: A statement is looked for by joining at most so many pieces that start in the first column …
MAX_JOINED = 60
#: … and at most so often in a cell, so that a hostile cell cannot cost minutes.
MAX_PARSES = 3000
#: What Python says of a text that stops too early.
_UNFINISHED = re.compile(r"never closed|unterminated|EOF|expected an indented block|expected 'except'")
_DEF = re.compile(
    r"^([ \t\ufeff\u200b\xa0]*)(?:async[ \t]+)?def[ \t]+([^\W\d][\w \t]*?)[ \t]*(?=[(:\[\n]|$)", re.MULTILINE
)
_CONTINUES = re.compile(r"(?:else|elif|except|finally)\b|[)\]}]")
_OPENS = re.compile(r"@|(?:async[ \t]+)?def\b|class\b")
_FIRST_INDENT = re.compile(r"\n([ \t]+)(?=\S)")
_RETURN = re.compile(r"^[ \t]*return\b", re.MULTILINE)
_OUTSIDE: dict[type[ast.stmt], str] = {ast.Return: "return", ast.Break: "break", ast.Continue: "continue"}


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a cell that parses. `offset` is added to the nodes' lines to give lines of the cell."""

    cell: int
    offset: int
    text: str
    nodes: tuple[ast.stmt, ...]
    filled: tuple[int, ...] = ()
    """Lines of the cell whose empty block was given a `pass`."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A piece of a cell that does not parse, and the functions that it would define."""

    cell: int
    line: int
    end_line: int
    names: tuple[tuple[str, int], ...]
    problem: Problem
    cut_off: bool = False
    """It is the end of the function above it, which has lost its indentation."""


def parse_cell(cell: Cell) -> tuple[Block | Broken, ...]:
    """The pieces of a cell in order: one Block if it parses, else what can be saved of it."""
    source = neutralise(cell.source)
    nodes = _parse(source)
    if isinstance(nodes, Exception):
        return tuple(_saved(cell, source))
    if any(type(node) in _OUTSIDE for node in nodes):
        return tuple(_cut_by_outsiders(cell, source, nodes))
    return (Block(cell.index, 0, source, tuple(nodes)),)


def _saved(cell: Cell, source: str) -> Iterator[Block | Broken]:
    filled, lines = fill_empty_blocks(source)
    nodes = _parse(filled) if lines else None
    if isinstance(nodes, list):
        yield Block(cell.index, 0, filled, tuple(nodes), lines)
        return
    yield from _blaming_cut_functions(list(_pieces(cell, source)))


def _parse(text: str) -> list[ast.stmt] | Exception:
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return error


def _chunks(source: str) -> list[tuple[int, str]]:
    """(lines before it, text) of each piece that starts in the first column."""
    starts: list[int] = []
    lines = source.split("\n")
    for number, line in enumerate(lines):
        if line[:1].strip() and line[0] != "#" and not (starts and _CONTINUES.match(line)):
            starts.append(number)
    if not starts or any(line.strip() for line in lines[: starts[0]]):
        starts.insert(0, 0)
    ends = [*starts[1:], len(lines)]
    return [(start, "\n".join(lines[start:end]) + "\n") for start, end in zip(starts, ends, strict=True)]


def _pieces(cell: Cell, source: str) -> Iterator[Block | Broken]:
    """The cell cut at statements in the first column; a piece that is cut short is joined with the next ones."""
    chunks, at, budget = _chunks(source), 0, MAX_PARSES
    while at < len(chunks):
        offset, text = chunks[at]
        found, end = _block(cell.index, offset, text), at + 1
        while not isinstance(found, Block) and end < min(at + MAX_JOINED, len(chunks)) and budget > 0:
            if not _cut_short(found, text):
                break
            text += chunks[end][1]
            budget, end = budget - 1, end + 1
            found = _block(cell.index, offset, text)
        if isinstance(found, Block):
            yield found
            at = end
        else:
            yield _broken(cell.index, *chunks[at])
            at += 1


def _cut_short(error: Exception, text: str) -> bool:
    """Whether more lines could make the piece whole: an open bracket or string, a decorator alone."""
    if not isinstance(error, SyntaxError):
        return False
    return bool(_UNFINISHED.search(error.msg)) or text.rstrip().rpartition("\n")[2].startswith("@")


def _block(cell: int, offset: int, text: str) -> Block | Exception:
    """The piece as it stands, or with its empty blocks filled; why it does not parse if neither does."""
    filled: tuple[int, ...] = ()
    text = neutralise(text)
    nodes = _parse(text)
    if isinstance(nodes, IndentationError):
        text, filled = fill_empty_blocks(text)
        nodes = _parse(text) if filled else nodes
    if isinstance(nodes, Exception):
        return nodes
    if any(type(node) in _OUTSIDE for node in nodes):
        return _outside_error(nodes)
    return Block(cell, offset, text, tuple(nodes), tuple(line + offset for line in filled))


def _broken(cell: int, offset: int, text: str) -> Broken:
    text = neutralise(text)
    error = _error_of(text)
    names = _defined_names(text, offset)
    lines = text.rstrip("\n").count("\n") + 1
    problem = explain(error, text, cell, offset, [name for name, _ in names])
    cut_off = not names and not _OPENS.match(text) and bool(_RETURN.search(code_only(text)))
    return Broken(cell, offset + 1, offset + lines, names, problem, cut_off)


def _error_of(text: str) -> Exception:
    nodes = _parse(text)
    return nodes if isinstance(nodes, Exception) else _outside_error(nodes)


def _outside_error(nodes: Sequence[ast.stmt]) -> SyntaxError:
    for node in nodes:
        if type(node) in _OUTSIDE:
            return SyntaxError(f"'{_OUTSIDE[type(node)]}' outside function", ("", node.lineno, 1, None))
    return SyntaxError("invalid syntax")


def _defined_names(text: str, offset: int) -> tuple[tuple[str, int], ...]:
    """(name, line) of the `def`s that are not inside another; a blank typed into a name is taken out.

    A class has none. A `def` less deep than the first one's body has slipped: it was meant to stand outside.
    """
    code = code_only(text)
    found = list(_DEF.finditer(code))
    if not found or code.lstrip().startswith("class"):
        return ()
    outermost = min(len(match[1]) for match in found)
    body = _FIRST_INDENT.search(code, found[0].end())
    inside = max(len(body[1]) if body else 0, outermost + 1)
    return tuple(
        (re.sub(r"\s", "", match[2]), offset + code.count("\n", 0, match.start()) + 1)
        for match in found
        if len(match[1]) < inside
    )


def _blaming_cut_functions(pieces: list[Block | Broken]) -> Iterator[Block | Broken]:
    """Where the end of a function has lost its indentation, the function is broken, although its first part
    parses."""
    for piece, rest in zip(pieces, _cut_off_ends(pieces), strict=True):
        if rest and isinstance(piece, Block) and piece.nodes and isinstance(piece.nodes[-1], ast.FunctionDef):
            yield from _split_last(piece, rest)
        else:
            yield piece


def _cut_off_ends(pieces: list[Block | Broken]) -> list[Broken | None]:
    """For each piece the cut-off end that belongs to it: no other function stands between."""
    ends: list[Broken | None] = []
    end: Broken | None = None
    for piece in reversed(pieces):
        ends.append(end)
        if isinstance(piece, Broken):
            end = piece if piece.cut_off else None
        elif any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in piece.nodes):
            end = None
    return ends[::-1]


def _split_last(piece: Block, rest: Broken) -> Iterator[Block | Broken]:
    last = piece.nodes[-1]
    if piece.nodes[:-1]:
        yield Block(piece.cell, piece.offset, piece.text, piece.nodes[:-1], piece.filled)
    assert isinstance(last, ast.FunctionDef)
    line = piece.offset + last.lineno
    problem = rest.problem
    if f"`{last.name}`" not in problem.message:
        problem = replace(problem, message=problem.message + lost_with_it([last.name]))
    yield Broken(piece.cell, line, rest.end_line, ((last.name, line),), problem)


def _until_last_function(piece: Block) -> Block:
    """The block without what follows its last function; as it is if it has none."""
    ends = [number for number, node in enumerate(piece.nodes) if isinstance(node, ast.FunctionDef)]
    nodes = piece.nodes[: ends[-1] + 1] if ends else piece.nodes
    return Block(piece.cell, piece.offset, piece.text, nodes, piece.filled)


def _cut_by_outsiders(cell: Cell, source: str, nodes: list[ast.stmt]) -> Iterator[Block | Broken]:
    """`return` in the first column: the function above it has lost its end."""
    start = 0
    for number, node in enumerate(nodes):
        if type(node) not in _OUTSIDE:
            continue
        above = Block(cell.index, 0, source, tuple(nodes[start:number]))
        start = number + 1
        error = _outside_error([node])
        above = _until_last_function(above)
        names = [above.nodes[-1].name] if above.nodes and isinstance(above.nodes[-1], ast.FunctionDef) else []
        problem = explain(error, source, cell.index, 0, names)
        broken = Broken(cell.index, node.lineno, node.lineno, (), problem)
        if names:
            yield from _split_last(above, broken)
        elif above.nodes:
            yield above
        yield broken
    if nodes[start:]:
        yield Block(cell.index, 0, source, tuple(nodes[start:]))
