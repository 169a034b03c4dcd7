"""Where a rubric's right functions and the maker of its inputs are, and what is told where they do not do.

`reference: dnn` is `grader.references.dnn`, `./reference.py` a file in the rubric's folder or below it, and
`course.week4` a module that is installed. The inputs' maker lies beside it, as `<reference>_inputs.py`.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
import traceback
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from grader.errors import GraderError, RubricError
from grader.model import Call
from grader.nearest import nearest
from grader.references.suite import Suite
from grader.rubric.edits import Source, read_source

_SEEN = "a reference's functions see `np` and each other, and nothing else of their file"


@dataclass(frozen=True, slots=True)
class Reference:
    """The two files; `module` is the inputs' name where they are installed."""

    path: Path
    inputs: Path
    module: str = ""


def locate(reference: str, folder: Path | None) -> Reference:
    """The files of a rubric's `reference`. Raises RubricError; runs nothing but the packages that a module is in."""
    if reference.endswith(".py") or "/" in reference or reference.startswith("."):
        return _in_folder(reference, folder or Path())
    module = reference if "." in reference else f"grader.references.{reference}"
    path = _installed(module)
    return _with_inputs(Reference(path, path.with_name(f"{path.stem}_inputs.py"), f"{module}_inputs"))


def _in_folder(reference: str, folder: Path) -> Reference:
    path = folder / reference
    if not path.resolve().is_relative_to(folder.resolve()):
        raise RubricError(f"{reference} is outside of the rubric's folder; put it there, or below")
    if path.suffix != ".py" or not path.is_file():
        raise RubricError(f"there is no Python file {path}")
    return _with_inputs(Reference(path, path.with_name(f"{path.stem}_inputs.py")))


def _with_inputs(found: Reference) -> Reference:
    if not found.inputs.is_file():
        raise RubricError(
            f"there is no file {found.inputs}, whose make_suite(functions, seed, only=None) makes the calls"
        )
    return found


def _installed(module: str) -> Path:
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError as error:
        if not f"{module}.".startswith(f"{error.name}."):
            raise RubricError(f"{module} cannot be imported: {_innermost(error)}: {error}") from error
        spec = None
    except Exception as error:
        told = f"{module} cannot be imported: {_innermost(error)}: {type(error).__name__}: {error}"
        raise RubricError(told) from error
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        own = f"./{module.rsplit('.', 1)[-1]}.py"
        raise RubricError(f"there is no reference module {module}; a file in the rubric's folder is `{own}`")
    return Path(spec.origin)


def load_source(reference: str, folder: Path | None = None) -> Source:
    """The source of the reference, split into functions: one object as long as its text is the same."""
    path = locate(reference, folder).path
    try:
        return _source(path, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RubricError(f"{path}: cannot be read ({error})") from None


@lru_cache(maxsize=16)
def _source(path: Path, text: str) -> Source:
    try:
        return read_source(text)
    except (SyntaxError, ValueError) as error:  # null characters are a ValueError
        raise RubricError(f"{_syntax(error, path)}") from None


def _syntax(error: Exception, path: Path) -> str:
    line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
    return f"{path}{line}: it does not parse: {error.msg if isinstance(error, SyntaxError) else error}"


# ---------------------------------------------------------------------------------------- the inputs


def input_maker(reference: str, folder: Path | None) -> Callable[..., Suite]:
    """`make_suite` of the inputs; what goes wrong in it is a RubricError with its file and line."""
    found, source = locate(reference, folder), load_source(reference, folder)
    with told(found, source):
        make = getattr(_module(found), "make_suite", None)
    if not callable(make) or not _takes_what_it_gets(make):
        raise RubricError(f"{found.inputs}: a function make_suite(functions, seed, only=None) is wanted")

    def make_suite(functions: Any, seed: int, only: Any = None) -> Suite:
        with told(found, source):
            suite: Suite = make(functions, seed, only=only)
        return suite

    return make_suite


def _takes_what_it_gets(make: Callable[..., Any]) -> bool:
    try:
        inspect.signature(make).bind({}, 0, only=())
    except (TypeError, ValueError):
        return False
    return True


def _module(found: Reference) -> types.ModuleType:
    if found.module:
        return importlib.import_module(found.module)
    return _run(found.inputs, found.inputs.read_text(encoding="utf-8"))


@lru_cache(maxsize=16)
def _run(path: Path, text: str) -> types.ModuleType:
    """A file as a module of its own, run again when its text has changed; dataclasses look their module up."""
    name = f"grader_inputs_{hashlib.sha256(f'{path.resolve()}{text}'.encode()).hexdigest()[:16]}"
    module = types.ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    exec(compile(text, str(path), "exec"), module.__dict__)  # noqa: S102 - the rubric's own inputs
    return module


def check_suite(suite: Any, reference: str, folder: Path | None, wanted: Mapping[str, object]) -> None:
    """Raises RubricError unless it is a Suite, with calls of the reference's functions, and isolated ones of each."""
    found, source = locate(reference, folder), load_source(reference, folder)
    groups = [getattr(suite, name, None) for name in ("isolated", "in_place", "public")]
    if not all(isinstance(group, Mapping) for group in groups):
        raise RubricError(f"{found.inputs}: the parts of a Suite are dictionaries, function → calls.")
    for name in dict.fromkeys(name for group in groups for name in _named(group or {})):
        if name not in source.spans:
            hint = nearest(name, source.spans)
            raise RubricError(
                f"{found.inputs}{_line_with(found.inputs, name)}: calls of {name!r}, which the reference does not have{hint}"
            )
    if missing := [name for name in wanted if not suite.isolated.get(name)]:
        raise RubricError(f"{found.inputs}: there are no isolated calls of {', '.join(missing)}; add some")


def _named(group: Mapping[str, tuple[Call, ...]]) -> Iterator[str]:
    for name, calls in group.items():
        yield name
        yield from (step.function for call in calls for step in call.steps)


def _line_with(path: Path, name: str) -> str:
    """The first line that has the name as a text."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if re.search(rf"([\"']){re.escape(name)}\1", line):
            return f", line {number}"
    return ""


# ---------------------------------------------------------------------------------------- its errors


@contextmanager
def told(found: Reference, source: Source) -> Iterator[None]:
    """What a rubric's own code raises is a RubricError that names its line."""
    try:
        yield
    except GraderError:
        raise
    except Exception as error:
        raise fault(error, found, source) from error


def fault(error: Exception, found: Reference, source: Source, call: str = "") -> RubricError:
    """An error of a rubric's own code, with the last line of it that took part."""
    if isinstance(error, SyntaxError):
        return RubricError(_syntax(error, Path(error.filename) if error.filename else found.inputs))
    where, text = f"{found.inputs}", f"{type(error).__name__}: {error}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        function = frame.filename.removeprefix("<reference ").removesuffix(">")
        if frame.filename == str(found.inputs):
            where = f"{found.inputs}, line {frame.lineno}"
            break
        if function != frame.filename and function in source.spans:
            above = source.text.count("\n", 0, source.spans[function][0])
            where = f"{found.path}, line {above + (frame.lineno or 1)}"
            text += f" ({_SEEN})" if isinstance(error, NameError) else ""
            break
    return RubricError(f"{where}: {text}{f', in the call {call}' if call else ''}")


def _innermost(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}, line {frame.lineno}"
