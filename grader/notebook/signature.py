"""A function's parameters as one line of text, for a person, and how many values it gives."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.notebook.statements import Function, inner_statements

_MOST, _LONGEST = 12, 30


def signature(node: ast.stmt) -> str | None:
    """`AL, Y, m=…, *rest`; None for what is neither a `def` without decorators nor a name for a lambda."""
    match node:
        case (
            ast.FunctionDef(args=args, decorator_list=[]) | ast.AsyncFunctionDef(args=args, decorator_list=[])
        ):
            return _text(args)
        case ast.Assign(value=ast.Lambda(args=args)):
            return _text(args)
    return None


def gives(node: ast.stmt) -> int:
    """How many values each `return` lists: 2 for `return A, Z`; 0 where they list none, or not the same number."""
    listed = {_listed(value) for value in _returned(node)}
    return listed.pop() if len(listed) == 1 else 0


def _listed(value: ast.expr | None) -> int:
    plain = isinstance(value, ast.Tuple) and not any(isinstance(one, ast.Starred) for one in value.elts)
    return len(value.elts) if plain and isinstance(value, ast.Tuple) else 0


def _returned(node: ast.stmt) -> Iterator[ast.expr | None]:
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
        yield node.value.body
    elif isinstance(node, Function):
        yield from (inner.value for inner in inner_statements(node) if isinstance(inner, ast.Return))


def _text(args: ast.arguments) -> str:
    plain = [*args.posonlyargs, *args.args]
    required = len(plain) - len(args.defaults)
    told = [_one(arg, default=number >= required) for number, arg in enumerate(plain)]
    if args.vararg or args.kwonlyargs:
        told.append(f"*{_one(args.vararg) if args.vararg else ''}")
    for arg, value in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        told.append(_one(arg, default=value is not None))
    told += [f"**{_one(args.kwarg)}"] if args.kwarg else []
    return ", ".join([*told[:_MOST], "…"] if len(told) > _MOST else told)


def _one(arg: ast.arg, *, default: bool = False) -> str:
    return f"{arg.arg[:_LONGEST]}{'=…' if default else ''}"
