"""`jupyter nbconvert --to grader_feedback notebook.ipynb`: the notebook as a page with its feedback beside the cells.

The report is `notebook.report.json` beside the notebook (`grader check notebook.ipynb --json` prints one), or the file
that `--FeedbackExporter.report=PATH` names. Student markup is sanitised, and the page can run no script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bleach  # type: ignore[import-untyped]
from nbconvert.exporters.html import HTMLExporter
from nbformat import NotebookNode
from traitlets import Unicode, default

from grader.errors import UsageError
from grader.model import Cell, Report
from grader.render.html import notebook
from grader.render.json_report import from_json
from grader.rubric.detail import rubrics_detail

_TEMPLATE = """\
{%- extends 'index.html.j2' -%}
{%- block any_cell scoped -%}
<p class="cell-number">cell {{ loop.index0 }}</p>
{{ super() }}
{{ resources.grader_feedback.get(loop.index0, "") }}
{%- endblock any_cell -%}
"""


class FeedbackExporter(HTMLExporter):
    """A notebook and its report → one HTML page. UsageError where there is no report."""

    export_from_notebook = "HTML with the grader's feedback"

    report = Unicode(
        "", help="The report.json to show; left out: NOTEBOOK.report.json beside the notebook."
    ).tag(config=True)
    detail = Unicode("explanation", help="The deepest level of feedback: nudge, explanation or fix.").tag(
        config=True
    )

    @default("template_name")
    def _basic(self) -> str:
        return "basic"

    @default("raw_template")
    def _with_feedback(self) -> str:
        return _TEMPLATE

    @default("exclude_anchor_links")
    def _without_anchors(self) -> bool:
        return True

    @default("sanitize_html")
    def _sanitized(self) -> bool:
        return True

    def default_filters(self) -> Iterator[tuple[str, Any]]:
        """nbconvert's, with a sanitiser that knows what Markdown becomes: its own shows a heading as source text."""
        yield from super().default_filters()  # type: ignore[no-untyped-call]
        yield "clean_html", sanitised

    def from_notebook_node(  # type: ignore[override]  # as HTMLExporter's own
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[str, dict[str, Any]]:
        """The page and nbconvert's resources."""
        resources = self._init_resources(resources)  # type: ignore[no-untyped-call]
        report = self._read_report(resources)
        detail = rubrics_detail(self.detail, report.rubric.id)
        placed = notebook.place(report, _code_cells(nb), detail=detail)
        resources["grader_feedback"] = placed.below
        body, resources = super().from_notebook_node(nb, resources, **kwargs)
        return notebook.render(report, body, placed, detail=detail), resources

    def _read_report(self, resources: dict[str, Any]) -> Report:
        metadata = resources.get("metadata", {})
        beside = Path(metadata.get("path", "")) / f"{metadata.get('name', 'notebook')}.report.json"
        path = Path(self.report) if self.report else beside
        try:
            return from_json(path.read_bytes())
        except OSError:
            raise UsageError(
                f"{path} cannot be read. Make it with `grader check NOTEBOOK --json > {beside.name}`, "
                "or name another report with --FeedbackExporter.report=PATH."
            ) from None


def _code_cells(nb: NotebookNode) -> list[Cell]:
    return [Cell(index, cell.source) for index, cell in enumerate(nb.cells) if cell.cell_type == "code"]


_TAGS = {
    *(
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "code",
        "dd",
        "del",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
    ),
    *(
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
    ),
    *("td", "tfoot", "th", "thead", "tr", "u", "ul"),
}
#: The classes of highlighted code: a notebook cannot dress its text as feedback.
_CLASSES = re.compile(r"highlight|hl-[a-z0-9]+|[a-z]{1,2}[a-z0-9]?|w")
_IMAGE = re.compile(r"data:image/(png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/=\s]*")


def sanitised(element: object) -> str:
    """HTML of a notebook without anything that acts, asks for a file, or imitates the page around it."""
    text = element.decode() if isinstance(element, bytes) else str(element)
    cleaned: str = bleach.clean(
        text, tags=_TAGS, attributes=_allowed, protocols={"http", "https", "mailto", "data"}
    )
    return cleaned


def _allowed(tag: str, name: str, value: str) -> bool:
    if name == "class":
        return all(map(_CLASSES.fullmatch, value.split()))
    if tag == "img":
        return name in {"alt", "title", "width", "height"} or (
            name == "src" and bool(_IMAGE.fullmatch(value))
        )
    if tag == "a":
        return name == "title" or (name == "href" and value.startswith(("http://", "https://", "mailto:")))
    return tag in {"td", "th"} and name in {"colspan", "rowspan"}
