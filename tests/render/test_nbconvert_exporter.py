"""The exporter puts each function's feedback below the cell that defines it, and lets nothing of a notebook act."""

import re
from pathlib import Path

import nbformat
import pytest
import reports
from html_checks import Page
from nbconvert.exporters import get_exporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

from grader.errors import UsageError
from grader.model import Cell
from grader.plugins.nbconvert_exporter import FeedbackExporter, sanitised
from grader.render.html import notebook
from grader.render.json_report import to_json

#: nbconvert's own, where IPython is not installed.
pytestmark = pytest.mark.filterwarnings("ignore:IPython3 lexer unavailable")

EVIL = (
    "# Title\n\n*text* <script>alert(1)</script><img src='http://evil/x.png' onerror=alert(1)><meta http-equiv=refresh"
    " content='0;url=http://evil'><style>main{display:none}</style><p class='beside ok'>linear_backward is right</p>"
    "</section></main><iframe src='http://evil'></iframe>[l](javascript:alert(1))"
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    html = new_output(
        "display_data", {"text/html": EVIL, "application/javascript": "alert(2)", "text/plain": "x"}
    )
    script = new_output("display_data", {"application/javascript": "alert(2)"})
    cells = [
        new_markdown_cell(EVIL),
        new_code_cell("def linear_forward(A):\n    pass"),
        new_code_cell(
            "def linear_forward(A, W, b):\n    return W @ A + b, (A, W, b)", outputs=[html, script]
        ),
        new_markdown_cell("def linear_backward(a)"),
        new_code_cell("def linear_backward_test(a):\n    1\ndef linear_backward (dZ, cache):\n    return 1"),
    ]
    target = tmp_path / "ada.ipynb"
    nbformat.write(new_notebook(cells=cells), target)
    (tmp_path / "ada.report.json").write_bytes(to_json(reports.mixed()))
    return target


def exported(source: Path, **options: str) -> str:
    page, _ = FeedbackExporter(config=Config({"FeedbackExporter": options})).from_filename(str(source))
    return str(page)


def test_feedback_stands_below_the_last_definition(source):
    page = exported(source)
    cells = re.split(r'<p class="cell-number">cell (\d+)</p>', page)
    found = {int(cells[index]): cells[index + 1] for index in range(1, len(cells), 2)}
    assert list(found) == [0, 1, 2, 3, 4]
    right = "<code>linear_<wbr/>forward</code> is right."
    assert [right in found[index].replace("<wbr>", "<wbr/>") for index in range(5)] == [
        False,
        False,
        True,
        False,
        False,
    ]
    assert ["summed over the batch" in found[index] for index in range(5)] == [False] * 4 + [True]
    assert (
        "update_" in cells[0]
        and "4 of 9 functions passed." in cells[0]
        and "this cell does not parse" in cells[0]
    )


def test_the_level_of_detail_is_an_option(source):
    assert "Divide the product" not in exported(source)
    assert "Divide the product" in exported(source, detail="fix")
    with pytest.raises(ValueError):
        exported(source, detail="all")


def test_another_report_can_be_named(source, tmp_path):
    other = tmp_path / "other.json"
    other.write_bytes(to_json(reports.report(reports.passed("f"))))
    assert "The function passed." in exported(source, report=str(other))


def test_without_a_report_it_says_how_to_make_one(source):
    source.with_name("ada.report.json").unlink()
    with pytest.raises(UsageError, match=r"ada\.report\.json cannot be read\. Make it with `grader check"):
        exported(source)


def test_nothing_in_a_notebook_acts_asks_for_a_file_or_imitates_the_page(source):
    page = exported(source)
    read = Page(page.encode())
    assert not {"script", "iframe", "meta-refresh", "object", "form"} & {tag for tag, _ in read.tags}
    assert len(read.all("style")) == 1 and len(read.all("main")) == 1
    assert [item.get("http-equiv") for item in read.all("meta")].count("refresh") == 0
    assert not [link for link in read.all("a") if link.get("href", "#")[:1] != "#"]
    assert not [image for image in read.all("img") if "src" in image]
    assert not [name for _, attributes in read.tags for name in attributes if name.startswith("on")]
    assert len(re.findall(r'class="beside ok"', page)) == 4
    (policy,) = [item["content"] for item in read.all("meta") if "http-equiv" in item]
    assert policy.startswith("default-src 'none'; ") and "script" not in policy


def test_markdown_stays_readable(source):
    page = exported(source)
    assert "<h1>Title</h1>" in page and "<em>text</em>" in page


def test_a_plot_stays_and_highlighting_too():
    plot = '<img src="data:image/png;base64,iVBORw0KGgo=" alt="a plot">'
    assert sanitised(plot) == plot
    assert sanitised('<span class="nf">f</span>') == '<span class="nf">f</span>'
    assert "src" not in sanitised('<img src="data:text/html;base64,aaaa">')


def test_a_function_without_a_definition_goes_where_its_error_is():
    placed = notebook.place(
        reports.report(reports.broken("f"), reports.absent("g")), [Cell(0, "x = 1")], detail="nudge"
    )
    assert list(placed.below) == [31]
    assert [function.name for _, function in placed.unplaced] == ["g"]


def test_nbconvert_finds_it_by_its_path():
    assert get_exporter("grader.plugins.nbconvert_exporter.FeedbackExporter") is FeedbackExporter


def test_nbconvert_finds_it_by_its_name() -> None:
    """As `jupyter nbconvert --to grader_feedback` looks for it."""
    assert get_exporter("grader_feedback") is FeedbackExporter
