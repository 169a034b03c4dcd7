"""feedback.html: the same words as elsewhere, one self-contained page, harmless whatever a student writes."""

import html as html_module
import time
from typing import Any

import pytest
import reports
from html_checks import check
from test_text import EVIL, golden_report, hostile

from grader.render import words
from grader.render.html import student


@pytest.mark.parametrize("report", [reports.mixed(), reports.ungradable(), golden_report(), hostile()])
@pytest.mark.parametrize("detail", ["nudge", "fix"])
def test_every_page_is_sound_and_asks_for_nothing(report, detail):
    check(student.render(report, detail=detail))


def test_what_is_right_comes_first_and_the_words_are_the_terminals():
    page = student.render(golden_report(), detail="fix").decode()
    order = ["1 of 3 functions passed.", "What is right", ">linear_<wbr>forward<", "What to look at", "summed over the batch",
             "dW = np.dot(dZ, A_prev.T)", "Where to look", "Why it matters", "What to change", "Proved:", ">Notes<"]  # fmt: skip
    assert [page.index(part) for part in order] == sorted(page.index(part) for part in order)
    read = check(student.render(reports.mixed()))
    for function in reports.mixed().functions:
        for sentence in words.wrong(function):
            assert sentence.split("`")[2].strip() in read.text
    assert "ValueError: operands could not be broadcast" in read.text
    assert "cell 12, line 3: this cell does not parse" in read.text
    assert "Convention: mixed." in read.text


@pytest.mark.parametrize(("detail", "labels"), [("nudge", 1), ("explanation", 2), ("fix", 3)])
def test_each_level_adds_one_thing(detail, labels):
    text = check(student.render(golden_report(), detail=detail)).text
    assert sum(label in text for label in words.LEVEL_LABELS.values()) == labels


def test_an_unknown_level_is_an_error():
    with pytest.raises(ValueError):
        student.render(golden_report(), detail="all")


def test_hostile_text_stays_text():
    page = student.render(hostile())
    read = check(page)
    assert not read.all("script")
    assert b"<script" not in page
    assert "<script>alert(1)</script>" in read.text
    assert not read.all("a")


def test_only_students_own_parts_are_shown():
    assert b"SECRET" not in student.render(reports.mixed(), detail="fix")


def test_an_ungradable_notebook_says_why_and_lists_no_function():
    text = check(student.render(reports.ungradable())).text
    assert "This file is no notebook: it is empty" in text and "linear_forward" not in text


def test_the_bar_is_as_long_as_the_marks():
    bars: Any = student.bars((reports.passed("a", 10), reports.failed("b", points=30), reports.absent("c")))
    assert [bar.width for bar in bars] == [20, 60, 20]
    assert [bar.filled for bar in bars] == [20, 20, 0]
    assert [bar.x for bar in bars] == [0, 20, 80]
    assert student.bars(()) == []


def test_a_title_is_one_line():
    page = check(student.render(reports.report(file="a\n\n" + EVIL)))
    assert html_module.unescape(page.texts["title"][0]).count("\n") == 0


def test_pages_are_made_quickly():
    student.render(reports.mixed())
    start = time.perf_counter()
    for _ in range(20):
        student.render(reports.mixed())
    assert (time.perf_counter() - start) / 20 < 0.05
