"""Every command has help with examples that exist; the command line starts without numpy."""

import shlex
import subprocess
import sys

import click
import pytest
from cli_doubles import Run

from grader.cli.main import cli


def _commands(group: click.Group, prefix: tuple[str, ...] = ()) -> dict[tuple[str, ...], click.Command]:
    ctx = click.Context(group)
    found: dict[tuple[str, ...], click.Command] = {}
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        found[(*prefix, name)] = command
        if isinstance(command, click.Group):
            found |= _commands(command, (*prefix, name))
    return found


COMMANDS = _commands(cli)


def test_the_contracts_commands_are_there() -> None:
    wanted = {"check", "grade", "report", "export", "explain", "rubric", "run", "package", "doctor"}
    authors = {"list", "show", "new", "lint", "name-cluster", "pack"}
    assert set(COMMANDS) == {(name,) for name in wanted} | {("rubric", name) for name in authors}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_has_examples(words: tuple[str, ...], run: Run) -> None:
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert f"  grader {' '.join(words)}" in result.stdout


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_examples_use_options_that_exist(words: tuple[str, ...]) -> None:
    for line in (COMMANDS[words].help or "").splitlines():
        if line.strip().startswith("grader "):
            example = shlex.split(line.split(" > ")[0])
            used, command = _resolve(example[1:])
            options = {
                name for parameter in command.params for name in parameter.opts + parameter.secondary_opts
            }
            assert {word for word in used if word.startswith("-")} <= options, line


def _resolve(example: list[str]) -> tuple[list[str], click.Command]:
    length = 2 if tuple(example[:2]) in COMMANDS else 1
    return example[length:], COMMANDS[tuple(example[:length])]


@pytest.mark.parametrize("args", ["--help", "check --help", "grade --help", "--version", "chek"])
def test_starts_without_numpy(args: str) -> None:
    code = f"""
import sys
from grader.cli.main import cli
try:
    cli({args.split()!r})
except SystemExit:
    pass
print(sorted({{"numpy", "rich", "nbformat", "yaml"}} & set(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


def test_version(run: Run) -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("grader ")


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (["chek"], "'check'"),
        (["rubric", "lnt"], "'lint'"),
        (["grade", ".", "--rubrik", "x"], "--rubric"),
        (["grade", ".", "--engine", "dusk"], "'dask'"),
        (["export", ".", "--to", "moodel"], "'moodle'"),
        (["run", "gradscope"], "'gradescope'"),
        (["check", "x.ipynb", "--detail", "fixx"], "'fix'"),
    ],
)
def test_a_slip_is_told_the_nearest(args: list[str], hint: str, run: Run) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert hint in result.stderr


@pytest.mark.parametrize("args", [[], ["rubric"]])
def test_no_command_shows_the_help(args: list[str], run: Run) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: grader")
