"""What names mean inside a student's function: parameters, locals, which of them count things, and M."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from grader.repairs.slice import names_in
from grader.repairs.tables import Table, tables_of

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
#: Names that usually hold one column an example.
BATCH_NAME = re.compile(r"(?:m|M|MM|mm|\w*(?:examples|samples|batch_?size|batch))\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Binding:
    """A local name, the line where it gets a value, and the expression where there is one."""

    name: str
    line: int
    value: ast.expr | None = None
    unpacked: bool = False
    """A part of something that was there before."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One function, or the module where `parameters` is empty and `outer` is None."""

    parameters: tuple[str, ...] = ()
    bindings: tuple[Binding, ...] = ()
    loops: tuple[tuple[int, int, frozenset[str]], ...] = ()
    """First and last line of each loop, and the names that it assigns."""
    outer: Scope | None = None
    attributes: tuple[str, ...] = ()
    """`self.x` of the class around a method."""
    counts: frozenset[str] = field(default=frozenset())
    """Names that hold sizes and positions, not data."""
    values: Mapping[str, tuple[ast.expr | None, ...]] = field(default_factory=dict)
    """Everything that a local name is ever set to; None where that is no single expression."""
    sums: frozenset[str] = field(default=frozenset())
    """Names that add something up: `S += …`, `S = S + …`."""
    roles: Mapping[str, str] = field(default_factory=dict)
    filled: frozenset[str] = field(default=frozenset())
    """Arrays that a loop fills element by element."""
    entries: tuple[str, ...] = ()
    """Texts of the entries whose key begins with dA, and of those that are stored by a number."""
    read: frozenset[str] = field(default=frozenset())
    """Names that the function reads somewhere else than in an assertion."""
    receiver: str = ""
    """`self`, in a method: a parameter that a call does not name."""
    tables: Mapping[str, Table] = field(default_factory=dict)
    """Dictionaries that the function makes itself."""
    gathered: frozenset[str] = field(default=frozenset())
    """`args` and `kwargs` of `*args, **kwargs`."""

    @property
    def idle(self) -> tuple[str, ...]:
        """Names that get a computed value and are read nowhere."""
        names = (b.name for b in self.bindings if b.name not in self.read and not b.unpacked)
        return tuple(
            name
            for name in dict.fromkeys(names)
            if any(isinstance(value, ast.BinOp | ast.Call | ast.UnaryOp) for value in self.values[name])
        )

    def before(self, line: int) -> tuple[str, ...]:
        """Names that have a value at `line`: parameters, then the latest assigned first, then outer ones."""
        looped = {name for first, last, names in self.loops if first <= line <= last for name in names}
        mine = [b.name for b in reversed(self.bindings) if b.line < line or b.name in looped]
        outer = self.outer.before(line) if self.outer else ()
        return tuple(dict.fromkeys((*self.data_parameters, *mine, *outer)))

    @property
    def data_parameters(self) -> tuple[str, ...]:
        return tuple(name for name in self.parameters if name != self.receiver)

    def knows(self, name: str) -> bool:
        local = name in self.parameters or name in self.gathered or any(b.name == name for b in self.bindings)
        return local or self.outer is not None and self.outer.knows(name)

    def counting(self, name: str) -> bool:
        return name in self.counts or self.outer is not None and self.outer.counting(name)

    def role(self, name: str) -> str:
        """What a name is used as: a "count", a "container", a "text", or "data"."""
        if self.counting(name):
            return "count"
        return self.roles.get(name) or (self.outer.role(name) if self.outer else "data")


def scope_of(
    node: Function, outer: Scope | None, receiver: bool = False, attributes: Sequence[str] = ()
) -> Scope:
    parameters = parameter_names(node)
    body = [] if isinstance(node, ast.Lambda) else node.body
    nodes = list(own_nodes(body))
    bindings = tuple(sorted(_bindings(nodes), key=lambda b: b.line))
    values = _values(bindings)
    return Scope(
        parameters,
        bindings,
        tuple(_loops(nodes)),
        outer,
        tuple(attributes),
        counts=_counts(values, nodes) | _counted_parameters(node.args, nodes),
        values=values,
        sums=frozenset(_sums(nodes)),
        roles=_roles(nodes),
        filled=_filled(nodes),
        entries=_entries(nodes),
        tables=tables_of(nodes),
        read=_read(nodes),
        receiver=parameters[0] if receiver and parameters else "",
        gathered=frozenset(one.arg for one in (node.args.vararg, node.args.kwarg) if one is not None),
    )


def parameter_names(node: Function) -> tuple[str, ...]:
    args = node.args
    named = [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    return tuple(named)


def own_nodes(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of the statements, but not those of nested functions and classes."""
    todo = list(reversed(list(body)))
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            todo.extend(reversed(list(ast.iter_child_nodes(node))))


def _bindings(nodes: Sequence[ast.AST]) -> Iterator[Binding]:
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _bound(target, node.value)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            yield from _bound(node.target, node.value)
        elif isinstance(node, ast.AugAssign):
            yield from _bound(node.target, ast.BinOp(node.target, node.op, node.value))
        elif isinstance(node, ast.For | ast.AsyncFor):
            yield from _bound(node.target, None)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Binding(node.name, node.lineno)
        elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
            yield Binding(node.name, node.lineno, unpacked=True)


def _bound(target: ast.expr, value: ast.expr | None) -> Iterator[Binding]:
    if isinstance(target, ast.Name):
        yield Binding(target.id, target.lineno, value)
    elif isinstance(target, ast.Tuple | ast.List):
        for position, part in enumerate(target.elts):
            for made in _bound(part, _part(value, position)):
                yield replace(made, unpacked=made.unpacked or _is_part(value))
    elif isinstance(target, ast.Starred):
        yield from _bound(target.value, None)


def _is_part(value: ast.expr | None) -> bool:
    """`cache` and `self.cache`, not `A.shape`."""
    return isinstance(value, ast.Name) or isinstance(value, ast.Attribute) and value.attr != "shape"


def _part(value: ast.expr | None, position: int) -> ast.expr | None:
    if isinstance(value, ast.Tuple | ast.List) and position < len(value.elts):
        return value.elts[position]
    if isinstance(value, ast.Attribute) and value.attr == "shape" or isinstance(value, ast.Subscript):
        return ast.Subscript(value, ast.Constant(position), ast.Load())
    return None


def _loops(nodes: Sequence[ast.AST]) -> Iterator[tuple[int, int, frozenset[str]]]:
    for node in nodes:
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            names = frozenset(binding.name for binding in _bindings(list(own_nodes([node]))))
            yield node.lineno, node.end_lineno or node.lineno, names


def _values(bindings: Sequence[Binding]) -> dict[str, tuple[ast.expr | None, ...]]:
    values: dict[str, tuple[ast.expr | None, ...]] = {}
    for binding in bindings:
        values[binding.name] = (*values.get(binding.name, ()), binding.value)
    return values


def _counts(values: Mapping[str, Sequence[ast.expr | None]], nodes: Sequence[ast.AST]) -> frozenset[str]:
    """Names that only ever hold sizes and positions."""
    found = {name for node in nodes for name in _range_targets(node)}
    for _ in range(3):
        for name, given in values.items():
            if all(value is not None and is_count(value, found | {name}) for value in given):
                found.add(name)
    return frozenset(found)


def _counted_parameters(args: ast.arguments, nodes: Sequence[ast.AST]) -> frozenset[str]:
    """`m: int`, and an `m` of which nothing is asked that only an array has."""
    asked = {names for node in nodes if _is_of_array(node) for names in names_in(node)}
    return frozenset(
        arg.arg
        for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)
        if (isinstance(arg.annotation, ast.Name) and arg.annotation.id == "int")
        or (BATCH_NAME.match(arg.arg) and arg.arg not in asked)
    )


def _is_of_array(node: ast.AST) -> bool:
    """`X.shape`, `X[0]`, `X @ Y`."""
    match node:
        case ast.Attribute(value=ast.Name()) | ast.Subscript(value=ast.Name()):
            return True
        case ast.BinOp(op=ast.MatMult(), left=ast.Name()) | ast.BinOp(op=ast.MatMult(), right=ast.Name()):
            return True
    return False


def _filled(nodes: Sequence[ast.AST]) -> frozenset[str]:
    return frozenset(
        node.value.id
        for node in nodes
        if isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
    )


def _entries(nodes: Sequence[ast.AST]) -> tuple[str, ...]:
    """`grads["dA" + str(l)]` and the like, as they are stored or read, and whatever else is stored layer by layer,
    each once."""
    entries = [n for n in nodes if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name)]
    gradients = [node for node in entries if _begins_with_da(node.slice)]
    stored = [node for node in entries if isinstance(node.ctx, ast.Store) and _is_numbered(node.slice)]
    return tuple(dict.fromkeys(map(ast.unparse, (*gradients, *stored))))


def _is_numbered(key: ast.expr) -> bool:
    """`l - 1`, `"A" + str(l)`: of a layer, not of an element or a row."""
    named = any(isinstance(node, ast.Name) for node in ast.walk(key))
    return named and isinstance(key, ast.Name | ast.BinOp | ast.JoinedStr)


def _begins_with_da(key: ast.expr) -> bool:
    inner = (node.value for node in ast.walk(key) if isinstance(node, ast.Constant))
    return any(isinstance(value, str) and value.startswith("dA") for value in inner)


def _read(nodes: Sequence[ast.AST]) -> frozenset[str]:
    checks = (inner for node in nodes if _checks(node) for inner in ast.walk(node))
    ignored = set(checks)
    return frozenset(
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node not in ignored
    )


def _checks(node: ast.AST) -> bool:
    """`assert …`, `assert_same_shape(…)`, `print(…)`."""
    call = node.value if isinstance(node, ast.Expr) else None
    name = getattr(call.func, "id", getattr(call.func, "attr", "")) if isinstance(call, ast.Call) else ""
    return isinstance(node, ast.Assert) or name.startswith(
        ("assert", "check", "print", "validate", "require")
    )


def _roles(nodes: Sequence[ast.AST]) -> dict[str, str]:
    """Containers are made, unpacked, asked by key or appended to; texts are compared with texts."""
    roles: dict[str, str] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() | ast.List()):
                roles[name] = "container"
            case ast.Assign(targets=[ast.Tuple()], value=ast.Name(id=name)):
                roles[name] = "container"
            case ast.Attribute(value=ast.Name(id=name), attr="append" | "update" | "items" | "keys" | "get"):
                roles[name] = "container"
            case ast.Subscript(value=ast.Name(id=name), slice=at) if _is_key(at):
                roles[name] = "container"
            case ast.Compare(left=ast.Name(id=name), comparators=[ast.Constant(value=str())]):
                roles[name] = "text"
    return roles


def _is_key(node: ast.expr) -> bool:
    inner = list(ast.walk(node))
    return any(isinstance(n, ast.Constant) and isinstance(n.value, str) for n in inner)


def _sums(nodes: Sequence[ast.AST]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add() | ast.Sub()):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.BinOp(op=ast.Add() | ast.Sub()) as value):
                if name in names_in(value):
                    yield name
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Attribute(attr="add" | "subtract"), args=[ast.Name(id=first), _]),
            ) if name == first:
                yield name


def _range_targets(node: ast.AST) -> frozenset[str]:
    if isinstance(node, ast.For) and "range" in names_in(node.iter):
        return names_in(node.target)
    if (
        isinstance(node, ast.For)
        and "enumerate" in names_in(node.iter)
        and isinstance(node.target, ast.Tuple)
    ):
        return names_in(node.target.elts[0])
    return frozenset()


def is_count(node: ast.expr, counts: set[str] | frozenset[str] = frozenset()) -> bool:
    """A size or a position: made of `.shape[…]`, `len(…)`, integers and names that are such."""
    match node:
        case ast.Constant(value=int()):
            return True
        case ast.Name(id=name):
            return name in counts
        case ast.Attribute(attr="shape" | "size" | "ndim"):
            return True
        case ast.Subscript(value=ast.Attribute(attr="shape")):
            return True
        case ast.Call(func=ast.Name(id="len")):
            return True
        case ast.Call(func=ast.Name(id="float" | "int"), args=[inner]):
            return is_count(inner, counts)
        case ast.BinOp(left=left, right=right):
            return is_count(left, counts) and is_count(right, counts)
        case ast.UnaryOp(operand=inner):
            return is_count(inner, counts)
    return False


def is_text(node: ast.expr) -> bool:
    """A word, or a key put together: `"dW" + str(l)`."""
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr() | ast.Call(func=ast.Name(id="str")):
            return True
        case ast.BinOp(left=left, right=right):
            return is_text(left) or is_text(right)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()))):
            return True
    return False
