"""Classroom 50's result.json: whole numbers only, so points are counted in hundredths."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from grader.export.scores import fraction, scaled
from grader.model import Report
from grader.render import words
from grader.render.escape import one_line
from grader.render.plain import case_text

#: Its key → the variable of the runner's environment.
_FROM_ENVIRONMENT = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "assignment_type": "ASSIGNMENT_TYPE",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}
_UNITS = 100


def result(
    report: Report, env: Mapping[str, str], now: datetime, *, detail: str = "explanation"
) -> dict[str, Any]:
    """One submission's result. `env` is the runner's environment, which says whose it is."""
    total = 100 * _UNITS
    data: dict[str, Any] = {key: env.get(name, "") for key, name in _FROM_ENVIRONMENT.items()}
    data |= {
        "schema": "classroom50/result/v1",
        "owner": env.get("OWNER") or env.get("USERNAME", ""),
        "datetime": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": round(fraction(report) * total),
        "max-score": total,
        "tests": [
            {
                "test-name": one_line(points.function.name, 100),
                "passed": points.function.status == "passed",
                "score": round(points.score),
                "max-score": round(points.max_score),
                "status": words.STATUS[points.function.status],
                "output": case_text(report, points.function, detail, why=number == 0),
            }
            for number, points in enumerate(scaled(report, total))
        ],
    }
    if not data["submission"].startswith("submit/"):
        data["submission"] = f"submit/{data['submission'] or 'unknown'}"
    return data
