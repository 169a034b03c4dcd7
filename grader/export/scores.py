"""Points as a platform counts them. A report's functions may sum to more than 100: its score says so already."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from grader.model import FunctionReport, Report


@dataclass(frozen=True, slots=True)
class Points:
    """What a function got, in units in which all functions of a report sum to the wanted total."""

    function: FunctionReport
    score: float
    max_score: float


def fraction(report: Report) -> float:
    """The score as a part of the maximum, 0 to 1."""
    return min(1.0, max(0.0, report.score / report.max_score)) if report.max_score > 0 else 0.0


def scaled_score(report: Report, total: float | None = None) -> float:
    """The score where the maximum is `total` (the report's own if None), to four decimals."""
    return tidy(fraction(report) * (report.max_score if total is None else total))


def scaled(report: Report, total: float | None = None) -> list[Points]:
    """Each function's points such that the maxima sum to `total`, as Gradescope and others want it."""
    wanted = report.max_score if total is None else total
    have = sum(function.max_score for function in report.functions)
    factor = wanted / have if have > 0 else 0.0
    return [Points(one, tidy(one.score * factor), tidy(one.max_score * factor)) for one in report.functions]


def tidy(value: float) -> float:
    """At most four decimals, and no negative zero."""
    return round(value, 4) + 0.0


def plain_number(value: float, decimals: int = 4) -> str:
    """A number for a gradebook: no exponent, no needless zeros."""
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def strict_json(value: Any, *, indent: int | None = 2) -> bytes:
    """UTF-8 JSON that every parser takes. ValueError for NaN and infinities, which Python would write bare."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return text.encode("utf-8", "replace") + b"\n"


def positive_number(cell: str) -> float | None:
    """A gradebook's number above 0, with a decimal point or comma: `10.5`, `10,5`, `1,000`, `1.000,5`; None for others."""
    text = cell.strip()
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", text):  # nobody gives 1,000 points as a decimal
        text = text.replace(",", "")
    elif re.fullmatch(r"\d{1,3}(\.\d{3})+,\d+", text):
        text = text.replace(".", "")
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if 0 < value < math.inf else None
