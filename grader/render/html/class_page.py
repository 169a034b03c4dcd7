"""Reports of a class → one self-contained HTML file for the instructor. Pure.

The charts and lists are in the page itself; the table of students is drawn by the page's own small script
from compact JSON, so that thousands of students stay quick.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from grader.model import Report
from grader.render import escape, words
from grader.render.html import charts, figures, page
from grader.render.html.pseudonyms import anonymous as anonymised
from grader.render.html.rows import STATUSES, Class, Explained, Row, Words, collect
from grader.render.standing import several, told_several


@dataclass(frozen=True, slots=True)
class Cluster:
    """Equal wrong answers that no misconception explains.

    `description` is the grader's own, without student text. `representatives` are submission ids, the most typical
    first. `yaml` is the text of a misconception file that only lacks its words.
    """

    function: str
    description: str
    count: int
    representatives: tuple[str, ...] = ()
    yaml: str = ""


def render(
    reports: Iterable[Report],
    *,
    anonymous: bool = False,
    compare: Iterable[Report] | None = None,
    clusters: Sequence[Cluster] = (),
    explanations: Mapping[str, Words | Explained] | None = None,
    feedback_links: Mapping[str, str] | None = None,
    key: bytes = b"",
    warnings: Sequence[str] = (),
) -> bytes:
    """The page as UTF-8.

    `compare` are the reports of an earlier run. `explanations` hold the words of each misconception by id, as
    `Rubric.misconceptions` does (left out, those in the reports are used). `feedback_links` are paths of each submission's feedback, by id, relative to the
    page. With `anonymous`, students and files become pseudonyms, which are the same as long as the files and
    `key` are, and no link or free text is shown. `warnings` stand first, with one on students who are there twice.
    """
    earlier = None if compare is None else collect(compare)
    class_, names = collect(reports), None
    before = {} if earlier is None else figures.same(earlier, class_)
    twice = told_several(several((row.student, row.id) for row in class_.rows), names=not anonymous)
    if anonymous:
        class_, names = anonymised(class_, key)
    links = {} if anonymous else {name: link(path) for name, path in (feedback_links or {}).items()}
    ranked = figures.ranked(class_, explanations or {}, anonymous=anonymous)
    return page.render(
        "class.html.j2",
        styles=("base.css", "class.css"),
        scripts=("class.js",),
        **_class_values(class_, earlier, before),
        warnings=[text for text in (*warnings, twice) if text],
        ranked=ranked,
        links=links,
        anonymous=anonymous,
        clusters=_clusters(clusters, class_, names),
        data=embedded(_data(class_, before if earlier else None, ranked, links)),
    )


def _class_values(class_: Class, earlier: Class | None, before: Mapping[str, Row]) -> dict[str, Any]:
    scores = figures.scores(class_.graded, class_.max_score)
    chart = scores and charts.histogram(scores.counts, class_.max_score, scores.median)
    return {
        "class_": class_,
        "scores": scores,
        "chart": chart,
        "heat": figures.heat(class_),
        "conventions": figures.conventions(class_.graded),
        "changes": earlier and figures.changes(earlier, class_, before),
        "explained": figures.percent(class_.explained, class_.wrong),
        "shown": figures.shown,
        "statuses": STATUSES,
    }


@dataclass(frozen=True, slots=True)
class ShownCluster:
    """A cluster as the page shows it: ids with what to call them."""

    cluster: Cluster
    representatives: tuple[tuple[str, str], ...]


def _clusters(
    clusters: Sequence[Cluster], class_: Class, names: Mapping[str, str] | None
) -> list[ShownCluster]:
    """The largest first. Without names, the ready-made file is left out too: it may quote a submission."""
    labels = names if names is not None else {row.id: row.student or row.file for row in class_.rows}
    ordered = sorted(clusters, key=lambda cluster: (-cluster.count, cluster.function, cluster.description))
    return [
        ShownCluster(
            cluster if names is None else replace(cluster, yaml=""),
            tuple((name, labels[name]) for name in cluster.representatives if name in labels),
        )
        for cluster in ordered
    ]


def link(path: str) -> str:
    """A path below the page's folder as a relative link, whatever characters it has."""
    return "./" + quote(path.replace("\\", "/").encode("utf-8", "replace"), safe="/")


# ------------------------------------------------------------------------------- the students' table


def _data(
    class_: Class,
    before: Mapping[str, Row] | None,
    ranked: Sequence[figures.Ranked],
    links: Mapping[str, str],
) -> dict[str, Any]:
    """What the script draws. A row: student, file, score, statuses, misconceptions, convention, link, score before."""
    functions = list(class_.functions)
    numbers = {item.id: index for index, item in enumerate(ranked)}
    scores = {name: row.score for name, row in (before or {}).items()}
    return {
        "functions": [escape.one_line(name, 60) for name in functions],
        "statuses": [words.STATUS[status] for status in STATUSES],
        "misconceptions": [escape.one_line(item.id, 60) for item in ranked],
        "compared": before is not None,
        "rows": [
            [*_row(row, functions, numbers), links.get(row.id, ""), _rounded(scores.get(row.id))]
            for row in class_.rows
        ],
    }


def _row(row: Row, functions: Sequence[str], numbers: Mapping[str, int]) -> list[Any]:
    return [
        row.student,
        row.file,
        _rounded(row.score) if row.graded else None,
        "".join(_letter(row, name) for name in functions) if row.graded else "",
        [numbers[name] for name in row.misconceptions if name in numbers],
        row.convention if row.graded else "",
    ]


def _letter(row: Row, function: str) -> str:
    """The status's index as one digit; `-` for a function that this submission's rubric does not have."""
    status = row.statuses.get(function)
    return "-" if status is None else str(STATUSES.index(status))


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 2)


def embedded(data: object) -> Markup:
    """JSON that can stand inside a <script> element: nothing in it ends the element or opens a comment."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
