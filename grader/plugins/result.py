"""What `grader.check` gives: a report that a notebook shows as HTML, and everything else as plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup, escape

from grader.errors import UsageError
from grader.model import LEVELS, Level, Report
from grader.render import markdown, plain, read_on, words
from grader.render.html import page

_CELL = re.compile(r"(?:\bIn )?\b[Cc]ell (\d+)\b")

#: Every rule is about our own element, so that nothing of the notebook around it changes.
_STYLE = """
.whywrong{max-width:46rem;line-height:1.5;overflow-wrap:anywhere}
.whywrong p,.whywrong ul,.whywrong dl,.whywrong dd,.whywrong figure,.whywrong pre{margin:0;padding:0}
.whywrong ul{list-style:none}.whywrong h3,.whywrong h4{margin:0;font-size:1em;font-weight:600}
.whywrong>*+*,.whywrong article>*+*,.whywrong .diagnosis>*+*{margin-top:.6em}
.whywrong article{border:1px solid rgba(128,128,128,.4);border-radius:.6em;padding:.9em 1.1em}
.whywrong article>header{display:flex;flex-wrap:wrap;gap:.2em .8em}.whywrong article>header h3{margin-right:auto}
.whywrong pre{background:rgba(128,128,128,.13);border-radius:.4em;padding:.4em .7em;overflow-x:auto;text-align:left}
.whywrong .facts .ok::before{content:"\\2713\\00a0";color:#2a8a4a}.whywrong .facts .no::before{content:"\\2717\\00a0";color:#c0453c}
.whywrong dt,.whywrong summary,.whywrong .badge{font-weight:600}.whywrong summary{cursor:pointer}
.whywrong .meta,.whywrong figcaption,.whywrong .quiet{opacity:.75;font-size:.9em}
"""


@dataclass(frozen=True, slots=True, repr=False)
class CheckResult:
    """A report, ready to be shown. `live` counts cells as `In [n]` does; `rubric` is its name or path as it was given."""

    report: Report
    detail: str = "explanation"
    live: bool = False
    rubric: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the submission could be graded and every function is right."""
        return self.report.status == "graded" and all(one.status == "passed" for one in self.report.functions)

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return self._numbered(plain.report_text(self._told, self.detail))

    def _repr_markdown_(self) -> str:
        return self._numbered(markdown.render(self._told, detail=self.detail))

    def _repr_html_(self) -> str:
        return self._numbered(_html(self._told, self.detail))

    @property
    def _told(self) -> Report:
        return read_on.as_named(self.report, self.rubric)

    def _numbered(self, text: str) -> str:
        return _CELL.sub(r"In [\1]", text) if self.live else text


def _html(report: Report, detail: str) -> str:
    """One element with its own style, and no script."""
    parts = [Markup("<p><strong>{}</strong></p>").format(words.verdict(report))]
    problems = words.problems(report)
    parts += [Markup("<p>{}</p>").format(page.prose(words.problem(one, report))) for one in problems]
    if report.status == "graded":
        if words.right_functions(report):
            parts.append(Markup("<p>{}</p>").format(page.prose(words.right_functions(report))))
        parts += [
            page.fragment(
                "parts.html.j2", "function_card", report, one, f"whywrong-{one.name}", detail, words
            )
            for one in words.open_functions(report)
        ]
        notes = [*words.notes(report), words.convention(report)]
        parts += [Markup('<p class="quiet">{}</p>').format(page.prose(one)) for one in notes if one]
    body = Markup("\n").join(parts)
    return str(Markup('<div class="whywrong"><style>{}</style>\n{}\n</div>').format(Markup(_STYLE), body))


def known_detail(detail: str) -> Level:
    """The level of feedback, if it is one. Raises UsageError."""
    for level in LEVELS:
        if level == detail:
            return level
    raise UsageError(f"there is no detail {detail!r}; choose {', '.join(LEVELS)}.")


def message_html(text: str) -> str:
    """A message of the grader itself, such as that no rubric fits."""
    return f'<div class="whywrong"><p>{escape(text)}</p></div>'
