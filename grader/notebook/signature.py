"""A function's parameters as one line of text, for a person."""

from __future__ import annotations

import ast

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
