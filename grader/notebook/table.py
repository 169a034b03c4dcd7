"""All statements of a notebook in execution order, and what each of them needs.

A name has versions: the statements that bind it or change it in place. While a statement runs it sees the
version above it; a function that is called later sees the last one.
"""

from __future__ import annotations
import __future__

import ast
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence

from grader.model import StandIn
from grader.notebook.modules import is_star, library_names
from grader.notebook.registries import with_registrations
from grader.notebook.statements import Function, Statement
from grader.stand_ins import offers

#: A hostile notebook cannot make the search for needs longer than this.
MAX_VISITS = 200_000
_END = 1 << 60


class Table:
    """Statements by position; positions are execution order."""

    def __init__(self, found: Iterable[Statement], stand_ins: Sequence[StandIn]) -> None:
        self.stand_ins = stand_ins
        self.statements = _course_imports_first(with_registrations(list(found)))
        self.versions: dict[str, list[int]] = {}
        self.stars: list[tuple[int, frozenset[str]]] = []
        self.futures: list[int] = []
        self.moved_up: dict[int, set[int]] = {}
        self.finals: dict[str, tuple[int, ...]] = {}
        self.needed: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
        for at, statement in enumerate(self.statements):
            for name in statement.binds | statement.touches:
                self.versions.setdefault(name, []).append(at)
            self._note_import(at, statement.node)

    def _note_import(self, at: int, node: ast.stmt) -> None:
        if not isinstance(node, ast.ImportFrom):
            return
        if node.module == "__future__":
            if all(alias.name in __future__.all_feature_names for alias in node.names):
                self.futures.append(at)
        elif is_star(node) and offers(node.module or "", self.stand_ins) is None:
            self.stars.append((at, library_names(node.module or "")))

    # ------------------------------------------------------------------------------- names

    def before(self, name: str, at: int) -> int | None:
        """The version of a name that the statement at `at` sees; None if there is none above it."""
        versions = self.versions.get(name, [])
        place = bisect_left(versions, at)
        return versions[place - 1] if place else None

    def final(self, name: str) -> tuple[int, ...]:
        """What a function that is called later sees: the last version, or the last function of that name
        (a value that overwrites a function is not what was meant) with the changes made to it since."""
        if name not in self.finals:
            self.finals[name] = self._final(name)
        return self.finals[name]

    def _final(self, name: str) -> tuple[int, ...]:
        versions = self.versions.get(name, [])
        defined = [at for at in versions if name in self.statements[at].functions]
        if not defined:
            return tuple(versions[-1:])
        since = [at for at in versions if at > defined[-1]]
        if any(self.rebinds_to_function(name, at) for at in since):
            return (since[-1],)
        return (defined[-1], *(at for at in since if name not in self.statements[at].binds))

    def rebinds_to_function(self, name: str, at: int) -> bool:
        """Whether an assignment gives a name another function: `f = g`, `f = lambda …`, `f = timed(f)`."""
        statement = self.statements[at]
        if name not in statement.binds or not isinstance(statement.node, ast.Assign | ast.AnnAssign):
            return False
        targets = (
            statement.node.targets if isinstance(statement.node, ast.Assign) else [statement.node.target]
        )
        plain = any(isinstance(target, ast.Name) and target.id == name for target in targets)
        try:
            return plain and self.callable_value(statement.node.value, at)
        except RecursionError:  # a hostile chain of names
            return False

    def callable_value(self, value: ast.expr | None, at: int) -> bool:
        """Whether an expression looks like a function: as far as its form tells, nothing is run."""
        match value:
            case ast.Lambda():
                return True
            case ast.Name(id=name):
                return self._is_function(name, at)
            case ast.Attribute(value=inner):
                return self._is_holder(inner, at)
            case ast.Subscript(value=ast.Name(id=name)):
                return self._holds_functions(name, at)
            case ast.IfExp(body=body, orelse=orelse):
                return self.callable_value(body, at) and self.callable_value(orelse, at)
            case ast.Call(func=ast.Name(id=name)) if self._gives_callables(name, at):
                return True
            case ast.Call(func=function, args=args):
                return isinstance(function, ast.Call) or any(self.callable_value(arg, at) for arg in args)
        return False

    def _is_function(self, name: str, at: int) -> bool:
        place = self.before(name, at)
        if place is None:
            return False
        statement = self.statements[place]
        while name not in statement.binds and (place := self.before(name, place)) is not None:
            statement = self.statements[place]
        return statement.kind in ("function", "class", "import") or self.rebinds_to_function(name, place or 0)

    def _is_holder(self, inner: ast.expr, at: int) -> bool:
        """`Network.forward`, `net.forward`, `np.log`: an attribute of a class, its instance, a module."""
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name):
            return self._kind(inner.func.id, at) == "class"
        if not isinstance(inner, ast.Name):
            return False
        place = self.before(inner.id, at)
        node = self.statements[place].node if place is not None else None
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            function = node.value.func
            return isinstance(function, ast.Name) and self._kind(function.id, place or 0) == "class"
        return self._kind(inner.id, at) in ("class", "import")

    def _gives_callables(self, name: str, at: int) -> bool:
        """Whether a name is that of a class whose instances can be called: it, or a base, has `__call__`."""
        above, seen = [(name, at)], set[int]()
        while above:
            place = self.before(*above.pop())
            node = self.statements[place].node if place is not None else None
            if place is None or place in seen or not isinstance(node, ast.ClassDef):
                continue
            if any(isinstance(inner, Function) and inner.name == "__call__" for inner in node.body):
                return True
            seen.add(place)
            above += [(base.id, place) for base in node.bases if isinstance(base, ast.Name)]
        return False

    def _kind(self, name: str, at: int) -> str | None:
        place = self.before(name, at)
        return self.statements[place].kind if place is not None else None

    def _holds_functions(self, name: str, at: int) -> bool:
        place = self.before(name, at)
        node = self.statements[place].node if place is not None else None
        value = node.value if isinstance(node, ast.Assign) else None
        return isinstance(value, ast.Dict) and any(
            self.callable_value(item, place or 0) for item in value.values
        )

    def star(self, name: str) -> int | None:
        """The library import by star that gives a name."""
        return next((at for at, names in reversed(self.stars) if name in names), None)

    # ------------------------------------------------------------------------------- needs

    def needs(self, roots: Iterable[int], override: Mapping[str, tuple[int, ...]]) -> set[int]:
        """Positions of all statements that must run for the roots to work, the roots included.

        `override` says which versions of a name functions see (the graded one of a requested function).
        """
        found: set[int] = set(self.futures)
        stack = [(root, _END) for root in roots]
        seen = set(stack)
        while stack and len(seen) < MAX_VISITS:
            at, until = stack.pop()
            found.add(at)
            if (at, until) not in self.needed:
                self.needed[at, until] = tuple(self._needed_by(at, until, override))
            for item in self.needed[at, until]:
                if item not in seen:
                    seen.add(item)
                    stack.append(item)
        return found

    def _needed_by(
        self, at: int, until: int, override: Mapping[str, tuple[int, ...]]
    ) -> Iterator[tuple[int, int]]:
        statement = self.statements[at]
        for name, _ in statement.usage.now:
            yield from self._seen_now(name, at)
        for name in statement.touches | (statement.binds if statement.conditional else frozenset()):
            earlier = self.before(name, at)
            if earlier is not None:
                yield earlier, at
        for name, _ in statement.usage.later:
            yield from self._seen_later(name, until, override)

    def _seen_now(self, name: str, at: int) -> Iterator[tuple[int, int]]:
        """The version above; else one below, which has to be moved up (cells run out of order)."""
        earlier = self.before(name, at)
        if earlier is not None:
            yield earlier, at
            return
        for below in self.final(name) or self._star(name):
            if below != at:
                self.moved_up.setdefault(at, set()).add(below)
                yield below, _END

    def _seen_later(
        self, name: str, until: int, override: Mapping[str, tuple[int, ...]]
    ) -> Iterator[tuple[int, int]]:
        earlier = self.before(name, until) if until != _END else None
        if earlier is not None:
            yield earlier, until
            return
        for last in override.get(name) or self.final(name) or self._star(name):
            yield last, _END

    def _star(self, name: str) -> tuple[int, ...]:
        at = self.star(name)
        return () if at is None else (at,)

    def in_order(self, positions: set[int], override: Mapping[str, tuple[int, ...]]) -> list[int]:
        """Positions in the order in which they can be executed."""
        order: list[int] = []
        done: set[int] = set()

        def emit(at: int) -> None:
            if at in done or at not in positions:
                return
            done.add(at)
            above = self.moved_up.get(at)
            if above:
                for early in sorted(self.needs(above, override)):
                    emit(early)
            order.append(at)

        try:
            for at in sorted(positions):
                emit(at)
        except RecursionError:  # a hostile chain of cells, each of which needs the one below
            return sorted(positions)
        return order


def _course_imports_first(found: Iterable[Statement]) -> list[Statement]:
    """A student's own function counts even where a course module is imported below it."""
    first: list[Statement] = []
    rest: list[Statement] = []
    for statement in found:
        node = statement.node
        early = isinstance(node, ast.ImportFrom) and (bool(statement.served) or node.module == "__future__")
        (first if early else rest).append(statement)
    return first + rest
