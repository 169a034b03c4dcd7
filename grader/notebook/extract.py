"""Cells → the requested functions, just what they need, and what reading alone tells of them.

Nothing is executed. Runs in a child process; never raises for any source.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Literal

from grader.model import Cell, Definition, Extraction, FunctionFacts, Problem, StandIn
from grader.notebook.alike import alike
from grader.notebook.blanks import placeholder
from grader.notebook.deep import without_too_deep
from grader.notebook.hints import missing_hint
from grader.notebook.read import MAX_PROBLEMS
from grader.notebook.reads import Reads
from grader.notebook.signature import gives, signature
from grader.notebook.statements import Statement, first_line, statements
from grader.notebook.syntax import Block, Broken, parse_cell
from grader.notebook.table import Table

MAX_SPARE = 8
#: Of what spare functions need; where it is more, they go without.
MAX_NEEDED = 40
#: Unused functions, and used names, that are compared: a notebook may have any number of both.
MAX_COMPARED = 200
#: Beginnings of keys that a function looks up.
MAX_KEYS = 40
Versions = Mapping[str, tuple[int, ...]]
_TOO_MUCH = (RecursionError, MemoryError)


def extract(cells: Sequence[Cell], wanted: Sequence[str], stand_ins: Sequence[StandIn]) -> Extraction:
    """The wanted functions of a notebook with all that they need. Never raises for what the cells hold."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes in a student's strings
            return _extract(cells, wanted, stand_ins)
    except Exception as error:  # noqa: BLE001 — a fault of ours must not cost the whole batch
        reason = "it is nested too deeply" if isinstance(error, _TOO_MUCH) else f"{type(error).__name__}"
        message = f"The notebook's code could not be analysed ({reason}), so no function was found in it."
        problem = Problem("not-analysed", message)
        missing = {name: FunctionFacts(name, "missing", problem=problem) for name in wanted}
        return Extraction((), missing, (problem,))


def _extract(cells: Sequence[Cell], wanted: Sequence[str], stand_ins: Sequence[StandIn]) -> Extraction:
    pieces = [piece for cell in cells for piece in parse_safely(cell)]
    try:
        return _searched(pieces, wanted, stand_ins)
    except RecursionError:
        readable = [part for piece in pieces for part in without_too_deep(piece)]
        return _searched(readable, wanted, stand_ins)


def _searched(
    pieces: Sequence[Block | Broken], wanted: Sequence[str], stand_ins: Sequence[StandIn]
) -> Extraction:
    broken = [piece for piece in pieces if isinstance(piece, Broken)]
    found = (item for piece in pieces if isinstance(piece, Block) for item in statements(piece, stand_ins))
    table = Table(found, stand_ins)
    search = _Search(table, broken, wanted)
    return search.extraction(pieces)


def parse_safely(cell: Cell) -> tuple[Block | Broken, ...]:
    """The pieces of a cell; one Broken piece where even looking for them fails."""
    try:
        return parse_cell(cell)
    except _TOO_MUCH:
        message = "Python cannot read this cell: it is nested too deeply."
        problem = Problem("syntax-error", message, cell.index, 1)
        return (Broken(cell.index, 1, cell.source.count("\n") + 1, (), problem),)


class _Search:
    """Looks for the wanted functions in one notebook."""

    def __init__(self, table: Table, broken: Sequence[Broken], wanted: Sequence[str]) -> None:
        self.table = table
        self.wanted = tuple(dict.fromkeys(wanted))
        self.constants = {
            name for statement in table.statements if _is_constant(statement.node) for name in statement.binds
        }
        self.lost = {name: (piece, line) for piece in broken for name, line in piece.names}
        self.graded: Versions = {name: at for name in self.wanted if (at := own_versions(table, name))}
        self.problems: list[Problem] = []

    def extraction(self, pieces: Sequence[Block | Broken]) -> Extraction:
        needs = {name: self.table.needs(at, self.graded) for name, at in self.graded.items()}
        order = self.table.in_order(set().union(*needs.values()), self.graded)
        index = {at: number for number, at in enumerate(order)}
        top_level = [node for piece in pieces if isinstance(piece, Block) for node in piece.nodes]
        reads = Reads(self.table, self._parameter_names(), self.graded, top_level)
        functions = {}
        for name in self.wanted:
            facts = self._facts(name, tuple(sorted(index[at] for at in needs.get(name, ()))), reads)
            functions[name] = replace(facts, looked_up=self._looked_up(needs.get(name, ())))
        definitions = tuple(self.table.statements[at].definition() for at in order)
        problems = (*_few(tuple(broken_problems(pieces))), *self.problems)
        return Extraction(definitions, functions, problems, self._spare(order))

    def _spare(self, used: Sequence[int]) -> tuple[Definition, ...]:
        """Functions, and tables of activations, that nothing graded uses, with the functions and classes that they
        need: first those named like one that is used."""
        statements = self.table.statements
        bound = {name for at in used for name in statements[at].binds}
        taken, names = bound.union(self.wanted), sorted(bound)[:MAX_COMPARED]
        unused = (
            at
            for at, statement in enumerate(statements)
            if _makes_function(statement.node) and taken.isdisjoint(statement.binds)
        )
        ordered = sorted(
            islice(unused, MAX_COMPARED),
            key=lambda at: not any(alike(one, name) for one in statements[at].binds for name in names),
        )
        chosen = ordered[:MAX_SPARE]
        needed = self.table.needs(chosen, self.graded) if chosen else set()
        order = self.table.in_order(needed, self.graded) if len(needed) <= MAX_NEEDED else chosen
        cheap = [at for at in order if _is_cheap(statements[at])]
        return tuple(statements[at].definition() for at in sorted({*cheap, *self._beside(used)}))

    def _beside(self, used: Sequence[int]) -> list[int]:
        """Constants that stand with those that are used, be it by another function: where `RELU = 0` is, `SIGMOID = 1`
        may be what was meant."""
        constants = {at for at, one in enumerate(self.table.statements) if _is_constant(one.node)}
        of = self.table.statements
        cells = {of[at].cell for at in constants.intersection(used)}
        bound = {name for at in used for name in of[at].binds}
        beside = (at for at in sorted(constants) if of[at].cell in cells)
        return list(islice((at for at in beside if at in used or bound.isdisjoint(of[at].binds)), MAX_SPARE))

    def _parameter_names(self) -> frozenset[str]:
        usages = [self.table.statements[at[0]].usage for at in self.graded.values()]
        return frozenset().union(*(usage.locals for usage in usages))

    # ---------------------------------------------------------------------------- facts

    def _facts(self, name: str, needs: tuple[int, ...], reads: Reads) -> FunctionFacts:
        versions = self.graded.get(name)
        if versions is None:
            return self._absent(name)
        statement = self.table.statements[versions[0]]
        facts = self._place(name, statement)
        problem = self._unwritten(name, statement)
        if problem is not None and name in self.lost:
            return self._absent(name)
        self._note_overwritten(name, versions[0], problem)
        status: Literal["defined", "not-implemented"] = "not-implemented" if problem else "defined"
        plain = len(versions) == 1  # nothing has replaced it by what it may be wrapped in
        node = statement.functions.get(name, statement.node)
        parameters, listed = (signature(node), gives(node)) if plain else (None, 0)
        read = reads.of(versions)
        return FunctionFacts(name, status, *facts, needs, read, problem, parameters, gives=listed)

    def _looked_up(self, needed: Iterable[int]) -> tuple[str, ...]:
        statements = (self.table.statements[at] for at in needed)
        written = [one for one in statements if one.kind in ("function", "class")]
        return tuple(sorted({key for one in written for key in one.usage.keys})[:MAX_KEYS])

    def _place(self, name: str, statement: Statement) -> tuple[int, int, int]:
        node = statement.functions.get(name, statement.node)
        return statement.cell, statement.line(node.lineno), statement.line(node.end_lineno or node.lineno)

    def _absent(self, name: str) -> FunctionFacts:
        if name not in self.lost:
            hint = missing_hint(name, self.table.statements, self.wanted)
            return FunctionFacts(name, "missing", problem=hint)
        piece, line = self.lost[name]
        return FunctionFacts(name, "syntax-error", piece.cell, line, piece.end_line, problem=piece.problem)

    def _unwritten(self, name: str, statement: Statement) -> Problem | None:
        """Why a function counts as not implemented; None if it was written."""
        node = statement.functions.get(name)
        if node is None:
            return None
        lines = range(statement.line(first_line(node)), statement.line(node.end_lineno or node.lineno) + 1)
        empty = next((line for line in statement.block.filled if line in lines), None)
        why = placeholder(node, self.constants)
        if why is None and empty is None:
            return None
        return _unwritten_problem(name, statement.cell, statement.line(node.lineno), why, empty)

    def _note_overwritten(self, name: str, at: int, unwritten: Problem | None) -> None:
        """Tell of a placeholder below a written function, and of a value that overwrites one."""
        written = [
            place for place in self.table.versions[name] if place < at and self._is_written(name, place)
        ]
        if unwritten is not None and written:
            self.problems.append(_later_placeholder(name, self.table, written[-1], at))
        for later in self.table.versions[name]:
            statement = self.table.statements[later]
            if later > at and name in statement.binds and name not in statement.served:
                self.problems.append(_overwritten(name, statement))
                return

    def _is_written(self, name: str, place: int) -> bool:
        statement = self.table.statements[place]
        return name in statement.functions and self._unwritten(name, statement) is None


def _is_cheap(statement: Statement) -> bool:
    """It computes nothing when it is executed: no network is trained."""
    return statement.kind in ("function", "class", "import") or _makes_function(statement.node)


def _makes_function(node: ast.stmt) -> bool:
    """`def f`, `f = lambda …`, `f = partial(…)`, `f = {"sigmoid": …, "relu": …}`."""
    match node:
        case ast.Assign(value=ast.Dict(keys=keys)):
            return {"sigmoid", "relu"} <= {key.value for key in keys if isinstance(key, ast.Constant)}
        case ast.FunctionDef() | ast.Assign(value=ast.Lambda()):
            return True
        case ast.Assign(value=ast.Call(func=ast.Name(id="partial") | ast.Attribute(attr="partial"))):
            return True
    return False


def _is_constant(node: ast.stmt) -> bool:
    """`ZERO = 0.0`."""
    value = getattr(node, "value", None) if isinstance(node, ast.Assign | ast.AnnAssign) else None
    return isinstance(value, ast.Constant) and value.value is not None


def own_versions(table: Table, name: str) -> tuple[int, ...]:
    """The statements that make the student's own function of this name; () if there is none."""
    own = [at for at in table.versions.get(name, ()) if _is_own(table, name, at)]
    if not own:
        return ()
    changes = (at for at in table.versions[name] if at > own[-1] and name not in table.statements[at].binds)
    return (own[-1], *changes)


def _is_own(table: Table, name: str, at: int) -> bool:
    statement = table.statements[at]
    if name in statement.served:
        return False
    if name in statement.functions or isinstance(statement.node, ast.ClassDef) and name in statement.binds:
        return True
    return table.rebinds_to_function(name, at)


def broken_problems(pieces: Iterable[Block | Broken]) -> Iterator[Problem]:
    """One problem for each broken piece that loses functions; of the others one for each kind and cell."""
    told: set[tuple[str, int | None]] = set()
    for piece in pieces:
        if not isinstance(piece, Broken):
            continue
        problem = piece.problem
        # Python 2 test cells are many: the first tells it all.
        kind = (problem.code, problem.cell if problem.code == "syntax-error" else None)
        if piece.names or kind not in told:
            told.add(kind)
            yield problem


def _few(problems: Sequence[Problem]) -> Sequence[Problem]:
    """The first problems, and how many more there are."""
    rest = problems[MAX_PROBLEMS:]
    if not rest:
        return problems
    text = f"{len(rest)} more pieces of code, from cell {rest[0].cell} on, do not parse."
    return (*problems[:MAX_PROBLEMS], replace(rest[0], message=text))


def _unwritten_problem(name: str, cell: int, line: int, why: str | None, empty: int | None) -> Problem:
    if empty is not None:
        text = f"In `{name}` the block that this line opens is empty."
        return Problem("not-implemented", text, cell, empty)
    if why == "loop-left-empty":
        text = f"In `{name}`, which begins here, the body of the loop was never written."
        return Problem("loop-left-empty", text, cell, line)
    return Problem(
        "not-implemented", f"`{name}`, which begins here, is still as the template left it.", cell, line
    )


def _later_placeholder(name: str, table: Table, written: int, at: int) -> Problem:
    above, below = table.statements[written], table.statements[at]
    line = below.line(below.functions[name].lineno)
    text = (
        f"`{name}` is written in cell {above.cell}, but here it is defined again as an empty template, and the "
        "last definition counts. Delete the empty one."
    )
    return Problem("later-placeholder", text, below.cell, line)


def _overwritten(name: str, statement: Statement) -> Problem:
    line = statement.line(statement.node.lineno)
    text = (
        f"This line overwrites the function `{name}` with a value. The function is graded; give the value "
        "another name."
    )
    return Problem("function-overwritten", text, statement.cell, line)
