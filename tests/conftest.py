"""A warning is an error: on a student's screen it would be one of ours. Platforms' own software may warn."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("platform") is None:
            item.add_marker(pytest.mark.filterwarnings("error"), append=False)
