"""A graded folder → the LMS itself, through its API."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.errors import GraderError, UsageError
from grader.export.folder import ReportFolder, gone_ids, graded_detail
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
    reports = ReportFolder(folder, gone_ids(folder))
    target = _target(service, reports, graded_detail(folder, detail), env)
    ledger = Ledger(folder / "exports" / service / "pushed.jsonl")
    summary = push(target, ledger, dry_run=dry_run, pace=pace)
    unread = (*reports.damaged(), *reports.missing())
    return PushSummary(
        summary.sent, summary.unchanged, (*unread, *summary.skipped), summary.failed, summary.dry_run
    )


def _target(service: str, reports: ReportFolder, detail: str, env: Mapping[str, str]) -> Target:
    if service == "canvas":
        from grader.platforms import canvas_push

        return canvas_push.CanvasTarget(canvas_push.Settings.read(env), reports, detail)
    if service == "lti":
        from grader.platforms import lti_push

        return lti_push.LtiTarget(lti_push.Settings.read(env), reports, detail)
    raise UsageError(f"nothing can be pushed to {service!r}. Services: {', '.join(SERVICES)}.")


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m grader.platforms.push SERVICE DIR`; everything else comes from the environment."""
    parser = argparse.ArgumentParser(prog="python -m grader.platforms.push", description=main.__doc__)
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--detail", choices=("nudge", "explanation", "fix"))
    parser.add_argument("--dry-run", action="store_true", help="ask the LMS, and send nothing")
    given = parser.parse_args(arguments)
    try:
        summary = push_folder(given.folder, given.service, detail=given.detail, dry_run=given.dry_run)
    except GraderError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted: what was sent is written down; run it again to go on.", file=sys.stderr)
        return 130
    for line in told(summary):
        print(line, file=sys.stderr)
    return 3 if summary.failed else 0


def told(summary: PushSummary) -> list[str]:
    """How it went, in lines for a person."""
    sent = "would be sent" if summary.dry_run else "sent"
    lines = [f"{len(summary.sent)} {sent}, {len(summary.unchanged)} unchanged since the last time."]
    lines += [f"left out: {one.what}: {one.reason}" for one in summary.skipped]
    return lines + [f"failed: {one.what}: {one.reason}" for one in summary.failed]


if __name__ == "__main__":
    sys.exit(main())
