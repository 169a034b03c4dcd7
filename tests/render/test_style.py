"""The pages' colours can be read, in the light and in the dark."""

import re
from importlib import resources
from itertools import product

import pytest

CSS = resources.files("grader.render.html").joinpath("templates/base.css").read_text()
LIGHT, DARK, PAPER = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", block))
    for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


PAIRS = [
    *product(("ink", "soft", "accent", "good", "bad", "warn"), ("bg", "card", "code")),
    ("good", "good-bg"), ("soft", "good-bg"), ("bad", "bad-bg"), ("warn", "warn-bg"),
]  # fmt: skip


@pytest.mark.parametrize("scheme", [LIGHT, DARK, LIGHT | PAPER], ids=["light", "dark", "paper"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out(scheme, text, ground):
    assert contrast(scheme[text], scheme[ground]) >= 4.5


def test_the_schemes_define_the_same_colours():
    assert set(DARK) == set(LIGHT) >= set(PAPER)
