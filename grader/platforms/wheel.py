"""This grader and one rubric as a wheel: what a platform's image installs is exactly what runs here."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import grader
from grader.errors import UsageError
from grader.export.zipped import zip_chunks
from grader.rubric.catalogue import taken_from
from grader.rubric.shipped import shipped_rubrics
from grader.rubric.yaml_file import read_yaml

_SKIPPED = ("__pycache__", "_rubrics")
_TEXT_ENDS = (".pyc", ".pyo")


def build_wheel(rubric: Path) -> tuple[str, bytes]:
    """(file name, bytes) of a pure-Python wheel that holds the package, the rubric's folder and that of the rubric
    which it takes misconceptions from, nothing else."""
    version, metadata, entry_points = _facts()
    info = f"whywrong-{version}.dist-info"
    taken, _ = taken_from(read_yaml(rubric / "rubric.yaml"))
    folders = [rubric, *([shipped_rubrics()[taken]] if taken else [])]
    files = [*_package_files(), *(file for folder in folders for file in _rubric_files(folder))]
    files += [
        (f"{info}/METADATA", metadata.encode()),
        (
            f"{info}/WHEEL",
            b"Wheel-Version: 1.0\nGenerator: whywrong\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ),
        (f"{info}/entry_points.txt", entry_points.encode()),
    ]
    files.append((f"{info}/RECORD", _record(files, f"{info}/RECORD")))
    data = b"".join(zip_chunks((name, content, False) for name, content in files))
    return f"whywrong-{version}-py3-none-any.whl", data


def _facts() -> tuple[str, str, str]:
    try:
        installed = distribution("whywrong")
    except PackageNotFoundError:
        raise UsageError(
            "whywrong is not installed, only on the path: pip install it, then package again."
        ) from None
    metadata = installed.read_text("METADATA") or ""
    return installed.version, metadata, installed.read_text("entry_points.txt") or ""


def _package_files() -> Iterator[tuple[str, bytes]]:
    root = Path(grader.__file__).parent
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.is_file() and not set(parts) & set(_SKIPPED) and path.suffix not in _TEXT_ENDS:
            yield "/".join(("grader", *parts)), path.read_bytes()


def _rubric_files(rubric: Path) -> Iterator[tuple[str, bytes]]:
    """Below grader/_rubrics, where an installed grader has its own: the name alone is enough there."""
    name = rubric.resolve().name
    for path in sorted(rubric.rglob("*")):
        parts = path.relative_to(rubric).parts
        if path.is_file() and not any(part.startswith((".", "__")) for part in parts):
            yield "/".join(("grader/_rubrics", name, *parts)), path.read_bytes()


def _record(files: list[tuple[str, bytes]], own: str) -> bytes:
    lines = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in files]
    return "\n".join([*lines, f"{own},,", ""]).encode()


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
