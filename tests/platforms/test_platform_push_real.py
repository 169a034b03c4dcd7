"""Canvas's and LTI's own client libraries against servers on this machine (make test-platforms)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_lms import FakeCanvas, FakeLti
from platform_world import everything, perfect, ungradable

from grader.cli.main import cli
from grader.errors import CannotGrade, UsageError
from grader.platforms import push_folder
from grader.platforms.pushing import Pace
from grader.render.json_report import to_json

pytestmark = [pytest.mark.platform, pytest.mark.filterwarnings("ignore:Canvas may respond unexpectedly")]
QUICK = Pace(per_second=1e9, tries=3, sleep=lambda _: None)


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    reports = {
        "ada": everything("ada"), "bob": perfect("s2"), "eve": perfect("103"), "zed": perfect("zed"),
        "broke": ungradable("bob", code="internal-error"),
    }  # fmt: skip
    for name, report in reports.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_bytes(to_json(report))
    return tmp_path


# ------------------------------------------------------------------------------------------ Canvas


@pytest.fixture
def canvas() -> Iterator[FakeCanvas]:
    pytest.importorskip("canvasapi")
    server = FakeCanvas()
    yield server
    server.close()


def settings(canvas: FakeCanvas, **changes: str) -> dict[str, str]:
    env = {
        "CANVAS_URL": canvas.url,
        "CANVAS_COURSE": "1",
        "CANVAS_ASSIGNMENT": "2",
        "CANVAS_API_TOKEN": canvas.token,
    }
    return env | changes


def test_canvas_gets_grades_comments_and_rubric(graded: Path, canvas: FakeCanvas) -> None:
    summary = push_folder(graded, "canvas", env=settings(canvas), pace=QUICK)
    assert summary.sent == ("ada", "bob")
    assert canvas.grades == {"101": "5", "102": "20"}
    assert canvas.comments["101"][0].startswith("Score: 25 / 100\n1 of 8 functions passed.")
    assert canvas.assessments["101"] == {
        "rubric_assessment[_9][points]": "3.2",
        "rubric_assessment[_9][comments]": "`linear_backward`: `dW` and `db` are summed over the batch, not averaged",
    }
    assert {one.what: one.reason.split(".")[0] for one in summary.skipped} == {
        "broke": "the grader itself broke on it, which must cost no points",
        "eve": "Canvas has the student excused",
        "zed": "no row of the course's list of students fits its student zed, or two do",
    }


def test_the_command_tells_what_it_did(
    graded: Path, canvas: FakeCanvas, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(*more: str) -> int:
        with pytest.raises(SystemExit) as left:
            cli(["export", str(graded), "--to", "canvas", "--push", *more])
        return int(left.value.code or 0)

    for key, value in settings(canvas).items():
        monkeypatch.setenv(key, value)
    assert command("--dry-run") == 0
    assert "2 would be sent" in capsys.readouterr().err
    canvas.failures = [422]
    assert command() == 3
    said = capsys.readouterr().err
    assert "1 sent" in said
    assert "failed: ada:" in said
    monkeypatch.delenv("CANVAS_COURSE")
    assert command() == 2
    assert "CANVAS_COURSE is not set" in capsys.readouterr().err


def test_a_second_push_sends_nothing(graded: Path, canvas: FakeCanvas) -> None:
    push_folder(graded, "canvas", env=settings(canvas), pace=QUICK)
    again = push_folder(graded, "canvas", env=settings(canvas), pace=QUICK)
    assert (again.sent, again.unchanged) == ((), ("ada", "bob"))
    assert all(len(comments) == 1 for comments in canvas.comments.values())


def test_a_dry_run_changes_nothing(graded: Path, canvas: FakeCanvas) -> None:
    summary = push_folder(graded, "canvas", env=settings(canvas), dry_run=True)
    assert summary.sent == ("ada", "bob")
    assert not any(method != "GET" for method, _, _ in canvas.requests)
    assert not (graded / "exports").exists()


@pytest.mark.parametrize("failures", [[429, 429], [403], [500], [503, 429]])
def test_canvas_in_trouble_is_asked_again(graded: Path, canvas: FakeCanvas, failures: list[int]) -> None:
    canvas.failures = list(failures)
    summary = push_folder(graded, "canvas", env=settings(canvas), pace=QUICK)
    if failures == [403]:  # not about the pace: a refusal for this student alone
        assert [one.what for one in summary.failed] == ["ada"]
    else:
        assert summary.sent == ("ada", "bob")


def test_an_answer_that_was_lost_makes_no_second_comment(graded: Path, canvas: FakeCanvas) -> None:
    canvas.failures, canvas.commit_before_failing = [502], True
    assert push_folder(graded, "canvas", env=settings(canvas), pace=QUICK).sent == ("ada", "bob")
    assert len(canvas.comments["101"]) == 1


def test_no_log_error_or_file_holds_the_token(
    graded: Path, canvas: FakeCanvas, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    push_folder(graded, "canvas", env=settings(canvas), pace=QUICK)
    assert "PUT /api/v1/courses/1/assignments/2/submissions/101" in caplog.text
    assert canvas.token[-4:] not in caplog.text
    assert not any(canvas.token.encode() in path.read_bytes() for path in graded.rglob("*") if path.is_file())
    with pytest.raises(UsageError, match="does not accept the token") as caught:
        push_folder(graded, "canvas", env=settings(canvas, CANVAS_API_TOKEN="7~wrong-one"), pace=QUICK)
    assert "wrong-one" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_wrong_numbers_and_a_dead_server_are_said(graded: Path, canvas: FakeCanvas) -> None:
    with pytest.raises(UsageError, match="CANVAS_ASSIGNMENT"):
        push_folder(graded, "canvas", env=settings(canvas, CANVAS_ASSIGNMENT="9"), pace=QUICK)
    with pytest.raises(CannotGrade, match="could not be reached"):
        push_folder(graded, "canvas", env=settings(canvas, CANVAS_URL="http://127.0.0.1:9"), pace=QUICK)


# --------------------------------------------------------------------------------------------- LTI


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    pytest.importorskip("pylti1p3")
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


@pytest.fixture
def lti(keys: tuple[str, str]) -> Iterator[FakeLti]:
    server = FakeLti(keys[1])
    yield server
    server.close()


def lti_settings(lti: FakeLti, key_file: Path, key: str) -> dict[str, str]:
    key_file.write_text(key)
    key_file.chmod(0o600)
    return {
        "LTI_ISSUER": "https://lms.example.edu", "LTI_CLIENT_ID": "client-1", "LTI_TOKEN_URL": f"{lti.url}/token",
        "LTI_LINEITEM": f"{lti.url}/lineitems/7", "LTI_PRIVATE_KEY_FILE": str(key_file), "LTI_KEY_ID": "k1",
    }  # fmt: skip


def test_lti_sends_scores(
    graded: Path, lti: FakeLti, keys: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("lti")
    users = folder / "users.csv"
    users.write_text("student,sub\nada,sub-1\ns2,sub-2\n")
    env = lti_settings(lti, folder / "key.pem", keys[0]) | {"LTI_USERS": str(users)}
    lti.failures = [503]
    summary = push_folder(graded, "lti", env=env, pace=QUICK)
    assert summary.sent == ("ada", "bob")
    assert {one.what for one in summary.skipped} == {"broke", "eve", "zed"}
    first = lti.scores[0]
    assert {key: first[key] for key in ("userId", "scoreGiven", "scoreMaximum", "activityProgress", "gradingProgress")} == {
        "userId": "sub-1", "scoreGiven": 25.0, "scoreMaximum": 100.0,
        "activityProgress": "Completed", "gradingProgress": "FullyGraded",
    }  # fmt: skip
    assert first["timestamp"] < lti.scores[1]["timestamp"]
    assert "." in first["timestamp"]
    assert first["comment"].startswith("Score: 25 / 100")
    assert lti.tokens == 1


def test_an_expired_access_token_is_fetched_anew(
    graded: Path, lti: FakeLti, keys: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    lti.failures = [401]
    env = lti_settings(lti, tmp_path_factory.mktemp("lti") / "key.pem", keys[0])
    summary = push_folder(graded, "lti", env=env, pace=QUICK)
    assert summary.sent == ("ada", "bob", "eve", "zed")
    assert lti.tokens == 2


def test_a_wrong_key_is_said_without_showing_it(
    graded: Path, lti: FakeLti, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    folder = tmp_path_factory.mktemp("lti")
    for key, words in ((other.decode(), "gives no access token"), ("no-key-at-all", "no RSA private key")):
        with pytest.raises(UsageError, match=words) as caught:
            push_folder(graded, "lti", env=lti_settings(lti, folder / "key.pem", key), pace=QUICK)
        assert key not in str(caught.value)
    assert lti.scores == []
