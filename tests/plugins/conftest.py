"""What the tests of the plugins share: samples, and namespaces as a notebook leaves them."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.rubric.load import load_source

SAMPLES = Path(__file__).parent.parent.parent / "sample_submissions" / "dnn-step-by-step"
Cells = Callable[..., dict[str, Any]]
_numbers = itertools.count()


@pytest.fixture
def samples() -> Path:
    return SAMPLES


@pytest.fixture
def reference() -> str:
    """A right solution as one cell."""
    return load_source("dnn").text


@pytest.fixture
def run_cells() -> Cells:
    """Executes cells one after the other, as a kernel does; gives their namespace."""

    def run(*sources: str) -> dict[str, Any]:
        namespace: dict[str, Any] = {"__name__": "__main__", "In": [""]}
        for source in sources:
            name = f"<cell-of-test-{next(_numbers)}>"
            namespace["In"].append(source)
            linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
            exec(compile(source, name, "exec"), namespace)
        return namespace

    return run
