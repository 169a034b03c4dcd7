"""Reads of notebook variables inside functions, and of names that nothing defines.

A literal constant, an import, a helper or a class read from the notebook is right. Data is doubtful: it is
what the kernel happened to hold. A literal is doubtful only where it may stand for a parameter.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal

from grader.model import GlobalRead
from grader.notebook.names import root_name
from grader.notebook.statements import Function, Statement, inner_statements
from grader.notebook.table import Table

Nature = Literal["helper", "literal", "data"]
_KNOWN = frozenset(dir(builtins)) | frozenset(
    str.split("""
    __name__ __file__ __class__ __module__ __qualname__ __path__ get_ipython display In Out _ __ ___ exit quit
    """)
)
#: Calls of a library that give data, not a setting.
_DATA_CALLS = frozenset(
    str.split("""
    array asarray zeros ones full arange linspace eye identity empty rand randn randint random normal uniform
    random_sample choice permutation load loadtxt genfromtxt loadmat read_csv File open imread imresize input read
    load_data load_dataset fetch_openml make_moons make_circles copy deepcopy reshape zeros_like ones_like
    """)
)


class Reads:
    """Judges reads of names from the notebook.

    `parameters` are names that the requested functions use as parameters or locally: a literal of such a
    name was probably meant to be one. `top_level` are the statements that call the requested functions.
    """

    def __init__(
        self,
        table: Table,
        parameters: frozenset[str],
        override: Mapping[str, tuple[int, ...]],
        top_level: Sequence[ast.stmt] = (),
    ) -> None:
        self.table = table
        self.top_level = top_level
        self.parameters = parameters
        self.override = override
        self.natures: dict[int, Nature] = {}
        self.found: dict[int, tuple[GlobalRead, ...]] = {}

    def of(self, roots: tuple[int, ...]) -> tuple[GlobalRead, ...]:
        """Doubtful reads of the functions at these positions and of all that they reach, in order."""
        stack, seen, reads = list(roots), set(roots), dict[GlobalRead, None]()
        while stack:
            at = stack.pop(0)
            reads.update(dict.fromkeys(self._own(at)))
            for name in dict.fromkeys(name for name, _ in _all_reads(self.table.statements[at])):
                for place in self._versions(name):
                    if place not in seen and self.nature(name, place) != "data":
                        seen.add(place)
                        stack.append(place)
        return tuple(reads)

    def _versions(self, name: str) -> tuple[int, ...]:
        return self.override.get(name) or self.table.final(name)

    def _own(self, at: int) -> tuple[GlobalRead, ...]:
        if at not in self.found:
            self.found[at] = tuple(self._judged(self.table.statements[at]))
        return self.found[at]

    def _judged(self, statement: Statement) -> Iterator[GlobalRead]:
        for name, line in statement.usage.later:
            kind = self.doubtful(name, statement)
            if kind:
                yield GlobalRead(name, statement.cell, statement.line(line), kind)
        if statement.functions or statement.kind == "class":
            for name, line in statement.usage.now:
                if self.doubtful(name, statement) == "undefined":
                    yield GlobalRead(name, statement.cell, statement.line(line), "undefined")

    def doubtful(self, name: str, reader: Statement) -> Literal["variable", "undefined"] | None:
        """What is doubtful about reading `name` in a function of `reader`; None if nothing is."""
        versions = self._versions(name)
        if not versions:
            return None if name in _KNOWN or self.table.star(name) is not None else "undefined"
        natures = {self.nature(name, at) for at in self.table.versions[name]}
        if "helper" in natures and self.nature(name, versions[0]) == "helper":
            return None
        if "data" in natures:
            return "variable"
        if "literal" not in natures:
            return None
        meant = name in self.parameters and not name.isupper()
        return "variable" if meant or reader.usage.unread or name in self.handed_over else None

    @cached_property
    def handed_over(self) -> frozenset[str]:
        """Names that the notebook itself hands to a requested function: they stand for its parameters."""
        return frozenset(
            argument.id
            for statement in self.top_level
            if not isinstance(statement, Function | ast.ClassDef | ast.Import | ast.ImportFrom)
            for node in ast.walk(statement)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in self.override
            for argument in [*node.args, *(keyword.value for keyword in node.keywords)]
            if isinstance(argument, ast.Name)
        )

    # ---------------------------------------------------------------------------- values

    def nature(self, name: str, at: int) -> Nature:
        """What the statement at `at` makes of a name."""
        if at not in self.natures:
            self.natures[at] = "helper"  # for a name that is defined by itself
            try:
                self.natures[at] = self._nature(name, at)
            except RecursionError:  # a hostile chain of values
                self.natures[at] = "data"
        return self.natures[at]

    def _nature(self, name: str, at: int) -> Nature:
        statement = self.table.statements[at]
        node = statement.node
        if name not in statement.binds:  # changed in place
            return "helper"
        if name in statement.functions or statement.kind == "import" or name in statement.served:
            return "helper"
        if isinstance(node, ast.ClassDef):
            return self._class_nature(node, at)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            return self._assigned(node, name, at)
        if isinstance(node, ast.If | ast.Try):
            return _worst(self._branch_natures(node, name, at))
        return "data"

    def _assigned(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, name: str, at: int) -> Nature:
        if isinstance(node, ast.AugAssign) or node.value is None:
            return "data"
        if self.table.rebinds_to_function(name, at):
            return "helper"
        return self.value_nature(node.value, at)

    def _branch_natures(self, node: ast.stmt, name: str, at: int) -> Iterator[Nature]:
        for inner in inner_statements(node):
            if isinstance(inner, ast.Assign | ast.AnnAssign) and inner.value is not None:
                targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target]
                if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                    yield self.value_nature(inner.value, at)
            elif isinstance(inner, ast.For | ast.While | ast.With):
                yield "data"

    def _class_nature(self, node: ast.ClassDef, at: int) -> Nature:
        """A class without methods is a box for what is assigned in it."""
        if any(not isinstance(inner, ast.Assign | ast.Expr | ast.Pass) for inner in node.body) or node.bases:
            return "helper"
        values = [self.value_nature(inner.value, at) for inner in node.body if isinstance(inner, ast.Assign)]
        return _worst(values) if values else "helper"

    def value_nature(self, value: ast.expr, at: int) -> Nature:
        """`literal`: constants only; `data`: comes from inputs, files, chance or the functions of the notebook."""
        if _is_literal(value):
            return "literal"
        for node in ast.walk(value):
            if isinstance(node, ast.Call) and self._call_gives_data(node, at):
                return "data"
            if (
                isinstance(node, ast.Name)
                and isinstance(node.ctx, ast.Load)
                and self._is_data(node.id, at, value)
            ):
                return "data"
        return "helper"

    def _call_gives_data(self, call: ast.Call, at: int) -> bool:
        function = call.func
        last = function.attr if isinstance(function, ast.Attribute) else root_name(function)
        if last in _DATA_CALLS or last is None:
            return True
        if not isinstance(function, ast.Name):
            return False
        place = self.table.before(function.id, at)
        if place is None:
            return function.id not in _KNOWN and self.table.star(function.id) is None
        called = self.table.statements[place].functions.get(function.id)
        if called is not None:
            return not _makes_functions(called)
        return self.table.statements[place].kind == "value"

    def _is_data(self, name: str, at: int, value: ast.expr) -> bool:
        place = self.table.before(name, at)
        if place is None:
            return name not in _KNOWN and self.table.star(name) is None and not _bound_inside(name, value)
        return self.nature(name, place) == "data"


def _makes_functions(node: Function) -> bool:
    """Whether calling it gives a function or an object, not data: it holds an inner function or class."""
    inner = ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return any(isinstance(part, inner) for part in ast.walk(node) if part is not node)


def _all_reads(statement: Statement) -> tuple[tuple[str, int], ...]:
    return statement.usage.now + statement.usage.later


def _bound_inside(name: str, value: ast.expr) -> bool:
    """Whether a lambda or a comprehension in the expression binds the name."""
    return any(
        (isinstance(node, ast.arg) and node.arg == name)
        or (isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load))
        for node in ast.walk(value)
    )


def _is_literal(value: ast.expr) -> bool:
    allowed = (
        ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop,
        ast.expr_context,
    )  # fmt: skip
    return all(isinstance(node, allowed) for node in ast.walk(value))


def _worst(natures: Iterator[Nature] | list[Nature]) -> Nature:
    found = set(natures)
    return "data" if "data" in found else "literal" if "literal" in found else "helper"
