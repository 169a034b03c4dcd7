"""Options and kinds of argument that several commands share. Each tells the nearest thing that exists."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from grader.nearest import nearest

_Command = TypeVar("_Command", bound=Callable[..., Any])

LEVELS = ("nudge", "explanation", "fix")


class Existing(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """A path that must be there; `kind` is file, folder or anything, or notebook: a file that is no pipe or device."""

    name = "path"

    def __init__(self, kind: str = "anything", instead: str = "") -> None:
        self._kind = kind
        self._instead = instead

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(value)
        if not os.path.lexists(path):
            self.fail(f"{value} is not there{_sibling(path)}.", param, ctx)
        if self._kind != "anything" and not path.exists():
            self.fail(f"{value} is a link that leads nowhere.", param, ctx)
        if self._kind in ("file", "notebook") and path.is_dir():
            self.fail(f"{value} is a folder, not a file.{self._instead}", param, ctx)
        if self._kind == "notebook" and not path.is_file():
            self.fail(f"{value} is a pipe or a device. Give the file itself.", param, ctx)
        if self._kind == "folder" and not path.is_dir():
            self.fail(f"{value} is a file, not a folder.{self._instead}", param, ctx)
        return path


class Number(click.ParamType):  # type: ignore[type-arg]  # as above
    """A number from `least` on, or above it; whole where `kind` is int. No infinity and no NaN."""

    name = "number"

    def __init__(self, kind: type[int | float], least: float, *, above: bool = False) -> None:
        self._kind = kind
        self._least = least
        self._above = above

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | float:
        try:
            number = self._kind(value)
        except (ValueError, OverflowError):
            number = self._kind(self._least - 1)
        fits = number > self._least if self._above else number >= self._least
        if not fits or not math.isfinite(number):
            what = "a whole number" if self._kind is int else "a number"
            side = "above" if self._above else "from"
            self.fail(
                f"{value!s} is not {what} {side} {self._least:g}{'' if self._above else ' on'}.", param, ctx
            )
        return number


class OneOf(click.Choice[str]):
    """A choice whose error names the nearest one."""

    def __init__(self, choices: Iterable[str]) -> None:
        super().__init__(list(choices), case_sensitive=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        names = [str(choice) for choice in self.choices]
        if isinstance(value, str) and value.lower() not in names:
            self.fail(
                f"there is no {value!r}{nearest(value, names)}. Choose from: {', '.join(names)}.", param, ctx
            )
        return str(super().convert(value, param, ctx))


class OneOfThese(click.ParamType):  # type: ignore[type-arg]  # as above
    """A choice whose names are asked for when they are needed, since finding them out takes imports."""

    name = "choice"

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        self._names = names

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return "{" + "|".join(self._names()) + "}"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return OneOf(self._names()).convert(value, param, ctx)


class _Platform(click.ParamType):  # type: ignore[type-arg]  # as above
    """A platform that has a container; of another LMS the error tells what there is for it instead."""

    name = "platform"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from grader.export.registry import OURS
        from grader.platforms import PLATFORMS

        if value in OURS and value not in PLATFORMS:
            self.fail(
                f"{value} runs no grader of ours. What it imports: grader export DIR --to {value}.",
                param,
                ctx,
            )
        return OneOf(PLATFORMS).convert(value, param, ctx)


PLATFORM = _Platform()


def _sibling(path: Path) -> str:
    """The nearest name in the folder where the path should be."""
    try:
        names = os.listdir(path.parent)
    except OSError:
        return f"; there is no folder {path.parent} either"
    return nearest(path.name, names)


def rubric_option(
    what: str = "A rubric's name or path. Left out: inferred from the functions.",
) -> Callable[[_Command], _Command]:
    """`--rubric`."""
    return click.option("--rubric", "-r", metavar="R", help=what)


def detail_option(default: str | None = "explanation", left_out: str = "") -> Callable[[_Command], _Command]:
    """`--detail`."""
    return click.option(
        "--detail",
        type=OneOf(LEVELS),
        default=default,
        show_default=default is not None,
        help=f"The deepest level of feedback: where to look, why, or what to change. {left_out}".rstrip(),
    )


def json_option(what: str) -> Callable[[_Command], _Command]:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help=f"Put {what} alone on stdout, as JSON.")


def seed_option(command: _Command) -> _Command:
    """`--seed`."""
    return click.option(
        "--seed", type=Number(int, 0), metavar="S", help="The seed of the test inputs, to repeat a run."
    )(command)
