"""A branch that is still open, written as the other one is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from grader.notebook.blanks import is_none
from grader.repairs.change import COMPUTED, Change
from grader.repairs.sites import Site
from grader.repairs.slice import bodies, is_block, says_nothing

_KINDS = re.compile("relu|sigmoid", re.IGNORECASE)
_MOST_BRANCHES = 3


def written_in_another_branch(site: Site) -> Iterator[Change]:
    """A blank of a branch filled with what another branch does: `dZ = sigmoid_backward(dA, Z)` beside
    `dZ = relu_backward(dA, Z)`, and as it stands there. What the branch has already is left as it is."""
    mine, others = branches(site)
    blanks = [one for one in mine if _is_blank(one)]
    if site.node not in blanks:
        return
    rest = [(one, "pass") for one in blanks if one is not site.node]
    given = {target for one in mine if not _is_blank(one) for target in set_there(one)}
    for branch in others[:_MOST_BRANCHES]:
        texts = [site.text(one) for one in branch if not given.intersection(set_there(one))]
        if any(map(is_block, branch)) or any(map(_is_blank, branch)) or not texts:
            continue
        for made in _of_either_kind(f"\n{' ' * site.node.col_offset}".join(texts)):
            yield Change(((site.node, made), *rest), COMPUTED, 0, at=site.node)


def branches(site: Site) -> tuple[list[ast.stmt], list[list[ast.stmt]]]:
    """The statements of the branch around, and those of the other branches of the same decision."""
    around = site.parent(site.node)
    if isinstance(around, ast.match_case):
        around = site.parent(around)
    while isinstance(above := site.parent(around) if around else None, ast.If) and around in above.orelse:
        around = above
    if not isinstance(around, ast.If | ast.Match):
        return [], []
    found = list(_all_branches(around))
    mine = next((branch for branch in found if site.node in branch), [])
    return mine, [branch for branch in found if branch is not mine]


def _all_branches(node: ast.If | ast.Match) -> Iterator[list[ast.stmt]]:
    """Of an `if` with its `elif`s, or of a `match`."""
    for branch in bodies(node):
        if len(branch) == 1 and isinstance(branch[0], ast.If) and isinstance(node, ast.If):
            yield from _all_branches(branch[0])
        elif branch:
            yield branch


def _is_blank(node: ast.stmt) -> bool:
    if isinstance(node, ast.Raise):
        return "NotImplemented" in ast.dump(node)
    return says_nothing(node) or isinstance(node, ast.Assign) and is_none(node.value)


def set_there(node: ast.stmt) -> set[str]:
    """What an assignment sets; nothing for any other statement."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    return {ast.unparse(part) for target in targets for part in getattr(target, "elts", [target])}


def as_there(site: Site, node: ast.stmt) -> tuple[str, ...]:
    """A statement of another branch, with sigmoid for relu, and as it stands."""
    return _of_either_kind(site.text(node))


def _of_either_kind(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((_KINDS.sub(_other_kind, text), text)))


def _other_kind(match: re.Match[str]) -> str:
    """`relu` for `sigmoid`, `Sigmoid` for `Relu`."""
    other = "sigmoid" if match[0].lower() == "relu" else "relu"
    return other.upper() if match[0].isupper() else other.title() if match[0][0].isupper() else other
