"""Secrets come from the environment or a private file, and are seen nowhere."""

from __future__ import annotations

import pickle
import traceback
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.platforms.credentials import Secret, read_secret, safe_url, setting

TOKEN = "7~t0p-s3cret"


def test_a_variable_or_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    assert read_secret({"X": f" {TOKEN} "}, "X", "it").reveal() == TOKEN
    assert read_secret({"X_FILE": str(path)}, "X", "it").reveal() == TOKEN


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    path.chmod(mode)
    with pytest.raises(UsageError, match="chmod 600") as caught:
        read_secret({"X_FILE": str(path)}, "X", "it")
    assert TOKEN not in str(caught.value)


def test_windows_has_no_bits_to_look_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    path.chmod(0o666)
    monkeypatch.setattr("sys.platform", "win32")
    assert read_secret({"X_FILE": str(path)}, "X", "it").reveal() == TOKEN


def test_what_is_missing_or_no_text_is_said(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_bytes(b"\xff\xfe")
    empty.chmod(0o600)
    for env, words in (({}, "never given on the command line"), ({"X_FILE": str(empty)}, "holds no text"),
                       ({"X_FILE": str(tmp_path / "no")}, "cannot be read"), ({"X_FILE": str(tmp_path)}, "no ordinary file")):  # fmt: skip
        with pytest.raises(UsageError, match=words):
            read_secret(env, "X", "it")


def test_a_secret_is_not_shown() -> None:
    secret = Secret(TOKEN)
    assert TOKEN not in f"{secret} {secret!r} {[secret]} {vars}"
    assert secret.scrub(f"Bearer {TOKEN}!") == "Bearer …!"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    try:
        raise ValueError(secret)
    except ValueError:
        assert TOKEN not in traceback.format_exc()


@pytest.mark.parametrize(
    "url", ["http://canvas.example.edu", "ftp://x", "canvas.example.edu", "https://u:p@x.org", ""]
)
def test_a_token_travels_by_https_alone(url: str) -> None:
    with pytest.raises(UsageError):
        safe_url({"U": url}, "U", "an address")


@pytest.mark.parametrize(
    "url",
    [
        "https://[bad",
        "https://x.org:port",
        "https://",
        f"https://x.org/?access_token={TOKEN}",
        f"https://x.org/#{TOKEN}",
        f"https://{TOKEN}:p@x.org",
        f"ftp://{TOKEN}",
    ],
)
def test_an_address_that_is_none_is_a_usage_error_without_what_is_in_it(url: str) -> None:
    with pytest.raises(UsageError) as error:
        safe_url({"U": url}, "U", "the address")
    assert TOKEN not in "".join(traceback.format_exception(error.value))


def test_a_line_item_may_have_a_query() -> None:
    url = "https://x.org/item?type_id=3"
    assert safe_url({"U": url}, "U", "it", query=True) == url


def test_addresses_and_settings() -> None:
    assert safe_url({"U": "https://x.org/"}, "U", "it") == "https://x.org"
    assert safe_url({"U": "http://127.0.0.1:80"}, "U", "it") == "http://127.0.0.1:80"
    with pytest.raises(UsageError, match="U is not set: it is the course"):
        setting({}, "U", "the course")
