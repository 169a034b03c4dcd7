"""What stands for the number of examples at some place of a student's source."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from grader.repairs.scope import BATCH_NAME, Scope
from grader.repairs.slice import names_in

COLUMNS = re.compile(r"d?(?:AL|A|Z|Y|X|al|a|z|y|x)(?:_?(?:prev|hat|cur|last|L|l))?\d*\Z")
_MAX_SIZES = 3


def batch_sizes(scope: Scope, node: ast.AST, visible: Sequence[str]) -> tuple[str, ...]:
    """Texts that may stand for the number of examples at `node`, the likeliest first."""
    named = [name for name in visible if holds_batch(scope, name)]
    named.sort(key=lambda name: not BATCH_NAME.match(name))
    named += [name for name in scope.attributes if BATCH_NAME.match(name.rpartition(".")[2])]
    used, containers = names_in(node), _containers(scope)
    data = [name for name in visible if COLUMNS.match(name) and not scope.counting(name)]
    data = data or _attributes_read(scope, node)
    data.sort(key=lambda name: (name not in used, name in containers))
    shapes = [f"{name}.shape[1]" for name in data or _other_data(scope, visible, used)]
    # `M` may be a matrix, too, where it is handed in.
    shapes[:0] = [f"{name}.shape[1]" for name in named if name.isupper() and name in scope.parameters]
    keep = 1 if named else 2
    return tuple(dict.fromkeys((*named[:2], *shapes[:keep])))[:_MAX_SIZES]


def _attributes_read(scope: Scope, node: ast.AST) -> list[str]:
    """`self.A_prev` of an expression that reads it."""
    read = {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)}
    words = [(name, name.rpartition(".")[2]) for name in scope.attributes]
    return [name for name, word in words if word in read and COLUMNS.match(word)]


def _other_data(scope: Scope, visible: Sequence[str], used: frozenset[str]) -> list[str]:
    return sorted((name for name in visible if not scope.counting(name)), key=lambda name: name not in used)


def _containers(scope: Scope) -> frozenset[str]:
    return frozenset(b.name for b in scope.bindings if isinstance(b.value, ast.Dict | ast.List))


def holds_batch(scope: Scope, name: str) -> bool:
    """Whether a name is one of the number of examples, by what it is set to or by how it is spelt."""
    values = scope.values.get(name, ())
    if not values and scope.outer and name not in scope.parameters:
        return holds_batch(scope.outer, name)
    return any(_is_columns(value) for value in values) or (
        BATCH_NAME.match(name) is not None and scope.counting(name)
    )


def _is_columns(value: ast.expr | None) -> bool:
    match value:
        case ast.Subscript(value=ast.Attribute(attr="shape"), slice=ast.Constant(value=1)):
            return True
        case ast.Subscript(
            value=ast.Attribute(attr="shape"), slice=ast.UnaryOp(operand=ast.Constant(value=1))
        ):
            return True
        case ast.Call(func=ast.Name(id="float" | "int"), args=[inner]):
            return _is_columns(inner)
    return False
