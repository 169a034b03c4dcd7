"""A group of commands that are imported when they are called, so that `grader --help` starts at once."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from grader.nearest import nearest


class LazyGroup(click.Group):
    """`doors` maps each command's name to the module whose `command` it is, in the order of the help."""

    def __init__(self, *args: Any, doors: Mapping[str, str], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._doors = doors

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._doors)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._doors:
            return None
        command: click.Command = importlib.import_module(self._doors[cmd_name]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self._doors and not args[0].startswith("-"):
            names = ", ".join(self._doors)
            ctx.fail(f"there is no command {args[0]!r}{nearest(args[0], self._doors)}. Commands: {names}.")
        return super().resolve_command(ctx, args)
