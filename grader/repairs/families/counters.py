"""Names that number layers, and tests that tell the output layer's round from the others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from grader.repairs.sites import Site
from grader.repairs.slice import names_in

_MAX_COUNTERS = 4
_LENGTHS = {"caches": "len(caches)", "parameters": "len(parameters) // 2", "params": "len(params) // 2"}


def lengths(site: Site, node: ast.AST) -> list[str]:
    """How many layers there are, by what is at hand."""
    return [text for name, text in _LENGTHS.items() if name in site.visible(node)]


def counters(site: Site, node: ast.AST) -> list[str]:
    """Names at hand that hold whole numbers: counted by a loop, or used as an index, in a key or compared
    with such a name."""
    used = _numbering(site)
    return [n for n in site.visible(node) if site.scope.counting(n) or n in used][:_MAX_COUNTERS]


def _numbering(site: Site) -> set[str]:
    """Names that stand in a key or as an index, `caches[l - 1]`, somewhere in the definition."""
    found = set(_numbered_names(site.source.nodes))
    for inner in site.source.nodes:
        match inner:
            case ast.FormattedValue(value=part) | ast.Call(func=ast.Name(id="str"), args=[part]):
                found |= _plain_names(part)
            case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod(), right=part):
                for one in part.elts if isinstance(part, ast.Tuple) else [part]:
                    found |= _plain_names(one)
            case ast.Subscript(slice=ast.BinOp() | ast.Name() as part):
                found |= _plain_names(part)
    return found


_NUMBER_NAMES = re.compile(r"(?:[ijklnLN]|\w*(?:layer|level|idx|index|number|depth|step))\Z")


def _numbered_names(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Parameters of small functions that are named like numbers: `lambda state, l: …`; of one that gives a word
    whatever it is asked, `lambda _: "relu"`, any."""
    for node in nodes:
        if isinstance(node, ast.Lambda | ast.FunctionDef):
            says_a_word = isinstance(node, ast.Lambda) and isinstance(node.body, ast.Constant)
            yield from (arg.arg for arg in node.args.args if says_a_word or _NUMBER_NAMES.match(arg.arg))


def _plain_names(node: ast.expr) -> frozenset[str]:
    """The names of `l`, `l - 1`, `L - l`."""
    simple = all(
        isinstance(inner, ast.Name | ast.BinOp | ast.Constant | ast.operator | ast.expr_context)
        and not isinstance(getattr(inner, "value", 0), str)
        for inner in ast.walk(node)
    )
    return names_in(node) if simple else frozenset()


def output_rounds(site: Site, node: ast.AST) -> Iterator[str]:
    """Tests that may single out the output layer: `l == L`, `l == L - 1`, `back == 0`."""
    names = counters(site, node)
    for one in names:
        for other in names:
            if one != other:
                yield f"{one} == {other}"
                yield f"{one} == {other} - 1"
    for one in names:
        yield f"{one} == 0"
    for length in lengths(site, node):
        for one in names:
            yield f"{one} == {length}"
            yield f"{one} == {length} - 1"
