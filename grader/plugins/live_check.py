"""Checks live functions: which rubric or pack, then the pipeline on a LiveRunner."""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from grader.errors import UsageError
from grader.model import Cell, Notebook, Report
from grader.nearest import check_functions
from grader.packed import PackGrader, open_pack
from grader.pipeline import Grader, draw_seed, with_doubts
from grader.plugins.live import LiveRunner, random_state_kept
from grader.plugins.live_source import cell_files, is_own
from grader.render import words
from grader.rubric.infer import infer
from grader.rubric.load import find_rubric, load_rubric

FILE = words.LIVE


def check_live(
    namespace: dict[str, Any],
    functions: Sequence[str] = (),
    *,
    rubric: str | None = None,
    pack: str | Path | None = None,
    seed: int | None = None,
) -> tuple[Report, str]:
    """The report on the functions of a namespace, and the deepest level of feedback that the rubric allows.

    Raises UsageError for what is unknown, or fits no rubric.
    """
    grader = _grader_of(namespace, functions, rubric, pack, seed)
    _check_names(functions, grader)
    grader.runner = LiveRunner(namespace)
    try:
        with random_state_kept():
            report = grader.grade(b"pass\n", "live.py", "live", None, functions)
    finally:
        grader.runner = LiveRunner({})  # the kept grader does not keep the notebook's variables
    if rubric is None and pack is None:
        report = with_doubts(report, _cells(namespace))
    stamp = replace(report.submission, file=FILE, sha256=_digest(namespace))
    return replace(report, submission=stamp), grader.most_detail


def _grader_of(
    namespace: Mapping[str, Any],
    functions: Sequence[str],
    rubric: str | None,
    pack: str | Path | None,
    seed: int | None,
) -> Grader:
    if pack is not None:
        path = Path(pack).absolute()
        grader = _pack_grader(path, path.stat().st_mtime_ns if path.is_file() else 0)
        open_rubric = grader.rubric.id
        if rubric not in (None, open_rubric):
            raise UsageError(f"{path.name} is a pack of the rubric {open_rubric}, not of {rubric}.")
        return grader
    folder = str(find_rubric(rubric or _inferred(namespace, functions)))
    return _rubric_grader(folder, load_rubric(folder).sha256, seed)


# Made once in a session: a second check of the same function is quick, and is done with the same tests.
@lru_cache(maxsize=4)
def _rubric_grader(folder: str, _as_it_is: str, seed: int | None) -> Grader:
    return Grader(load_rubric(folder), LiveRunner({}), draw_seed() if seed is None else seed)


@lru_cache(maxsize=4)
def _pack_grader(path: Path, modified: int) -> PackGrader:
    return PackGrader(open_pack(path), LiveRunner({}))


def _inferred(namespace: Mapping[str, Any], functions: Sequence[str]) -> str:
    """The rubric that the live functions fit, and those that are asked for."""
    names = [name for name, value in list(namespace.items()) if is_own(value, namespace)]
    cell = Cell(0, "\n".join(f"def {name}(): ..." for name in names))
    try:
        return infer(Notebook((cell,)), FILE, functions)[0]
    except UsageError as error:
        raise UsageError(str(error).replace("--rubric", "rubric=")) from None


def _cells(namespace: Mapping[str, Any]) -> Notebook:
    """The cells that the functions come from."""
    files = cell_files(namespace).items()
    return Notebook(tuple(Cell(number, "".join(linecache.getlines(file))) for file, number in files))


def _check_names(functions: Sequence[str], grader: Grader) -> None:
    check_functions(functions, grader.rubric.functions, f"the rubric {grader.rubric.id}")


def _digest(namespace: Mapping[str, Any]) -> str:
    """Stands for the cells that were checked."""
    digest = hashlib.sha256()
    for file in sorted(cell_files(namespace)):
        digest.update("".join(linecache.getlines(file)).encode("utf-8", "replace"))
    return digest.hexdigest()
