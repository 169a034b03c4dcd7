"""What is told of a shape that student code has chosen: on hidden inputs it could hold them."""

import pytest

from grader.judge.compare import shape_text


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ((7, 4), "shape (7, 4), (4, 7) is wanted"),
        ((4,), "shape (4,), (4, 7) is wanted"),
        ((11, 1), "shape (11, 1), (4, 7) is wanted"),
        ((36, 51), "shape (many, many), (4, 7) is wanted"),
        ((1, 2, 3, 4), "an array of more than 3 axes, shape (4, 7) is wanted"),
    ],
)
def test_sizes_that_no_test_has_are_not_told(found: tuple[int, ...], told: str) -> None:
    assert shape_text(found, (4, 7)) == told


def test_sizes_of_the_right_one_are() -> None:
    assert shape_text((50, 40), (40, 50)) == "shape (50, 40), (40, 50) is wanted"
