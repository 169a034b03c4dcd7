"""A warning is an error: on a student's screen it would be one of ours."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Platforms' own software may warn, and attacks are not tidy."""
    for item in items:
        if item.get_closest_marker("platform") is None and "attacks" not in item.path.parts:
            item.add_marker(pytest.mark.filterwarnings("error"), append=False)
