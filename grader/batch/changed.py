"""What has changed since the folder's last run, and makes its results count no longer: told, not done in silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grader.batch.engine import JobSpec
from grader.model import Report


def changed_since(out: Path, template: Report, spec: JobSpec, others: int = 0) -> str:
    """What is other than in the folder's run.json; empty where nothing is, or no run has ended.

    `others` reports in the folder are of files that this run was not given: they stay as they are.
    """
    try:
        before = json.loads((out / "run.json").read_bytes())
        rubric, tier = before["rubric"]["sha256"], before["isolation"]["tier"]
        then = (before["seed"], rubric, before["grader_version"], before["detail"], tier)
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    now = (spec.seed, template.rubric.sha256, template.grader_version, spec.detail, template.isolation.tier)
    names = ("the seed", "the rubric", "the grader's version", "the level of feedback", "the isolation")
    told = [_told(name, *both) for name, *both in zip(names, then, now, strict=True) if both[0] != both[1]]
    return f"Changed since the last run: {', '.join(told)}. {_what_follows(others)}" if told else ""


def _what_follows(others: int) -> str:
    if not others:
        return "What was graded so is graded anew."
    stay = "1 report of another file stays" if others == 1 else f"{others:,} reports of other files stay"
    return (
        f"What was graded so and is given now is graded anew; {stay} in the folder as before. "
        "Give all paths at once to have all graded alike."
    )


def _told(name: str, then: Any, now: Any) -> str:
    """A digest says nothing to a person, so a rubric's is left out."""
    return name if name == "the rubric" else f"{name} ({then}, now {now})"
