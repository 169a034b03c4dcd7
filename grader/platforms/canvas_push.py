"""Canvas through its API: grade, comment and rubric assessment of each student. Needs `canvasapi`.

Settings: CANVAS_URL, CANVAS_COURSE, CANVAS_ASSIGNMENT (numbers from the address of the assignment's page)
and the token in the file that CANVAS_API_TOKEN_FILE names (or in CANVAS_API_TOKEN).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from grader.errors import CannotGrade, UsageError
from grader.export import people
from grader.export.base import Reports, Skipped, StoredReport
from grader.export.nbgrader import function_of
from grader.export.scores import plain_number, scaled_score, tidy
from grader.export.sheet import Line, Sheet
from grader.model import FunctionReport, Report
from grader.platforms.credentials import Secret, read_secret, safe_url, setting
from grader.platforms.patience import limit
from grader.platforms.pushing import Item, Refused, TryAgain
from grader.render import words
from grader.render.escape import one_line
from grader.render.plain import report_text


@dataclass(frozen=True, slots=True)
class Settings:
    """Where and with what token. The token is in no repr."""

    url: str
    course: str
    assignment: str
    token: Secret
    comments: bool = True
    rubric: bool = True

    @classmethod
    def read(cls, env: Mapping[str, str]) -> Settings:
        """From the environment. UsageError says what is missing."""
        page = "in the address of the assignment's page, …/courses/COURSE/assignments/ASSIGNMENT"
        return cls(
            safe_url(env, "CANVAS_URL", "the address of your Canvas, such as https://canvas.example.edu"),
            setting(env, "CANVAS_COURSE", f"the course's number: it stands {page}"),
            setting(env, "CANVAS_ASSIGNMENT", f"the assignment's number: it stands {page}"),
            read_secret(
                env, "CANVAS_API_TOKEN", "Canvas's access token (Account, Settings, New Access Token)"
            ),
        )


class CanvasTarget:
    """One assignment. Students are found as in a gradebook: by id, SIS id, login, e-mail address, name."""

    def __init__(self, settings: Settings, reports: Reports, detail: str) -> None:
        self._settings = settings
        self._reports = reports
        self._detail = detail
        self.name = f"canvas {settings.url} {settings.course}/{settings.assignment}"
        self._api, self._errors, self._requester = _connect(settings)
        self._assignment = self._ask(self._find_assignment)

    def items(self) -> Iterator[Item | Skipped]:
        """Every student with a report, by Canvas's own user number; who is excused is skipped."""
        sheet, rows = self._ask(self._people)
        index = people.index(sheet, range(4), [4, 5], rows, platform="canvas")
        excused = self._ask(self._excused)
        notes = _Notes()
        filled = people.matched(self._reports, index, notes)
        yield from notes.skipped
        for row, stored in filled.items():
            user = sheet.cell(row, 0)
            if user in excused:
                yield Skipped(stored.id, "Canvas has the student excused.")
            else:
                yield self._item(user, stored)

    def send(self, item: Item) -> None:
        """One PUT: the grade, and a comment and a rubric assessment where wanted."""
        fields: dict[str, Any] = {"submission": {"posted_grade": plain_number(item.score, 2)}}
        if item.comment:
            fields["comment"] = {"text_comment": item.comment}
        if item.parts:
            fields["rubric_assessment"] = {
                name: {"points": plain_number(points, 2), "comments": text}
                for name, points, text in item.parts
            }
        self._once(lambda: self._submission(item.user).edit(**fields))

    def has(self, item: Item) -> bool:
        """Whether the student's page has this comment: then an earlier try arrived after all."""
        if not item.comment:
            return False
        found = self._ask(lambda: self._assignment.get_submission(item.user, include=["submission_comments"]))
        comments = getattr(found, "submission_comments", None) or []
        return any(one.get("comment", "").strip() == item.comment.strip() for one in comments)

    def _item(self, user: str, stored: StoredReport) -> Item:
        maximum = float(getattr(self._assignment, "points_possible", None) or stored.report.max_score)
        comment = report_text(stored.report, self._detail) if self._settings.comments else ""
        parts = tuple(self._criteria(stored)) if self._settings.rubric else ()
        score = scaled_score(stored.report, maximum)
        return Item(stored.id, user, score, maximum, comment, parts, people.is_zero(stored.report))

    def _criteria(self, stored: StoredReport) -> Iterator[tuple[str, float, str]]:
        """A criterion whose description names a function gets the function's part of its points."""
        for criterion in getattr(self._assignment, "rubric", None) or []:
            function = function_of(str(criterion.get("description", "")), stored.report.functions)
            if function is not None and function.max_score > 0:
                points = float(criterion.get("points") or 0) * function.score / function.max_score
                text = "" if function.status == "passed" else _headline(stored.report, function)
                yield str(criterion["id"]), tidy(points), text

    # ------------------------------------------------------------------------- talking to Canvas

    def _find_assignment(self) -> Any:
        return self._api.get_course(self._settings.course).get_assignment(self._settings.assignment)

    def _people(self) -> tuple[Sheet, list[int]]:
        """The course's students as a table: id, SIS id, login, e-mail, name, name to sort by."""
        fields = ("id", "sis_user_id", "login_id", "email", "name", "sortable_name")
        users = self._api.get_course(self._settings.course).get_users(enrollment_type=["student"])
        cells = [[str(getattr(user, field, None) or "") for field in fields] for user in users]
        sheet = Sheet([Line(list(fields), "\n"), *(Line(row, "\n") for row in cells)], ",", "utf-8")
        return sheet, list(sheet.rows())

    def _excused(self) -> set[str]:
        submissions = self._assignment.get_submissions()
        return {str(one.user_id) for one in submissions if getattr(one, "excused", False)}

    def _submission(self, user: str) -> Any:
        from canvasapi.submission import Submission  # type: ignore[import-not-found, unused-ignore]

        place = {
            "course_id": self._settings.course,
            "assignment_id": self._settings.assignment,
            "user_id": user,
        }
        return Submission(self._requester, place)

    def _ask(self, call: Any) -> Any:
        """A question, asked again a few times while Canvas is busy. CannotGrade when it stays so."""
        problem = ""
        for _ in range(3):
            try:
                return self._once(call)
            except TryAgain as error:
                problem = str(error)
            except Refused as error:
                raise UsageError(
                    f"Canvas refused: {error} Check CANVAS_COURSE and CANVAS_ASSIGNMENT."
                ) from None
        raise CannotGrade(f"Canvas could not be asked: {problem} Run the same command again later.")

    def _once(self, call: Any) -> Any:
        """One request, its errors as ours. No text of an error holds the token."""
        import requests  # type: ignore[import-untyped, unused-ignore]

        errors = self._errors
        try:
            return call()
        except (errors.InvalidAccessToken, errors.Unauthorized):
            raise UsageError(
                "Canvas does not accept the token: it is wrong, expired, or may not grade here."
            ) from None
        except errors.RateLimitExceeded:
            raise TryAgain("Canvas asks for a slower pace.") from None
        except errors.Forbidden as error:
            if "rate limit" in str(error).casefold():  # Canvas's answer until 2025
                raise TryAgain("Canvas asks for a slower pace.") from None
            raise Refused(self._clean("the token may not do this", error)) from None
        except (
            errors.BadRequest,
            errors.ResourceDoesNotExist,
            errors.Conflict,
            errors.UnprocessableEntity,
        ) as error:
            raise Refused(self._clean(type(error).__name__, error)) from None
        except errors.CanvasException as error:
            raise TryAgain(self._clean("Canvas has trouble", error), unsure=True) from None
        except ValueError:  # before the next: requests' own is both
            raise TryAgain(
                "what answers at CANVAS_URL is no Canvas: it sends no JSON.", unsure=True
            ) from None
        except requests.RequestException as error:
            raise TryAgain(f"Canvas could not be reached ({type(error).__name__}).", unsure=True) from None

    def _clean(self, what: str, error: Exception) -> str:
        text = one_line(self._settings.token.scrub(str(error)), 200).rstrip(".")
        return f"{what}: {text}."


def _headline(report: Report, function: FunctionReport) -> str:
    return words.verdict(report) if report.status == "ungradable" else "; ".join(words.headlines(function))


class _Notes:
    """A sink that keeps what was left out."""

    def __init__(self) -> None:
        self.skipped: list[Skipped] = []

    def write(self, name: str, data: Any) -> None:
        raise NotImplementedError

    def skip(self, what: str, reason: str) -> None:
        self.skipped.append(Skipped(what, reason.replace("gradebook", "course's list of students")))

    def note(self, text: str) -> None:
        """Nothing here has remarks."""


def _connect(settings: Settings) -> tuple[Any, Any, Any]:
    """(Canvas, its errors, its requester), with a limit to how long an answer may take."""
    try:
        import canvasapi  # type: ignore[import-not-found, unused-ignore]
        from canvasapi import exceptions
    except ImportError:
        raise UsageError("pushing to Canvas needs canvasapi: pip install 'whywrong[canvas]'.") from None

    # Its debug log holds the end of the token and all that is sent.
    logging.getLogger("canvasapi").setLevel(logging.WARNING)
    api = canvasapi.Canvas(settings.url, settings.token.reveal())
    requester = api._Canvas__requester  # canvasapi has no other way to a time limit
    limit(requester._session)
    return api, exceptions, requester
