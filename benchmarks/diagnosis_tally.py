"""Counts of a run of benchmarks/diagnosis.py, their intervals, and the tables that show them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.diagnosis_styles import Case
from grader.model import Diagnosis, Report

RIGHT_KINDS = ("clean", "ok", "j", "equal")
BUG_KINDS = ("bug", "pair")
UNKNOWN_KINDS = ("x", "mutant")
_BLANK = frozenset({"not-implemented", "loop-left-empty"})
#: Another scale may be meant (`sure: false` in its file).
_UNSURE = frozenset({"init-scale-other"})
_SURE = ("matched", "proved")


@dataclass(frozen=True, slots=True)
class Result:
    """One graded case. `untrue` are ids that a check apart from the grader found not to be true."""

    case: Case
    report: Report
    untrue: frozenset[str] = frozenset()

    @property
    def full_marks(self) -> bool:
        passed = all(function.status == "passed" for function in self.report.functions)
        return self.report.status == "graded" and passed and self.report.score == self.report.max_score

    @property
    def caught(self) -> bool:
        return any(function.status != "passed" for function in self.report.functions)

    def diagnoses(self) -> list[Diagnosis]:
        return [one for function in self.report.functions for one in function.diagnoses]

    @property
    def sure(self) -> frozenset[str]:
        return frozenset(one.misconception for one in self.diagnoses() if one.evidence in _SURE)

    @property
    def found(self) -> frozenset[str]:
        return frozenset(one.misconception for one in self.diagnoses())

    @property
    def suspected(self) -> bool:
        return any(one.evidence == "suspected" for one in self.diagnoses())

    @property
    def named(self) -> frozenset[str]:
        """The sure ids; a blank is told by its status, and what the rubric never states as sure is enough."""
        by_name = {function.name: function.status for function in self.report.functions}
        blank = any(by_name.get(name) == "not-implemented" for name in self.case.functions)
        told = _BLANK & self.case.expected if blank else frozenset[str]()
        return self.sure | told | (_UNSURE & self.case.expected & self.found)

    @property
    def good(self) -> bool:
        """Whether this is what the case's label asks for."""
        if self.case.kind in RIGHT_KINDS:
            kept = self.case.kind != "j" or self.report.convention == "J"
            return self.full_marks and not self.sure and kept
        if self.case.kind in BUG_KINDS:
            return self.caught and self.named == self.case.expected
        return self.caught and not self.untrue

    def proved(self) -> int:
        ids = {one.misconception for one in self.diagnoses() if one.evidence == "proved"}
        return len(ids & self.case.expected)

    def placed(self) -> int:
        """How many expected ids are proved at an edited line (or the next: a statement may span lines)."""
        spots = dict(self.case.places)
        return sum(self._at(name, spots.get(name, ())) for name in self.case.expected)

    def _at(self, name: str, spots: Sequence[tuple[int, int]]) -> bool:
        return any(
            one.location is not None
            and any(one.location.cell == c and abs((one.location.line or -9) - n) <= 1 for c, n in spots)
            for one in self.diagnoses()
            if one.misconception == name and one.evidence == "proved"
        )


# ------------------------------------------------------------------------------- intervals


def interval(hits: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """The Clopper–Pearson interval of a proportion."""
    if total == 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - _at_most(hits - 1, total, p) - tail)
    high = 1.0 if hits == total else _solve(lambda p: tail - _at_most(hits, total, p))
    return low, high


def _solve(increasing: object) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if increasing(middle) < 0:  # type: ignore[operator]
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_most(hits: int, total: int, p: float) -> float:
    """P(X ≤ hits) of a binomial distribution."""
    if p <= 0 or p >= 1:
        return 1.0 if p <= 0 or hits >= total else 0.0
    logs = (
        math.lgamma(total + 1)
        - math.lgamma(k + 1)
        - math.lgamma(total - k + 1)
        + k * math.log(p)
        + (total - k) * math.log1p(-p)
        for k in range(hits + 1)
    )
    return min(1.0, math.fsum(math.exp(value) for value in logs))


def share(hits: int, total: int) -> str:
    """`97.3 % [96.1, 98.2] (712/732)`."""
    if not total:
        return "—"
    low, high = interval(hits, total)
    return f"{100 * hits / total:.1f} % [{100 * low:.1f}, {100 * high:.1f}] ({hits}/{total})"


# ------------------------------------------------------------------------------- tables


@dataclass
class Counts:
    """Sums over results."""

    n: Counter[str] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        kind = result.case.kind
        if kind in RIGHT_KINDS:
            self.n.update(
                {"right": 1, "right good": int(result.good), f"{kind}": 1, f"{kind} good": int(result.good)}
            )
        elif kind in BUG_KINDS:
            self._add_bug(result, kind)
        else:
            self.n.update(
                {
                    "unknown": 1,
                    "unknown caught": int(result.caught),
                    "unknown untrue": int(bool(result.untrue)),
                }
            )
            self.n.update({"unknown named": int(bool(result.sure))})

    def _add_bug(self, result: Result, kind: str) -> None:
        wrong = result.sure - result.case.expected
        self.n.update(
            {
                kind: 1,
                f"{kind} exact": int(result.good),
                "caught": int(result.caught),
                "wrong": 1,
                "issued": len(result.sure),
                "issued true": len(result.sure) - len(wrong),
                "ids": len(result.case.expected),
                "proved": result.proved(),
                "placed": result.placed(),
                "suspected": int(result.suspected),
            }
        )


def counted(results: Iterable[Result]) -> Counts:
    counts = Counts()
    for result in results:
        counts.add(result)
    return counts


ROWS = (
    ("right: full marks, no diagnosis, J told as J", "right good", "right"),
    ("· of these, as written", "clean good", "clean"),
    ("· rewritten", "ok good", "ok"),
    ("· convention J", "j good", "j"),
    ("· changed without effect", "equal good", "equal"),
    ("catalogued errors: caught", "caught", "wrong"),
    ("single errors: named exactly", "bug exact", "bug"),
    ("pairs: named exactly", "pair exact", "pair"),
    ("ids issued: true (precision)", "issued true", "issued"),
    ("expected ids: proved", "proved", "ids"),
    ("expected ids: proved at the right line", "placed", "ids"),
    ("catalogued errors: left ambiguous (suspected)", "suspected", "wrong"),
    ("other errors: caught", "unknown caught", "unknown"),
    ("other errors: given a name that is not true", "unknown untrue", "unknown"),
    ("other errors: given a name that is true", "unknown named true", "unknown"),
)


def overall(results: Sequence[Result]) -> str:
    """One row a figure, with its interval."""
    n = counted(results).n
    n["unknown named true"] = n["unknown named"] - n["unknown untrue"]
    lines = ["| figure | share, 95 % interval, count |", "| --- | --- |"]
    return "\n".join([*lines, *(f"| {name} | {share(n[hits], n[total])} |" for name, hits, total in ROWS)])


def by_function(results: Sequence[Result], functions: Iterable[str]) -> str:
    """One row a function; pairs are left out, since they are in two."""
    head = "| function | caught | named exactly | precision | proved | at the right line | suspected |"
    head += " other errors caught | wrongly named |"
    lines = [head, "| --- " * 9 + "|"]
    for function in functions:
        n = counted(r for r in results if r.case.functions[:1] == (function,) and r.case.kind != "pair").n
        cells = [
            share(n["caught"], n["wrong"]),
            share(n["bug exact"], n["bug"]),
            share(n["issued true"], n["issued"]),
            share(n["proved"], n["ids"]),
            share(n["placed"], n["ids"]),
            f"{n['suspected']}/{n['wrong']}",
            share(n["unknown caught"], n["unknown"]),
            f"{n['unknown untrue']}/{n['unknown']}",
        ]
        lines.append(f"| {function} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def ablations(rows: Iterable[tuple[str, Sequence[Result]]]) -> str:
    lines = [
        "| variant | caught | named exactly | precision | right with full marks | other errors wrongly named |"
    ]
    lines.append("| --- " * 6 + "|")
    for name, results in rows:
        n = counted(results).n
        exact, wrong = n["bug exact"] + n["pair exact"], n["bug"] + n["pair"]
        cells = [
            share(n["caught"], n["wrong"]),
            share(exact, wrong),
            share(n["issued true"], n["issued"]),
            share(n["right good"], n["right"]),
            share(n["unknown untrue"], n["unknown"]),
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def miss(result: Result) -> str:
    """One line on a result that is not as its label asks."""
    statuses = ", ".join(f"{f.name}={f.status}" for f in result.report.functions if f.status != "passed")
    found = [f"{d.misconception}/{d.evidence}{_at(d)}" for d in result.diagnoses()]
    untrue = f" untrue {sorted(result.untrue)}" if result.untrue else ""
    return f"{result.case.kind} {result.case.name}: {', '.join(found) or 'no name'}; {statuses or 'full marks'}{untrue}"


def _at(diagnosis: Diagnosis) -> str:
    where = diagnosis.location
    return "" if where is None else f" at {where.cell}:{where.line} `{where.source.strip()[:60]}`"
