"""Open edX: one message of its queue on standard input → the reply on standard output.

`grader.platforms.xqueue` fetches the messages and sends the replies; a watcher of one's own can do it too.
"""

from __future__ import annotations

import json
from typing import Any

from grader.export.edx import reply
from grader.export.scores import strict_json
from grader.model import Report
from grader.notebook.read import MAX_BYTES
from grader.platforms.base import Handed, Output, Surroundings, Upload
from grader.render.escape import html, one_line


class Edx:
    name = "edx"
    home: str | None = None
    seconds: float | None = 270.0  # after five minutes the queue gives the submission to another

    def receive(self, around: Surroundings) -> Handed:
        return handed_in(around.stdin.read(2 * MAX_BYTES))

    def results(self, report: Report, handed: Handed, around: Surroundings) -> Output:
        body = reply(report, detail=around.detail, before=" ".join(handed.notes))
        return Output(stdout=strict_json(body, indent=None))

    def failure(self, reason: str, around: Surroundings) -> Output:
        return Output(stdout=strict_json(failed(reason), indent=None))


def failed(reason: str) -> dict[str, Any]:
    """A reply that says why nothing was graded."""
    return {"correct": False, "score": 0, "msg": f"<div><p>{html(one_line(reason))}</p></div>"}


def handed_in(message: bytes | str) -> Handed:
    """The submission in a message: `xqueue_body`, a JSON text, holds the student's response."""
    data = _object(message)
    body = _object(data.get("xqueue_body", data))
    info = _object(body.get("student_info", {}))
    student = info.get("anonymous_student_id")
    name = str(student) if student else None
    response = body.get("student_response")
    if isinstance(response, str) and response.strip():
        upload = Upload("submission.ipynb", response.encode("utf-8", "replace"))
        return Handed((upload,), student=name)
    return Handed((), student=name, absent="No notebook was found in what was handed in.")


def _object(value: Any) -> dict[str, Any]:
    """A JSON object, or a text or bytes that hold one; {} for anything else."""
    if isinstance(value, bytes | str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


PLATFORM = Edx()
