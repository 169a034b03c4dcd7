"""The class page: its numbers, what it hides when it is anonymous, and that hostile text stays text."""

import dataclasses
import json
import re
from typing import Any

import pytest
import reports
from html_checks import Page, check
from hypothesis import given
from hypothesis import strategies as st
from test_text import EVIL, hostile

from grader.model import Feedback
from grader.render.html import charts, class_page, figures, pseudonyms
from grader.render.html.rows import collect

ADA = reports.report(
    reports.passed("f"), reports.failed("g", reports.MISSING_M), student="Ada", file="ada.ipynb", score=60.0
)
BO = reports.report(
    reports.passed("f"), reports.failed("g"), student="Bohr", file="bohr.ipynb", score=100.0, convention="J"
)
CY = reports.report(
    reports.broken("f"),
    reports.failed("g", reports.MISSING_M),
    student="Cyrano",
    file="cyrano.ipynb",
    score=0.0,
)
LOST = reports.ungradable("lost.ipynb", "dora's file is empty")
CLASS = [ADA, BO, CY, LOST]
YAML = 'title: "a </script> b"\nseen_in: g\n'


def data(page: bytes) -> dict[str, Any]:
    """The table's data, as the browser reads it."""
    text = re.search(rb'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert text
    found: dict[str, Any] = json.loads(text[1])
    return found


# ---------------------------------------------------------------------------------------- the numbers


def test_the_scores_are_counted_in_bins_and_full_marks_are_in_the_last():
    scores = figures.scores(collect(CLASS).graded, 100.0)
    assert scores is not None
    assert (scores.mean, scores.median, scores.full) == (160 / 3, 60.0, 1)
    assert {index: number for index, number in enumerate(scores.counts) if number} == {0: 1, 12: 1, 19: 1}


def test_nothing_graded_has_no_scores():
    assert figures.scores([], 100.0) is None


def test_the_heat_map_counts_outcomes_of_what_was_graded():
    rows = {
        row.function: {cell.status: cell.number for cell in row.cells} for row in figures.heat(collect(CLASS))
    }
    assert rows["f"] == {
        "passed": 2,
        "error": 1,
        "failed": 0,
        "timeout": 0,
        "missing": 0,
        "not-implemented": 0,
    }
    assert rows["g"]["failed"] == 3
    assert set(rows) == {"f", "g"}


def test_misconceptions_are_ranked_by_submissions_not_by_diagnoses():
    twice = reports.report(
        reports.failed("f", reports.MISSING_M),
        reports.failed("g", reports.MISSING_M, reports.PLUS_SIGN),
        student="D",
    )
    first, second = figures.ranked(collect([twice, *CLASS]), {})
    assert (first.id, first.count, first.share) == ("missing-1-over-m", 3, 75.0)
    assert first.functions == ("g", "f") and first.evidence == "4 proved"
    assert (second.id, second.count, second.evidence) == ("update-plus-sign", 1, "1 matched")


def test_given_explanations_come_before_those_in_the_reports():
    (own,) = figures.ranked(collect(CLASS), {})
    (given,) = figures.ranked(collect(CLASS), {"missing-1-over-m": Feedback("look", "because", "")})
    assert own.levels[1][1] == reports.MISSING_M.feedback.explanation
    assert [text for _, text in given.levels] == ["look", "because"]


@dataclasses.dataclass(frozen=True)
class OfRubric:
    """As a rubric has a misconception."""

    title: str
    feedback: Feedback


@pytest.mark.parametrize("anonymous", [False, True])
def test_a_rubrics_words_are_filled_with_what_the_class_shows(anonymous):
    given = {"missing-1-over-m": OfRubric("{components} are sums", Feedback("Look at {components}.", "", ""))}
    (item,) = figures.ranked(collect([ADA]), given, anonymous=anonymous)
    assert (item.title, item.levels) == (
        "`dW` and `db` are sums",
        (("Where to look", "Look at `dW` and `db`."),),
    )


def test_rare_misconceptions_are_folded_away():
    kinds = [dataclasses.replace(reports.PLUS_SIGN, misconception=f"kind-{number}") for number in range(15)]
    class_ = [
        reports.report(reports.failed("f", *kinds[: number + 1]), file=f"{number}.ipynb")
        for number in range(15)
    ]
    page = class_page.render(class_)
    shown, folded = page.decode().split('<details class="rest">')
    assert "kind-11<" in shown and "kind-12<" not in shown and "kind-12<" in folded
    assert "3 rarer misconceptions" in check(page).text


def test_conventions_are_counted():
    assert [(item.key, item.number) for item in figures.conventions(collect(CLASS).graded)] == [
        ("L", 2),
        ("J", 1),
    ]


def test_a_rubric_without_conventions_has_no_list_of_them():
    plain = [dataclasses.replace(one, convention="undetermined") for one in CLASS]
    assert figures.conventions(collect(plain).graded) == []
    assert "Conventions used" not in class_page.render(plain).decode()


def compared(earlier, now):
    before, after = collect(earlier), collect(now)
    return figures.changes(before, after, figures.same(before, after))


def test_runs_are_compared_by_student_where_both_know_them():
    names = ("Ada", "Bo", "Cy", None)
    then, now = (
        [reports.report(reports.passed("f"), student=name, file=f"{place}{at}.ipynb") for at, name in enumerate(order)]
        for place, order in (("last/", names), ("", names[::-1]))
    )  # fmt: skip
    then[0] = dataclasses.replace(then[0], score=20.0)
    changes = compared(then, now)
    assert (changes.better, changes.worse, changes.same, changes.new, changes.gone) == (1, 0, 2, 1, 1)


def test_equal_ids_of_two_students_are_not_compared():
    then = [reports.report(reports.passed("f"), student="Ada", file="1.ipynb")]
    now = [reports.report(reports.passed("f"), student="Bo", file="1.ipynb")]
    assert (compared(then, now).new, compared(then, now).gone) == (1, 1)
    nameless = [reports.report(reports.passed("f"), student=None, file="1.ipynb")]
    assert compared(then, nameless).same == 1


def test_who_is_there_twice_is_told_and_anonymously_only_how_many():
    twice = [dataclasses.replace(ADA, submission=dataclasses.replace(ADA.submission, id="copy/ada")), ADA, BO]
    assert (
        "1 student has more than one submission here: Ada (copy/ada, ada)"
        in class_page.render(twice).decode()
    )
    assert (
        "1 student has more than one submission here. Where"
        in class_page.render(twice, anonymous=True).decode()
    )
    assert "more than one submission" not in class_page.render([ADA, BO]).decode()


def test_warnings_stand_first():
    assert "44 of 228 &lt;" in class_page.render([ADA], warnings=("44 of 228 <",)).decode()


def test_what_changed():
    earlier = [
        dataclasses.replace(ADA, score=20.0),
        BO,
        dataclasses.replace(CY, score=10.0),
        reports.ungradable("x.ipynb"),
    ]
    changes = compared(earlier, CLASS)
    assert (changes.better, changes.worse, changes.same, changes.new, changes.gone) == (1, 1, 1, 1, 1)
    assert changes.functions == [] and changes.misconceptions == []
    fixed = [
        reports.report(reports.passed("f"), reports.passed("g"), student="Ada", file="ada.ipynb"),
        BO,
        CY,
    ]
    after = compared(CLASS[:3], fixed)
    assert [(item.name, round(item.before), round(item.after)) for item in after.functions] == [("g", 0, 33)]
    assert [(item.name, round(item.before), round(item.after)) for item in after.misconceptions] == [
        ("missing-1-over-m", 67, 33)
    ]


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.2, "< 1 %"), (1, "1 %"), (99.7, "99 %"), (100, "100 %"), (37.4, "37 %")],
)
def test_a_share_never_looks_like_none_or_all_when_it_is_not(share, text):
    assert figures.shown(share) == text


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=30), st.floats(1, 1000))
def test_the_histogram_stays_in_its_frame(counts, maximum):
    chart = charts.histogram(counts, maximum, maximum / 2)
    for column in chart.columns:
        assert chart.left <= column.x and column.x + column.width <= chart.right
        assert chart.top - 0.02 <= column.y and column.y + column.height == pytest.approx(
            chart.bottom, abs=0.02
        )
        assert column.height >= 0
    assert 2 <= len(chart.y_ticks) <= 6


# ------------------------------------------------------------------------------------------- the page


def test_the_page_is_sound_and_says_it_all():
    clusters = [class_page.Cluster("g", "`dW` is halved", 7, ("bohr", "gone"), YAML)]
    page = class_page.render(
        iter(CLASS), clusters=clusters, compare=[dataclasses.replace(ADA, score=20.0)],
        feedback_links={one.submission.id: f"{one.submission.id}/feedback.html" for one in CLASS},
    )  # fmt: skip
    text = check(page).text
    for words in (
        "dnn-step-by-step version 1", "submissions4", "53.3", "full marks1 33 %", "Scores", "60 to 65", "Conventions used",
        "Functions and their outcomes", "summed over the batch, not averaged", "67 %", "Why it matters", "2 proved",
        "What changed since the earlier run", "1 better", "3 new", "dW is halved", "7 submissions", YAML.split()[0],
        "Could not be graded", "dora's file is empty",
    ):  # fmt: skip
        assert words in text, words
    assert 'href="./bohr/feedback.html"><bdi>Bohr</bdi></a>' in page.decode()


def test_every_student_is_in_the_tables_data():
    found = data(class_page.render(CLASS, feedback_links={"ada": "ada/feedback.html"}, compare=[BO]))
    assert (
        found["functions"] == ["f", "g"]
        and found["misconceptions"] == ["missing-1-over-m"]
        and found["compared"]
    )
    assert found["rows"] == [
        ["Ada", "ada.ipynb", 60.0, "01", [0], "L", "./ada/feedback.html", None],
        ["Bohr", "bohr.ipynb", 100.0, "01", [], "J", "", 100.0],
        ["Cyrano", "cyrano.ipynb", 0.0, "21", [0], "L", "", None],
        ["", "lost.ipynb", None, "", [], "", "", None],
    ]


@pytest.mark.parametrize("class_", [[], [LOST], [ADA], [hostile(), hostile()]])
def test_odd_classes_have_a_page(class_):
    check(class_page.render(class_, compare=class_))


def test_hostile_text_stays_text():
    report = hostile()
    evil_id = dataclasses.replace(report, submission=dataclasses.replace(report.submission, id=EVIL))
    bad = dataclasses.replace(reports.ungradable("</script><script>alert(1)</script>", EVIL))
    clusters = [class_page.Cluster(EVIL, EVIL, 3, (EVIL,), EVIL)]
    page = class_page.render(
        [evil_id, bad], clusters=clusters, feedback_links={EVIL: "javascript:alert(1)//\u202e"}
    )
    read = check(page)
    assert len(read.all("script")) == 2
    assert {link["href"].split("/")[0] for link in read.all("a") if link["href"] != "#students"} == {"."}
    assert data(page)["rows"][0][6].startswith("./javascript%3Aalert")


@given(st.text(st.characters(codec="utf-8")))
def test_data_in_the_page_ends_nothing_and_reads_back(text):
    embedded = class_page.embedded([text])
    assert not set("<>&") & set(embedded)
    assert json.loads(embedded) == [text]


@pytest.mark.parametrize(
    ("path", "href"),
    [("a b/feedback.html", "./a%20b/feedback.html"), ("//evil/x", ".///evil/x"), ("100%#?", "./100%25%23%3F"),
     ("zoë/f", "./zo%C3%AB/f"), ("http://evil", "./http%3A//evil"), ("a\\b", "./a/b")],
)  # fmt: skip
def test_a_link_stays_below_the_page(path, href):
    assert class_page.link(path) == href


# --------------------------------------------------------------------------------------- without names


def anonymous_page() -> bytes:
    personal = dataclasses.replace(
        reports.MISSING_M,
        misconception="uses-global",
        title="reads `bos_secret`",
        feedback=Feedback("bos_secret", "", ""),
    )
    bo = dataclasses.replace(BO, functions=(*BO.functions, reports.failed("h", personal)))
    clusters = [class_page.Cluster("g", "`dW` is halved", 7, ("bohr",), "yaml of bo_quoted")]
    links = {one.submission.id: f"{one.submission.id}/feedback.html" for one in CLASS}
    return class_page.render(
        [ADA, bo, CY, LOST], anonymous=True, clusters=clusters, feedback_links=links, compare=[BO]
    )


def test_an_anonymous_page_names_nobody():
    page = anonymous_page()
    check(page)
    text = page.decode()
    for secret in (
        "Ada",
        "Bohr",
        "Cyrano",
        "ada.",
        "bohr.",
        "cyrano.",
        "lost",
        "dora",
        "bos_secret",
        "bo_quoted",
        "feedback.html",
    ):
        assert secret not in re.sub(r"<style>.*?</style>|<script>.*?</script>", "", text, flags=re.DOTALL), (
            secret
        )
    assert "uses-global" in text and "empty-file" in text and "is halved" in Page(page).text
    assert "summed over the batch" in text


def test_pseudonyms_are_stable_and_follow_the_submission():
    first, second = data(anonymous_page()), data(class_page.render(CLASS[::-1], anonymous=True))
    names = [row[0] for row in first["rows"]]
    assert names == sorted(names) and len(set(names)) == 4
    assert {row[0]: row[2] for row in first["rows"]} == {row[0]: row[2] for row in second["rows"]}


def test_a_pseudonym_cannot_be_made_from_id_and_key_alone():
    other = [
        dataclasses.replace(one, submission=dataclasses.replace(one.submission, sha256="ef" * 32))
        for one in CLASS
    ]

    def names(class_: Any, key: bytes = b"") -> set[str]:
        return {row[0] for row in data(class_page.render(class_, anonymous=True, key=key))["rows"]}

    assert names(CLASS, b"7") == names(CLASS, b"7")
    assert not names(CLASS, b"7") & names(other, b"7")
    assert not names(CLASS, b"7") & names(CLASS, b"8")


def test_pseudonyms_of_a_large_class_differ():
    names = pseudonyms.pseudonyms([str(number) for number in range(5000)], b"key")
    assert len(set(names.values())) == 5000
    assert len({len(name) for name in names.values()}) == 1


def test_a_name_written_from_the_right_moves_nothing_around_it():
    one = dataclasses.replace(ADA, submission=dataclasses.replace(ADA.submission, student="محمد علي"))
    clusters = [class_page.Cluster("g", "same", 2, (one.submission.id,))]
    assert "<bdi>محمد علي</bdi>" in class_page.render([one], clusters=clusters).decode()
