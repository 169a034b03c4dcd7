"""Identities from the naming of six platforms, a user's pattern and a roster."""

import re
import zipfile
from pathlib import Path

import pytest

from grader.batch import gradescope
from grader.batch.discover import discover
from grader.batch.found import Found
from grader.batch.roster import parse_roster
from grader.errors import UsageError


def found(folder: Path, *names: str, **options: object) -> Found:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return discover([folder], **options)  # type: ignore[arg-type]


def students(result: Found) -> dict[str, str | None]:
    return {one.file: one.student for one in result.submissions}


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("lovelaceada_1234_567890_hw4.ipynb", "1234"),
        ("lovelaceada_LATE_1234_567890_hw4-1.ipynb", "1234"),
        ("müllerjürgen_77_5_a_b_1.ipynb", "77"),
        ("anon_aB3dE_99_hw.ipynb", "anon_aB3dE"),
        ("LATE_anon_x9_99_hw.ipynb", "anon_x9"),
        ("Ada Lovelace_123456_assignsubmission_file/hw.ipynb", "123456"),
        ("Ada Lovelace_123456_assignsubmission_file_hw.ipynb", "123456"),
        ("Participant_123456_assignsubmission_file_/sub/hw.ipynb", "123456"),
        ("HW 4_alovelace_attempt_2024-10-05-13-01-59_hw_4.ipynb", "alovelace"),
        ("12345-67890 - Ada Lovelace - Oct 5, 2024 1101 PM - hw.ipynb", "12345"),
        ("12345-998877 - Anna Müller - Nov 27, 2026 300 PM/week4.ipynb", "12345"),
        ("submitted/ada/ps1/p1.ipynb", "ada"),
    ],
)
def test_downloads_name_their_students(tmp_path: Path, name: str, student: str) -> None:
    assert students(found(tmp_path, name)) == {name: student}


def test_late_and_name_are_kept(tmp_path: Path) -> None:
    one = found(tmp_path, "lovelaceada_LATE_12_34_hw.ipynb").submissions[0]
    assert (one.late, one.name) == (True, "lovelaceada")


@pytest.mark.parametrize(
    "name", ["hw_01_02_final.ipynb", "sub_0001_missing.ipynb", "a.b.001.ipynb", "Week_4_2_x.ipynb"]
)
def test_an_instructors_own_names_are_not_taken_for_canvas(tmp_path: Path, name: str) -> None:
    assert students(found(tmp_path, name)) == {name: None}


def test_canvas_needs_half_of_a_folder(tmp_path: Path) -> None:
    result = found(tmp_path, "week_4_2_x.ipynb", "plain.ipynb", "other.ipynb")
    assert set(students(result).values()) == {None}


def test_nbgrader_when_given_the_submitted_folder_itself(tmp_path: Path) -> None:
    folder = tmp_path / "submitted"
    folder.mkdir()
    result = found(folder, "ada/ps1/p1.ipynb", "ada/ps1/p2.ipynb", "ada/ps1/timestamp.txt")
    assert students(result) == {"ada/ps1/p1.ipynb": "ada", "ada/ps1/p2.ipynb": "ada"}


def test_gradescope_groups_get_a_report_each(tmp_path: Path) -> None:
    (tmp_path / "submission_metadata.yml").write_text(
        "submission_7:\n  :submitters:\n  - :name: Ada\n    :sid: '1'\n    :email: ada@x.org\n  - :email: bob@x.org\n"
    )
    result = found(tmp_path, "submission_7/hw.ipynb")
    assert sorted(one.student or "" for one in result.submissions) == ["ada@x.org", "bob@x.org"]
    assert len({one.id for one in result.submissions}) == 2


@pytest.mark.parametrize("text", ["[", "submission_7: 3", "a: &a [*a]", "!!python/object:os.system {}"])
def test_broken_gradescope_metadata_costs_only_the_names(tmp_path: Path, text: str) -> None:
    (tmp_path / "submission_metadata.yml").write_text(text)
    assert students(found(tmp_path, "submission_7/hw.ipynb")) == {"submission_7/hw.ipynb": None}


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("ada_12_99_hw.ipynb", "ada_12_100_hw.ipynb"),
        ("hw_ada_attempt_2024-10-05-13-01-59_a.ipynb", "hw_ada_attempt_2024-10-06-01-01-59_a.ipynb"),
        ("1-2 - Ada - Oct 5, 2024 1101 PM - hw.ipynb", "1-2 - Ada - Oct 6, 2024 1101 AM - hw.ipynb"),
        ("1-2 - Ada - Oct 5, 2024 1101 PM/hw.ipynb", "1-3 - Ada - Oct 6, 2024 1101 AM/hw.ipynb"),
        ("ada_12_100_hw.py", "ada_12_99_hw.ipynb"),
    ],
)
def test_newest_of_a_student_counts_and_the_other_is_listed(tmp_path: Path, older: str, newer: str) -> None:
    result = found(tmp_path, newer, older)  # the older one is the later one on disk
    assert [one.file for one in result.submissions] == [newer]
    assert [one.path for one in result.skipped] == [older]
    assert newer in result.skipped[0].reason


def test_pattern_with_nbgraders_groups(tmp_path: Path) -> None:
    pattern = r"(?P<student_id>\w+)-(?P<timestamp>\d+)-(?P<file_id>.+)"
    result = found(tmp_path, "ada-2-hw.ipynb", "ada-1-hw.ipynb", "bob.ipynb", identity=pattern)
    assert students(result) == {"ada-2-hw.ipynb": "ada", "bob.ipynb": None}


@pytest.mark.parametrize("pattern", ["(", r"(\w+)", "(?P<wrong>.)"])
def test_bad_patterns_are_usage_errors(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(UsageError, match=re.escape(repr(pattern))):
        found(tmp_path, "a.ipynb", identity=pattern)


def test_identity_none_turns_it_off(tmp_path: Path) -> None:
    result = found(tmp_path, "ada_12_99_hw.ipynb", "ada_12_100_hw.ipynb", identity="none")
    assert set(students(result).values()) == {None}


def test_roster_reports_both_directions(tmp_path: Path) -> None:
    roster = parse_roster(
        "Student,ID,SIS Login ID,Section\n  Points Possible,,,\nAda,12,ada,1\nBob,13,bob,1\n", "r.csv"
    )
    result = found(tmp_path, "ada_12_99_hw.ipynb", "eve_66_98_hw.ipynb", roster=roster)
    assert result.unknown_students == ("66",)
    assert result.missing_students == ("13",)


def test_roster_names_files_and_finds_by_name(tmp_path: Path) -> None:
    roster = parse_roster("name;email;student_id\nLovelace, Ada;ada@x.org;7\nBob Ross;bob@x.org;8\n", "r.csv")
    result = found(tmp_path, "8.ipynb", "Ada Lovelace.ipynb", roster=roster)
    assert students(result) == {"8.ipynb": "8", "Ada Lovelace.ipynb": "7"}
    assert result.missing_students == ()


@pytest.mark.parametrize("unknown", ["", "unknown person/4.ipynb"])
def test_a_number_that_every_file_bears_is_nobody_s_id(tmp_path: Path, unknown: str) -> None:
    roster = parse_roster("name,student_id\nAda Lovelace,1\nAlan Turing,2\nMarie Curie,4\n", "r.csv")
    files = {"Ada Lovelace/4.ipynb": "1", "Alan Turing/4.ipynb": "2", **({unknown: None} if unknown else {})}
    result = found(tmp_path, *files, roster=roster)
    assert students(result) == files
    assert result.missing_students == ("4",)


def test_a_path_that_names_two_students_is_nobody_s(tmp_path: Path) -> None:
    roster = parse_roster("name,student_id\nAlan Turing,2\nMarie Curie,4\n", "r.csv")
    assert students(found(tmp_path, "4/Alan Turing.ipynb", roster=roster)) == {"4/Alan Turing.ipynb": None}


def test_a_name_or_an_address_that_two_students_share_is_nobody_s(tmp_path: Path) -> None:
    shared = "Ada Lovelace,pair@x.org"
    roster = parse_roster(f"name,email,student_id\n{shared},1\n{shared},2\nAlan Turing,a@x.org,3\n", "r.csv")
    wanted = {"Ada Lovelace.ipynb": None, "Alan Turing.ipynb": "3", "pair@x.org.ipynb": None}
    assert students(found(tmp_path, *wanted, roster=roster)) == wanted


def test_roster_settles_a_blackboard_username_with_underscores(tmp_path: Path) -> None:
    name = "HW_1_ada_love_attempt_2024-10-05-13-01-59_hw.ipynb"
    roster = parse_roster("username\nada_love\n", "r.csv")
    assert students(found(tmp_path, name, roster=roster)) == {name: "ada_love"}


def _attempt(head: str, day: int = 1) -> str:
    return f"{head}_attempt_2024-10-0{day}-13-01-59_hw.ipynb"


def test_the_longest_username_of_a_roster_is_the_students(tmp_path: Path) -> None:
    roster = parse_roster("username\ndoe\njohn_doe\nbob\n", "r.csv")
    names = {
        _attempt("Week 4_doe"): "doe",
        _attempt("Week 4_john_doe", 2): "john_doe",
        _attempt("Week 4_bob"): "bob",
    }
    assert students(found(tmp_path, *names, roster=roster)) == names


def test_blackboards_usernames_are_what_their_names_have_not_in_common(tmp_path: Path) -> None:
    names = {
        _attempt("HW_1_john_doe"): "john_doe",
        _attempt("HW_1_jane_doe"): "jane_doe",
        _attempt("HW_1_bob", 2): "bob",
    }
    assert students(found(tmp_path, *names)) == names


@pytest.mark.parametrize("heads", [("s", "s_1", "s_1_2", "1"), ("s", "s_s"), ("a_b", "c_b")])
def test_two_of_blackboards_names_are_never_one_student(tmp_path: Path, heads: tuple[str, ...]) -> None:
    """Also where one is all that the other begins with."""
    names = [_attempt(f"HW_{head}") for head in heads]
    kept = students(found(tmp_path, *names))
    assert kept.keys() == set(names)
    assert len(set(kept.values())) == len(names)


def test_an_assignment_may_be_called_an_attempt(tmp_path: Path) -> None:
    names = {_attempt("Second_attempt_2_ada"): "ada", _attempt("Second_attempt_2_bob"): "bob"}
    assert students(found(tmp_path, *names)) == names


def test_several_of_blackboards_assignments_in_one_folder(tmp_path: Path) -> None:
    """A name that is alone in its assignment ends with a known one, or else with its last part."""
    names = {
        _attempt("Week 4_john_doe"): "john_doe",
        _attempt("Week 4_doe"): "doe",
        _attempt("Week 5_john_doe", 2): "john_doe",
        _attempt("Week 6_eve"): "eve",
    }
    del names[_attempt("Week 4_john_doe")]
    assert students(found(tmp_path, _attempt("Week 4_john_doe"), *names)) == names


def test_names_in_folders_of_their_own_are_held_against_each_other(tmp_path: Path) -> None:
    names = {f"a/{_attempt('HW_john_doe')}": "john_doe", f"b/{_attempt('HW_jane_doe')}": "jane_doe"}
    assert students(found(tmp_path, *names)) == names


def test_whom_a_roster_does_not_have_is_not_who_is_called_like_a_part_of_it(tmp_path: Path) -> None:
    roster = parse_roster("username\ndoe\n", "r.csv")
    result = found(tmp_path, _attempt("HW_doe"), _attempt("HW_john_doe", 2), roster=roster)
    assert students(result) == {_attempt("HW_doe"): "doe", _attempt("HW_john_doe", 2): "john_doe"}
    result = found(tmp_path, _attempt("HW_jane_doe"), roster=roster)
    assert len(set(students(result).values())) == 3


def test_a_roster_takes_the_assignments_number_off_a_username(tmp_path: Path) -> None:
    roster = parse_roster("username\nada\nbob\n", "r.csv")
    names = {_attempt("HW_1_ada"): "ada", _attempt("HW_2_bob"): "bob"}
    assert students(found(tmp_path, *names, roster=roster)) == names


def test_a_second_attempt_is_still_of_the_same_student(tmp_path: Path) -> None:
    names = [_attempt("HW_1_ada"), _attempt("HW_1_ada", 2), _attempt("HW_1_bob")]
    assert students(found(tmp_path, *names)) == {names[1]: "ada", names[2]: "bob"}


def test_moodle_and_brightspace_ornament_is_taken_off(tmp_path: Path) -> None:
    roster = parse_roster("Identifier,Full name\nParticipant 123456,Ada Lovelace\n", "r.csv")
    result = found(tmp_path, "Ada Lovelace_123456_assignsubmission_file/hw.ipynb", roster=roster)
    assert (result.unknown_students, result.missing_students) == ((), ())


def test_roster_without_an_id_column_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no column that identifies students"):
        parse_roster("colour,size\nred,3\n", "r.csv")


def test_a_student_in_two_sections_is_one_student(tmp_path: Path) -> None:
    roster = parse_roster('student_id,name\n7,Ada Lovelace\n7,"Lovelace, Ada"\n8,Bob\n', "r.csv")
    assert [person.key for person in roster.people] == ["7", "8"]
    result = found(tmp_path, "7.ipynb", roster=roster)
    assert (result.unknown_students, result.missing_students) == ((), ("8",))


def test_a_roster_without_students_says_so() -> None:
    with pytest.raises(UsageError, match="a header and no students"):
        parse_roster("student_id,name\n", "r.csv")


def test_a_roster_of_noise_is_told_on_one_line() -> None:
    with pytest.raises(UsageError, match="no column that identifies students") as error:
        parse_roster("\x1b[31m\x07,b\n1,2\n", "r.csv")
    assert "\x1b" not in str(error.value)


#: Names that a student called mallory, number 44, chose for an upload, to be taken for number 42.
SPOOFS = {
    "canvas, a name as Blackboard's": (
        ("ada_42_1000_hw.ipynb", "bob_43_1001_hw.ipynb"),
        "mallory_44_1002_x_42_attempt_2099-01-01-00-00-00_hw.ipynb",
        "44",
    ),
    "canvas, a folder as Moodle's": (
        ("ada_42_1000_hw.ipynb", "bob_43_1001_hw.ipynb"),
        "mallory_44_1002_hw.zip!x_42_assignsubmission_file_/hw.ipynb",
        "44",
    ),
    "blackboard, a second attempt": (
        ("HW_42_attempt_2026-01-01-10-00-00_hw.ipynb",),
        "HW_44_attempt_2026-01-01-11-00-00_x_42_attempt_2099-01-01-00-00-00_hw.ipynb",
        "44",
    ),
    "nbgrader, a tree in a tree": (
        ("submitted/42/ps1/hw.ipynb",),
        "submitted/44/ps1/submitted/42/ps1/hw.ipynb",
        "44",
    ),
    "plain names, a zip as a download": (
        ("ada.ipynb", "bob.ipynb"),
        "mallory.zip!x_42_assignsubmission_file_/hw.ipynb",
        None,
    ),
    "one plain name, a zip as a download": (
        ("ada.ipynb",),
        "mallory.zip!x_42_assignsubmission_file_/hw.ipynb",
        None,
    ),
    "plain names, metadata of its own": (
        ("ada.ipynb", "bob.ipynb"),
        "mallory.zip!submission_9/hw.ipynb",
        None,
    ),
    "moodle, metadata of its own": (
        ("Ada A_42_assignsubmission_file_/hw.ipynb",),
        "Mallory M_44_assignsubmission_file_/hw.zip!submission_9/hw.ipynb",
        "44",
    ),
}


@pytest.mark.parametrize("case", SPOOFS)
def test_a_students_own_names_never_make_them_somebody_else(tmp_path: Path, case: str) -> None:
    honest, upload, student = SPOOFS[case]
    name, _, member = upload.partition("!")
    if member:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(member, "{}")
            archive.writestr("submission_metadata.yml", "submission_9:\n  :submitters:\n  - :email: '42'\n")
        result = found(tmp_path, *honest)
    else:
        result = found(tmp_path, *honest, upload)
    assert students(result)[upload.replace("!", "/")] == student
    assert len(result.submissions) == len(honest) + 1
    assert bool(result.unbelieved) == (student is None)


def test_a_download_in_a_folder_of_its_own_is_believed(tmp_path: Path) -> None:
    names = (
        "moodle/Ada A_1_assignsubmission_file_/hw.ipynb",
        "moodle/Bob B_2_assignsubmission_file_/hw.ipynb",
    )
    assert set(students(found(tmp_path, *names)).values()) == {"1", "2"}


@pytest.mark.parametrize(
    "text",
    [
        'a: !!timestamp "x"\nsubmission_1:\n  :submitters:\n  - :email: ada\n',
        "submission_1:\n  :submitters:\n  - :sid: 0xffffffffffffffffffff\n    :email: ada\n",
    ],
)
def test_metadata_is_text_whatever_its_tags_say(text: str) -> None:
    assert gradescope.people(text.encode()) == {"submission_1": ("ada",)}


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\nsubmission_1:\n  :submitters:\n  - :email: *a\n",
        "submission_1:\n  :submitters:\n" + "".join(f"  - :email: s{i}\n" for i in range(100)),
        "[" * 1000,
        "? [a]\n: b\n",
        "\0",
        "[]",
    ],
)
def test_metadata_that_no_export_holds_names_nobody(text: str) -> None:
    assert gradescope.people(text.encode()) == {}


def test_a_date_alone_makes_no_brightspace_file(tmp_path: Path) -> None:
    assert set(students(found(tmp_path, "1-2 - Ada - Oct 2024.ipynb")).values()) == {None}


def test_the_platform_s_word_stays_beside_the_roster_s(tmp_path: Path) -> None:
    roster = parse_roster("student,email\nAnna Müller,a@x.org\n", "r.csv")
    one = found(tmp_path, "Anna Müller_201_assignsubmission_file_/hw.ipynb", roster=roster).submissions[0]
    assert (one.student, one.platform, one.own, one.listed) == ("a@x.org", "moodle", "201", "Anna Müller")


def test_files_of_kinds_not_graded_are_their_student_s(tmp_path: Path) -> None:
    roster = parse_roster("student_id,name\n4,Marie Curie\n7,Alan Turing\n8,Bob Ross\n9,Eve\n", "r.csv")
    files = ("Ada/4.html", "Bea/4.html", "aturing_7_5_hw.html", "Bob Ross_123_assignsubmission_file_/hw.pdf")
    result = found(tmp_path, "eve.ipynb", *files, roster=roster)
    assert {one.student: one.files for one in result.missing} == {"4": (), "7": (files[2],), "8": (files[3],)}
