"""The master text: all levels, nothing of the instructor, nothing that acts on a terminal."""

from __future__ import annotations

import pytest
from export_samples import (
    ALL,
    HOSTILE,
    MISSING_M,
    SECRET,
    broken,
    everything,
    failed,
    hostile,
    passed,
    ungradable,
)

from grader.render.json_report import to_json
from grader.render.plain import function_text, overview_text, report_text, summary_line

REPORT = everything()


@pytest.mark.parametrize(
    ("detail", "seen"),
    [
        ("nudge", ["NUDGE"]),
        ("explanation", ["NUDGE", "EXPLANATION"]),
        ("fix", ["NUDGE", "EXPLANATION", "FIX"]),
    ],
)
def test_each_level_adds_one_thing(detail: str, seen: list[str]) -> None:
    text = function_text(REPORT, failed("linear_backward", MISSING_M), detail)
    assert [word for word in ("NUDGE", "EXPLANATION", "FIX") if f"{word}-WORDS" in text] == seen


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        function_text(REPORT, passed("f"), "all")


def test_a_diagnosis_in_full() -> None:
    assert function_text(REPORT, failed("linear_backward", MISSING_M)).splitlines() == [
        "`linear_backward`: `dW` and `db` are summed over the batch, not averaged",
        "`dA_prev` is right.",
        "`dW` is 4 times the expected one for m = 4.",
        "`db` is 4 times the expected one for m = 4.",
        "In cell 23, line 7:",
        "    dW = np.dot(dZ, A_prev.T)  # a < b & c".replace("  #", " #"),
        "Proved: the code was run again with this error undone, and what it had made wrong came out right.",
        "50 % of the marks for `dW` and `db` kept.",
        "Where to look: NUDGE-WORDS",
        "Why it matters: EXPLANATION-WORDS with `m`.",
        "More: `grader explain missing-1-over-m`",
    ]


def test_the_student_s_own_error_and_prints_are_shown() -> None:
    text = function_text(REPORT, broken("f", "boom", stdout="dAL is\n[[1 2]]\n"))
    assert "cell 31, line 5" in text
    assert "    ValueError: boom" in text
    assert "    dAL is\n    [[1 2]]" in text


def test_long_texts_are_cut() -> None:
    text = function_text(REPORT, broken("f", "x" * 10_000, stdout="y" * 10_000))
    assert len(text) < 3_000


def test_a_summary_is_one_line() -> None:
    line = summary_line(everything())
    assert line.startswith("Score 25 / 100. 1 of 8 functions passed. `linear_backward`: ")
    assert "\n" not in line
    assert "This file is no notebook" in summary_line(ungradable())


@pytest.mark.parametrize("report", ALL)
def test_nothing_hidden_and_nothing_that_acts(report: object) -> None:
    for text in (report_text(report, "fix"), summary_line(report), overview_text(report)):
        assert SECRET not in text
        assert not set(text) & set("\x1b\x00\u202e\r")


def test_a_hostile_text_stays_a_text_on_its_own_line() -> None:
    text = report_text(hostile(), "fix")
    assert HOSTILE not in text
    # What a student printed is indented: it can never start a line of ours.
    assert not any(line.startswith(("Grade :=>>", "--|>")) for line in text.splitlines())


def test_json_lines_hold_nothing_that_acts() -> None:
    line = to_json(hostile(), indent=None).decode()
    assert line.count("\n") == 1 and len(line.splitlines()) == 1
    assert not any(character in line for character in "\x9b\u202e\u2066\u2028")
