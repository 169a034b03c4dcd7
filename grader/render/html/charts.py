"""Geometry of the histogram: numbers only, the template draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from grader.render import words

WIDTH, HEIGHT = 480.0, 230.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 8.0, 14.0, 34.0


class Column(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    label: str
    number: int


class Tick(NamedTuple):
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """Everything in the SVG's own units; `median` is where the line stands."""

    columns: list[Column]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    median: float
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    top: float = _TOP
    bottom: float = HEIGHT - _BOTTOM


def histogram(counts: Sequence[int], maximum: float, median: float) -> Histogram:
    """Columns for counts of equal bins between 0 and `maximum`."""
    step = nice_step(max(counts, default=0))
    top = step * -(-max(counts, default=1) // step) or step
    return Histogram(
        columns=_columns(counts, maximum, top),
        x_ticks=[Tick(_x(share), words.number(share * maximum)) for share in (0, 0.2, 0.4, 0.6, 0.8, 1)],
        y_ticks=[Tick(_y(value / top), f"{value:,}") for value in range(0, top + 1, step)],
        median=_x(median / maximum if maximum else 0),
    )


def nice_step(largest: int) -> int:
    """1, 2 or 5 times a power of ten, so that two to five steps reach `largest`."""
    step = 1
    for factor in _FACTORS:
        if step * 4 >= largest:
            break
        step = factor
    return step


_FACTORS = [digit * 10**power for power in range(9) for digit in (1, 2, 5)]


def _columns(counts: Sequence[int], maximum: float, top: int) -> list[Column]:
    width = (WIDTH - _LEFT - _RIGHT) / max(len(counts), 1)
    edges = [words.number(maximum * index / len(counts)) for index in range(len(counts) + 1)]
    return [
        Column(
            round(_LEFT + index * width + 1, 2), _y(count / top), round(width - 2, 2),
            round(HEIGHT - _BOTTOM - _y(count / top), 2), f"{edges[index]} to {edges[index + 1]}", count,
        )
        for index, count in enumerate(counts)
    ]  # fmt: skip


def _x(share: float) -> float:
    return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 2)


def _y(share: float) -> float:
    return round(HEIGHT - _BOTTOM - share * (HEIGHT - _BOTTOM - _TOP), 2)
