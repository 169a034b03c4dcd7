"""What has changed since the folder's last run, and makes its results count no longer: told, not done in silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grader.batch.engine import JobSpec
from grader.model import Report


def changed_since(out: Path, template: Report, spec: JobSpec) -> str:
    """One sentence on what is other than in the folder's run.json; empty where nothing is, or no run has ended."""
    try:
        before = json.loads((out / "run.json").read_bytes())
        rubric, tier = before["rubric"]["sha256"], before["isolation"]["tier"]
        then = (before["seed"], rubric, before["grader_version"], before["detail"], tier)
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    now = (spec.seed, template.rubric.sha256, template.grader_version, spec.detail, template.isolation.tier)
    names = ("the seed", "the rubric", "the grader's version", "the level of feedback", "the isolation")
    told = [_told(name, *both) for name, *both in zip(names, then, now, strict=True) if both[0] != both[1]]
    return (
        f"Changed since the last run: {', '.join(told)}. What was graded so is graded anew." if told else ""
    )


def _told(name: str, then: Any, now: Any) -> str:
    """A digest says nothing to a person, so a rubric's is left out."""
    return name if name == "the rubric" else f"{name} ({then}, now {now})"
