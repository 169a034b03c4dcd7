"""docs/authoring.md shows what `grader rubric new` writes, and has every key and every family of repairs."""

from __future__ import annotations

import re
from pathlib import Path

from grader.repairs.propose import FAMILY_NAMES
from grader.rubric import catalogue, load, starter

AUTHORING = Path(__file__).parents[2] / "docs" / "authoring.md"


def test_the_rubric_to_start_from_is_shown_as_it_is_written() -> None:
    text = AUTHORING.read_text(encoding="utf-8")
    assert f"```yaml\n{starter.RUBRIC}```" in text
    assert f"```yaml\n{starter.SUM}```" in text


def test_every_family_of_repairs_is_documented_once() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .+ \|$", AUTHORING.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name in FAMILY_NAMES if rows.count(name) != 1] == []


def test_every_key_is_documented() -> None:
    text = AUTHORING.read_text(encoding="utf-8")
    keys = {*load._RUBRIC_KEYS, *load._FUNCTION_KEYS, *catalogue._MISCONCEPTION_KEYS, *catalogue._FORM_KEYS}
    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []
