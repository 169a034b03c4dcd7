"""Functions and classes that put themselves into a table, or another object, of the notebook: by a decorator, a
call, or a base class.

Nothing names such a function where it is used, `TABLE[kind](Z)`, so that what fills the table has to be seen.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from grader.notebook.names import MUTATORS, changed_by_call, root_name
from grader.notebook.statements import Statement

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
#: What a name may hold that a decorator can change; a number cannot be changed.
_OBJECTS = (ast.Call, ast.Dict, ast.List, ast.Set)


def with_registrations(found: Sequence[Statement]) -> list[Statement]:
    """The statements that matter, each with the tables that it puts something into."""
    functions = {name: node for statement in found for name, node in statement.functions.items()}
    classes = {one.node.name: one.node for one in found if isinstance(one.node, ast.ClassDef)}
    values = frozenset(name for one in found if one.kind == "value" for name in one.binds).union(classes)
    objects = frozenset(name for one in found if _is_object(one.node) for name in one.binds)
    changed: dict[ast.AST, frozenset[str]] = {}  # a notebook may use one decorator any number of times
    for statement in found:
        statement.touches |= frozenset(_named_by_decorators(statement.node, objects, functions))
        hooks = [*_decorators(statement.node, functions), *_called(statement, functions)]
        for base in _bases(statement.node, classes):
            if (inherited := _subclass_hook(base)) is not None:
                hooks.append(inherited)
                statement.touches |= {base.name}
        for hook in hooks:
            if hook not in changed:
                changed[hook] = frozenset(_changed(hook, values))
            statement.touches |= changed[hook]
    return [statement for statement in found if statement.matters]


def _decorators(node: ast.stmt, functions: Mapping[str, ast.AST]) -> Iterator[ast.AST]:
    for decorator in getattr(node, "decorator_list", ()):
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(called, ast.Name) and called.id in functions:
            yield functions[called.id]


def _is_object(node: ast.stmt) -> bool:
    return isinstance(node, ast.ClassDef) or isinstance(getattr(node, "value", None), _OBJECTS)


def _named_by_decorators(
    node: ast.stmt, objects: frozenset[str], functions: Mapping[str, ast.AST]
) -> Iterator[str]:
    """What a decorator belongs to, `step` of `@step.register(dict)`, and what it is given, `Net` of `@add_to(Net)`."""
    for decorator in getattr(node, "decorator_list", ()):
        called, given = decorator, list[ast.expr]()
        if isinstance(decorator, ast.Call):
            called, given = decorator.func, [*decorator.args, *(one.value for one in decorator.keywords)]
        owner = root_name(called)
        if (
            not isinstance(called, ast.Name)
            and owner is not None
            and (owner in objects or owner in functions)
        ):
            yield owner
        yield from (one.id for one in given if isinstance(one, ast.Name) and one.id in objects)


def _called(statement: Statement, functions: Mapping[str, ast.AST]) -> Iterator[ast.AST]:
    """What `register("relu", relu)` calls. A long function, one with a loop, or arguments that are computed first
    are more than a registration: they may train a network."""
    function = functions.get(statement.calls)
    body: list[ast.stmt] = getattr(function, "body", [])
    if function is None or not 0 < len(body) < 5:
        return
    calls = sum(isinstance(inner, ast.Call) for inner in ast.walk(statement.node))
    if calls == 1 and not any(isinstance(inner, _LOOPS) for inner in ast.walk(function)):
        yield function


def _bases(node: ast.stmt, classes: Mapping[str, ast.ClassDef]) -> Iterator[ast.ClassDef]:
    for base in node.bases if isinstance(node, ast.ClassDef) else ():
        if isinstance(base, ast.Name) and base.id in classes:
            yield classes[base.id]


def _subclass_hook(owner: ast.ClassDef) -> ast.stmt | None:
    return next((one for one in owner.body if getattr(one, "name", "") == "__init_subclass__"), None)


def _changed(function: ast.AST, values: frozenset[str]) -> Iterator[str]:
    """Variables of the notebook that a function changes in place."""
    for node in ast.walk(function):
        root: str | None = None
        if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            root = _root(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            root = changed_by_call(node)
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS
        ):
            root = _root(node.func)
        if root in values:
            yield root


def _root(node: ast.expr) -> str:
    """`T` of `T[a]` and of `T.setdefault(a, {}).update`."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
