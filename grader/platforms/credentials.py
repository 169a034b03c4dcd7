"""Tokens and keys: from the environment or a file that only its owner can read, and never shown again."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from grader.errors import UsageError
from grader.files import open_file

_MOST_BYTES = 64 * 1024
_HERE = ("localhost", "127.0.0.1", "::1")


class Secret:
    """A text that no print, log, repr, pickle or traceback shows. `reveal` gives it to whom it is for."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")

    def scrub(self, text: str) -> str:
        """The text without the secret in it."""
        return text.replace(self._text, "…") if self._text else text


def read_secret(env: Mapping[str, str], name: str, what: str) -> Secret:
    """The secret in the variable NAME, or in the file that NAME_FILE names. UsageError if there is none."""
    if env.get(f"{name}_FILE"):
        return _from_file(Path(env[f"{name}_FILE"]), name)
    if env.get(name, "").strip():
        return Secret(env[name].strip())
    raise UsageError(
        f"{what} is needed: put it into a file that only you can read (chmod 600) and name the file in "
        f"{name}_FILE, or put it into the variable {name}. It is never given on the command line."
    )


def setting(env: Mapping[str, str], name: str, what: str) -> str:
    """A setting that is no secret. UsageError if it is not there."""
    value = env.get(name, "").strip()
    if not value:
        raise UsageError(f"{name} is not set: it is {what}.")
    return value


def safe_url(env: Mapping[str, str], name: str, what: str, *, query: bool = False) -> str:
    """An https address; http is taken on this machine only, where nobody listens in.

    With a `?` part only where `query` says that one may be needed: what stands there is shown in messages.
    """
    url = setting(env, name, what)
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - asking for it is what checks it
    except ValueError:
        raise UsageError(f"{name} is no address: it is {what}.") from None
    if parts.scheme in ("https", "http") and not parts.hostname:
        raise UsageError(f"{name} names no host: it is {what}.")
    if parts.fragment or (parts.query and not query):
        raise UsageError(
            f"{name} goes on after a ? or #. Give the address alone; a token never belongs there."
        )
    if parts.username or parts.password:
        raise UsageError(f"{name} holds a user name or password. Give the address alone.")
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE):
        return url.rstrip("/")
    raise UsageError(f"{name} has to start with https://, so that nobody on the way can read the token.")


def _from_file(path: Path, name: str) -> Secret:
    try:
        descriptor = open_file(path, os.O_RDONLY, follow=True)
    except OSError as error:
        raise UsageError(f"the file that {name}_FILE names cannot be read: {error.strerror}.") from None
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise UsageError(f"{name}_FILE names no ordinary file.")
        if mode & 0o077 and sys.platform != "win32":  # which has no such bits
            raise UsageError(f"others can read the file that {name}_FILE names. Run: chmod 600 on it.")
        data = os.read(descriptor, _MOST_BYTES)
    finally:
        os.close(descriptor)
    try:
        text = data.decode().strip()
    except UnicodeDecodeError:
        text = ""
    if not text:
        raise UsageError(f"the file that {name}_FILE names holds no text.")
    return Secret(text)
