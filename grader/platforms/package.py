"""`grader package`: what an instructor uploads, with this very grader and one rubric in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grader.errors import UsageError
from grader.export.zipped import zip_chunks
from grader.files import write_whole
from grader.platforms.recipes import RECIPES
from grader.platforms.table import platform_named
from grader.platforms.wheel import build_wheel
from grader.rubric.load import find_rubric

_ADVICE = "Choose another place with -o."


def package_platform(name: str, rubric_name: str, out: Path | None = None) -> Path:
    """Write Gradescope's autograder.zip, or the folder of an image or a task for the others; returns its path.

    `out` is the zip or the folder, left out: in the current folder. Raises UsageError (unknown platform
    or rubric, a path of the wrong kind) and CannotWrite.
    """
    platform_named(name)
    rubric = find_rubric(rubric_name)
    recipe = RECIPES[name]
    wheel_name, wheel = build_wheel(rubric)
    files = dict(recipe.files(rubric.resolve().name, wheel_name))
    contents = [(path, text.encode(), executable) for path, (text, executable) in files.items()]
    contents.append((wheel_name, wheel, False))
    if recipe.default_out.endswith(".zip"):
        return _write_zip(_zip_path(out, recipe.default_out), contents)
    return _write_folder(out or Path(recipe.default_out), contents)


def _zip_path(out: Path | None, default: str) -> Path:
    if out is None:
        return Path(default)
    return out if out.suffix.lower() == ".zip" else out / default


def _write_zip(path: Path, contents: list[tuple[str, bytes, bool]]) -> Path:
    write_whole(path, b"".join(zip_chunks(_in_order(contents))), _ADVICE)
    return path


def _write_folder(folder: Path, contents: list[tuple[str, bytes, bool]]) -> Path:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; this platform gets a folder. Choose another -o.")
    for name, data, executable in contents:
        write_whole(folder / name, data, _ADVICE)
        if executable:
            (folder / name).chmod(0o755)
    return folder


def _in_order(contents: list[tuple[str, bytes, bool]]) -> Iterator[tuple[str, bytes, bool]]:
    yield from sorted(contents, key=lambda one: one[0])
