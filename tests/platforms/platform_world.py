"""A platform's container in a temporary folder, and graders that need no worker."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "export"))

from export_samples import everything, perfect, ungradable

from grader.model import Isolation, Report, SubmissionStamp
from grader.platforms import run_platform

NOTEBOOK = b'{"cells": []}'
Grade = Callable[[bytes, str, str, str | None], Report]
WHERE = {  # platform → where a submission lies, where its result is
    "gradescope": ("autograder/submission/week4.ipynb", "autograder/results/results.json"),
    "prairielearn": ("grade/student/notebook.ipynb", "grade/results/results.json"),
    "coursera": ("shared/submission/week4.ipynb", "shared/feedback.json"),
    "classroom50": ("work/week4.ipynb", "work/result.json"),
}


def fake_grade(data: bytes, file: str, submission: str, student: str | None) -> Report:
    """`good` in the bytes: full marks; nothing in them: ungradable; else a mixed report."""
    made = ungradable() if not data else perfect() if b"good" in data else everything()
    return replace(made, submission=SubmissionStamp(submission, student, file, "cd" * 32))


def unisolated(data: bytes, file: str, submission: str, student: str | None) -> Report:
    return replace(fake_grade(data, file, submission, student), isolation=Isolation("none"))


def broken(data: bytes, file: str, submission: str, student: str | None) -> Report:
    raise RuntimeError("a text with a secret in it")


class World:
    """One container. Folders are made as the platform makes them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.env: dict[str, str] = {}
        self.stdin = b""
        self.stdout = b""

    def put(self, name: str, data: bytes | object) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
        return path

    def run(self, platform: str, grade: Grade = fake_grade, **options: object) -> int:
        out = io.BytesIO()
        code = run_platform(
            platform, grade=grade, root=self.root, work=self.root / "work", env=self.env,
            stdin=io.BytesIO(self.stdin), stdout=out, **options,
        )  # type: ignore[arg-type]  # fmt: skip
        self.stdout = out.getvalue()
        return code

    def json(self, name: str) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.root / name).read_bytes())
        return found
