"""Terminal and Markdown: what a student reads, in which order, at which level, and that hostile text is harmless."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import reports
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from grader.model import Component, Diagnosis, ErrorReport, Feedback, FunctionReport, Location, Note, Problem
from grader.render import escape, markdown, read_on, terminal
from grader.render import words as sentences
from grader.render.html import student
from grader.render.plain import report_text

RENDERERS = [terminal.render, markdown.render]
EVIL = "\x1b[31m\x1b]0;t\x07\u202e<script>alert(1)</script>`*x*`|[l](javascript:1)\x9b2J"


def plain(text: str) -> str:
    """Without line wraps, backslashes and Markdown's stars."""
    return " ".join(text.replace("\\", "").replace("*", "").split())


GOLDEN = """\
sec1/zoë.ipynb
dnn-step-by-step: 1 of 3 functions passed.
Right: `linear_forward`.

 function           status         score
 ───────────────────────────────────────
 linear_forward     passed       10 / 10
 linear_backward    failed     3.33 / 10
 L_model_backward   error         0 / 10

 total                       44.43 / 100

`linear_backward`: `dW` and `db` are summed over the batch, not averaged
  `dA_prev` is right.
  `dW` is 4 times the expected one for m = 4.
  `db` is 4 times the expected one for m = 4.
  cell 23, line 7: `dW = np.dot(dZ, A_prev.T)`
  Proved: the code was run again with this error undone, and what it had made
  wrong came out right.
  50 % of the marks for `dW` and `db` kept.
  Where to look: `dW` has the right shape and direction, but its size grows with
  the number of examples.
  More: grader explain missing-1-over-m

`L_model_backward` stopped with `ValueError`
  Your code stopped with this error (cell 31, line 5): ValueError: operands
  could not be broadcast

Convention L: `dAL` is the slope of each example's own loss; the 1/m enters
once, in `dW` and `db`.
Cells are counted from 0, text cells too.
"""


def golden_report() -> Any:
    return reports.report(
        reports.passed("linear_forward"),
        reports.failed("linear_backward", reports.MISSING_M),
        reports.broken("L_model_backward"),
        score=44.43,
    )


def test_the_terminal_shows_this():
    assert terminal.render(golden_report(), detail="nudge") == GOLDEN


@pytest.mark.parametrize("render", RENDERERS)
def test_what_is_right_comes_before_what_is_wrong(render):
    text = plain(render(reports.mixed()))
    order = [
        "4 of 9 functions passed.",
        "Right: `linear_forward`",
        "summed over the batch",
        "Convention: mixed.",
    ]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
    own = text[text.index("summed over the batch") :]
    parts = ["`dA_prev` is right.", "is 4 times", "cell 23, line 7: `dW = np.dot", "Proved:", "Where to look"]
    assert [own.index(part) for part in parts] == sorted(own.index(part) for part in parts)


@pytest.mark.parametrize("render", RENDERERS)
@pytest.mark.parametrize(("detail", "labels"), [("nudge", 1), ("explanation", 2), ("fix", 3)])
def test_each_level_adds_one_thing(render, detail, labels):
    text = plain(render(golden_report(), detail=detail))
    found = [label for label in ("Where to look", "Why it matters", "What to change") if label in text]
    assert len(found) == labels
    assert ("Divide the product" in text) == (detail == "fix")


@pytest.mark.parametrize("render", RENDERERS)
def test_an_unknown_level_is_an_error(render):
    with pytest.raises(ValueError):
        render(golden_report(), detail="all")


@pytest.mark.parametrize("render", RENDERERS)
def test_every_kind_of_function_says_what_is_the_case(render):
    text = plain(render(reports.mixed()))
    for words in (
        "`initialize_parameters_deep`: suspected: the weights have another scale",
        "Suspected: the numbers fit this mistake, but do not single it out.",
        "`linear_activation_backward`: `dW` differs from the expected values",
        "No known mistake fits these numbers",
        "(cell 31, line 5): ",
        "ValueError: operands could not be broadcast",
        "`update_parameters` is not defined in this notebook",
        "cell 12, line 3: this cell does not parse",
        "reads the notebook's variable `parameters`.",
        "grader explain missing-1-over-m",
    ):
        assert words in text, words


@pytest.mark.parametrize("render", RENDERERS)
def test_functions_that_are_not_there_are_told_together(render):
    names = ("compute_cost", "linear_backward", "L_model_backward")
    absent = tuple(reports.absent(name) for name in names)
    every = plain(render(dataclasses.replace(golden_report(), functions=absent)))
    assert "None of the functions is defined in this notebook: `compute_cost`, `linear_backward`" in every
    some = dataclasses.replace(golden_report(), functions=(*golden_report().functions, *absent))
    assert "Not defined in this notebook: `compute_cost`, `linear_backward`" in plain(render(some))
    assert " is not defined in this notebook" not in plain(render(some))
    few = dataclasses.replace(golden_report(), functions=absent[:2])
    assert "`compute_cost` is not defined in this notebook" in plain(render(few))


@pytest.mark.parametrize("render", RENDERERS)
def test_an_error_is_shown_beside_a_diagnosis_too(render):
    function = dataclasses.replace(
        reports.failed("f", reports.PLUS_SIGN), status="error", error=ErrorReport("KeyError", "'W4'", 3, 1)
    )
    text = plain(render(reports.report(function)))
    assert "(cell 3, line 1): " in text and "KeyError: 'W4'" in text


@pytest.mark.parametrize("render", RENDERERS)
def test_what_only_the_instructor_may_see_is_not_shown(render):
    assert "SECRET" not in render(reports.mixed(), detail="fix")


@pytest.mark.parametrize("render", RENDERERS)
def test_an_ungradable_notebook_says_why(render):
    text = plain(render(reports.ungradable()))
    assert "This notebook could not be graded." in text
    assert "This file is no notebook: it is empty" in text
    assert "missing" not in text


@pytest.mark.parametrize("render", RENDERERS)
def test_a_perfect_notebook_is_short(render):
    text = plain(render(reports.report(*map(reports.passed, reports.NAMES))))
    assert "All 9 functions passed." in text and "Right:" not in text


@pytest.mark.parametrize("render", RENDERERS)
def test_a_convention_that_a_note_explains_is_not_told_twice(render):
    note = Note("j-convention", "Your notebook keeps to J.")
    text = render(reports.report(reports.passed("f"), convention="J", notes=(note, note)))
    assert text.count("keeps to J") == 1 and "Convention J" not in text


@pytest.mark.parametrize("render", RENDERERS)
def test_what_several_functions_or_outputs_share_is_told_once(render):
    note, other = Note("j-convention", "It keeps to J."), Note("stale-assertion", "An assert is stale.")
    outputs = tuple(Component(name, "failed", "The values are wrong.") for name in ("dW", "db"))
    functions = [
        dataclasses.replace(reports.passed(name), notes=(note, other), status="failed", components=outputs)
        for name in "fg"
    ]
    text = plain(render(reports.report(*functions, notes=(note,))))
    assert text.count("It keeps to J.") == 1
    assert text.count("An assert is stale.") == 1 and "`f` and `g`: An assert is stale." in text
    assert text.count("`dW` and `db`: The values are wrong.") == 2


def hostile() -> Any:
    diagnosis = dataclasses.replace(
        reports.MISSING_M, title=EVIL, location=Location(1, 2, EVIL), misconception=EVIL
    )
    function = FunctionReport(
        EVIL, "failed", 0, 10, (Component(EVIL, "failed", EVIL),), (diagnosis,), (Note("n", EVIL),),
        ErrorReport(EVIL, EVIL, 1, 1),
    )  # fmt: skip
    printed = dataclasses.replace(function, diagnoses=(), stdout=EVIL * 3)
    return reports.report(
        function,
        printed,
        student=EVIL,
        file=EVIL,
        notes=(Note("n", EVIL),),
        problems=(Problem("p", EVIL, 1, 1),),
    )


@pytest.mark.parametrize("render", RENDERERS)
def test_no_control_character_or_override_reaches_the_reader(render):
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", render(hostile()))


def test_markdown_makes_no_markup_of_a_students_text():
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown.render(hostile()))
    tags = set(
        re.findall(r"<\s*/?\s*([a-z0-9]+)", re.sub(r"<(pre|code)\b.*?</\1>", "", html, flags=re.DOTALL))
    )
    assert tags <= {"h1", "h2", "p", "em", "strong", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}


def test_colour_only_where_it_is_asked_for():
    assert "\x1b" not in terminal.render(golden_report())
    assert "\x1b[" in terminal.render(golden_report(), color=True)


@pytest.mark.parametrize("width", [40, 60, 120])
def test_no_line_is_wider_than_the_terminal(width):
    assert max(map(len, terminal.render(reports.mixed(), detail="fix", width=width).splitlines())) <= width


@given(st.text(st.characters(codec="utf-8"), max_size=60) | st.text("a1 .:=-()`*[]_\n", max_size=30))
def test_fewer_backslashes_change_nothing(text):
    escaped = escape.markdown_prose(escape.one_line(text))
    render = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render
    assert render(markdown._prose(text)) == render(escaped)


@given(st.text(st.characters(codec="utf-8"), max_size=60) | st.text("a`\n", max_size=12))
def test_any_line_of_source_is_one_code_span(text):
    (token,) = MarkdownIt("commonmark").parseInline("x " + markdown.code_span(text))
    assert [child.type for child in token.children or ()] == ["text", "code_inline"]


# ------------------------------------------------------------------------------------------ the class


def test_the_class_summary_counts():
    text = terminal.render_class_summary(iter([*[golden_report()] * 3, reports.ungradable()]), "out")
    for words in (
        "3 submissions graded, 1 could not be graded.",
        "mean 44.43",
        "full marks: 0",
        "Reports: out",
    ):
        assert words in text
    assert re.search(r"linear_forward +3 +3\n", text)
    assert re.search(r" 3 +100 % +missing-1-over-m\n", text)
    assert "broken.ipynb: this file is no notebook" in text


def test_a_class_where_nothing_could_be_graded():
    assert "0 submissions graded, 2 could not be graded." in terminal.render_class_summary(
        [reports.ungradable(EVIL), reports.ungradable()], "out"
    )


def test_no_numbers_are_claimed_for_what_is_seen_in_the_code() -> None:
    told = {name: sentences.evidence(diagnosis_of(name)) for name in ("uses-global", "missing-1-over-m")}
    assert "on every test" not in told["uses-global"]
    assert told["missing-1-over-m"] == sentences.EVIDENCE["matched"]


def diagnosis_of(name: str) -> Diagnosis:
    return Diagnosis(name, ("dW",), "matched", 0.5, None, "title", Feedback("a", "b", "c"))


@pytest.mark.parametrize("python", ["Python", "Python 3.11"])
@pytest.mark.parametrize("render", RENDERERS)
def test_our_own_sentence_on_an_error_is_prose(render, python):
    message = (
        f"{python} cannot read this line, `x = f(W, A`: '(' was never closed. Lost with it: `linear_forward`."
    )
    one = FunctionReport(
        "linear_forward", "error", 0.0, 10.0, error=ErrorReport("SyntaxError", message, 9, 4)
    )
    text = plain(render(reports.report(one)))
    assert f"The error (cell 9, line 4): {python} cannot read this line, `x = f(W, A`:" in text
    assert "SyntaxError" not in text
    assert f"`linear_forward` stands in a cell that {python} cannot read" in text


@pytest.mark.parametrize(
    "sentence",
    [
        "Here (n, 1). numpy takes (n,) for a row.",
        "With shape ().",
        "Scaled by 0.01, not 1.",
        "(HTML), saved",
        "Wrong in sign: -1 times",
    ],
)
def test_who_reads_the_markdown_raw_meets_no_needless_backslash(sentence):
    note = markdown.render(reports.report(reports.passed("f"), notes=(Note("x", sentence),)))
    assert f"- {sentence}" in note


@pytest.mark.parametrize("text_of", [markdown.render, report_text, terminal.render])
def test_how_cells_are_counted_is_said_once_where_a_cell_is_named(text_of: Any) -> None:
    with_place, without = golden_report(), reports.report(reports.passed("linear_forward"))
    assert text_of(with_place).count("counted from 0") == 1
    assert "counted from 0" not in text_of(without)


@pytest.mark.parametrize("render", [*RENDERERS, report_text, lambda report: student.render(report).decode()])
def test_the_command_to_read_on_leads_to_the_rubrics_own_words(render: Any) -> None:
    def told(rubric: str, misconception: str) -> str:
        found = dataclasses.replace(reports.MISSING_M, misconception=misconception)
        report = reports.report(reports.failed("linear_backward", found))
        return str(render(read_on.as_named(report, rubric))).replace("&#39;", "'")

    assert "grader explain last-layer-relu --rubric regression-step-by-step" in told(
        "regression-step-by-step", "last-layer-relu"
    )
    assert "grader explain last-layer-relu --rubric 'my rubrics/own'" in told(
        "my rubrics/own", "last-layer-relu"
    )
    assert "--rubric" not in told("dnn-step-by-step", "last-layer-relu")
    assert "--rubric" not in told("regression-step-by-step", "cost-is-root")
    assert "grader explain own --rubric ./week5" in told("week5", "own")


@pytest.mark.parametrize("render", [markdown.render, lambda report: student.render(report).decode()])
def test_a_students_page_has_the_files_own_name(render: Any) -> None:
    report = reports.report()
    stamp = dataclasses.replace(report.submission, file="canvas/submissions.zip/ann_1.ipynb")
    text = render(dataclasses.replace(report, submission=stamp))
    assert ("ann_1.ipynb" in text, "submissions.zip" in text) == (True, False)


def test_a_rubric_that_is_called_by_no_name_has_its_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "week5" / "sub").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "week5" / "sub")
    assert read_on.as_named(reports.report(), "..").rubric.id == "../../week5"
    monkeypatch.chdir(tmp_path / "week5")
    assert read_on.as_named(reports.report(), ".").rubric.id == "../week5"


@pytest.mark.parametrize("render", [*RENDERERS, report_text, lambda report: student.render(report).decode()])
def test_who_does_not_have_the_rubric_is_given_no_command(render: Any) -> None:
    report = reports.report(reports.failed("linear_backward", reports.MISSING_M))
    own = dataclasses.replace(report, rubric=dataclasses.replace(report.rubric, id="week5"))
    assert "grader explain" in plain(render(report))
    assert "grader explain" not in plain(render(own))


@pytest.mark.parametrize("render", [*RENDERERS, report_text, lambda report: student.render(report).decode()])
def test_how_cells_are_counted_is_said_where_only_a_problem_names_one(render: Any) -> None:
    report = reports.report(reports.passed("f"), problems=(Problem("bad-cell", "this was left out.", 3),))
    assert "counted from 0" in render(report)


@pytest.mark.parametrize("render", [*RENDERERS, report_text, lambda report: student.render(report).decode()])
def test_places_in_a_script_are_lines_of_the_file(render: Any) -> None:
    report = reports.report(
        reports.failed("linear_backward", reports.MISSING_M),
        reports.broken("L_model_backward"),
        file="week4.py",
        problems=(Problem("odd", "this is odd.", 2, 4),),
        lines_above={2: 10, 23: 140, 31: 300},
    )
    text = plain(render(report))
    assert all(place in text for place in ("line 147", "line 305", "line 14: this is odd"))
    assert not re.search(r"\b[Cc]ells? \d|counted from 0", text)
