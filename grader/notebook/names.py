"""Which names a top-level statement binds, changes and reads, scope by scope.

Works on the syntax tree alone and without recursion inside a scope, so that a long expression cannot
exhaust the stack; only nested scopes recurse, and Python bounds their depth.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

#: A read: the name and its line in the parsed text.
Read = tuple[str, int]

#: Methods that change the object they belong to.
MUTATORS = frozenset(
    str.split("""
    append extend insert update setdefault add pop popitem remove discard clear sort reverse fill resize put
    itemset setflags register __setitem__ __setattr__ move_to_end appendleft
    """)
)
#: Calls that change a module's state in a way that functions can feel.
SETTINGS = frozenset(
    str.split("""
    seed seterr seterrcall set_printoptions filterwarnings simplefilter setrecursionlimit
    """)
)
_SETTERS = frozenset({"setattr", "delattr"})


@dataclass(frozen=True, slots=True)
class Usage:
    """The names of one top-level statement."""

    binds: frozenset[str]
    """Bound in the notebook's namespace when the statement runs."""
    touches: frozenset[str]
    """Objects changed in place: `d["a"] = f`, `Class.method = f`, `np.random.seed(1)`."""
    now: tuple[Read, ...]
    """Read while the statement runs: values, decorators, defaults, bases."""
    later: tuple[Read, ...]
    """Read only when a function defined in it is called."""
    locals: frozenset[str]
    """Parameters and local names of its functions."""
    unread: frozenset[str]
    """Parameters that their function never reads."""
    keys: frozenset[str]
    """With which letters the keys begin that it looks up, or may: `dA` of `grads["dA" + str(l)]`."""


@dataclass(slots=True)
class _Scope:
    kind: str  # module, function, class, comprehension
    parent: _Scope | None = None
    bound: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)  # global
    outer: set[str] = field(default_factory=set)  # nonlocal
    reads: list[Read] = field(default_factory=list)
    later: list[Read] = field(default_factory=list)
    params: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Totals:
    touches: set[str] = field(default_factory=set)
    globals: list[Read] = field(default_factory=list)
    locals: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)


def usage(statement: ast.stmt) -> Usage:
    """The names of a top-level statement."""
    module, totals = _Scope("module"), _Totals()
    _scan(module, [statement], totals)
    return Usage(
        frozenset(module.bound),
        frozenset(totals.touches),
        _in_order(module.reads),
        _in_order(module.later + totals.globals),
        frozenset(totals.locals),
        frozenset(totals.unread),
        frozenset(totals.keys),
    )


def _in_order(reads: list[Read]) -> tuple[Read, ...]:
    return tuple(sorted(set(reads), key=lambda read: (read[1], read[0])))


def root_name(node: ast.expr) -> str | None:
    """`x` of `x.a[0].b`; None where something else stands at the root."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def changed_by_call(call: ast.Call) -> str | None:
    """The name whose object a call changes in place, as far as its form tells."""
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr in (MUTATORS | SETTINGS):
        return root_name(function.value)
    if isinstance(function, ast.Name) and function.id in _SETTERS and call.args:
        return root_name(call.args[0])
    return None


def _scan(scope: _Scope, nodes: Iterable[ast.AST], totals: _Totals) -> None:
    stack = list(nodes)
    while stack:
        node = stack.pop()
        kind = type(node)
        if kind is ast.Name:
            _name(scope, node)  # type: ignore[arg-type]
        elif kind not in _LEAVES:
            handler = _HANDLERS.get(kind)
            if handler is None:
                _push_children(stack, node)
            else:
                handler(scope, node, stack, totals)


_OPERATORS = (ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.expr_context)
_LEAVES: frozenset[type[ast.AST]] = frozenset(
    [ast.Constant, ast.Pass, ast.Break, ast.Continue]
    + [kind for group in _OPERATORS for kind in type.__subclasses__(group)]
)


def _push_children(stack: list[ast.AST], node: ast.AST) -> None:
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            stack.append(value)
        elif isinstance(value, list):
            stack.extend(item for item in value if isinstance(item, ast.AST))


def _name(scope: _Scope, node: ast.Name) -> None:
    if isinstance(node.ctx, ast.Load):
        scope.reads.append((node.id, node.lineno))
    else:
        _bind(scope, node.id)


def _bind(scope: _Scope, name: str) -> None:
    scope.bound.add(name)


def _function(scope: _Scope, node: ast.FunctionDef, stack: list[ast.AST], totals: _Totals) -> None:
    _bind(scope, node.name)
    stack.extend(node.decorator_list)
    _push_defaults(stack, node.args)
    stack.extend(arg.annotation for arg in _arguments(node.args) if arg.annotation is not None)
    if node.returns is not None:
        stack.append(node.returns)
    _inner_function(scope, node, node.body, totals)


def _lambda(scope: _Scope, node: ast.Lambda, stack: list[ast.AST], totals: _Totals) -> None:
    _push_defaults(stack, node.args)
    _inner_function(scope, node, [node.body], totals)


def _push_defaults(stack: list[ast.AST], args: ast.arguments) -> None:
    stack.extend(args.defaults)
    stack.extend(default for default in args.kw_defaults if default is not None)


def _arguments(args: ast.arguments) -> list[ast.arg]:
    named = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    return named + [arg for arg in (args.vararg, args.kwarg) if arg is not None]


def _inner_function(
    scope: _Scope, node: ast.FunctionDef | ast.Lambda, body: Iterable[ast.AST], totals: _Totals
) -> None:
    inner = _Scope("function", scope)
    inner.params = {arg.arg for arg in _arguments(node.args)}
    inner.bound |= inner.params | _type_parameters(node)
    _scan(inner, body, totals)
    _close_function(inner, totals)


def _type_parameters(node: ast.AST) -> set[str]:
    return {parameter.name for parameter in getattr(node, "type_params", ())}


def _close_function(inner: _Scope, totals: _Totals) -> None:
    """Hand what is free in a function to the next scope that functions can see."""
    local = inner.bound - inner.declared - inner.outer
    totals.locals |= local
    seen = {name for name, _ in inner.reads} | {name for name, _ in inner.later}
    totals.unread |= {name for name in inner.params - seen if not name.startswith("_")}
    outside = _visible_from_function(inner)
    for read in inner.reads + inner.later:
        if read[0] in inner.declared:
            totals.globals.append(read)
        elif read[0] not in local:
            outside.later.append(read)


def _visible_from_function(inner: _Scope) -> _Scope:
    scope = inner.parent
    while scope is not None and scope.kind == "class" and scope.parent is not None:
        scope = scope.parent
    return scope if scope is not None else inner


def _class(scope: _Scope, node: ast.ClassDef, stack: list[ast.AST], totals: _Totals) -> None:
    _bind(scope, node.name)
    stack.extend([*node.decorator_list, *node.bases, *node.keywords])
    inner = _Scope("class", scope, bound=_type_parameters(node))
    _scan(inner, node.body, totals)
    free = [read for read in inner.reads if read[0] not in inner.bound or read[0] in inner.declared]
    scope.reads.extend(free)
    scope.later.extend(inner.later)


def _comprehension(scope: _Scope, node: ast.ListComp, stack: list[ast.AST], totals: _Totals) -> None:
    stack.append(node.generators[0].iter)
    inner = _Scope("comprehension", scope)
    first = node.generators[0]
    parts: list[ast.AST] = [first.target, *first.ifs, *node.generators[1:]]
    results = [getattr(node, name, None) for name in ("elt", "key", "value")]
    _scan(inner, [*parts, *(part for part in results if part is not None)], totals)
    # A class's own names are not seen inside a comprehension, but taking them as seen does no harm.
    scope.reads.extend(read for read in inner.reads if read[0] not in inner.bound)
    scope.later.extend(read for read in inner.later if read[0] not in inner.bound)


def _walrus(scope: _Scope, node: ast.NamedExpr, stack: list[ast.AST], totals: _Totals) -> None:
    owner = scope
    while owner.kind == "comprehension" and owner.parent is not None:
        owner = owner.parent
    _bind(owner, node.target.id)
    stack.append(node.value)


def _import(scope: _Scope, node: ast.Import | ast.ImportFrom, stack: list[ast.AST], totals: _Totals) -> None:
    scope.bound |= imported_names(node)


def imported_names(node: ast.Import | ast.ImportFrom) -> set[str]:
    """The names that an import statement binds; a star binds none that can be told here."""
    names = set()
    for alias in node.names:
        if alias.name != "*":
            whole = alias.asname or alias.name
            names.add(whole if isinstance(node, ast.ImportFrom) or alias.asname else whole.partition(".")[0])
    return names


def _global(scope: _Scope, node: ast.Global, stack: list[ast.AST], totals: _Totals) -> None:
    scope.declared.update(node.names)
    if scope.kind == "function":
        totals.globals.extend((name, node.lineno) for name in node.names)


def _nonlocal(scope: _Scope, node: ast.Nonlocal, stack: list[ast.AST], totals: _Totals) -> None:
    scope.outer.update(node.names)


def _handler(scope: _Scope, node: ast.ExceptHandler, stack: list[ast.AST], totals: _Totals) -> None:
    if node.name:
        _bind(scope, node.name)
    _push_children(stack, node)


def _pattern(scope: _Scope, node: ast.AST, stack: list[ast.AST], totals: _Totals) -> None:
    name = getattr(node, "name", None) or getattr(node, "rest", None)
    if isinstance(name, str):
        _bind(scope, name)
    _push_children(stack, node)


def _call(scope: _Scope, node: ast.Call, stack: list[ast.AST], totals: _Totals) -> None:
    """What is given a text may look something up under it: `grads.get("dA1")`, `take(grads, "dA", l)`."""
    for argument in node.args:
        _note_key(argument, totals)
    _push_unnoted(stack, node)


def _push_unnoted(stack: list[ast.AST], node: ast.expr) -> None:
    """Go on with an expression, or with the parts of a call."""
    if not isinstance(node, ast.Call):
        return stack.append(node)
    stack.append(node.func)
    stack.extend(node.args)
    stack.extend(keyword.value for keyword in node.keywords)


_LETTERS = re.compile(r"[A-Za-z_]{1,16}")


def _note_key(node: ast.expr | None, totals: _Totals) -> None:
    """The letters that a key begins with: of `"dA" + str(l)`, `"dA%d" % l`, `f"dA{l}"`."""
    while isinstance(node, ast.BinOp):
        node = node.left
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value  # "dA{}".format(l)
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    if letters := _LETTERS.match(text):
        totals.keys.add(letters[0])


def _assign(scope: _Scope, node: ast.Assign, stack: list[ast.AST], totals: _Totals) -> None:
    if any(isinstance(target, ast.Name) for target in node.targets):
        _note_key(node.value, totals)
    stack.extend(node.targets)
    stack.append(node.value)


def _binary(scope: _Scope, node: ast.BinOp, stack: list[ast.AST], totals: _Totals) -> None:
    stack.append(node.left)
    stack.append(node.right)


def _annotated(scope: _Scope, node: ast.AnnAssign, stack: list[ast.AST], totals: _Totals) -> None:
    """Annotations of local variables are never evaluated."""
    if scope.kind != "function":
        stack.append(node.annotation)
    if node.value is not None:
        stack.append(node.value)
    if node.value is not None or scope.kind == "function" or not isinstance(node.target, ast.Name):
        stack.append(node.target)


def _augmented(scope: _Scope, node: ast.AugAssign, stack: list[ast.AST], totals: _Totals) -> None:
    if isinstance(node.target, ast.Name):
        scope.reads.append((node.target.id, node.target.lineno))
    stack.extend([node.target, node.value])


def _place(scope: _Scope, node: ast.Attribute | ast.Subscript, stack: list[ast.AST], totals: _Totals) -> None:
    """An attribute or item that is assigned to changes the object at its root."""
    if scope.kind == "module" and not isinstance(node.ctx, ast.Load):
        name = root_name(node)
        if name is not None:
            totals.touches.add(name)
    stack.append(node.value)
    if isinstance(node, ast.Subscript):
        if isinstance(node.ctx, ast.Load):
            _note_key(node.slice, totals)
            stack.append(node.slice)
        else:
            _push_unnoted(stack, node.slice)  # `grads[key("dA", l)] = dA` looks nothing up


def _expression(scope: _Scope, node: ast.Expr, stack: list[ast.AST], totals: _Totals) -> None:
    if scope.kind == "module" and isinstance(node.value, ast.Call):
        name = changed_by_call(node.value)
        if name is not None:
            totals.touches.add(name)
    _push_unnoted(stack, node.value)


def _type_alias(scope: _Scope, node: ast.AST, stack: list[ast.AST], totals: _Totals) -> None:
    inner = _Scope("function", scope, bound=_type_parameters(node))
    _scan(scope, [node.name], totals)  # type: ignore[attr-defined]
    _scan(inner, [node.value], totals)  # type: ignore[attr-defined]
    _close_function(inner, totals)


_HANDLERS: dict[type[ast.AST], Callable[..., None]] = {
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _lambda,
    ast.ClassDef: _class,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.NamedExpr: _walrus,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.ExceptHandler: _handler,
    ast.MatchAs: _pattern,
    ast.MatchStar: _pattern,
    ast.MatchMapping: _pattern,
    ast.Call: _call,
    ast.Assign: _assign,
    ast.BinOp: _binary,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Attribute: _place,
    ast.Subscript: _place,
    ast.Expr: _expression,
}
if hasattr(ast, "TypeAlias"):
    _HANDLERS[ast.TypeAlias] = _type_alias
