"""Executes the definitions of a notebook in one namespace that looks like `__main__`."""

from __future__ import annotations
import __future__

import ast
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

from grader.model import Definition, Program, Raised
from grader.stand_ins import offers
from grader.worker.errors import describe
from grader.worker.imports import SILENT_MODULES, Placeholder, ProxyMaker, student_builtins

Progress = Callable[[int], None]
#: Compiled definitions, for several programs of one student that differ in few of them.
CodeCache = dict[tuple[Any, ...], types.CodeType]


class LoadedNotebook:
    """The namespace of a notebook's definitions, ready for calls."""

    def __init__(
        self, program: Program, proxy: ProxyMaker, available: frozenset[str], codes: CodeCache | None = None
    ) -> None:
        self.program = program
        self.codes: CodeCache = {} if codes is None else codes
        self.available = available
        self.handed_out = self.functions(program.handed_out)
        self.proxy: ProxyMaker = lambda name: self.handed_out.get(name) or proxy(name)
        self.module = types.ModuleType("__main__")
        self.names: dict[str, Any] = vars(self.module)
        self.names["__builtins__"] = student_builtins(program.stand_ins, self.proxy, available)
        if not any("np" in item.binds for item in program.definitions):
            self.names["np"] = sys.modules.get("numpy")  # scripts of one function come without their import
        self.cells = {_file_name(item.cell): item.cell for item in program.definitions}
        self.mentions_random = any("random" in item.source for item in program.definitions)
        self.flags = 0

    def functions(self, source: str) -> dict[str, Callable[..., Any]]:
        """What the grader's own source defines, in a namespace that is not the notebook's."""
        names: dict[str, Any] = {"np": sys.modules.get("numpy")}
        if source:
            key = (source,)
            code = self.codes[key] = self.codes.get(key) or compile(source, "<handed out>", "exec")
            exec(code, names)  # noqa: S102 - the grader's own source
        return names

    def load(self, dropped: Mapping[int, str], progress: Progress) -> None:
        """Execute all definitions but the `dropped` ones (index → why), whose names raise when used.

        A definition that raises costs only the names that it binds.
        """
        sys.modules["__main__"] = self.module  # dataclasses, typing and pickle look their names up there
        for index, definition in enumerate(self.program.definitions):
            progress(index)
            if index in dropped:
                self.lose(definition, RuntimeError(dropped[index]))
                continue
            try:
                exec(self.code(definition), self.names)  # noqa: S102 - it is what a worker is for
            except BaseException as error:  # noqa: BLE001 - SystemExit is the student's, too
                self.lose(definition, error)

    def lose(self, definition: Definition, error: BaseException) -> None:
        """Make the names of a definition that raised raise the same when they are used."""
        trace = error.__traceback__
        for name in definition.binds:
            self.names.setdefault(name, Placeholder(lambda: error.with_traceback(trace), attributes=False))

    def code(self, definition: Definition) -> types.CodeType:
        """The code of a definition, compiled unless an earlier program had the same one."""
        place = (definition.source, definition.cell, definition.line)
        key = (*place, self.flags, self.program.strip_asserts, self.program.stand_ins)
        code = self.codes.get(key)
        if code is None or "__future__" in definition.source:
            code = self.codes[key] = self.compiled(definition)
        return code

    def compiled(self, definition: Definition) -> types.CodeType:
        """The code of a definition; its line numbers are those of its cell."""
        file = _file_name(definition.cell)
        source: str | ast.Module = "\n" * (definition.line - 1) + definition.source
        if "try" in definition.source and "import" in definition.source:
            source = _TriedImports(self.serves).visit(ast.parse(source, file))
        if "__future__" in definition.source:
            self.flags |= _future_flags(definition.source)
        optimize = 1 if self.program.strip_asserts else 0  # as `python -O`: without assertions
        code: types.CodeType = compile(
            source, file, "exec", flags=self.flags, dont_inherit=True, optimize=optimize
        )
        return code

    def serves(self, module: str) -> bool:
        """Whether importing `module` gives something that can be used."""
        if module.partition(".")[0] in SILENT_MODULES or module in self.available:
            return True
        return offers(module, self.program.stand_ins) is not None

    def raised(self, error: BaseException) -> Raised:
        return describe(error, self.cells)


def _file_name(cell: int) -> str:
    return f"<cell {cell}>"


def _future_flags(source: str) -> int:
    """The compiler flags of the `from __future__ import` statements in `source`."""
    names = [
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for alias in node.names
    ]
    features = [getattr(__future__, name, None) for name in names]
    return sum({feature.compiler_flag for feature in features if feature is not None})


class _TriedImports(ast.NodeTransformer):
    """Makes an import that is tried raise at once, so that its `except` gets a chance."""

    def __init__(self, serves: Callable[[str], bool]) -> None:
        self.serves = serves
        self.tried = 0

    def visit_Try(self, node: ast.Try) -> ast.Try:
        self.tried += 1
        node.body = [self.visit(statement) for statement in node.body]
        self.tried -= 1
        for part in ("handlers", "orelse", "finalbody"):
            setattr(node, part, [self.visit(item) for item in getattr(node, part)])
        return node

    def visit_Import(self, node: ast.Import) -> ast.stmt:
        return self.tried_import(node, [alias.name for alias in node.names])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt:
        return self.tried_import(node, [node.module or "."])

    def tried_import(self, node: ast.stmt, modules: list[str]) -> ast.stmt:
        lost = [module for module in modules if not self.serves(module)]
        if not self.tried or not lost:
            return node
        text = f"module {lost[0]} is not available in grading"
        raising = ast.parse(f"raise ModuleNotFoundError({text!r}, name={lost[0]!r})").body[0]
        return ast.fix_missing_locations(ast.copy_location(raising, node))
