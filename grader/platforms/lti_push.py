"""Any LMS that speaks LTI 1.3: scores through Assignment and Grade Services. Needs `pylti1p3next`.

Settings: LTI_ISSUER, LTI_CLIENT_ID, LTI_TOKEN_URL, LTI_LINEITEM (the assignment's line item URL), LTI_KEY_ID
if the LMS wants one, and the tool's private key in the file that LTI_PRIVATE_KEY_FILE names. A student is
who the LMS says at a launch (`sub`); LTI_USERS names a CSV file `student,sub` that translates.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grader.errors import UsageError
from grader.export import people
from grader.export.base import MemorySink, Reports, Skipped
from grader.export.scores import scaled_score
from grader.platforms.credentials import Secret, read_secret, safe_url, setting
from grader.platforms.patience import limit
from grader.platforms.pushing import Item, Refused, TryAgain
from grader.render.plain import report_text

_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
_BUSY = (408, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Settings:
    """The tool's registration, and one line item. The key is in no repr."""

    issuer: str
    client_id: str
    token_url: str
    lineitem: str
    key: Secret
    key_id: str = ""
    users: Mapping[str, str] | None = None

    @classmethod
    def read(cls, env: Mapping[str, str]) -> Settings:
        """From the environment. UsageError says what is missing."""
        return cls(
            setting(env, "LTI_ISSUER", "the LMS's issuer, as it showed when the tool was registered"),
            setting(env, "LTI_CLIENT_ID", "the tool's client id in the LMS"),
            safe_url(env, "LTI_TOKEN_URL", "the LMS's access token URL", query=True),
            safe_url(env, "LTI_LINEITEM", "the URL of the assignment's line item", query=True),
            read_secret(env, "LTI_PRIVATE_KEY", "the tool's private key (PEM)"),
            env.get("LTI_KEY_ID", "").strip(),
            _users(Path(env["LTI_USERS"])) if env.get("LTI_USERS") else None,
        )


class LtiTarget:
    """One line item. A score that is sent again replaces the one before."""

    def __init__(self, settings: Settings, reports: Reports, detail: str) -> None:
        self._settings = settings
        self._reports = reports
        self._detail = detail
        self.name = f"lti {settings.issuer} {settings.lineitem}"
        self._service, self._grade_type, self._error_type = _connect(settings)

    def items(self) -> Iterator[Item | Skipped]:
        """One report of each student who has an id in the LMS: of two, the second score would replace the first."""
        left_out = MemorySink()
        chosen = people.of_known(self._reports, left_out, people.SAY_WHOSE)
        yield from left_out.skipped
        for stored in chosen:
            user = self._user(stored.student)
            if not user:
                yield Skipped(stored.id, f"it is not known who {stored.student} is in the LMS.")
            else:
                report = stored.report
                text = report_text(report, self._detail)
                zero = people.is_zero(report)
                yield Item(stored.id, user, scaled_score(report), report.max_score, text, zero=zero)

    def send(self, item: Item) -> None:
        """One POST to the line item's scores."""
        import requests  # type: ignore[import-untyped, unused-ignore]

        grade = self._grade_type()
        grade.set_score_given(item.score).set_score_maximum(item.maximum).set_user_id(item.user)
        grade.set_activity_progress("Completed").set_grading_progress("FullyGraded")
        # Two scores within a second have to be in order, so the time has its fractions.
        grade.set_timestamp(datetime.now(UTC).isoformat(timespec="microseconds")).set_comment(item.comment)
        try:
            self._service.put_grade(grade)
        except self._error_type as error:
            raise self._problem(error.response.status_code) from None
        except (requests.RequestException, json.JSONDecodeError) as error:
            raise TryAgain(f"the LMS could not be reached ({type(error).__name__}).") from None

    def has(self, item: Item) -> bool:
        """Not asked: sending again does no harm."""
        return False

    def _problem(self, status: int) -> Exception:
        if status in _BUSY:
            return TryAgain(f"the LMS is busy (HTTP {status}).")
        if status == 401 and self._tokens():
            self._tokens().clear()  # expired: the next try fetches a new one
            return TryAgain("the LMS's access token had expired.", 0.0)
        if status in (400, 401) and not self._tokens():
            return UsageError(
                f"the LMS gives no access token (HTTP {status}): check client id, key and key id."
            )
        return Refused(f"the LMS refused the score (HTTP {status}).")

    def _tokens(self) -> dict[str, str]:
        """The access tokens of this run."""
        tokens: dict[str, str] = self._service._service_connector.tokens
        return tokens

    def _user(self, student: str | None) -> str:
        if self._settings.users is None:
            return student or ""
        return self._settings.users.get((student or "").casefold(), "")


def _users(path: Path) -> dict[str, str]:
    try:
        rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise UsageError("the file that LTI_USERS names cannot be read as CSV (student,sub).") from None
    return {row[0].strip().casefold(): row[1].strip() for row in rows if len(row) >= 2}


def _connect(settings: Settings) -> tuple[Any, Any, Any]:
    """(service, type of a grade, type of the library's error)."""
    try:
        from pylti1p3.assignments_grades import AssignmentsGradesService  # type: ignore[import-not-found, unused-ignore]
        from pylti1p3.exception import LtiServiceException  # type: ignore[import-not-found, unused-ignore]
        from pylti1p3.grade import Grade  # type: ignore[import-not-found, unused-ignore]
        from pylti1p3.registration import Registration  # type: ignore[import-not-found, unused-ignore]
        from pylti1p3.service_connector import ServiceConnector  # type: ignore[import-not-found, unused-ignore]
        from requests import Session
    except ImportError:
        raise UsageError("pushing through LTI needs pylti1p3next: pip install 'whywrong[lti]'.") from None

    class _Connector(ServiceConnector):  # type: ignore[misc, unused-ignore]
        """Keeps the access token for this run."""

        tokens: dict[str, str] = {}  # noqa: RUF012 - set for each connector below

        def _get_cached_access_token(self, scope_key: str) -> str | None:
            return self.tokens.get(scope_key)

        def _cache_access_token(self, scope_key: str, access_token: str, expires_in: float) -> None:
            self.tokens[scope_key] = access_token

    class _KeyedRegistration(Registration):  # type: ignore[misc, unused-ignore]
        """The key id as the LMS has it; none where it wants none."""

        def get_kid(self) -> str | None:
            return settings.key_id or None

    _check_key(settings.key)
    registration = _KeyedRegistration()
    registration.set_issuer(settings.issuer).set_client_id(settings.client_id)
    registration.set_auth_token_url(settings.token_url).set_tool_private_key(settings.key.reveal())
    connector = _Connector(registration, limit(Session()))
    connector.tokens = {}
    service = AssignmentsGradesService(connector, {"scope": [_SCOPE], "lineitem": settings.lineitem})
    return service, Grade, LtiServiceException


def _check_key(key: Secret) -> None:
    """UsageError for what is no RSA key; the library's own error could quote it."""
    import jwt  # type: ignore[import-not-found, unused-ignore]

    try:
        jwt.encode({"iss": "test"}, key.reveal(), algorithm="RS256")
    except Exception:  # noqa: BLE001 - the libraries below have many kinds
        raise UsageError("LTI_PRIVATE_KEY is no RSA private key in PEM form.") from None
