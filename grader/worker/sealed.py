"""Answers of right helpers that go along with a call, each locked by the question that it answers.

A call-back makes two processes wait for each other, and most students ask the same. So what was asked in a call
before goes with it to the next worker: as boxes, whose label and key are made of the question, byte for byte (the
helper's name and all its arguments). Who has the question could have asked it; who has not cannot open the box.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

_LABEL_BYTES = 16
_DIGEST_BYTES = 48

Boxes = dict[bytes, bytes]


def sealed(question: bytes, answer: bytes) -> tuple[bytes, bytes]:
    """(label, box) of an answer."""
    label, key = _label_and_key(question)
    return label, _mixed(answer, key)


def opened(boxes: Mapping[bytes, bytes], question: bytes) -> bytes | None:
    """The answer to a question, or None where no box has its label."""
    if not boxes:
        return None
    label, key = _label_and_key(question)
    box = boxes.get(label)
    return None if box is None else _mixed(box, key)


def _label_and_key(question: bytes) -> tuple[bytes, bytes]:
    digest = hashlib.blake2b(question, digest_size=_DIGEST_BYTES).digest()
    return digest[:_LABEL_BYTES], digest[_LABEL_BYTES:]


def _mixed(text: bytes, key: bytes) -> bytes:
    """The text, exclusive-or a stream that only the key gives. A key is used for one text only."""
    size = len(text)
    stream = hashlib.shake_256(key).digest(size)
    return (int.from_bytes(text, "little") ^ int.from_bytes(stream, "little")).to_bytes(size, "little")
