"""The statements that a function runs through, its own helpers' included, in execution order."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from grader.model import Definition
from grader.repairs.scope import Function, Scope, is_count, is_text, scope_of
from grader.repairs.slice import bodies, falls_through, headers, is_block, names_in, relevant_statements
from grader.repairs.text import Source, atom_of, parse_source, text_of
from grader.repairs.world import World, world_of

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
#: Never more places than this, however large the student's program is.
MAX_SITES = 600


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One statement (of a compound one, its header) of one definition."""

    definition: int
    source: Source
    node: ast.stmt
    scope: Scope
    world: World
    parts: tuple[ast.expr, ...]
    """The expressions that the statement evaluates itself."""
    read: tuple[ast.expr, ...] = ()
    """All expressions in them that are read, the inner ones before the outer ones."""
    depth: int = 0
    """How many calls away from the function."""
    open_end: bool = False
    """It stands for the end of a function that returns nothing."""

    @property
    def line(self) -> int:
        return self.node.lineno

    def text(self, node: ast.AST) -> str:
        return text_of(self.source, node)

    def atom(self, node: ast.AST) -> str:
        return atom_of(self.source, node)

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self.source.parents.get(node)

    def nodes(self) -> Iterator[ast.expr]:
        """Every expression read here, the inner ones before the outer ones."""
        return iter(self.read)

    @property
    def in_loop(self) -> bool:
        return any(first <= self.line <= last for first, last, _ in self.scope.loops)

    def count(self, node: ast.expr) -> bool:
        """A size, a position, or text: nothing that a gradient is made of."""
        return is_text(node) or is_count(node, {name for name in names_in(node) if self.scope.counting(name)})

    def visible(self, node: ast.AST) -> tuple[str, ...]:
        """Names with a value at `node`: those of lambdas and comprehensions around it first."""
        return tuple(dict.fromkeys((*self.introduced(node), *self.scope.before(self.line))))

    def introduced(self, node: ast.AST) -> tuple[str, ...]:
        """Names of the lambdas and comprehensions around `node`."""
        return tuple(name for around in self.around(node) for name in _introduced(around))

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        at = self.source.parents.get(node)
        while at is not None and at is not self.node:
            yield at
            at = self.source.parents.get(at)


def _introduced(node: ast.AST) -> tuple[str, ...]:
    if isinstance(node, ast.Lambda):
        return tuple(arg.arg for arg in node.args.args)
    generators: list[ast.comprehension] = getattr(node, "generators", [])
    return tuple(name for made in generators for name in sorted(names_in(made.target)))


def _inner_first(node: ast.AST) -> Iterator[ast.expr]:
    for child in ast.iter_child_nodes(node):
        yield from _inner_first(child)
    stored = isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
    if isinstance(node, ast.expr) and not stored:
        yield node


@dataclass(slots=True)
class _Walk:
    definitions: Sequence[Definition]
    sources: dict[int, Source]
    bound: dict[str, tuple[int, ...]]
    world: World
    sites: list[Site] = field(default_factory=list)
    seen: set[ast.AST] = field(default_factory=set)
    depth: int = -1
    attributes: dict[ast.ClassDef, tuple[str, ...]] = field(default_factory=dict)
    methods: dict[str, list[tuple[int, ast.ClassDef, Function]]] = field(default_factory=dict)


def find_sites(definitions: Sequence[Definition], function: str) -> list[Site]:
    """Statements in execution order: those of a helper before the statement that uses it."""
    bound = _bound(definitions)
    if function not in bound:
        return []
    registered = _registered(definitions, bound)
    for table, indices in registered.items():
        bound[table] = (*bound[table], *(index for index in indices if index not in bound[table]))
    sources = _reached(definitions, bound, function)
    first = sources.get(bound[function][0])
    if first is None:
        return []
    used = frozenset(name for source in sources.values() for name in names_in(source.tree))
    walk = _Walk(definitions, sources, bound, world_of(definitions, first, function, used))
    _find_methods(walk)
    _visit_name(walk, function)
    return walk.sites[:MAX_SITES]


def _bound(definitions: Sequence[Definition]) -> dict[str, tuple[int, ...]]:
    """Name → the definitions that make it: its last function or class, and what changes that afterwards."""
    found: dict[str, tuple[int, ...]] = {}
    for index, made in enumerate(definitions):
        for name in made.binds:
            fresh = made.kind in ("function", "class")
            found[name] = (index,) if fresh else (*found.get(name, ()), index)
    return found


def _registered(
    definitions: Sequence[Definition], bound: dict[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    """Table → the functions that a decorator puts into it: one whose text names the table."""
    tables = [name for name, at in bound.items() if definitions[at[0]].kind == "value"]
    found: dict[str, tuple[int, ...]] = {}
    for index, made in enumerate(definitions):
        source = parse_source(made.source) if made.source.startswith("@") and tables else None
        for node in source.tree.body if source else ():
            names = {
                name for decorator in getattr(node, "decorator_list", ()) for name in names_in(decorator)
            }
            texts = [definitions[at].source for name in names for at in bound.get(name, ())]
            for table in tables:
                if any(table in text for text in texts):
                    found[table] = (*found.get(table, ()), index)
    return found


def _reached(
    definitions: Sequence[Definition], bound: dict[str, tuple[int, ...]], function: str
) -> dict[int, Source]:
    sources: dict[int, Source] = {}
    todo = list(bound[function])
    while todo:
        index = todo.pop()
        if index in sources or definitions[index].kind == "import":
            continue
        source = parse_source(definitions[index].source)
        if source is not None:
            sources[index] = source
            todo.extend(index for name in names_in(source.tree) for index in bound.get(name, ()))
    return sources


def _find_methods(walk: _Walk) -> None:
    for index, source in walk.sources.items():
        for node in source.tree.body:
            if not isinstance(node, ast.ClassDef):
                continue
            for inner in node.body:
                if isinstance(inner, _FUNCTIONS):
                    walk.methods.setdefault(inner.name, []).append((index, node, inner))


def _visit_name(walk: _Walk, name: str) -> None:
    for index in walk.bound.get(name, ()):
        source = walk.sources.get(index)
        if source is not None and source.tree not in walk.seen:
            walk.seen.add(source.tree)
            _visit_definition(walk, index, source.tree.body)


def _visit_definition(walk: _Walk, index: int, body: Sequence[ast.stmt]) -> None:
    for node in body:
        if isinstance(node, _FUNCTIONS):
            _visit_function(walk, index, node, Scope())
        elif isinstance(node, ast.ClassDef):
            _visit_class(walk, index, node)
        else:
            _visit_statement(walk, index, node, Scope(), None)


def _visit_function(walk: _Walk, index: int, node: Function, outer: Scope, **how: object) -> None:
    if node in walk.seen or isinstance(node, ast.Lambda) or len(walk.sites) >= MAX_SITES:
        return
    walk.seen.add(node)
    scope = scope_of(node, outer, **how)  # type: ignore[arg-type]
    kept = relevant_statements(node.body)
    walk.depth += 1
    _visit_mentions(walk, node.decorator_list, outer)
    if defaults := tuple(one for one in node.args.defaults if not isinstance(one, ast.Constant)):
        _add(walk, index, node, scope, defaults)
    for statement in node.body:
        _visit_statement(walk, index, statement, scope, kept)
    walk.depth -= 1
    if falls_through(node.body):
        walk.sites.append(
            Site(index, walk.sources[index], node.body[-1], scope, walk.world, (), (), walk.depth, True)
        )


def _visit_class(walk: _Walk, index: int, node: ast.ClassDef) -> None:
    for base in node.bases:
        _visit_mentions(walk, [base], Scope())
    for statement in node.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            _visit_statement(walk, index, statement, Scope(), None)
    for name in ("__init__", "__post_init__", "__call__"):
        _visit_methods(walk, name, node)


def _visit_methods(walk: _Walk, name: str, only: ast.ClassDef | None = None) -> None:
    for index, owner, method in walk.methods.get(name, ()):
        if only is None or owner is only:
            decorators = getattr(method, "decorator_list", [])
            static = any("static" in ast.dump(decorator) for decorator in decorators)
            _visit_function(
                walk,
                index,
                method,
                Scope(),
                receiver=not static,
                attributes=() if static else _attributes(walk, owner),
            )


def _attributes(walk: _Walk, owner: ast.ClassDef) -> tuple[str, ...]:
    if owner not in walk.attributes:
        mine = [name for one in (owner, *_bases(walk, owner)) for name in _stored_attributes(one)]
        hidden = {name.replace("self.", "self._", 1) for name in mine}  # what a property gives
        walk.attributes[owner] = tuple(name for name in dict.fromkeys(mine) if name not in hidden)
    return walk.attributes[owner]


def _bases(walk: _Walk, owner: ast.ClassDef) -> list[ast.ClassDef]:
    """The notebook's classes that a class inherits from, directly or not."""
    found = [owner]
    classes = {
        node.name: node
        for source in walk.sources.values()
        for node in source.tree.body
        if isinstance(node, ast.ClassDef)
    }
    for one in found:
        bases = (classes.get(base.id) for base in one.bases if isinstance(base, ast.Name))
        found += [base for base in bases if base is not None and base not in found]
    return found[1:]


def _stored_attributes(owner: ast.ClassDef) -> list[str]:
    """`self.x`: what the methods set, properties, and the fields of a dataclass or named tuple."""
    fields = [
        f"self.{node.target.id}"
        for node in owner.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    ]
    computed = [
        f"self.{node.name}"
        for node in owner.body
        if isinstance(node, ast.FunctionDef) and any("property" in ast.dump(d) for d in node.decorator_list)
    ]
    return (
        fields
        + computed
        + [
            f"{node.value.id}.{node.attr}"
            for node in ast.walk(owner)
            if isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
        ]
    )


def _visit_statement(
    walk: _Walk, index: int, node: ast.stmt, scope: Scope, kept: frozenset[ast.stmt] | None
) -> None:
    if is_block(node):
        _visit_block(walk, index, node, scope, kept)
    elif kept is not None and node not in kept:
        return
    elif isinstance(node, _FUNCTIONS):
        _visit_function(walk, index, node, scope)
    elif isinstance(node, ast.ClassDef):
        _visit_class(walk, index, node)
    else:
        _add(walk, index, node, scope, _own_parts(node))


def _visit_block(
    walk: _Walk, index: int, node: ast.stmt, scope: Scope, kept: frozenset[ast.stmt] | None
) -> None:
    """The header, if anything in the block counts; then what is in it."""
    inner = [statement for block in bodies(node) for statement in block]
    if kept is None or any(
        statement in kept for statement in ast.walk(node) if isinstance(statement, ast.stmt)
    ):
        _add(walk, index, node, scope, (*headers(node), *_patterns(node)))
    for statement in inner:
        _visit_statement(walk, index, statement, scope, kept)


def _patterns(node: ast.stmt) -> tuple[ast.expr, ...]:
    """The values that the cases of a match compare with."""
    cases = node.cases if isinstance(node, ast.Match) else []
    return tuple(
        pattern.value
        for case in cases
        for pattern in ast.walk(case.pattern)
        if isinstance(pattern, ast.MatchValue)
    )


def _add(walk: _Walk, index: int, node: ast.stmt, scope: Scope, parts: tuple[ast.expr, ...]) -> None:
    read = _visit_mentions(walk, parts, scope)
    walk.sites.append(Site(index, walk.sources[index], node, scope, walk.world, parts, read, walk.depth))


def _visit_mentions(walk: _Walk, parts: Sequence[ast.expr], scope: Scope) -> tuple[ast.expr, ...]:
    """What the expressions use is visited first; a local name hides the notebook's. Gives their nodes."""
    read = tuple(inner for part in parts for inner in _inner_first(part))
    for inner in read:
        if isinstance(inner, ast.Name) and not scope.knows(inner.id):
            _visit_name(walk, inner.id)
        elif isinstance(inner, ast.Attribute):
            _visit_methods(walk, inner.attr)
    return read


def _own_parts(node: ast.stmt) -> tuple[ast.expr, ...]:
    """The expressions of a simple statement; what is only an annotation is none."""
    if isinstance(node, ast.AnnAssign):
        return (node.value,) if node.value is not None else ()
    if isinstance(node, ast.Assign):
        return (node.value, *node.targets)
    return tuple(child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))
