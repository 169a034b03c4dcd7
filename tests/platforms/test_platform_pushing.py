"""Sending: once, again after trouble, resumed after a kill, and never twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from platform_world import fake_grade

from grader.errors import CannotWrite, UsageError
from grader.export import Skipped, StoredReport
from grader.platforms import lti_push
from grader.platforms import push as push_module
from grader.platforms.credentials import Secret
from grader.platforms.pushing import Item, Ledger, Pace, Refused, TryAgain, push


class FakeTarget:
    """Takes items; `troubles` are raised, one for each try, before anything arrives."""

    name = "fake 1/2"

    def __init__(self, *items: Item | Skipped, troubles: tuple[BaseException | None, ...] = ()) -> None:
        self._items = items
        self.troubles = list(troubles)
        self.arrived: list[Item] = []
        self.arrives_anyway = False

    def items(self) -> Iterator[Item | Skipped]:
        yield from self._items

    def send(self, item: Item) -> None:
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble is not None:
            if self.arrives_anyway:
                self.arrived.append(item)
            raise trouble
        self.arrived.append(item)

    def has(self, item: Item) -> bool:
        return item in self.arrived


def item(user: str, score: float = 5.0) -> Item:
    return Item(f"sub-{user}", user, score, 10.0, f"words for {user}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "exports" / "canvas" / "pushed.jsonl"


def pace(pauses: list[float] | None = None) -> Pace:
    return Pace(per_second=1e9, tries=4, sleep=(pauses if pauses is not None else []).append)


def test_everything_is_sent_once(path: Path) -> None:
    target = FakeTarget(item("a"), Skipped("sub-x", "nobody"), item("b"))
    first = push(target, Ledger(path), pace=pace())
    assert (first.sent, len(first.skipped), first.failed) == (("sub-a", "sub-b"), 1, ())
    second = push(target, Ledger(path), pace=pace())
    assert (second.sent, second.unchanged) == ((), ("sub-a", "sub-b"))
    assert len(target.arrived) == 2


def test_what_changed_is_sent_again(path: Path) -> None:
    push(FakeTarget(item("a"), item("b")), Ledger(path), pace=pace())
    target = FakeTarget(item("a", 6.0), item("b"))
    assert push(target, Ledger(path), pace=pace()).sent == ("sub-a",)


def test_another_assignment_is_another_ledger_entry(path: Path) -> None:
    push(FakeTarget(item("a")), Ledger(path), pace=pace())
    other = FakeTarget(item("a"))
    other.name = "fake 1/3"
    assert push(other, Ledger(path), pace=pace()).sent == ("sub-a",)


def test_a_dry_run_sends_and_writes_nothing(path: Path) -> None:
    target = FakeTarget(item("a"))
    summary = push(target, Ledger(path), dry_run=True, pace=pace())
    assert (summary.sent, summary.dry_run, target.arrived) == (("sub-a",), True, [])
    assert not path.exists()


def test_whoever_gets_0_for_a_file_that_cannot_be_read_is_named(path: Path) -> None:
    target = FakeTarget(item("1"), replace(item("2", 0.0), zero=True))
    assert push(target, Ledger(path), pace=pace()).zeros == (item("2").submission,)
    assert push(target, Ledger(path), pace=pace()).zeros == (item("2").submission,)


def test_of_a_folder_they_are_named_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = FakeTarget(replace(item("2", 0.0), zero=True), item("1"))
    monkeypatch.setattr(push_module, "_target", lambda *_: target)
    summary = push_module.push_folder(path.parents[2], "canvas", env={}, pace=pace())
    assert (summary.sent, summary.zeros) == (("sub-2", "sub-1"), ("sub-2",))


def test_of_one_students_two_submissions_lti_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second score would replace the first, and each run would send both anew."""
    monkeypatch.setattr(lti_push, "_connect", lambda _: (None, None, None))
    settings = lti_push.Settings(
        "issuer", "client", "https://a.example/t", "https://a.example/i", Secret("key")
    )
    handed_in = (("first", b"half", "ada"), ("second", b"good", "ada"), ("third", b"good", "bob"))
    reports = [
        StoredReport(name, fake_grade(data, "a.ipynb", name, student)) for name, data, student in handed_in
    ]
    items = list(lti_push.LtiTarget(settings, reports, "explanation").items())
    assert [one.what for one in items if isinstance(one, Skipped)] == ["first"]
    assert [(one.user, one.score) for one in items if isinstance(one, Item)] == [
        ("ada", 100.0),
        ("bob", 100.0),
    ]


def test_a_busy_lms_is_asked_again_at_its_own_pace(path: Path) -> None:
    pauses: list[float] = []
    target = FakeTarget(
        item("a"), troubles=(TryAgain("busy", 7.0), TryAgain("busy"), TryAgain("busy", 999.0), None)
    )
    assert push(target, Ledger(path), pace=pace(pauses)).sent == ("sub-a",)
    assert pauses[:3] == [7.0, 2.0, 60.0]


def test_one_student_s_failure_stops_nothing(path: Path) -> None:
    target = FakeTarget(item("a"), item("b"), troubles=(Refused("no\x1b[31m such user"),))
    summary = push(target, Ledger(path), pace=pace())
    assert summary.sent == ("sub-b",)
    assert summary.failed == (Skipped("sub-a", "no such user"),)
    again = push(target, Ledger(path), pace=pace())
    assert (again.sent, again.unchanged) == (("sub-a",), ("sub-b",))


def test_it_gives_up_after_a_few_tries(path: Path) -> None:
    target = FakeTarget(item("a"), troubles=tuple(TryAgain("down") for _ in range(9)))
    assert push(target, Ledger(path), pace=pace()).failed[0].reason == "down"
    assert len(target.troubles) == 5


def test_an_answer_that_was_lost_does_not_make_a_second_comment(path: Path) -> None:
    target = FakeTarget(item("a"), troubles=(TryAgain("cut off", unsure=True),))
    target.arrives_anyway = True
    assert push(target, Ledger(path), pace=pace()).sent == ("sub-a",)
    assert len(target.arrived) == 1


def test_what_arrived_although_it_gave_up_is_not_sent_again(path: Path) -> None:
    target = FakeTarget(item("a"), troubles=tuple(TryAgain("down") for _ in range(4)))
    target.arrives_anyway = True
    assert [one.what for one in push(target, Ledger(path), pace=pace()).failed] == ["sub-a"]
    arrived = len(target.arrived)
    assert push(target, Ledger(path), pace=pace()).unchanged == ("sub-a",)
    assert len(target.arrived) == arrived


def test_a_kill_between_sending_and_noting_does_not_either(path: Path) -> None:
    target = FakeTarget(item("a"), item("b"), troubles=(KeyboardInterrupt(),))
    target.arrives_anyway = True
    with pytest.raises(KeyboardInterrupt):
        push(target, Ledger(path), pace=pace())
    summary = push(target, Ledger(path), pace=pace())
    assert (summary.unchanged, summary.sent) == (("sub-a",), ("sub-b",))
    assert len(target.arrived) == 2


def test_a_wrong_token_ends_the_run(path: Path) -> None:
    target = FakeTarget(item("a"), troubles=(UsageError("token"),))
    with pytest.raises(UsageError):
        push(target, Ledger(path), pace=pace())


def test_a_torn_ledger_is_read_as_far_as_it_goes(path: Path) -> None:
    push(FakeTarget(item("a"), item("b")), Ledger(path), pace=pace())
    data = path.read_bytes()
    path.write_bytes(data[:-20])
    target = FakeTarget(item("a"), item("b"))
    target.arrived = [item("b")]
    assert push(target, Ledger(path), pace=pace()).unchanged == ("sub-a", "sub-b")
    assert len(path.read_bytes().splitlines()) > len(data.splitlines()) - 1


def test_the_ledger_holds_no_words_and_is_the_owner_s_alone(path: Path) -> None:
    push(FakeTarget(item("a")), Ledger(path), pace=pace())
    assert "words" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


def test_a_ledger_that_cannot_be_written_stops_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "exports").write_text("in the way")
    target = FakeTarget(item("a"))
    with pytest.raises(CannotWrite):
        push(target, Ledger(tmp_path / "exports" / "x.jsonl"), pace=pace())
    assert target.arrived == []
