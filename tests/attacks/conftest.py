"""One sandbox for each tier, shared by all attacks on it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

collect_ignore_glob = [] if sys.platform == "linux" else ["test_attack_*.py"]

if sys.platform == "linux":
    from attack_arena import RESULTS, Arena, become_subreaper

    from grader.errors import NotIsolated

    @pytest.fixture(scope="session")
    def arenas() -> Iterator[Callable[[str], Arena]]:
        """The arena of a tier, opened when it is first asked for."""
        opened: dict[str, Arena] = {}

        def of(tier: str) -> Arena:
            if tier not in opened:
                opened[tier] = Arena(tier)
            return opened[tier]

        yield of
        for one in opened.values():
            one.close()
        if "ATTACK_RESULTS" in os.environ:
            Path(os.environ["ATTACK_RESULTS"]).write_text(json.dumps(RESULTS))

    @pytest.fixture(scope="session", autouse=True)
    def nothing_gets_away() -> Iterator[None]:
        """Whatever loses its parent below us becomes our child, where it is seen."""
        become_subreaper(True)
        yield
        become_subreaper(False)

    @pytest.fixture
    def arena(request: pytest.FixtureRequest, arenas: Callable[[str], Arena]) -> Arena:
        """The arena of the tier that the test names.

        Skipped where the machine does not have that tier; but tiers in ATTACK_TIERS must be there.
        """
        try:
            return arenas(request.param)
        except NotIsolated as error:
            if request.param in os.environ.get("ATTACK_TIERS", "").split():
                raise
            pytest.skip(str(error))
