"""An empty world for each test of `grader run`."""

from __future__ import annotations

from pathlib import Path

import pytest
from platform_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "work").mkdir()
    return World(tmp_path)
