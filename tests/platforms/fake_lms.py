"""A Canvas and an LTI platform on the loop-back address, as far as pushing needs them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, Any, dict[str, str]]


class FakeServer:
    """Answers with `answer(method, path, query, form, headers)`; `failures` come first, one a changing request."""

    def __init__(self) -> None:
        self.failures: list[int] = []
        self.requests: list[tuple[str, str, dict[str, list[str]]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                parts = urlsplit(self.path)
                form = (
                    parse_qs(body, keep_blank_values=True)
                    if "json" not in str(self.headers["Content-Type"])
                    else {"json": [body]}
                )
                outer.requests.append((self.command, parts.path, form))
                status, data, headers = outer.respond(
                    self.command, parts.path, parse_qs(parts.query), form, dict(self.headers)
                )
                payload = json.dumps(data).encode()
                self.send_response(status)
                for key, value in {
                    "Content-Type": "application/json",
                    "Content-Length": str(len(payload)),
                    **headers,
                }.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_PUT = do_POST = _serve

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def respond(
        self, method: str, path: str, query: dict[str, list[str]], form: Any, headers: dict[str, str]
    ) -> Answer:
        raise NotImplementedError

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class FakeCanvas(FakeServer):
    """Course 1, assignment 2 worth 20 points with a rubric; three students, one of them excused."""

    token = "7~t0p-s3cret"
    students = (
        {
            "id": 101,
            "sis_user_id": "s1",
            "login_id": "ada",
            "name": "Ada Lovelace",
            "sortable_name": "Lovelace, Ada",
        },
        {"id": 102, "sis_user_id": "s2", "login_id": "bob", "name": "Bob", "sortable_name": "Bob"},
        {"id": 103, "sis_user_id": "s3", "login_id": "eve", "name": "Eve", "sortable_name": "Eve"},
    )

    def __init__(self) -> None:
        super().__init__()
        self.comments: dict[str, list[str]] = {}
        self.grades: dict[str, str] = {}
        self.assessments: dict[str, dict[str, str]] = {}
        self.commit_before_failing = False

    def respond(
        self, method: str, path: str, query: dict[str, list[str]], form: Any, headers: dict[str, str]
    ) -> Answer:
        if headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {"errors": [{"message": "Invalid access token."}]}, {"WWW-Authenticate": "Bearer"}
        for pattern, handle in self._routes(method).items():
            match = re.fullmatch(pattern, path)
            if match:
                return handle(match, query, form)
        return 404, {"errors": "not found"}, {}

    def _routes(self, method: str) -> dict[str, Callable[..., Answer]]:
        base = "/api/v1/courses/1"
        if method == "PUT":
            return {f"{base}/assignments/2/submissions/(\\d+)": self._put}
        rubric = [
            {"id": "_9", "description": "linear_backward is right", "points": 8.0},
            {"id": "_7", "description": "Style", "points": 2.0},
        ]
        return {
            base: lambda *_: (200, {"id": 1}, {}),
            f"{base}/assignments/2": lambda *_: (200, {"id": 2, "course_id": 1, "points_possible": 20.0, "rubric": rubric}, {}),
            f"{base}/search_users": self._users,
            f"{base}/assignments/2/submissions": lambda *_: (200, [{"id": 1, "user_id": 103, "excused": True}], {}),
            f"{base}/assignments/2/submissions/(\\d+)": self._get,
        }  # fmt: skip

    def _users(self, match: object, query: dict[str, list[str]], form: object) -> Answer:
        page = int(query.get("page", ["1"])[0])
        link = f'<{self.url}/api/v1/courses/1/search_users?page={page + 1}>; rel="next"'
        more = {"Link": link} if page < len(self.students) else {}
        return 200, [self.students[page - 1]], more

    def _get(self, match: re.Match[str], query: object, form: object) -> Answer:
        comments = [{"comment": text} for text in self.comments.get(match[1], [])]
        return 200, {"id": 5, "user_id": int(match[1]), "submission_comments": comments}, {}

    def _put(self, match: re.Match[str], query: object, form: dict[str, list[str]]) -> Answer:
        failure = self.failures.pop(0) if self.failures else 0
        if failure and not self.commit_before_failing:
            return failure, {"errors": "trouble"}, {}
        user = match[1]
        self.grades[user] = form["submission[posted_grade]"][0]
        if "comment[text_comment]" in form:
            self.comments.setdefault(user, []).append(form["comment[text_comment]"][0])
        self.assessments[user] = {
            key: value[0] for key, value in form.items() if key.startswith("rubric_assessment")
        }
        return (failure or 200), {"id": 5, "user_id": int(user)}, {}


class FakeLti(FakeServer):
    """A token endpoint that checks the tool's signature, and one line item."""

    def __init__(self, public_key: str) -> None:
        super().__init__()
        self._key = public_key
        self.scores: list[dict[str, Any]] = []
        self.tokens = 0

    def respond(
        self, method: str, path: str, query: dict[str, list[str]], form: Any, headers: dict[str, str]
    ) -> Answer:
        if path == "/token":
            return self._token(form)
        if headers.get("Authorization") != f"Bearer access-{self.tokens}":
            return 401, {}, {}
        if (method, path) != ("POST", "/lineitems/7/scores"):
            return 404, {}, {}
        if headers.get("Content-Type") != "application/vnd.ims.lis.v1.score+json":
            return 415, {}, {}
        if self.failures:
            return self.failures.pop(0), {}, {}
        self.scores.append(json.loads(form["json"][0]))
        return 200, {}, {}

    def _token(self, form: dict[str, list[str]]) -> Answer:
        import jwt

        try:
            claims = jwt.decode(
                form["client_assertion"][0], self._key, algorithms=["RS256"], audience=f"{self.url}/token"
            )
        except jwt.PyJWTError:
            return 400, {"error": "invalid_client"}, {}
        assert claims["iss"] == claims["sub"] == "client-1"
        assert form["scope"] == ["https://purl.imsglobal.org/spec/lti-ags/scope/score"]
        self.tokens += 1
        return 200, {"access_token": f"access-{self.tokens}", "expires_in": 3600}, {}
