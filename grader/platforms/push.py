"""A graded folder → the LMS itself, through its API."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from grader.errors import UsageError
from grader.export.folder import ReportFolder, gone_ids, graded_detail, known_ids, most_detail_of
from grader.platforms.pushing import Ledger, Pace, PushSummary, Target, push

SERVICES = ("canvas", "lti")


def push_folder(
    folder: Path,
    service: str,
    *,
    detail: str | None = None,
    dry_run: bool = False,
    env: Mapping[str, str] | None = None,
    pace: Pace | None = None,
) -> PushSummary:
    """Send the results of a graded folder to `canvas` or `lti`; settings and secrets come from the environment.

    DIR/exports/SERVICE/pushed.jsonl keeps what was sent: running it again sends what is new or changed.
    A dry run asks the LMS but changes nothing. Raises UsageError (a setting, a token) and CannotGrade.
    """
    env = os.environ if env is None else env
    reports = ReportFolder(folder, gone_ids(folder), most_detail_of(folder), known_ids(folder))
    target = _target(service, reports, graded_detail(folder, detail), env)
    ledger = Ledger(folder / "exports" / service / "pushed.jsonl")
    summary = push(target, ledger, dry_run=dry_run, pace=pace)
    return replace(summary, skipped=(*reports.damaged(), *reports.missing(), *summary.skipped))


def _target(service: str, reports: ReportFolder, detail: str, env: Mapping[str, str]) -> Target:
    if service == "canvas":
        from grader.platforms import canvas_push

        return canvas_push.CanvasTarget(canvas_push.Settings.read(env), reports, detail)
    if service == "lti":
        from grader.platforms import lti_push

        return lti_push.LtiTarget(lti_push.Settings.read(env), reports, detail)
    raise UsageError(f"nothing can be pushed to {service!r}. Services: {', '.join(SERVICES)}.")
