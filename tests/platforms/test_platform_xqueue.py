"""The queue's client, against Open edX's own queue where it is installed, and a stand-in where not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_lms import Answer, FakeServer
from platform_world import broken, fake_grade

from grader.errors import CannotGrade, UsageError
from grader.platforms.credentials import Secret
from grader.platforms.xqueue import Queue, Settings, serve


class FakeQueue(FakeServer):
    """Two submissions, then empty."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = ["good", "{}"]
        self.replies: list[dict[str, Any]] = []
        self.password = "pa55-word"
        self.down = self.other = False

    def respond(self, method: str, path: str, query: Any, form: Any, headers: dict[str, str]) -> Answer:
        if self.down:
            return 502, {}, {}
        if self.other:
            return 200, {"welcome": "to something else"}, {}
        fields = json.loads(form["json"][0] or "{}") if "json" in form else {}
        if path == "/login/":
            good = method == "GET" or fields.get("password") == self.password
            return (
                (200 if good else 401),
                {"return_code": 0 if good else 1},
                {"Set-Cookie": "csrftoken=abc; Path=/"},
            )
        if path == "/get_submission/":
            if not self.waiting:
                return 200, {"return_code": 1, "content": "empty"}, {}
            body = json.dumps({"student_response": self.waiting.pop(0)})
            return (
                200,
                {
                    "return_code": 0,
                    "content": json.dumps({"xqueue_header": '{"submission_id": 1}', "xqueue_body": body}),
                },
                {},
            )
        if headers.get("X-Csrftoken", headers.get("X-CSRFToken")) != "abc":
            return 403, {}, {}
        self.replies.append(json.loads(fields["xqueue_body"]))
        return 200, {"return_code": 0}, {}


@pytest.fixture
def queue() -> Iterator[FakeQueue]:
    server = FakeQueue()
    yield server
    server.close()


def settings(queue: FakeQueue, password: str = "pa55-word") -> Settings:
    return Settings(queue.url, "q", "grader", Secret(password))


def test_it_serves_until_the_queue_is_empty(queue: FakeQueue) -> None:
    serve(settings(queue), fake_grade, once=True)
    assert [one["score"] for one in queue.replies] == [1.0, 0.25]


def test_a_broken_grader_is_a_reply(queue: FakeQueue, capsys: pytest.CaptureFixture[str]) -> None:
    serve(settings(queue), broken, once=True)
    assert [one["score"] for one in queue.replies] == [0, 0]
    assert "not your fault" in queue.replies[0]["msg"]
    assert "RuntimeError" in capsys.readouterr().err


def test_a_wrong_password_is_said_and_not_shown(queue: FakeQueue) -> None:
    with pytest.raises(UsageError, match="does not take") as caught:
        serve(settings(queue, "wr0ng"), fake_grade, once=True)
    assert "wr0ng" not in str(caught.value)


def test_what_is_no_queue_is_said(queue: FakeQueue) -> None:
    queue.other = True
    with pytest.raises(UsageError, match="is no queue"):
        serve(settings(queue), fake_grade, once=True)


def test_feedback_goes_no_deeper_than_the_rubric_at_a_path(
    queue: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(name: str) -> SimpleNamespace:
        if name != "/my/rubric":
            raise UsageError("not of this machine")
        return SimpleNamespace(detail="nudge")

    monkeypatch.setattr("grader.rubric.detail.load_rubric", load)
    serve(settings(queue), fake_grade, detail="fix", rubric="/my/rubric", once=True)
    assert "NUDGE-WORDS" in queue.replies[1]["msg"]
    assert "EXPLANATION-WORDS" not in queue.replies[1]["msg"]


def test_a_queue_that_is_down_is_tried_again_slower(
    queue: FakeQueue, capsys: pytest.CaptureFixture[str]
) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        queue.down = len(pauses) < 3
        if len(pauses) == 5:
            raise KeyboardInterrupt

    session = settings(queue)
    Queue(session).log_in()
    queue.waiting.clear()
    with pytest.raises(KeyboardInterrupt):
        serve(session, fake_grade, sleep=sleep)
    assert pauses == [2.0, 4.0, 8.0, 2.0, 2.0]
    assert "HTTP 502" in capsys.readouterr().err


def test_a_queue_that_is_not_there(queue: FakeQueue) -> None:
    with pytest.raises(CannotGrade, match="could not be reached"):
        Queue(Settings("http://127.0.0.1:9", "q", "u", Secret("p"))).log_in()


_SERVER = r"""
import os, sys
import django
from django.conf import settings

settings.configure(
    SECRET_KEY="x", USE_TZ=True, ROOT_URLCONF="submissions.urls", DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    ALLOWED_HOSTS=["127.0.0.1"], DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "submissions"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
)
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import Group, User
from submissions import api
user = User.objects.create_user("grader", password="pa55-word")
user.groups.add(Group.objects.create(name="xqueue"))
for student, answer in (("s1", "good"), ("s2", "{}")):
    item = dict(student_id=student, course_id="c", item_id="i", item_type="problem")
    api.create_external_grader_detail(item, answer, queue_name="q", queue_key="k", points_possible=20)
from wsgiref.simple_server import WSGIRequestHandler, make_server
from django.core.wsgi import get_wsgi_application

class Quiet(WSGIRequestHandler):
    def log_message(self, *args): pass

server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
print(server.server_address[1], flush=True)
import threading
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.readline()
for student in ("s1", "s2"):
    score = api.get_score(dict(student_id=student, course_id="c", item_id="i", item_type="problem"))
    print(score and score["points_earned"], flush=True)
"""


@pytest.mark.platform
def test_open_edx_s_own_queue(tmp_path: Path) -> None:
    pytest.importorskip("submissions")
    env = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO")}
    child = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _SERVER, str(tmp_path / "db.sqlite3")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, text=True,
    )  # fmt: skip
    try:
        assert child.stdout is not None
        port = int(child.stdout.readline())
        serve(Settings(f"http://127.0.0.1:{port}", "q", "grader", Secret("pa55-word")), fake_grade, once=True)
        said, _ = child.communicate("done\n", timeout=20)
        assert said.split() == ["20", "5"]
    finally:
        child.kill()
        child.wait()
