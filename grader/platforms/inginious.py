"""INGInious: a file in the container's input → /.__output/__feedback.json."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from grader.export.inginious import feedback
from grader.export.scores import strict_json
from grader.model import Report
from grader.platforms.base import Handed, Output, Surroundings, Upload
from grader.platforms.uploads import from_file


class Inginious:
    name = "inginious"
    home: str | None = ".__input"
    seconds: float | None = None

    def receive(self, around: Surroundings) -> Handed:
        """The files of the task's problems; a problem that is a text is one too."""
        answers = _answers(around.root / ".__input" / "__inputdata.json")
        student = answers.get("@username")
        uploads = tuple(_uploads(answers, around.root))
        absent = "" if uploads else "No notebook was found in what was handed in."
        return Handed(uploads, student=str(student) if student else None, absent=absent)

    def results(self, report: Report, handed: Handed, around: Surroundings) -> Output:
        data = feedback(report, detail=around.detail, before=" ".join(handed.notes))
        return Output({_path(around.root): strict_json(data)})

    def failure(self, reason: str, around: Surroundings) -> Output:
        data = {"result": "crash", "grade": 0.0, "text": reason}
        return Output({_path(around.root): strict_json(data)})


def _path(root: Path) -> Path:
    return root / ".__output" / "__feedback.json"


def _answers(path: Path) -> Mapping[str, Any]:
    try:
        data = json.loads(path.read_text("utf-8").strip("\0 \n"))
        answers = data["input"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return answers if isinstance(answers, dict) else {}


def _uploads(answers: Mapping[str, Any], root: Path) -> Iterator[Upload]:
    for key, value in sorted(answers.items()):
        if key.startswith("@"):
            continue
        if isinstance(value, dict) and {"filename", "value"} <= value.keys():
            found, _ = from_file(root / str(value["value"]).lstrip("/"))
            if found is not None and str(value["filename"]).lower().endswith((".ipynb", ".py")):
                yield Upload(str(value["filename"]), found.data)
        elif isinstance(value, str) and value.lstrip().startswith("{"):
            yield Upload(f"{key}.ipynb", value.encode("utf-8", "replace"))


PLATFORM = Inginious()
