"""Ids are safe on every file system, and no two files share one."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.batch.found import Entry, Source
from grader.batch.naming import MAX_ID, assign_ids, safe_id


def entry(path: str) -> Entry:
    return Entry(Source("/" + path), tuple(path.split("/")), 1, 0.0)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("a.b.001.ipynb", "a.b.001"),
        ("s/x/hw.ipynb", "s/x/hw"),
        ("up/load.zip/hw.ipynb", "up/load/hw"),
        ("Ada Lovelace_1_assignsubmission_file/hw.ipynb", "Ada Lovelace_1_assignsubmission_file/hw"),
        ("日本.ipynb", "日本"),
        ("..ipynb", "_"),
        ("<img src=x>.ipynb", "_img src=x_"),
        ("con.ipynb", "_con"),
        ("x\x1b[2J\n.ipynb", "x__2J_"),
    ],
)
def test_known_names(path: str, wanted: str) -> None:
    assert safe_id(tuple(path.split("/"))) == wanted


def test_our_own_names_are_not_given_away() -> None:
    assert safe_id(("a", "report.json.ipynb")) != "a/report.json"
    assert safe_id(("grades.csv.ipynb",)).startswith("grades.csv-")


def test_notebook_has_the_first_claim_on_a_name() -> None:
    ids = assign_ids([entry("hw.py"), entry("hw.ipynb"), entry("HW.ipynb")])
    assert ids[entry("HW.ipynb")] == "HW"
    assert len({one.casefold() for one in ids.values()}) == 3


def test_a_source_keeps_its_id_from_an_earlier_run_and_others_get_a_suffix() -> None:
    assert assign_ids([entry("hw.ipynb")], {"hw": "/hw.ipynb"})[entry("hw.ipynb")] == "hw"
    assert assign_ids([entry("hw.ipynb")], {"hw": "/else/hw.ipynb"})[entry("hw.ipynb")].startswith("hw-")


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1), min_size=1, max_size=3),
        max_size=8,
    )
)
def test_ids_are_safe_and_unique(paths: list[list[str]]) -> None:
    entries = {entry("/".join(path)) for path in paths}
    ids = assign_ids(entries)
    folded = [unicodedata.normalize("NFC", one).casefold() for one in ids.values()]
    assert len(set(folded)) == len(entries)
    for one in ids.values():
        assert len(one.encode()) <= MAX_ID + 40
        for part in one.split("/"):
            assert part
            assert part[0] not in ". "
            assert part[-1] not in ". "
            assert not set(part) & set('<>:"|?*\\\n\t\x1b')


def test_long_names_stay_distinct() -> None:
    ids = assign_ids([entry("é" * 300 + tail + ".ipynb") for tail in "ab"])
    assert len(set(ids.values())) == 2
    assert all(len(one.encode()) <= 120 for one in ids.values())


@pytest.mark.parametrize("name", ["-rf.ipynb", "--out.ipynb", "-", ". -rf.ipynb", "-" * 300])
def test_no_id_begins_like_an_option(name: str) -> None:
    last = safe_id(("class", name)).rpartition("/")[2]
    assert not last.startswith("-")
    assert len(last) <= 120


def test_an_id_of_an_earlier_run_keeps_its_minus() -> None:
    entries = [entry("-RF.ipynb"), entry("a/-rf.ipynb")]
    ids = assign_ids(entries, {"-rf": str(entries[0].source), "a/-rf": "/elsewhere"})
    assert list(ids.values()) == ["-RF", "a/_-rf"]
