"""Little programs and calls for the tests of the worker."""

from __future__ import annotations

import ast
from textwrap import dedent
from typing import Any

import numpy as np

from grader.model import Call, Definition, Outcome, Program, StandIn, Step, Value
from grader.worker.sandbox import Sandbox

COURSE = StandIn(("dnn_utils*",), ("sigmoid", "relu", "linear_backward"))


def definitions(source: str, cell: int = 0) -> tuple[Definition, ...]:
    """Each statement of `source` as a definition of one cell."""
    source = dedent(source)
    lines = source.splitlines()
    found = []
    for node in ast.parse(source).body:
        start = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", []))])
        text = "\n".join(lines[start - 1 : node.end_lineno])
        found.append(Definition(_binds(node), text, cell, start, _kind(node)))
    return tuple(found)


def _binds(node: ast.stmt) -> tuple[str, ...]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return tuple(alias.asname or alias.name.partition(".")[0] for alias in node.names)
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return (node.name,)
    return tuple(item.id for item in ast.walk(node) if isinstance(item, ast.Name) and item.id.isupper())


def _kind(node: ast.stmt) -> Any:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return "import"
    return {"FunctionDef": "function", "ClassDef": "class"}.get(type(node).__name__, "value")


def program(source: str, **rest: Any) -> Program:
    return Program(definitions(source), **{"stand_ins": (COURSE,), **rest})


def call(function: str, *args: Value, **rest: Any) -> Call:
    return Call(f"{function}/{len(args)}", function, (Step(function, args),), **rest)


def helper(name: str, args: tuple[Value, ...], convention: str) -> Value:
    """Right helpers of the tests: `sigmoid`, `relu`, and `convention`, which tells what it was given."""
    if name == "sigmoid":
        return 1 / (1 + np.exp(-args[0])), args[0]
    if name == "relu":
        return np.maximum(0, args[0]), args[0]
    if name == "convention":
        return convention
    raise ValueError(f"no helper {name} with these arguments")


def one(sandbox: Sandbox, source: str, asked: Call, **rest: Any) -> Outcome:
    """The outcome of one call."""
    return sandbox.run(program(source, **rest), [asked], helper)[0]
