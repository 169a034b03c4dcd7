"""Open edX's queue: fetch a submission, grade it, send the reply, again and again.

    python -m grader.platforms.xqueue --rubric dnn-step-by-step

Settings: GRADER_XQUEUE_URL (such as https://lms.example.edu/xqueue), GRADER_XQUEUE_QUEUE, GRADER_XQUEUE_USER
and the password in the file that GRADER_XQUEUE_PASSWORD_FILE names. Only what is in the standard library.
"""

from __future__ import annotations

import argparse
import http.client
import http.cookiejar
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from grader.errors import CannotGrade, GraderError, UsageError
from grader.export.edx import reply
from grader.platforms.base import Grade
from grader.platforms.credentials import Secret, read_secret, safe_url, setting
from grader.platforms.edx import failed, handed_in
from grader.platforms.run import Pipeline, grade_best
from grader.rubric.detail import rubrics_detail

_SECONDS = 30.0
_MOST_BYTES = 64 * 1024 * 1024
_BROKEN = (
    "The grader could not do its work. This is not your fault; your instructor can have it graded again."
)


@dataclass(frozen=True, slots=True)
class Settings:
    url: str
    queue: str
    user: str
    password: Secret

    @classmethod
    def read(cls, env: Mapping[str, str]) -> Settings:
        """From the environment. UsageError says what is missing."""
        return cls(
            safe_url(
                env, "GRADER_XQUEUE_URL", "the address of the queue, such as https://lms.example.edu/xqueue"
            ),
            setting(env, "GRADER_XQUEUE_QUEUE", "the name of the queue, as the problem has it"),
            setting(env, "GRADER_XQUEUE_USER", "the user of the group xqueue that the grader is"),
            read_secret(env, "GRADER_XQUEUE_PASSWORD", "the password of that user"),
        )


class Queue:
    """A session with the queue. Its errors are CannotGrade (try later) and UsageError (wrong password)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))

    def log_in(self) -> None:
        """Start the session. UsageError if the queue does not take the password."""
        self._call("login/", None)  # brings the token that later requests have to show
        fields = {"username": self._settings.user, "password": self._settings.password.reveal()}
        answer = self._call("login/", fields)
        if "return_code" not in answer:
            raise UsageError("what answers at GRADER_XQUEUE_URL is no queue. Check the address.")
        if answer.get("return_code") != 0:
            raise UsageError("the queue does not take GRADER_XQUEUE_USER and its password.")

    def fetch(self) -> dict[str, Any] | None:
        """The next submission, or None where the queue is empty."""
        name = urllib.parse.quote(self._settings.queue)
        answer = self._call(f"get_submission/?queue_name={name}", None)
        if answer.get("return_code") != 0:
            return None
        content = answer.get("content")
        return _object(content)

    def put(self, header: Any, body: dict[str, Any]) -> None:
        """Send the reply to a submission."""
        answer = self._call(
            "put_result/", {"xqueue_header": header, "xqueue_body": json.dumps(body, allow_nan=False)}
        )
        if answer.get("return_code") != 0:
            raise CannotGrade("the queue did not take the reply.")

    def _call(self, path: str, fields: dict[str, Any] | None) -> dict[str, Any]:
        data = None if fields is None else json.dumps(fields).encode()
        request = urllib.request.Request(f"{self._settings.url}/{path}", data)
        request.add_header("Content-Type", "application/json")
        request.add_header("Referer", self._settings.url)
        for cookie in self._cookies:
            if cookie.name == "csrftoken" and cookie.value:
                request.add_header("X-CSRFToken", cookie.value)
        try:
            with self._opener.open(request, timeout=_SECONDS) as answer:
                return _object(answer.read(_MOST_BYTES))
        except urllib.error.HTTPError as error:
            return _refusal(error)
        except (OSError, http.client.HTTPException) as error:
            raise CannotGrade(f"the queue could not be reached ({type(error).__name__}).") from None


def _refusal(error: urllib.error.HTTPError) -> dict[str, Any]:
    with closing(error):
        if error.code in (401, 403):
            return {"return_code": 1, "content": "not logged in"}
        raise CannotGrade(f"the queue answered with HTTP {error.code}.")


def _object(value: Any) -> dict[str, Any]:
    try:
        value = json.loads(value)
    except (TypeError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def serve_one(queue: Queue, grade: Grade, detail: str, rubric: str | None = None) -> bool:
    """Grade one submission and reply; False where the queue was empty. A broken grader is a reply too.

    `rubric` is the one that `grade` grades with, a name or a path: it may limit the level of detail.
    """
    message = queue.fetch()
    if message is None:
        return False
    try:
        report, handed = grade_best(handed_in(json.dumps(message)), grade)
        detail = rubrics_detail(detail, rubric or report.rubric.id)
        body = reply(report, detail=detail, before=" ".join(handed.notes))
    except Exception as error:  # noqa: BLE001 - the student waits for an answer
        print(f"error: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        body = failed(_BROKEN)
    queue.put(message.get("xqueue_header"), body)
    return True


def serve(
    settings: Settings,
    grade: Grade,
    *,
    detail: str = "explanation",
    rubric: str | None = None,
    pause: float = 2.0,
    once: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Until stopped; `once` until the queue is empty. A queue that cannot be reached is tried again, slower."""
    queue, trouble = Queue(settings), 0
    queue.log_in()
    while True:
        try:
            busy = serve_one(queue, grade, detail, rubric)
            trouble = 0
        except CannotGrade as error:
            print(f"error: {error}", file=sys.stderr, flush=True)
            trouble, busy = trouble + 1, False
            if once:
                raise
        if not busy and once:
            return
        if not busy:
            sleep(min(60.0, pause * 2.0 ** min(trouble, 6)))
            queue = _anew(settings, queue)


def _anew(settings: Settings, queue: Queue) -> Queue:
    """A session that lasts: a queue that was idle may have ended it."""
    fresh = Queue(settings)
    try:
        fresh.log_in()
    except GraderError:
        return queue
    return fresh


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: what cannot be secret as options, the rest from the environment."""
    parser = argparse.ArgumentParser(
        prog="python -m grader.platforms.xqueue",
        description="Grade Open edX's queue. Addresses and the password come from the environment: GRADER_XQUEUE_URL, "
        "GRADER_XQUEUE_QUEUE, GRADER_XQUEUE_USER, GRADER_XQUEUE_PASSWORD_FILE.",
        epilog="Example: python -m grader.platforms.xqueue --rubric dnn-step-by-step",
    )
    parser.add_argument("--rubric", help="a rubric's name or path; left out: inferred")
    parser.add_argument("--detail", choices=("nudge", "explanation", "fix"), default="explanation")
    parser.add_argument("--once", action="store_true", help="end when the queue is empty")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with closing(Pipeline(given.rubric)) as pipeline:
            serve(
                Settings.read(os.environ),
                pipeline,
                detail=given.detail,
                rubric=given.rubric,
                once=given.once,
            )
    except GraderError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
