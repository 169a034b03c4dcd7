"""`%load_ext grader`: `%check f g` checks live functions, `%%check f` runs its cell first.

%check
%check linear_backward --detail fix
%%check linear_backward --pack week4.pack
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from grader.errors import GraderError, UsageError
from grader.plugins.live_source import MAGIC_LINE
from grader.plugins.result import CheckResult, known_detail, message_html
from grader.rubric.detail import allowed

_OPTIONS = ("rubric", "pack", "detail")


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """What is said instead of a report."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return message_html(self.text)


def register(shell: Any) -> None:
    """Define the magics in an IPython shell."""

    def check(line: str, cell: str | None = None) -> Any:
        """Check functions of the notebook; as a cell magic, run the cell first."""
        if cell is not None and not shell.run_cell(MAGIC_LINE + cell).success:
            return None  # the cell has shown its own error
        return _checked(shell, line)

    shell.register_magic_function(check, "line_cell", "check")


def _checked(shell: Any, line: str) -> Any:
    from grader.plugins.live_check import check_live

    try:
        functions, options = parse(line)
        detail = known_detail(options.pop("detail", "explanation"))
        report, most = check_live(shell.user_ns, functions, **options)
        return CheckResult(report, allowed(detail, most), live=True, rubric=options.get("rubric"))
    except GraderError as error:
        return Message(str(error))


def parse(line: str) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Function names and options of a magic's line. Raises UsageError for an unknown option."""
    functions: list[str] = []
    options: dict[str, Any] = {}
    words = iter(shlex.split(line))
    for word in words:
        if not word.startswith("--"):
            functions.append(word)
            continue
        name, _, value = word[2:].partition("=")
        if name not in _OPTIONS:
            raise UsageError(
                f"%check has no option --{name}. It has --rubric R, --pack FILE and --detail LEVEL."
            )
        options[name] = value or next(words, "")
    return tuple(functions), options
