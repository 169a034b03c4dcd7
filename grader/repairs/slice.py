"""The backward slice: which statements of a function can reach what it returns. In doubt, a statement can."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
_NEVER = (ast.Assert, ast.Raise, ast.Pass, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom)
_SILENT = frozenset({"print", "display", "breakpoint"})
_MODULES = frozenset({"np", "numpy", "math", "random", "plt", "time"})
_PLAIN = frozenset({"zip", "enumerate", "reversed", "list", "sorted", "iter"})
_JUMPS = (ast.Return, ast.Break, ast.Continue)


@dataclass(frozen=True, slots=True)
class _Fact:
    """One simple statement: the names it may change, the names it reads, those that control it included."""

    node: ast.stmt
    changes: frozenset[str]
    reads: frozenset[str]
    alias: frozenset[str] = frozenset()
    """Names that may stand for parts of the same object from here on."""


def relevant_statements(body: Sequence[ast.stmt]) -> frozenset[ast.stmt]:
    """Simple statements and nested definitions in `body` that can reach a returned value."""
    facts = _with_local_calls(list(_facts(body, frozenset())))
    ends = [fact for fact in facts if _gives(fact.node)]
    given = {name for fact in ends for name in names_in(fact.node)}
    made = frozenset[str]().union(*(fact.changes for fact in facts if not _gives(fact.node)))
    if not given & made:  # nothing is given back but `OK`: what counts is what the arguments hold afterwards
        return frozenset(fact.node for fact in facts if not _is_silent(fact.node))
    return frozenset(_closed(facts, _filled(facts).union(*(fact.reads for fact in ends))))


def _filled(facts: Sequence[_Fact]) -> set[str]:
    """What is stored into and comes from outside: the caller sees `dst[i, j] = …` and `self.Z = …`, too."""
    stored, bound = set[str](), set[str]()
    for fact in facts:
        for target in getattr(fact.node, "targets", [getattr(fact.node, "target", None)]):
            if isinstance(target, ast.Subscript | ast.Attribute):
                stored |= names_in(target.value)
            elif target is not None and not fact.alias:
                bound |= names_in(target)
    return stored - bound


def _with_local_calls(facts: Sequence[_Fact]) -> list[_Fact]:
    """A statement that calls a local function may change whatever the function mentions."""
    mentioned = {
        fact.node.name: names_in(fact.node) - _MODULES
        for fact in facts
        if isinstance(fact.node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    return [_with_what_is_called(fact, mentioned) for fact in facts] if mentioned else list(facts)


def _with_what_is_called(fact: _Fact, mentioned: Mapping[str, frozenset[str]]) -> _Fact:
    if isinstance(fact.node, ast.FunctionDef | ast.AsyncFunctionDef):
        return fact
    called = (mentioned[name] for name in fact.changes | fact.reads if name in mentioned)
    return replace(fact, changes=fact.changes.union(*called))


def _gives(node: ast.stmt) -> bool:
    if isinstance(node, ast.Return):
        return node.value is not None
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom)


def _cannot_unpack(node: ast.stmt) -> bool:
    """`dA_prev, dW, db = None`, a template's blank: it stops the function, whatever it is for."""
    match node:
        case ast.Assign(targets=[ast.Tuple()], value=ast.Constant()):
            return True
    return False


def says_nothing(node: ast.stmt) -> bool:
    """`pass`, or `...`."""
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant(value=types.EllipsisType())):
            return True
    return False


def _closed(facts: Sequence[_Fact], wanted: set[str]) -> set[ast.stmt]:
    chosen: set[ast.stmt] = {
        fact.node
        for fact in facts
        if isinstance(fact.node, _JUMPS)
        or _gives(fact.node)
        or _cannot_unpack(fact.node)
        or says_nothing(fact.node)
    }
    for fact in facts:
        if fact.node in chosen:
            wanted |= fact.reads
    before = -1
    while before != len(chosen) + len(wanted):
        before = len(chosen) + len(wanted)
        for fact in facts:
            _take(fact, chosen, wanted)
    return chosen


def _take(fact: _Fact, chosen: set[ast.stmt], wanted: set[str]) -> None:
    if wanted & fact.alias:
        wanted |= fact.alias
    if fact.node not in chosen and fact.changes & wanted:
        chosen.add(fact.node)
        wanted |= fact.reads


def _facts(body: Sequence[ast.stmt], control: frozenset[str]) -> Iterator[_Fact]:
    for node in body:
        if isinstance(node, _BLOCKS):
            header = control | frozenset(name for part in headers(node) for name in names_in(part))
            for inner in bodies(node):
                if len(inner) == 1 and says_nothing(inner[0]) and isinstance(node, ast.If | ast.Match):
                    yield _Fact(inner[0], frozenset(), frozenset())  # a branch that is left out
                else:
                    yield from _facts(inner, header)
            yield from _header_targets(node, header)
        elif not isinstance(node, _NEVER):
            yield _fact(node, control)


def _header_targets(node: ast.stmt, control: frozenset[str]) -> Iterator[_Fact]:
    """The loop's own target counts as changed by the loop's header, and so does `table` of `if (table := …):`."""
    if walrus := _walrus(*headers(node)):
        yield _Fact(node, walrus, control)
    if isinstance(node, ast.For | ast.AsyncFor):
        targets, read = names_in(node.target), names_in(node.iter)
        yield _Fact(
            node, targets, control | read, frozenset() if "range" in read else targets | read - _PLAIN
        )


def _fact(node: ast.stmt, control: frozenset[str]) -> _Fact:
    reads = names_in(node) | control
    if _is_silent(node):
        return _Fact(node, frozenset(), reads)
    return _Fact(node, _changed(node), reads, _alias(node))


def _is_silent(node: ast.stmt) -> bool:
    """A docstring, a print: it changes nothing."""
    if not isinstance(node, ast.Expr):
        return False
    value = node.value
    named = isinstance(value, ast.Call) and isinstance(value.func, ast.Name)
    return isinstance(value, ast.Constant) or named and value.func.id in _SILENT  # type: ignore[attr-defined]


def _changed(node: ast.stmt) -> frozenset[str]:
    """Roots of the targets; a bare call may change everything that it is handed."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return frozenset({node.name})
    walrus = _walrus(node)
    if isinstance(node, ast.Assign):
        return frozenset(walrus.union(*(names_in(target) for target in node.targets)))
    if isinstance(node, ast.AugAssign | ast.AnnAssign):
        return frozenset(walrus | names_in(node.target))
    return names_in(node) - _MODULES


def _walrus(*nodes: ast.AST) -> frozenset[str]:
    inner = (one for node in nodes for one in ast.walk(node))
    return frozenset(one.target.id for one in inner if isinstance(one, ast.NamedExpr))


def _alias(node: ast.stmt) -> frozenset[str]:
    """`W = parameters["W1"]`, `q = dst.ravel()`: what changes W in place changes the parameters."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        root = node.value
        while isinstance(root, ast.Subscript | ast.Attribute | ast.Call):
            if isinstance(root, ast.Call) and not _is_view(root):
                break
            root = root.func if isinstance(root, ast.Call) else root.value
        return frozenset({node.targets[0].id, root.id}) if isinstance(root, ast.Name) else frozenset()
    return frozenset()


_VIEWS = ("ravel", "reshape", "view", "transpose", "swapaxes", "squeeze")


def _is_view(node: ast.Call) -> bool:
    """`dst.ravel()`, which shares what it holds with `dst`."""
    return isinstance(node.func, ast.Attribute) and node.func.attr in _VIEWS


@lru_cache(maxsize=8192)
def names_in(node: ast.AST) -> frozenset[str]:
    """All names in a tree, which nobody changes."""
    return frozenset(inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))


def headers(node: ast.stmt) -> tuple[ast.expr, ...]:
    """The expressions that a compound statement evaluates itself."""
    if isinstance(node, ast.If | ast.While):
        return (node.test,)
    if isinstance(node, ast.For | ast.AsyncFor):
        return (node.iter,)
    if isinstance(node, ast.With | ast.AsyncWith):
        return tuple(item.context_expr for item in node.items)
    if isinstance(node, ast.Match):
        return (node.subject,)
    return ()


def bodies(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a compound statement in source order."""
    yield getattr(node, "body", [])
    for handler in getattr(node, "handlers", []):
        yield handler.body
    for case in getattr(node, "cases", []):
        yield case.body
    yield getattr(node, "orelse", [])
    yield getattr(node, "finalbody", [])


def is_block(node: ast.stmt) -> bool:
    return isinstance(node, _BLOCKS)


def filled_by(node: ast.stmt) -> ast.expr | None:
    """`Z` of `np.matmul(W, A, out=Z)`."""
    call = node.value if isinstance(node, ast.Expr) else None
    keywords = call.keywords if isinstance(call, ast.Call) else []
    return next((keyword.value for keyword in keywords if keyword.arg == "out"), None)


def copied_into(node: ast.Expr) -> tuple[ast.expr, ...]:
    """`A` and `Z` of `np.copyto(A, Z)`; () for anything else."""
    match node.value:
        case ast.Call(func=ast.Attribute(attr="copyto"), args=[array, value]):
            return array, value
    return ()


def falls_through(body: Sequence[ast.stmt]) -> bool:
    """Whether a function may come to the end of its body, or to a `return None` there, with nothing to give."""
    match body[-1]:
        case ast.Return(value=value):
            return value is None or isinstance(value, ast.Constant) and value.value is None
        case ast.Raise() | ast.While(test=ast.Constant()):
            return False
        case ast.If(orelse=[]):
            return True
        case ast.If() | ast.With() | ast.Try() as block:
            return any(falls_through(inner) for inner in bodies(block) if inner)
        case ast.Match(cases=[*_, ast.match_case(pattern=ast.MatchAs(pattern=None))]) as block:
            return any(falls_through(inner) for inner in bodies(block) if inner)
    return not any(map(_yields, body))


def _yields(node: ast.AST) -> bool:
    """Whether a statement makes its function a generator; what a nested function does is its own."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return False
    return isinstance(node, ast.Yield | ast.YieldFrom) or any(map(_yields, ast.iter_child_nodes(node)))
