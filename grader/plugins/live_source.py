"""The source behind the live functions of a namespace: which cells they come from, and what reading tells of them.

A function knows the file that it was compiled from; in a notebook that is a cell, whose text Python keeps for
tracebacks. So the text that is read is that of the live function, whatever ran before or after it.
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import CodeType
from typing import Any

from grader.model import Cell, Extraction, FunctionFacts, StandIn
from grader.notebook.extract import extract
from grader.stand_ins import offers

#: Stands in for the line of the cell magic, so that lines count as in the cell that is seen.
MAGIC_LINE = "# %%check\n"


def code_of(function: object) -> CodeType | None:
    """The code of a function, behind its decorators; None for what has none."""
    try:
        inner = inspect.unwrap(function)  # type: ignore[arg-type]
    except ValueError:
        return None
    code = getattr(inner, "__code__", None)
    return code if isinstance(code, CodeType) else None


def cell_files(namespace: Mapping[str, Any]) -> dict[str, int]:
    """File name → cell number, of the cells that the namespace's own functions come from.

    The number is that of `In [n]` where IPython keeps a history, else 0, 1 … in order of first sight.
    """
    codes = (code_of(value) for value in list(namespace.values()) if is_own(value, namespace))
    files = list(dict.fromkeys(code.co_filename for code in codes if code is not None))
    history = namespace.get("In")
    inputs = [str(text).strip() for text in history] if isinstance(history, list) else []
    return {file: _number(_text(file).strip(), inputs, index) for index, file in enumerate(files)}


def _number(text: str, inputs: Sequence[str], index: int) -> int:
    """The last input that is the text, or that hands it to a cell magic."""
    quoted = repr(text.removeprefix(MAGIC_LINE))[1:-1]
    for number in range(len(inputs) - 1, -1, -1):
        if inputs[number] == text or (
            text and inputs[number].startswith("get_ipython()") and quoted in inputs[number]
        ):
            return number
    return index


def is_own(value: object, namespace: Mapping[str, Any]) -> bool:
    """Whether a value is a function that was defined in the namespace, not imported."""
    if not callable(value) or isinstance(value, type):
        return False
    return globals_of(value) is namespace


def globals_of(function: Callable[..., Any]) -> dict[str, Any] | None:
    """Where a function looks its names up."""
    try:
        inner = inspect.unwrap(function)
    except ValueError:
        return None
    found = getattr(inner, "__globals__", None)
    return found if isinstance(found, dict) else None


def read_live(
    namespace: Mapping[str, Any], wanted: Sequence[str], stand_ins: Sequence[StandIn]
) -> Extraction:
    """The definitions behind the live functions, and facts of the wanted ones."""
    files = cell_files(namespace)
    cells = sorted((Cell(number, _text(file)) for file, number in files.items()), key=lambda cell: cell.index)
    found = extract(cells, wanted, stand_ins)
    facts = {name: _facts(name, namespace, found.functions[name], files, stand_ins) for name in wanted}
    return replace(found, functions=facts, problems=())


def _text(file: str) -> str:
    return "".join(linecache.getlines(file))


def _facts(
    name: str,
    namespace: Mapping[str, Any],
    read: FunctionFacts,
    files: Mapping[str, int],
    stand_ins: Sequence[StandIn],
) -> FunctionFacts:
    """What was read, if it is of the live function; else that it is there, or not."""
    live = namespace.get(name)
    if not callable(live) or _is_served(live, stand_ins):
        return read if read.status == "missing" else FunctionFacts(name, "missing")
    code = code_of(live)
    if read.status in ("defined", "not-implemented") and code is not None and _is_there(read, code, files):
        return read
    return FunctionFacts(name, "defined")


def _is_there(read: FunctionFacts, code: CodeType, files: Mapping[str, int]) -> bool:
    first, last = read.line or 0, read.end_line or 0
    return files.get(code.co_filename) == read.cell and first <= code.co_firstlineno <= last


def _is_served(live: object, stand_ins: Iterable[StandIn]) -> bool:
    """Whether a function comes from one of the course's helper modules."""
    return offers(str(getattr(live, "__module__", "")), stand_ins) is not None
