"""Hostile text is made harmless for each sink, and harmless text is left as it is."""

import csv
import html as html_module
import io
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from grader.render import escape

HOSTILE = (
    "a\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\"
    "\x9b2J\x00\x08\u202egnp.exe\u2066\ud800<script>alert('1')</script>&\"'"
)

any_text = st.text(st.characters(codec=None))


def test_sequences_controls_overrides_and_surrogates_go():
    assert escape.terminal(HOSTILE) == "aredlinkgnp.exe\ufffd<script>alert('1')</script>&\"'"


def test_an_unfinished_sequence_eats_no_more_than_its_line():
    assert escape.clean("a\x1b]0;title\nb") == "a\nb"


@pytest.mark.parametrize("text", ["Zoë Ångström", "李小龍", "محمد", "a\tb\nc", "`dW` = 1/m · Σ", "👩‍💻"])
def test_names_and_words_of_every_script_stay(text):
    assert escape.clean(text) == text


def test_line_ends_become_newlines():
    assert escape.clean("a\r\nb\rc\u2028d") == "a\nb\nc\nd"


@given(any_text)
def test_clean_text_is_clean_for_every_reader(text):
    cleaned = escape.clean(text)
    assert escape.clean(cleaned) == cleaned
    cleaned.encode("utf-8")
    assert not any(ord(c) < 32 and c not in "\t\n" or 127 <= ord(c) < 160 for c in cleaned)


@given(any_text)
def test_html_and_xml_read_back_as_the_text(text):
    assert html_module.unescape(escape.html(text)) == escape.clean(text)
    assert (ElementTree.fromstring(f"<a>{escape.xml(text)}</a>").text or "") == escape.clean(text)
    line = escape.one_line(text)
    assert ElementTree.fromstring(f'<a b="{escape.xml(line)}"/>').get("b") == line


@pytest.mark.parametrize("start", ["=", "+", "-", "@", " =", "\t=", "\n+", "\u200b=", "＝", "\x00="])
def test_no_cell_is_a_formula(start):
    assert escape.csv_cell(start + 'HYPERLINK("http://evil")').startswith("'")


@pytest.mark.parametrize("text", ["x;=1+1", "x; =1", 'x;"=1', "x\t@a", "x;\uff1d1"])
def test_no_formula_begins_where_another_locale_ends_a_cell(text):
    assert not re.search('[;\t][\\s"]*[=+@\uff1d-]', escape.csv_cell(text))


def test_cells_survive_the_csv_module():
    sink = io.StringIO()
    csv.writer(sink).writerow([escape.csv_cell('a,"b"\nc'), escape.csv_cell("x-y"), escape.csv_cell("李")])
    assert next(csv.reader(io.StringIO(sink.getvalue()))) == ['a,"b"\nc', "x-y", "李"]


def test_one_line_is_one_line_and_is_cut_with_an_ellipsis():
    assert escape.one_line("a\n b\t\tc\r\nd") == "a b c d"
    assert escape.one_line("abcdef", 4) == "abc…"
    assert escape.one_line("abcd", 4) == "abcd"
    assert escape.one_line("abcd", 0) == "…"


@pytest.mark.parametrize(
    "text",
    ["# h", "*a* _b_ **c**", "[l](http://evil)", "<b>x</b>", "1. one", "- x", "> q", "`c`", "a | b", "![i](u)",
     "~~s~~", "http://evil.example", "===", "\\*a*", "&lt;"],
)  # fmt: skip
def test_markdown_renders_as_the_text_itself(text):
    rendered = MarkdownIt("commonmark").enable(["strikethrough", "table"]).render(escape.markdown(text))
    assert rendered == f"<p>{html_module.escape(text, quote=False)}</p>\n".replace('"', "&quot;")


def test_prose_keeps_code_and_escapes_the_rest():
    assert escape.html_prose("`dW<1` & *b*") == "<code>dW&lt;1</code> &amp; *b*"
    assert (
        MarkdownIt().render(escape.markdown_prose("`dW*2` & *b*")) == "<p><code>dW*2</code> &amp; *b*</p>\n"
    )
    assert escape.html_prose("a ` b") == "a ` b"


def test_rst_has_no_markup_left():
    assert escape.rst(":role:`x` |s| *e*") == r"\:role\:\`x\` \|s\| \*e\*"


def test_a_message_of_sarif_has_no_link():
    assert escape.sarif("`caches[l](x)`: [go](http://evil)") == r"`caches\[l\](x)`: \[go\](http://evil)"
    assert escape.sarif(r"\[go](u)") == r"\\\[go\](u)"
    assert escape.sarif(r"`W[0]` and `\n`\x1b[31m") == r"`W[0]` and `\n`\x1b[31m"
    assert escape.sarif("a\x1b[31mb") == "ab"
