"""What counts as a right random initialisation, whatever the draw."""

from __future__ import annotations

import numpy as np
import pytest
from grading_world import GradeCells

from grader.judge.compare import Difference
from grader.judge.random_init import IN_COMMON, compare_random

SMALL, LARGE = (4, 5), (30, 40)


def drawn(shape: tuple[int, int], seed: int, scale: float = 0.01) -> dict[int, np.ndarray]:
    return {1: np.random.default_rng(seed).normal(size=shape) * scale}


@pytest.mark.parametrize("shape", [SMALL, (5, 6), (20, 20), LARGE])
def test_chance_alone_says_nothing_against_a_right_one(shape: tuple[int, int]) -> None:
    """A class shares its seed: a draw that is judged wrong would be wrong for all of them."""
    wrong = [
        seed
        for seed in range(5_000)
        if compare_random(drawn(shape, seed), drawn(shape, -1 - seed & 0xFFFFFFFF), 1e-6)
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("shape", "scale"), [(SMALL, 1.0), (SMALL, 1e-4), (LARGE, 1.0), (LARGE, 0.014), (LARGE, 0.007)]
)
def test_another_scale_is_seen(shape: tuple[int, int], scale: float) -> None:
    assert all(
        compare_random(drawn(shape, seed), drawn(shape, 1000 + seed, scale), 1e-6) for seed in range(100)
    )


def test_a_mean_and_a_distribution_of_its_own_are_seen_in_large_arrays() -> None:
    for seed in range(100):
        rng = np.random.default_rng(seed)
        for other in (rng.uniform(size=LARGE) * 0.02, rng.uniform(-1, 1, size=LARGE) * 0.01 * np.sqrt(3)):
            assert compare_random(drawn(LARGE, 1000 + seed), {1: other}, 1e-6)


def test_an_entry_that_repeats_is_no_draw() -> None:
    got = drawn(SMALL, 1)
    got[1][3, 4] = got[1][0, 0]
    assert compare_random(drawn(SMALL, 0), got, 1e-6)


@pytest.mark.parametrize("factor", [-1.0, 1.01])
@pytest.mark.parametrize("turned", [False, True])
def test_two_units_that_begin_alike_are_no_draw(factor: float, turned: bool) -> None:
    got = drawn((4, 30), 1)[1]
    got[3] = factor * got[0]
    wanted = drawn((4, 30), 0)[1]
    assert compare_random({1: wanted.T if turned else wanted}, {1: got.T if turned else got}, 1e-6)


def test_a_uniform_draw_and_a_normal_one_are_told_apart_whichever_is_wanted() -> None:
    normal = drawn(LARGE, 0)
    uniform = {1: np.random.default_rng(1).uniform(-1, 1, size=LARGE) * 0.01 * np.sqrt(3)}
    assert compare_random(normal, uniform, 1e-6)
    assert compare_random(uniform, normal, 1e-6)


SEEDED_AGAIN = """def initialize_parameters_deep(layer_dims):
    parameters = {{}}
    for l in range(1, len(layer_dims)):
        np.random.seed({seed})
        parameters["W" + str(l)] = np.random.randn({sizes}){scale}
        parameters["b" + str(l)] = np.zeros((layer_dims[l], 1))
    return parameters
"""


BY_ROWS, BY_COLUMNS = "layer_dims[l], layer_dims[l - 1]", "layer_dims[l - 1], layer_dims[l]"


@pytest.mark.parametrize(
    ("sizes", "scale"),
    [(BY_ROWS, " * 0.01"), (BY_ROWS, " / 100"), (BY_ROWS, " * 0.01 * l ** 0.1"), (BY_COLUMNS, ".T * 0.01")],
)
def test_the_same_draws_in_every_layer_are_no_initialisation(
    grade_functions: GradeCells, sizes: str, scale: str
) -> None:
    written = SEEDED_AGAIN.format(seed=3, sizes=sizes, scale=scale)
    function = grade_functions(initialize_parameters_deep=written)["initialize_parameters_deep"]
    assert function.status == "failed"
    wrong = next(one.detail for one in function.components if one.status == "failed")
    assert wrong.startswith("Two layers start with the same random numbers: is the seed set again")


def test_a_seed_of_each_layers_own_is_right(grade_functions: GradeCells) -> None:
    written = SEEDED_AGAIN.format(seed="l", sizes=BY_ROWS, scale=" * 0.01")
    assert (
        grade_functions(initialize_parameters_deep=written)["initialize_parameters_deep"].status == "passed"
    )


def test_layers_of_one_seed_are_right_whatever_it_is() -> None:
    for seed in range(2_000):
        rng, other = np.random.default_rng(seed), np.random.default_rng(5_000 + seed)
        shapes = [(3, 2), (4, 3), (3, 4), (1, 7)]
        got, wanted = (
            {l: one.normal(size=size) * 0.01 for l, size in enumerate(shapes, 1)} for one in (rng, other)
        )
        assert compare_random(wanted, got, 1e-6) is None


def test_numbers_of_any_size_are_compared_quietly() -> None:
    """A division by the first of them may overflow."""
    wanted = {1: drawn((2, 3), 0)[1], 2: drawn((2, 3), 1)[1]}
    got = {number: value.copy() for number, value in wanted.items()}
    got[1][0, 0], got[1][1, 2] = 1e-300, 1e300
    with np.errstate(all="raise"):
        assert compare_random(wanted, got, 1e-6) is None


@pytest.mark.parametrize("scale", [1.0, 0.3])
@pytest.mark.parametrize("down", [1, 3])
def test_layers_cut_from_one_table_have_numbers_in_common(scale: float, down: int) -> None:
    table = np.random.default_rng(3).normal(size=(60, 60)) * 0.01
    rng = np.random.default_rng(4)
    wanted = {1: rng.normal(size=(50, 60)) * 0.01, 2: rng.normal(size=(40, 50)) * 0.01 * scale}
    got = {1: table[:50], 2: scale * table[down : 40 + down, :50]}
    assert compare_random(wanted, got, 1e-6) == Difference("value", IN_COMMON, (2,))
    got[2] = np.random.default_rng(5).normal(size=(40, 50)) * 0.01 * scale
    assert compare_random(wanted, got, 1e-6) is None


@pytest.mark.parametrize("factor", [4.1234567e-200, 0.0123, 0.6789, 1.414, 7.654, 153.21, 1234567.0])
def test_of_a_wrong_spread_no_more_than_one_digit_is_told(factor: float) -> None:
    difference = compare_random(drawn(LARGE, 1), drawn(LARGE, 2, 0.01 * factor), 1e-6)
    assert difference is not None
    assert sum(digit in "123456789" for digit in difference.detail) <= 1
