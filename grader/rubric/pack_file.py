"""A student pack's bytes: a line that names the format, a checksum, and one compressed plain value.

    grader/pack/v1\\n
    <sha256 of all that follows, in hex>\\n
    zlib( codec( (texts, calls, answers) ) )

The value is read by the worker's codec, which was made for hostile bytes: nothing in a pack is executed or
unpickled. The checksum finds damage, not forgery.
"""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

from grader.errors import UsageError
from grader.model import Value
from grader.worker.codec import Caps, Reject, decode, encode

MAGIC = b"grader/pack/v1\n"
_FAMILY = b"grader/pack/"
_DIGEST = 64
MAX_FILE = 32 << 20
MAX_UNPACKED = 192 << 20
#: A pack is many small arrays; its texts are the feedback of a whole catalogue, as JSON.
CAPS = Caps(total_bytes=MAX_UNPACKED, nodes=4_000_000, text_bytes=8 << 20)


def to_bytes(value: Value) -> bytes:
    """The pack that holds `value`. Raises Reject for what the codec cannot carry."""
    body = zlib.compress(encode(value, _writing(), strict=True), 9)
    return b"".join((MAGIC, hashlib.sha256(body).hexdigest().encode(), b"\n", body))


def _writing() -> Caps:
    """The encoder keeps to half of what a decoder takes."""
    return Caps(2 * MAX_UNPACKED, CAPS.depth, 2 * CAPS.nodes, CAPS.text_bytes)


def read_file(path: Path) -> bytes:
    """The file's bytes. Raises UsageError for one that cannot be read or is far too large."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error}).") from None
    if len(data) > MAX_FILE:
        raise UsageError(f"{path}: this is no student pack: it is larger than {MAX_FILE >> 20} MiB.")
    return data


def from_bytes(data: bytes, name: str) -> Value:
    """The value in a pack. `name` is the file's, for the message of UsageError."""
    return decoded(_unpacked(_checked(data, name), name), name)


def decoded(data: bytes | memoryview, name: str) -> Value:
    """A value of a pack. Raises UsageError for bytes that hold none."""
    try:
        return decode(data, CAPS, refs=True)
    except Reject as error:
        raise damaged(name, str(error)) from None


def damaged(name: str, why: str) -> UsageError:
    """What is said of a pack that cannot be used."""
    return UsageError(
        f"{name}: this student pack is damaged ({why}). Download it again, or ask for a new one."
    )


def _checked(data: bytes, name: str) -> bytes:
    if not data.startswith(_FAMILY):
        raise UsageError(f"{name}: this is no student pack. `grader rubric pack` makes one.")
    if not data.startswith(MAGIC):
        raise UsageError(f"{name}: this student pack is of another version of the grader. Ask for a new one.")
    start = len(MAGIC)
    digest, end, body = (
        data[start : start + _DIGEST],
        data[start + _DIGEST : start + _DIGEST + 1],
        data[start + 65 :],
    )
    if end != b"\n" or hashlib.sha256(body).hexdigest().encode() != digest:
        raise damaged(name, "its checksum differs")
    return body


def _unpacked(body: bytes, name: str) -> bytes:
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(body, MAX_UNPACKED)
    except zlib.error:
        raise damaged(name, "it cannot be decompressed") from None
    if not inflater.eof or inflater.unused_data:
        raise damaged(name, "it is cut off, or far too large")
    return data
